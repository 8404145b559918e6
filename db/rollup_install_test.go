package db_test

import (
	"context"
	"strings"
	"testing"

	"aiusage/db"
	"aiusage/usage"
)

// Installing again changes nothing where all is well, lets filling go on where it was,
// and has the sums made anew where reports read sessions.
func TestInstallingAgainDoesWhatIsMissing(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		const ready, filledTo = "phase = 'ready', filled_to = NULL, reason = '', generation = 7", "phase = 'filling', filled_to = '2026-03-01', generation = 7, reason = "
		for _, c := range []struct{ is, want string }{
			{ready, "phase = 'ready' AND generation = 7 AND reason = ''"},
			{filledTo + "''", "phase = 'filling' AND filled_to = '2026-03-01' AND generation = 7"},
			{filledTo + "'not believed'", "phase = 'filling' AND filled_to = '2026-03-01' AND generation <> 7 AND reason = ''"},
			{"phase = 'raw', filled_to = NULL, generation = 7, reason = 'gone'", "phase = 'filling' AND filled_to IS NULL AND generation <> 7 AND reason = ''"},
			{"phase = 'raw', filled_to = NULL, generation = 7, reason = ''", "phase = 'filling' AND filled_to IS NULL AND generation <> 7 AND reason = ''"},
		} {
			execute(t, dsn, "UPDATE usage_level_state SET "+c.is)
			if _, err := store.InstallRollups(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if count(t, dsn, "SELECT COUNT(*) FROM usage_level_state WHERE "+c.want) != 1 {
				t.Errorf("with %s: not %s, but %+v", c.is, c.want, status(t, store))
			}
		}
		// A trigger that was missing makes them be filled from the start, wherever filling was.
		execute(t, dsn, "UPDATE usage_level_state SET "+filledTo+"''", "DROP TRIGGER aiusage_change_deleted")
		if got, err := store.InstallRollups(t.Context(), nil); err != nil || got.Phase != db.Filling || !got.FilledTo.IsZero() {
			t.Errorf("with a new trigger: %+v, %v", got, err)
		}
	})
}

// A trigger counts when it is on the table, and does what it has to.
func TestOtherTriggersAreNotTakenForTheGateways(t *testing.T) {
	for name, damage := range map[string]string{
		"of an earlier version": "CREATE TRIGGER aiusage_change_updated AFTER UPDATE ON ai_sessions FOR EACH ROW SET @seen = 1",
		"on another event":      "CREATE TRIGGER aiusage_change_updated AFTER INSERT ON ai_sessions FOR EACH ROW SET @seen = 1",
		"on another table":      "CREATE TRIGGER aiusage_change_updated AFTER UPDATE ON accounts FOR EACH ROW SET @seen = 1",
	} {
		t.Run(name, func(t *testing.T) {
			eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				write(t, store, fewSessions(60)...)
				// Another one's trigger on the table is left alone.
				execute(t, dsn, "CREATE TRIGGER others AFTER DELETE ON ai_sessions FOR EACH ROW SET @seen = 1",
					"DROP TRIGGER aiusage_change_updated", damage)
				if err := store.CheckRollups(t.Context()); err != nil {
					t.Fatal(err)
				}
				got := status(t, store)
				if got.Phase != db.Raw || !strings.Contains(got.Reason, "(aiusage_change_updated)") {
					t.Errorf("got %+v", got)
				}
				execute(t, dsn, "UPDATE ai_sessions SET duration_seconds = duration_seconds + 60")
				install(t, store)
				execute(t, dsn, "UPDATE ai_sessions SET duration_seconds = duration_seconds + 60")
				holds(t, store, dsn, "installed again")
				if n := count(t, dsn, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"); n != 4 {
					t.Errorf("%d triggers, want 4", n)
				}
			})
		})
	}
}

// A table without a key can have triggers where no statement passes over rows of it.
func TestATableWithoutAKey(t *testing.T) {
	for name, c := range map[string]struct {
		changes  []string
		obstacle bool
	}{
		"without anything else":       {nil, false},
		"with a key that may be NULL": {[]string{"ALTER TABLE ai_sessions ADD COLUMN extra INT NULL, ADD UNIQUE KEY (extra)"}, true},
		"with a foreign key":          {[]string{"ALTER TABLE ai_sessions ADD FOREIGN KEY (account_id) REFERENCES accounts (account_id)"}, true},
		"in partitions":               {[]string{"ALTER TABLE ai_sessions PARTITION BY RANGE COLUMNS (started_at) (PARTITION p0 VALUES LESS THAN ('2026-03-15'), PARTITION p1 VALUES LESS THAN ('2027-01-01'))"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				execute(t, dsn, append([]string{"ALTER TABLE ai_sessions DROP PRIMARY KEY"}, c.changes...)...)
				got, err := store.InstallRollups(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				if c.obstacle {
					if got.Phase != db.Raw || !strings.Contains(got.Reason, "no primary key") {
						t.Errorf("got %+v", got)
					}
					return
				}
				install(t, store)
				execute(t, dsn, "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('1', 'a', '2026-03-01', 60), ('1', 'a', '2026-03-01', 60), ('2', 'b', '2026-03-01', 60)",
					"UPDATE ai_sessions SET duration_seconds = 600 WHERE account_id = 'a'", "UPDATE ai_sessions SET account_id = 'c'", "DELETE FROM ai_sessions LIMIT 1")
				holds(t, store, dsn, "written")
			})
		})
	}
}

// Why reports read sessions already is more than that a change could not be recorded.
func TestTheFirstReasonToReadSessionsStays(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'raw', reason = 'said before'", "RENAME TABLE usage_changes TO away",
			"INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('1', 'a', '2026-03-01', 60)", "RENAME TABLE away TO usage_changes")
		if got := status(t, store).Reason; got != "said before" {
			t.Errorf("a trigger says %q", got)
		}
		execute(t, dsn, "DROP TRIGGER aiusage_change_inserted")
		if err := store.CheckRollups(t.Context()); err != nil || status(t, store).Reason != "said before" {
			t.Errorf("a check says %q, %v", status(t, store).Reason, err)
		}
	})
}

// What a connection is set to for creating and dropping triggers is not left to others.
func TestInstallingLeavesNoConnectionOtherwise(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, _ *db.Store, dsn string) {
		store, err := db.Open(dsn, db.Options{MaxConnections: 3})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		places := store.Places()
		execute(t, dsn, "CREATE TABLE seen (wait INT, mode VARCHAR(2000))", "DROP TRIGGER aiusage_change_inserted")
		install(t, store)
		store.OnEveryConnection(t, "INSERT INTO seen SELECT @@lock_wait_timeout, @@sql_mode")
		if n := count(t, dsn, "SELECT COUNT(*) FROM seen WHERE wait > 2 AND mode LIKE '%ONLY_FULL_GROUP_BY%'"); n != 3 {
			t.Errorf("%d of 3 connections are as they were", n)
		}
		if n := store.InUse(); n != 0 || store.Places() != places {
			t.Errorf("%d connections are in use, %d of %d places are free", n, store.Places(), places)
		}
	})
}

// Whatever keeps the sums from being made of the table is told, with its column.
func TestWhatKeepsTheTableFromHavingSumsIsTold(t *testing.T) {
	for change, reason := range map[string]string{
		"MODIFY started_at TIMESTAMP(3) NOT NULL DEFAULT '2026-01-01'":                            "the column started_at of ai_sessions is not a DATETIME",
		"DROP COLUMN customer_id":                                                                 "the column customer_id of ai_sessions is missing",
		"MODIFY account_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL": "the column account_id of ai_sessions does not have the collation utf8mb4_bin",
		"ENGINE = MyISAM": "ai_sessions is in a storage engine without transactions",
	} {
		t.Run(reason, func(t *testing.T) {
			eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				write(t, store, session("1", 60))
				if strings.Contains(change, "customer_id") {
					execute(t, dsn, "DROP TRIGGER aiusage_change_inserted", "DROP TRIGGER aiusage_change_updated", "DROP TRIGGER aiusage_change_deleted",
						"ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start")
				}
				execute(t, dsn, "ALTER TABLE ai_sessions "+change)
				for i := range 2 { // by who looks after them, and by who installs
					if err := store.CheckRollups(t.Context()); err != nil {
						t.Fatal(err)
					}
					got := status(t, store)
					if i == 1 {
						var err error
						if got, err = store.InstallRollups(t.Context(), nil); err != nil {
							t.Fatal(err)
						}
					}
					if got.Phase != db.Raw || !strings.HasPrefix(got.Reason, reason) {
						t.Errorf("got %+v", got)
					}
				}
				if n := count(t, dsn, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"); n != 0 {
					t.Errorf("%d triggers are left", n)
				}
				if strings.Contains(change, "customer_id") {
					return // there are no reports
				}
				if got, want := report(t, store, usage.Request{}).Totals, plainSums(t, dsn, "TRUE"); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		})
	}
}

// While the triggers are being created, which may have to wait for others who use the
// table, nobody relies on the sums: what is written meanwhile is not recorded.
func TestNobodyReliesOnSumsWhileTriggersAreCreated(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		execute(t, dsn, "DROP TRIGGER aiusage_change_inserted")
		platform := newWriter(t, dsn, "")
		platform.run("BEGIN", "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('2', 'a', '2026-03-01', 60)")
		done := make(chan error, 1)
		go func() {
			_, err := store.InstallRollups(context.WithoutCancel(t.Context()), nil)
			done <- err
		}()
		awaitLockWait(t, dsn, "INFO LIKE 'CREATE TRIGGER%'")
		other := open(t, dsn)
		if got := status(t, other); got.Phase != db.Raw || !strings.Contains(got.Reason, "are being created") {
			t.Errorf("got %+v", got)
		}
		platform.run("COMMIT")
		if got := report(t, other, usage.Request{}).Totals.Sessions; got != 2 {
			t.Errorf("%d sessions, want 2", got)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		install(t, store)
		holds(t, store, dsn, "installed")
	})
}

// The same while they are being dropped.
func TestNobodyReliesOnSumsWhileTriggersAreDropped(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, "ALTER TABLE ai_sessions MODIFY account_id VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL")
		platform := newWriter(t, dsn, "")
		platform.run("BEGIN", "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('1', 'a', '2026-03-01', 60)")
		done := make(chan error, 1)
		go func() { done <- store.CheckRollups(context.WithoutCancel(t.Context())) }()
		awaitLockWait(t, dsn, "INFO LIKE 'DROP TRIGGER%'")
		if got := status(t, open(t, dsn)); got.Phase != db.Raw || !strings.Contains(got.Reason, "64 characters") {
			t.Errorf("got %+v", got)
		}
		platform.run("COMMIT")
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
