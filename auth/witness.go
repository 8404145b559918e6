package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"aiusage/usage"
)

// Witness is told of each question that Restrict lets through or refuses: as its asker may
// ask it, or as they asked it where err says why they may not.
type Witness func(ctx context.Context, query usage.Query, err error)

type witnessKey struct{}

// WithWitness returns a context whose questions have a witness.
func WithWitness(ctx context.Context, witness Witness) context.Context {
	return context.WithValue(ctx, witnessKey{}, witness)
}

func witnessOf(ctx context.Context) Witness {
	if witness, ok := ctx.Value(witnessKey{}).(Witness); ok {
		return witness
	}
	return func(context.Context, usage.Query, error) {}
}

// The kinds of credentials.
const (
	NoCredential       = "none"
	PasswordCredential = "password"
	APIKeyCredential   = "api_key"
	TokenCredential    = "token"
	SessionCredential  = "session"
)

// CredentialOf says by what kind of credentials a request wants to be known: the one that
// Authenticate looks at.
func CredentialOf(r *http.Request) string {
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	name, password, isBasic := r.BasicAuth()
	switch {
	case strings.EqualFold(scheme, "bearer") && isAPIKey(strings.TrimSpace(credentials)):
		return APIKeyCredential
	case strings.EqualFold(scheme, "bearer"):
		return TokenCredential
	case isBasic && password == "" && isAPIKey(name):
		return APIKeyCredential
	case isBasic:
		return PasswordCredential
	case len(sessionIDs(r)) > 0:
		return SessionCredential
	}
	return NoCredential
}

// ResultOf says in one word what became of credentials: ok, or why whoever sent them was not
// let in.
func ResultOf(credential string, err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrWrongCredentials):
		return "wrong"
	case errors.Is(err, ErrInvalidToken):
		return "invalid"
	case errors.Is(err, ErrNoCredentials) && credential == SessionCredential:
		return "over"
	case errors.Is(err, ErrNoCredentials):
		return "none"
	case errors.Is(err, ErrCrossSite):
		return "cross_site"
	}
	switch usage.AsError(err).Code {
	case usage.TooManyRequests:
		return "too_many"
	case usage.Unavailable, usage.Timeout:
		return "away"
	case usage.Canceled:
		return "gone"
	case usage.Unauthenticated, usage.PermissionDenied:
		return "refused"
	}
	return "failed"
}

// ClientOf returns the address that a request comes from, behind proxies that are trusted.
func (a *Authenticator) ClientOf(r *http.Request) string { return a.client(r).String() }
