package gateway

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"aiusage/auth"
	"aiusage/failure"
	"aiusage/transport"
	"aiusage/usage"
)

var _ transport.Access = door{}

// door lets principals in. The legacy door keeps its own, since its contract
// says how it refuses.
type door struct {
	authenticator *auth.Authenticator
	log           *slog.Logger
}

// require lets a request through with its principal in the context.
func (d door) require(next http.Handler) http.Handler {
	return d.requireUnless(func(*http.Request) bool { return false }, next)
}

// requireUnless is require, except that a request without credentials passes,
// without a principal, when it is harmless.
func (d door) requireUnless(harmless func(*http.Request) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		principal, err := d.authenticator.Authenticate(r)
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
	principal, err := d.authenticator.Recheck(r)
	if err != nil {
		return nil, err
	}
	return auth.NewContext(r.Context(), principal), nil
}

// Who names a principal and what they may see.
func (door) Who(ctx context.Context) string {
	principal, _ := auth.FromContext(ctx)
	return fmt.Sprintf("%q %q %q", principal.Name, principal.Roles, principal.Accounts)
}

// AddressOf names where a request comes from.
func (d door) AddressOf(r *http.Request) string { return d.authenticator.AddressOf(r) }

// refuse answers a request that is not let in.
func (d door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	coded := failure.Log(r.Context(), d.log, err)
	if errors.Is(err, auth.ErrInvalidToken) {
		// RFC 6750, section 3.1. No Basic challenge: it would open a browser's
		// dialog in front of an application that has a sign-in of its own.
		w.Header().Set("WWW-Authenticate", `Bearer realm="AI usage", error="invalid_token"`)
	}
	transport.WriteError(w, coded)
}

// continuePage is what somebody sees whom a page of another site sent to sign in.
var continuePage = template.Must(template.New("continue").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Sign in to the AI usage gateway</title></head>
<body><p>Another site led you here. <a href="{{.}}">Sign in to the AI usage gateway</a></p></body>
</html>
`))

// login signs a person in and sends them back. It begins a session, so a page of
// another site cannot do it with the password that a browser remembers: it takes a
// click on a page of this gateway.
func (d door) login() http.Handler {
	signIn := d.require(http.HandlerFunc(d.afterLogin))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !d.authenticator.IsFromOtherSite(r) {
			signIn.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "private, no-store")
		_ = continuePage.Execute(w, LoginPath+"?redirect="+url.QueryEscape(goBack(r))) // the caller has gone
	})
}

// goBack is where a request wants to be sent after signing in.
func goBack(r *http.Request) string {
	return auth.SafeRedirect(r.URL.Query().Get("redirect"), GraphiQLPath)
}

// afterLogin sends a person who has just signed in back to where they came
// from, which must be on this gateway. A name and password begin a session: what
// sent them here did not ask for a password itself, and a browser need not send
// one where it was not asked.
func (d door) afterLogin(w http.ResponseWriter, r *http.Request) {
	if name, password, ok := r.BasicAuth(); ok && password != "" {
		user, err := d.authenticator.SignIn(r, name, password)
		if err == nil {
			_, err = d.authenticator.Begin(w, r, user, false)
		}
		if err != nil {
			d.refuse(w, r, err)
			return
		}
	}
	http.Redirect(w, r, goBack(r), http.StatusFound)
}

// signIn is what the legacy door needs to begin and end sessions.
type signIn struct {
	*auth.Authenticator
	store Store
	limit time.Duration
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
