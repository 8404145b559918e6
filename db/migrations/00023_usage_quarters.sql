-- What retention keeps of the sessions that it drops: the quarter-hours of each subject's
-- UTC day in one row (package sums says in which form), so that every time zone stays
-- exact. Nothing may change before the sessions that are kept, so a row is written once.

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_quarters (
    account_no INT UNSIGNED NOT NULL,
    day        DATE NOT NULL COMMENT 'UTC',
    subject_no INT UNSIGNED NOT NULL,
    quarters   VARBINARY(4000) NOT NULL,
    PRIMARY KEY (account_no, day, subject_no)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_quarters;
