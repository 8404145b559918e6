package gateway_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"aiusage/db"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// unpacked undoes an encoding.
func unpacked(t *testing.T, encoding, body string) string {
	t.Helper()
	var reader io.Reader = strings.NewReader(body)
	var err error
	switch encoding {
	case "gzip":
		reader, err = gzip.NewReader(reader)
	case "zstd":
		reader, err = zstd.NewReader(reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// endless is a database with so many customers that their series are read in many parts. A
// part fails once broken is set, and open counts the snapshots that are held.
type endless struct {
	*db.Store
	// customers is how many there are; 0 stands for 1,000.
	customers int
	broken    atomic.Bool
	// waits has every part but the first wait for the end of who asked.
	waits atomic.Bool
	open  atomic.Int32
	parts atomic.Int32
}

func (e *endless) Snapshot(ctx context.Context) usage.Snapshot {
	e.open.Add(1)
	snapshot := &endlessSnapshot{endless: e}
	return snapshot
}

type endlessSnapshot struct {
	*endless
	closed atomic.Bool
}

func (s *endlessSnapshot) Report(_ context.Context, query usage.Query) (*usage.Report, error) {
	var subjects []usage.SubjectUsage
	for i := range cmp.Or(s.customers, 1000) {
		subjects = append(subjects, usage.SubjectUsage{AccountID: "a", CustomerID: fmt.Sprintf("c%04d", i), Usage: usage.Usage{Minutes: 1, Seconds: 1, Sessions: 1}})
	}
	return usage.NewReport(query, time.Now(), subjects), nil
}

func (s *endlessSnapshot) Series(ctx context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	buckets, err := usage.Buckets(query.Range, query.Step, query.Zone)
	if err == nil && query.Level != usage.Together {
		if s.parts.Add(1) > 1 && s.broken.Load() {
			err = errors.New("the database has gone in the middle")
		} else if s.parts.Load() > 1 && s.waits.Load() {
			<-ctx.Done()
		}
	}
	return usage.NewSeriesSet(query, buckets), errors.Join(err, ctx.Err())
}

func (s *endlessSnapshot) Names(context.Context, []usage.Subject) (map[usage.Subject]string, error) {
	return nil, nil
}

func (*endlessSnapshot) Sessions(context.Context, usage.SessionsQuery) ([]usage.ListedSession, error) {
	return nil, nil
}

func (s *endlessSnapshot) Close() error {
	if !s.closed.Swap(true) {
		s.open.Add(-1)
	}
	return nil
}

// 1,000 customers by the quarter-hour of 100 days are 9.6 million rows, in ten parts.
const endlessPath = "/export/usage.csv?columns=sessions&granularity=QUARTER_HOUR&startDate=2026-03-01&endDate=2026-06-08"

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// begin asks for the endless export on a connection of its own.
func begin(t *testing.T, s *service, protocol string, headers ...string) (net.Conn, *http.Request) {
	t.Helper()
	return beginAt(t, s, endlessPath, protocol, headers...)
}

func beginAt(t *testing.T, s *service, path, protocol string, headers ...string) (net.Conn, *http.Request) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	request, err := http.NewRequest("GET", s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("ada", password)
	fmt.Fprintf(conn, "GET %s %s\r\nHost: x\r\nAuthorization: %s\r\n%s\r\n", path, protocol, request.Header.Get("Authorization"), strings.Join(headers, ""))
	return conn, request
}

// readAnswer reads an answer to its end. Of HTTP/1.0 that is where the connection ends.
func readAnswer(conn net.Conn, request *http.Request) ([]byte, error) {
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(response.Body)
}

// An error in the middle of an export ends it in a way that no reader takes for its end,
// whatever it has been packed in.
func TestAnExportThatFailsInTheMiddleNeverLooksComplete(t *testing.T) {
	store := &endless{Store: fill(t, dbtest.One(t))}
	s := start(t, store)
	store.broken.Store(true)
	for _, protocol := range []string{"HTTP/1.1", "HTTP/1.0"} {
		for _, encoding := range []string{"identity", "gzip"} {
			store.parts.Store(0)
			conn, request := begin(t, s, protocol, "Accept-Encoding: "+encoding+"\r\n")
			content, err := readAnswer(conn, request)
			if err == nil || len(content) == 0 {
				t.Errorf("%s, %s: %d bytes and no error", protocol, encoding, len(content))
			}
			await(t, "the snapshot is closed", func() bool { return store.open.Load() == 0 })
		}
	}
	await(t, "the log says of each answer that it was cut", func() bool { return strings.Count(s.log.String(), `"cut":true`) == 4 })
	// What fails before the first byte is an error like any other.
	store.parts.Store(1)
	got := s.ask(t, "ada", "GET", endlessPath, "", "", "Accept-Encoding", "gzip")
	if got.status != 500 || !strings.Contains(got.body, `"INTERNAL_SERVER_ERROR"`) || got.header.Get("Content-Disposition") != "" ||
		got.header.Get("Content-Encoding") != "" || got.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("before the first byte: got %d %v %s", got.status, got.header, got.body)
	}
}

// A caller who hangs up, and one who reads no further until the time is up, hold no state
// of the database any longer.
func TestReadersThatStopHoldNoSnapshot(t *testing.T) {
	store := &endless{Store: fill(t, dbtest.One(t))}
	s := start(t, store, func(config *gateway.Config) { config.QueryTimeout = 2 * time.Second })
	store.waits.Store(true)
	conn, _ := begin(t, s, "HTTP/1.1")
	if _, err := io.ReadFull(conn, make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	if store.open.Load() != 1 {
		t.Fatalf("%d snapshots are open", store.open.Load())
	}
	conn.Close()
	await(t, "the snapshot of who hung up is closed", func() bool { return store.open.Load() == 0 })

	for _, path := range []string{endlessPath, "/export/usage.csv?previous=1"} { // only heads, and an error after the first report
		if got := s.ask(t, "ada", "HEAD", path, "", ""); got.status != 200 && got.status != 400 || store.open.Load() != 0 {
			t.Errorf("HEAD %s: got %d, and %d snapshots are open", path, got.status, store.open.Load())
		}
	}

	store.parts.Store(0)
	conn, request := begin(t, s, "HTTP/1.1")
	await(t, "the snapshot of who reads nothing is closed", func() bool { return store.parts.Load() > 0 && store.open.Load() == 0 })
	if content, err := readAnswer(conn, request); err == nil {
		t.Errorf("%d bytes look like a whole export", len(content))
	}
}

// Who reads slowly holds no state of the database: all is read from it at the pace at which it
// can be, and kept until it is taken.
func TestSlowReadersHoldNoSnapshot(t *testing.T) {
	// With all columns, far more than connections hold; and soon read, because a reader who takes
	// nothing is given up on after a while.
	store := &endless{Store: fill(t, dbtest.One(t)), customers: 120}
	s := start(t, store)
	conn, request := beginAt(t, s, strings.Replace(endlessPath, "columns=sessions&", "", 1), "HTTP/1.1")
	await(t, "all has been read", func() bool { return store.parts.Load() > 1 && store.open.Load() == 0 })
	content, err := readAnswer(conn, request)
	if lines := strings.Count(string(content), "\n"); err != nil || lines != 1+120*9600 || len(content) < 32<<20 {
		t.Errorf("got %d lines, %d bytes, %v", lines, len(content), err)
	}
}

// An export that begins too late is told so.
func TestTheQueryTimeoutBoundsExports(t *testing.T) {
	store := fill(t, dbtest.One(t))
	for timeout, status := range map[time.Duration]int{1: 504, time.Hour: 200, 0: 200} {
		s := start(t, store, func(config *gateway.Config) { config.QueryTimeout = timeout })
		got := s.ask(t, "ada", "GET", "/export/usage.csv", "", "")
		if got.status != status || strings.Contains(got.body, `"TIMEOUT"`) != (status == 504) {
			t.Errorf("within %v: got %d %s", timeout, got.status, got.body)
		}
	}
}
