package gateway_test

import (
	"net/netip"
	"strings"
	"testing"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
)

func TestEveryAnswerTellsBrowsersWhatItIsNot(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, c := range []struct{ user, path string }{
		{"ada", "/graphql?query={aiUsage{asOf}}"}, {"", "/graphql"}, {"ada", "/graphiql"}, {"", "/graphiql"}, {"ada", "/login"}, {"", "/"}, {"ada", "/"}, {"", "/sign-in"}, {"", "/assets/app-1.js"},
		{"ada", "/ai/usage"}, {"ada", "/ai/usage.html"}, {"ada", "/ai/usage?callback=f"}, {"", "/ai/usage"}, {"eve", "/ai/usage"}, {"ada", "/ai/usage?startDate=x"},
		{"", "/auth/status"}, {"", "/metadata"}, {"", "/healthz"}, {"", "/readyz"}, {"", "/metrics"}, {"", "/nowhere"},
	} {
		got := s.ask(t, c.user, "GET", c.path, "", "").header
		policy := got.Get("Content-Security-Policy")
		if got.Get("X-Content-Type-Options") != "nosniff" || got.Get("X-Frame-Options") != "DENY" || got.Get("Referrer-Policy") != "same-origin" ||
			!strings.HasPrefix(policy, "default-src 'none'; ") || !strings.HasSuffix(policy, "frame-ancestors 'none'") {
			t.Errorf("%s as %q: got %v", c.path, c.user, got)
		}
		if got.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s over plain text: got %v", c.path, got)
		}
	}
}

func TestOverTLSBrowsersAreToldToStayThere(t *testing.T) {
	local := func(c *gateway.Config) {
		c.Auth = auth.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	}
	store := fill(t, dbtest.One(t))
	behind, alone := start(t, store, local), start(t, store)
	for s, want := range map[*service]string{behind: "max-age=31536000", alone: ""} {
		if got := s.ask(t, "", "GET", "/healthz", "", "", "X-Forwarded-Proto", "https").header.Get("Strict-Transport-Security"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAnotherSiteCannotFrameAnAnswer(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, path := range []string{"/graphql?query=%7BaiUsage%7BasOf%7D%7D", "/graphiql", "/", "/accounts/acc-1", "/ai/usage.html", "/ai/usage.csv", "/auth/status"} {
		for _, destination := range []string{"iframe", "frame", "object", "embed"} {
			got := s.ask(t, "ada", "GET", path, "", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", destination)
			if got.status != 403 || strings.Contains(got.body, "acc-") {
				t.Errorf("%s in %s: got %d %s", path, destination, got.status, got.body)
			}
		}
		if got := s.ask(t, "ada", "GET", path, "", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"); got.status != 200 {
			t.Errorf("a link to %s: got %d %s", path, got.status, got.body)
		}
	}
}
