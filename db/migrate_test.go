package db_test

import (
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

func TestTheSchemaGoesUpAndDown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		coded := wantCode(t, store.CheckSchema(t.Context()), usage.Unavailable)
		if !strings.Contains(coded.Message, "version 0") || !strings.Contains(coded.Message, "migrate") {
			t.Errorf("an empty database: %q names no command", coded.Message)
		}
		steps := migrate(t, store)
		if err := store.CheckSchema(t.Context()); err != nil {
			t.Errorf("after migrating: %v", err)
		}
		if again := migrate(t, store); len(again) != 0 {
			t.Errorf("migrating again applied %v", again)
		}
		known, err := store.Migrations(t.Context())
		if err != nil || len(known) != len(steps) || known[0].AppliedAt.IsZero() {
			t.Errorf("status: got %v, %v", known, err)
		}
		for range steps {
			if _, err := store.Rollback(t.Context(), []string{"ai_sessions"}); err != nil {
				t.Fatal(err)
			}
			wantCode(t, store.CheckSchema(t.Context()), usage.Unavailable)
		}
		_, err = store.Rollback(t.Context(), nil)
		wantCode(t, err, usage.NotFound)
		if again := migrate(t, store); len(again) != len(steps) {
			t.Errorf("up again: got %v", again)
		}
		report(t, store, usage.Request{})
	})
}

func TestAMigrationThatWasCutOffIsCompleted(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		// The statement of the last step took effect, its record did not.
		execute(t, dsn, `DELETE FROM aiusage_schema_version ORDER BY version_id DESC LIMIT 1`)
		wantCode(t, store.CheckSchema(t.Context()), usage.Unavailable)
		if steps := migrate(t, store); len(steps) != 1 {
			t.Errorf("got %v, want one step", steps)
		}
	})
}

func TestASchemaOfANewerGatewayIsRefused(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, `INSERT INTO aiusage_schema_version (version_id, is_applied) VALUES (99999, 1)`)
		// What it would change, it knows too little of.
		if coded := wantCode(t, store.Migrate(t.Context(), nil), usage.Unavailable); !strings.Contains(coded.Message, "newer gateway") {
			t.Errorf("migrating: %q", coded.Message)
		}
		if coded := wantCode(t, store.CheckSchema(t.Context()), usage.Unavailable); !strings.Contains(coded.Message, "newer gateway") {
			t.Errorf("got %q", coded.Message)
		}
	})
}

// A number or a text is in no range of instants, or in the wrong one, and a server says nothing of it.
func TestAColumnThatIsNoInstantOrNoNumberIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		migrate(t, store)
		// On these no column may depend whose type changes.
		execute(t, dsn, "ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start, DROP COLUMN ai_minutes",
			"ALTER TABLE ai_sessions ADD COLUMN ai_minutes INT NOT NULL")
		check := func(column, of string) error {
			execute(t, dsn, "ALTER TABLE ai_sessions DROP COLUMN "+column, "ALTER TABLE ai_sessions ADD COLUMN "+column+" "+of)
			return store.CheckSchema(t.Context())
		}
		const text = "VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
		numbers := []string{"INT", "BIGINT UNSIGNED", "TINYINT", "DECIMAL(12, 3)", "DOUBLE", "FLOAT"}
		for column, types := range map[string]struct{ wrong, right []string }{
			"started_at":       {[]string{"BIGINT", text, "DOUBLE", "TIME", "YEAR"}, []string{"DATETIME", "TIMESTAMP NULL", "DATE", "DATETIME(3)"}},
			"duration_seconds": {[]string{text, "TIME", "DATETIME"}, numbers},
			"ai_minutes":       {[]string{text, "BIT(8)"}, numbers},
		} {
			for _, of := range types.wrong {
				kind := strings.ToLower(of[:3]) // as information_schema has it, without a length
				if coded := wantCode(t, check(column, of), usage.Unavailable); !strings.Contains(coded.Message, "the column "+column+" of ai_sessions has the type "+kind) {
					t.Errorf("%s %s: got %q", column, of, coded.Message)
				}
			}
			for _, of := range types.right {
				if err := check(column, of); err != nil {
					t.Errorf("%s %s: %v", column, of, err)
				}
			}
		}
	})
}

func TestTheSessionsCanBeAViewOnAPlatformsOwnTable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		if isEmbedded(t, open(t, dsn)) {
			t.Skip("the embedded database is the gateway's own: no platform has tables in it")
		}
		execute(t, dsn,
			`CREATE TABLE calls (id INT PRIMARY KEY, tenant VARCHAR(40), begin_ms BIGINT, ms BIGINT)`,
			`INSERT INTO calls VALUES (1, 'acme', 1772359200000, 61000), (2, 'acme', 1772445600000, 10000)`,
			`CREATE VIEW ai_sessions AS SELECT CAST(id AS CHAR) AS session_id, tenant AS account_id,
				CAST(NULL AS CHAR) AS customer_id,
				TIMESTAMPADD(MICROSECOND, begin_ms * 1000, CAST('1970-01-01' AS DATETIME(3))) AS started_at,
				ms DIV 1000 AS duration_seconds, (ms DIV 1000 + 59) DIV 60 AS ai_minutes FROM calls`)
		store := open(t, dsn)
		migrate(t, store)
		got := report(t, store, usage.Request{StartDate: "2026-03-01", EndDate: "2026-03-01"})
		want := usage.AccountUsage{AccountID: "acme", Usage: usage.Usage{Minutes: 2, Seconds: 61, Sessions: 1}}
		want.WithoutCustomer = want.Usage
		if len(got.Accounts) != 1 || got.Accounts[0] != want {
			t.Errorf("got %v, want %v", got.Accounts, want)
		}
		if age := time.Since(got.AsOf); age > time.Minute {
			t.Errorf("as of %s ago", age)
		}
	})
}
