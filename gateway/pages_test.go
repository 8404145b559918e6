package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// pages are what a build has, in short.
var pages = fstest.MapFS{
	"index.html":       {Data: []byte("<title>AI usage</title>")},
	"graphiql.html":    {Data: []byte("<title>GraphiQL</title>")},
	"assets/app-1.js":  {Data: []byte("start()")},
	"assets/app-1.css": {Data: []byte("a{}")},
}

// navigation is what browsers send for an address that somebody types or clicks, over TLS or on
// the same machine; plainNavigation is the same elsewhere.
var (
	plainNavigation = []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}
	navigation      = append([]string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "none"}, plainNavigation...)
	fetched         = []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin", "Accept", "application/json"}
	fetchedPlain    = []string{"X-Requested-With", "fetch", "Accept", "application/json"}
)

func TestABrowserWithoutCredentialsIsLedToSignIn(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for path, back := range map[string]string{
		"/": "/", "/?period=TODAY&zone=Europe%2FBerlin": "/?period=TODAY&zone=Europe%2FBerlin",
		"/accounts/a%2Fb": "/accounts/a%2Fb", "/accounts/a/customers/c": "/accounts/a/customers/c", "/graphiql": "/graphiql",
		"/graphql?query=%7BaiUsage%7BasOf%7D%7D": "/graphql?query=%7BaiUsage%7BasOf%7D%7D", "/query": "/query", "/metrics": "/metrics",
		"/login?redirect=%2Faccounts%2Fa": "/accounts/a",
	} {
		for name, headers := range map[string][]string{"navigation": navigation, "plain": plainNavigation, "session over": append([]string{"Cookie", "ss-id=" + strings.Repeat("x", 43)}, navigation...)} {
			got := s.ask(t, "", "GET", path, "", "", headers...)
			if want := "/sign-in?redirect=" + url.QueryEscape(back); got.status != 302 || got.header.Get("Location") != want ||
				got.header.Get("WWW-Authenticate") != "" || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s, %s: got %d to %s, want %s", path, name, got.status, got.header.Get("Location"), want)
			}
		}
		if got := s.ask(t, "", "GET", path, "", ""); strings.HasPrefix(path, "/login") == (got.status == 401) {
			t.Errorf("%s by a program: got %d", path, got.status)
		}
	}
	for _, headers := range [][]string{navigation, plainNavigation} {
		if got := s.ask(t, "", "GET", "/sign-in", "", "", headers...); got.status != 200 || !strings.Contains(got.body, "AI usage") {
			t.Errorf("the page itself: got %d %s", got.status, got.body)
		}
		got := s.ask(t, "", "GET", "/ai/usage.html?accountId=a", "", "", headers...)
		if got.status != 302 {
			t.Fatalf("/ai/usage.html: got %d", got.status)
		}
		got = s.ask(t, "", "GET", got.header.Get("Location"), "", "", headers...)
		if want := "/sign-in?redirect=%2Fai%2Fusage.html%3FaccountId%3Da"; got.status != 302 || got.header.Get("Location") != want {
			t.Errorf("/ai/usage.html: got %d to %s, want %s", got.status, got.header.Get("Location"), want)
		}
	}
}

// Wrong credentials are a program's, and what changes something is no navigation.
func TestOnlyNavigationsWithoutCredentialsAreLedToSignIn(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	if got := s.ask(t, "eve", "GET", "/", "", "", plainNavigation...); got.status != 401 || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("wrong credentials: got %d %v", got.status, got.header)
	}
	if got := s.ask(t, "", "POST", "/graphql", "application/json", `{"query":"{aiUsage{asOf}}"}`, navigation...); got.status != 401 {
		t.Errorf("POST: got %d", got.status)
	}
	frame := append([]string{}, navigation...)
	frame[3] = "iframe"
	if got := s.ask(t, "", "GET", "/", "", "", frame...); got.status != 401 {
		t.Errorf("a frame: got %d", got.status)
	}
}

func TestOnlyProgramsAreChallengedForAPassword(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for name, headers := range map[string][]string{"fetch": fetched, "fetch without Sec-Fetch": fetchedPlain} {
		for _, path := range []string{"/graphql?query={aiUsage{asOf}}", "/graphiql", "/metrics"} {
			got := s.ask(t, "", "GET", path, "", "", headers...)
			if got.status != 401 || got.header.Get("WWW-Authenticate") != `Session realm="AI usage"` {
				t.Errorf("%s of %s: got %d %v", name, path, got.status, got.header)
			}
		}
	}
	for name, headers := range map[string][]string{"curl": {"Accept", "*/*"}, "Node": {"Accept", "*/*", "Sec-Fetch-Mode", "cors"}} {
		if got := s.ask(t, "", "GET", "/graphql", "", "", headers...); got.status != 401 || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%s: got %d %v", name, got.status, got.header)
		}
	}
}

func TestTheWayBackLeadsToThisGatewayOnly(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for back, want := range map[string]string{
		"": "/", "%2Fai%2Fusage.html%3FaccountId%3Da": "/ai/usage.html?accountId=a", "%2Fgraphiql": "/graphiql",
		"%2F%2Fevil.example": "/", "%2F%5Cevil.example": "/", "%5C%5Cevil.example": "/", "https%3A%2F%2Fevil.example%2F": "/", "https%3Aevil.example": "/",
		"javascript%3Aalert(1)": "/", "%2F%09%2Fevil.example": "/", "%09%2F%2Fevil.example": "/", "%20%2F%2Fevil.example": "/", "evil.example": "/",
	} {
		for _, user := range []string{"", "ada"} {
			got := s.ask(t, user, "GET", "/login?redirect="+back, "", "", navigation...)
			if want := "/sign-in?redirect=" + url.QueryEscape(want); got.status != 302 || got.header.Get("Location") != want || cookiesOf(got) != "" {
				t.Errorf("%s as %q: got %d to %s with %q, want %s", back, user, got.status, got.header.Get("Location"), cookiesOf(got), want)
			}
		}
	}
}

func TestPagesAreForWhoeverIsSignedIn(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	cookies, _ := s.signIn(t, "ann")
	for path, want := range map[string]string{
		"/": "AI usage", "/accounts/a%2Fb": "AI usage", "/accounts/a/customers/c": "AI usage", "/status": "AI usage", "/graphiql": "GraphiQL",
	} {
		got := s.ask(t, "", "GET", path, "", "", append([]string{"Cookie", cookies}, navigation...)...)
		policy := got.header.Get("Content-Security-Policy")
		if got.status != 200 || !strings.Contains(got.body, want) || got.header.Get("Cache-Control") != "no-store" ||
			strings.Contains(policy, "unsafe-eval") || strings.Contains(policy, "'unsafe-inline'") != (path == "/graphiql") {
			t.Errorf("%s: got %d %v %s", path, got.status, got.header, got.body)
		}
	}
	for _, path := range []string{"/grapql", "/accounts", "/accounts/", "/accounts/a/", "/accounts/%2F/", "/accounts/a/customers", "/accounts/a/customers/", "/accounts/a/others/c", "/accounts/a/customers/c/", "/accounts/a/customers/c/d", "/index.html", "/status/x", "/assets/nothing-1.js"} {
		if got := s.ask(t, "", "GET", path, "", "", append([]string{"Cookie", cookies}, navigation...)...); got.status != 404 || strings.Contains(got.body, "<title>AI usage") {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
	if got := s.ask(t, "", "GET", "/assets/app-1.js", "", ""); got.status != 200 || got.body != "start()" {
		t.Errorf("what pages load is no secret: got %d %s", got.status, got.body)
	}
}

// Every id has a page, which the tools lead to.
func TestOddIDsHavePages(t *testing.T) {
	store := fill(t, dbtest.One(t))
	ids := []string{"/", "//", ".", "..", "a/", "/a", "a/b", "?", "#", "%", "%2F", "%2e%2e", "~", "~/", "customers", "/customers/", `\`, "a b", ";", "+"}
	var sessions []usage.Session
	for _, id := range ids {
		sessions = append(sessions, usage.Session{SessionID: "odd" + id, AccountID: id, CustomerID: id, StartedAt: time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC), DurationSeconds: 60})
	}
	if _, err := store.WriteSessions(t.Context(), sessions); err != nil {
		t.Fatal(err)
	}
	s := start(t, store)
	cookies, _ := s.signIn(t, "ada")
	session := s.connect(t, basic("ada", password))
	for _, id := range ids {
		for _, whose := range []object{{"accountId": id}, {"accountId": id, "customerId": id}, {"accountId": "a", "customerId": id}, {"accountId": id, "customerId": "c"}} {
			data, text := call(t, session, "usage_report", with(whose, object{"startDate": "2026-03-01", "endDate": "2026-03-31"}))
			if data == nil {
				t.Errorf("%v: %s", whose, text)
				continue
			}
			path := strings.TrimPrefix(data["link"].(string), s.url)
			got := s.ask(t, "", "GET", path, "", "", append([]string{"Cookie", cookies}, navigation...)...)
			if got.status != 200 || !strings.Contains(got.body, "<title>AI usage") {
				t.Errorf("%v: %s is %d to %s", whose, path, got.status, got.header.Get("Location"))
			}
			got = s.ask(t, "", "GET", path, "", "", navigation...)
			if want := "/sign-in?redirect=" + url.QueryEscape(path); got.status != 302 || got.header.Get("Location") != want {
				t.Errorf("%v, by nobody: %s is %d to %s", whose, path, got.status, got.header.Get("Location"))
			}
		}
	}
}

// While the database is away, a browser gets the page, which says so in words.
func TestAPageIsServedWhileTheDatabaseIsAway(t *testing.T) {
	server := dbtest.Private(t)
	s := start(t, fill(t, server.DSN))
	cookies, _ := s.signIn(t, "ada")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := s.ask(t, "", "GET", "/", "", "", append([]string{"Cookie", cookies}, navigation...)...); got.status != http.StatusOK {
		t.Errorf("a browser: got %d %s", got.status, got.body)
	}
	if got := s.ask(t, "", "GET", "/", "", "", "Cookie", cookies); got.status != http.StatusServiceUnavailable {
		t.Errorf("a program: got %d %s", got.status, got.body)
	}
	if got := s.ask(t, "", "GET", "/graphql?query={aiUsage{asOf}}", "", "", append([]string{"Cookie", cookies}, navigation...)...); got.status != http.StatusServiceUnavailable {
		t.Errorf("data: got %d %s", got.status, got.body)
	}
}
