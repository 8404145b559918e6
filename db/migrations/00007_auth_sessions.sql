-- Who is signed in. session_hash is the SHA-256 of the session's id in hex: the
-- id itself is known to its browser only. password_mark stands for the password
-- that opened the session; when it is no longer the user's, the session is over.

-- +goose Up
CREATE TABLE IF NOT EXISTS auth_sessions (
    session_hash  CHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_name     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    password_mark CHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at    DATETIME(3) NOT NULL COMMENT 'UTC',
    idle_at       DATETIME(3) NOT NULL COMMENT 'UTC; over unless used before',
    expires_at    DATETIME(3) NOT NULL COMMENT 'UTC; over at the latest',
    PRIMARY KEY (session_hash),
    KEY auth_sessions_by_user (user_name, created_at),
    KEY auth_sessions_by_end (idle_at),
    CONSTRAINT auth_sessions_user FOREIGN KEY (user_name) REFERENCES users (user_name) ON DELETE CASCADE
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS auth_sessions;
