-- Names of customers, as optional reference data. A customer id is known within
-- its account only: two accounts may use the same id for different customers.

-- +goose Up
CREATE TABLE IF NOT EXISTS customers (
    account_id  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    customer_id VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    name        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, customer_id)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS customers;
