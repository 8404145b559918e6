package gateway

import (
	"net/http"
	"time"

	"github.com/rs/cors"
)

// preflightAge is how long a browser may keep what a preflight allowed.
const preflightAge = 10 * time.Minute

// withCORS lets pages of the given origins read answers, also those that a
// browser's own credentials give. Without origins nothing is shared.
func withCORS(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next // an empty list would mean every origin
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{
			http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		},
		AllowedHeaders:   []string{"*"},
		ExposedHeaders:   []string{requestIDHeader, "Retry-After", "WWW-Authenticate", "Content-Disposition", "ETag"},
		AllowCredentials: true,
		MaxAge:           int(preflightAge / time.Second),
	}).Handler(next)
}
