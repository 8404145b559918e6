package legacy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"aiusage/legacy/answer"
	"aiusage/legacy/contract"
	"aiusage/usage"
)

func recorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// TestFact15ReasonPhrases speaks to a real server byte by byte.
func TestFact15ReasonPhrases(t *testing.T) {
	d := newDoor(t)
	d.respond = func(context.Context, usage.Request) (*usage.Report, error) { return nil, errDatabaseAway }
	s := d.listen(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Request-Id", "id-1")
			w.Header().Set("Vary", "Origin")
			next.ServeHTTP(w, r)
		})
	})
	for _, c := range []struct{ request, status string }{
		{"GET /ai/usage?startDate=x HTTP/1.1\r\n" + adminHeaders + "\r\n", "400 ArgumentException"},
		{"POST /ai/usage HTTP/1.1\r\n" + adminHeaders + asJSON + "\r\nContent-Length: 1\r\n\r\n{", "400 SerializationException"},
		{"GET /ai/usage HTTP/1.1\r\nHost: test\r\n" + wrongPassword + "\r\n\r\n", "401 Invalid Username or Password"},
		{"GET /ai/usage HTTP/1.1\r\nHost: test\r\nAuthorization: Basic Y2xlcms6c2VjcmV0\r\n\r\n", "403 Invalid Role"},
		{"GET /ai/usage HTTP/1.0\r\n" + adminHeaders + "\r\n", "503 ServiceUnavailable"},
		{"GET /api/Nope HTTP/1.1\r\n" + adminHeaders + "\r\n", "405 NotImplementedException"},
	} {
		method, _, _ := strings.Cut(c.request, " ")
		response, body := s.exchange(method, c.request)
		if response.Status != c.status || !response.Close || response.Header.Get("Date") == "" || response.Header.Get("X-Request-Id") != "id-1" ||
			strings.Join(response.Header["Vary"], ",") != "Origin,Accept" || response.ContentLength != int64(len(body)) {
			t.Errorf("%s: %s %v %q", c.status, response.Status, response.Header, body)
		}
		if (response.StatusCode == 403) != (body == "") {
			t.Errorf("%s: body %q", c.status, body)
		}
	}
}

// TestFact15ReasonPhraseOverTLS: taking the connection over works there too.
func TestFact15ReasonPhraseOverTLS(t *testing.T) {
	server := httptest.NewTLSServer(newDoor(t))
	defer server.Close()
	client := server.Client()
	client.Transport.(*http.Transport).TLSClientConfig.NextProtos = []string{"http/1.1"}
	r, _ := http.NewRequest("GET", server.URL+"/ai/usage?startDate=x", nil)
	r.SetBasicAuth("admin", "secret")
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || response.Status != "400 ArgumentException" || !bytes.Contains(body, []byte("StartDate")) {
		t.Errorf("%s %v %s", response.Status, err, body)
	}
}

// TestFact15OrdinaryAnswerOverHTTP2, where there are no reason phrases.
func TestFact15OrdinaryAnswerOverHTTP2(t *testing.T) {
	server := httptest.NewUnstartedServer(newDoor(t))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{}
	server.StartTLS()
	defer server.Close()
	r, _ := http.NewRequest("GET", server.URL+"/ai/usage?startDate=x", nil)
	r.SetBasicAuth("admin", "secret")
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.ProtoMajor != 2 || response.StatusCode != 400 || !bytes.Contains(body, []byte(`"fieldName":"StartDate"`)) {
		t.Errorf("%s %s %v %s", response.Proto, response.Status, err, body)
	}
}

// TestFact18PlainUnauthorizedKeepsTheConnection: a client that answers the
// challenge does so on the same connection.
func TestFact18PlainUnauthorizedKeepsTheConnection(t *testing.T) {
	connection, reader := newDoor(t).listen(t, nil).dial()
	for _, c := range []struct{ headers, status string }{{"Host: test\r\n", "401 Unauthorized"}, {adminHeaders, "200 OK"}} {
		io.WriteString(connection, "GET /ai/usage HTTP/1.1\r\n"+c.headers+"\r\n")
		response, err := http.ReadResponse(reader, nil)
		if err != nil || response.Status != c.status || response.Close {
			t.Fatalf("%v %+v", err, response)
		}
		io.Copy(io.Discard, response.Body)
	}
}

// TestFact15RefusedBodiesDoNotHideTheAnswer: the client sends more than the
// connection's buffers hold before it looks at the answer.
func TestFact15RefusedBodiesDoNotHideTheAnswer(t *testing.T) {
	s := newDoor(t).listen(t, nil)
	body := strings.Repeat("x", 200<<10)
	response, got := s.exchange("POST", "POST /ai/usage HTTP/1.1\r\nHost: test\r\n"+wrongPassword+"\r\nContent-Type: application/json\r\n"+
		"Content-Length: 204800\r\n\r\n"+body)
	if response.Status != "401 Invalid Username or Password" || !strings.Contains(got, "Unauthorized") {
		t.Errorf("%s %s", response.Status, got)
	}
	// A client that waits for 100 Continue is answered at once.
	response, _ = s.exchange("POST", "POST /ai/usage HTTP/1.1\r\nHost: test\r\n"+wrongPassword+"\r\nExpect: 100-continue\r\nContent-Length: 204800\r\n\r\n")
	if response.StatusCode != 401 {
		t.Errorf("%s", response.Status)
	}
}

// recording is the gateway's kind of wrapper: it notes the status.
type recording struct {
	http.ResponseWriter
	statuses chan<- int
}

func (r recording) RecordStatus(status int)     { r.statuses <- status }
func (r recording) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func TestFact15StatusIsToldToOuterHandlers(t *testing.T) {
	statuses := make(chan int, 1)
	s := newDoor(t).listen(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(recording{w, statuses}, r)
		})
	})
	response, _ := s.exchange("GET", "GET /ai/usage?startDate=x HTTP/1.1\r\n"+adminHeaders+"\r\n")
	if status := <-statuses; status != 400 || response.Status != "400 ArgumentException" {
		t.Errorf("%d %s", status, response.Status)
	}
}

// TestClientGoneEndsTheQuery: the context that Report gets ends with the client.
func TestClientGoneEndsTheQuery(t *testing.T) {
	d := newDoor(t)
	started, ended := make(chan struct{}), make(chan error, 1)
	d.respond = func(ctx context.Context, _ usage.Request) (*usage.Report, error) {
		close(started)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}
	finished := make(chan struct{})
	s := d.listen(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			close(finished)
		})
	})
	connection, _ := s.dial()
	io.WriteString(connection, "GET /ai/usage HTTP/1.1\r\n"+adminHeaders+"\r\n")
	<-started
	connection.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-finished
	if d.log.Len() != 0 {
		t.Errorf("logged %s", d.log.String())
	}
}

// countingWriter counts what is written and ends a context after the first write.
type countingWriter struct {
	header http.Header
	bytes  int
	cancel context.CancelFunc
}

func (w *countingWriter) Header() http.Header { return w.header }
func (w *countingWriter) WriteHeader(int)     {}
func (w *countingWriter) Write(p []byte) (int, error) {
	w.bytes += len(p)
	w.cancel()
	return len(p), nil
}

// TestEncodingStopsWithTheContext, and the connection is cut.
func TestEncodingStopsWithTheContext(t *testing.T) {
	report := customers(200_000)
	for as := range contract.ContentTypes {
		d := newDoor(t)
		d.respond = func(context.Context, usage.Request) (*usage.Report, error) { return report, nil }
		ctx, cancel := context.WithCancel(t.Context())
		r, _ := http.NewRequestWithContext(ctx, "GET", "/ai/usage."+string(as), nil)
		r.SetBasicAuth("admin", "secret")
		w := &countingWriter{header: http.Header{}, cancel: cancel}
		aborted := func() (aborted bool) {
			defer func() { aborted = recover() == http.ErrAbortHandler }()
			d.ServeHTTP(w, r)
			return false
		}()
		if !aborted || w.bytes > 1<<20 {
			t.Errorf("%s: aborted %v after %d bytes", as, aborted, w.bytes)
		}
	}
}

// failingWriter fails every write.
type failingWriter struct{ writes int }

func (w *failingWriter) Write([]byte) (int, error) {
	w.writes++
	return 0, io.ErrClosedPipe
}

func TestEncodingStopsWhenTheConnectionFails(t *testing.T) {
	w := &failingWriter{}
	if err := answer.WriteXML(w, customers(100_000)); !errors.Is(err, io.ErrClosedPipe) || w.writes != 1 {
		t.Errorf("%v after %d writes", err, w.writes)
	}
}

// TestEncodingHoldsNoRowsInMemory: it allocates one buffer, whatever the number
// of rows.
func TestEncodingHoldsNoRowsInMemory(t *testing.T) {
	report := customers(100_000) // 10 MB as XML
	for as := range contract.ContentTypes {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := answer.One(as, report).Write(t.Context(), io.Discard, contract.Representation{Format: as})
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; err != nil || allocated > 256<<10 || after.Mallocs-before.Mallocs > 1000 {
			t.Errorf("%s: %v, %d bytes in %d allocations", as, err, allocated, after.Mallocs-before.Mallocs)
		}
	}
}
