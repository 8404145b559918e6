-- A number for every subject that the rollups know: an account together with one
-- of its customers, or with none (an empty customer id).

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_subjects (
    subject_no  INT UNSIGNED NOT NULL AUTO_INCREMENT,
    account_no  INT UNSIGNED NOT NULL,
    account_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    customer_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (subject_no),
    UNIQUE KEY usage_subjects_ids (account_id, customer_id)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_subjects;
