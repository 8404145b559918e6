package gateway_test

import (
	"strings"
	"testing"

	"aiusage/gateway"
	"aiusage/internal/dbtest"
)

// GraphQL is answered with and without a slash at the end, by either name of its path, and only there.
func TestTheGraphQLPathMayEndWithASlash(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, path := range []string{"/graphql", "/graphql/", "/query", "/query/"} {
		if got := s.ask(t, "ann", "POST", path, "application/json", usageQuery); got.status != 200 || got.body != `{"data":{"aiUsage":{"totals":{"sessions":2}}}}` {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
		if got := s.ask(t, "", "POST", path, "application/json", usageQuery); got.status != 401 {
			t.Errorf("%s, nobody: got %d %s", path, got.status, got.body)
		}
	}
	for _, path := range []string{"/graphql/x", "/query/x"} {
		if got := s.ask(t, "ada", "POST", path, "application/json", usageQuery); got.status != 404 {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
}

// HEAD has the headers of GET, its validator included, and no answer.
func TestHeadOfAReport(t *testing.T) {
	store := fill(t, dbtest.One(t))
	rolledUp(t, store)
	s := start(t, store, func(config *gateway.Config) { config.OpenSchema = true })
	const path = "/graphql?query={aiUsage{totals{sessions}}}"
	get, head := s.ask(t, "ada", "GET", path, "", ""), s.ask(t, "ada", "HEAD", path, "", "")
	if get.status != 200 || head.status != 200 || head.body != "" || head.header.Get("Etag") == "" || head.header.Get("Etag") != get.header.Get("Etag") {
		t.Errorf("got %d %v %q, GET %d %v", head.status, head.header, head.body, get.status, get.header)
	}
	if again := s.ask(t, "ada", "HEAD", path, "", "", "If-None-Match", head.header.Get("Etag")); again.status != 304 {
		t.Errorf("asked again: got %d", again.status)
	}
	for target, status := range map[string]int{path: 401, "/graphql?query={__schema{queryType{name}}}": 200} {
		if got := s.ask(t, "", "HEAD", target, "", ""); got.status != status {
			t.Errorf("nobody, %s: got %d", target, got.status)
		}
	}
}

// Each request of a batch is answered within the scope of who sends it, and a batch of introspection
// is not taken for introspection where that is open to anybody.
func TestABatchIsWithinTheScope(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)), func(config *gateway.Config) { config.OpenSchema = true })
	requests := []string{usageQuery, `{"query":"{aiUsage(accountId:\"acc-2\"){totals{sessions}}}"}`, `{"query":"{__typename}"}`}
	body := "[" + strings.Join(requests, ",") + "]"
	for _, user := range []string{"ada", "ann", "bob"} {
		var want []string
		for _, one := range requests {
			want = append(want, s.ask(t, user, "POST", "/graphql", "application/json", one).body)
		}
		if got := s.ask(t, user, "POST", "/graphql", "application/json", body); got.status != 200 || got.body != "["+strings.Join(want, ",")+"]" {
			t.Errorf("%s: got %d %s\nwant %s", user, got.status, got.body, want)
		}
	}
	if got := s.ask(t, "", "POST", "/graphql", "application/json", `[{"query":"{__typename}"}]`); got.status != 401 {
		t.Errorf("nobody: got %d %s", got.status, got.body)
	}
}
