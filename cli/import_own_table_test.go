package cli_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"aiusage/internal/dbtest"
)

// ownSessions is a table of the platform's, in which an id may be there twice.
const ownSessions = `CREATE TABLE ai_sessions (session_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	account_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, customer_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
	started_at DATETIME(3) NOT NULL, duration_seconds INT NOT NULL, ai_minutes INT AS ((duration_seconds + 59) DIV 60) STORED, KEY (account_id, started_at), KEY (started_at),
	PRIMARY KEY (session_id, started_at))`

// Into a table whose ids need not be unique, nothing is imported, not even names.
func TestAnImportIntoATableWithoutAKeyStoresNothing(t *testing.T) {
	dbtest.InTurn(t, 0, func(t *testing.T, dsn string) {
		server, err := sql.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		if _, err := server.ExecContext(t.Context(), ownSessions); err != nil {
			t.Fatal(err)
		}
		t.Setenv("MYSQL_DSN", dsn)
		if status, _, stderr := run(t, "", "migrate"); status != 0 {
			t.Fatal(stderr)
		}
		t.Chdir(t.TempDir())
		if err := os.WriteFile("accounts.csv", []byte("account_id,name\na,A\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, flags := range [][]string{{"--accounts", "accounts.csv"}, {"--dry-run"}} {
			status, stdout, stderr := run(t, sessionsHeader+"s1,a,,2026-03-01T10:00:00Z,10\n", append([]string{"import", "-"}, flags...)...)
			if status != 1 || !strings.Contains(stderr, "ai_sessions has no unique key on session_id alone") {
				t.Errorf("%v: got %d: %s%s", flags, status, stdout, stderr)
			}
		}
		if got := stored(t, dsn, "SELECT name FROM accounts") + stored(t, dsn, "SELECT session_id FROM ai_sessions"); got != "" {
			t.Errorf("stored are %q", got)
		}
	})
}
