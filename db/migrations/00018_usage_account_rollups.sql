-- The sums of each account by day and month of a calendar, time first: for lists of
-- accounts, in which a month of all of them lies together.

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_account_rollups (
    grain      TINYINT UNSIGNED NOT NULL,
    bucket     DATETIME NOT NULL COMMENT 'UTC',
    account_no INT UNSIGNED NOT NULL,
    minutes    BIGINT NOT NULL,
    seconds    BIGINT NOT NULL,
    sessions   BIGINT NOT NULL,
    PRIMARY KEY (grain, bucket, account_no)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_account_rollups;
