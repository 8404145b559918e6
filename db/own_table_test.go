package db_test

import (
	"strings"
	"testing"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// ownTable is a table of sessions of the platform's, with a column of ids and one of minutes as
// it has them, and its keys.
func ownTable(id, minutes, keys string) string {
	return `CREATE TABLE ai_sessions (` + id + `,
		account_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, customer_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
		started_at DATETIME(3) NOT NULL, duration_seconds INT NOT NULL, ` + minutes + `, KEY (account_id, started_at), KEY (started_at)` + keys + `)`
}

const (
	ownID     = "session_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL"
	generated = "ai_minutes INT AS ((duration_seconds + 59) DIV 60) STORED"
)

// A platform's column of minutes that is not generated has what a session's duration comes to.
func TestAnImportWritesMinutesThatTheTableDoesNotCompute(t *testing.T) {
	for _, minutes := range []string{"ai_minutes INT NOT NULL DEFAULT 0", "AI_Minutes BIGINT NULL"} {
		dbtest.Each(t, func(t *testing.T, dsn string) {
			execute(t, dsn, ownTable(ownID, minutes, ", PRIMARY KEY (session_id)"))
			store := open(t, dsn)
			migrate(t, store)
			install(t, store)
			holds := func(what string, all ...usage.Session) {
				t.Helper()
				var want usage.Usage
				for _, one := range all {
					want = want.Plus(one.Usage())
				}
				if got := report(t, store, usage.Request{}).Totals; got != want || plainSums(t, dsn, "TRUE") != want {
					t.Errorf("%s, %s: got %v and of the table %v, want %v", minutes, what, got, plainSums(t, dsn, "TRUE"), want)
				}
			}
			all := []usage.Session{session("0", 0), session("1", 1), session("2", 60), session("3", 61), session("4", 600)}
			write(t, store, all...)
			holds("inserted", all...)
			if got := write(t, store, all...); got != (db.Written{Unchanged: 5}) {
				t.Errorf("%s: the same again: %+v", minutes, got)
			}
			all[2].DurationSeconds, all[3].CustomerID, all[4].DurationSeconds = 6001, "d", 0
			write(t, store, append(all, session("5", 120))...)
			holds("updated", append(all, session("5", 120))...)
			// Those that an earlier version has imported without minutes get them by another import.
			execute(t, dsn, "UPDATE ai_sessions SET ai_minutes = 0 WHERE session_id IN ('2', '3')")
			if got := write(t, store, all...); got != (db.Written{Updated: 2, Unchanged: 3}) {
				t.Errorf("%s: those without minutes: %+v", minutes, got)
			}
			holds("imported again", append(all, session("5", 120))...)
			if stored, err := store.SessionsByID(t.Context(), all); err != nil || len(stored) != 5 || stored[0].DurationSeconds < 0 {
				t.Errorf("%s: read are %+v, %v", minutes, stored, err)
			}
			if !isEmbedded(t, store) {
				rowsHold(t, dsn, minutes, nil, utcOnly, nil)
			}
		})
	}
}

// Where nothing keeps an id from being there twice, an import is refused, and so is a rehearsal
// of it; with any unique key of the id it is not.
func TestAnImportNeedsAKeyOfTheID(t *testing.T) {
	keyed := map[string]string{
		"the primary key":      ownTable(ownID, generated, ", PRIMARY KEY (session_id)"),
		"a unique key":         ownTable("n INT AUTO_INCREMENT PRIMARY KEY, "+ownID, generated, ", UNIQUE KEY (account_id, session_id), UNIQUE KEY (session_id)"),
		"a name in upper case": ownTable(strings.Replace(ownID, "session_id", "SESSION_ID", 1), generated, ", PRIMARY KEY (session_id)"),
	}
	unkeyed := map[string]string{
		"no key":             ownTable(ownID, generated, ""),
		"a key of two":       ownTable(ownID, generated, ", PRIMARY KEY (session_id, started_at)"),
		"a key that is last": ownTable(ownID, generated, ", PRIMARY KEY (account_id, session_id)"),
		"a key of others":    ownTable("n INT AUTO_INCREMENT PRIMARY KEY, "+ownID, generated, ", KEY (session_id)"),
	}
	dbtest.Each(t, func(t *testing.T, dsn string) {
		try := func(name, create string, refused bool) {
			execute(t, dsn, create)
			store := open(t, dsn)
			for range 2 {
				_, err := store.WriteSessions(t.Context(), []usage.Session{session("1", 60), session("2", 60)})
				_, looked := store.SessionsByID(t.Context(), []usage.Session{session("1", 60)})
				if refused && (!isUnkeyed(err) || !isUnkeyed(looked)) || !refused && (err != nil || looked != nil) {
					t.Errorf("%s: got %v, and for a rehearsal %v", name, err, looked)
				}
			}
			want := 2
			if refused {
				want = 0
			}
			if got := count(t, dsn, "SELECT COUNT(*) FROM ai_sessions"); got != want {
				t.Errorf("%s: %d sessions are stored", name, got)
			}
			execute(t, dsn, "DROP TABLE ai_sessions")
		}
		store := open(t, dsn)
		migrate(t, store)
		execute(t, dsn, "DROP TABLE ai_sessions")
		for name, create := range keyed {
			try(name, create, false)
		}
		for name, create := range unkeyed {
			try(name, create, true)
		}
	})
}

// Through a view, sessions that are there twice then are refused.
func TestAnImportThroughAViewNeedsAKeyOfTheID(t *testing.T) {
	for turn, key := range []string{", PRIMARY KEY (session_id)", ", PRIMARY KEY (session_id, started_at)"} {
		dbtest.EachServer(t, func(t *testing.T, dsn string) {
			execute(t, dsn, strings.Replace(ownTable(ownID, generated, key), "ai_sessions", "calls", 1),
				"CREATE VIEW ai_sessions AS SELECT session_id, account_id, customer_id, started_at, duration_seconds, ai_minutes FROM calls")
			store := open(t, dsn)
			migrate(t, store)
			write(t, store, session("1", 60), session("2", 120))
			later := session("1", 61)
			later.StartedAt = noon.AddDate(0, 0, 1)
			got, err := store.WriteSessions(t.Context(), []usage.Session{later, session("3", 1)})
			want := usage.Usage{Minutes: 3, Seconds: 180, Sessions: 2}
			if turn == 0 {
				want = usage.Usage{Minutes: 5, Seconds: 182, Sessions: 3}
				if err != nil || got != (db.Written{Inserted: 1, Updated: 1}) {
					t.Errorf("%s: got %+v, %v", key, got, err)
				}
			} else {
				_, again := store.WriteSessions(t.Context(), []usage.Session{later, session("2", 120)}) // of which the table refuses one
				if !isUnkeyed(err) || !isUnkeyed(again) {
					t.Errorf("%s: got %v, and with one that is there %v", key, err, again)
				}
			}
			if got := report(t, store, usage.Request{}).Totals; got != want {
				t.Errorf("%s: reports have %v, want %v", key, got, want)
			}
		})
	}
}

func isUnkeyed(err error) bool {
	return err != nil && strings.Contains(err.Error(), "has no unique key on session_id alone")
}
