-- Changes of usage that are not in usage_rollups yet, with their sign. Every
-- change of ai_sessions appends here in its own transaction, which keeps nobody
-- waiting; folding takes rows away again.

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_deltas (
    delta_id    BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    account_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    customer_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    hour        DATETIME NOT NULL COMMENT 'UTC',
    minutes     BIGINT NOT NULL,
    seconds     BIGINT NOT NULL,
    sessions    BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (delta_id)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_deltas;
