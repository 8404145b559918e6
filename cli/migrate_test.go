package cli_test

import (
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
