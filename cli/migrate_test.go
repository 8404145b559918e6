package cli_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"aiusage/internal/dbtest"
)

func TestMigrateDownStopsBeforeTheSessionsAreDropped(t *testing.T) {
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		t.Setenv("MYSQL_DSN", dsn)
		if status, _, stderr := run(t, "", "migrate"); status != 0 {
			t.Fatal(stderr)
		}
		steps := 0
		for ; ; steps++ {
			status, _, stderr := run(t, "", "migrate", "down", "--yes")
			if status == 0 {
				continue
			}
			if !strings.Contains(stderr, "add --drop ai_sessions") {
				t.Fatalf("got %d: %s", status, stderr)
			}
			break
		}
		if steps < 13 {
			t.Errorf("refused after %d steps", steps)
		}
		if status, stdout, stderr := run(t, "", "migrate", "down", "--yes", "--drop", "ai_sessions"); status != 0 || !strings.Contains(stdout, "undid 00001_ai_sessions.sql") {
			t.Errorf("got %d: %s%s", status, stdout, stderr)
		}
		if status, _, stderr := run(t, "", "migrate", "down", "--yes"); status != 1 || !strings.Contains(stderr, "no migration to undo") {
			t.Errorf("got %d: %s", status, stderr)
		}
	})
}

// A deployment runs migrate first: what serve would refuse is said there.
func TestMigrateRefusesATableThatCannotBeAnsweredFrom(t *testing.T) {
	dbtest.AnyServer(t, func(t *testing.T, dsn string) {
		t.Setenv("MYSQL_DSN", dsn)
		server, err := sql.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		execute := func(statement string) {
			t.Helper()
			if _, err := server.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		execute("CREATE TABLE calls (tenant INT NOT NULL, begun DATETIME NOT NULL, seconds INT NOT NULL)")
		const view = "CREATE OR REPLACE VIEW ai_sessions AS SELECT %s AS account_id, NULL AS customer_id, begun AS started_at, seconds AS duration_seconds, (seconds + 59) DIV 60 AS ai_minutes FROM calls"
		execute(fmt.Sprintf(view, "tenant"))
		if status, _, stderr := run(t, "", "migrate"); status != 1 || !strings.Contains(stderr, "the column account_id of ai_sessions has the type int") {
			t.Errorf("got %d: %s", status, stderr)
		}
		execute(fmt.Sprintf(view, "CONVERT(CAST(tenant AS CHAR) USING utf8mb4) COLLATE utf8mb4_bin"))
		if status, _, stderr := run(t, "", "migrate"); status != 0 {
			t.Errorf("got %d: %s", status, stderr)
		}
	})
}
