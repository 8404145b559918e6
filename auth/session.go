package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"time"

	"aiusage/usage"
)

// The cookies and the header of a session, by the names that callers of the old
// host know (fact 19).
const (
	sessionCookie   = "ss-id"
	permanentCookie = "ss-pid"
	optionsCookie   = "ss-opt"
	sessionHeader   = "X-ss-id"

	optionTemporary = "temp"
	optionPermanent = "perm"
)

// sessionIDBytes is how long a session's id is: 256 bits.
const sessionIDBytes = 32

// Session is somebody signed in. Its id is not in it.
type Session struct {
	// Hash is the SHA-256 of the id, in hex.
	Hash     string
	UserName string
	// PasswordMark is the SHA-256 of the password hash with which the session
	// began. With another one it has ended, even when it began while the password
	// was being changed.
	PasswordMark string
	CreatedAt    time.Time
	// IdleAt is when it expires unless it is used, ExpiresAt when in any case.
	IdleAt, ExpiresAt time.Time
}

// Sessions keeps sessions.
type Sessions interface {
	AddSession(ctx context.Context, session Session) error
	SessionByHash(ctx context.Context, hash string) (Session, error)
	ExtendSession(ctx context.Context, hash string, idleAt time.Time) error
	RemoveSession(ctx context.Context, hash string) error
}

// Begin signs a user in with a new session, whose id it returns and sets as
// cookies. A session that the request came with ends.
func (a *Authenticator) Begin(w http.ResponseWriter, r *http.Request, user User, remember bool) (id string, err error) {
	if err := a.endPresented(r); err != nil {
		return "", err
	}
	id, session := a.newSession(user, remember)
	if err := a.store.AddSession(r.Context(), session); err != nil {
		return "", err
	}
	a.setCookies(w, r, id, remember)
	a.audit(r, "session-begin", user.Name, nil)
	return id, nil
}

// setCookies gives the browser a session. Both cookies carry the same id; that of
// somebody to be remembered outlives the browser.
func (a *Authenticator) setCookies(w http.ResponseWriter, r *http.Request, id string, remember bool) {
	option, life := optionTemporary, 0
	if remember {
		option, life = optionPermanent, int(a.options.SessionRemember/time.Second)
	}
	a.setCookie(w, r, sessionCookie, id, 0)
	a.setCookie(w, r, permanentCookie, id, life)
	a.setCookie(w, r, optionsCookie, option, life)
}

func (a *Authenticator) setCookie(w http.ResponseWriter, r *http.Request, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: a.IsSecure(r),
	})
}

// End signs out: the session that the request came with ends, and its cookies
// are removed. Without a session it does nothing else.
func (a *Authenticator) End(w http.ResponseWriter, r *http.Request) error {
	if err := a.endPresented(r); err != nil {
		return err
	}
	for _, name := range []string{sessionCookie, permanentCookie, optionsCookie} {
		a.setCookie(w, r, name, "", -1)
	}
	return nil
}

// endPresented ends the sessions that the request carries, if any.
func (a *Authenticator) endPresented(r *http.Request) error {
	for _, id := range sessionIDs(r) {
		session, err := a.store.SessionByHash(r.Context(), hashSecret(id))
		if isNotFound(err) {
			continue
		}
		if err == nil {
			a.basic.forget(session.Hash)
			err = a.store.RemoveSession(r.Context(), session.Hash)
		}
		a.audit(r, "session-end", session.UserName, err)
		if err != nil {
			return err
		}
	}
	return nil
}

// bySession takes the session that the request carries: of several, any valid one.
// One in a cookie is not taken from another site; the header is nothing that a
// browser adds by itself. Use keeps it from idling.
func (a *Authenticator) bySession(r *http.Request, isUse bool) (Principal, error) {
	ids := sessionIDs(r)
	if len(ids) == 0 {
		return Principal{}, ErrNoCredentials
	}
	if r.Header.Get(sessionHeader) == "" {
		if err := a.CheckSite(r); err != nil {
			return Principal{}, err
		}
	}
	user, session, err := a.findSession(r.Context(), ids[0])
	for _, id := range ids[1:] {
		if !errors.Is(err, errSessionOver) {
			break
		}
		user, session, err = a.findSession(r.Context(), id)
	}
	if err != nil {
		a.audit(r, "session", session.UserName, err)
		return Principal{}, err
	}
	if isUse {
		a.extend(r.Context(), session)
	}
	return a.audited(r, user.principal()), nil
}

// errSessionOver is the ErrNoCredentials of a request with a session that has ended,
// or that never was.
var errSessionOver = &usage.Error{Code: usage.Unauthenticated, Message: "sign in: the session is over", Cause: ErrNoCredentials}

// findSession returns who has a session, or errSessionOver.
func (a *Authenticator) findSession(ctx context.Context, id string) (User, Session, error) {
	session, err := a.store.SessionByHash(ctx, hashSecret(id))
	if isNotFound(err) {
		return User{}, Session{}, errSessionOver
	}
	if err != nil {
		return User{}, Session{}, err
	}
	if now := a.options.Now(); !now.Before(session.IdleAt) || !now.Before(session.ExpiresAt) {
		return User{}, session, errSessionOver
	}
	user, err := a.store.UserByName(ctx, session.UserName)
	switch {
	case isNotFound(err):
		return User{}, session, errSessionOver
	case err != nil:
		return User{}, session, err
	case session.PasswordMark != hashSecret(user.PasswordHash):
		return User{}, session, errSessionOver
	}
	return user, session, nil
}

// extend keeps a session that is in use from idling, once a minute at most.
func (a *Authenticator) extend(ctx context.Context, session Session) {
	idleAt := earlier(a.options.Now().Add(a.options.SessionIdle), session.ExpiresAt)
	if idleAt.Sub(session.IdleAt) < min(touchEvery, a.options.SessionIdle/10) {
		return
	}
	if err := a.store.ExtendSession(ctx, session.Hash, idleAt); err != nil {
		a.options.Log.WarnContext(ctx, "a session could not be extended", "user", session.UserName, "error", err)
	}
}

// maxSessionIDs is how many ids of one request are looked at. Each is a question to
// the database, from anybody.
const maxSessionIDs = 4

// sessionIDs returns the ids that a request carries: the one in the header, or
// those in its cookies, of which there may be several (for different paths or
// domains, or an old one that a client has kept). Those of the cookie that the
// options name come first. Never in the query (fact 19).
func sessionIDs(r *http.Request) []string {
	if id := r.Header.Get(sessionHeader); id != "" {
		return appendID(nil, id)
	}
	var ids []string
	if slices.ContainsFunc(r.CookiesNamed(optionsCookie), func(c *http.Cookie) bool { return c.Value == optionPermanent }) {
		for _, cookie := range r.CookiesNamed(permanentCookie) {
			ids = appendID(ids, cookie.Value)
		}
	}
	for _, cookie := range r.CookiesNamed(sessionCookie) {
		ids = appendID(ids, cookie.Value)
	}
	return ids
}

// appendID appends what looks like an id and is a new one.
func appendID(ids []string, id string) []string {
	if len(id) != base64.RawURLEncoding.EncodedLen(sessionIDBytes) || slices.Contains(ids, id) || len(ids) == maxSessionIDs {
		return ids
	}
	return append(ids, id)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
