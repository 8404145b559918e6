package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db"
	"aiusage/usage"
)

// writer is a connection of the platform with a mode of its own. It runs
// statements, of which some may be refused by the table itself.
type writer struct {
	t     *testing.T
	conn  *sql.Conn
	close func() error
}

func newWriter(t *testing.T, dsn, mode string) writer {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := writer{t, conn, func() error { return errors.Join(conn.Close(), pool.Close()) }}
	w.run("SET sql_mode = '" + mode + "'")
	return w
}

func (w writer) run(statements ...string) {
	w.t.Helper()
	for _, statement := range statements {
		if _, err := w.conn.ExecContext(context.WithoutCancel(w.t.Context()), statement); err != nil {
			w.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// try runs a statement that may fail as a whole.
func (w writer) try(statement string) error {
	_, err := w.conn.ExecContext(context.WithoutCancel(w.t.Context()), statement)
	return err
}

// undone are the numbers of a statement that was undone because two waited for one another:
// 1213 or, where MariaDB waited for the next number of a table, 1467; or because it had
// waited for too long.
var undone = []uint16{1205, 1213, 1467}

// isOneOf tells whether an error is the server's with one of the numbers.
func isOneOf(err error, numbers ...uint16) bool {
	server, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && slices.Contains(numbers, server.Number)
}

const rowsOfTwo = `INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES
	('1', 'a', 'x', '2026-03-01 10:00', 60), ('2', 'b', NULL, '2026-03-02 11:00', 600), ('3', 'a', 'y', '2026-04-01 10:00', 6000)`

// Statements that pass over some of their rows change the sums by the others only,
// whatever makes the table refuse a row.
func TestRowsThatAStatementPassesOverDoNotCount(t *testing.T) {
	tables := map[string][]string{
		"as migrated": nil,
		"a further unique key": {
			"ALTER TABLE ai_sessions ADD COLUMN extra INT NULL, ADD UNIQUE KEY (extra)",
			"UPDATE ai_sessions SET extra = session_id"},
		"another primary key": {
			"ALTER TABLE ai_sessions DROP PRIMARY KEY, ADD COLUMN extra INT NOT NULL AUTO_INCREMENT PRIMARY KEY, ADD UNIQUE KEY (session_id)"},
		"a unique key without a primary one": {
			"ALTER TABLE ai_sessions DROP PRIMARY KEY, ADD COLUMN extra INT NULL, ADD UNIQUE KEY (extra), ADD UNIQUE KEY (account_id, session_id)"},
		"a foreign key": {
			"INSERT INTO accounts VALUES ('a', ''), ('b', '')",
			"ALTER TABLE ai_sessions ADD FOREIGN KEY (account_id) REFERENCES accounts (account_id)"},
		"rows that others refer to": {
			"CREATE TABLE details (session_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, FOREIGN KEY (session_id) REFERENCES ai_sessions (session_id))",
			"INSERT INTO details VALUES ('1')"},
		"partitions": {
			"ALTER TABLE ai_sessions DROP PRIMARY KEY, ADD PRIMARY KEY (session_id, started_at)",
			"ALTER TABLE ai_sessions PARTITION BY RANGE COLUMNS (started_at) (PARTITION p0 VALUES LESS THAN ('2026-03-15'), PARTITION p1 VALUES LESS THAN ('2027-01-01'))"},
		"a check": {"ALTER TABLE ai_sessions ADD CHECK (duration_seconds <> 77)"},
	}
	statements := []string{
		"UPDATE IGNORE ai_sessions SET session_id = '2', account_id = 'b', duration_seconds = 600 WHERE session_id = '1'",
		"UPDATE IGNORE ai_sessions SET session_id = '2' WHERE session_id = '1'",
		"UPDATE IGNORE ai_sessions SET session_id = '4', customer_id = 'z' WHERE session_id = '1'",
		"UPDATE IGNORE ai_sessions SET session_id = CASE session_id WHEN '1' THEN '2' ELSE '9' END, duration_seconds = 120",
		"UPDATE IGNORE ai_sessions SET account_id = 'nobody', duration_seconds = 61",
		"UPDATE IGNORE ai_sessions SET started_at = '2030-01-01 10:00', duration_seconds = 180 WHERE session_id = '2'",
		"UPDATE IGNORE ai_sessions SET duration_seconds = 77 WHERE session_id = '3'",
		"UPDATE IGNORE ai_sessions s JOIN (SELECT '1' AS id UNION SELECT '3') other ON other.id = s.session_id SET s.session_id = '2', s.duration_seconds = 1",
		"UPDATE IGNORE ai_sessions SET duration_seconds = duration_seconds + 60, customer_id = 'w'",
		"INSERT IGNORE INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('1', 'b', '2026-05-01', 60), ('7', 'a', '2026-05-01', 60), ('8', 'nobody', '2026-05-01', 60)",
		"INSERT IGNORE INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('1', 'b', '2026-03-01 10:00', 60) ON DUPLICATE KEY UPDATE session_id = '2', duration_seconds = 7",
		"REPLACE INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('2', 'b', '2026-03-02 11:00', 66), ('3', 'a', '2026-03-02 11:00', 66)",
		"DELETE IGNORE FROM ai_sessions WHERE session_id IN ('1', '2')",
		"LOCK TABLES ai_sessions WRITE; UPDATE IGNORE ai_sessions SET session_id = '2', duration_seconds = 3 WHERE session_id = '1'; UPDATE ai_sessions SET duration_seconds = 9 WHERE session_id = '3'; UNLOCK TABLES",
	}
	further := map[string]string{
		"a further unique key":               "UPDATE IGNORE ai_sessions SET extra = 2, duration_seconds = 6000, account_id = 'b' WHERE session_id = '1'",
		"another primary key":                "UPDATE IGNORE ai_sessions SET extra = extra + 1, duration_seconds = 60000",
		"a unique key without a primary one": "UPDATE IGNORE ai_sessions SET extra = 5, duration_seconds = duration_seconds + 600",
	}
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		for name, create := range tables {
			t.Run(name, func(t *testing.T) {
				w := newWriter(t, dsn, "")
				w.run("DROP TABLE IF EXISTS details", "DROP TABLE ai_sessions", "TRUNCATE TABLE accounts", "TRUNCATE TABLE usage_customer_rollups", "TRUNCATE TABLE usage_account_rollups", "TRUNCATE TABLE usage_account_series", "TRUNCATE TABLE usage_total_rollups", "TRUNCATE TABLE usage_changes",
					"DELETE FROM aiusage_schema_version WHERE version_id > 0")
				migrate(t, store)
				w.run(rowsOfTwo)
				w.run(create...)
				install(t, store)
				for _, statement := range append(statements, further[name]) {
					for _, part := range strings.Split(statement, "; ") {
						if part == "" {
							continue
						}
						// MariaDB may refuse what triggers do under LOCK TABLES (1442), as told there.
						if err := w.try(part); err != nil && !isOneOf(err, 1442, 1451, 1452, 1526) {
							t.Errorf("%s: %v", part, err)
						}
					}
					if got := status(t, store); got.Phase != db.Ready {
						t.Fatalf("%s: %+v", statement, got)
					}
					reportsHold(t, store, dsn, statement)
				}
				holds(t, store, dsn, "after all statements")
			})
		}
	})
}

// A transaction that does not see a row yet, but meets it, is told apart as well.
func TestRowsThatAnOldSnapshotMeetsCountOnce(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		w, other := newWriter(t, dsn, ""), newWriter(t, dsn, "")
		w.run("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('2', 'b', '2026-03-01 10:00', 600)")
		w.run("SET SESSION innodb_lock_wait_timeout = 5", "BEGIN", "SELECT * FROM ai_sessions")
		other.run("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('1', 'a', '2026-03-01 10:00', 60)")
		// Passed over on MariaDB; an error of isolation elsewhere is as good.
		_ = w.try("UPDATE IGNORE ai_sessions SET session_id = '2', account_id = 'b', duration_seconds = 600 WHERE session_id = '1'")
		w.run("COMMIT")
		holds(t, store, dsn, "after the meeting")
	})
}

// A start that is no instant counts where no range is asked for, and nowhere else;
// the write goes through as it does without triggers.
func TestStartsThatAreNoInstants(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		w := newWriter(t, dsn, "ALLOW_INVALID_DATES")
		w.run(rowsOfTwo,
			`INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('zero', 'a', '0000-00-00', 60)`,
			`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('skewed', 'a', 'x', '2026-02-31 10:00', 120), ('part', 'b', 'x', '2026-00-00', 180), ('day', 'b', NULL, '2026-03-00', 240),
				('month', 'b', NULL, '2026-00-10', 30)`,
			`INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('null', 'a', '2026-03-01', 60), ('null2', NULL, NULL, 300)`,
			`INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('old', 'a', '0500-05-05', 60), ('year0', 'a', '0000-05-05', 60)`,
			`INSERT IGNORE INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('ignored', 'a', 'rubbish', 60), ('bare', NULL, NULL, NULL)`)
		dates := []string{"zero", "skewed", "part", "day", "month", "null2", "old", "year0", "ignored", "bare"}
		openSeries := func(what string) {
			t.Helper()
			for _, accounts := range [][]string{nil, {"a", "b"}} {
				query := usage.SeriesQuery{Query: usage.Query{Level: usage.Together, Zone: time.UTC, Accounts: accounts}, Step: usage.Monthly}
				set, err := store.Series(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				if from := set.Buckets[0].From; from.Year() != 2026 {
					t.Errorf("%s: an open series of %q begins in %v", what, accounts, from)
				}
			}
		}
		check := func(what string, undated int64) {
			t.Helper()
			holds(t, store, dsn, what)
			if got := status(t, store).Undated; got != undated {
				t.Errorf("%s: %d sessions are said to have no start, want %d", what, got, undated)
			}
			dated := "session_id NOT IN ('" + strings.Join(dates, "', '") + "')"
			for _, request := range []usage.Request{{StartDate: "2026-01-01"}, {EndDate: "2026-12-31"}, {StartDate: "2025-12-01", EndDate: "2026-12-31"},
				{StartDate: "2026-02-28T22:30:00Z", EndDate: "2026-03-05T10:10:00Z"}, {EndDate: "2026-03-01T10:30:00Z"}} {
				query, err := request.Query(nil, time.Time{})
				if err != nil {
					t.Fatal(err)
				}
				span := dated
				if !query.Range.From.IsZero() {
					span += " AND started_at >= '" + query.Range.From.Format(time.DateTime) + "'"
				}
				if !query.Range.To.IsZero() {
					span += " AND started_at < '" + query.Range.To.Format(time.DateTime) + "'"
				}
				want := plainSums(t, dsn, span)
				if got := report(t, store, request).Totals; got != want {
					t.Errorf("%s, %+v: got %v, want %v", what, request, got, want)
				}
				set, err := store.Series(t.Context(), usage.SeriesQuery{Query: atLevel(usage.Together, query), Step: usage.Daily})
				if err != nil {
					t.Fatal(err)
				}
				var sum usage.Usage
				for _, point := range set.Of(usage.Subject{}) {
					sum = sum.Plus(point.Usage)
				}
				if sum != want {
					t.Errorf("%s, %+v: the series add up to %v, want %v", what, request, sum, want)
				}
			}
			openSeries(what)
		}
		check("written", int64(len(dates)))
		w.run("UPDATE ai_sessions SET started_at = '2026-02-30', duration_seconds = 61 WHERE session_id = 'null'")
		dates = append(dates, "null")
		check("made undated", int64(len(dates)))
		w.run("UPDATE ai_sessions SET started_at = '2026-03-05' WHERE session_id = 'zero'", "DELETE FROM ai_sessions WHERE session_id = 'part'",
			"UPDATE ai_sessions SET started_at = '0000-00-00' WHERE session_id = 'skewed'")
		dates = []string{"skewed", "day", "month", "null2", "old", "year0", "ignored", "bare", "null"}
		check("made dated", int64(len(dates)))
		write(t, store, session("day", 60), session("skewed", 60), session("1", 1))
		dates = []string{"month", "null2", "old", "year0", "ignored", "bare", "null"}
		check("rewritten by a batch", int64(len(dates)))
		execute(t, dsn, "DROP TRIGGER aiusage_change_inserted")
		install(t, store)
		check("filled anew", int64(len(dates)))
		if _, err := store.DropSessions(t.Context(), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), nil); err != nil {
			t.Fatal(err)
		}
		if got := count(t, dsn, "SELECT COUNT(*) FROM ai_sessions WHERE session_id IN ('null', 'null2', 'old')"); got != 3 {
			t.Errorf("%d of the sessions without a start are left", got)
		}
		openSeries("after dropping")
		if found := differences(t, store); len(found) > 0 {
			t.Errorf("after dropping: %+v", found)
		}
	})
}

// What cannot be recorded goes through all the same, and no report is wrong at any
// moment: from that very transaction on, they read the sessions.
func TestWhatCannotBeRecordedIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		// before happens before the rollups are installed, meanwhile while they are in use.
		before, meanwhile []string
		writes            []string
		// obstacle is what the next check says, "" when rollups can be had again.
		obstacle string
	}{
		"a longer account": {nil, []string{"ALTER TABLE ai_sessions MODIFY account_id VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL"},
			[]string{"INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('long', REPEAT('é', 80), '2026-03-01', 60)",
				"UPDATE ai_sessions SET account_id = REPEAT('x', 90) WHERE session_id = '1'", "DELETE FROM ai_sessions WHERE session_id = 'long'"}, "64 characters"},
		"a longer customer": {nil, []string{"ALTER TABLE ai_sessions MODIFY customer_id VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL"},
			[]string{"UPDATE ai_sessions SET customer_id = REPEAT('x', 100)"}, "64 characters"},
		"a table that is gone": {nil, []string{"RENAME TABLE usage_changes TO away"},
			[]string{"UPDATE ai_sessions SET duration_seconds = 7", "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('n', 'a', '2026-03-01', 60)",
				"DELETE FROM ai_sessions WHERE session_id = '2'", "RENAME TABLE away TO usage_changes"}, ""},
		"durations of 64 bits": {[]string{"ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start, DROP COLUMN ai_minutes",
			"ALTER TABLE ai_sessions MODIFY duration_seconds BIGINT NOT NULL, ADD COLUMN ai_minutes INT NOT NULL DEFAULT 1", "DROP TRIGGER aiusage_change_inserted"}, nil,
			[]string{"UPDATE ai_sessions SET duration_seconds = -9000000000000000000 WHERE session_id = '1'",
				"UPDATE ai_sessions SET duration_seconds = 9000000000000000000 WHERE session_id = '1'", "UPDATE ai_sessions SET duration_seconds = 5 WHERE session_id = '1'"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				w := newWriter(t, dsn, "STRICT_ALL_TABLES")
				w.run(rowsOfTwo)
				w.run(c.before...)
				install(t, store)
				w.run(c.meanwhile...)
				for _, statement := range c.writes {
					w.run(statement)
					if strings.Contains(name, "gone") {
						continue // until it is back, there are no reports
					}
					if got, want := report(t, store, usage.Request{}).Totals, plainSums(t, dsn, "TRUE"); got != want {
						t.Errorf("%s: reports say %v, the sessions %v", statement, got, want)
					}
				}
				if err := store.CheckRollups(t.Context()); err != nil {
					t.Fatal(err)
				}
				got := status(t, store)
				if got.Phase != db.Raw || !strings.Contains(got.Reason, c.obstacle) || got.Reason == "" {
					t.Errorf("got %+v", got)
				}
				triggers := count(t, dsn, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()")
				if c.obstacle != "" && triggers > 0 {
					t.Errorf("%d triggers are left", triggers)
				}
				if c.obstacle == "" && c.before == nil { // with the others, what waits is beyond 64 bits
					install(t, store)
					holds(t, store, dsn, "installed again")
				}
			})
		})
	}
}

// The limits of an account that may change no triggers are told.
func TestTriggersThatOnlyAnAdministratorCanDropAreNamed(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, _ *db.Store, dsn string) {
		limited, drop := limitedTo(t, dsn, "SELECT, INSERT, UPDATE, DELETE")
		defer drop()
		execute(t, dsn, "ALTER TABLE ai_sessions MODIFY account_id VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL")
		const generation = "SELECT generation % 1000000007 FROM usage_level_state"
		known := 0
		for range 2 {
			if err := limited.CheckRollups(t.Context()); err != nil {
				t.Fatal(err)
			}
			if now := count(t, dsn, generation); known != 0 && now != known {
				t.Error("what is known already makes reports be planned anew")
			} else {
				known = now
			}
		}
		got := status(t, limited)
		if got.Phase != db.Raw || !strings.Contains(got.Reason, "64 characters") ||
			!strings.Contains(got.Reason, "an administrator has to drop the triggers") || !strings.Contains(got.Reason, "aiusage_change_deleted") {
			t.Errorf("got %+v", got)
		}
		// Once that has been done, there is nothing to do for anybody.
		execute(t, dsn, "DROP TRIGGER aiusage_change_inserted", "DROP TRIGGER aiusage_change_updated", "DROP TRIGGER aiusage_change_deleted")
		if err := limited.CheckRollups(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := status(t, limited); strings.Contains(got.Reason, "administrator") {
			t.Errorf("without triggers: %+v", got)
		}
	})
}

// limitedTo opens a store by an account with some privileges only.
func limitedTo(t *testing.T, dsn, privileges string) (store *db.Store, drop func()) {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	user := "limited" + config.DBName[len(config.DBName)-8:]
	execute(t, dsn, `CREATE USER `+user+`@'%' IDENTIFIED BY 'pw'`,
		fmt.Sprintf("GRANT %s ON `%s`.* TO %s@'%%'", privileges, config.DBName, user))
	config.User, config.Passwd = user, "pw"
	return open(t, config.FormatDSN()), func() { execute(t, dsn, `DROP USER `+user+`@'%'`) }
}
