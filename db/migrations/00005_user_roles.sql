-- What users may do. A row per user and role.

-- +goose Up
CREATE TABLE IF NOT EXISTS user_roles (
    user_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    role      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (user_name, role),
    CONSTRAINT user_roles_user FOREIGN KEY (user_name) REFERENCES users (user_name) ON DELETE CASCADE
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS user_roles;
