package legacy

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/legacy/contract"
	"aiusage/usage"
)

// within returns a door whose answers may take a minute.
func within(t *testing.T, respond func(context.Context, usage.Request) (*usage.Report, error)) *door {
	d := newDoor(t)
	d.respond = respond
	d.Handler.(*handler).Timeout = time.Minute
	return d
}

// unread is a writer that nobody reads from: it takes nothing until its deadline.
type unread struct {
	header   http.Header
	deadline time.Time
}

func (w *unread) Header() http.Header { return w.header }
func (w *unread) WriteHeader(int)     {}
func (w *unread) SetWriteDeadline(deadline time.Time) error {
	w.deadline = deadline
	return nil
}

func (w *unread) Write([]byte) (int, error) {
	if w.deadline.IsZero() {
		select {} // for ever
	}
	time.Sleep(time.Until(w.deadline)) // by the clock of the test
	return 0, os.ErrDeadlineExceeded
}

// TestASlowReaderIsCutOff, in every format, when a minute is over since the operation began.
func TestASlowReaderIsCutOff(t *testing.T) {
	for as := range contract.ContentTypes {
		synctest.Test(t, func(t *testing.T) {
			d := within(t, func(context.Context, usage.Request) (*usage.Report, error) {
				time.Sleep(20 * time.Second)
				return customers(10_000), nil
			})
			began := time.Now()
			r := httptest.NewRequest("GET", "/ai/usage."+string(as), nil)
			r.SetBasicAuth("admin", "secret")
			aborted := func() (aborted bool) {
				defer func() { aborted = recover() == http.ErrAbortHandler }()
				d.ServeHTTP(&unread{header: http.Header{}}, r)
				return false
			}()
			if took := time.Since(began); !aborted || took != time.Minute {
				t.Errorf("%s: aborted %v after %v", as, aborted, took)
			}
		})
	}
}

// TestALateAnswerIsAnError, whatever took so long: nothing of it has been written.
func TestALateAnswerIsAnError(t *testing.T) {
	for target, c := range map[string]struct {
		body string
		each time.Duration
	}{
		"/ai/usage":                {"", time.Minute},
		"/ai/usage.csv":            {"", time.Minute},
		"/json/reply/GetAIUsage[]": {`[{},{},{}]`, 20 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := within(t, func(context.Context, usage.Request) (*usage.Report, error) {
				time.Sleep(c.each) // by the clock of the test
				return oneRow(), nil
			})
			w := d.send("POST", target, c.body, "Content-Type: application/json")
			if w.Code != http.StatusGatewayTimeout || !strings.Contains(w.Body.String(), "took too long") || strings.Contains(w.Body.String(), "AIMinutes") {
				t.Errorf("%s: got %d %s", target, w.Code, w.Body)
			}
		})
	}
}
