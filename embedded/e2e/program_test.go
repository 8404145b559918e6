// Package e2e uses the gateway with its embedded database as a person does: it
// runs the program, reads what it prints, and sends it requests.
package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// program is the path of the program under test.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run builds the program, unless AIUSAGE_TEST_EMBEDDED names it, and runs the tests.
func run(m *testing.M) int {
	program = os.Getenv("AIUSAGE_TEST_EMBEDDED")
	if program != "" {
		return m.Run()
	}
	folder, err := os.MkdirTemp("", "aiusage-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	program = filepath.Join(folder, "aiusage")
	build := exec.Command("go", "build", "-tags", "gms_pure_go", "-trimpath", "-o", program, "aiusage/embedded")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// startLimit is how long a start may take on a machine that does much else.
const startLimit = 2 * time.Minute

// gateway is a running `aiusage serve`.
type gateway struct {
	process        *exec.Cmd
	graphQL        string
	user, password string
	welcome        string // what it printed to standard output
	stderr         *log
	ended          chan struct{} // closed when the process has ended
}

var (
	graphQLLine = regexp.MustCompile(`(?m)^ +GraphQL +(http://\S+)$`)
	signInLine  = regexp.MustCompile(`(?m)^ +Sign in +(\S+) +(\S+)$`)
)

// serve starts the gateway on a data folder, and returns once it answers.
func serve(t *testing.T, data string, flags ...string) *gateway {
	t.Helper()
	g := &gateway{stderr: &log{}, ended: make(chan struct{})}
	g.process = command(append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data}, flags...)...)
	g.process.Stderr = g.stderr
	stdout, err := g.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.process.Start(); err != nil {
		t.Fatal(err)
	}
	welcomed := make(chan string, 1)
	go func() {
		defer close(g.ended)
		readWelcome(stdout, welcomed)
		_ = g.process.Wait()
	}()
	t.Cleanup(func() {
		_ = g.process.Process.Kill()
		<-g.ended
	})
	select {
	case g.welcome = <-welcomed:
	case <-g.ended:
		t.Fatalf("the gateway ended at once:\n%s", g.stderr)
	case <-time.After(startLimit):
		t.Fatalf("the gateway has not started within %v:\n%s", startLimit, g.stderr)
	}
	g.graphQL = graphQLLine.FindStringSubmatch(g.welcome)[1]
	if signIn := signInLine.FindStringSubmatch(g.welcome); signIn != nil {
		g.user, g.password = signIn[1], signIn[2]
	}
	return g
}

// readWelcome sends what is printed up to the last example, and reads on.
func readWelcome(stdout io.Reader, welcomed chan<- string) {
	var text strings.Builder
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		fmt.Fprintln(&text, lines.Text())
		if strings.HasSuffix(lines.Text(), "/graphiql") && strings.Contains(lines.Text(), "curl ") {
			welcomed <- text.String()
		}
	}
}

// interrupt ends the gateway as Ctrl-C does, and returns its exit code.
func (g *gateway) interrupt(t *testing.T) int {
	t.Helper()
	if err := g.process.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-g.ended:
	case <-time.After(time.Minute):
		t.Fatalf("the gateway still runs a minute after SIGINT:\n%s", g.stderr)
	}
	return g.process.ProcessState.ExitCode()
}

// kill ends the gateway without a chance to clean up.
func (g *gateway) kill(t *testing.T) {
	t.Helper()
	if err := g.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-g.ended
}

// totals asks for the totals of an account, or of all.
func (g *gateway) totals(t *testing.T, account string) (totals struct{ AIMinutes, Sessions int }) {
	t.Helper()
	variables := map[string]string{}
	if account != "" {
		variables["account"] = account
	}
	query, err := json.Marshal(map[string]any{
		"query":     "query ($account: ID) { aiUsage(accountId: $account) { totals { aiMinutes sessions } } }",
		"variables": variables,
	})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.graphQL, bytes.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.SetBasicAuth(g.user, g.password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data struct {
			AIUsage struct {
				Totals *struct{ AIMinutes, Sessions int }
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Data.AIUsage.Totals == nil {
		t.Fatalf("%s: no totals in %s (%v)", response.Status, body, err)
	}
	return *answer.Data.AIUsage.Totals
}

// invoke runs a subcommand to its end.
func invoke(t *testing.T, stdin string, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	process := command(arguments...)
	process.Stdin = strings.NewReader(stdin)
	var out, errs strings.Builder
	process.Stdout, process.Stderr = &out, &errs
	err := process.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), process.ProcessState.ExitCode()
}

// command is the program with arguments, and without a developer's settings.
func command(arguments ...string) *exec.Cmd {
	process := exec.Command(program, arguments...)
	process.Env = environment()
	return process
}

// environment is that of the tests without a developer's settings.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(setting string) bool {
		return strings.HasPrefix(setting, "AIUSAGE_") || strings.HasPrefix(setting, "MYSQL_DSN=")
	})
}

// log is a buffer that can be read while a process writes to it.
type log struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}
