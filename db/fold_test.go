package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"aiusage/db"
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
		if left := count(t, dsn, "SELECT COUNT(*) FROM usage_deltas"); left != 0 {
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
		if got := count(t, dsn, `SELECT COUNT(*) FROM usage_rollups r JOIN usage_accounts a ON a.account_no = r.account_no WHERE grain = 3`); got != 4 {
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
		if got := count(t, dsn, `SELECT COUNT(*) FROM usage_rollups WHERE bucket = '0100-01-01'`); got != 3 {
			t.Errorf("%d of the three rows are there", got)
		}
	})
}
