-- What the numbers of usage_subjects stand for, in one row with stamp_id 1. Whoever gives
-- numbers writes it in the same transaction. It is a table of its own, because folders hold
-- the row of usage_level_state while they fold, and would wait for one another.
--
--   stamp  a random number, another one whenever subjects have been given numbers
--   upto   the largest of the numbers that the stamp stands for

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_subject_stamp (
    stamp_id TINYINT UNSIGNED NOT NULL,
    stamp    BIGINT NOT NULL,
    upto     INT UNSIGNED NOT NULL,
    PRIMARY KEY (stamp_id)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_subject_stamp;
