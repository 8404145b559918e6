package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/transport"
	"aiusage/usage"
)

// converse opens a WebSocket, sends messages and returns what comes back until the
// end or as many messages as were sent, and the error of the opening or the end.
func converse(t *testing.T, url string, header http.Header, messages ...string) ([]string, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, url+"/graphql", &websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return nil, response, err
	}
	defer conn.CloseNow()
	for _, message := range messages {
		if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			return nil, response, err
		}
	}
	var answers []string
	for range messages {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return answers, response, err
		}
		answers = append(answers, string(text))
	}
	return answers, response, nil
}

const sessionsQuery = `{"id":"1","type":"subscribe","payload":{"query":"{aiUsage{totals{sessions}}}"}}`

func TestAWebSocketIsLetInAsAnyOtherRequest(t *testing.T) {
	store := fill(t, dbtest.One(t))
	key, _ := apiKey(t, store, auth.AccountAdministrator, "acc-1")
	const friend = "https://app.example.com"
	s := start(t, store, func(c *gateway.Config) { c.AllowedOrigins = []string{friend} })
	basic := func(name string) http.Header {
		request, _ := http.NewRequest("GET", s.url, nil)
		request.SetBasicAuth(name, password)
		return request.Header
	}
	with := func(header http.Header, name, value string) http.Header {
		header = header.Clone()
		header.Set(name, value)
		return header
	}
	signedIn := s.ask(t, "", "POST", "/auth/credentials", "application/x-www-form-urlencoded", "userName=ada&password=correct+horse")
	cookies := http.Header{}
	for _, cookie := range signedIn.header.Values("Set-Cookie") {
		pair, _, _ := strings.Cut(cookie, ";")
		cookies.Add("Cookie", pair)
	}
	bearer := `{"type":"connection_init","payload":{"Authorization":"Bearer ` + key + `"}}`
	inHeaders := `{"type":"connection_init","payload":{"headers":{"authorization":"Bearer ` + key + `"}}}`
	const plain = `{"type":"connection_init"}`
	for name, c := range map[string]struct {
		header   http.Header
		init     string
		sessions string
	}{
		"Basic":                            {basic("ada"), plain, "3"},
		"Basic, of an account":             {basic("ann"), plain, "2"},
		"a session":                        {cookies, plain, "3"},
		"a session, from our origin":       {with(cookies, "Origin", s.url), plain, "3"},
		"a session, from an allowed one":   {with(cookies, "Origin", friend), plain, "3"},
		"a bearer in the request":          {http.Header{"Authorization": {"Bearer " + key}}, plain, "2"},
		"a bearer in the first message":    {nil, bearer, "2"},
		"a session, and another's message": {cookies, bearer, "2"},
		"a bearer in its headers":          {nil, inHeaders, "2"},
		"a session, and another's headers": {cookies, inHeaders, "2"},
		"headers without credentials":      {cookies, `{"type":"connection_init","payload":{"headers":{"X-Other":"x"}}}`, "3"},
		"a bearer, and one in headers":     {nil, strings.Replace(bearer, `"}}`, `","headers":{"authorization":"Bearer aiu_x"}}}`, 1), "2"},
	} {
		answers, _, err := converse(t, s.url, c.header, c.init, sessionsQuery)
		want := `{"type":"next","id":"1","payload":{"data":{"aiUsage":{"totals":{"sessions":` + c.sessions + `}}}}}`
		if err != nil || len(answers) != 2 || answers[0] != `{"type":"connection_ack"}` || answers[1] != want {
			t.Errorf("%s: got %v, %v", name, answers, err)
		}
	}
	for name, c := range map[string]struct {
		header http.Header
		init   string
	}{
		"nothing":                {nil, plain},
		"a bearer that is wrong": {nil, `{"type":"connection_init","payload":{"Authorization":"Bearer aiu_x"}}`},
		"a wrong one in headers": {nil, `{"type":"connection_init","payload":{"headers":{"Authorization":"Bearer aiu_x"}}}`},
		"a session that is over": {http.Header{"Cookie": {"ss-id=" + strings.Repeat("x", 43)}}, plain},
	} {
		if answers, _, err := converse(t, s.url, c.header, c.init, sessionsQuery); websocket.CloseStatus(err) != 4403 || len(answers) > 0 {
			t.Errorf("%s: got %v, %v", name, answers, err)
		}
	}
	for name, c := range map[string]struct {
		header http.Header
		status int
	}{
		"a wrong password":                 {with(basic("ada"), "Authorization", "Basic YWRhOng="), 401},
		"another site, with a session":     {with(cookies, "Origin", "https://evil.example"), 403},
		"another site, without":            {http.Header{"Origin": {"https://evil.example"}}, 403},
		"another site, as a browser tells": {with(cookies, "Sec-Fetch-Site", "cross-site"), 403},
	} {
		if _, response, err := converse(t, s.url, c.header, plain); err == nil || response == nil || response.StatusCode != c.status {
			t.Errorf("%s: got %v, %v", name, response, err)
		}
	}
	if log := s.log.String(); !strings.Contains(log, `"status":101`) || strings.Contains(log, key) {
		t.Errorf("the log: %s", log)
	}
}

// A hundred were as many as all of them together might have.
func TestSilentWebSocketsDoNotShutOutOthers(t *testing.T) {
	store := fill(t, dbtest.One(t))
	key, _ := apiKey(t, store, auth.SystemAdministrator)
	s := start(t, store)
	for range 2 * transport.DefaultStreams.MaxPerCaller {
		conn, _, err := websocket.Dial(t.Context(), s.url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.CloseNow() })
	}
	for name, c := range map[string]struct {
		header http.Header
		init   string
	}{
		"Basic":                      {http.Header{"Authorization": {basic("ada", password)}}, `{"type":"connection_init"}`},
		"a key in the first message": {nil, `{"type":"connection_init","payload":{"Authorization":"Bearer ` + key + `"}}`},
	} {
		answers, _, err := converse(t, s.url, c.header, c.init, sessionsQuery)
		if err != nil || len(answers) != 2 || !strings.Contains(answers[1], `"sessions":3`) {
			t.Errorf("%s: got %v, %v", name, answers, err)
		}
	}
}

// What asks for a WebSocket may pass the door without credentials; it must not
// come to anything else.
func TestAnUpgradeThatIsNoneIsNotExecuted(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, method := range []string{"GET", "POST"} {
		got := s.ask(t, "", method, "/graphql?query=%7B__typename%7D", "application/json", `{"query":"{__typename}"}`, "Upgrade", "websocket")
		if got.status < 400 || strings.Contains(got.body, "data") {
			t.Errorf("%s: got %d %s", method, got.status, got.body)
		}
	}
}

func TestARevokedKeyEndsItsWebSocket(t *testing.T) {
	store := fill(t, dbtest.One(t))
	key, stored := apiKey(t, store, auth.SystemAdministrator)
	s := start(t, store, func(c *gateway.Config) { c.Streams = transport.StreamOptions{Recheck: 5 * time.Millisecond} })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, s.url+"/graphql", &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + key}}, Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"connection_init"}`)); err != nil {
		t.Fatal(err)
	}
	if _, text, err := conn.Read(ctx); err != nil || string(text) != `{"type":"connection_ack"}` {
		t.Fatal(string(text), err)
	}
	if err := store.RevokeAPIKey(ctx, stored.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, text, err := conn.Read(ctx); websocket.CloseStatus(err) != 4403 || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("got %s, %v", text, err)
	}
}

func TestAnEventStreamGoesThroughTheGateway(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	got := s.ask(t, "ann", "GET", "/graphql?query=%7BaiUsage%7Btotals%7Bsessions%7D%7D%7D", "", "", "Accept", "text/event-stream")
	const want = ":\n\nevent: next\ndata: {\"data\":{\"aiUsage\":{\"totals\":{\"sessions\":2}}}}\n\nevent: complete\ndata: \n\n"
	if got.status != 200 || got.body != want {
		t.Errorf("got %d %q", got.status, got.body)
	}
	if got := s.ask(t, "", "GET", "/graphql?query=%7B__typename%7D", "", "", "Accept", "text/event-stream"); got.status != 401 {
		t.Errorf("without credentials: got %d %s", got.status, got.body)
	}
}

func TestWebSocketsAreClosedAtTheEnd(t *testing.T) {
	handler, err := gateway.New(gateway.Config{Store: fill(t, dbtest.One(t)), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- gateway.Serve(ctx, listener, handler, slog.New(slog.DiscardHandler)) }()
	request, _ := http.NewRequest("GET", "http://"+listener.Addr().String(), nil)
	request.SetBasicAuth("ada", password)
	conn, _, err := websocket.Dial(t.Context(), request.URL.String()+"/graphql", &websocket.DialOptions{HTTPHeader: request.Header, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"connection_init"}`)); err != nil {
		t.Fatal(err)
	}
	if _, text, err := conn.Read(t.Context()); err != nil {
		t.Fatal(string(text), err)
	}
	stop()
	if _, text, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("got %s, %v", text, err)
	}
	if err := <-served; err != nil {
		t.Errorf("the end: %v", err)
	}
}

// The legacy contract promises bytes.
func TestGraphQLIsCompressedAndTheLegacyOperationIsNot(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	large := s.ask(t, "ada", "POST", "/graphql", "application/json", `{"query":"{__schema{types{name description fields{name description}}}}"}`, "Accept-Encoding", "gzip")
	if large.header.Get("Content-Encoding") != "gzip" || len(large.body) < 1000 {
		t.Errorf("GraphQL: got %v, %d bytes", large.header, len(large.body))
	}
	for _, path := range []string{"/ai/usage", "/ai/usage.html", "/metadata"} {
		if old := s.ask(t, "ada", "GET", path, "", "", "Accept-Encoding", "gzip"); old.status != 200 || old.header.Get("Content-Encoding") != "" {
			t.Errorf("%s: got %d %v", path, old.status, old.header)
		}
	}
}

// The whole way: a session that is written reaches those who listen, and who may
// see it.
func TestAChangeReachesThoseWhoListen(t *testing.T) {
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		store := fill(t, dsn)
		s := start(t, store, func(c *gateway.Config) { c.Watch.Interval = 5 * time.Millisecond })
		const subscription = `subscription{aiUsageChanged{totals{sessions}}}`
		ada, ann := s.listen(t, "ada", subscription), s.listen(t, "ann", subscription)
		conn := s.subscribe(t, "ada", subscription)
		expect := func(where string, next func() string, sessions int) {
			t.Helper()
			if got, want := next(), fmt.Sprintf(`{"data":{"aiUsageChanged":{"totals":{"sessions":%d}}}}`, sessions); got != want {
				t.Errorf("%s: got %s, want %s", where, got, want)
			}
		}
		expect("ada", ada, 3)
		expect("ann", ann, 2)
		expect("ada's WebSocket", conn, 3)
		if metrics := s.ask(t, "ada", "GET", "/metrics", "", "").body; !strings.Contains(metrics, "aiusage_live_listeners 3\n") || !strings.Contains(metrics, "aiusage_live_reports 2\n") ||
			!strings.Contains(metrics, "aiusage_graphql_streams 3\n") || !strings.Contains(metrics, "aiusage_live_dropped_listeners_total 0\n") {
			t.Errorf("got %s", metrics)
		}
		more := usage.Session{SessionID: "4", AccountID: "acc-2", StartedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), DurationSeconds: 1}
		if _, err := store.WriteSessions(t.Context(), []usage.Session{more}); err != nil {
			t.Fatal(err)
		}
		expect("ada", ada, 4)
		expect("ada's WebSocket", conn, 4)
		more.SessionID, more.AccountID = "5", "acc-1"
		if _, err := store.WriteSessions(t.Context(), []usage.Session{more}); err != nil {
			t.Fatal(err)
		}
		expect("ann, who does not see the other account", ann, 3)
	})
}

func TestWhoMayNotAskMayNotListen(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for user, c := range map[string]struct{ query, code string }{
		"nil": {`subscription{aiUsageChanged{asOf}}`, "FORBIDDEN"},
		"ann": {`subscription{aiUsageChanged(accountId:"acc-2"){asOf}}`, "FORBIDDEN"},
		"ada": {`subscription{aiUsageChanged(startDate:"never"){asOf}}`, "BAD_USER_INPUT"},
	} {
		next := s.listen(t, user, c.query)
		if got := next(); !strings.Contains(got, `"`+c.code+`"`) {
			t.Errorf("%s: got %s", user, got)
		}
		if got := next(); got != "" {
			t.Errorf("%s: got %s", user, got)
		}
	}
}

// listen subscribes by an event stream and returns what reads the data of the
// next event.
func (s *service) listen(t *testing.T, user, query string) (next func() string) {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"query": query})
	request, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(user, password)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil || response.StatusCode != 200 {
		t.Fatal(response, err)
	}
	t.Cleanup(func() { response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	return func() string {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		return ""
	}
}

// subscribe is listen by a WebSocket.
func (s *service) subscribe(t *testing.T, user, query string) (next func() string) {
	t.Helper()
	header := http.Header{"Authorization": {basic(user, password)}}
	conn, _, err := websocket.Dial(t.Context(), s.url+"/graphql", &websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	body, _ := json.Marshal(map[string]string{"query": query})
	for _, message := range []string{`{"type":"connection_init"}`, `{"id":"1","type":"subscribe","payload":` + string(body) + `}`} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	read := func() string {
		_, text, err := conn.Read(t.Context())
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
	read() // connection_ack
	return func() string {
		return strings.TrimSuffix(strings.TrimPrefix(read(), `{"type":"next","id":"1","payload":`), "}")
	}
}

// Who takes an operation back is told nothing more of it: not even under the id of the next one.
func TestASubscriptionThatIsTakenBackSaysNothing(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	request, _ := http.NewRequest("GET", s.url, nil)
	request.SetBasicAuth("ada", password)
	conn, _, err := websocket.Dial(t.Context(), s.url+"/graphql", &websocket.DialOptions{HTTPHeader: request.Header, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	say := func(message string) {
		t.Helper()
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	hear := func() string {
		t.Helper()
		_, message, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return string(message)
	}
	say(`{"type":"connection_init"}`)
	hear()
	for range 20 {
		const subscribe = `{"id":"1","type":"subscribe","payload":{"query":"subscription { aiUsageChanged { totals { sessions } } }"}}`
		say(subscribe)
		say(`{"id":"1","type":"complete"}`)
		say(subscribe)
		if message := hear(); !strings.HasPrefix(message, `{"type":"next","id":"1","payload":{"data":{"aiUsageChanged":{"totals":{"sessions":3}`) {
			t.Fatalf("got %s", message)
		}
		say(`{"id":"1","type":"complete"}`)
	}
}
