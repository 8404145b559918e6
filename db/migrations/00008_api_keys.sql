-- API keys. key_hash is the SHA-256 of the key in hex: the key itself is shown
-- once, when it is made, and kept nowhere. A revoked key stays, so that the log
-- and the list can tell what it was.

-- +goose Up
CREATE TABLE IF NOT EXISTS api_keys (
    key_id       VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    key_hash     CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    label        VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    role         VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at   DATETIME(3)  NOT NULL COMMENT 'UTC',
    expires_at   DATETIME(3)  NULL COMMENT 'UTC',
    last_used_at DATETIME(3)  NULL COMMENT 'UTC, to the minute',
    revoked_at   DATETIME(3)  NULL COMMENT 'UTC',
    PRIMARY KEY (key_id),
    UNIQUE KEY api_keys_by_hash (key_hash)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS api_keys;
