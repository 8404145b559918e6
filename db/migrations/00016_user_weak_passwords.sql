-- Whose password was taken although it is a weak one, because an old caller cannot be
-- given another. password_mark is the SHA-256 of the password hash that this was said
-- of, in hex: with another password it means nothing.

-- +goose Up
CREATE TABLE IF NOT EXISTS user_weak_passwords (
    user_name     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    password_mark CHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (user_name),
    CONSTRAINT user_weak_passwords_user FOREIGN KEY (user_name) REFERENCES users (user_name) ON DELETE CASCADE
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS user_weak_passwords;
