-- Who may sign in. Names are kept in lower case; the password hash is argon2id
-- in PHC string format.

-- +goose Up
CREATE TABLE IF NOT EXISTS users (
    user_name     VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at    DATETIME(3)  NOT NULL COMMENT 'UTC',
    PRIMARY KEY (user_name)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS users;
