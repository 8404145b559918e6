package auth

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"aiusage/usage"
)

// The ways in which a request is not authenticated. Doors compare with
// errors.Is, because the legacy contract answers them differently (fact 18).
var (
	ErrNoCredentials    = usage.Errorf(usage.Unauthenticated, "sign in: this request carries no credentials")
	ErrWrongCredentials = usage.Errorf(usage.Unauthenticated, "the user name or the password is wrong")
	// ErrInvalidToken is the cause of every refusal of an API key or a token.
	ErrInvalidToken = usage.Errorf(usage.Unauthenticated, "the API key or token is not valid")
	// ErrCrossSite is the refusal of a request that a browser sent for another
	// site, with credentials that it sends by itself.
	ErrCrossSite = usage.Errorf(usage.PermissionDenied, "this request comes from another site")
)

// invalidToken is an ErrInvalidToken that says why to whoever holds the token.
func invalidToken(message string) error {
	return &usage.Error{Code: usage.Unauthenticated, Message: message, Cause: ErrInvalidToken}
}

// User is an account that can sign in.
type User struct {
	// Name is unique and held in lower case; signing in ignores case.
	Name string
	// PasswordHash is an argon2id hash in PHC string format.
	PasswordHash string
	Roles        []string
	// Accounts are those of an AccountAdministrator.
	Accounts []string
}

// principal is the user as somebody who asks.
func (u User) principal() Principal {
	return Principal{Name: u.Name, Roles: u.Roles, Accounts: u.Accounts}
}

// Users looks users up. The error for a name nobody has carries usage.NotFound.
type Users interface {
	UserByName(ctx context.Context, name string) (User, error)
}

// Store is what an Authenticator needs of a database. The error for what is not
// there carries usage.NotFound.
type Store interface {
	Users
	Keys
	Sessions
	Addresses
}

// Options tune an Authenticator. The zero value will do.
type Options struct {
	// SessionIdle is after how long without use a session expires, SessionLife
	// after how long in any case, and SessionRemember after how long when the user
	// asked to be remembered. 0 means the default of each.
	SessionIdle, SessionLife, SessionRemember time.Duration
	// Tokens checks JWTs; nil refuses them all.
	Tokens *Tokens
	// TrustedProxies are the addresses whose X-Forwarded-For and
	// X-Forwarded-Proto are believed.
	TrustedProxies []netip.Prefix
	// TrustedOrigins are the origins whose pages may send a signed-in browser's
	// requests, as scheme://host[:port].
	TrustedOrigins []string
	// Log receives the audit trail.
	Log *slog.Logger
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// The life of sessions when Options names none.
const (
	DefaultSessionIdle     = 2 * time.Hour
	DefaultSessionLife     = 24 * time.Hour
	DefaultSessionRemember = 14 * 24 * time.Hour
)

func (o Options) withDefaults() Options {
	o.SessionIdle = orDefault(o.SessionIdle, DefaultSessionIdle)
	o.SessionLife = orDefault(o.SessionLife, DefaultSessionLife)
	o.SessionRemember = orDefault(o.SessionRemember, DefaultSessionRemember)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func orDefault(given, fallback time.Duration) time.Duration {
	if given != 0 {
		return given
	}
	return fallback
}

// Authenticator tells who sent a request. It is safe for concurrent use.
type Authenticator struct {
	store     Store
	options   Options
	passwords *verifier
	guard     *guard
	familiar  *familiar
	flights   singleflight.Group
	crossSite *http.CrossOriginProtection
	basic     *basicSessions
}

// NewAuthenticator returns an Authenticator over the given store. A trusted
// origin that is none is an InvalidArgument error.
func NewAuthenticator(store Store, options Options) (*Authenticator, error) {
	options = options.withDefaults()
	crossSite := http.NewCrossOriginProtection()
	for _, origin := range options.TrustedOrigins {
		if err := crossSite.AddTrustedOrigin(origin); err != nil || strings.Contains(origin, "*") {
			return nil, usage.Errorf(usage.InvalidArgument, "%q is not an origin such as https://app.example.com", origin)
		}
	}
	nobodysHash() // takes as long as a sign-in; the first of those should not tell
	return &Authenticator{
		store:     store,
		options:   options,
		passwords: newVerifier(options.Now),
		guard:     newGuard(options.Now),
		familiar:  newFamiliar(store, options.Now, options.Log),
		crossSite: crossSite,
		basic:     newBasicSessions(),
	}, nil
}

// Authenticate returns who sent the request, by what it carries: HTTP Basic
// (RFC 7617), a bearer token (RFC 6750) or a session, in this order.
//
// The error is ErrNoCredentials when the request has none that can be read, or a
// session that has ended; ErrWrongCredentials when name and password do not match;
// one caused by ErrInvalidToken when an API key or token is not valid;
// ErrCrossSite; TooManyRequests after many wrong passwords; and otherwise the
// fault that kept the gateway from finding out.
func (a *Authenticator) Authenticate(r *http.Request) (Principal, error) {
	return a.authenticate(r, true)
}

// Recheck is Authenticate for a request that was let in before and whose answer
// has not ended yet, such as a stream. It does not count as use of a session, so
// that a page left open does not keep somebody signed in.
func (a *Authenticator) Recheck(r *http.Request) (Principal, error) {
	return a.authenticate(r, false)
}

func (a *Authenticator) authenticate(r *http.Request, isUse bool) (Principal, error) {
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "bearer") {
		r, done := withDeadline(r)
		defer done()
		return a.byBearer(r, strings.TrimSpace(credentials))
	}
	if name, password, ok := r.BasicAuth(); ok {
		return a.byBasic(r, name, password)
	}
	r, done := withDeadline(r)
	defer done()
	return a.bySession(r, isUse)
}

// byBasic takes a user's name and password, or an API key as the name (fact 21).
func (a *Authenticator) byBasic(r *http.Request, name, password string) (Principal, error) {
	if err := a.CheckSite(r); err != nil {
		return Principal{}, err
	}
	if password == "" && isAPIKey(name) {
		r, done := withDeadline(r)
		defer done()
		return a.byKey(r, name)
	}
	user, err := a.SignIn(r, name, password)
	if err != nil {
		return Principal{}, err
	}
	principal := user.principal()
	principal.proved = &user
	return a.audited(r, principal), nil
}

// byBearer takes an API key or a token. A browser does not send these by itself,
// so they may come from anywhere.
func (a *Authenticator) byBearer(r *http.Request, token string) (Principal, error) {
	if isAPIKey(token) {
		return a.byKey(r, token)
	}
	principal, err := a.options.Tokens.verify(r.Context(), token)
	if err != nil {
		a.audit(r, "token", principal.Name, err)
		return Principal{}, err
	}
	return a.audited(r, principal), nil
}
