package transport_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aiusage/auth"
	"aiusage/resolvers"
	"aiusage/transport"
	"aiusage/usage"
)

// newHandler returns a GraphQL endpoint whose reports come from read.
func newHandler(_ testing.TB, read readerFunc, options transport.Options) *transport.Handler {
	resolver := resolvers.New(read, resolvers.Options{})
	options.Extensions = append(resolver.Extensions(), options.Extensions...)
	return transport.New(resolver.Schema(), options)
}

// send sends a request as somebody who may see everything. headers are names and
// values by turns.
func send(t testing.TB, handler http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(auth.NewContext(t.Context(), auth.Operator), method, target, strings.NewReader(body))
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

// post sends a body to a GraphQL endpoint whose reports come from read.
func post(t *testing.T, read readerFunc, body string) (status int, answer, log string) {
	t.Helper()
	var records bytes.Buffer
	handler := newHandler(t, read, transport.Options{Log: slog.New(slog.NewTextHandler(&records, nil))})
	recorder := send(t, handler, "POST", "/graphql", body)
	return recorder.Code, recorder.Body.String(), records.String()
}

const ask = `{"query":"{aiUsage{asOf}}"}`

func TestErrorsCarryTheirCode(t *testing.T) {
	for _, c := range []struct {
		err    error
		shows  string
		hides  string
		logged bool
	}{
		{usage.Errorf(usage.Unavailable, "the database cannot be reached"), `"code":"SERVICE_UNAVAILABLE"`, "INTERNAL", false},
		{&usage.Error{Code: usage.InvalidArgument, Message: "bad", Argument: "startDate", Accepted: []any{"x"}},
			`"extensions":{"accepted":["x"],"argument":"startDate","code":"BAD_USER_INPUT"}`, "INTERNAL", false},
		{errors.New("secret"), `"message":"internal error"`, "secret", true},
		{context.DeadlineExceeded, `"code":"TIMEOUT"`, "deadline", false},
	} {
		status, answer, log := post(t, func() (*usage.Report, error) { return nil, c.err }, ask)
		if status != http.StatusOK || !strings.Contains(answer, c.shows) || strings.Contains(answer, c.hides) {
			t.Errorf("%v: got %d %s", c.err, status, answer)
		}
		if logged := strings.Contains(log, "ERROR"); logged != c.logged {
			t.Errorf("%v: logged %v, want %v", c.err, logged, c.logged)
		}
	}
}

func TestAPanicIsAnInternalError(t *testing.T) {
	_, answer, log := post(t, func() (*usage.Report, error) { panic("secret") }, ask)
	if !strings.Contains(answer, `"INTERNAL_SERVER_ERROR"`) || strings.Contains(answer, "secret") {
		t.Errorf("got %s", answer)
	}
	if !strings.Contains(log, "secret") || strings.Count(log, "level=ERROR") != 1 {
		t.Errorf("logged %s", log)
	}
}

func TestWhatIsTooMuchIsRefusedBeforeItIsRun(t *testing.T) {
	never := func() (*usage.Report, error) {
		t.Error("it was run")
		return nil, errors.New("run")
	}
	for name, body := range map[string]string{
		"fields": `{"query":"{` + strings.Repeat("aiUsage{asOf} ", 2000) + `}"}`,
		"bytes":  `{"query":"{aiUsage{asOf}}","variables":{"x":"` + strings.Repeat("x", 2<<20) + `"}}`,
	} {
		if _, answer, _ := post(t, never, body); !strings.Contains(answer, `"errors"`) || len(answer) > 1000 {
			t.Errorf("%s: got %.300s", name, answer)
		}
	}
}
