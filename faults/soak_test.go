package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aiusage/internal/dbtest"
)

// soak is for `make soak`.
var soak = flag.Duration("soak", 2*time.Second, "how long two gateways run while one of them, and the server, end now and then")

// What leaks grows with time; what is kept for those who ask does not.
const (
	moreGoroutines = 40
	moreFiles      = 20
)

// Two gateways answer callers and streams for a long time, while the platform writes. Now and then files
// are imported, one of the gateways is killed or told to end, or the server is killed. All answers are
// held to the tests' own account, and the other gateway, which runs all the while, to what it
// needed in the beginning.
func TestTwoGatewaysRunForLong(t *testing.T) {
	dbtest.EachOwn(t, ownServer, func(t *testing.T, server *dbtest.Server) {
		if !server.HasTurn(0) {
			t.Skip("it runs on the other server")
		}
		s := newSoaking(t, newWorld(t, server))
		events := []struct {
			name string
			// alone tells that the platform does not write meanwhile.
			alone  bool
			happen func(t *testing.T)
		}{
			{"files are imported", true, s.imports},
			{"a gateway is killed", false, func(t *testing.T) { s.restart(t, (*process).kill) }},
			{"the server is killed", false, s.w.restart},
			{"a gateway is told to end", false, func(t *testing.T) { s.restart(t, (*process).end) }},
		}
		stretch := min(*soak/time.Duration(len(events)), 10*time.Second)
		var before needs
		for n, began := 0, time.Now(); n < len(events) || time.Since(began) < *soak; n++ {
			event := events[n%len(events)]
			passed := t.Run(event.name, func(t *testing.T) {
				stop := sync.OnceFunc(s.w.platform.write(t))
				defer stop()
				time.Sleep(stretch)
				if event.alone {
					stop()
				}
				event.happen(t)
				stop()
				s.settles(t)
			})
			if !passed {
				return
			}
			if n == len(events)-1 { // all that is made once is there
				before = s.needs(t)
			}
		}
		after := s.needs(t)
		t.Logf("%v: %d steps, %d events on streams\nbefore: %+v\nafter:  %+v\nthe one heard %s\nthe other heard %s",
			*soak, s.w.ledger.taken(), s.listener.count(), before, after, s.w.callers.toldInAll(), s.callers.toldInAll())
		if after.Goroutines > before.Goroutines+moreGoroutines || after.Files > before.Files+moreFiles {
			t.Errorf("the gateway needs %+v, and needed %+v", after, before)
		}
	})
}

// soaking is a world with a second gateway, which ends now and then.
type soaking struct {
	w *world
	// address and gateway are the second one's, and callers ask it.
	address  string
	gateway  *process
	callers  *callers
	listener *listener
}

func newSoaking(t *testing.T, w *world) *soaking {
	t.Helper()
	s := &soaking{w: w, address: dbtest.FreeAddress(t), listener: &listener{ledger: w.ledger, key: w.key, latest: map[string]*graphQLReport{}}}
	s.callers = newCallers(w.ledger, &http.Client{}, doorsAt(s.address, w.key), w.callers.secrets...)
	t.Cleanup(s.callers.client.CloseIdleConnections)
	s.start(t)
	t.Cleanup(func() { s.gateway.kill() })
	t.Cleanup(w.callers.ask())
	t.Cleanup(s.callers.ask())
	t.Cleanup(s.listener.listen(w.address))
	t.Cleanup(s.listener.listen(s.address))
	return s
}

// start starts the second gateway.
func (s *soaking) start(t *testing.T) {
	t.Helper()
	s.gateway = start(t, s.w.throughProxy, "serve", "--listen", s.address, "--query-timeout", queryTimeout.String(), "--connections", "6")
	s.w.await(t, "the second gateway answers", func() bool {
		response, err := s.callers.client.Get("http://" + s.address + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// restart ends the second gateway and starts it again.
func (s *soaking) restart(t *testing.T, end func(*process)) {
	t.Helper()
	s.callers.mayBeGone.Store(true)
	end(s.gateway)
	s.noteLog(t)
	s.start(t)
	s.callers.forget()
	s.w.await(t, "it answers at each door", func() bool { return s.callers.everyDoor(isUsage) })
	s.callers.mayBeGone.Store(false)
}

// end tells the process to end, and waits until it has.
func (p *process) end() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	<-p.ended
}

// imports loads a file and loads it again, which changes nothing.
func (s *soaking) imports(t *testing.T) {
	account, path, sessions := s.w.importFile(t, 400, 0)
	for range 2 {
		s.w.importing(t, account, sessions, func() { run(t, "", "import", path, "--dsn", s.w.throughProxy) })
	}
}

// settles holds everything to the sessions, once nobody writes.
func (s *soaking) settles(t *testing.T) {
	t.Helper()
	s.w.settles(t)
	for _, wrong := range append(s.callers.complaints(), s.listener.complaints()...) {
		t.Error(wrong)
	}
	s.noteLog(t)
	s.w.await(t, "streams tell of the last state", func() bool { return s.listener.isAt(s.w.ledger.last()) })
}

func (s *soaking) noteLog(t *testing.T) {
	t.Helper()
	if log := s.gateway.complaints(); log != "" {
		t.Errorf("in the log of the second gateway:\n%s", log)
	}
}

// needs is what a gateway has of its machine.
type needs struct {
	Goroutines, Files int
	MiB               float64
}

// needs asks the gateway that runs all the while.
func (s *soaking) needs(t *testing.T) (n needs) {
	t.Helper()
	response, err := s.w.callers.client.Get("http://" + s.w.metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	value := func(name string) float64 {
		_, after, found := strings.Cut(string(text), "\n"+name+" ")
		line, _, _ := strings.Cut(after, "\n")
		number, err := strconv.ParseFloat(line, 64)
		if !found || err != nil {
			t.Fatalf("no metric %s: %v", name, err)
		}
		return number
	}
	return needs{int(value("go_goroutines")), int(value("process_open_fds")), value("process_resident_memory_bytes") / (1 << 20)}
}

// listener hears of changes by event streams, and holds each event to the ledger.
type listener struct {
	ledger *ledger
	key    string

	mu sync.Mutex
	// latest is the last report of each gateway, by its address.
	latest map[string]*graphQLReport
	events int
	wrong  []string
}

// listen listens to a gateway until stop is called, again whenever a stream ends.
func (l *listener) listen(address string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			l.follow(ctx, address)
			time.Sleep(rest)
		}
	}()
	return func() { cancel(); <-ended }
}

// follow reads a stream to its end.
func (l *listener) follow(ctx context.Context, address string) {
	const document = `{"query":"subscription { aiUsageChanged { totals { aiMinutes aiSeconds sessions } accountUsage { accountId aiMinutes aiSeconds sessions } } }"}`
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/graphql", strings.NewReader(document))
	if err != nil {
		panic(err) // what is above is wrong
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Authorization", "Bearer "+l.key)
	since := l.ledger.taken()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return // it is away, or the test is over
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if data, isData := strings.CutPrefix(lines.Text(), "data:"); isData && strings.TrimSpace(data) != "" {
			l.hear(address, since, data)
		}
	}
}

// hear takes an event of a stream that has begun after some steps.
func (l *listener) hear(address string, since int, data string) {
	var event struct {
		Data *struct {
			Changed *graphQLReport `json:"aiUsageChanged"`
		}
		Errors []struct{ Extensions struct{ Code string } }
	}
	err := json.Unmarshal([]byte(data), &event)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.wrong = append(l.wrong, fmt.Sprintf("an event that is no answer: %v: %s", err, data))
	case event.Data != nil && event.Data.Changed != nil:
		report := event.Data.Changed
		if !l.ledger.has(since, func(s state) bool { return report.is(s, s.all) }) {
			l.wrong = append(l.wrong, "a wrong event: "+data)
		}
		l.latest[address] = report
		l.events++
	case len(event.Errors) == 0 || event.Errors[0].Extensions.Code == "" || event.Errors[0].Extensions.Code == "INTERNAL_SERVER_ERROR":
		l.wrong = append(l.wrong, "an event without a reason: "+data)
	}
}

// isAt tells whether the last report of each gateway is that of a state.
func (l *listener) isAt(want state) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, report := range l.latest {
		if !report.is(want, want.all) {
			return false
		}
	}
	return len(l.latest) == 2
}

func (l *listener) complaints() (wrong []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	wrong, l.wrong = l.wrong, nil
	return wrong
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events
}
