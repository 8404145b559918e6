package cli_test

import (
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

// full is a disk that has room for so many bytes.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	n := min(f.room, len(p))
	f.room -= n
	if n < len(p) {
		return n, errors.New("no space left")
	}
	return n, nil
}

// runInto runs a command whose output goes somewhere.
func runInto(t *testing.T, stdout io.Writer, stdin string, args ...string) (status int, stderr string) {
	t.Helper()
	var errs screen
	status = cli.Run(t.Context(), args, strings.NewReader(stdin), stdout, &errs, nil)
	return status, errs.String()
}

// refusesFull expects a command to fail where nothing of its output can be written, or not the end.
func refusesFull(t *testing.T, stdin string, args ...string) (stderr string) {
	t.Helper()
	status, stderr := runInto(t, &full{}, stdin, args...)
	if status != 1 || strings.Count(stderr, "aiusage: the output cannot be written: no space left") != 1 {
		t.Errorf("%v: %d %s", args, status, stderr)
	}
	return stderr
}

// What a command cannot print is said, and is no success, whichever command it is.
func TestOutputThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	for _, args := range [][]string{
		{}, {"--help"}, {"help", "key", "create"}, {"report", "--help"}, {"version"}, {"--version"}, {"schema"}, {"schema", "--format", "json"},
		{"config", "print"}, {"import", "--list-presets"}, {"completion", "bash"},
	} {
		refusesFull(t, "", args...)
		_, stdout, _ := run(t, "", args...)
		if status, stderr := runInto(t, &full{len(stdout) - 1}, "", args...); status != 1 || !strings.Contains(stderr, "cannot be written") {
			t.Errorf("%v, of which the last byte is missing: %d %s", args, status, stderr)
		}
		if status, stderr := runInto(t, &full{len(stdout)}, "", args...); status != 0 || stderr != "" {
			t.Errorf("%v, for which there is room: %d %s", args, status, stderr)
		}
	}
	// What has failed already says that, and nothing of its output.
	if status, stderr := runInto(t, &full{}, "", "config", "print", "--max-depth", "0"); status != 1 || strings.Count(stderr, "aiusage: ") != 1 {
		t.Errorf("%d %s", status, stderr)
	}
	if status, stderr := runInto(t, &full{}, "", "nonsense"); status != 2 || strings.Contains(stderr, "written") {
		t.Errorf("%d %s", status, stderr)
	}
}

func TestOutputOfADatabaseThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	dbtest.ServerInTurn(t, 0, func(t *testing.T, dsn string) {
		t.Setenv("MYSQL_DSN", dsn)
		refusesFull(t, "", "migrate")
		sessions := t.TempDir() + "/sessions.csv"
		if err := os.WriteFile(sessions, []byte("session_id,account_id,customer_id,started_at,duration_seconds\ns-1,a-1,c-1,2026-03-01T10:00:00Z,60\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"migrate"}, {"migrate", "status"}, {"import", sessions}, {"import", "--dry-run", sessions}, {"report"}, {"report", "--format", "csv"}, {"report", "--format", "json"},
			{"report", "--format", "ndjson"}, {"report", "--format", "xml"}, {"rollup", "status"}, {"rollup", "verify"}, {"rollup", "fold"}, {"rollup", "rebuild"},
			{"retention", "--keep-days", "36500", "--yes"},
		} {
			refusesFull(t, "", args...)
		}
		refusesFull(t, "correct horse\n", "user", "add", "ada", "--role", "SystemAdministrator")
		refusesFull(t, "", "user", "list")

		stderr := refusesFull(t, "", "key", "create", "x", "--role", "SystemAdministrator")
		found := regexp.MustCompile(`revoke it with 'aiusage key revoke (\S+)'`).FindStringSubmatch(stderr)
		if found == nil {
			t.Fatalf("it is not said how the key is revoked:\n%s", stderr)
		}
		if status, stdout, stderr := run(t, "", "key", "revoke", found[1]); status != 0 || !strings.Contains(stdout, "revoked API key "+found[1]) {
			t.Errorf("%d %s%s", status, stdout, stderr)
		}
		refusesFull(t, "", "key", "list")
	})
}
