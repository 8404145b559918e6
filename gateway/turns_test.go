package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aiusage/admission"
	"aiusage/db"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/observe/metrics"
	"aiusage/usage"
)

// stuck is a database whose reports about 2020 wait until they are let go, whatever becomes of
// who asked.
type stuck struct {
	*db.Store
	letGo chan struct{}
}

func (s stuck) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	if query.Range.From.Year() == 2020 {
		<-s.letGo
	}
	return s.Store.Report(ctx, query)
}

const stuckQuery = `{"query":"{aiUsage(startDate:\"2020-01-01\"){totals{sessions}}}"}`

// count returns the value of a metric, of all its labels together.
func count(t *testing.T, from *metrics.Metrics, name string) (sum float64) {
	t.Helper()
	family := families(t, from)[name]
	if family == nil {
		t.Fatalf("there is no metric %s", name)
	}
	for _, one := range family.Metric {
		sum += one.GetCounter().GetValue() + one.GetGauge().GetValue() + float64(one.GetHistogram().GetSampleCount())
	}
	return sum
}

// until waits until a metric has a value.
func until(t *testing.T, from *metrics.Metrics, name string, want float64) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); count(t, from, name) != want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is %v, and not %v", name, count(t, from, name), want)
		}
	}
}

// crowded is a gateway that works on so many answers at a time, and waits for a quarter of a
// second at most.
func crowded(t *testing.T, answers int, configure ...func(*gateway.Config)) (s *service, counted *metrics.Metrics, store stuck) {
	t.Helper()
	counted, store = metrics.New(), stuck{fill(t, dbtest.One(t)), make(chan struct{})}
	s = start(t, store, append([]func(*gateway.Config){func(c *gateway.Config) {
		c.Metrics, c.Turns, c.QueryTimeout = counted, admission.Options{Answers: answers}, 250*time.Millisecond
	}}, configure...)...)
	return s, counted, store
}

// Whoever waits at any door until the time is over is told so in the door's own way, and to try
// again. What is not usage does not wait.
func TestEveryDoorWaitsForItsTurn(t *testing.T) {
	s, counted, store := crowded(t, 1)
	rolledUp(t, store.Store)
	const graphQLPath, exportPath = "/graphql?query={aiUsage(endDate:%222026-01-01%22){totals{sessions}}}", "/export/usage.csv?endDate=2026-01-01"
	known := map[string]string{}
	for _, path := range []string{graphQLPath, exportPath} {
		known[path] = s.ask(t, "ada", "GET", path, "", "").header.Get("ETag")
		if got := s.ask(t, "ada", "GET", path, "", "", "If-None-Match", known[path]); got.status != 304 {
			t.Fatalf("%s: got %d %s", path, got.status, got.body)
		}
	}
	var all sync.WaitGroup
	all.Go(func() { s.ask(t, "ada", "POST", "/graphql", "application/json", stuckQuery) })
	until(t, counted, "aiusage_answers_at_work", 1)

	const message = "the gateway is busy, and the time for the answer was over before it was its turn; try again later"
	coded := `{"errors":[{"extensions":{"code":"SERVICE_UNAVAILABLE"},"message":"` + message + `"}]}` + "\n"
	for _, c := range []struct {
		door, method, path, body string
		headers                  []string
		want                     string
	}{
		{"GraphQL", "POST", "/graphql", usageQuery, nil, coded},
		{"GraphQL, a condition", "GET", graphQLPath, "", []string{"If-None-Match", known[graphQLPath]}, coded},
		{"JSON", "GET", "/ai/usage.json", "", nil, `{"responseStatus":{"errorCode":"ServiceUnavailable","message":"` + message + `","errors":[]}}`},
		{"XML", "GET", "/ai/usage.xml", "", nil, "<ErrorCode>ServiceUnavailable</ErrorCode><Message>" + message + "</Message>"},
		{"a batch", "POST", "/json/reply/GetAIUsage[]", "[{},{}]", nil, `"errorCode":"ServiceUnavailable"`},
		{"an export", "GET", "/export/usage.csv", "", nil, coded},
		{"an export, a condition", "GET", exportPath, "", []string{"If-None-Match", known[exportPath]}, coded},
	} {
		got := s.ask(t, "ada", c.method, c.path, "application/json", c.body, c.headers...)
		if got.status != 503 || got.header.Get("Retry-After") != "5" || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: got %d %v %s", c.door, got.status, got.header, got.body)
		}
	}
	if got := s.ask(t, "ada", "POST", "/graphql", "application/json", "["+usageQuery+"]"); got.status != 200 || !strings.HasPrefix(got.body, "[") || !strings.Contains(got.body, message) {
		t.Errorf("a batch of GraphQL: got %d %s", got.status, got.body)
	}
	stream := s.ask(t, "ada", "POST", "/graphql", "application/json", usageQuery, "Accept", "text/event-stream")
	if stream.status != 200 || !strings.Contains(stream.body, message) || !strings.Contains(stream.body, "SERVICE_UNAVAILABLE") || !strings.Contains(stream.body, "event: complete") {
		t.Errorf("events: got %d %s", stream.status, stream.body)
	}
	answers, _, err := converse(t, s.url, http.Header{"Authorization": {basic("ada", password)}}, `{"type":"connection_init"}`, sessionsQuery)
	if err != nil || len(answers) != 2 || !strings.Contains(answers[1], `"type":"error"`) || !strings.Contains(answers[1], message) {
		t.Errorf("WebSocket: got %v %v", answers, err)
	}
	if got := s.post(t, "ada", toolCall("usage_report", "{}")); got.status != 200 || !strings.Contains(got.body, message+"; wait 5 seconds") {
		t.Errorf("a tool: got %d %s", got.status, got.body)
	}
	if refused := count(t, counted, "aiusage_answers_refused_total"); refused != 11 {
		t.Errorf("%v refusals are counted", refused)
	}
	for _, path := range []string{"/healthz", "/readyz", "/login", "/metrics", "/auth/status", "/metadata", "/ai/usage.xsd", "/"} {
		if got := s.ask(t, "ada", "GET", path, "", "", "Accept", "application/json"); got.status >= 400 {
			t.Errorf("%s: got %d", path, got.status)
		}
	}
	close(store.letGo)
	all.Wait()
	until(t, counted, "aiusage_answers_at_work", 0)
	if got := s.ask(t, "ada", "POST", "/graphql", "application/json", usageQuery); got.status != 200 || !strings.Contains(got.body, `"sessions":3`) {
		t.Errorf("afterwards: got %d %s", got.status, got.body)
	}
	if waiting := count(t, counted, "aiusage_answers_waiting"); waiting != 0 {
		t.Errorf("%v wait", waiting)
	}
}

// populous has many customers, by its own account.
type populous struct {
	*db.Store
	read func()
}

func (populous) KnownCustomers() int { return 1_000_000 }

func (p populous) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	p.read()
	return p.Store.Report(ctx, query)
}

func (p populous) Snapshot(ctx context.Context) usage.Snapshot {
	p.read()
	return p.Store.Snapshot(ctx)
}

// What is set aside for a large answer is free again once the answer has been handed over.
func TestBytesAreSetAsideForLargeAnswersAtEveryDoor(t *testing.T) {
	counted := metrics.New()
	var aside atomic.Int64
	read := func() { aside.Store(int64(count(t, counted, "aiusage_answers_bytes"))) }
	s := start(t, populous{fill(t, dbtest.One(t)), read}, func(c *gateway.Config) { c.Metrics, c.Turns = counted, admission.Options{Answers: 1} })
	const everybody = `{"query":"{aiUsage{customerUsage{customerId aiMinutes}}}"}`
	for _, door := range []askDoor{
		{"GraphQL", "POST", "/graphql", everybody, ""}, {"events", "POST", "/graphql", everybody, "text/event-stream"},
		{"legacy", "GET", "/ai/usage.json", "", ""}, {"batch", "POST", "/json/reply/GetAIUsage[]", "[{},{}]", ""}, {"export", "GET", "/export/usage.csv", "", ""},
	} {
		got := s.ask(t, "ada", door.method, door.path, "application/json", door.body, "Accept", door.accept)
		if got.status != 200 || !strings.Contains(got.body, "cus-1") {
			t.Errorf("%s: got %d %s", door.name, got.status, got.body)
		}
		if aside.Swap(0) < 100<<20 {
			t.Errorf("%s: %d bytes were set aside", door.name, aside.Load())
		}
		until(t, counted, "aiusage_answers_bytes", 0)
	}
}

// vast has more customers than connections hold the answer of.
type vast struct{ *endless }

func (vast) KnownCustomers() int { return 1_000_000 }

func (v vast) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	return v.Snapshot(ctx).Report(ctx, query)
}

// While an answer is not taken, it holds what is left of it, and an export what is not in a file.
func TestAnAnswerThatIsNotTakenHoldsWhatIsLeftOfIt(t *testing.T) {
	counted := metrics.New()
	s := start(t, vast{&endless{Store: fill(t, dbtest.One(t)), customers: 200_000}}, func(c *gateway.Config) { c.Metrics = counted })
	const everybody = `{"query":"{aiUsage{customerUsage{customerId aiMinutes}}}"}`
	for request, most := range map[string]float64{
		"POST /graphql HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: " + fmt.Sprint(len(everybody)) + "\r\n\r\n" + everybody: 20 << 20, // and at least its 7 MB
		"GET /export/usage.csv?granularity=DAY&startDate=2026-03-01&endDate=2026-03-01 HTTP/1.1\r\n\r\n":                                     0,
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() }) // or the server would wait for it, where the test fails
		if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, strings.Replace(request, "\r\n", "\r\nHost: x\r\nAuthorization: "+basic("ada", password)+"\r\n", 1))
		if _, err := io.ReadFull(conn, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		held := func() float64 { return count(t, counted, "aiusage_answers_bytes") }
		await(t, "most bytes are given back", func() bool { return held() <= most })
		if held := held(); most > 0 && held < 4<<20 || count(t, counted, "aiusage_requests_in_flight") != 1 {
			t.Errorf("%.12s: %v bytes are held of what is not taken", request, held)
		}
		conn.Close()
		until(t, counted, "aiusage_answers_bytes", 0)
		until(t, counted, "aiusage_requests_in_flight", 0)
	}
}

// Batches that are not taken keep others waiting, unless they are small.
func TestBatchesThatAreNotTakenAreBounded(t *testing.T) {
	counted := metrics.New()
	s := start(t, vast{&endless{Store: fill(t, dbtest.One(t)), customers: 200_000}}, func(c *gateway.Config) {
		c.Metrics, c.Turns, c.QueryTimeout = counted, admission.Options{Answers: 4}, 20*time.Second
	})
	begin := func(query string) net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
		body := `[{"query":"` + query + `"}]`
		fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", basic("ada", password), len(body), body)
		return conn
	}
	const large, small = `{aiUsage{customerUsage{customerId aiMinutes}}}`, `{__typename}`
	for range 3 {
		if _, err := io.ReadFull(begin(large), make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, counted, "aiusage_answers_at_work", 0)
	begin(small)
	until(t, counted, "aiusage_answers_waiting", 1)
	if got := s.ask(t, "ann", "POST", "/graphql", "application/json", `[{"query":"`+small+`"}]`); got.status != 200 || !strings.Contains(got.body, "Query") {
		t.Errorf("another's: got %d %s", got.status, got.body)
	}
	if got := s.ask(t, "ada", "POST", "/graphql", "application/json", `{"query":"`+small+`"}`); got.status != 200 || !strings.Contains(got.body, "Query") {
		t.Errorf("what is no batch: got %d %s", got.status, got.body)
	}
}

// Who waited and was answered has the wait in the record of the request.
func TestARecordTellsOfTheWait(t *testing.T) {
	s, counted, store := crowded(t, 1, func(c *gateway.Config) { c.QueryTimeout = time.Minute })
	var all sync.WaitGroup
	all.Go(func() { s.ask(t, "ada", "POST", "/graphql", "application/json", stuckQuery) })
	until(t, counted, "aiusage_answers_at_work", 1)
	all.Go(func() {
		if got := s.ask(t, "ada", "POST", "/graphql", "application/json", usageQuery, "X-Request-Id", "waited"); got.status != 200 {
			t.Errorf("got %d", got.status)
		}
	})
	until(t, counted, "aiusage_answers_waiting", 1)
	time.Sleep(2 * time.Millisecond) // so that there is something to tell
	close(store.letGo)
	all.Wait()
	lines := linesOf(t, s.log, "waited", 1, isRequest)
	if len(lines) != 1 || lines[0]["wait"] == nil {
		t.Errorf("got %v", lines)
	}
}

// A caller is a principal at an address: neither somebody else behind the same proxy, nor the
// same user elsewhere waits for a caller who has their share.
func TestCallersAreToldApart(t *testing.T) {
	s, counted, store := crowded(t, 4, func(c *gateway.Config) {
		c.QueryTimeout, c.Auth.TrustedProxies = time.Minute, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	var all sync.WaitGroup
	ask := func(user, address, query string) {
		all.Go(func() {
			if got := s.ask(t, user, "POST", "/graphql", "application/json", query, "X-Forwarded-For", address); got.status != 200 {
				t.Errorf("%s at %s: got %d %s", user, address, got.status, got.body)
			}
		})
	}
	for _, address := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"} { // three are a share
		ask("ada", address, stuckQuery)
	}
	until(t, counted, "aiusage_answers_waiting", 1)
	until(t, counted, "aiusage_answers_at_work", 3)
	for _, other := range []struct{ user, address string }{{"ada", "192.0.2.2"}, {"ann", "192.0.2.1"}, {"ada", "2001:db8::1"}} {
		got := s.ask(t, other.user, "POST", "/graphql", "application/json", usageQuery, "X-Forwarded-For", other.address)
		if got.status != 200 {
			t.Errorf("%+v: got %d", other, got.status)
		}
	}
	close(store.letGo)
	all.Wait()
}

// One host has a whole network of addresses of IPv6.
func TestANetworkOfIPv6IsOneCaller(t *testing.T) {
	s, counted, store := crowded(t, 4, func(c *gateway.Config) {
		c.QueryTimeout, c.Auth.TrustedProxies = time.Minute, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	var all sync.WaitGroup
	for _, address := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"} {
		all.Go(func() {
			s.ask(t, "ada", "POST", "/graphql", "application/json", stuckQuery, "X-Forwarded-For", address)
		})
	}
	until(t, counted, "aiusage_answers_waiting", 1)
	close(store.letGo)
	all.Wait()
}

// Reading for live updates, and putting an event together, are turns; waiting for a change is none.
func TestAnIdleStreamTakesNoPlace(t *testing.T) {
	s, counted, store := crowded(t, 1, func(c *gateway.Config) { c.QueryTimeout, c.Watch.Interval = time.Minute, time.Hour })
	var all sync.WaitGroup
	all.Go(func() { s.ask(t, "ada", "POST", "/graphql", "application/json", stuckQuery) })
	until(t, counted, "aiusage_answers_at_work", 1)
	next := s.subscribe(t, "ada", `subscription { aiUsageChanged { totals { sessions } } }`)
	until(t, counted, "aiusage_answers_waiting", 1)
	close(store.letGo)
	all.Wait()
	if event := next(); !strings.Contains(event, `"sessions":3`) {
		t.Errorf("got %s", event)
	}
	until(t, counted, "aiusage_answers_at_work", 0)
	if turns := count(t, counted, "aiusage_answers_wait_seconds"); turns != 3 { // the query, the poll and the event
		t.Errorf("%v turns were taken", turns)
	}
}
