package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
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
	// began. With another one it is over, even when it began while the password
	// was being changed.
	PasswordMark string
	CreatedAt    time.Time
	// IdleAt is when it is over unless it is used, ExpiresAt when in any case.
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
// cookies. A session that the request came with is over.
func (a *Authenticator) Begin(w http.ResponseWriter, r *http.Request, user User, remember bool) (id string, err error) {
	if err := a.endPresented(r); err != nil {
		return "", err
	}
	random := make([]byte, sessionIDBytes)
	rand.Read(random)
	id = base64.RawURLEncoding.EncodeToString(random)
	now := a.options.Now()
	session := Session{
		Hash: hashSecret(id), UserName: user.Name, PasswordMark: hashSecret(user.PasswordHash),
		CreatedAt: now, ExpiresAt: now.Add(a.options.SessionLife),
	}
	session.IdleAt = earlier(now.Add(a.options.SessionIdle), session.ExpiresAt)
	if remember {
		session.ExpiresAt = now.Add(a.options.SessionRemember)
		session.IdleAt = session.ExpiresAt
	}
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

// End signs out: the session that the request came with is over, and its cookies
// are taken back. Without a session it does nothing else.
func (a *Authenticator) End(w http.ResponseWriter, r *http.Request) error {
	if err := a.endPresented(r); err != nil {
		return err
	}
	for _, name := range []string{sessionCookie, permanentCookie, optionsCookie} {
		a.setCookie(w, r, name, "", -1)
	}
	return nil
}

// endPresented ends the session that the request carries, if any.
func (a *Authenticator) endPresented(r *http.Request) error {
	id := sessionID(r)
	if id == "" {
		return nil
	}
	session, err := a.store.SessionByHash(r.Context(), hashSecret(id))
	if isNotFound(err) {
		return nil
	}
	if err == nil {
		err = a.store.RemoveSession(r.Context(), session.Hash)
	}
	a.audit(r, "session-end", session.UserName, err)
	return err
}

// bySession takes the session that the request carries. One in a cookie is not
// taken from another site; the header is nothing that a browser adds by itself.
// Use keeps it from idling.
func (a *Authenticator) bySession(r *http.Request, isUse bool) (Principal, error) {
	id := sessionID(r)
	if id == "" {
		return Principal{}, ErrNoCredentials
	}
	if r.Header.Get(sessionHeader) == "" {
		if err := a.CheckSite(r); err != nil {
			return Principal{}, err
		}
	}
	user, session, err := a.findSession(r.Context(), id)
	if err != nil {
		a.audit(r, "session", session.UserName, err)
		return Principal{}, err
	}
	if isUse {
		a.extend(r.Context(), session)
	}
	return a.audited(r, user.principal()), nil
}

// errSessionOver is the ErrNoCredentials of a request with a session that is over,
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

// sessionID returns the id that a request carries: in the header, or in the
// cookie that its options name. Never in the query (fact 19).
func sessionID(r *http.Request) string {
	id := r.Header.Get(sessionHeader)
	if id == "" {
		name := sessionCookie
		if option, err := r.Cookie(optionsCookie); err == nil && option.Value == optionPermanent {
			name = permanentCookie
		}
		if cookie, err := r.Cookie(name); err == nil {
			id = cookie.Value
		}
	}
	if len(id) != base64.RawURLEncoding.EncodedLen(sessionIDBytes) {
		return ""
	}
	return id
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
