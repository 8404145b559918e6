-- The accounts that an API key with the role AccountAdministrator may see.

-- +goose Up
CREATE TABLE IF NOT EXISTS api_key_accounts (
    key_id     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    account_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (key_id, account_id),
    CONSTRAINT api_key_accounts_key FOREIGN KEY (key_id) REFERENCES api_keys (key_id) ON DELETE CASCADE
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS api_key_accounts;
