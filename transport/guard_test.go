package transport_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/auth"
	"aiusage/resolvers"
	"aiusage/transport"
	"aiusage/usage"
	"aiusage/watch"
)

// faulty is an extension that panics somewhere. Where it does not, it does nothing.
type faulty struct{ where string }

func (f faulty) panic(where string) {
	if f.where == where {
		panic("secret")
	}
}

func (faulty) ExtensionName() string                   { return "Faulty" }
func (faulty) Validate(graphql.ExecutableSchema) error { return nil }

func (f faulty) MutateOperationContext(context.Context, *graphql.OperationContext) *gqlerror.Error {
	f.panic("before execution")
	return nil
}

func (f faulty) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	f.panic("around the operation")
	return next(ctx)
}

func (f faulty) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	// What presents errors comes here as well.
	if graphql.HasOperationContext(ctx) && graphql.GetOperationContext(ctx).Operation != nil && len(graphql.GetErrors(ctx)) == 0 {
		f.panic("around an answer")
	}
	answer := next(ctx)
	if f.where == "as an answer is written" && answer != nil && len(answer.Errors) == 0 {
		answer.Extensions = map[string]any{"no JSON": func() {}}
	}
	return answer
}

func (f faulty) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	f.panic("around a root field")
	if f.where == "as a value is written" {
		return graphql.WriterFunc(func(io.Writer) { panic("secret") })
	}
	return next(ctx)
}

func (f faulty) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	f.panic("around a field")
	return next(ctx)
}

// faultyReader is a database that panics somewhere.
type faultyReader struct {
	filled
	faulty
}

func (r faultyReader) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	r.panic("reading a report")
	report, err := r.filled.Report(ctx, query)
	for _, more := range []string{"y", "z"} {
		report.Accounts = append(report.Accounts, usage.AccountUsage{AccountID: more})
	}
	return report, err
}

func (r faultyReader) Series(ctx context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	r.panic("reading a series")
	return r.filled.Series(ctx, query)
}

func (r faultyReader) Names(context.Context, []usage.Subject) (map[usage.Subject]string, error) {
	r.panic("reading names")
	return nil, nil
}

func (r faultyReader) Sessions(context.Context, usage.SessionsQuery) ([]usage.ListedSession, error) {
	r.panic("reading sessions")
	return nil, nil
}

func (r faultyReader) Snapshot(context.Context) usage.Snapshot {
	r.panic("opening the database")
	return r
}

func (r faultyReader) Close() error {
	r.panic("closing the database")
	return nil
}

// serveFaulty serves the gateway's schema with a fault somewhere.
func serveFaulty(t *testing.T, where string) *doors {
	t.Helper()
	fault := faulty{where}
	resolver := resolvers.New(faultyReader{faulty: fault}, resolvers.Options{Watch: watch.Options{Interval: time.Millisecond}})
	d := &doors{records: &records{}}
	handler := transport.New(resolver.Schema(), transport.Options{
		Extensions: append([]graphql.HandlerExtension{fault}, resolver.Extensions()...),
		Access:     operator{}, Log: slog.New(slog.NewTextHandler(d.records, nil)),
	})
	d.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Operator)))
	})
	server := httptest.NewServer(d.handler)
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

// A panic, wherever it is, is an error for who asked, with one record in the log that has
// the stack. The process goes on.
func TestAPanicAnywhereIsOneInternalError(t *testing.T) {
	const (
		query        = `{"query":"{viewer{name} aiUsage{accountUsage{account{name} series(granularity:DAY){from}} previous{asOf} series(granularity:DAY){from} sessionsConnection{nodes{id}}} accounts{nodes{name}}}"}`
		plain        = `{"query":"{viewer{name} aiUsage{accountUsage{account{name}}}}"}`
		subscription = `{"query":"subscription{aiUsageChanged{accountUsageConnection{nodes{account{name}}}}}"}`
		flat         = `{"query":"subscription{aiUsageChanged{asOf}}"}`
	)
	everywhere := []string{
		"before execution", "around the operation", "around an answer", "as an answer is written", "around a field",
		"reading a report", "reading names", "reading a series", "reading sessions", "opening the database", "around a root field", "as a value is written", "closing the database",
	}
	for _, where := range everywhere {
		for _, request := range []string{query, plain, subscription, flat} {
			subscribes := strings.Contains(request, "subscription")
			for way := range ways {
				switch {
				case subscribes && way != bySocket && way != byEvents,
					subscribes && strings.Contains(where, "value"), // it has no such
					request == flat && (strings.Contains(where, "names") || strings.Contains(where, "database")),
					where == "reading a series" && request != query, where == "reading sessions" && request != query,
					where == "around a root field" && subscribes,
					where == "around a field" && request == plain:
					continue
				}
				d := serveFaulty(t, where)
				_, answer := d.send(t, way, request)
				log := d.records.take()
				if !strings.Contains(answer, `"code":"INTERNAL_SERVER_ERROR"`) || strings.Contains(answer, "secret") {
					t.Errorf("%s, way %d, %s: got %s", where, way, request, answer)
				}
				records := strings.Count(log, "level=ERROR")
				if several := strings.Contains(where, " field") || where == "reading a series"; records != 1 && !(several && records > 1) {
					t.Errorf("%s, way %d, %s: %d records, the first %.500s", where, way, request, records, log)
				}
				if !strings.Contains(log, "guard_test.go") && where != "as an answer is written" {
					t.Errorf("%s, way %d, %s: no stack in %.500s", where, way, request, log)
				}
			}
		}
	}
}

// A panic while credentials are checked again, or while a stream is kept alive, ends that
// stream only.
func TestAPanicBesideAStreamEndsThatStream(t *testing.T) {
	log := &records{}
	l := startLive(t, transport.Options{Log: slog.New(slog.NewTextHandler(log, nil)), Streams: transport.StreamOptions{Recheck: 5 * time.Millisecond}})
	events, socket := l.listen(t), l.open(t)
	socket.say(subscribeWord)
	await(t, "subscription by events", l.begun)
	await(t, "subscription by a socket", l.begun)
	l.access.panics.Store(true)
	const fault = `"message":"internal error","extensions":{"code":"INTERNAL_SERVER_ERROR"}`
	if got := events.next(); !strings.HasPrefix(got, "next ") || !strings.Contains(got, fault) {
		t.Errorf("events: got %s", got)
	}
	if got, err := socket.next(); err != nil || !strings.Contains(got, `"type":"error"`) || !strings.Contains(got, fault) {
		t.Errorf("a socket: got %s, %v", got, err)
	}
	socket.expectClose(websocket.StatusInternalError)
	l.awaitNoStreams(t)
	if text := log.take(); strings.Count(text, "level=ERROR") != 2 || strings.Count(text, "live_test.go") < 2 {
		t.Errorf("logged %.2000s", text)
	}
}

// brokenWriter is an answer that panics when a comment is written to it, as the
// heartbeat does.
type brokenWriter struct {
	*httptest.ResponseRecorder
	begun bool
}

func (w *brokenWriter) Write(text []byte) (int, error) {
	if string(text) == ":\n\n" && w.begun {
		panic("secret")
	}
	w.begun = true
	return w.ResponseRecorder.Write(text)
}

func TestAPanicOfTheHeartbeatEndsThatStream(t *testing.T) {
	log := &records{}
	handler := transport.New(newLiveSchema(), transport.Options{
		Log: slog.New(slog.NewTextHandler(log, nil)), Streams: transport.StreamOptions{Heartbeat: time.Millisecond},
	})
	request := httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(wordSubscription))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	writer := &brokenWriter{ResponseRecorder: httptest.NewRecorder()}
	handler.ServeHTTP(writer, request)
	if got := writer.Body.String(); !strings.Contains(got, "INTERNAL_SERVER_ERROR") || !strings.HasSuffix(got, "event: complete\ndata: \n\n") {
		t.Errorf("got %s", got)
	}
	if text := log.take(); strings.Count(text, "level=ERROR") != 1 || !strings.Contains(text, "guard_test.go") {
		t.Errorf("logged %.2000s", text)
	}
}

// alwaysFaulty panics around every answer, that of an error included.
type alwaysFaulty struct{}

func (alwaysFaulty) ExtensionName() string                   { return "AlwaysFaulty" }
func (alwaysFaulty) Validate(graphql.ExecutableSchema) error { return nil }
func (alwaysFaulty) InterceptResponse(context.Context, graphql.ResponseHandler) *graphql.Response {
	panic("secret")
}

// Where not even an error can be presented, the connection ends and the process does not.
func TestAPanicAsAnErrorIsPresentedEndsTheConnection(t *testing.T) {
	log := &records{}
	l := startLive(t, transport.Options{Log: slog.New(slog.NewTextHandler(log, nil)), Extensions: []graphql.HandlerExtension{alwaysFaulty{}}})
	socket := l.open(t)
	socket.say(subscribeWord)
	if got, err := socket.next(); err == nil {
		t.Errorf("got %s", got)
	}
	l.awaitNoStreams(t)
	if text := log.take(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "guard_test.go") {
		t.Errorf("logged %.2000s", text)
	}
	l.open(t) // another is let in
}

// anew is a database that panics where a report is read anew for a listener.
type anew struct {
	filled
	open *atomic.Int64
}

func (a anew) Snapshot(context.Context) usage.Snapshot {
	a.open.Add(1)
	return snapshotAnew(a)
}

type snapshotAnew anew

func (s snapshotAnew) Report(context.Context, usage.Query) (*usage.Report, error) { panic("secret") }
func (s snapshotAnew) Series(context.Context, usage.SeriesQuery) (*usage.SeriesSet, error) {
	return nil, nil
}
func (s snapshotAnew) Names(context.Context, []usage.Subject) (map[usage.Subject]string, error) {
	return nil, nil
}

func (s snapshotAnew) Sessions(context.Context, usage.SessionsQuery) ([]usage.ListedSession, error) {
	return nil, nil
}
func (s snapshotAnew) Close() error {
	s.open.Add(-1)
	return nil
}

func TestAPanicOfASubscriptionKeepsNoDatabaseOpen(t *testing.T) {
	reader := anew{open: &atomic.Int64{}}
	resolver := resolvers.New(reader, resolvers.Options{})
	d := &doors{records: &records{}}
	handler := transport.New(resolver.Schema(), transport.Options{Extensions: resolver.Extensions(), Access: operator{}, Log: slog.New(slog.NewTextHandler(d.records, nil))})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Operator)))
	}))
	defer server.Close()
	d.url = server.URL
	_, answer := d.send(t, byEvents, `{"query":"subscription{aiUsageChanged{previous{asOf}}}"}`)
	if log := d.records.take(); !strings.Contains(answer, "INTERNAL_SERVER_ERROR") || strings.Count(log, "level=ERROR") != 1 {
		t.Errorf("got %s, logged %.2000s", answer, log)
	}
	for deadline := time.Now().Add(patience); reader.open.Load() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d are open", reader.open.Load())
		}
	}
}
