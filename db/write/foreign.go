package write

import (
	"context"

	"github.com/jmoiron/sqlx"
)

// storesWhatIsWritten tells whether a transaction's rows of ai_sessions are stored as they are
// written: a trigger of the platform's that runs before may store something else. An account
// that may not see triggers sees none, not even the gateway's, and then nobody can tell.
//
// The transaction has used the table by then, so that until its end none can create a trigger.
func storesWhatIsWritten(ctx context.Context, tx *sqlx.Tx) (bool, error) {
	if _, err := tx.ExecContext(ctx, "SELECT 1 FROM ai_sessions LIMIT 0"); err != nil {
		return false, err
	}
	var shown, before int
	err := tx.QueryRowxContext(ctx, `
		SELECT COUNT(*), COALESCE(SUM(ACTION_TIMING = 'BEFORE' AND EVENT_MANIPULATION <> 'DELETE'), 0)
		FROM information_schema.TRIGGERS
		WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'ai_sessions'`).Scan(&shown, &before)
	return shown > 0 && before == 0, err
}
