package clusters

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// patience is how long anything may take on a machine that is busy, and then something is wrong.
const patience = time.Minute

// password is that of the user ada.
const password = "correct horse"

// gateway is a gateway that runs in this process, on the servers that its DSN names.
type gateway struct {
	name, address, dsn, key string
	client                  *http.Client
	log                     *output
}

// output is what a gateway has written so far.
type output struct{ dbtest.Output }

// String returns the last lines of the log, and why the gateway has ended, if it has.
func (o *output) String() string {
	lines := slices.DeleteFunc(strings.Split(o.Output.String(), "\n"), func(line string) bool {
		return !strings.HasPrefix(line, "time=") && !strings.HasPrefix(line, "aiusage: ")
	})
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// run runs a command line to its end, and returns all that it has said and its status.
func run(t *testing.T, stdin string, args ...string) (said string, status int) {
	t.Helper()
	printed, complained, status := runApart(t, stdin, args...)
	return printed + complained, status
}

func runApart(t *testing.T, stdin string, args ...string) (printed, complained string, status int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = cli.Run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr, nil)
	return stdout.String(), stderr.String(), status
}

// succeeds runs a command line whose end has to be good, and returns what it has printed.
func succeeds(t *testing.T, stdin string, args ...string) (printed string) {
	t.Helper()
	printed, complained, status := runApart(t, stdin, args...)
	if status != 0 {
		t.Fatalf("%s: status %d\n%s%s", strings.Join(args, " "), status, printed, complained)
	}
	return printed
}

// install makes the tables by a server, a user and a key, which it returns.
func install(t *testing.T, dsn string) (key string) {
	t.Helper()
	succeeds(t, "", "migrate", "--dsn", dsn)
	succeeds(t, password+"\n", "user", "add", "ada", "--role", "SystemAdministrator", "--dsn", dsn)
	return strings.TrimSpace(succeeds(t, "", "key", "create", "clusters", "--role", "SystemAdministrator", "--dsn", dsn))
}

// serve starts a gateway, which is ended with the test.
func serve(t *testing.T, name, dsn, key string, more ...string) *gateway {
	t.Helper()
	g := &gateway{name: name, address: dbtest.FreeAddress(t), dsn: dsn, key: key, client: &http.Client{Timeout: 20 * time.Second}, log: &output{}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	args := append([]string{"serve", "--dsn", dsn, "--listen", g.address, "--query-timeout", "5s", "--connections", "6", "--database-wait", "5m", "--log-level", "warn"}, more...)
	go func() {
		defer close(ended)
		cli.Run(ctx, args, strings.NewReader(""), g.log, g.log, nil)
	}()
	t.Cleanup(func() { stop(); <-ended; g.client.CloseIdleConnections() })
	return g
}

// awaitReady waits until the gateway says that it is ready.
func (g *gateway) awaitReady(t *testing.T) {
	t.Helper()
	await(t, g.name+" is ready", func() (bool, string) { said := g.readiness(); return said == "", said + "\n" + g.log.String() })
}

// await waits until something is so.
func await(t *testing.T, what string, isSo func() (so bool, said string)) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		so, said := isSo()
		if so {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it is not so that %s: %s", what, said)
		}
	}
}

// readiness is what /readyz says is wrong, or "".
func (g *gateway) readiness() string {
	response, err := g.client.Get("http://" + g.address + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode == http.StatusOK {
		return ""
	}
	return string(body)
}

// reasons are the codes that callers may be told while servers come and go.
var reasons = []string{"SERVICE_UNAVAILABLE", "STALE", "TIMEOUT"}

// answer is what a gateway answers to the question for all usage.
type answer struct {
	status int
	code   string // of an error
	said   string
	// sessions are -1 where there is no answer.
	sessions int64
	// wrong says what is wrong about it.
	wrong string
}

// ask asks for all usage, signed as sign says, or with the gateway's key.
func (g *gateway) ask(sign func(*http.Request)) answer {
	const document = `{"query":"{ aiUsage { asOf totals { aiMinutes aiSeconds sessions } accountUsage { aiMinutes } } }"}`
	request, err := http.NewRequest("POST", "http://"+g.address+"/graphql", strings.NewReader(document))
	if err != nil {
		return answer{sessions: -1, wrong: err.Error()}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/graphql-response+json")
	request.Header.Set("Authorization", "Bearer "+g.key)
	if sign != nil {
		request.Header.Del("Authorization")
		sign(request)
	}
	response, err := g.client.Do(request)
	if err != nil {
		return answer{sessions: -1, wrong: err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{sessions: -1, wrong: err.Error()}
	}
	return read(response, body)
}

// read reads an answer, which has usage that is whole, or an error with a code and its status.
func read(response *http.Response, body []byte) answer {
	var got struct {
		Data struct {
			AIUsage *struct {
				Totals       struct{ AIMinutes, AISeconds, Sessions int64 }
				AccountUsage []struct{ AIMinutes int64 }
			}
		}
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	a := answer{status: response.StatusCode, said: string(body), sessions: -1}
	if err := json.Unmarshal(body, &got); err != nil {
		a.wrong = err.Error()
		return a
	}
	for _, one := range got.Errors {
		a.code, a.said = one.Extensions.Code, one.Message
	}
	switch {
	case got.Data.AIUsage != nil:
		totals := got.Data.AIUsage.Totals
		var sum int64
		for _, row := range got.Data.AIUsage.AccountUsage {
			sum += row.AIMinutes
		}
		a.sessions = totals.Sessions
		if totals.AIMinutes != totals.Sessions*minutes || totals.AISeconds != totals.Sessions*seconds || sum != totals.AIMinutes {
			a.wrong = "the sums disagree: " + a.said
		}
	case !slices.Contains(reasons, a.code):
		a.wrong = "not a reason: " + string(body)
	case a.status == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "":
		a.wrong = "nothing says when to ask again"
	case strings.Contains(a.said, "127.0.0.1"):
		a.wrong = "a host is told: " + a.said
	}
	return a
}

// counts are how often callers of a gateway were told what.
type counts struct {
	mu    sync.Mutex
	heard map[string]int
	wrong []string
}

// askAlways has a caller ask the gateway until stop is called, and holds each answer to the ledger:
// it has all sessions that were stored when it was asked, and none that nobody had begun to store.
// behind allows for answers of a replica, which may be late.
func (g *gateway) askAlways(l *ledger, behind bool) (heard *counts, stop func()) {
	heard = &counts{heard: map[string]int{}}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
			least := l.stored.Load()
			got := g.ask(nil)
			most := l.begun.Load()
			heard.note(got, least, most, behind)
		}
	})
	return heard, sync.OnceFunc(func() { cancel(); group.Wait() })
}

func (c *counts) note(got answer, least, most int64, behind bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case got.wrong != "":
		c.wrong = append(c.wrong, got.wrong)
	case got.sessions < 0:
		c.heard[fmt.Sprint(got.status, " ", got.code, ": ", got.said)]++
	case got.sessions < least && behind:
		c.heard["usage, late"]++
	case got.sessions < least || got.sessions > most:
		c.wrong = append(c.wrong, fmt.Sprintf("%d sessions, where %d were stored and %d begun", got.sessions, least, most))
	default:
		c.heard["usage"]++
	}
}

// check fails t where something was wrong, and logs what was heard.
func (c *counts) check(t *testing.T, whose string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.wrong {
		t.Errorf("%s: %s", whose, one)
	}
	t.Logf("%s: %v", whose, c.heard)
}

// of is how often a caller heard something.
func (c *counts) of(said string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard[said]
}

// has tells whether a caller heard something with a text in it.
func (c *counts) has(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for said := range c.heard {
		if strings.Contains(said, text) {
			return true
		}
	}
	return false
}

// settles waits until all is folded on a gateway's server, and holds the sums there to the sessions
// and these to the ledger.
func (g *gateway) settles(t *testing.T, db *sql.DB, l *ledger) {
	t.Helper()
	await(t, "all is folded", func() (bool, string) {
		var left int64
		err := db.QueryRow(`SELECT COUNT(*) FROM usage_changes`).Scan(&left)
		return err == nil && left == 0, fmt.Sprint(left, " changes are left, ", err, "\n", g.log)
	})
	if said := succeeds(t, "", "rollup", "verify", "--dsn", g.dsn); said != "no differences\n" {
		t.Errorf("%s: rollup verify: %s", g.name, said)
	}
	if got := g.ask(nil); got.wrong != "" || got.sessions != l.stored.Load() {
		t.Errorf("%s: %d sessions, and %d were stored (%s %s)", g.name, got.sessions, l.stored.Load(), got.said, got.wrong)
	}
}

// contents are what a server has: how much in each table of sums.
func contents(t *testing.T, dsn string) (all string) {
	t.Helper()
	db := open(t, dsn)
	defer db.Close() // many may be asked for before the test ends
	for _, question := range []string{"SELECT COUNT(*), SUM(duration_seconds) FROM ai_sessions", "SELECT COUNT(*), SUM(seconds) FROM usage_customer_rollups",
		"SELECT COUNT(*), SUM(seconds) FROM usage_account_rollups", "SELECT COUNT(*), SUM(seconds) FROM usage_account_series",
		"SELECT COUNT(*), SUM(seconds) FROM usage_total_rollups", "SELECT COUNT(*), COUNT(*) FROM usage_changes"} {
		var rows int64
		var sum *string
		if err := db.QueryRow(question).Scan(&rows, &sum); err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		text := "none"
		if sum != nil {
			text = *sum
		}
		all += fmt.Sprint(rows, " rows, ", text, "; ")
	}
	return all
}
