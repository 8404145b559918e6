package write_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/pool"
	"aiusage/db/write"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// Whichever statement fails, whoever asked is told, and of what was to be written nothing is
// stored or recorded.
func TestNoStatementFailsUnnoticed(t *testing.T) {
	accounts := []usage.Account{{AccountID: "a", Name: "A"}, {AccountID: "b", Name: "B"}}
	customers := []usage.Customer{{AccountID: "a", CustomerID: "c", Name: "C"}, {AccountID: "a", CustomerID: "d", Name: "D"}}
	longer := sessions(150, 2)
	for i := range longer[:120] {
		longer[i].DurationSeconds = 61
	}
	for turn, ways := range []map[string]func(ctx context.Context, by *write.Writer) error{
		{
			"new sessions": func(ctx context.Context, by *write.Writer) error {
				_, err := by.WriteSessions(ctx, []usage.Session{{SessionID: "new", AccountID: "a0", StartedAt: noon, DurationSeconds: 1}})
				return err
			},
			"known sessions": func(ctx context.Context, by *write.Writer) error {
				_, err := by.WriteSessions(ctx, longer)
				return err
			},
		},
		{
			"new accounts": func(ctx context.Context, by *write.Writer) error {
				_, err := by.WriteAccounts(ctx, []usage.Account{{AccountID: "new", Name: "N"}})
				return err
			},
			"known customers": func(ctx context.Context, by *write.Writer) error {
				_, err := by.WriteCustomers(ctx, append([]usage.Customer{{AccountID: "a", CustomerID: "c", Name: "other"}}, usage.Customer{AccountID: "b", CustomerID: "c"}))
				return err
			},
			"by id": func(ctx context.Context, by *write.Writer) error {
				_, err := by.SessionsByID(ctx, sessions(130, 2))
				return err
			},
			"by start": func(ctx context.Context, by *write.Writer) error {
				_, err := by.SessionsStartedWith(ctx, sessions(130, 2))
				return err
			},
		},
	} {
		onServer(t, turn, func(w *world) {
			w.run(levelsReady, hoursReady)
			by := writer(w.db)
			begin := func() {
				w.run("DELETE FROM ai_sessions", "DELETE FROM accounts", "DELETE FROM customers")
				w.written(by, sessions(140, 2))
				if _, err := by.WriteAccounts(w.Context(), accounts); err != nil {
					w.Fatal(err)
				}
				if _, err := by.WriteCustomers(w.Context(), customers); err != nil {
					w.Fatal(err)
				}
				w.run("DELETE FROM usage_changes", "DELETE FROM usage_deltas")
			}
			recorded, statements := dbtest.Record(w.T, w.dsn)
			faulty := w.open(recorded, pool.Options{})
			for name, try := range ways {
				begin()
				for at := 1; ; at++ {
					if err := faulty.PingContext(w.Context()); err != nil { // so that there is a connection already
						w.Fatal(err)
					}
					statements.Fail(at)
					err := try(w.Context(), writer(faulty))
					failed := statements.Failed()
					if failed == "" {
						if err != nil || at < 2 {
							w.Errorf("%s: %v after %d statements", name, err, at)
						}
						break
					}
					if strings.HasPrefix(failed, "SET @aiusage_recorded = NULL") {
						break // what was asked for is done, and its connection is closed
					}
					if err == nil {
						w.Errorf("%s: nobody is told that this failed: %.150s", name, failed)
					}
					if got := w.one("SELECT COUNT(*) + SUM(duration_seconds) FROM ai_sessions"); got != 140+140*60 {
						w.Errorf("%s: after %.150s, the sessions are %d", name, failed, got)
					}
					if got := w.one("SELECT (SELECT COUNT(*) FROM usage_changes) + (SELECT COUNT(*) FROM usage_deltas)"); got != 0 {
						w.Errorf("%s: after %.150s, %d changes are recorded", name, failed, got)
					}
					if got := w.one("SELECT (SELECT COUNT(*) FROM accounts) + (SELECT COUNT(*) FROM customers WHERE name <> 'other')"); got != 4 {
						w.Errorf("%s: after %.150s, %d names are stored", name, failed, got)
					}
					if stats := faulty.Stats(); stats.InUse != 0 {
						w.Errorf("%s: after %.150s, %d connections are not given back", name, failed, stats.InUse)
					}
					if w.Failed() {
						return
					}
				}
			}
		})
	}
}

// What is read back is what was written, as far as the table keeps it, however much is asked
// for at a time; and rows that cannot be read are a fault.
func TestSessionsAreReadAsTheyAreStored(t *testing.T) {
	onServer(t, 0, func(w *world) {
		by := writer(w.db)
		all := sessions(250, 3)
		all[3].CustomerID = ""
		all[4].StartedAt = noon.Add(123456 * time.Microsecond).In(time.FixedZone("", 3600))
		want := slices.Clone(all)
		want[4].StartedAt = noon.Add(123 * time.Millisecond)
		w.written(by, all)
		same := func(what string, got []usage.Session, err error) {
			w.Helper()
			byID := func(a, b usage.Session) int { return strings.Compare(a.SessionID, b.SessionID) }
			slices.SortFunc(got, byID)
			slices.SortFunc(want, byID)
			if err != nil || !slices.Equal(got, want) {
				w.Errorf("%s: %d sessions, %v: %+v", what, len(got), err, got[:min(3, len(got))])
			}
		}
		got, err := by.SessionsByID(w.Context(), slices.Concat(all, all))
		same("by id", got, err)
		// Half a millisecond later is the same start, and so is the same instant elsewhere.
		asked := slices.Clone(all)
		for i := range asked {
			asked[i].StartedAt = asked[i].StartedAt.Add(time.Duration(i%2) * 400 * time.Microsecond).In(time.FixedZone("", 60*(i%3)))
		}
		got, err = by.SessionsStartedWith(w.Context(), asked)
		same("by start", got, err)
		if got, want := w.written(by, all), (write.Written{Unchanged: 250}); got != want {
			w.Errorf("written again: %+v, want %+v", got, want)
		}
		if got := w.one("SELECT COUNT(*) FROM ai_sessions WHERE customer_id IS NULL"); got != 1 {
			w.Errorf("%d sessions are without a customer", got)
		}
		want = nil
		got, err = by.SessionsByID(w.Context(), []usage.Session{{SessionID: "unknown"}})
		same("unknown", got, err)
		got, err = by.SessionsStartedWith(w.Context(), nil)
		same("nothing asked", got, err)

		w.run("ALTER TABLE ai_sessions MODIFY duration_seconds INT UNSIGNED NULL", "UPDATE ai_sessions SET duration_seconds = NULL WHERE session_id = '7'")
		if got, err := by.SessionsByID(w.Context(), all); err == nil {
			w.Errorf("%d sessions by id, though one cannot be read", len(got))
		}
		if got, err := by.SessionsStartedWith(w.Context(), all); err == nil {
			w.Errorf("%d sessions by start, though one cannot be read", len(got))
		}
		if got, err := by.WriteSessions(w.Context(), all); err == nil {
			w.Errorf("%+v, though one cannot be read", got)
		}
		if stats := w.db.Stats(); stats.InUse != 0 {
			w.Errorf("%d connections are not given back", stats.InUse)
		}
		w.run("DROP TABLE ai_sessions")
		_, err = by.SessionsByID(w.Context(), all)
		w.wantCode("by id, without the table", err, usage.Unavailable)
		_, err = by.SessionsStartedWith(w.Context(), all)
		w.wantCode("by start, without the table", err, usage.Unavailable)
	})
}

// Names are written by their keys, as the tables compare these, and nothing is asked where there
// is nothing to write.
func TestNamesTakeThePlaceOfTheirOwn(t *testing.T) {
	onServer(t, 1, func(w *world) {
		recorded, statements := dbtest.Record(w.T, w.dsn)
		by := writer(w.open(recorded, pool.Options{}))
		none, err := by.WriteAccounts(w.Context(), nil)
		if sent := statements.Take(); err != nil || none != (write.Written{}) || len(sent) != 0 {
			w.Errorf("nothing: %+v, %v, %q", none, err, sent)
		}
		for _, test := range []struct {
			accounts  []usage.Account
			customers []usage.Customer
			want      write.Written
			names     int
		}{
			{[]usage.Account{{AccountID: "a", Name: "old"}, {AccountID: "b", Name: "B"}}, []usage.Customer{{AccountID: "a", CustomerID: "c", Name: "old"}, {AccountID: "b", CustomerID: "c", Name: "B"}}, write.Written{Inserted: 2}, 0},
			{[]usage.Account{{AccountID: "a", Name: "new"}, {AccountID: "b", Name: "B"}}, []usage.Customer{{AccountID: "a", CustomerID: "c", Name: "new"}, {AccountID: "b", CustomerID: "c", Name: "B"}}, write.Written{Updated: 1, Unchanged: 1}, 1},
			{[]usage.Account{{AccountID: "a", Name: "new"}, {AccountID: "c", Name: "new"}}, []usage.Customer{{AccountID: "a", CustomerID: "c", Name: "new"}, {AccountID: "b", CustomerID: "d", Name: "new"}}, write.Written{Inserted: 1, Unchanged: 1}, 2},
		} {
			if got, err := by.WriteAccounts(w.Context(), test.accounts); got != test.want || err != nil {
				w.Errorf("accounts: got %+v, %v, want %+v", got, err, test.want)
			}
			if got, err := by.WriteCustomers(w.Context(), test.customers); got != test.want || err != nil {
				w.Errorf("customers: got %+v, %v, want %+v", got, err, test.want)
			}
			for _, table := range []string{"accounts", "customers"} {
				if got := w.one("SELECT COUNT(*) FROM " + table + " WHERE name = 'new'"); got != test.names {
					w.Errorf("%d new names of %s, want %d", got, table, test.names)
				}
			}
		}
		w.run("ALTER TABLE accounts MODIFY name VARCHAR(255) NULL", "ALTER TABLE customers MODIFY name VARCHAR(255) NULL", "UPDATE accounts SET name = NULL", "UPDATE customers SET name = NULL")
		if got, err := by.WriteAccounts(w.Context(), []usage.Account{{AccountID: "a", Name: "new"}}); err == nil {
			w.Errorf("an account that cannot be read: %+v", got)
		}
		if got, err := by.WriteCustomers(w.Context(), []usage.Customer{{AccountID: "a", CustomerID: "c", Name: "new"}}); err == nil {
			w.Errorf("a customer that cannot be read: %+v", got)
		}
	})
}
