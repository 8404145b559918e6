-- The sums of each account by quarter-hour (grain 0), hour (1), and day and month of a
-- calendar, account first: for its usage over time, in which a year of one account lies
-- together.

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_account_series (
    account_no INT UNSIGNED NOT NULL,
    grain      TINYINT UNSIGNED NOT NULL,
    bucket     DATETIME NOT NULL COMMENT 'UTC',
    minutes    BIGINT NOT NULL,
    seconds    BIGINT NOT NULL,
    sessions   BIGINT NOT NULL,
    PRIMARY KEY (account_no, grain, bucket)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_account_series;
