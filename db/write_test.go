package db_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/usage"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func session(id string, seconds int64) usage.Session {
	return usage.Session{SessionID: id, AccountID: "a", CustomerID: "c", StartedAt: noon, DurationSeconds: seconds}
}

func TestWritingAgainChangesNothing(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		rows := []usage.Session{session("1", 60), session("2", 60), session("3", 60)}
		rows[2].CustomerID = ""
		rows[2].StartedAt = noon.Add(123456 * time.Microsecond).In(time.FixedZone("", 3600))
		if got, want := write(t, store, rows...), (db.Written{Inserted: 3}); got != want {
			t.Errorf("first: got %+v, want %+v", got, want)
		}
		if got, want := write(t, store, rows...), (db.Written{Unchanged: 3}); got != want {
			t.Errorf("again: got %+v, want %+v", got, want)
		}
		rows[1].AccountID = "b"
		rows[2].CustomerID = "c"
		rows = append(rows, session("4", 0))
		if got, want := write(t, store, rows...), (db.Written{Inserted: 1, Updated: 2, Unchanged: 1, Moved: 2}); got != want {
			t.Errorf("corrected: got %+v, want %+v", got, want)
		}
		rows[0].CustomerID = ""
		write(t, store, rows...)
		if got := count(t, dsn, "SELECT COUNT(*) FROM ai_sessions WHERE customer_id IS NULL"); got != 1 {
			t.Errorf("%d sessions are without a customer", got)
		}
		got := report(t, store, usage.Request{})
		if len(got.Accounts) != 2 || got.Totals.Sessions != 4 || got.Totals.Minutes != 3 {
			t.Errorf("got %+v", got)
		}
	})
}

// A session that is only longer or later, or whose ids the table takes for the
// same, has not moved.
func TestSessionsThatMoveAreCounted(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		write(t, store, session("1", 60), session("2", 60), session("3", 60), session("4", 60))
		rows := []usage.Session{session("1", 61), session("2", 60), session("3", 60), session("4", 60)}
		rows[1].AccountID = "b"
		rows[2].CustomerID = ""
		rows[3].StartedAt = noon.Add(time.Hour)
		if got, want := write(t, store, rows...), (db.Written{Updated: 4, Moved: 2}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got, want := write(t, store, rows...), (db.Written{Unchanged: 4}); got != want {
			t.Errorf("again: got %+v, want %+v", got, want)
		}
		there, back := session("5", 60), session("5", 60)
		there.AccountID = "b"
		if got, want := write(t, store, back, there, back), (db.Written{Inserted: 1, Updated: 2, Moved: 2}); got != want {
			t.Errorf("there and back: got %+v, want %+v", got, want)
		}
	})
}

func TestTheLastOfRowsWithTheSameIDStays(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		got := write(t, store, session("1", 60), session("1", 60), session("1", 600))
		if want := (db.Written{Inserted: 1, Updated: 1, Unchanged: 1}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		got = write(t, store, session("1", 60), session("1", 600))
		if want := (db.Written{Updated: 2}); got != want {
			t.Errorf("there and back: got %+v, want %+v", got, want)
		}
		if got := report(t, store, usage.Request{}).Totals.Minutes; got != 10 {
			t.Errorf("%d minutes, want 10", got)
		}
	})
}

func TestABatchIsWrittenWholeOrNotAtAll(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		write(t, store, session("known", 60))
		bad := session("bad", 60)
		bad.DurationSeconds = usage.MaxDurationSeconds + 1
		for _, batch := range [][]usage.Session{{session("new", 60), session("known", 600), bad}, {session("new", 60), bad}} {
			if _, err := store.WriteSessions(t.Context(), batch); err == nil {
				t.Fatal("a value that does not fit was stored")
			}
		}
		if got := report(t, store, usage.Request{}).Totals; got != (usage.Usage{Minutes: 1, Seconds: 60, Sessions: 1}) {
			t.Errorf("something of the batch was stored: %+v", got)
		}
	})
}

// What a write counts is what the table makes of it: a platform's may compute minutes
// otherwise, or keep no milliseconds and round a start into the next hour.
func TestAWriteCountsWhatTheTableMakesOfIt(t *testing.T) {
	const withoutKeys = "ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start"
	for name, changes := range map[string][]string{
		"as migrated":         nil,
		"half minutes":        {withoutKeys + ", DROP COLUMN ai_minutes", "ALTER TABLE ai_sessions ADD COLUMN ai_minutes INT UNSIGNED AS ((duration_seconds + 29) DIV 30) STORED"},
		"minutes of a column": {withoutKeys + ", DROP COLUMN ai_minutes", "ALTER TABLE ai_sessions ADD COLUMN ai_minutes INT UNSIGNED NOT NULL DEFAULT 7"},
		"whole seconds":       {"ALTER TABLE ai_sessions MODIFY started_at DATETIME NOT NULL"},
		"tenths of seconds":   {"ALTER TABLE ai_sessions MODIFY started_at DATETIME(1) NOT NULL"},
	} {
		t.Run(name, func(t *testing.T) {
			eachRolledUp(t, func(t *testing.T, _ *db.Store, dsn string) {
				execute(t, dsn, changes...)
				store := open(t, dsn)
				install(t, store)
				late := session("late", 61)
				late.StartedAt = noon.Add(time.Hour - time.Millisecond)
				for _, seconds := range []int64{60, 200} {
					write(t, store, session("1", seconds), session("2", seconds+31), late)
					holds(t, store, dsn, fmt.Sprint(seconds, " s"))
				}
			})
		})
	}
}

// A session from before those that were dropped may be one of them. Its batch is refused as
// a whole, and where nobody can say what was dropped, so is any. Gateways of either version
// may have dropped the most.
func TestSessionsFromBeforeThoseThatWereDroppedAreRefused(t *testing.T) {
	for state, other := range map[string]string{"usage_level_state": "usage_rollup_state", "usage_rollup_state": "usage_level_state"} {
		t.Run(state, func(t *testing.T) { sessionsFromBeforeAreRefused(t, state, other) })
	}
}

func sessionsFromBeforeAreRefused(t *testing.T, state, other string) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		for table, from := range map[string]string{state: "12:00", other: "11:00"} {
			execute(t, dsn, "INSERT INTO "+table+" (state_id, phase, reason, generation, corrections, raw_from) VALUES (1, 'raw', '', 1, 0, '2026-03-01 "+from+"') ON DUPLICATE KEY UPDATE raw_from = VALUES(raw_from)")
		}
		write(t, store, session("at that instant", 60))
		before := session("before", 60)
		before.StartedAt = noon.Add(-time.Millisecond)
		for _, batch := range [][]usage.Session{{before}, {session("2", 60), before}, {session("1", 120), before}} {
			_, err := store.WriteSessions(t.Context(), batch)
			coded := wantCode(t, err, usage.InvalidArgument)
			for _, said := range []string{`"before"`, "2026-03-01T11:59:59Z", "2026-03-01T12:00:00Z"} {
				if !strings.Contains(coded.Message, said) {
					t.Errorf("%q does not say %s", coded.Message, said)
				}
			}
		}
		if got, want := plainSums(t, dsn, "TRUE"), (usage.Usage{Minutes: 2, Seconds: 120, Sessions: 2}); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		execute(t, dsn, "UPDATE "+state+" SET raw_from = NULL")
		write(t, store, before)
		execute(t, dsn, "DELETE FROM "+state)
		write(t, store, session("without a state", 60))
		execute(t, dsn, "RENAME TABLE "+state+" TO away")
		_, err := store.WriteSessions(t.Context(), []usage.Session{session("without the table", 60)})
		wantCode(t, err, usage.Unavailable)
		if got := plainSums(t, dsn, "TRUE").Sessions; got != 4 {
			t.Errorf("%d sessions are stored", got)
		}
	})
}

// Writers that meet on the same rows, in different orders, all succeed, and each
// row is inserted once.
func TestWritersThatMeet(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		const writers, rows = 4, 300
		var inserted [writers]int64
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for at := 0; at < rows; at += 50 {
					var batch []usage.Session
					for i := range 50 {
						n := at + i
						if w%2 == 1 {
							n = rows - 1 - n
						}
						batch = append(batch, session(fmt.Sprint(n), 60))
					}
					written, err := store.WriteSessions(t.Context(), batch)
					if err != nil {
						t.Error(err)
					}
					inserted[w] += written.Inserted
				}
			})
		}
		group.Wait()
		var sum int64
		for _, count := range inserted {
			sum += count
		}
		if got := report(t, store, usage.Request{}).Totals.Sessions; got != rows {
			t.Errorf("%d rows stored, want %d", got, rows)
		}
		// The embedded engine merges two transactions that insert the same row.
		if sum != rows && !isEmbedded(t, store) {
			t.Errorf("%d rows counted as inserted, want %d", sum, rows)
		}
	})
}

// What a write replaces is what is there when it does, and not what was there when it began.
func TestAWriteReplacesWhatAnotherHasJustWritten(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("0", 60), session("1", 60))
		other := newWriter(t, dsn, "")
		other.run("BEGIN", "UPDATE ai_sessions SET duration_seconds = 600, account_id = 'b' WHERE session_id = '1'")
		done := make(chan error, 1)
		go func() {
			// The first of them is known and free, so that it waits only when it replaces the second.
			_, err := store.WriteSessions(context.WithoutCancel(t.Context()), []usage.Session{session("0", 120), session("1", 120)})
			done <- err
		}()
		awaitLockWait(t, dsn, "INFO LIKE 'SELECT session_id%FOR UPDATE'")
		other.run("COMMIT")
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		holds(t, store, dsn, "after both")
	})
}

func TestNamesAreWrittenByTheirKeys(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		accounts := []usage.Account{{AccountID: "a", Name: "Acme"}, {AccountID: "b", Name: "Bolt"}}
		customers := []usage.Customer{{AccountID: "a", CustomerID: "1", Name: "One"}, {AccountID: "b", CustomerID: "1", Name: "Uno"}}
		for _, want := range []db.Written{{Inserted: 2}, {Unchanged: 2}} {
			if got, err := store.WriteAccounts(t.Context(), accounts); got != want || err != nil {
				t.Errorf("accounts: got %+v, %v, want %+v", got, err, want)
			}
			if got, err := store.WriteCustomers(t.Context(), customers); got != want || err != nil {
				t.Errorf("customers: got %+v, %v, want %+v", got, err, want)
			}
		}
		customers[1].Name = "Eins"
		if got, err := store.WriteCustomers(t.Context(), customers); got != (db.Written{Updated: 1, Unchanged: 1}) || err != nil {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestUsers(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		if found, err := store.HasUsers(t.Context()); found || err != nil {
			t.Errorf("a fresh database has users: %v, %v", found, err)
		}
		_, err := store.UserByName(t.Context(), "ada")
		wantCode(t, err, usage.NotFound)
		ada := auth.User{Name: "ada", PasswordHash: "hash", Roles: []string{auth.SystemAdministrator}}
		for _, user := range []auth.User{ada, {Name: "bob", PasswordHash: "hash"}} {
			if err := store.AddUser(t.Context(), user); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, store.AddUser(t.Context(), ada), usage.InvalidArgument)
		if err := store.SetPasswordHash(t.Context(), "ada", "other"); err != nil {
			t.Fatal(err)
		}
		got, err := store.UserByName(t.Context(), "ada")
		if err != nil || got.PasswordHash != "other" || len(got.Roles) != 1 || got.Roles[0] != auth.SystemAdministrator {
			t.Errorf("got %+v, %v", got, err)
		}
		if err := store.RemoveUser(t.Context(), "ada"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, store.RemoveUser(t.Context(), "ada"), usage.NotFound)
		wantCode(t, store.SetPasswordHash(t.Context(), "ada", "x"), usage.NotFound)
		// A removed user leaves no role behind for a namesake.
		ada.Roles = nil
		if err := store.AddUser(t.Context(), ada); err != nil {
			t.Fatal(err)
		}
		users, err := store.Users(t.Context())
		if err != nil || len(users) != 2 || len(users[0].Roles) != 0 {
			t.Errorf("got %+v, %v", users, err)
		}
	})
}
