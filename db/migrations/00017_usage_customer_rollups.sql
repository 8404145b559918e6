-- The sums of each customer's sessions, and of each account's without a customer, by day
-- and month of a calendar. grain is the number of usage.Grid: 2 and 3 are the days and
-- months of UTC, 10 + 2k and 11 + 2k those of calendar k. bucket is the instant at which
-- the day or month begins, so that a condition on a range is the same in every calendar.
--
-- The primary key is the only one: sessions of now change neighbouring rows, one
-- account's buckets are found by naming each bucket, and everybody's are a scan of what
-- lies together anyway.

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_customer_rollups (
    grain      TINYINT UNSIGNED NOT NULL,
    bucket     DATETIME NOT NULL COMMENT 'UTC',
    account_no INT UNSIGNED NOT NULL,
    subject_no INT UNSIGNED NOT NULL,
    minutes    BIGINT NOT NULL,
    seconds    BIGINT NOT NULL,
    sessions   BIGINT NOT NULL,
    PRIMARY KEY (grain, bucket, account_no, subject_no)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_customer_rollups;
