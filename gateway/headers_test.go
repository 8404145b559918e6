package gateway_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
)

func TestEveryAnswerTellsBrowsersWhatItIsNot(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, c := range []struct{ user, path string }{
		{"ada", "/graphql?query={aiUsage{asOf}}"}, {"", "/graphql"}, {"ada", "/graphiql"}, {"", "/graphiql"}, {"ada", "/login"}, {"", "/"},
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

var (
	scriptTag = regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`)
	linkTag   = regexp.MustCompile(`(?s)<link([^>]*)>`)
	address   = regexp.MustCompile(`(?:src|href)="(https://[^/"]+)[^"]*"`)
)

// The policy of the page must let it run, and nothing else.
func TestGraphiQLMayLoadWhatItNeeds(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	got := s.ask(t, "ada", "GET", "/graphiql", "", "")
	directives := map[string]string{}
	for directive := range strings.SplitSeq(got.header.Get("Content-Security-Policy"), "; ") {
		name, sources, _ := strings.Cut(directive, " ")
		directives[name] = sources
	}
	scripts := scriptTag.FindAllStringSubmatch(got.body, -1)
	if len(scripts) < 4 {
		t.Fatalf("%d scripts in %s", len(scripts), got.body)
	}
	for _, script := range scripts {
		source := ""
		if from := address.FindStringSubmatch(script[1]); from != nil {
			source = from[1]
		} else {
			sum := sha256.Sum256([]byte(script[2]))
			source = "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		}
		if !strings.Contains(directives["script-src"], source) {
			t.Errorf("script-src %s lacks %s", directives["script-src"], source)
		}
	}
	for _, link := range linkTag.FindAllStringSubmatch(got.body, -1) {
		if from := address.FindStringSubmatch(link[1]); from == nil || !strings.Contains(directives["style-src"], from[1]) {
			t.Errorf("style-src %s lacks %s", directives["style-src"], link[1])
		}
	}
	if strings.Contains(directives["script-src"], "unsafe") || directives["connect-src"] != "'self'" {
		t.Errorf("got %v", directives)
	}
}

func TestAnotherSiteCannotFrameAnAnswerOrBeginASession(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, path := range []string{"/graphql?query=%7BaiUsage%7BasOf%7D%7D", "/graphiql", "/ai/usage.html", "/ai/usage.csv", "/auth/status"} {
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
	const back = "/login?redirect=%2Fai%2Fusage.html%3Fa%3D%22%3E%3Cb%3E"
	for _, user := range []string{"ada", ""} {
		got := s.ask(t, user, "GET", back, "", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
		if got.status != 200 || len(got.header.Values("Set-Cookie")) > 0 || got.header.Get("WWW-Authenticate") != "" ||
			!strings.Contains(got.body, `<a href="/login?redirect=%2Fai%2Fusage.html%3Fa%3D%22%3E%3Cb%3E">`) {
			t.Errorf("as %q: got %d %v %s", user, got.status, got.header, got.body)
		}
	}
	if got := s.ask(t, "", "GET", "/login?redirect=https%3A%2F%2Fevil.example", "", "", "Sec-Fetch-Site", "cross-site"); !strings.Contains(got.body, `<a href="/login?redirect=%2Fgraphiql">`) {
		t.Errorf("got %s", got.body)
	}
	got := s.ask(t, "ada", "GET", back, "", "", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
	if got.status != 302 || !strings.HasPrefix(cookiesOf(got), "ss-id=") {
		t.Errorf("from our own page: got %d %v", got.status, got.header)
	}
}
