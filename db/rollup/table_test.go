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

// Only what is about the table itself counts. Triggers go with a table that is given another name,
// and are not those of what comes in its place.
func TestSumsOfATableAmongOthers(t *testing.T) {
	onServer(t, 1, func(w *world) {
		w.run("CREATE VIEW a AS SELECT 1 AS one", "CREATE VIEW z AS SELECT 1 AS one", "CREATE TABLE others (id INT) PARTITION BY HASH (id) PARTITIONS 2",
			"ALTER TABLE ai_sessions DROP PRIMARY KEY")
		status, err := w.InstallRollups(w.Context(), nil)
		w.must(err)
		if status.Phase == phase.Raw {
			w.Errorf("got %+v", status)
		}
		w.must(w.FillRollups(w.Context(), nil))
		w.must(w.CheckRollups(w.Context()))
		isRaw := "SELECT COUNT(*) FROM usage_level_state WHERE state_id = 1 AND phase = 'raw'"
		if w.one(isRaw) != 0 {
			w.Error("sums are not read")
		}
		w.run("RENAME TABLE ai_sessions TO sessions_of_before", "CREATE TABLE ai_sessions LIKE sessions_of_before")
		w.must(w.CheckRollups(w.Context()))
		if w.one(isRaw) != 1 {
			w.Error("sums are read of a table without triggers")
		}
	})
}
