package gateway

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"aiusage/observe"
	"aiusage/observe/metrics"
	"aiusage/usage"
)

// observing returns what observes requests by a log alone.
func observing(log *slog.Logger) *observer { return &observer{log: log, metrics: metrics.New()} }

// A panic of a handler is one record with the stack, under the request's id, and an
// answer that gives nothing away.
func TestAPanicOfAHandlerIsLoggedOnce(t *testing.T) {
	known := usage.Recovered("secret")
	for _, c := range []struct {
		name    string
		fault   any
		records int
	}{
		{"a panic", "secret", 1},
		{"one that is new", known, 1},
		{"one that was reported", known, 0},
	} {
		var records bytes.Buffer
		log := slog.New(LogHandler(slog.NewTextHandler(&records, &slog.HandlerOptions{Level: slog.LevelWarn})))
		handler := observing(log).withRecord(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(c.fault) }))
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Header.Set(requestIDHeader, "id-1")
		handler.ServeHTTP(w, r)
		if w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: got %d %s", c.name, w.Code, w.Body)
		}
		record := records.String()
		if !strings.Contains(record, "level=WARN msg=request") || !strings.Contains(record, "code=INTERNAL_SERVER_ERROR") {
			t.Errorf("%s: the request is logged as %s", c.name, record)
		}
		if strings.Count(record, "\n") != c.records+1 || strings.Count(record, "level=ERROR") != c.records || c.records > 0 && (!strings.Contains(record, "level=ERROR") ||
			!strings.Contains(record, "log_test.go") || !strings.Contains(record, "request_id=id-1")) {
			t.Errorf("%s: logged %s", c.name, record)
		}
	}
}

// The manual of the log has each attribute that a request may have.
func TestEveryAttributeOfARequestIsDocumented(t *testing.T) {
	manual, err := os.ReadFile("../docs/log.md")
	if err != nil {
		t.Fatal(err)
	}
	full := observe.Seen{Waited: 1e9, Principal: "a", Credential: "a", Operation: "a", Kind: "a", Document: "a", IsCut: true, IsGone: true,
		Codes: []string{"A", "B"}, Limits: []string{"a"}, Statements: []observe.Statement{{}}}
	for _, one := range attributes(full) {
		if !strings.Contains(string(manual), "\n| `"+one.Key+"` |") {
			t.Errorf("docs/log.md does not have %s", one.Key)
		}
	}
	if rows := strings.Count(string(manual), "\n| `") - 3; rows != len(attributes(full))+2 { // without levels, with the ids
		t.Errorf("docs/log.md has %d attributes, not %d", rows, len(attributes(full))+2)
	}
}

// An answer whose connection is cut before its end is logged as well, and stays cut.
func TestAnAnswerThatIsCutIsLogged(t *testing.T) {
	var records bytes.Buffer
	handler := observing(slog.New(slog.NewTextHandler(&records, nil))).withRecord(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("half"))
		panic(http.ErrAbortHandler)
	}))
	aborted := func() (aborted bool) {
		defer func() { aborted = recover() == http.ErrAbortHandler }()
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		return false
	}()
	record := records.String()
	if !aborted || strings.Count(record, "\n") != 1 || !strings.Contains(record, "level=INFO") || !strings.Contains(record, "bytes=4") || !strings.Contains(record, "cut=true") {
		t.Errorf("aborted %v, logged %s", aborted, record)
	}
}
