-- The sums of everybody by quarter-hour (grain 0), hour (1), and day and month of a
-- calendar.

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_total_rollups (
    grain    TINYINT UNSIGNED NOT NULL,
    bucket   DATETIME NOT NULL COMMENT 'UTC',
    minutes  BIGINT NOT NULL,
    seconds  BIGINT NOT NULL,
    sessions BIGINT NOT NULL,
    PRIMARY KEY (grain, bucket)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_total_rollups;
