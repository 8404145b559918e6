package gateway

import (
	"net/http"

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
