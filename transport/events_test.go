package transport_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aiusage/transport"
	"aiusage/usage"
)

// eventReader reads an event stream.
type eventReader struct {
	t       *testing.T
	version string
	lines   *bufio.Scanner
	beats   int
	cancel  context.CancelFunc
}

// listen begins a subscription by server-sent events.
func (l *live) listen(t *testing.T) *eventReader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, "POST", l.url, strings.NewReader(wordSubscription))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := l.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	header := response.Header
	if response.StatusCode != 200 || header.Get("Content-Type") != "text/event-stream; charset=utf-8" ||
		header.Get("Cache-Control") != "private, no-store" || header.Get("Content-Encoding") != "" {
		t.Fatalf("got %d %v", response.StatusCode, header)
	}
	return &eventReader{t: t, version: response.Proto, lines: bufio.NewScanner(response.Body), cancel: cancel}
}

// next returns an event as its name and data, and "" at the end.
func (e *eventReader) next() string {
	event := ""
	for e.lines.Scan() {
		switch line := e.lines.Text(); {
		case line == ":":
			e.beats++
		case strings.HasPrefix(line, "event: "):
			event = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data: "):
			return event + " " + strings.TrimPrefix(line, "data: ")
		}
	}
	return ""
}

func (e *eventReader) expect(want ...string) {
	e.t.Helper()
	for _, event := range want {
		if got := e.next(); got != event {
			e.t.Fatalf("got %q, want %q", got, event)
		}
	}
}

func TestASubscriptionIsAStreamOfEvents(t *testing.T) {
	l := startLive(t, transport.Options{})
	events := l.listen(t)
	l.say(t, "one")
	events.expect(`next {"data":{"word":"one"}}`)
	l.say(t, "two")
	events.expect(`next {"data":{"word":"two"}}`)
	if streams := l.handler.Stats().Streams; streams != 1 {
		t.Errorf("%d streams", streams)
	}
	close(l.events)
	events.expect("complete ", "")
	l.awaitNoStreams(t)
}

// The timeouts of the server are for requests that come to an end.
func TestAStreamOutlivesTheTimeoutsOfTheServer(t *testing.T) {
	for version, start := range map[string]func(*httptest.Server){
		"HTTP/1.1": (*httptest.Server).Start,
		"HTTP/2":   func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		t.Run(version, func(t *testing.T) {
			l := startLiveBy(t, transport.Options{Streams: transport.StreamOptions{Heartbeat: 50 * time.Millisecond}}, start)
			events := l.listen(t)
			if !strings.HasPrefix(events.version, version) {
				t.Errorf("it is %s", events.version)
			}
			for events.beats < 30 && events.lines.Scan() {
				if events.lines.Text() == ":" {
					events.beats++
				}
			}
			l.say(t, "late")
			events.expect(`next {"data":{"word":"late"}}`)
		})
	}
}

func TestAListenerWhoLeavesEndsTheOperation(t *testing.T) {
	l := startLive(t, transport.Options{})
	events := l.listen(t)
	await(t, "subscription", l.begun)
	events.cancel()
	await(t, "end", l.ended)
	l.awaitNoStreams(t)
}

func TestAnErrorEndsAStream(t *testing.T) {
	for name, c := range map[string]struct {
		end          func(l *live)
		shows, hides string
	}{
		"of the caller":  {func(l *live) { l.fail(usage.Errorf(usage.TooManyRequests, "too slow")) }, `"message":"too slow","extensions":{"code":"TOO_MANY_REQUESTS"}`, "none"},
		"of the gateway": {func(l *live) { l.fail(errors.New("secret")) }, `"code":"INTERNAL_SERVER_ERROR"`, "secret"},
		"a panic":        {func(l *live) { l.say(t, "panic") }, `"code":"INTERNAL_SERVER_ERROR"`, "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			l := startLive(t, transport.Options{})
			events := l.listen(t)
			c.end(l)
			got := events.next()
			if !strings.HasPrefix(got, `next {"errors":[`) || !strings.Contains(got, c.shows) || strings.Contains(got, c.hides) {
				t.Errorf("got %s", got)
			}
			events.expect("complete ", "")
			l.awaitNoStreams(t)
		})
	}
}

func TestCredentialsAreCheckedWhileAStreamLasts(t *testing.T) {
	other := "somebody with other accounts"
	for name, change := range map[string]func(*fakeAccess){
		"revoked":        func(a *fakeAccess) { a.refusal.Store(usage.Errorf(usage.Unauthenticated, "revoked")) },
		"another access": func(a *fakeAccess) { a.who.Store(&other) },
	} {
		t.Run(name, func(t *testing.T) {
			l := startLive(t, transport.Options{Streams: transport.StreamOptions{Recheck: 5 * time.Millisecond}})
			events := l.listen(t)
			for l.access.entered.Load() < 3 {
				time.Sleep(time.Millisecond)
			}
			l.say(t, "still in")
			events.expect(`next {"data":{"word":"still in"}}`)
			change(l.access)
			if got := events.next(); !strings.HasPrefix(got, "next ") || !strings.Contains(got, `"UNAUTHENTICATED"`) {
				t.Errorf("got %s", got)
			}
			events.expect("complete ", "")
		})
	}
}

// Where it cannot be told whether somebody may stay, they may for a while.
func TestAStreamEndsWhenCredentialsCannotBeCheckedForLong(t *testing.T) {
	l := startLive(t, transport.Options{Streams: transport.StreamOptions{Recheck: 5 * time.Millisecond}})
	events := l.listen(t)
	before := l.access.entered.Load()
	l.access.refusal.Store(usage.Errorf(usage.Unavailable, "away"))
	if got := events.next(); !strings.Contains(got, `"SERVICE_UNAVAILABLE"`) {
		t.Errorf("got %s", got)
	}
	if asked := l.access.entered.Load() - before; asked < 5 {
		t.Errorf("the stream ended after %d checks", asked)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	for name, options := range map[string]transport.StreamOptions{"in all": {Max: 2}, "per caller": {MaxPerCaller: 2}} {
		t.Run(name, func(t *testing.T) {
			l := startLive(t, transport.Options{Streams: options})
			first := l.listen(t)
			l.listen(t)
			got := send(t, l.handler, "POST", "/", wordSubscription, "Accept", "text/event-stream")
			if got.Code != http.StatusTooManyRequests || !strings.Contains(got.Body.String(), `"TOO_MANY_REQUESTS"`) {
				t.Errorf("got %d %s", got.Code, got.Body)
			}
			first.cancel()
			for l.handler.Stats().Streams > 1 {
				time.Sleep(time.Millisecond)
			}
			l.listen(t)
		})
	}
}

// Without "complete" clients connect again, to another gateway or the next.
func TestStreamsEndWithTheServer(t *testing.T) {
	l := startLive(t, transport.Options{})
	events := l.listen(t)
	l.say(t, "one")
	events.expect(`next {"data":{"word":"one"}}`)
	l.lifetime.End()
	events.expect("")
	if err := events.lines.Err(); err != nil {
		t.Errorf("the stream was cut off: %v", err)
	}
	l.lifetime.Wait(t.Context())
	events = l.listen(t)
	events.expect("")
}
