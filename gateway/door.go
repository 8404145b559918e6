package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"aiusage/auth"
	"aiusage/observe"
	"aiusage/observe/metrics"
	"aiusage/transport"
	"aiusage/usage"
)

var _ transport.Access = door{}

// door lets principals in. The legacy door keeps its own, since its contract
// says how it refuses.
type door struct {
	authenticator *auth.Authenticator
	log           *slog.Logger
	metrics       *metrics.Metrics
}

// authenticate tells who sent a request, and has that noted.
func (d door) authenticate(r *http.Request) (auth.Principal, error) {
	credential := auth.CredentialOf(r)
	observe.From(r.Context()).Tries(credential)
	principal, err := d.authenticator.Authenticate(r)
	d.noteResult(r, credential, principal, err)
	return principal, err
}

// noteResult notes what became of a request's credentials, which are of a kind.
func (d door) noteResult(r *http.Request, credential string, principal auth.Principal, err error) {
	d.metrics.Authenticated(credential, auth.ResultOf(credential, err))
	if err == nil {
		observe.From(r.Context()).Is(principal.Name, credential)
	}
}

// require lets a request through with its principal in the context.
func (d door) require(next http.Handler) http.Handler {
	return d.requireUnless(func(*http.Request) bool { return false }, next)
}

// requireUnless is require, except that a request without credentials passes,
// without a principal, when it is harmless.
func (d door) requireUnless(harmless func(*http.Request) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		principal, err := d.authenticate(r)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), principal)))
		case errors.Is(err, auth.ErrNoCredentials) && harmless(r):
			next.ServeHTTP(w, r)
		default:
			d.refuse(w, r, err)
		}
	})
}

// requireRole lets a principal through who has a role.
func (d door) requireRole(role string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := auth.RequireRole(r.Context(), role); err != nil {
			d.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// CheckOrigin refuses a page of another origin that was not allowed. A browser
// lets any page open a WebSocket, cookies included.
func (d door) CheckOrigin(r *http.Request) error { return d.authenticator.CheckChange(r) }

// Enter lets in whoever sent the request of a stream.
func (d door) Enter(r *http.Request) (context.Context, error) {
	record, credential := observe.From(r.Context()), auth.CredentialOf(r)
	isKnown := record.Seen().Principal != ""
	record.Tries(credential)
	principal, err := d.authenticator.Recheck(r)
	if !isKnown || err != nil { // others have been counted
		d.noteResult(r, credential, principal, err)
	}
	if err != nil {
		return nil, err
	}
	record.Is(principal.Name, credential) // the first message may be somebody else's
	return auth.NewContext(r.Context(), principal), nil
}

// Who names a principal and what they may see.
func (door) Who(ctx context.Context) string {
	principal, _ := auth.FromContext(ctx)
	return fmt.Sprintf("%q %q %q", principal.Name, principal.Roles, principal.Accounts)
}

// AddressOf names where a request comes from.
func (d door) AddressOf(r *http.Request) string { return d.authenticator.AddressOf(r) }

// signIn is what the legacy door needs to begin and end sessions.
type signIn struct {
	*auth.Authenticator
	door  door
	store Store
	limit time.Duration
}

// SignIn returns the user with a name and password, which are in the body.
func (s signIn) SignIn(r *http.Request, name, password string) (auth.User, error) {
	record := observe.From(r.Context())
	record.Tries(auth.PasswordCredential)
	user, err := s.Authenticator.SignIn(r, name, password)
	s.door.metrics.Authenticated(auth.PasswordCredential, auth.ResultOf(auth.PasswordCredential, err))
	if err == nil {
		record.Is(user.Name, auth.PasswordCredential)
	}
	return user, err
}

// Accounts returns the accounts that a principal may see, with their names.
func (s signIn) Accounts(r *http.Request, principal auth.Principal) ([]usage.Account, error) {
	ids, err := principal.Sees()
	if err != nil {
		return nil, nil // whoever may see none
	}
	ctx, cancel := usage.Bounded(r.Context(), s.limit)
	defer cancel()
	return s.store.Accounts(ctx, ids)
}
