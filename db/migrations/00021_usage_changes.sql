-- Changes of usage that are not in the sums by level yet, with their sign. Every change of
-- ai_sessions appends here in its own transaction, which keeps nobody waiting; folding
-- takes rows away again. It is a table of its own, beside usage_deltas, so that gateways of
-- an earlier version can fold that one into the sums by hour meanwhile.

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_changes (
    change_id   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    account_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    customer_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    quarter     DATETIME NOT NULL COMMENT 'UTC, the start of the quarter-hour',
    minutes     BIGINT NOT NULL,
    seconds     BIGINT NOT NULL,
    sessions    BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (change_id)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_changes;
