package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/auth"
	"aiusage/transport"
	"aiusage/usage"
)

const timeout = time.Minute

// pipes is a network on which nothing is under way: what is written waits until it is read.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, open := <-p; open {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error { return nil }

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p <- server
	return client, nil
}

// manyRows is a report of some megabytes, compressed as well. HTTP/2 has four under way.
func manyRows() (*usage.Report, error) {
	rows, random := make([]usage.SubjectUsage, 100_000), rand.NewChaCha8([32]byte{})
	for i := range rows {
		id := make([]byte, 60)
		random.Read(id)
		rows[i] = usage.SubjectUsage{AccountID: fmt.Sprintf("account-%d", i/100), CustomerID: fmt.Sprintf("%x", id), Usage: usage.Usage{Minutes: int64(i), Sessions: 1}}
	}
	return usage.NewReport(usage.Query{Zone: time.UTC}, time.Now(), rows), nil
}

const askManyRows = `{"query":"{aiUsage{customerUsage{accountId customerId aiMinutes aiSeconds sessions}}}"}`

// Whoever does not take an answer in time loses the connection, so that a part of it is not
// taken for the whole.
func TestASlowReaderIsCutOff(t *testing.T) {
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		for _, encoding := range []string{"identity", "gzip"} {
			t.Run(version+" "+encoding, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { readSlowly(t, version, encoding) })
			})
		}
	}
}

func readSlowly(t *testing.T, version, encoding string) {
	network := make(pipes)
	handler, served := newHandler(t, manyRows, transport.Options{Timeout: timeout}), make(chan time.Duration, 1)
	var protocols http.Protocols
	protocols.SetHTTP1(version == "HTTP/1.1")
	protocols.SetUnencryptedHTTP2(version == "HTTP/2.0")
	server := &http.Server{Protocols: &protocols, WriteTimeout: time.Hour, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		defer func() { served <- time.Since(began) }()
		handler.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Operator)))
	})}
	ended := make(chan error)
	go func() { ended <- server.Serve(network) }()
	client := &http.Transport{DialContext: network.dial, Protocols: &protocols, DisableCompression: true}

	request, err := http.NewRequestWithContext(t.Context(), "POST", "http://pipe/", strings.NewReader(askManyRows))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-Encoding", encoding)
	response, err := client.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.Proto != version || response.StatusCode != 200 {
		t.Errorf("got %s %s", response.Proto, response.Status)
	}
	if _, err := io.ReadFull(response.Body, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if took := <-served; took != timeout {
		t.Errorf("it was served for %v", took)
	}
	if rest, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("the end came as if it were whole, after %d bytes", len(rest))
	}
	response.Body.Close()
	client.CloseIdleConnections()
	close(network)
	<-ended
	server.Close()
}

// An answer that was not ready in time is an error, whatever took so long.
func TestAnAnswerThatIsLateIsAnError(t *testing.T) {
	late := func() (*usage.Report, error) {
		time.Sleep(2 * timeout) // by the clock of the test
		return manyRows()
	}
	const want = `{"errors":[{"message":"the answer took too long","extensions":{"code":"TIMEOUT"}}],"data":null}`
	for _, query := range []string{askManyRows, `{"query":"{aiUsage{accountUsageConnection{nodes{accountId}}}}"}`, `{"query":"{aiUsage{asOf}}"}`} {
		synctest.Test(t, func(t *testing.T) {
			handler := newHandler(t, late, transport.Options{Timeout: timeout})
			answer := send(t, handler, "POST", "/", query)
			if answer.Code != 200 || !strings.Contains(answer.Body.String(), `"code":"TIMEOUT"`) || !strings.HasSuffix(answer.Body.String(), `"data":null}`) || answer.Body.Len() > 400 {
				t.Errorf("%s: got %d %.500s", query, answer.Code, answer.Body)
			}
			events := send(t, handler, "POST", "/", query, "Accept", "text/event-stream").Body.String()
			if !strings.Contains(events, `"code":"TIMEOUT"`) || strings.Contains(events, "asOf") || !strings.Contains(events, "event: complete") {
				t.Errorf("%s: as events, got %.500s", query, events)
			}
		})
	}
	// Time that is up before anything is read.
	handler := newHandler(t, func() (*usage.Report, error) { return nil, errors.New("read") }, transport.Options{Timeout: 1})
	events := send(t, handler, "POST", "/", askManyRows, "Accept", "text/event-stream").Body.String()
	if !strings.Contains(events, `"code":"TIMEOUT"`) || !strings.Contains(events, "event: complete") {
		t.Errorf("as events, got %.500s", events)
	}
	answer := send(t, handler, "POST", "/", askManyRows)
	if answer.Code != 200 || answer.Body.String() != want {
		t.Errorf("got %d %s\nwant %s", answer.Code, answer.Body, want)
	}
}

// timed is a writer that has a deadline.
type timed struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (w *timed) SetWriteDeadline(deadline time.Time) error {
	w.deadline = deadline
	return nil
}

// The error that the time was up has some time of its own, or nobody would get it.
func TestTheErrorOfATimeoutCanBeTaken(t *testing.T) {
	for limit, atLeast := range map[time.Duration]time.Duration{1: time.Second, time.Hour: 59 * time.Minute} {
		w, began := &timed{ResponseRecorder: httptest.NewRecorder()}, time.Now()
		request := httptest.NewRequestWithContext(auth.NewContext(t.Context(), auth.Operator), "POST", "/", strings.NewReader(ask))
		request.Header.Set("Content-Type", "application/json")
		newHandler(t, emptyReport, transport.Options{Timeout: limit}).ServeHTTP(w, request)
		if left := w.deadline.Sub(began); left < atLeast || left > time.Hour+time.Minute {
			t.Errorf("with a timeout of %v: %v to write %s", limit, left, w.Body)
		}
	}
}

// Errors that every row of a long list has do not make an answer long.
func TestManyErrorsAreCounted(t *testing.T) {
	const query = `{"query":"query($v:AIUsageMeasure=SESSIONS){aiUsage{accountUsage{share(of:$v)}}}","variables":{"v":null}}`
	_, answer, _ := post(t, func() (*usage.Report, error) {
		rows := make([]usage.SubjectUsage, 5000)
		for i := range rows {
			rows[i] = usage.SubjectUsage{AccountID: fmt.Sprintf("account-%04d", i), Usage: usage.Usage{Sessions: 1}}
		}
		return usage.NewReport(usage.Query{Zone: time.UTC}, time.Now(), rows), nil
	}, query)
	if errs := strings.Count(answer, `"message"`); errs != 1000 || !strings.Contains(answer, "and 4001 more errors") || !bytes.HasSuffix([]byte(answer), []byte("]}}}")) {
		t.Errorf("got %d errors: %.300s", errs, answer)
	}
}
