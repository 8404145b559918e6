-- Whether reports may rely on the sums by level, in the one row with state_id 1, as
-- usage_rollup_state says it of the sums by hour. Beside the columns of that:
--
--   raw_from       sessions that started before may have been dropped, and what is kept of
--                  them is in these sums
--   quarters_from  there are sums of whole hours only before it, because an earlier version
--                  had dropped the sessions by then
--
-- In the row with state_id 2, generation is another number after each fold.

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_level_state (
    state_id      TINYINT UNSIGNED NOT NULL,
    phase         VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason        VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    generation    BIGINT NOT NULL,
    filled_to     DATETIME NULL COMMENT 'UTC',
    corrections   BIGINT NOT NULL,
    raw_from      DATETIME NULL COMMENT 'UTC',
    quarters_from DATETIME NULL COMMENT 'UTC',
    PRIMARY KEY (state_id)
) COMMENT = 'AI usage gateway';

-- The triggers, which the gateway creates where it may, go first: without the tables they
-- would make every write to ai_sessions fail.

-- +goose Down
DROP TRIGGER IF EXISTS aiusage_change_inserted;
DROP TRIGGER IF EXISTS aiusage_change_updated;
DROP TRIGGER IF EXISTS aiusage_change_deleted;
DROP TABLE IF EXISTS usage_level_state;
