package transport_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"aiusage/transport"
	"aiusage/usage"
	"aiusage/watch"
)

// liveSchema has a query and a subscription whose values come from a test.
type liveSchema struct {
	// events are the values of Subscription.word, of whoever asks first.
	events chan watch.Event[string]
	// begun and ended receive something for each subscription.
	begun, ended chan struct{}
	schema       *ast.Schema
}

func newLiveSchema() *liveSchema {
	return &liveSchema{
		events: make(chan watch.Event[string]), begun: make(chan struct{}, 100), ended: make(chan struct{}, 100),
		schema: gqlparser.MustLoadSchema(&ast.Source{Input: `type Query{word:String!} type Mutation{word:String!} type Subscription{word:String!}`}),
	}
}

func (s *liveSchema) Schema() *ast.Schema { return s.schema }

func (s *liveSchema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (s *liveSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation != ast.Subscription {
		return graphql.OneShot(&graphql.Response{Data: json.RawMessage(`{"word":"once"}`)})
	}
	values := watch.Values(ctx, s.events)
	s.begun <- struct{}{}
	context.AfterFunc(ctx, func() { s.ended <- struct{}{} })
	return func(ctx context.Context) *graphql.Response {
		value, open := <-values
		switch {
		case !open:
			return nil
		case value == "panic":
			panic("secret")
		}
		return &graphql.Response{Data: json.RawMessage(`{"word":"` + value + `"}`)}
	}
}

// say gives a value to a subscription.
func (s *liveSchema) say(t *testing.T, value string) {
	t.Helper()
	select {
	case s.events <- watch.Event[string]{Value: value}:
	case <-time.After(patience):
		t.Fatal("nobody takes a value")
	}
}

func (s *liveSchema) fail(err error) { s.events <- watch.Event[string]{Err: err} }

// await waits for something to happen.
func await(t *testing.T, what string, happened <-chan struct{}) {
	t.Helper()
	select {
	case <-happened:
	case <-time.After(patience):
		t.Fatal("there is no " + what)
	}
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// fakeAccess lets in whoever has no wrong credentials.
type fakeAccess struct {
	refusal atomic.Pointer[usage.Error]
	who     atomic.Pointer[string]
	entered atomic.Int64
	panics  atomic.Bool
}

func (a *fakeAccess) CheckOrigin(r *http.Request) error {
	if r.Header.Get("Origin") == "https://evil.example" {
		return usage.Errorf(usage.PermissionDenied, "another site")
	}
	return nil
}

func (a *fakeAccess) Enter(r *http.Request) (context.Context, error) {
	a.entered.Add(1)
	if a.panics.Load() {
		panic("secret")
	}
	if refusal := a.refusal.Load(); refusal != nil {
		return nil, refusal
	}
	if r.Header.Get("Authorization") == "Bearer wrong" {
		return nil, usage.Errorf(usage.Unauthenticated, "a wrong token")
	}
	return r.Context(), nil
}

func (a *fakeAccess) AddressOf(r *http.Request) string { return r.Header.Get("X-Address") }

func (a *fakeAccess) Who(context.Context) string {
	if who := a.who.Load(); who != nil {
		return *who
	}
	return "somebody"
}

// live is a server of a liveSchema.
type live struct {
	*liveSchema
	access   *fakeAccess
	handler  *transport.Handler
	lifetime *transport.Lifetime
	url      string
	client   *http.Client
}

// startLive serves with timeouts that are shorter than any stream.
func startLive(t *testing.T, options transport.Options) *live {
	t.Helper()
	return startLiveBy(t, options, (*httptest.Server).Start)
}

// startLiveBy is startLive with or without TLS.
func startLiveBy(t *testing.T, options transport.Options, start func(*httptest.Server)) *live {
	t.Helper()
	l := &live{liveSchema: newLiveSchema(), access: &fakeAccess{}, lifetime: transport.NewLifetime()}
	options.Access = l.access
	l.handler = transport.New(l.liveSchema, options)
	server := httptest.NewUnstartedServer(l.handler)
	server.Config.ReadTimeout, server.Config.WriteTimeout = time.Second, time.Second
	server.Config.BaseContext = func(listener net.Listener) context.Context {
		return transport.WithLifetime(context.Background(), l.lifetime)
	}
	start(server)
	t.Cleanup(server.Close)
	l.url, l.client = server.URL, server.Client()
	return l
}

// awaitNoStreams waits until all is let go of.
func (l *live) awaitNoStreams(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); l.handler.Stats().Streams > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("there are streams left")
		}
	}
}

const (
	wordQuery        = `{"query":"{word}"}`
	wordSubscription = `{"query":"subscription{word}"}`
)

func TestASubscriptionNeedsAStream(t *testing.T) {
	handler := transport.New(newLiveSchema(), transport.Options{})
	for _, accept := range []string{"", "application/json", "*/*", "text/event-stream;q=0, application/json"} {
		got := send(t, handler, "POST", "/", wordSubscription, "Accept", accept)
		if got.Code != http.StatusNotAcceptable || !strings.Contains(got.Body.String(), "send Accept: text/event-stream") || !strings.Contains(got.Body.String(), `"BAD_REQUEST"`) {
			t.Errorf("Accept %q: got %d %s", accept, got.Code, got.Body)
		}
	}
	if got := send(t, handler, "GET", "/?query=mutation%7Bword%7D", "", "Accept", "text/event-stream"); got.Code != http.StatusMethodNotAllowed {
		t.Errorf("a mutation by GET: got %d %s", got.Code, got.Body)
	}
}

// What frontends send with every operation, and what they get for a query.
func TestAQueryIsAStreamOnlyWhereThatIsPreferred(t *testing.T) {
	handler := transport.New(newLiveSchema(), transport.Options{})
	const once = `{"data":{"word":"once"}}`
	const events = ":\n\nevent: next\ndata: " + once + "\n\nevent: complete\ndata: \n\n"
	for accept, want := range map[string]string{
		"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed": once,
		"text/event-stream, application/json":                                     once,
		"multipart/mixed;deferSpec=20220824, application/json, text/event-stream": once,
		"text/event-stream, */*":                                                  once,
		"application/json;q=0.5, text/event-stream":                               events,
		"text/event-stream":                                                       events,
	} {
		got := send(t, handler, "POST", "/", wordQuery, "Accept", accept)
		if got.Code != http.StatusOK || got.Body.String() != want {
			t.Errorf("Accept %q: got %d %q", accept, got.Code, got.Body)
		}
		if stream := strings.HasPrefix(got.Header().Get("Content-Type"), "text/event-stream"); stream != (want == events) {
			t.Errorf("Accept %q: got %q", accept, got.Header())
		}
	}
	got := send(t, handler, "POST", "/", `{"query":"{nonsense}"}`, "Accept", "text/event-stream").Body.String()
	if !strings.HasPrefix(got, ":\n\nevent: next\ndata: {\"errors\":[") || !strings.HasSuffix(got, "event: complete\ndata: \n\n") || strings.Contains(got, `"data"`) {
		t.Errorf("not valid: got %q", got)
	}
	if got := send(t, handler, "POST", "/", `{`, "Accept", "text/event-stream"); got.Code != http.StatusBadRequest || got.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("not GraphQL over HTTP: got %d %v", got.Code, got.Header())
	}
}
