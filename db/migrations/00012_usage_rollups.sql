-- The sums of each subject's sessions in each hour (grain 1), day (2) and month
-- (3) of UTC. bucket is the start of the hour, day or month.
--
-- The primary key is the only one: sessions of now change neighbouring rows, one
-- account's buckets are found by naming each bucket, and everybody's are a scan
-- of what lies together anyway.

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_rollups (
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
DROP TABLE IF EXISTS usage_rollups;
