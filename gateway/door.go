package gateway

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"aiusage/auth"
	"aiusage/transport"
	"aiusage/usage"
)

// door lets principals in. The legacy door keeps its own, since its contract
// says how it refuses.
type door struct {
	authenticator *auth.Authenticator
	log           *slog.Logger
}

// require lets a request through with its principal in the context.
func (d door) require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		principal, err := d.authenticator.Authenticate(r)
		if err != nil {
			coded := usage.AsError(err)
			if coded.Code == usage.Internal {
				d.log.ErrorContext(r.Context(), "internal error", "error", err)
			}
			transport.WriteError(w, coded)
			return
		}
		next.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), principal)))
	})
}

// afterLogin sends a person who has just signed in back to where they came
// from, which must be on this gateway.
func afterLogin(w http.ResponseWriter, r *http.Request) {
	back := r.URL.Query().Get("redirect")
	target, err := url.Parse(back)
	if err != nil || back == "" || target.IsAbs() || target.Host != "" ||
		!strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.Contains(back, `\`) {
		back = GraphiQLPath
	}
	http.Redirect(w, r, back, http.StatusFound)
}
