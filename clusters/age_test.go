package clusters

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// mostBehind is how far a replica may be behind where answers are refused beyond.
const mostBehind = "3s"

// saysItsAge stops the replica's applier while the primary is written to, and starts it again: answers
// are of the instant up to which the replica has everything, and refused where that is too long ago.
func (p *pair) saysItsAge(t *testing.T) {
	onPrimary := serve(t, "on the primary", p.primary.DSN, p.key)
	patient := serve(t, "on the replica", p.replica.DSN, p.key)
	strict := serve(t, "on the replica, up to a limit", p.replica.DSN, p.key, "--max-staleness", mostBehind)
	onPrimary.awaitReady(t)
	patient.awaitReady(t)
	strict.awaitReady(t)
	known := &history{ledger: p.ledger}
	defer known.watch(t)()
	stopWriting := p.ledger.write(t, 2, p.first)
	defer stopWriting()

	known.advances(t, patient)
	p.apply(t, false)
	defer p.apply(t, true)
	before := known.holds(t, patient)
	await(t, "the answers are refused at each door", func() (bool, string) { return strict.refusesAsStale() })
	if said := strict.readiness(); !strings.Contains(said, "behind its primary, and answers may be 3s behind at most") {
		t.Errorf("/readyz: %s", said)
	}
	after := known.holds(t, patient)
	if !after.asOf.Equal(before.asOf) || after.sessions != before.sessions {
		t.Errorf("the applier stands still, and the answer goes from %+v to %+v", before, after)
	}
	if own := onPrimary.asks(t); time.Since(own.asOf) > time.Since(after.asOf)-time.Second {
		t.Errorf("the primary answers as of %s, and the replica as of %s", own.asOf, after.asOf)
	}
	if behind := patient.behind(t); behind < 3 {
		t.Errorf("the metric says %v seconds behind", behind)
	}
	for _, command := range [][]string{{"rollup", "status"}, {"doctor", "--listen", "127.0.0.1:0"}} {
		if said, _ := run(t, "", append(command, "--dsn", p.replica.DSN)...); !strings.Contains(said, "it has all that was stored until "+after.asOf.UTC().Format("2006-01-02T15:04:05")) {
			t.Errorf("%s: %s", command, said)
		}
	}
	p.apply(t, true)
	// While others write, a replica may fall behind again by more than that.
	await(t, "the strict gateway answers with what came since", func() (bool, string) {
		got := strict.ask(nil)
		return got.sessions > after.sessions, got.said
	})
	known.advances(t, patient)
	stopWriting()
	p.follows(t)
	await(t, "the strict gateway answers with all", func() (bool, string) {
		got := strict.ask(nil)
		return got.sessions == p.ledger.stored.Load(), got.said
	})
}

// apply stops what applies on the replica what its primary has written, or starts it.
func (p *pair) apply(t *testing.T, goes bool) {
	t.Helper()
	statement := map[string]string{"mysql": "REPLICA SQL_THREAD", "mariadb": "SLAVE SQL_THREAD"}[p.replica.Engine()]
	statement = map[bool]string{false: "STOP ", true: "START "}[goes] + statement
	if _, err := p.second.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// history is how many sessions were known to be stored when, by the clock of the machine, which is that
// of its servers.
type history struct {
	ledger *ledger
	mu     sync.Mutex
	was    []stored
}

type stored struct {
	at       time.Time
	sessions int64
}

// watch notes it until stop is called.
func (h *history) watch(t *testing.T) (stop func()) {
	ended := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for {
			h.mu.Lock()
			sessions := h.ledger.stored.Load()
			h.was = append(h.was, stored{time.Now(), sessions})
			h.mu.Unlock()
			select {
			case <-ended:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	return func() { close(ended); group.Wait() }
}

// by is how many sessions were known to be stored at an instant, or a little before.
func (h *history) by(at time.Time) (sessions int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range h.was {
		if one.at.After(at) {
			break
		}
		sessions = one.sessions
	}
	return sessions
}

// dated is an answer with its instant.
type dated struct {
	answer
	asOf time.Time
}

// asks asks for all usage, of which there has to be an answer.
func (g *gateway) asks(t *testing.T) dated {
	t.Helper()
	got := g.ask(nil)
	var body struct {
		Data struct{ AIUsage struct{ AsOf time.Time } }
	}
	if err := json.Unmarshal([]byte(got.said), &body); err != nil || got.wrong != "" || got.sessions < 0 {
		t.Fatalf("%s: %v %s %s", g.name, err, got.wrong, got.said)
	}
	return dated{got, body.Data.AIUsage.AsOf}
}

// holds asks, and holds the answer to what was stored at its instant: it has all of that.
func (h *history) holds(t *testing.T, g *gateway) dated {
	t.Helper()
	got := g.asks(t)
	now := time.Now()
	least, most := h.by(got.asOf), h.ledger.begun.Load()
	if got.sessions < least || got.sessions > most || got.asOf.After(now) {
		t.Errorf("%s: %d sessions as of %s, when %d were stored, and %d are begun (%s)", g.name, got.sessions, got.asOf, least, most, now)
	}
	return got
}

// advances asks until the instant of answers has gone on several times, with what was stored meanwhile.
func (h *history) advances(t *testing.T, g *gateway) {
	t.Helper()
	var last dated
	for times := 0; times < 3; {
		await(t, "the answers are of a later instant", func() (bool, string) {
			got := h.holds(t, g)
			later := got.asOf.After(last.asOf) && got.sessions > last.sessions
			if later {
				last = got
			}
			return later, got.said
		})
		times++
	}
}

// refusesAsStale asks at each door, and tells whether all refuse with the code that says why.
func (g *gateway) refusesAsStale() (refused bool, said string) {
	const stale = "behind its primary, and answers may be"
	for _, c := range []struct{ method, path, body, media, code string }{
		{"POST", "/graphql", `{"query":"{ aiUsage { totals { sessions } } }"}`, "application/json", `"STALE"`},
		{"POST", "/graphql", `{"query":"{ aiUsage { series(granularity: MONTH) { aiMinutes } sessionsConnection(first: 1) { nodes { id } } } }"}`, "application/json", `"STALE"`},
		{"GET", "/ai/usage.json", "", "", "ServiceUnavailable"},
		{"GET", "/export/usage.csv", "", "", "STALE"},
		{"GET", "/export/usage.json", "", "", "STALE"},
		{"POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"usage_report","arguments":{}}}`, "application/json", stale},
	} {
		request, err := http.NewRequest(c.method, "http://"+g.address+c.path, strings.NewReader(c.body))
		if err != nil {
			return false, err.Error()
		}
		request.Header.Set("Authorization", "Bearer "+g.key)
		request.Header.Set("Accept", "application/json, text/event-stream, text/csv")
		if c.media != "" {
			request.Header.Set("Content-Type", c.media)
		}
		response, err := g.client.Do(request)
		if err != nil {
			return false, err.Error()
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		said = c.path + ": " + response.Status + " " + string(body)
		if err != nil || !strings.Contains(string(body), stale) || !strings.Contains(string(body), c.code) {
			return false, said
		}
		if c.method == "GET" && (response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "") {
			return false, said + " Retry-After: " + response.Header.Get("Retry-After")
		}
	}
	return true, ""
}

// behind is how far the gateway's metrics say its server is behind, in seconds, and -1 where they do not.
func (g *gateway) behind(t *testing.T) (seconds float64) {
	t.Helper()
	return g.metric(t, "aiusage_replica_lag_seconds")
}

// metric is the value of a metric of the gateway's without labels, and -1 where there is none.
func (g *gateway) metric(t *testing.T, name string) (value float64) {
	t.Helper()
	request, err := http.NewRequest("GET", "http://"+g.address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+g.key)
	response, err := g.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if text, ok := strings.CutPrefix(line, name+" "); ok {
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	return -1
}
