package gateway_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"aiusage/auth"
	"aiusage/db/dbtest"
	"aiusage/gateway"
	"aiusage/transport"
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
