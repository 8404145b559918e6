package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"

	"aiusage/auth"
)

// strictTransport keeps browsers from the plain text for a year (RFC 6797).
const strictTransport = "max-age=31536000"

// withSecurityHeaders tells browsers what answers are not: a script, a page within
// another's, a reason to load anything. Pages that load something say so themselves.
func withSecurityHeaders(authenticator *auth.Authenticator, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
		header.Set("Content-Security-Policy", "default-src 'none'; "+noEmbedding)
		// Queries hold ids. A stricter policy would hide our own pages' origin from us.
		header.Set("Referrer-Policy", "same-origin")
		if authenticator.IsSecure(r) {
			header.Set("Strict-Transport-Security", strictTransport)
		}
		next.ServeHTTP(w, r)
	})
}

// noEmbedding is the part of a content security policy that default-src does not cover.
const noEmbedding = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var (
	inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	loadedFrom   = regexp.MustCompile(`(?:src|href)="(https://[^/"]+)/`)
)

// withPagePolicy serves a page that is the same for everybody with a content security
// policy that lets it run its own scripts, load what it names and ask this gateway.
// Its editor styles itself in place.
func withPagePolicy(page http.Handler) http.Handler {
	sample := &bodyOnly{header: http.Header{}}
	page.ServeHTTP(sample, &http.Request{Method: http.MethodGet})
	body := sample.Bytes()
	var hashes, hosts []string
	for _, script := range inlineScript.FindAllSubmatch(body, -1) {
		// Browsers hash what they have parsed, which has no carriage returns.
		sum := sha256.Sum256(bytes.ReplaceAll(script[1], []byte("\r\n"), []byte("\n")))
		hashes = append(hashes, " 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	for _, found := range loadedFrom.FindAllSubmatch(body, -1) {
		if host := " " + string(found[1]); !strings.Contains(strings.Join(hosts, ""), host) {
			hosts = append(hosts, host)
		}
	}
	from := strings.Join(hosts, "")
	policy := "default-src 'none'; script-src" + strings.Join(hashes, "") + from +
		"; style-src 'unsafe-inline'" + from + "; font-src data:" + from + "; img-src 'self' data:; worker-src blob:; connect-src 'self'; " + noEmbedding
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		page.ServeHTTP(w, r)
	})
}

// bodyOnly is a ResponseWriter that keeps the body.
type bodyOnly struct {
	bytes.Buffer
	header http.Header
}

func (b *bodyOnly) Header() http.Header { return b.header }

func (*bodyOnly) WriteHeader(int) {}
