-- The accounts that a user with the role AccountAdministrator may see. A row per
-- user and account. An account need not be in the table accounts.

-- +goose Up
CREATE TABLE IF NOT EXISTS user_accounts (
    user_name  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    account_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (user_name, account_id),
    CONSTRAINT user_accounts_user FOREIGN KEY (user_name) REFERENCES users (user_name) ON DELETE CASCADE
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS user_accounts;
