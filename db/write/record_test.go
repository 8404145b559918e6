package write_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"aiusage/db/pool"
	"aiusage/db/write"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sessions are some of a minute each, one a minute, of as many accounts.
func sessions(count, accounts int) (all []usage.Session) {
	for n := range count {
		all = append(all, usage.Session{SessionID: fmt.Sprint(n), AccountID: fmt.Sprint("a", n%accounts), CustomerID: "c",
			StartedAt: noon.Add(time.Duration(n%60) * time.Minute), DurationSeconds: 60})
	}
	return all
}

// written writes sessions, and fails the test where that fails.
func (w *world) written(by *write.Writer, sessions []usage.Session) write.Written {
	w.Helper()
	written, err := by.WriteSessions(w.Context(), sessions)
	if err != nil {
		w.Fatal(err)
	}
	return written
}

// Changes are recorded for each set of sums that there is, a row for each subject and bucket,
// and none for what comes to nothing.
func TestABatchRecordsARowForEachBucket(t *testing.T) {
	onServer(t, 0, func(w *world) {
		counts := func(what string, levels, hours int) {
			w.Helper()
			if got := w.one("SELECT COUNT(*) FROM usage_changes"); got != levels {
				w.Errorf("%s: %d changes of quarter-hours, want %d", what, got, levels)
			}
			if got := w.one("SELECT COUNT(*) FROM usage_deltas"); got != hours {
				w.Errorf("%s: %d changes of hours, want %d", what, got, hours)
			}
			w.run("DELETE FROM usage_changes", "DELETE FROM usage_deltas")
		}
		w.written(writer(w.db), sessions(60, 1))
		counts("without sums", 0, 0)
		w.run(levelsReady, "DELETE FROM ai_sessions")
		levels := writer(w.db)
		w.written(levels, sessions(60, 1))
		if got := w.one("SELECT COUNT(*) FROM usage_changes WHERE account_id = 'a0' AND customer_id = 'c' AND quarter IN ('2026-03-01 12:00', '2026-03-01 12:15', '2026-03-01 12:30', '2026-03-01 12:45') AND minutes = 15 AND seconds = 900 AND sessions = 15"); got != 4 {
			w.Errorf("%d of 4 quarter-hours have their changes", got)
		}
		counts("with sums by level", 4, 0)
		w.written(levels, sessions(60, 1))
		counts("the same again", 0, 0)
		later := sessions(1, 1)
		later[0].StartedAt = noon.Add(time.Minute)
		w.written(levels, later)
		w.written(levels, sessions(1, 1))
		counts("at another time of the quarter-hour", 0, 0)
		longer := sessions(60, 1)
		for i := range longer[:20] {
			longer[i].DurationSeconds = 61
		}
		w.written(levels, longer)
		if got := w.one("SELECT COUNT(*) FROM usage_changes WHERE minutes = seconds AND sessions = 0 AND minutes IN (15, 5)"); got != 2 {
			w.Errorf("%d of 2 quarter-hours have what has become longer", got)
		}
		counts("longer", 2, 0)

		w.run(hoursReady, "DELETE FROM ai_sessions")
		both := writer(w.db)
		w.written(both, sessions(60, 1))
		counts("with both", 4, 1)
		w.run("UPDATE usage_level_state SET phase = 'raw'", "UPDATE usage_rollup_state SET phase = 'filling'", "DELETE FROM ai_sessions")
		w.written(writer(w.db), sessions(60, 1))
		counts("with sums by hour that are being filled", 0, 1)
	})
}

// More changes than one statement takes are all recorded.
func TestManyChangesAreRecorded(t *testing.T) {
	onServer(t, 1, func(w *world) {
		w.run(levelsReady)
		w.written(writer(w.db), sessions(2001, 2001))
		if got := w.one("SELECT COUNT(DISTINCT account_id) FROM usage_changes WHERE sessions = 1"); got != 2001 {
			w.Errorf("%d of 2001 changes are recorded", got)
		}
	})
}

// Sessions that a batch names more than once are replaced once, however many there are.
func TestWhatIsReplacedIsTakenAwayOnce(t *testing.T) {
	onServer(t, 0, func(w *world) {
		w.run(levelsReady)
		by := writer(w.db)
		w.written(by, sessions(250, 2))
		batch := append(sessions(250, 2), sessions(250, 2)...)
		for i := range batch {
			batch[i].DurationSeconds = int64(i)
		}
		if got, want := w.written(by, batch), (write.Written{Updated: 499, Unchanged: 1}); got != want {
			w.Errorf("got %+v, want %+v", got, want)
		}
		for _, amount := range []string{"SUM(%s)", "SUM(%s * CRC32(account_id))"} {
			changed := w.one("SELECT " + fmt.Sprintf(amount, "seconds") + " FROM usage_changes")
			if got := w.one("SELECT " + fmt.Sprintf(amount, "duration_seconds") + " FROM ai_sessions"); got != changed {
				w.Errorf("%s: the sessions have %d s, and their changes come to %d", amount, got, changed)
			}
		}
	})
}

// Where the table computes minutes in another way, changes are left to the triggers, in every
// batch.
func TestATableOfAnotherKindLeavesChangesToTriggers(t *testing.T) {
	onServer(t, 0, func(w *world) {
		w.run(levelsReady, "ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start, DROP COLUMN ai_minutes",
			"ALTER TABLE ai_sessions ADD COLUMN ai_minutes INT UNSIGNED AS ((duration_seconds + 29) DIV 30) STORED")
		w.run("CREATE TABLE told (recorded INT)", "CREATE TRIGGER telling AFTER INSERT ON ai_sessions FOR EACH ROW INSERT INTO told VALUES (@aiusage_recorded)")
		by := writer(w.db)
		for round := range 2 {
			w.written(by, sessions(2+2*round, 1))
		}
		if got := w.one("SELECT COUNT(*) FROM usage_changes"); got != 0 {
			w.Errorf("%d changes are recorded", got)
		}
		if got := w.one("SELECT COUNT(*) FROM told WHERE recorded IS NULL"); got != 4 {
			w.Errorf("%d of 4 sessions had triggers", got)
		}
	})
}

// What records the changes itself keeps the triggers out that would, and no others.
func TestTriggersStayOutForWhatIsRecorded(t *testing.T) {
	onServer(t, 1, func(w *world) {
		w.run("CREATE TABLE told (recorded INT, bulk INT)",
			"CREATE TRIGGER telling AFTER INSERT ON ai_sessions FOR EACH ROW INSERT INTO told VALUES (@aiusage_recorded, @aiusage_bulk)")
		for _, test := range []struct{ states, want string }{
			{"", "recorded IS NULL AND bulk IS NULL"},
			{levelsReady, "recorded = 1 AND bulk IS NULL"},
			{hoursReady, "recorded = 1 AND bulk = 1"},
			{"UPDATE usage_level_state SET phase = 'raw'", "recorded IS NULL AND bulk = 1"},
		} {
			if test.states != "" {
				w.run(test.states)
			}
			w.run("DELETE FROM ai_sessions", "DELETE FROM told")
			w.written(writer(w.db), sessions(3, 1))
			if got := w.one("SELECT COUNT(*) FROM told WHERE " + test.want); got != 3 {
				w.Errorf("%s: of %d of 3 sessions, %s", test.states, got, test.want)
			}
		}
	})
}

// An earlier version's tables may be dropped while a writer still thinks that they are there.
// Any other table that has gone is told.
func TestTheTablesOfAnEarlierVersionMayGo(t *testing.T) {
	onServer(t, 0, func(w *world) {
		w.run(levelsReady, hoursReady)
		by := writer(w.db)
		w.written(by, sessions(2, 1))
		w.run("UPDATE usage_rollup_state SET phase = 'raw'", "DROP TABLE usage_deltas", "DELETE FROM usage_changes")
		if got := w.written(by, sessions(4, 1)); got != (write.Written{Inserted: 2, Unchanged: 2}) {
			w.Errorf("got %+v", got)
		}
		if got := w.one("SELECT COUNT(*) FROM usage_changes WHERE sessions = 2"); got != 1 {
			w.Error("the changes of what was written are not recorded")
		}
		w.run("DROP TABLE usage_changes")
		_, err := by.WriteSessions(w.Context(), sessions(6, 1))
		w.wantCode("without the changes", err, usage.Unavailable)
		if got := w.one("SELECT COUNT(*) FROM ai_sessions"); got != 4 {
			w.Errorf("%d sessions are stored", got)
		}
	})
}

// A set of sums of which nothing can be known is a fault, whose write stores nothing.
func TestNothingIsWrittenWhereItIsNotKnownWhatToRecord(t *testing.T) {
	onServer(t, 1, func(w *world) {
		w.run(levelsReady, hoursReady, "RENAME TABLE usage_rollups TO away")
		_, err := writer(w.db).WriteSessions(w.Context(), sessions(1, 1))
		w.wantCode("without the sums", err, usage.Unavailable)
		if got := w.one("SELECT COUNT(*) FROM ai_sessions"); got != 0 {
			w.Errorf("%d sessions are stored", got)
		}
	})
}

// A trigger of the platform's that stores something else has the triggers record what is stored.
// Where they cannot be let in, nothing is stored.
func TestTriggersRecordWhatAnotherTriggerStores(t *testing.T) {
	for turn := range 2 {
		onServer(t, turn, func(w *world) {
			w.run(levelsReady, hoursReady, "CREATE TABLE told (recorded INT, bulk INT)",
				"CREATE TRIGGER telling AFTER INSERT ON ai_sessions FOR EACH ROW INSERT INTO told VALUES (@aiusage_recorded, @aiusage_bulk)",
				"CREATE TRIGGER other BEFORE INSERT ON ai_sessions FOR EACH ROW SET NEW.duration_seconds = 7")
			recorded, statements := dbtest.Record(w.T, w.dsn)
			faulty := w.open(recorded, pool.Options{})
			failures := 0
			for at := 1; ; at++ {
				if err := faulty.PingContext(w.Context()); err != nil {
					w.Fatal(err)
				}
				statements.Fail(at)
				_, err := writer(faulty).WriteSessions(w.Context(), sessions(2, 1))
				failed := statements.Failed()
				if failed == "" {
					if err != nil {
						w.Error(err)
					}
					break
				}
				failures++
				if stored := w.one("SELECT COUNT(*) FROM ai_sessions"); stored != w.one("SELECT COUNT(*) FROM told WHERE recorded IS NULL AND bulk IS NULL") || err == nil && stored != 2 {
					w.Errorf("after this failed, %d sessions are stored, and not all had triggers: %s; %v", stored, failed, err)
				}
				w.run("DELETE FROM ai_sessions", "DELETE FROM told")
			}
			if got := w.one("SELECT COUNT(*) FROM told WHERE recorded IS NULL AND bulk IS NULL"); got != 2 || failures == 0 {
				w.Errorf("%d of 2 sessions had triggers; %d failures", got, failures)
			}
			if got := w.one("SELECT (SELECT COUNT(*) FROM usage_changes) + (SELECT COUNT(*) FROM usage_deltas)"); got != 0 {
				w.Errorf("%d changes are recorded", got)
			}
		})
	}
}

// Sessions from before the instant up to which either version has dropped some are refused.
func TestWhatMayHaveBeenDroppedIsRefused(t *testing.T) {
	for turn := range 2 {
		onServer(t, turn, func(w *world) {
			w.run(levelsReady, hoursReady)
			for _, kept := range []struct{ levels, hours string }{
				{"NULL", "NULL"}, {"'2026-03-01 12:30'", "NULL"}, {"NULL", "'2026-03-01 12:30'"},
				{"'2026-03-01 12:30'", "'2026-03-01 12:10'"}, {"'2026-03-01 12:10'", "'2026-03-01 12:30'"},
			} {
				w.run("DELETE FROM ai_sessions", "UPDATE usage_level_state SET raw_from = "+kept.levels, "UPDATE usage_rollup_state SET raw_from = "+kept.hours)
				any := kept.levels != kept.hours
				for n, session := range sessions(60, 1) {
					_, err := writer(w.db).WriteSessions(w.Context(), []usage.Session{session})
					if (err != nil) != (any && n < 30) {
						w.Errorf("%+v: the session of minute %d: %v", kept, n, err)
					}
				}
				batch := sessions(60, 1)
				slices.Reverse(batch) // so that the first are not those that are refused
				if _, err := writer(w.db).WriteSessions(w.Context(), batch); (err != nil) != any {
					w.Errorf("%+v: all in one batch: %v", kept, err)
				}
			}
		})
	}
}
