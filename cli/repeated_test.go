package cli

import (
	"strings"
	"testing"
)

// A flag of one value that is given twice is refused: of two roles, one would be lost without a word.
func TestFlagsOfOneValueAreGivenOnce(t *testing.T) {
	for _, args := range [][]string{
		{"key", "create", "x", "--role", "SystemAdministrator", "--role", "AccountAdministrator", "--account", "z"},
		{"config", "print", "--listen", "a:1", "--listen=a:1"}, {"report", "--named", "--no-named"}, {"--data", "a", "report", "--data", "b"},
	} {
		if status, stdout, stderr := ran(t, args...); status != exitUsage || stdout != "" || !strings.Contains(stderr, "is given more than once, but takes one value") {
			t.Errorf("%v: %d %s%s", args, status, stdout, stderr)
		}
	}
	t.Setenv("AIUSAGE_LISTEN", "b:2") // is no flag
	if status, stdout, stderr := ran(t, "config", "print", "--listen", "a:1", "--trusted-proxy", "10.0.0.1", "--trusted-proxy", "10.0.0.2"); status != exitOK ||
		!strings.Contains(stdout, "- 10.0.0.1\n- 10.0.0.2\n") {
		t.Errorf("%d %s%s", status, stdout, stderr)
	}
}
