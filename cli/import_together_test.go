package cli_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

const sessionsHeader = "session_id,account_id,customer_id,started_at,duration_seconds\n"

// manySessions are sessions of an account, with the same ids for all.
func manySessions(account string, count int) string {
	var text strings.Builder
	text.WriteString(sessionsHeader)
	for n := range count {
		fmt.Fprintf(&text, "s%05d,%s,c%d,2026-03-%02dT10:00:00Z,%d\n", n, account, n%7, n%28+1, n%600)
	}
	return text.String()
}

// stored returns what a statement finds, a row a line.
func stored(t *testing.T, dsn, statement string) string {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := rowsOf(db, statement)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(rows, "\n")
}

func TestTwoImportsAtOnceEndInOneOfTheirOrders(t *testing.T) {
	const count = 10_000
	dbtest.Any(t, func(t *testing.T, dsn string) {
		t.Setenv("MYSQL_DSN", dsn)
		if status, _, stderr := run(t, "", "migrate"); status != 0 {
			t.Fatal(stderr)
		}
		texts := map[string]string{"a": manySessions("a", count), "b": manySessions("b", count)}
		outputs := map[string]*screen{"a": {}, "b": {}}
		var running sync.WaitGroup
		for name, text := range texts {
			running.Go(func() {
				if status := cli.Run(t.Context(), []string{"import", "-"}, strings.NewReader(text), outputs[name], outputs[name], nil); status != 0 {
					t.Errorf("%s: %d, %s", name, status, outputs[name])
				}
			})
		}
		running.Wait()
		last := stored(t, dsn, "SELECT DISTINCT account_id FROM ai_sessions")
		if last != "a" && last != "b" {
			t.Fatalf("there are sessions of both: %q\n%s%s", last, outputs["a"], outputs["b"])
		}
		first := map[string]string{"a": "b", "b": "a"}[last]
		for name, want := range map[string]string{
			first: fmt.Sprintf("%d read, %d inserted, 0 updated", count, count),
			last:  fmt.Sprintf("%d read, 0 inserted, %d updated, of which %d moved", count, count, count),
		} {
			if !strings.Contains(outputs[name].String(), want) {
				t.Errorf("%s: %s, want %q", name, outputs[name], want)
			}
		}
		verifySums(t)
	})
}

// verifySums checks the sums, where there are any.
func verifySums(t *testing.T) {
	t.Helper()
	if _, status, _ := run(t, "", "rollup", "status"); !strings.Contains(status, "rollups") || strings.Contains(status, "because") {
		return
	}
	if status, stdout, stderr := run(t, "", "rollup", "verify"); status != 0 {
		t.Errorf("%s%s", stdout, stderr)
	}
}

func TestAnImportThatWaitsForAnotherCanBeInterrupted(t *testing.T) {
	dbtest.Any(t, func(t *testing.T, dsn string) {
		t.Setenv("MYSQL_DSN", dsn)
		if status, _, stderr := run(t, "", "migrate"); status != 0 {
			t.Fatal(stderr)
		}
		// Another import that has stored rows and waits for more.
		input, more := io.Pipe()
		var other screen
		var running sync.WaitGroup
		running.Go(func() {
			defer input.CloseWithError(io.ErrClosedPipe) // should it end early, so does the writing
			cli.Run(t.Context(), []string{"import", "-"}, input, &other, &other, nil)
		})
		if _, err := io.WriteString(more, manySessions("a", 12_000)); err != nil {
			t.Fatal(err)
		}
		awaitThat(t, func() bool { return stored(t, dsn, "SELECT 1 FROM ai_sessions LIMIT 1") != "" || other.String() != "" })
		ctx, interrupt := context.WithCancel(t.Context())
		var waiting screen
		running.Go(func() {
			awaitThat(t, func() bool { return strings.Contains(waiting.String(), "Another import is storing its rows") })
			interrupt()
		})
		status := cli.Run(ctx, []string{"import", "-"}, strings.NewReader(manySessions("b", 10)), &waiting, &waiting, nil)
		if status != 130 || stored(t, dsn, "SELECT 1 FROM ai_sessions WHERE account_id = 'b' LIMIT 1") != "" {
			t.Errorf("got %d: %s", status, waiting.String())
		}
		more.Close()
		running.Wait()
		if !strings.Contains(other.String(), "12000 read, 12000 inserted") {
			t.Errorf("the other one: %s", other.String())
		}
	})
}

// awaitThat waits for a condition that other goroutines or programs bring about.
func awaitThat(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Error("it does not come about")
			return
		}
	}
}

// An import that is killed leaves whole batches and holds up nobody; importing the file
// again completes it.
func TestAKilledImportIsCompletedByAnother(t *testing.T) {
	const count = 12_000
	text := manySessions("a", count)
	program, err := exec.LookPath("aiusage") // the command of the scripts
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Any(t, func(t *testing.T, dsn string) {
		t.Setenv("MYSQL_DSN", dsn)
		if status, _, stderr := run(t, "", "migrate"); status != 0 {
			t.Fatal(stderr)
		}
		killed := exec.Command(program, "import", "-")
		var said bytes.Buffer
		killed.Stdout, killed.Stderr = &said, &said
		input, err := killed.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := killed.Start(); err != nil {
			t.Fatal(err)
		}
		fed := make(chan struct{})
		go func() {
			defer close(fed)
			_, _ = io.WriteString(input, text) // fails when the program is gone; its end is never reached
		}()
		awaitThat(t, func() bool { return stored(t, dsn, "SELECT 1 FROM ai_sessions LIMIT 1") != "" })
		if err := killed.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = killed.Wait() // says that it was killed
		<-fed
		input.Close()

		file := filepath.Join(t.TempDir(), "sessions.csv")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, stdout, stderr := run(t, "", "import", file)
		if status != 0 || !strings.Contains(stdout, fmt.Sprintf("%d read", count)) || strings.Contains(stdout, fmt.Sprintf("%d inserted", count)) {
			t.Errorf("got %d: %s%s", status, stdout, stderr)
		}
		want := fmt.Sprintf("%d\t%d", count, count/600*(599*600/2))
		if got := stored(t, dsn, "SELECT COUNT(*), CAST(SUM(duration_seconds) AS SIGNED) FROM ai_sessions"); got != want {
			t.Errorf("there are %q, want %q", got, want)
		}
		if status, stdout, _ := run(t, "", "import", file); status != 0 || !strings.Contains(stdout, fmt.Sprintf("0 inserted, 0 updated, %d unchanged", count)) {
			t.Errorf("got %d: %s", status, stdout)
		}
		verifySums(t)
	})
}
