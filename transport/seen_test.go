package transport_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"aiusage/observe"
	"aiusage/transport"
	"aiusage/usage"
)

// watched has each request seen, and keeps what was.
type watched struct {
	http.Handler
	mu   sync.Mutex
	seen []observe.Seen
	news chan struct{}
}

func watching(handler http.Handler) *watched {
	return &watched{Handler: handler, news: make(chan struct{}, 100)}
}

func (w *watched) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	record := observe.NewRecord(w, observe.Seen{})
	ctx := observe.NewContext(r.Context(), record)
	defer record.End(ctx)
	w.Handler.ServeHTTP(out, r.WithContext(ctx))
}

func (*watched) Began(context.Context, observe.Seen) {}

func (w *watched) Ended(_ context.Context, seen observe.Seen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, seen)
	w.news <- struct{}{}
}

// next returns what was seen first of what was not returned yet.
func (w *watched) next() observe.Seen {
	<-w.news
	w.mu.Lock()
	defer w.mu.Unlock()
	first := w.seen[0]
	w.seen = w.seen[1:]
	return first
}

// Each limit that a request reaches has a name, and each refusal a code.
func TestLimitsThatAreReachedAreSeen(t *testing.T) {
	limits := map[string]string{
		"token limit": "tokens", "same fields too often": "comparisons", "more than 50 aliases": "aliases", "fields at its root": "root_fields",
		"more than 20 levels": "depth", "could hold": "complexity", "more than 100 characters": "name_length", "body is too large": "body",
		"000 fields": "fields",
	}
	handler := watching(newHandler(t, emptyReport, transport.Options{}))
	reached := map[string]bool{}
	for _, attack := range attacks() {
		send(t, handler, "POST", "/", attack.request(t))
		seen := handler.next()
		if len(seen.Codes) == 0 || seen.Door != "graphql" {
			t.Errorf("%s: seen %+v", attack.name, seen)
		}
		var want []string
		for says, limit := range limits {
			if strings.Contains(attack.says, says) {
				want = []string{limit}
				reached[limit] = true
			}
		}
		if attack.says != "more than" && !slices.Equal(seen.Limits, want) {
			t.Errorf("%s: limits %q, want %q", attack.name, seen.Limits, want)
		}
	}
	if len(reached) != len(limits) {
		t.Errorf("only %v were reached", reached)
	}
}

// What an operation is, and what became of it, is seen in every way to be answered.
func TestErrorsOfAnswersAreSeen(t *testing.T) {
	fails := func() (*usage.Report, error) { return nil, errors.New("secret") }
	handler := watching(newHandler(t, fails, transport.Options{}))
	const document = `{"query":"query March {aiUsage{asOf}}"}`
	for name, c := range map[string]struct {
		accept, door, body, code, operation, kind string
	}{
		"an error of a field":                 {"", "graphql", document, "INTERNAL_SERVER_ERROR", "March", "query"},
		"an error of a field, by events":      {"text/event-stream", "events", document, "INTERNAL_SERVER_ERROR", "March", "query"},
		"a document that is wrong":            {"", "graphql", `{"query":"{x}"}`, "GRAPHQL_VALIDATION_FAILED", "", ""},
		"a document that is wrong, by events": {"text/event-stream", "events", `{"query":"{x}","operationName":"N"}`, "GRAPHQL_VALIDATION_FAILED", "N", ""},
		"a document that nobody knows":        {"", "graphql", `{"documentId":"sha256:x"}`, "PERSISTED_QUERY_NOT_FOUND", "", ""},
		"a body that is wrong":                {"", "graphql", `[]`, "BAD_REQUEST", "", ""},
		"a subscription that wants no stream": {"", "graphql", `{"query":"subscription S{aiUsageChanged{asOf}}"}`, "BAD_REQUEST", "S", "subscription"},
	} {
		send(t, handler, "POST", "/", c.body, "Accept", c.accept)
		seen := handler.next()
		if !slices.Equal(seen.Codes, []string{c.code}) || seen.Door != c.door || seen.Operation != c.operation || seen.Kind != c.kind {
			t.Errorf("%s: seen %+v", name, seen)
		}
		if hasDocument := strings.Contains(c.body, `"query"`); hasDocument != (len(seen.Document) == 64) {
			t.Errorf("%s: the document is %q", name, seen.Document)
		}
	}
}

// The limits of streams are seen, too.
func TestLimitsOfStreamsAreSeen(t *testing.T) {
	for limit, options := range map[string]transport.StreamOptions{"streams": {Max: 1}, "streams_per_caller": {MaxPerCaller: 1}} {
		l := startLive(t, transport.Options{Streams: options})
		l.listen(t)
		handler := watching(l.handler)
		send(t, handler, "POST", "/", wordSubscription, "Accept", "text/event-stream")
		seen := handler.next()
		if !slices.Equal(seen.Limits, []string{limit}) || !slices.Equal(seen.Codes, []string{"TOO_MANY_REQUESTS"}) {
			t.Errorf("%s: seen %+v", limit, seen)
		}
	}
}

// What goes wrong on a WebSocket is seen of the operation, and what there is too much of, of
// the connection.
func TestOperationsOnAWebSocketAreSeen(t *testing.T) {
	var seenBy *watched
	l := startLiveBy(t, transport.Options{Streams: transport.StreamOptions{Operations: 1}}, func(server *httptest.Server) {
		seenBy = watching(server.Config.Handler)
		server.Config.Handler = seenBy
		server.Start()
	})
	c := l.open(t)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"{nothing}","operationName":"N"}}`)
	c.say(`{"id":"2","type":"subscribe","payload":{"query":1}}`)
	c.say(`{"id":"3","type":"subscribe","payload":{"query":"query Once{word}"}}`)
	for i, want := range []struct{ code, operation string }{{"GRAPHQL_VALIDATION_FAILED", "N"}, {"BAD_REQUEST", ""}, {"", "Once"}} {
		seen := seenBy.next()
		if strings.Join(seen.Codes, " ") != want.code || seen.Operation != want.operation || !seen.IsChild || seen.IsStream || seen.Bytes == 0 {
			t.Errorf("%d: seen %+v", i, seen)
		}
	}
	c.say(`{"id":"4","type":"subscribe","payload":` + wordSubscription + `}`)
	await(t, "subscription", l.begun)
	c.say(`{"id":"5","type":"subscribe","payload":{"query":"{word}"}}`)
	for range 6 { // the errors, the query and its end, and the error of what is too much
		if text, err := c.next(); err != nil || strings.Contains(text, `"5"`) {
			break
		}
	}
	c.conn.CloseNow()
	subscription, connection := seenBy.next(), seenBy.next()
	if subscription.Kind != "subscription" || !subscription.IsStream || !subscription.IsGone {
		t.Errorf("the subscription: %+v", subscription)
	}
	if connection.IsChild || !slices.Equal(connection.Limits, []string{"operations"}) || !slices.Equal(connection.Codes, []string{"TOO_MANY_REQUESTS"}) ||
		connection.Status != http.StatusSwitchingProtocols || connection.Bytes == 0 {
		t.Errorf("the connection: %+v", connection)
	}
}
