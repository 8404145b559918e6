package gateway_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aiusage/gateway"
	"aiusage/internal/dbtest"
)

// Before there is a gateway, each door says in its own words what is waited for, and that the
// caller should come again; afterwards the gateway answers at the same address.
func TestWhatIsWaitedForIsSaidAtEachDoor(t *testing.T) {
	starting := gateway.NewStarting("its data folder")
	starting.WaitFor("the database")
	server := httptest.NewServer(starting)
	defer server.Close()
	s := &service{url: server.URL}
	const waits = "the gateway is starting, and waits for the database"
	for _, c := range []struct {
		method, path, body string
		headers            []string
		contentType, want  string
	}{
		{"POST", "/graphql", `{"query":"{viewer{name}}"}`, []string{"Content-Type", "application/json"}, "application/json", `"code":"SERVICE_UNAVAILABLE"`},
		{"GET", "/graphql?query={viewer{name}}", "", nil, "application/json", waits},
		{"GET", "/export/usage.csv", "", nil, "application/json", waits},
		{"GET", "/status.json", "", nil, "application/json", waits},
		{"GET", "/readyz", "", nil, "text/plain", waits},
		{"GET", "/", "", []string{"Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, "text/plain", waits},
		{"POST", "/ai/usage", "<GetAIUsage/>", []string{"Content-Type", "application/xml", "Accept", "application/xml"}, "application/xml", waits},
		{"GET", "/json/reply/GetAIUsage", "", nil, "application/json", waits},
		{"POST", "/auth/credentials", `{"userName":"ada","password":"x"}`, []string{"Content-Type", "application/json", "Accept", "application/json"}, "application/json", waits},
		{"POST", "/auth/logout", "", []string{"Accept", "application/json"}, "application/json", waits},
		{"GET", "/auth", "", []string{"Accept", "application/json"}, "application/json", waits},
	} {
		got := s.ask(t, "", c.method, c.path, "", c.body, c.headers...)
		if got.status != 503 || !strings.HasPrefix(got.header.Get("Content-Type"), c.contentType) || !strings.Contains(got.body, c.want) {
			t.Errorf("%s %s: got %d %s %s", c.method, c.path, got.status, got.header.Get("Content-Type"), got.body)
		}
		if got.header.Get("Retry-After") != "2" && got.header.Get("Refresh") != "2" {
			t.Errorf("%s %s does not say when to come again: %v", c.method, c.path, got.header)
		}
	}
	if got := s.ask(t, "", "GET", "/healthz", "", ""); got.status != 200 {
		t.Errorf("it is not alive: %d %s", got.status, got.body)
	}

	made, err := gateway.New(gateway.Config{Store: fill(t, dbtest.One(t)), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	starting.Open(made)
	if got := s.query(t, "ada", march1); got.status != 200 || got.body != march1Answer {
		t.Errorf("got %d %s", got.status, got.body)
	}
	starting.Leave()
	if got := s.ask(t, "", "GET", "/readyz", "", ""); got.status != 503 || !strings.Contains(got.body, "about to end") {
		t.Errorf("leaving: %d %s", got.status, got.body)
	}
}

// A gateway that is to end before it is there leaves as soon as it is.
func TestLeavingBeforeThereIsAGateway(t *testing.T) {
	starting := gateway.NewStarting("the database")
	starting.Leave()
	made, err := gateway.New(gateway.Config{Store: fill(t, dbtest.One(t)), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	starting.Open(made)
	answer := httptest.NewRecorder()
	starting.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if !strings.Contains(answer.Body.String(), "about to end") {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
}
