package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

// serveOn runs serve on a prepared database until stop is called, which waits for its end.
func serveOn(t *testing.T, stdout, stderr *screen, args ...string) (stop func()) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--log-format", "json"}, args...),
			strings.NewReader(""), stdout, stderr, nil)
	}()
	return func() {
		t.Helper()
		end()
		if status := <-ended; status != 0 {
			t.Errorf("the status is %d: %s", status, stderr.String())
		}
	}
}

// migrated is a database with the schema, named in the environment.
func migrated(t *testing.T) {
	t.Helper()
	t.Setenv("MYSQL_DSN", dbtest.One(t))
	if status, _, stderr := run(t, "", "migrate"); status != 0 {
		t.Fatal(stderr)
	}
}

func getAs(t *testing.T, url, id string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Request-Id", id)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}

// idsIn returns the ids of the requests in an audit.
func idsIn(t *testing.T, content string) string {
	t.Helper()
	var ids []string
	for text := range strings.Lines(content) {
		var entry struct {
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			t.Errorf("%q is no entry: %v", text, err)
		}
		ids = append(ids, entry.RequestID)
	}
	return strings.Join(ids, " ")
}

// The audit is a file that is opened anew on SIGHUP, and ends with the gateway.
func TestServeWritesAnAudit(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGHUP")
	}
	migrated(t)
	file := filepath.Join(t.TempDir(), "audit.ndjson")
	var stdout, stderr screen
	stop := serveOn(t, &stdout, &stderr, "--audit", file)
	url := await(t, func() string {
		if found := graphQLAddress.FindStringSubmatch(stdout.String()); found != nil {
			return found[1]
		}
		return ""
	})
	getAs(t, url, "before")
	await(t, func() string { content, _ := os.ReadFile(file); return string(content) })
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await(t, func() string {
		if _, err := os.Stat(file); err != nil {
			return ""
		}
		return file
	})
	getAs(t, url, "after")
	stop()
	for name, want := range map[string]string{file + ".1": "before", file: "after"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := idsIn(t, string(content)); got != want {
			t.Errorf("%s has %s, want %s", name, got, want)
		}
	}
}

// Where the audit is on standard output, nothing else is.
func TestServeWritesAnAuditToStandardOutput(t *testing.T) {
	migrated(t)
	var stdout, stderr screen
	stop := serveOn(t, &stdout, &stderr, "--audit", "stdout")
	url := await(t, func() string {
		if found := graphQLAddress.FindStringSubmatch(stderr.String()); found != nil {
			return found[1]
		}
		return ""
	})
	getAs(t, url, "only")
	stop()
	if got := idsIn(t, stdout.String()); got != "only" {
		t.Errorf("got %s", stdout.String())
	}
}

// The metrics of the address for them tell of the database, too.
func TestServeTellsOfItsDatabase(t *testing.T) {
	migrated(t)
	var stdout, stderr screen
	stop := serveOn(t, &stdout, &stderr, "--connections", "7")
	defer stop()
	address := await(t, func() string {
		if _, after, found := strings.Cut(stderr.String(), `"msg":"listening for metrics","address":"`); found {
			address, _, _ := strings.Cut(after, `"`)
			return address
		}
		return ""
	})
	await(t, func() string {
		response, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			return ""
		}
		defer response.Body.Close()
		var body strings.Builder
		if _, err := io.Copy(&body, response.Body); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"aiusage_sql_max_connections 7", "aiusage_answers_max 3", "aiusage_answers_max_bytes 2.68435456e+08", "aiusage_schema_version ", `aiusage_sql_duration_seconds_count{statement="pool.LeaveConnections"} 1`, "aiusage_build_info{"} {
			if !strings.Contains(body.String(), "\n"+line) {
				t.Errorf("no %q in\n%s", line, body.String())
			}
		}
		return "asked"
	})
}

// What has been collected when the gateway ends goes to the collector. An empty --audit is none.
func TestServeHandsOverTheLastTraces(t *testing.T) {
	migrated(t)
	var collected atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		collected.Add(int64(len(content)))
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000") // so that nothing goes there before
	var stdout, stderr screen
	stop := serveOn(t, &stdout, &stderr, "--audit=")
	url := await(t, func() string {
		if found := graphQLAddress.FindStringSubmatch(stdout.String()); found != nil {
			return found[1]
		}
		return ""
	})
	getAs(t, url, "last")
	stop()
	if collected.Load() == 0 {
		t.Error("the collector got nothing")
	}
}

// running tells whether a function is in the stack of any goroutine.
func running(function string) bool {
	stacks := make([]byte, 4<<20)
	return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), function)
}

// Where the gateway has not begun or has ended, nothing goes on that has been begun for what it keeps.
func TestServeLeavesNothingRunning(t *testing.T) {
	t.Setenv("MYSQL_DSN", "root@tcp(127.0.0.1:1)/nowhere")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	folder := t.TempDir()
	for name, flags := range map[string][]string{
		"no audit": {"--audit=" + filepath.Join(folder, "nowhere", "audit")},
		"no port":  {"--audit=" + filepath.Join(folder, "audit"), "--metrics-listen", "127.0.0.1:99999"},
	} {
		if status, _, stderr := run(t, "", append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...); status != 1 {
			t.Errorf("%s: got %d: %s", name, status, stderr)
		}
		awaitThat(t, func() bool {
			return !running("batchSpanProcessor).processQueue") && !running("observeFlags.openAudit.func")
		})
	}
}

func TestServeRefusesWhatItCannotKeep(t *testing.T) {
	t.Setenv("MYSQL_DSN", "root@tcp(127.0.0.1:1)/nowhere")
	t.Run("traces", func(t *testing.T) {
		t.Setenv("OTEL_TRACES_EXPORTER", "zipkin")
		if status, _, stderr := run(t, "", "serve", "--listen", "127.0.0.1:0"); status != 1 || !strings.Contains(stderr, "OTEL_TRACES_EXPORTER") {
			t.Errorf("got %d: %s", status, stderr)
		}
	})
	for flag, value := range map[string]string{"--audit": filepath.Join(t.TempDir(), "nowhere", "audit"), "--slow-query": "-1s"} {
		status, _, stderr := run(t, "", "serve", "--listen", "127.0.0.1:0", flag+"="+value)
		if status != 1 || !strings.Contains(stderr, flag) {
			t.Errorf("%s: got %d: %s", flag, status, stderr)
		}
	}
}
