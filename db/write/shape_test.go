package write_test

import (
	"context"
	"strings"
	"testing"

	"aiusage/db/pool"
	"aiusage/db/write"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// withoutMinutes makes ai_sessions a table that says nothing of minutes.
var withoutMinutes = []string{"ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start, DROP COLUMN ai_minutes"}

// A column of minutes that is the platform's own is written, whatever it is called beside, and
// corrected. One that is computed is left to the table, and so is one of a view.
func TestMinutesAreWrittenWhereTheTableKeepsThem(t *testing.T) {
	for turn := range 2 {
		for kind, change := range map[string][]string{
			"computed": nil,
			"none":     withoutMinutes,
			"kept":     {withoutMinutes[0], "ALTER TABLE ai_sessions ADD COLUMN AI_Minutes INT UNSIGNED NULL COMMENT 'was GENERATED ALWAYS AS (a guess)'"},
			"kept beside a view": {withoutMinutes[0], "ALTER TABLE ai_sessions ADD COLUMN ai_minutes INT UNSIGNED NULL",
				"CREATE VIEW others AS SELECT * FROM accounts"},
			"a view": {withoutMinutes[0], "ALTER TABLE ai_sessions ADD COLUMN ai_minutes INT UNSIGNED NULL", "DROP TRIGGER shown",
				"RENAME TABLE ai_sessions TO platform_sessions", "CREATE VIEW ai_sessions AS SELECT * FROM platform_sessions"},
		} {
			onServer(t, turn, func(w *world) {
				w.run(change...)
				by, batch := writer(w.db), sessions(4, 2)
				batch[1].DurationSeconds = 61
				if got := w.written(by, batch); got != (write.Written{Inserted: 4}) {
					w.Errorf("%s: %+v", kind, got)
				}
				if !strings.HasPrefix(kind, "kept") {
					return
				}
				const right = "SELECT COUNT(*) FROM ai_sessions WHERE ai_minutes = (duration_seconds + 59) DIV 60"
				if got := w.one(right); got != 4 {
					w.Errorf("%s: %d of 4 have their minutes", kind, got)
				}
				w.run("UPDATE ai_sessions SET ai_minutes = 7 WHERE session_id = '1'", "UPDATE ai_sessions SET ai_minutes = NULL WHERE session_id = '2'")
				if got := w.written(by, batch); got != (write.Written{Updated: 2, Unchanged: 2}) {
					w.Errorf("%s, with wrong ones: %+v", kind, got)
				}
				if got := w.one(right); got != 4 {
					w.Errorf("%s: %d of 4 have their minutes again", kind, got)
				}
			})
		}
	}
}

// Where the same id could be there twice, sessions are not stored, which is known before one is
// written; of a view it is known once one is there twice.
func TestSessionsAreNotStoredTwice(t *testing.T) {
	for turn := range 2 {
		onServer(t, turn, func(w *world) {
			w.run("DROP TRIGGER shown", "ALTER TABLE ai_sessions DROP PRIMARY KEY, ADD UNIQUE KEY (session_id, account_id)")
			w.wantCode("asked before", writer(w.db).TakesSessions(w.Context()), usage.InvalidArgument)
			_, err := writer(w.db).WriteSessions(w.Context(), sessions(1, 1))
			w.wantCode("written", err, usage.InvalidArgument)

			w.run("RENAME TABLE ai_sessions TO platform_sessions", "CREATE VIEW ai_sessions AS SELECT * FROM platform_sessions")
			by := writer(w.db)
			if err := by.TakesSessions(w.Context()); err != nil {
				w.Error(err)
			}
			if got := w.written(by, sessions(2, 1)); got != (write.Written{Inserted: 2}) {
				w.Errorf("a view: %+v", got)
			}
			again := sessions(2, 1)
			again[0].AccountID = "another"
			_, err = by.WriteSessions(w.Context(), again)
			w.wantCode("a view, with an id again", err, usage.InvalidArgument)
			if got := w.one("SELECT COUNT(*) FROM platform_sessions"); got != 2 {
				w.Errorf("%d sessions are stored", got)
			}
		})
	}
}

// What the table is like is looked up once; while that fails, or there is no table, whoever asks
// is told, and it is looked up again.
func TestTheShapeIsLookedUpOnceItCanBe(t *testing.T) {
	for turn := range 2 {
		onServer(t, turn, func(w *world) {
			w.run(withoutMinutes...)
			w.run("ALTER TABLE ai_sessions ADD COLUMN ai_minutes INT UNSIGNED NULL")
			recorded, statements := dbtest.Record(w.T, w.dsn)
			connections := w.open(recorded, pool.Options{})
			by := writer(connections)

			canceled, cancel := context.WithCancel(w.Context())
			cancel()
			w.wantCode("canceled", by.TakesSessions(canceled), usage.Canceled)
			w.run("RENAME TABLE ai_sessions TO away")
			_, err := by.WriteSessions(w.Context(), sessions(1, 1))
			w.wantCode("without a table", err, usage.Unavailable)
			w.run("RENAME TABLE away TO ai_sessions")

			for at := 1; ; at++ {
				if err := connections.PingContext(w.Context()); err != nil {
					w.Fatal(err)
				}
				statements.Fail(at)
				err := by.TakesSessions(w.Context())
				failed := statements.Failed()
				if failed == "" {
					if err != nil || at < 4 {
						w.Errorf("%v after %d statements", err, at-1)
					}
					break
				}
				if err == nil || strings.Contains(err.Error(), "unique key") {
					w.Errorf("after %.150s: %v", failed, err)
				}
			}
			statements.Take()
			if err := by.TakesSessions(w.Context()); err != nil || len(statements.Take()) != 0 {
				w.Errorf("known, it is looked up again; %v", err)
			}
		})
	}
}
