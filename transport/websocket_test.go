package transport_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"aiusage/transport"
	"aiusage/usage"
)

// client is one end of a WebSocket.
type client struct {
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context
}

// dial opens a WebSocket with some protocols.
func (l *live) dial(t *testing.T, header http.Header, protocols ...string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, l.url, &websocket.DialOptions{Subprotocols: protocols, HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	return &client{t, conn, ctx}
}

// open dials and is let in.
func (l *live) open(t *testing.T) *client {
	t.Helper()
	c := l.dial(t, nil, "graphql-transport-ws")
	c.say(`{"type":"connection_init"}`)
	c.expect(`{"type":"connection_ack"}`)
	return c
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) next() (string, error) {
	_, text, err := c.conn.Read(c.ctx)
	return string(text), err
}

func (c *client) expect(want ...string) {
	c.t.Helper()
	for _, message := range want {
		if got, err := c.next(); err != nil || got != message {
			c.t.Fatalf("got %q, %v; want %q", got, err, message)
		}
	}
}

// expectClose expects nothing more but the end, with a code.
func (c *client) expectClose(code websocket.StatusCode) {
	c.t.Helper()
	if text, err := c.next(); websocket.CloseStatus(err) != code {
		c.t.Errorf("got %q, %v; want close code %d", text, err, code)
	}
}

const subscribeWord = `{"id":"1","type":"subscribe","payload":` + wordSubscription + `}`

func TestASubscriptionOverAWebSocket(t *testing.T) {
	l := startLive(t, transport.Options{})
	c := l.open(t)
	c.say(`{"type":"ping","payload":{"n":1}}`)
	c.expect(`{"type":"pong","payload":{"n":1}}`)
	c.say(subscribeWord)
	l.say(t, "one")
	c.expect(`{"type":"next","id":"1","payload":{"data":{"word":"one"}}}`)
	c.say(`{"id":"2","type":"subscribe","payload":` + wordQuery + `}`)
	c.expect(`{"type":"next","id":"2","payload":{"data":{"word":"once"}}}`, `{"type":"complete","id":"2"}`)
	l.say(t, "two")
	c.expect(`{"type":"next","id":"1","payload":{"data":{"word":"two"}}}`)
	close(l.events)
	c.expect(`{"type":"complete","id":"1"}`)
	if streams := l.handler.Stats().Streams; streams != 1 {
		t.Errorf("%d streams", streams)
	}
	c.conn.Close(websocket.StatusNormalClosure, "")
	l.awaitNoStreams(t)
}

func TestWhatBreaksTheProtocolClosesTheConnection(t *testing.T) {
	l := startLive(t, transport.Options{Limits: transport.Limits{Body: 1000}})
	for name, c := range map[string]struct {
		messages []string
		code     websocket.StatusCode
	}{
		"subscribe before it is let in": {[]string{subscribeWord}, 4401},
		"no JSON":                       {[]string{`{`}, 4400},
		"not a message":                 {[]string{`{"type":"next"}`}, 4400},
		"a type that is none":           {[]string{`{"type":"connection_init"}`, `{"type":"start"}`}, 4400},
		"connection_init twice":         {[]string{`{"type":"connection_init"}`, `{"type":"connection_init"}`}, 4429},
		"a payload that is no object":   {[]string{`{"type":"connection_init","payload":[]}`}, 4400},
		"no id":                         {[]string{`{"type":"connection_init"}`, `{"type":"subscribe","payload":` + wordQuery + `}`}, 4400},
		"no payload":                    {[]string{`{"type":"connection_init"}`, `{"type":"subscribe","id":"1"}`}, 4400},
		"an id twice":                   {[]string{`{"type":"connection_init"}`, subscribeWord, subscribeWord}, 4409},
		"too long":                      {[]string{`{"type":"connection_init"}`, `{"type":"ping","payload":"` + strings.Repeat("x", 1000) + `"}`}, websocket.StatusMessageTooBig},
		"wrong credentials":             {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer wrong"}}`}, 4403},
	} {
		t.Run(name, func(t *testing.T) {
			client := l.dial(t, nil, "graphql-transport-ws")
			for _, text := range c.messages {
				client.say(text)
			}
			if len(c.messages) > 1 {
				client.expect(`{"type":"connection_ack"}`)
			}
			client.expectClose(c.code)
		})
	}
	for name, protocols := range map[string][]string{"no protocol": nil, "the protocol of old": {"graphql-ws"}} {
		t.Run(name, func(t *testing.T) { l.dial(t, nil, protocols...).expectClose(4406) })
	}
	binary := l.dial(t, nil, "graphql-transport-ws")
	if err := binary.conn.Write(binary.ctx, websocket.MessageBinary, []byte(`{"type":"connection_init"}`)); err != nil {
		t.Fatal(err)
	}
	binary.expectClose(4400)
	l.awaitNoStreams(t)
}

func TestWhatIsWrongWithAnOperationEndsThatOnly(t *testing.T) {
	l := startLive(t, transport.Options{Limits: transport.Limits{Aliases: 1}, Streams: transport.StreamOptions{Operations: 2}})
	c := l.open(t)
	for payload, says := range map[string]string{
		`{"query":"{nonsense}"}`:      "GRAPHQL_VALIDATION_FAILED",
		`{"query":"{"}`:               "GRAPHQL_PARSE_FAILED",
		`{}`:                          "the query is missing",
		`{"query":1}`:                 "query is a number, not a string",
		`{"query":"{a:word b:word}"}`: "OPERATION_TOO_LARGE",
		`{"documentId":"sha256:00"}`:  "PERSISTED_QUERY_NOT_FOUND",
	} {
		c.say(`{"id":"1","type":"subscribe","payload":` + payload + `}`)
		if got, err := c.next(); err != nil || !strings.HasPrefix(got, `{"type":"error","id":"1","payload":[{`) || !strings.Contains(got, says) {
			t.Errorf("%s: got %s, %v", payload, got, err)
		}
	}
	c.say(subscribeWord)
	c.say(strings.Replace(subscribeWord, `"1"`, `"2"`, 1))
	c.say(strings.Replace(subscribeWord, `"1"`, `"3"`, 1))
	if got, err := c.next(); err != nil || !strings.HasPrefix(got, `{"type":"error","id":"3"`) || !strings.Contains(got, "TOO_MANY_REQUESTS") {
		t.Errorf("too many operations: got %s, %v", got, err)
	}
	c.say(`{"id":"1","type":"complete"}`)
	await(t, "end", l.ended)
	c.say(`{"id":"2","type":"complete"}`)
	await(t, "end", l.ended)
	c.say(`{"type":"ping"}`)
	c.expect(`{"type":"pong"}`) // and no "complete" before it
	l.reuse(t, c)
	l.fail(errors.New("secret"))
	if got, err := c.next(); err != nil || !strings.HasPrefix(got, `{"type":"error","id":"1"`) || !strings.Contains(got, "INTERNAL_SERVER_ERROR") || strings.Contains(got, "secret") {
		t.Errorf("a fault: got %s, %v", got, err)
	}
	l.reuse(t, c)
	l.say(t, "panic")
	if got, err := c.next(); err != nil || !strings.HasPrefix(got, `{"type":"error","id":"1"`) || !strings.Contains(got, "INTERNAL_SERVER_ERROR") || strings.Contains(got, "secret") {
		t.Errorf("a panic: got %s, %v", got, err)
	}
}

// reuse begins an operation with the id of one that has ended.
func (l *live) reuse(t *testing.T, c *client) {
	t.Helper()
	c.say(subscribeWord)
	l.say(t, "again")
	c.expect(`{"type":"next","id":"1","payload":{"data":{"word":"again"}}}`)
}

func TestAWebSocketIsLetInByItsRequestOrItsFirstMessage(t *testing.T) {
	l := startLive(t, transport.Options{})
	l.dial(t, http.Header{"Authorization": {"Bearer right"}}, "graphql-transport-ws").say(`{"type":"connection_init"}`)
	wrong := l.dial(t, http.Header{"Authorization": {"Bearer wrong"}}, "graphql-transport-ws")
	wrong.say(`{"type":"connection_init","payload":{"Authorization":"Bearer right"}}`)
	wrong.expect(`{"type":"connection_ack"}`)
	wrong = l.dial(t, http.Header{"Authorization": {"Bearer wrong"}}, "graphql-transport-ws")
	wrong.say(`{"type":"connection_init","payload":null}`)
	wrong.expectClose(4403)
}

func TestAWebSocketThatDoesNotSayWhoItIsIsClosed(t *testing.T) {
	l := startLive(t, transport.Options{Streams: transport.StreamOptions{InitPatience: 20 * time.Millisecond}})
	c := l.dial(t, nil, "graphql-transport-ws")
	c.say(`{"type":"ping"}`)
	c.expect(`{"type":"pong"}`)
	c.expectClose(4408)
	l.awaitNoStreams(t)
}

func TestAPageOfAnotherSiteHasNoWebSocket(t *testing.T) {
	l := startLive(t, transport.Options{})
	_, response, err := websocket.Dial(t.Context(), l.url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
	if err == nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("got %v, %v", response, err)
	}
}

func TestCredentialsAreCheckedWhileAWebSocketLasts(t *testing.T) {
	l := startLive(t, transport.Options{Streams: transport.StreamOptions{Recheck: 5 * time.Millisecond}})
	c := l.open(t)
	c.say(subscribeWord)
	l.say(t, "one")
	c.expect(`{"type":"next","id":"1","payload":{"data":{"word":"one"}}}`)
	l.access.refusal.Store(usage.Errorf(usage.Unauthenticated, "revoked"))
	c.expect(`{"type":"error","id":"1","payload":[{"message":"revoked","extensions":{"code":"UNAUTHENTICATED"}}]}`)
	c.expectClose(4403)
	l.awaitNoStreams(t)
}

func TestWebSocketsAreBounded(t *testing.T) {
	l := startLive(t, transport.Options{Streams: transport.StreamOptions{MaxPerCaller: 2}})
	l.open(t)
	l.open(t)
	if _, response, err := websocket.Dial(t.Context(), l.url, nil); err == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("by the request's credentials: got %v, %v", response, err)
	}
	third := l.stranger(t, "here")
	third.say(`{"type":"connection_init","payload":{"Authorization":"Bearer right"}}`)
	third.expectClose(websocket.StatusTryAgainLater)
}

// stranger opens a WebSocket without good credentials.
func (l *live) stranger(t *testing.T, address string) *client {
	t.Helper()
	c := l.dial(t, http.Header{"Authorization": {"Bearer wrong"}, "X-Address": {address}}, "graphql-transport-ws")
	c.say(`{"type":"ping"}`)
	c.expect(`{"type":"pong"}`)
	return c
}

func TestSilentWebSocketsShutNobodyOut(t *testing.T) {
	l := startLive(t, transport.Options{Streams: transport.StreamOptions{Max: 4, MaxPerCaller: 2}})
	first, second := l.stranger(t, "here"), l.stranger(t, "here")
	third := l.stranger(t, "here")
	first.expectClose(-1) // the oldest of the address has to go, without a word
	elsewhere := []*client{l.stranger(t, "a"), l.stranger(t, "b")}
	l.stranger(t, "c")
	second.expectClose(-1) // the oldest of all
	l.open(t)              // those who are known have places of their own
	l.open(t)
	if streams := l.handler.Stats().Streams; streams != 6 {
		t.Errorf("%d streams", streams)
	}
	l.access.who.Store(new("somebody else"))
	const in = `{"type":"connection_init","payload":{"Authorization":"Bearer right"}}`
	for _, client := range elsewhere {
		client.say(in)
		client.expect(`{"type":"connection_ack"}`)
	}
	third.say(in)
	third.expectClose(websocket.StatusTryAgainLater) // two are as many as one caller may have
}

func TestAWebSocketIsCheckedOnceUnlessItSaysOtherwise(t *testing.T) {
	l := startLive(t, transport.Options{})
	l.open(t)
	if entered := l.access.entered.Load(); entered != 1 {
		t.Errorf("checked %d times", entered)
	}
	l.access.who.Store(new("one"))
	c := l.dial(t, nil, "graphql-transport-ws")
	l.access.who.Store(new("another"))
	c.say(`{"type":"connection_init","payload":{"Authorization":"Bearer right"}}`)
	c.expect(`{"type":"connection_ack"}`)
	if entered := l.access.entered.Load(); entered != 3 {
		t.Errorf("checked %d times", entered)
	}
	if streams := l.handler.Stats().Streams; streams != 2 {
		t.Errorf("%d streams", streams)
	}
}

func TestAWebSocketWhoseCredentialsCannotBeCheckedIsRefusedAsAnyRequest(t *testing.T) {
	l := startLive(t, transport.Options{})
	l.access.refusal.Store(&usage.Error{Code: usage.Unavailable, Message: "away"})
	_, response, err := websocket.Dial(t.Context(), l.url, nil)
	if err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %v, %v", response, err)
	}
}

func TestAWebSocketThatIsCutOffEndsItsOperations(t *testing.T) {
	l := startLive(t, transport.Options{Streams: transport.StreamOptions{Heartbeat: 5 * time.Millisecond}})
	c := l.open(t)
	c.say(subscribeWord)
	await(t, "subscription", l.begun)
	c.conn.CloseNow()
	await(t, "end", l.ended)
	l.awaitNoStreams(t)
}

func TestWebSocketsEndWithTheServer(t *testing.T) {
	l := startLive(t, transport.Options{})
	c := l.open(t)
	c.say(subscribeWord)
	l.say(t, "one")
	c.expect(`{"type":"next","id":"1","payload":{"data":{"word":"one"}}}`)
	l.lifetime.End()
	c.expectClose(websocket.StatusGoingAway)
	l.lifetime.Wait(t.Context())
	l.awaitNoStreams(t)
}
