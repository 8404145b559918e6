-- A number for every account that the rollups know, because sums are found and
-- grouped by a number twice as fast as by an id. A number is given once and never
-- changes.

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_accounts (
    account_no INT UNSIGNED NOT NULL AUTO_INCREMENT,
    account_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (account_no),
    UNIQUE KEY usage_accounts_id (account_id)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_accounts;
