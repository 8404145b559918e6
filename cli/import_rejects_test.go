package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"aiusage/internal/dbtest"
)

// oneBadRow has good rows around a bad one.
const oneBadRow = sessionsHeader + "s1,a,,2026-03-01T10:00:00Z,10\ns2,a,,never,10\ns3,a,,2026-03-01T10:00:00Z,10\n"

// toImport starts a database for imports, in a folder of its own.
func toImport(t *testing.T) (dsn, folder string) {
	t.Helper()
	dsn, folder = dbtest.One(t), t.TempDir()
	t.Setenv("MYSQL_DSN", dsn)
	t.Chdir(folder)
	if status, _, stderr := run(t, "", "migrate"); status != 0 {
		t.Fatal(stderr)
	}
	return dsn, folder
}

// A bad row goes somewhere, and the good ones after it are stored, whatever the rows come from.
func TestABadRowKeepsNoGoodOneFromBeingStored(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no /dev/fd")
	}
	dsn, folder := toImport(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	long := strings.Repeat("x", 246) + ".csv" // no name of a file can be longer by .rejects.csv
	if err := os.WriteFile(long, []byte(oneBadRow), 0o600); err != nil {
		t.Fatal(err)
	}
	regular, err := os.Open(long)
	if err != nil {
		t.Fatal(err)
	}
	defer regular.Close()
	for _, c := range []struct {
		name, file, stdin, want string
	}{
		{"standard input", "-", oneBadRow, "import.rejects.csv"},
		{"a pipe", piped(t, oneBadRow), "", "import.rejects.csv"},
		{"a pipe of a process", strings.Replace(piped(t, oneBadRow), "/dev/", "/proc/self/", 1), "", "import.rejects.csv"},
		{"a pipe with a name", named(t, oneBadRow), "", "import.rejects.csv"},
		{"a file that is open", fmt.Sprintf("/dev/fd/%d", regular.Fd()), "", "import.rejects.csv"},
		{"a name beside which none can be", long, "", "import.rejects.csv"},
		{"no folder that can be written", "-", oneBadRow, filepath.Join(temporary, "import.rejects.csv")},
	} {
		if strings.HasPrefix(c.want, temporary) {
			// Not even root can make a file in a folder that is gone.
			gone := filepath.Join(folder, "gone")
			if err := os.Mkdir(gone, 0o700); err != nil {
				t.Fatal(err)
			}
			t.Chdir(gone)
			if err := os.Remove(gone); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasPrefix(c.file, "/proc/") {
			if _, err := os.Stat("/proc/self/fd"); err != nil {
				continue
			}
		}
		stored(t, dsn, "DELETE FROM ai_sessions")
		status, stdout, stderr := run(t, c.stdin, "import", c.file)
		if status != 1 || !strings.Contains(stdout, "3 read, 2 inserted, 0 updated, 0 unchanged, 1 rejected") || !strings.Contains(stderr, "see "+c.want+"\n") {
			t.Errorf("%s: got %d: %s%s", c.name, status, stdout, stderr)
		}
		if text, err := os.ReadFile(c.want); err != nil || !strings.Contains(string(text), "s2,a,,never,10") {
			t.Errorf("%s: the rejected rows are %q, %v", c.name, text, err)
		}
		if got := stored(t, dsn, "SELECT session_id FROM ai_sessions ORDER BY session_id"); got != "s1\ns3" {
			t.Errorf("%s: stored are %q", c.name, got)
		}
		_ = os.Remove(c.want)
	}
}

// piped returns the name of a pipe from which a text can be read, as shells give it to commands.
func piped(t *testing.T, text string) string {
	t.Helper()
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { from.Close() })
	if _, err := to.WriteString(text); err != nil { // which a pipe has room for
		t.Fatal(err)
	}
	to.Close()
	return fmt.Sprintf("/dev/fd/%d", from.Fd())
}

// named returns a pipe in a folder, from which a text can be read.
func named(t *testing.T, text string) string {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := exec.Command("mkfifo", pipe).Run(); err != nil {
		t.Fatal(err)
	}
	go os.WriteFile(pipe, []byte(text), 0o600) // waits for somebody who reads it
	return pipe
}

// A file for rejects that was asked for and cannot be made is refused before anything is stored,
// and nothing is left of the try.
func TestAFileForRejectsIsTriedFirst(t *testing.T) {
	dsn, folder := toImport(t)
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"folder", "gone/rejects.csv"} {
		status, stdout, stderr := run(t, oneBadRow, "import", "--rejects", name, "-")
		if status != 1 || stdout != "" || !strings.Contains(stderr, "--rejects "+name+" cannot be written: ") || !strings.Contains(stderr, "nothing was stored") {
			t.Errorf("%s: got %d: %s%s", name, status, stdout, stderr)
		}
		if got := stored(t, dsn, "SELECT session_id FROM ai_sessions"); got != "" {
			t.Errorf("%s: stored are %q", name, got)
		}
	}
	good := sessionsHeader + "s1,a,,2026-03-01T10:00:00Z,10\n"
	if status, _, stderr := run(t, good, "import", "--rejects", "none.csv", "-"); status != 0 {
		t.Error(stderr)
	}
	if _, err := os.Stat("none.csv"); err == nil {
		t.Error("a file is left where no row was rejected")
	}
	// What is there is kept until there is a row to be written.
	if err := os.WriteFile("kept.csv", []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := run(t, good, "import", "--rejects", "kept.csv", "-"); status != 0 {
		t.Error(stderr)
	}
	if text, err := os.ReadFile("kept.csv"); err != nil || string(text) != "kept" {
		t.Errorf("the file there was is %q, %v", text, err)
	}
	if err := os.Symlink(filepath.Join(folder, "target.csv"), "link.csv"); err != nil {
		t.Skip(err)
	}
	if status, _, stderr := run(t, oneBadRow, "import", "--rejects", "link.csv", "-"); status != 1 || !strings.Contains(stderr, "see link.csv") {
		t.Errorf("a link: got %s", stderr)
	}
	if text, err := os.ReadFile("target.csv"); err != nil || !strings.Contains(string(text), "s2,a,,never,10") {
		t.Errorf("a link: got %q, %v", text, err)
	}
}

// Where the disk is full, it is said what is stored and how to go on.
func TestRejectsThatCannotBeWritten(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	dsn, _ := toImport(t)
	status, stdout, stderr := run(t, oneBadRow, "import", "--rejects", "/dev/full", "-")
	if status != 1 || !strings.Contains(stdout, "3 read, 2 inserted") ||
		!strings.Contains(stderr, "no space left on device; what is counted above is stored, and not more: run the same import again, with --rejects FILE") {
		t.Errorf("got %d: %s%s", status, stdout, stderr)
	}
	if got := stored(t, dsn, "SELECT session_id FROM ai_sessions ORDER BY session_id"); got != "s1\ns3" {
		t.Errorf("stored are %q", got)
	}
	// Thousands of bad rows fill what is kept in memory before the end of the file is seen.
	bad := sessionsHeader + strings.Repeat("s2,a,,never,10\n", 10_000) + "s4,a,,2026-03-01T10:00:00Z,10\n"
	status, stdout, stderr = run(t, bad, "import", "--rejects", "/dev/full", "-")
	if status != 1 || !strings.Contains(stderr, "no space left on device; ") || !strings.Contains(stderr, "--rejects FILE") || strings.Contains(stdout, "1 inserted") {
		t.Errorf("many: got %d: %s%s", status, stdout, stderr)
	}
}
