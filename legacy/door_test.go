package legacy

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/usage"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// door is the handler under test, with a reporter that remembers what it was
// asked and authentication by the user names "admin" and "clerk".
type door struct {
	http.Handler
	log strings.Builder

	mu       sync.Mutex
	requests []usage.Request
	respond  func(context.Context, usage.Request) (*usage.Report, error)
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{respond: func(context.Context, usage.Request) (*usage.Report, error) { return oneRow(), nil }}
	d.Handler = New(Config{
		Report: func(ctx context.Context, request usage.Request) (*usage.Report, error) {
			if _, err := request.Query(nil, time.Time{}); err != nil {
				return nil, err
			}
			d.mu.Lock()
			d.requests = append(d.requests, request)
			respond := d.respond
			d.mu.Unlock()
			return respond(ctx, request)
		},
		Authenticate: authenticate,
		Log:          slog.New(slog.NewTextHandler(&d.log, nil)),
		MaxBody:      4096,
	})
	return d
}

var errDatabaseAway = usage.Errorf(usage.Unavailable, "the database cannot be reached")

func authenticate(r *http.Request) (auth.Principal, error) {
	switch name, password, ok := r.BasicAuth(); {
	case !ok:
		return auth.Principal{}, auth.ErrNoCredentials
	case name == "away":
		return auth.Principal{}, errDatabaseAway
	case password != "secret":
		return auth.Principal{}, auth.ErrWrongCredentials
	case name == "admin":
		return auth.Principal{Name: name, Roles: []string{auth.SystemAdministrator}}, nil
	default:
		return auth.Principal{Name: name}, nil
	}
}

// asked returns what the reporter was asked since the last call.
func (d *door) asked() []usage.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	requests := d.requests
	d.requests = nil
	return requests
}

// send makes a request as the administrator. Headers are "Name: value".
func (d *door) send(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, reader)
	r.SetBasicAuth("admin", "secret")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if value == "" {
			r.Header.Del(name)
		} else {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// bound sends a request and returns the one thing the reporter was asked.
func (d *door) bound(t *testing.T, method, target, body string, headers ...string) usage.Request {
	t.Helper()
	w := d.send(method, target, body, headers...)
	requests := d.asked()
	if w.Code != http.StatusOK || len(requests) != 1 {
		t.Fatalf("%s %s: %d, %d reports\n%s", method, target, w.Code, len(requests), w.Body)
	}
	return requests[0]
}

// refused sends a request that must be refused with a status, and returns the body.
func (d *door) refused(t *testing.T, status int, method, target, body string, headers ...string) string {
	t.Helper()
	w := d.send(method, target, body, headers...)
	if requests := d.asked(); w.Code != status || len(requests) != 0 {
		t.Fatalf("%s %s %q: %d, %d reports, want %d\n%s", method, target, body, w.Code, len(requests), status, w.Body)
	}
	return w.Body.String()
}

// The reports that the golden answers show.

func emptyReport() *usage.Report { return reportOf() }

func oneRow() *usage.Report { return reportOf(subject("acc-1", "cus-1", 7)) }

func subject(account, customer string, minutes int64) usage.SubjectUsage {
	return usage.SubjectUsage{AccountID: account, CustomerID: customer,
		Usage: usage.Usage{Minutes: minutes, Seconds: minutes * 60, Sessions: 1}}
}

func reportOf(subjects ...usage.SubjectUsage) *usage.Report {
	return usage.NewReport(usage.Query{Zone: time.UTC}, time.Time{}, subjects)
}

// manyRows has an account with sessions of no customer, and the greatest number.
func manyRows() *usage.Report {
	return reportOf(subject("acc-1", "", 5), subject("acc-1", "cus-1", 7), subject("acc-1", "cus-2", 0),
		subject("acc-2", "cus-1", 2147483647))
}

// strangeIDs are ids that some format must escape.
var strangeIDs = []string{
	`<&>"'`, `a,b`, `a"b`, `"`, `[a]`, `{a:b}`, "line\nfeed", "carriage\r\nreturn", "tab\there", "😀", "é\u2028\u00A0",
	" leading", "trailing ", `back\slash`, "]]>", "", "a:b", "%41+", "\uFFFD", "null",
}

func strangeReport() *usage.Report {
	var subjects []usage.SubjectUsage
	for i, id := range strangeIDs {
		subjects = append(subjects, subject("acc "+id, id+".", int64(i)))
	}
	subjects = append(subjects, subject("", "cus", 1))
	return reportOf(subjects...)
}

// controlReport has control characters that XML cannot hold.
func controlReport() *usage.Report { return reportOf(subject("a\x01\x1F\x7F\u0085\b\f", "c\x00", 1)) }

// golden compares with a file in testdata, byte for byte.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs\n got: %q\nwant: %q", name, got, want)
	}
}

// wire is a real server that is spoken to byte by byte.
type wire struct {
	*httptest.Server
	t *testing.T
}

func (d *door) listen(t *testing.T, outer func(http.Handler) http.Handler) wire {
	t.Helper()
	var handler http.Handler = d
	if outer != nil {
		handler = outer(d)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return wire{server, t}
}

const adminHeaders = "Host: test\r\nAuthorization: Basic YWRtaW46c2VjcmV0\r\n" // admin:secret

// dial opens a connection that fails rather than hangs.
func (s wire) dial() (net.Conn, *bufio.Reader) {
	s.t.Helper()
	connection, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { connection.Close() })
	connection.SetDeadline(time.Now().Add(20 * time.Second))
	return connection, bufio.NewReader(connection)
}

// exchange sends raw bytes and reads one response to them.
func (s wire) exchange(method, raw string) (*http.Response, string) {
	s.t.Helper()
	connection, reader := s.dial()
	if _, err := io.WriteString(connection, raw); err != nil {
		s.t.Fatal(err)
	}
	response, err := http.ReadResponse(reader, &http.Request{Method: method})
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, string(body)
}

var errPlain = errors.New("password of the database is hunter2")
