-- Whether reports may rely on the rollups, in the one row with state_id 1:
--
--   phase         'raw', 'filling' or 'ready'
--   reason        why reports read raw sessions, for people
--   generation    changes whenever reports have to be put together differently
--   filled_to     how far the sessions of before have been summed up, while filling
--   corrections   changes with every correction of the rollups, so that two
--                 corrections of the same difference cannot both take effect
--   raw_from      sessions that started before may have been dropped

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_rollup_state (
    state_id    TINYINT UNSIGNED NOT NULL,
    phase       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason      VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    generation  BIGINT NOT NULL,
    filled_to   DATETIME NULL COMMENT 'UTC',
    corrections BIGINT NOT NULL,
    raw_from    DATETIME NULL COMMENT 'UTC',
    PRIMARY KEY (state_id)
) COMMENT = 'AI usage gateway';

-- The triggers, which the gateway creates where it may, go first: without the
-- tables they would make every write to ai_sessions fail.

-- +goose Down
DROP TRIGGER IF EXISTS aiusage_session_inserted;
DROP TRIGGER IF EXISTS aiusage_session_updated;
DROP TRIGGER IF EXISTS aiusage_session_deleted;
DROP TABLE IF EXISTS usage_rollup_state;
