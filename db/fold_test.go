package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// Changes of transactions that have not ended lie before, between and behind those
// that are folded: none of them is waited for.
func TestFoldingWaitsForNoWriter(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		pool := platform(t, dsn)
		insert := func(to interface {
			Exec(string, ...any) (sql.Result, error)
		}, id int) {
			t.Helper()
			_, err := to.Exec(`INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES (?, 'a', ?, 60)`,
				fmt.Sprint(id), noon.Add(time.Duration(id)*time.Minute))
			if err != nil {
				t.Fatal(err)
			}
		}
		open, err := pool.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelReadCommitted})
		if err != nil {
			t.Fatal(err)
		}
		defer open.Rollback()
		// The lengths of the writers' turns.
		for turn, id := 0, 0; turn < 8; turn++ {
			for range 1 + turn/2 {
				if id++; turn%2 == 0 {
					insert(open, id)
				} else {
					insert(pool, id)
				}
			}
		}
		insert(open, 1000)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // a lock is waited for longer
		defer cancel()
		for _, most := range []int{3, 1, 100} {
			if err := store.FoldBatch(ctx, most); err != nil {
				t.Fatalf("folding at most %d: %v", most, err)
			}
		}
		if left := count(t, dsn, "SELECT COUNT(*) FROM usage_changes"); left != 0 {
			t.Errorf("%d changes are left", left)
		}
		if err := open.Commit(); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if found := differences(t, store); len(found) > 0 {
			t.Errorf("%d differences, first %+v", len(found), found[0])
		}
	})
}

// An account that the platform writes with spaces at its end is the same one.
func TestFoldingTakesIDsAsTheDatabaseComparesThem(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		for i, account := range []string{"a ", "a", "b", "b  "} {
			execute(t, dsn, fmt.Sprintf(`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds)
				VALUES ('%d', '%s', 'c%d', '2026-03-01', 60)`, i, account, i))
			if err := store.FoldBatch(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if got := count(t, dsn, `SELECT COUNT(*) FROM usage_customer_rollups r JOIN usage_accounts a ON a.account_no = r.account_no WHERE grain = 3`); got != 4 {
			t.Errorf("%d months of an account, want 4", got)
		}
		if got := count(t, dsn, `SELECT COUNT(*) FROM usage_accounts`); got != 2 {
			t.Errorf("%d accounts, want 2", got)
		}
	})
}

// The platform's table takes years that no range can name. They are of no time.
func TestFoldingTakesEveryYear(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, `INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('1', 'a', '0099-12-31 23:30:00', 60)`)
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		rowsHold(t, dsn, "folded", nil, utcOnly, nil)
		if got := count(t, dsn, `SELECT COUNT(*) FROM usage_total_rollups WHERE bucket = '0100-01-01'`); got != 4 {
			t.Errorf("%d of the four rows are there", got)
		}
	})
}

// Two who fold at the same time take other changes. The second one waits only to add to the
// sums that both add to, those of everybody at the latest.
func TestTwoWhoFoldShareTheChanges(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		other := open(t, dsn)
		for i := range 10 {
			one := session(fmt.Sprint(i), 60)
			one.AccountID, one.CustomerID = fmt.Sprint("a", i), fmt.Sprint(i)
			write(t, store, one)
		}
		type result struct {
			folded int
			err    error
		}
		done := make(chan result, 1)
		err := store.FoldBatchWhile(t.Context(), 4, func() {
			go func() {
				folded, err := other.Fold(context.WithoutCancel(t.Context()), nil)
				done <- result{folded, err}
			}()
			awaitLockWait(t, dsn, "INFO LIKE '%INSERT INTO usage_total_rollups%' AND INFO NOT LIKE '%PROCESSLIST%'")
		})
		if err != nil {
			t.Fatal(err)
		}
		if r := <-done; r.err != nil || r.folded != 6 {
			t.Errorf("the other one folds %d changes, want 6; %v", r.folded, r.err)
		}
		holds(t, store, dsn, "folded by two")
		rowsHold(t, dsn, "folded by two", nil, utcOnly, nil)
		if left := status(t, store).Pending; left != 0 {
			t.Errorf("%d changes are left", left)
		}
	})
}

// A round of folding takes all changes, however many batches that are, and tells after each.
func TestFoldingTellsAfterEachBatch(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, `INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions)
			SELECT 'a', 'c', '2026-03-01 12:00', 1, 60, 1 FROM information_schema.COLLATIONS one, information_schema.COLLATIONS other LIMIT 10000`)
		var told []int
		folded, err := store.Fold(t.Context(), func(folded int) { told = append(told, folded) })
		// How many the second batch takes depends on how long the first one took.
		if err != nil || folded != 10000 || len(told) < 2 || told[0] != 5000 || told[len(told)-1] != 10000 || !slices.IsSorted(told) {
			t.Errorf("%d folded, told %d, %v", folded, told, err)
		}
		if got := count(t, dsn, "SELECT COUNT(*) FROM usage_total_rollups WHERE minutes = 10000 AND seconds = 600000 AND sessions = 10000"); got != 4 {
			t.Errorf("%d of the four sums are right", got)
		}
	})
}

// New customers of an account that is known come together with new accounts.
func TestNewSubjectsOfKnownAndNewAccountsAreFoldedTogether(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		var more []usage.Session
		for i, account := range []string{"a", "b", "A", "a", "c", "b"} {
			one := session(fmt.Sprint("more", i), 60)
			one.AccountID, one.CustomerID = account, fmt.Sprint("new", i)
			more = append(more, one)
		}
		write(t, store, more...)
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		holds(t, store, dsn, "folded")
	})
}

// Whoever folds knows the numbers of subjects that it has met. In a database that was restored
// from a backup they are others', which its stamp tells; a gateway of an earlier version gives
// numbers without one.
func TestFoldingBelievesNoNumberOfAnotherStamp(t *testing.T) {
	for name, c := range map[string]struct{ before, restored string }{
		"another stamp":   {restored: "UPDATE usage_subject_stamp SET stamp = stamp DIV 2 + 1"},
		"no stamp":        {before: "DELETE FROM usage_subject_stamp"},
		"no table of it":  {before: "DROP TABLE usage_subject_stamp"},
		"an older number": {before: "UPDATE usage_subject_stamp SET upto = 0"},
	} {
		t.Run(name, func(t *testing.T) {
			anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				fold := func(id, customer string) {
					t.Helper()
					execute(t, dsn, fmt.Sprintf(`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('%s', 'a', '%s', '2026-03-01', 60)`, id, customer))
					if _, err := store.Fold(t.Context(), nil); err != nil {
						t.Fatal(err)
					}
				}
				fold("1", "one")
				fold("2", "other")
				if c.before != "" {
					execute(t, dsn, c.before)
				}
				fold("3", "one")
				if c.restored != "" {
					execute(t, dsn, c.restored)
				}
				execute(t, dsn, "UPDATE usage_subjects SET customer_id = 'else' WHERE customer_id = 'one'",
					"UPDATE usage_subjects SET customer_id = 'one' WHERE customer_id = 'other'",
					"UPDATE usage_subjects SET customer_id = 'other' WHERE customer_id = 'else'")
				fold("4", "one") // of whom there was one session, now
				if got := count(t, dsn, "SELECT sessions FROM usage_customer_rollups JOIN usage_subjects USING (subject_no) WHERE grain = 3 AND customer_id = 'one'"); got != 2 {
					t.Errorf("%d sessions of the one, want 2", got)
				}
			})
		})
	}
}

// Of many subjects, those that a batch has are looked up by their ids.
func TestFewOfManySubjectsAreLookedUp(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		var sessions []usage.Session
		for i := range 100 {
			one := session(fmt.Sprint(i), 60)
			one.AccountID, one.CustomerID = fmt.Sprint("a", i%3), fmt.Sprint("c", i/3)
			sessions = append(sessions, one)
		}
		write(t, store, sessions...)
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		recorded, statements := dbtest.Record(t, dsn)
		other := open(t, recorded)
		for i, who := range []usage.Subject{{AccountID: "a1 ", CustomerID: "c7"}, {AccountID: "a2", CustomerID: "c8"}, {AccountID: "a2", CustomerID: "c9 "}, {AccountID: "a0"}} {
			execute(t, dsn, fmt.Sprintf(`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds)
				VALUES ('more%d', '%s', NULLIF('%s', ''), '2026-03-01', 60)`, i, who.AccountID, who.CustomerID))
		}
		statements.Take()
		if _, err := other.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if sent := strings.Join(statements.Take(), "\n"); !strings.Contains(sent, "FROM usage_subjects\n\t\tWHERE") {
			t.Errorf("all subjects were read: %s", sent)
		}
		holds(t, other, dsn, "folded")
	})
}

// A subject for which there is no number, as when something keeps it from its table, is
// told, and its changes wait.
func TestWhatCannotBeGivenANumberIsNotFolded(t *testing.T) {
	for table, column := range map[string]string{"usage_accounts": "account_id", "usage_subjects": "customer_id"} {
		t.Run(table, func(t *testing.T) {
			anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				write(t, store, session("1", 60))
				execute(t, dsn, "CREATE TRIGGER meddles BEFORE INSERT ON "+table+" FOR EACH ROW SET NEW."+column+" = 'another'")
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // tried for ever, otherwise
				defer cancel()
				if _, err := store.Fold(ctx, nil); err == nil || !strings.Contains(err.Error(), "cannot be given a number") {
					t.Errorf("got %v", err)
				}
				if got := count(t, dsn, "SELECT COUNT(*) FROM usage_total_rollups"); got != 0 {
					t.Errorf("%d sums of nobody", got)
				}
				execute(t, dsn, "DROP TRIGGER meddles")
				holds(t, store, dsn, "in the end")
				if got := store.InUse(); got != 0 {
					t.Errorf("%d connections are still in use", got)
				}
			})
		})
	}
}

// What comes and goes again before it is folded leaves nothing.
func TestChangesThatCancelOutLeaveNoSum(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		execute(t, dsn, "DELETE FROM ai_sessions")
		if folded, err := store.Fold(t.Context(), nil); err != nil || folded != 2 {
			t.Errorf("%d folded, %v", folded, err)
		}
		if got := count(t, dsn, "SELECT COUNT(*) FROM usage_total_rollups"); got != 0 {
			t.Errorf("%d sums of nothing", got)
		}
	})
}

// Whoever folds or corrects takes rows in one order, so that two of them do not wait for
// each other.
func TestFoldingTakesRowsInOrder(t *testing.T) {
	values := regexp.MustCompile(`\(([^()]*)\)`)
	anyRolledUp(t, func(t *testing.T, _ *db.Store, dsn string) {
		recorded, statements := dbtest.Record(t, dsn)
		store := open(t, recorded)
		for i := 9; i > 0; i-- {
			one := session(fmt.Sprint(i), 60)
			one.AccountID, one.CustomerID, one.StartedAt = fmt.Sprint("a", i/3), fmt.Sprint("c", i), noon.AddDate(0, 0, i)
			write(t, store, one)
		}
		statements.Take()
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		ordered := map[string]int{}
		for _, statement := range statements.Take() {
			for _, table := range []string{"usage_accounts", "usage_subjects", "usage_customer_rollups", "usage_account_rollups", "usage_account_series", "usage_total_rollups"} {
				_, rows, found := strings.Cut(statement, "VALUES ")
				if rows, _, _ = strings.Cut(rows, "ON DUPLICATE"); !found || !strings.Contains(statement, "INTO "+table) {
					continue
				}
				var keys []string
				for _, row := range values.FindAllStringSubmatch(rows, -1) {
					key := row[1]
					if table == "usage_subjects" { // by the ids, which follow the account's number
						_, key, _ = strings.Cut(key, ",")
					}
					keys = append(keys, key)
				}
				ordered[table] = len(keys)
				if !slices.IsSorted(keys) {
					t.Errorf("%s: %q", table, keys)
				}
			}
		}
		if ordered["usage_accounts"] != 4 || ordered["usage_subjects"] != 9 || ordered["usage_customer_rollups"] != 18 || ordered["usage_total_rollups"] != 28 {
			t.Errorf("rows: %v", ordered)
		}
	})
}

// More new subjects, and more sums, than one statement takes are folded all the same.
func TestABatchMayTakeSeveralStatements(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		var sessions []usage.Session
		for i := range 700 {
			one := session(fmt.Sprint(i), 60)
			one.AccountID, one.CustomerID = fmt.Sprint("a", i%600), fmt.Sprint("c", i)
			sessions = append(sessions, one)
		}
		write(t, store, sessions...)
		if folded, err := store.Fold(t.Context(), nil); err != nil || folded != 700 {
			t.Errorf("%d folded, %v", folded, err)
		}
		if got := count(t, dsn, "SELECT COUNT(*) FROM usage_customer_rollups WHERE sessions = 1"); got != 1400 {
			t.Errorf("%d sums, want 1400", got)
		}
		holds(t, store, dsn, "folded")
	})
}
