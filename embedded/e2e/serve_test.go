package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func TestFirstStartHasSampleDataAndExamplesThatWork(t *testing.T) {
	g := serve(t, t.TempDir())
	if g.user == "" {
		t.Fatalf("no sign-in was printed:\n%s", g.welcome)
	}
	if got := g.totals(t, ""); got.Sessions < 20_000 || got.AIMinutes == 0 {
		t.Errorf("the sample data is %+v, want 20,000 sessions or more", got)
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl on the PATH: the printed examples were not run")
	}
	examples := regexp.MustCompile(`(?m)^ +curl (.*\\\n)*.*$`).FindAllString(g.welcome, -1)
	if len(examples) != 3 {
		t.Errorf("%d examples were printed, want 3:\n%s", len(examples), g.welcome)
	}
	for _, example := range examples {
		shell := exec.Command("sh", "-c", strings.Replace(example, "curl ", "curl --silent --show-error --fail ", 1))
		answer, err := shell.CombinedOutput()
		if err != nil || len(answer) == 0 || strings.Contains(string(answer), `"errors"`) {
			t.Errorf("%s\n%v: %s", example, err, answer)
		}
	}
}

func TestNobodyIsLetInWithoutASignIn(t *testing.T) {
	g := serve(t, t.TempDir(), "--no-sample")
	response, err := http.Get(g.graphQL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("got %s, want 401", response.Status)
	}
}

func TestNoSampleStartsEmpty(t *testing.T) {
	g := serve(t, t.TempDir(), "--no-sample")
	if got := g.totals(t, ""); got.Sessions != 0 {
		t.Errorf("there are %d sessions, want none", got.Sessions)
	}
}

// A folder without a database is left as it is by what needs one, whatever else is in it, and one that serve has
// made is known.
func TestFoldersWithoutADatabaseAreLeftAsTheyAre(t *testing.T) {
	data := t.TempDir()
	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := invoke(t, "", "report", "--data", data); code != 1 || !strings.Contains(stderr, "there is no database in "+data) {
		t.Errorf("status %d: %s", code, stderr)
	}
	entries, err := os.ReadDir(data)
	if err != nil || len(entries) > 0 {
		t.Errorf("it has %v, %v", entries, err)
	}
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("it is changed: %v, %v", info, err)
	}
	g := serve(t, data, "--no-sample")
	g.interrupt(t)
	if _, stderr, code := invoke(t, "", "report", "--data", data); code != 0 {
		t.Errorf("status %d: %s", code, stderr)
	}
}

func TestInterruptEndsCleanly(t *testing.T) {
	g := serve(t, t.TempDir(), "--no-sample")
	if code := g.interrupt(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	for line := range strings.Lines(g.stderr.String()) {
		if !strings.Contains(line, "level=INFO") {
			t.Errorf("it printed to standard error: %s", line)
		}
	}
}

func TestDataAndSignInSurviveRestartAndKill(t *testing.T) {
	data := t.TempDir()
	g := serve(t, data, "--no-sample")
	importOne(t, data, "first")
	user, password := g.user, g.password
	g.interrupt(t)

	g = serve(t, data, "--no-sample")
	importOne(t, data, "second")
	g.kill(t)

	g = serve(t, data, "--no-sample")
	if g.user != user || g.password != password {
		t.Errorf("the sign-in is now %s %s, but was %s %s", g.user, g.password, user, password)
	}
	if got := g.totals(t, "imported").Sessions; got != 2 {
		t.Errorf("%d sessions are left, want 2", got)
	}
}

func TestSampleIsNotAddedToData(t *testing.T) {
	data := t.TempDir()
	importOne(t, data, "own")
	g := serve(t, data)
	if got := g.totals(t, "").Sessions; got != 1 {
		t.Errorf("there are %d sessions, want the one that was imported", got)
	}
}

func TestSecondStartSaysThatOneIsRunning(t *testing.T) {
	data := t.TempDir()
	g := serve(t, data, "--no-sample")
	_, stderr, code := invoke(t, "", "serve", "--listen", "127.0.0.1:0", "--data", data)
	if code != 1 || !strings.Contains(stderr, "already running") || !strings.Contains(stderr, fmt.Sprint(g.process.Process.Pid)) {
		t.Errorf("exit code %d and %q, want 1 and that process %d is already running", code, stderr, g.process.Process.Pid)
	}
}

func TestImportReachesTheRunningGateway(t *testing.T) {
	data := t.TempDir()
	g := serve(t, data, "--no-sample")
	importOne(t, data, "one")
	if got := g.totals(t, "imported"); got.Sessions != 1 || got.AIMinutes != 2 {
		t.Errorf("the gateway counts %+v, want 1 session of 2 minutes", got)
	}
}

func TestReportNeedsNoRunningGateway(t *testing.T) {
	data := t.TempDir()
	importOne(t, data, "one")
	stdout, stderr, code := invoke(t, "", "report", "--data", data, "--format", "csv")
	want := "accountId,customerId,aiMinutes,aiSeconds,sessions\nimported,,2,61,1\n"
	if code != 0 || stdout != want {
		t.Errorf("exit code %d, printed %q, want %q\n%s", code, stdout, want, stderr)
	}
}

// importOne imports a session of 61 seconds of the account "imported".
func importOne(t *testing.T, data, session string) {
	t.Helper()
	rows := "session_id,account_id,customer_id,started_at,duration_seconds\n" + session + ",imported,,2026-03-01T10:00:00Z,61\n"
	if _, stderr, code := invoke(t, rows, "import", "--data", data, "-"); code != 0 {
		t.Fatalf("the import ended with exit code %d: %s", code, stderr)
	}
}
