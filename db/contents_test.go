package db_test

import (
	"strings"
	"testing"

	"aiusage/internal/dbtest"
)

// All rows of all tables are read and counted.
func TestAllRowsAreReadAndCounted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		migrate(t, store)
		execute(t, dsn, `INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds)
			VALUES ('1', 'a', NULL, '2026-03-01', 61), ('2', '', 'c', '2026-03-02', 0), ('3', 'é', 'c', '2026-03-03', 4294967295)`)
		execute(t, dsn, `INSERT INTO accounts (account_id, name) VALUES ('a', '')`)
		last := int64(0)
		found, err := store.Contents(t.Context(), func(rows int64) { last = rows })
		if err != nil || len(found.Problems) > 0 {
			t.Errorf("%v, %v", found.Problems, err)
		}
		total := int64(0)
		for _, rows := range found.Rows {
			total += rows
		}
		if found.Rows["ai_sessions"] != 3 || found.Rows["accounts"] != 1 || found.Rows["users"] != 0 || len(found.Rows) < 15 || last != total {
			t.Errorf("%v, progress ended at %d", found.Rows, last)
		}
	})
}

// Rows that the key does not have are found: here because the account is none that compares
// with others, as if its key were damaged.
func TestSessionsThatTheKeyDoesNotHaveAreFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		execute(t, dsn, `CREATE TABLE ai_sessions (session_id INT PRIMARY KEY, account_id VARCHAR(9), duration_seconds INT NOT NULL, ai_minutes INT NOT NULL, KEY (account_id))`)
		execute(t, dsn, `INSERT INTO ai_sessions VALUES (1, 'a', 60, 1), (2, NULL, 61, 2)`)
		found, err := store.Contents(t.Context(), func(int64) {})
		const want = "the rows of ai_sessions have 2 sessions, 121 seconds and 3 minutes, but by the key of the account it is 1 sessions, 60 seconds and 1 minutes"
		if err != nil || strings.Join(found.Problems, "; ") != want {
			t.Errorf("%q, %v", found.Problems, err)
		}
		execute(t, dsn, `CREATE TABLE other (n INT)`)
		execute(t, dsn, `ALTER TABLE ai_sessions DROP COLUMN ai_minutes`)
		found, err = store.Contents(t.Context(), func(int64) {})
		if err != nil || len(found.Problems) != 1 || !strings.Contains(found.Problems[0], "cannot be read") || len(found.Rows) != 2 {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
