-- The AI sessions, as the platform records them. IF NOT EXISTS leaves a table
-- or a view of this name alone, so that a platform with a table of its own can
-- put a view here before the first migration.
--
-- ai_minutes is the billed duration: rounded up to the whole minute, per session.
-- The two covering keys answer reports from the index alone, with and without
-- an account.

-- +goose Up
CREATE TABLE IF NOT EXISTS ai_sessions (
    session_id       VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    account_id       VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    customer_id      VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    started_at       DATETIME(3)  NOT NULL COMMENT 'UTC',
    duration_seconds INT UNSIGNED NOT NULL,
    ai_minutes       INT UNSIGNED AS ((duration_seconds + 59) DIV 60) STORED,
    PRIMARY KEY (session_id),
    KEY ai_sessions_by_account (account_id, started_at, customer_id, ai_minutes, duration_seconds),
    KEY ai_sessions_by_start (started_at, account_id, customer_id, ai_minutes, duration_seconds)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS ai_sessions;
