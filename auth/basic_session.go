package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// How long an answer waits for its session to be written, and for how long no other
// is tried after one that could not be.
const (
	basicSessionPatience = time.Second
	basicSessionRest     = 10 * time.Second
)

// basicSessions are the sessions that follow HTTP Basic: callers of the old host
// send a password once and the cookies of the answer from then on (fact 19). A
// caller who sends the password every time must not fill the table, so each user
// has one at an address, which is given out again until it ends.
type basicSessions struct {
	mu      sync.Mutex
	entries map[basicPlace]*basicSession
	// restsUntil is until when none is begun.
	restsUntil time.Time
}

// basicPlace is whose session it is, and where.
type basicPlace struct{ user, address string }

// basicSession is one session. Fields other than id and written are under the
// lock of basicSessions.
type basicSession struct {
	id string
	// written is closed when the session has been stored, or could not be.
	written chan struct{}
	stored  bool
	session Session
	// checked is when it was last seen in the store.
	checked time.Time
}

func newBasicSessions() *basicSessions {
	return &basicSessions{entries: map[basicPlace]*basicSession{}}
}

// AfterBasic begins a session for a request with a name and a password, or goes on
// with the one that its sender has. The session is written meanwhile: the function
// returned sets its cookies and returns its id if that has been done, and does
// nothing otherwise. It does nothing either for a request that carried no password
// or that another site sent.
func (a *Authenticator) AfterBasic(r *http.Request, principal Principal) (settle func(http.ResponseWriter) (id string)) {
	if principal.proved == nil || a.IsFromOtherSite(r) {
		return func(http.ResponseWriter) string { return "" }
	}
	at := basicPlace{principal.proved.Name, a.AddressOf(r)}
	own, patience := a.afterBasic(r, at, *principal.proved)
	return func(w http.ResponseWriter) string {
		if own == nil || !own.await(r.Context(), patience) || !a.isStored(own) {
			return ""
		}
		if !slices.Contains(sessionIDs(r), own.id) {
			a.setCookies(w, r, own.id, false)
		}
		return own.id
	}
}

// afterBasic returns the session of a user at an address, and how long it may be
// waited for. What has to be written is written in the background.
func (a *Authenticator) afterBasic(r *http.Request, at basicPlace, user User) (own *basicSession, patience time.Duration) {
	b, now := a.basic, a.options.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	own = b.entries[at]
	switch {
	case own != nil && own.isFor(user, now):
		if own.stored && now.Sub(own.checked) >= min(touchEvery, a.options.SessionIdle/10) {
			own.checked = now
			go a.keepAfterBasic(context.WithoutCancel(r.Context()), at, own)
		}
		return own, 0
	case now.Before(b.restsUntil):
		return nil, 0
	}
	if own == nil {
		makeRoom(b.entries, maxGuarded, func(s *basicSession) bool { return !now.Before(s.session.IdleAt) })
	}
	own = &basicSession{written: make(chan struct{}), checked: now}
	own.id, own.session = a.newSession(user, false)
	b.entries[at] = own
	go a.writeAfterBasic(context.WithoutCancel(r.Context()), at, own)
	return own, basicSessionPatience
}

// isFor tells whether the session can be given out to a user now.
func (s *basicSession) isFor(user User, now time.Time) bool {
	return now.Before(s.session.IdleAt) && now.Before(s.session.ExpiresAt) &&
		s.session.PasswordMark == hashSecret(user.PasswordHash)
}

// await waits until the session has been written, or could not be.
func (s *basicSession) await(ctx context.Context, patience time.Duration) bool {
	select {
	case <-s.written:
		return true
	default:
	}
	if patience == 0 {
		return false
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-s.written:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (a *Authenticator) isStored(own *basicSession) bool {
	a.basic.mu.Lock()
	defer a.basic.mu.Unlock()
	return own.stored
}

// writeAfterBasic stores a session.
func (a *Authenticator) writeAfterBasic(ctx context.Context, at basicPlace, own *basicSession) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := a.store.AddSession(ctx, own.session)
	Audit(ctx, a.options.Log, "session-begin", at.user, at.address, err)
	a.basic.mu.Lock()
	own.stored = err == nil
	if err != nil {
		a.basic.drop(at, own)
		a.basic.restsUntil = a.options.Now().Add(basicSessionRest)
	}
	a.basic.mu.Unlock()
	close(own.written)
}

// keepAfterBasic keeps a session from idling while its user sends the password, and
// forgets one that has ended elsewhere.
func (a *Authenticator) keepAfterBasic(ctx context.Context, at basicPlace, own *basicSession) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, session, err := a.findSession(ctx, own.id)
	if err == nil {
		a.extend(ctx, session)
		session.IdleAt = earlier(a.options.Now().Add(a.options.SessionIdle), session.ExpiresAt)
	}
	a.basic.mu.Lock()
	defer a.basic.mu.Unlock()
	switch {
	case err == nil:
		own.session = session
	case errors.Is(err, errSessionOver):
		a.basic.drop(at, own)
	}
}

// drop forgets a session, if it is still the one of its place. The lock is held.
func (b *basicSessions) drop(at basicPlace, own *basicSession) {
	if b.entries[at] == own {
		delete(b.entries, at)
	}
}

// forget forgets a session that has ended.
func (b *basicSessions) forget(hash string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for at, own := range b.entries {
		if own.session.Hash == hash {
			delete(b.entries, at)
		}
	}
}

// newSession makes up a session of a user that begins now, and its id.
func (a *Authenticator) newSession(user User, remember bool) (id string, session Session) {
	random := make([]byte, sessionIDBytes)
	rand.Read(random)
	id = base64.RawURLEncoding.EncodeToString(random)
	now := a.options.Now()
	session = Session{
		Hash: hashSecret(id), UserName: user.Name, PasswordMark: hashSecret(user.PasswordHash),
		CreatedAt: now, ExpiresAt: now.Add(a.options.SessionLife),
	}
	session.IdleAt = earlier(now.Add(a.options.SessionIdle), session.ExpiresAt)
	if remember {
		session.ExpiresAt = now.Add(a.options.SessionRemember)
		session.IdleAt = session.ExpiresAt
	}
	return id, session
}
