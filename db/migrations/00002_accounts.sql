-- Names of accounts, as optional reference data: a session may name an account
-- that is not here.

-- +goose Up
CREATE TABLE IF NOT EXISTS accounts (
    account_id VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    name       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    PRIMARY KEY (account_id)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS accounts;
