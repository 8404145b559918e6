package cli_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

const twoSessions = `session_id,account_id,customer_id,started_at,duration_seconds
1,acme,bob,2025-03-01T10:20:00Z,61
2,acme,,2025-03-01T10:50:00Z,10
`

// rollupStatus reads what programs are told of the rollups.
func rollupStatus(t *testing.T, text string) (status map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return status
}

// An operator looks after the rollups, on every engine that can have them.
func TestRollupsFromTheCommandLine(t *testing.T) {
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		t.Setenv("MYSQL_DSN", dsn)
		run := func(status int, want string, args ...string) string {
			t.Helper()
			var stdout, stderr bytes.Buffer
			got := cli.Run(context.WithoutCancel(t.Context()), args, strings.NewReader(twoSessions), &stdout, &stderr, nil)
			text := stdout.String() + stderr.String()
			if got != status || !strings.Contains(text, want) {
				t.Fatalf("%v: got %d and\n%s\nwant %d and %q", args, got, text, status, want)
			}
			return text
		}
		if text := run(0, "reports read", "migrate"); !strings.Contains(text, "reports read rollups") {
			run(0, "because", "rollup", "status")
			if got := rollupStatus(t, run(0, "", "rollup", "status", "--format", "json")); got["reads"] != "sessions" || got["phase"] != "raw" || got["reason"] == nil {
				t.Errorf("got %v", got)
			}
			run(1, "no rollups", "rollup", "verify")
			run(1, "sums are kept", "retention", "--keep-days", "30", "--yes")
			t.Skip("the embedded engine has no rollups")
		}
		run(0, "2 inserted", "import", "-")
		if text := run(0, "rollups", "rollup", "status"); !strings.Contains(text, "changes to fold  2") {
			t.Errorf("got %s", text)
		}
		if got := rollupStatus(t, run(0, "", "rollup", "status", "--format", "json")); got["reads"] != "rollups" || got["phase"] != "ready" ||
			got["pendingChanges"] != 2.0 || got["lagSeconds"].(float64) < 0 || got["undatedSessions"] != 0.0 || got["reason"] != nil || got["sessionsKeptFrom"] != nil {
			t.Errorf("got %v", got)
		}
		run(0, "2 changes folded", "rollup", "fold")
		run(0, "no differences", "rollup", "verify")

		pool, err := sql.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		if _, err := pool.ExecContext(t.Context(), `UPDATE usage_customer_rollups SET minutes = 9 WHERE grain = 3`); err != nil {
			t.Fatal(err)
		}
		run(0, "no differences", "rollup", "verify", "--end", "2025-02-28")
		run(1, `account "acme" customer "bob" month 2025-03-01T00:00:00Z: the sums say 9 min, 61 s, 1 sessions, but it is 2 min, 61 s, 1 sessions`,
			"rollup", "verify")
		run(0, "2 sums corrected", "rollup", "rebuild")
		run(0, "no differences", "rollup", "verify")

		for _, statement := range []string{
			`DROP TRIGGER aiusage_change_inserted`,
			`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('unseen', 'acme', 'eve', '2025-03-01 10:30', 600)`,
		} {
			if _, err := pool.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		run(0, "acme,eve,10,600,1", "report", "--format", "csv")
		run(0, "aiusage_change_inserted", "rollup", "status")
		run(0, "reports read rollups", "migrate")
		if _, err := pool.ExecContext(t.Context(), `DELETE FROM ai_sessions WHERE session_id = 'unseen'`); err != nil {
			t.Fatal(err)
		}

		run(1, "add --yes", "retention", "--keep-days", "30")
		run(0, "there are no sums of an earlier version", "rollup", "retire", "--drop")
		run(0, "2 sessions from before", "retention", "--keep-days", "30", "--yes")
		if from, _ := rollupStatus(t, run(0, "", "rollup", "status", "--format", "json"))["sessionsKeptFrom"].(string); !strings.HasSuffix(from, "T00:00:00Z") {
			t.Errorf("sessions are kept from %q", from)
		}
		run(0, "acme,bob,2,61,1", "report", "--format", "csv")
		run(1, "the nearest exact range", "report", "--start", "2025-03-01T10:20:00Z")
		run(1, "may have been counted already", "import", "-")
		run(1, "may have been counted already", "import", "--dry-run", "-")
		run(0, "sessions kept from", "rollup", "status")
	})
}
