package gateway_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"aiusage/db"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/observe"
	"aiusage/observe/metrics"
	"aiusage/observe/traces"
)

// collected is a collector of traces in this process.
type collected struct {
	mu    sync.Mutex
	spans []*spans.Span
	about string
}

// collect starts a collector, and names it in the environment.
func collect(t *testing.T) *collected {
	t.Helper()
	c := &collected{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collector.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &sent) != nil {
			t.Errorf("%s: %d bytes, %v", r.URL.Path, len(body), err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, resource := range sent.ResourceSpans {
			c.about = fmt.Sprint(resource.Resource)
			for _, scope := range resource.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	return c
}

// tracedService is a gateway whose requests and statements are traced until end.
func tracedService(t *testing.T, configure ...func(*gateway.Config)) (s *service, end func()) {
	t.Helper()
	dsn := dbtest.One(t)
	fill(t, dsn)
	traced, err := traces.Start(t.Context(), os.Getenv, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	counted := metrics.New()
	store, err := db.Open(dsn, db.Options{Observer: traces.Statement(counted.Statement)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	store.OnFold = traced.Folded
	s = start(t, store, append(configure, func(c *gateway.Config) { c.Metrics, c.Traces = counted, traced })...)
	return s, func() {
		t.Helper()
		if err := traced.Close(); err != nil {
			t.Error(err)
		}
	}
}

// attributesOf are a span's, as text.
func attributesOf(span *spans.Span) map[string]string {
	values := map[string]string{}
	for _, one := range span.Attributes {
		text := one.Value.GetStringValue()
		if text == "" {
			text = strings.TrimSpace(one.Value.String()[strings.Index(one.Value.String(), ":")+1:])
		}
		values[one.Key] = text
	}
	return values
}

// pathOf names a span with those above it.
func (c *collected) pathOf(span *spans.Span) string {
	for _, above := range c.spans {
		if string(above.SpanId) == string(span.ParentSpanId) {
			return c.pathOf(above) + " > " + span.Name
		}
	}
	return span.Name
}

// find returns the first span with a path.
func (c *collected) find(t *testing.T, path string) *spans.Span {
	t.Helper()
	var paths []string
	for _, span := range c.spans {
		if c.pathOf(span) == path {
			return span
		}
		paths = append(paths, c.pathOf(span))
	}
	t.Fatalf("there is no %s among\n%s", path, strings.Join(paths, "\n"))
	return nil
}

const parentSpan = "00f067aa0ba902b7"

// A request's trace is that of its caller, has what was done for it below it, and is that of the log.
func TestATraceHasWhatWasDoneForARequest(t *testing.T) {
	c := collect(t)
	s, end := tracedService(t)
	ask := func(path, body string) {
		s.ask(t, "ada", "POST", path, "application/json", body, "Traceparent", "00-"+trace+"-"+parentSpan+"-01", "X-Request-Id", "traced")
	}
	ask("/graphql", `{"query":"query Totals { aiUsage(accountId: \"acc-1\") { totals { sessions } series(granularity: YEAR) { sessions } sessionsConnection { nodes { id } } accountUsage { account { name } } } accounts { nodes { accountId } } customers { nodes { customerId } } }"}`)
	ask("/graphql", `{"query":"query Wrong { aiUsage(startDate: \"2026-02-30\") { totals { sessions } } }"}`)
	ask("/ai/usage.json", "{}")
	lines := linesOf(t, s.log, "traced", 3, isRequest) // spans end before these
	end()
	operation := "POST graphql > query Totals"
	for _, path := range []string{
		operation + " > usage.Report", operation + " > usage.Series", operation + " > usage.Sessions", operation + " > usage.Names", operation + " > usage.FindAccounts", operation + " > usage.FindCustomers",
		operation + " > usage.FindAccounts > read.listParts", "POST legacy > usage.Report",
	} {
		span := c.find(t, path)
		if hex.EncodeToString(span.TraceId) != trace || span.Status.GetCode() == spans.Status_STATUS_CODE_ERROR {
			t.Errorf("%s: %v", path, span)
		}
	}
	server := c.find(t, "POST graphql")
	if hex.EncodeToString(server.ParentSpanId) != parentSpan || server.Kind != spans.Span_SPAN_KIND_SERVER {
		t.Errorf("got %v", server)
	}
	if len(lines) != 3 || lines[0]["trace_id"] != trace {
		t.Errorf("the log has %v", lines)
	}
	wrong := c.find(t, "POST graphql > query Wrong")
	if wrong.Status.GetCode() != spans.Status_STATUS_CODE_ERROR || attributesOf(wrong)["error.type"] != "BAD_USER_INPUT" {
		t.Errorf("what failed is %v", wrong)
	}
	if got := attributesOf(c.find(t, operation)); got["graphql.operation.name"] != "Totals" || got["graphql.operation.type"] != "query" || len(got["aiusage.graphql.document_hash"]) != 64 {
		t.Errorf("got %v", got)
	}
	if !strings.Contains(c.about, "service.name") {
		t.Errorf("it says of itself %s", c.about)
	}
	for _, span := range c.spans { // not who, nor what they asked about
		if text := span.String(); strings.Contains(text, "acc-1") || strings.Contains(text, "2026-02-30") || strings.Contains(text, "ada") {
			t.Errorf("a span has a value: %s", text)
		}
	}
}

// Without a trace of the caller's, the log has the id of the one that was begun; operations on
// streams are parts of it; a fault and a failed statement are marked; folds have traces of their own.
func TestOtherTraces(t *testing.T) {
	c := collect(t)
	s, end := tracedService(t)
	s.ask(t, "ada", "POST", "/graphql", "application/json", usageQuery, "X-Request-Id", "own", "Accept", "text/event-stream")
	if _, _, err := converse(t, s.url, http.Header{"Authorization": {basic("ada", password)}}, `{"type":"connection_init"}`, sessionsQuery); err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(20 * time.Second)
	for strings.Count(s.log.String(), `"door":"websocket"`) < 2 && time.Now().Before(until) { // its span ends with it
		time.Sleep(time.Millisecond)
	}
	end()
	id, _ := linesOf(t, s.log, "own", 1, isRequest)[0]["trace_id"].(string)
	if hex.EncodeToString(c.find(t, "POST events > query > usage.Report").TraceId) != id || len(id) != 32 {
		t.Errorf("the log has the trace %q", id)
	}
	c.find(t, "GET websocket > query > usage.Report")

	c = collect(t)
	s, end = tracedService(t, func(config *gateway.Config) { config.QueryTimeout = 1 })
	s.ask(t, "ada", "GET", "/ai/usage.json", "", "", "X-Request-Id", "late")
	linesOf(t, s.log, "late", 1, isRequest)
	end()
	late := c.find(t, "GET legacy")
	if got := attributesOf(late); late.Status.GetCode() != spans.Status_STATUS_CODE_ERROR || got["error.type"] != "TIMEOUT" && got["error.type"] != "SERVICE_UNAVAILABLE" {
		t.Errorf("what failed is %v", late)
	}

	c = collect(t)
	traced, err := traces.Start(t.Context(), os.Getenv, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, _, endRequest := traced.Request(httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	traces.Statement(metrics.New().Statement)(ctx, "read.broken")(0, io.ErrUnexpectedEOF)
	endRequest(observe.Seen{Method: "GET", Door: "other", Status: 200})
	traced.Folded(7, time.Second)
	end = func() { traced.Close() }
	end()
	if broken := c.find(t, "GET other > read.broken"); broken.Status.GetCode() != spans.Status_STATUS_CODE_ERROR || attributesOf(broken)["db.query.summary"] != "read.broken" {
		t.Errorf("got %v", broken)
	}
	fold := c.find(t, "rollup.FoldBatch")
	if took := time.Duration(fold.EndTimeUnixNano - fold.StartTimeUnixNano); took.Round(time.Millisecond) != time.Second {
		t.Errorf("the batch took %v", took)
	}
}

var attributeLine = regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|")

// docs/traces.md has every attribute that a span may have, and no other.
func TestEveryAttributeOfASpanIsDocumented(t *testing.T) {
	c := collect(t)
	s, end := tracedService(t)
	s.ask(t, "ada", "POST", "/graphql", "application/json", `{"query":"query Wrong { aiUsage(startDate: \"x\") { totals { sessions } } accounts { nodes { accountId } } }"}`, "X-Request-Id", "all")
	linesOf(t, s.log, "all", 1, isRequest)
	end()
	traced, err := traces.Start(t.Context(), os.Getenv, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	traced.Folded(7, time.Second)
	traced.Close()
	manual, err := os.ReadFile("../docs/traces.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, line := range attributeLine.FindAllStringSubmatch(string(manual), -1) {
		documented[line[1]] = false
	}
	for _, span := range c.spans {
		for name := range attributesOf(span) {
			if _, is := documented[name]; !is {
				t.Errorf("docs/traces.md does not have %s", name)
			}
			documented[name] = true
		}
	}
	for name, seen := range documented {
		if !seen {
			t.Errorf("no span has %s", name)
		}
	}
}

// A collector that is not there keeps nobody from an answer, nor the gateway from its end for long.
func TestADeadCollectorBreaksNothing(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	s, _ := tracedService(t)
	if got := s.ask(t, "ada", "POST", "/graphql", "application/json", usageQuery); got.status != 200 || !strings.Contains(got.body, `"sessions":3`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
	log := &buffer{}
	traced, err := traces.Start(t.Context(), os.Getenv, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	traced.Folded(1, time.Second)
	if err := traced.Close(); err == nil && !strings.Contains(log.String(), "traces are lost") {
		t.Error("nothing is said of what is lost")
	}
}

// The variables are those of all programs with OpenTelemetry. Without them there are no traces.
func TestTheVariablesOfTraces(t *testing.T) {
	for _, c := range []struct {
		env    map[string]string
		traces bool
		wrong  string
	}{
		{map[string]string{}, false, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, true, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, true, ""},
		{map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, true, ""},
		{map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, true, ""},
		{map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, false, ""},
		{map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, false, ""},
		{map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, false, "OTEL_TRACES_EXPORTER"},
		{map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"}, false, "OTEL_EXPORTER_OTLP_PROTOCOL"},
	} {
		got, err := traces.Start(t.Context(), func(name string) string { return c.env[name] }, slog.New(slog.DiscardHandler))
		if (got != nil) != c.traces || (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%v: got %v, %v", c.env, got, err)
		}
		if err := got.Close(); err != nil {
			t.Errorf("%v: %v", c.env, err)
		}
	}
}

// BenchmarkRequests compares requests without traces and with.
func BenchmarkRequests(b *testing.B) {
	for _, name := range []string{"without", "with"} {
		b.Run(name, func(b *testing.B) {
			var traced *traces.Traces
			if name == "with" {
				server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
				defer server.Close()
				b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
				var err error
				if traced, err = traces.Start(context.Background(), os.Getenv, slog.New(slog.DiscardHandler)); err != nil {
					b.Fatal(err)
				}
				defer traced.Close()
			}
			handler, err := gateway.New(gateway.Config{Log: slog.New(slog.DiscardHandler), Traces: traced})
			if err != nil {
				b.Fatal(err)
			}
			request := httptest.NewRequest("GET", "/healthz", nil)
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(httptest.NewRecorder(), request)
			}
		})
	}
}
