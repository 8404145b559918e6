package cli_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

// screen is what a command has printed so far.
type screen = dbtest.Output

// run runs a command to its end.
func run(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err screen
	status = cli.Run(t.Context(), args, strings.NewReader(stdin), &out, &err, nil)
	return status, out.String(), err.String()
}

var metricsAddress = regexp.MustCompile(`listening for metrics" address=(\S+)`)

var graphQLAddress = regexp.MustCompile(`GraphQL +(http://\S+)`)

func TestServeAnswersUntilItIsStopped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		t.Setenv("MYSQL_DSN", dsn)
		if status, _, stderr := run(t, "", "migrate"); status != 0 {
			t.Fatal(stderr)
		}
		if status, _, stderr := run(t, "correct horse\n", "user", "add", "ada", "--role", "SystemAdministrator"); status != 0 {
			t.Fatal(stderr)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var stdout, stderr screen
		ended := make(chan int, 1)
		go func() {
			ended <- cli.Run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"}, strings.NewReader(""), &stdout, &stderr, nil)
		}()
		url := await(t, func() string {
			if found := graphQLAddress.FindStringSubmatch(stdout.String()); found != nil {
				return found[1]
			}
			return ""
		})
		request, err := http.NewRequestWithContext(t.Context(), "GET", url+"?query={aiUsage{timeZone}}", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("ada", "correct horse")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if body, _ := io.ReadAll(response.Body); string(body) != `{"data":{"aiUsage":{"timeZone":"UTC"}}}` {
			t.Errorf("got %s", body)
		}
		metrics := metricsAddress.FindStringSubmatch(stderr.String())
		if metrics == nil {
			t.Fatalf("no address for metrics in %s", stderr.String())
		}
		for address, want := range map[string]int{"http://" + metrics[1] + "/metrics": 200, strings.TrimSuffix(url, "/graphql") + "/metrics": 401} {
			answer, err := http.Get(address)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != want {
				t.Errorf("%s: got %s", address, answer.Status)
			}
		}
		if strings.Contains(stdout.String(), "correct horse") {
			t.Error("a password was printed")
		}
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("the status is %d: %s", status, stderr.String())
		}
		if !strings.Contains(stderr.String(), "msg=stopped") {
			t.Errorf("the log does not end: %s", stderr.String())
		}
	})
}

func TestAnAddressInUseIsSaidSo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	t.Setenv("MYSQL_DSN", dbtest.One(t))
	if status, _, stderr := run(t, "", "migrate"); status != 0 {
		t.Fatal(stderr)
	}
	for flag, others := range map[string][]string{"--listen": nil, "--metrics-listen": {"--listen", "127.0.0.1:0"}} {
		status, _, stderr := run(t, "", append([]string{"serve", flag, taken.Addr().String()}, others...)...)
		if status != 1 || !strings.Contains(stderr, "is in use by another program") || !strings.Contains(stderr, "another address with "+flag) {
			t.Errorf("got %d: %s", status, stderr)
		}
	}
}

// await asks until there is an answer.
func await(t *testing.T, ask func() string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if answer := ask(); answer != "" {
			return answer
		}
	}
	t.Fatal("no answer within a minute")
	return ""
}

// All that is wrong with the configuration is told at one start, a line each, and nothing is begun.
func TestServeTellsAllMistakesAtOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "none")
	status, stdout, stderr := run(t, "", "serve", "--data", folder, "--connections", "1", "--drain=-1s", "--time-zone", "Mars/Olympus", "--session-idle", "0s",
		"--session-life", "0s", "--trusted-proxy", "proxy", "--tls-cert", folder, "--tls-key", folder, "--max-depth", "0", "--max-fields", "0",
		"--live-interval", "1ms", "--max-answers=-1", "--max-answer-bytes", "1000", "--only-persisted-documents", "--jwt-secret-file", folder)
	if status != 1 || stdout != "" {
		t.Errorf("status %d, %s", status, stdout)
	}
	for _, want := range []string{"Mars/Olympus", "--connections is 1", "--drain are durations", "--session-idle must", "--session-life must", "--trusted-proxy: ", "--tls-cert and --tls-key: ",
		"--max-depth is 0", "--max-fields is 0", "--max-answers is -1", "--max-answer-bytes is 1000", "--live-interval is", "--only-persisted-documents needs", "--jwt-secret-file cannot"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is not told", want)
		}
	}
	if lines := strings.Count(stderr, "aiusage: "); lines != 14 {
		t.Errorf("%d lines:\n%s", lines, stderr)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder has been made: %v", err)
	}
}
