package rollup_test

import (
	"testing"
	"time"

	"aiusage/db/member"
	"aiusage/db/phase"
)

// The server does not tell columns apart by their case, so that the table may have them in any.
func TestSumsOfATableWithCapitals(t *testing.T) {
	onServer(t, 1, func(w *world) {
		w.run("ALTER TABLE ai_sessions RENAME COLUMN customer_id TO Customer_ID", "ALTER TABLE ai_sessions RENAME COLUMN session_id TO SESSION_ID")
		status, err := w.InstallRollups(w.Context(), nil)
		w.must(err)
		if status.Phase == phase.Raw || status.Server.Kind != member.Alone {
			w.Fatalf("got %+v", status)
		}
		w.must(w.FillRollups(w.Context(), nil))
		w.begin()
		w.run("UPDATE ai_sessions SET duration_seconds = 100, customer_id = 'd' WHERE account_id = 'b'")
		w.remember()
		w.must(w.FoldRound(w.Context()))
		w.sumsHold("with capitals", time.Time{})
	})
}
