package auth

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"aiusage/usage"
)

// patience is how long the database may take to tell who is asking. One that hangs
// must not keep those who ask hanging too. Waiting for a password's hash does not
// count: the queue is bounded, and whoever is in it will be answered.
const patience = 5 * time.Second

// withDeadline returns the request with a context that ends after patience.
func withDeadline(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	return r.WithContext(ctx), cancel
}

// SignIn returns the user with a name and password. Errors are as for
// Authenticate. It takes as long for a name nobody has as for a wrong password,
// and slows down whoever guesses.
//
// Whoever asks with the same name and password at the same time shares one check:
// after a restart all callers of a user come at once.
func (a *Authenticator) SignIn(r *http.Request, name, password string) (User, error) {
	name, err := NormalizeName(name)
	if err != nil || len(password) > MaxPasswordLength {
		a.audit(r, "sign-in", "", ErrWrongCredentials)
		return User{}, ErrWrongCredentials
	}
	user, err := a.signIn(r, name, password)
	if err == nil {
		a.familiar.welcome(user, a.AddressOf(r))
	}
	return user, err
}

func (a *Authenticator) signIn(r *http.Request, name, password string) (User, error) {
	digest := a.passwords.digest(name, password)
	for {
		// Whoever has proved the password a moment ago is let through before anything
		// that a flood of guesses could use up.
		if a.passwords.remembers(digest) {
			user, err := a.userByName(r.Context(), name)
			if err == nil && a.passwords.renew(digest, user.PasswordHash) {
				return user, nil
			}
			if err != nil && !isNotFound(err) {
				return User{}, err
			}
		}
		// A check that somebody else began may have been of another password than the
		// user has by now. One that matched is remembered, so it is seen above.
		got, err := a.join(r, name, password, digest)
		if got.own || err != nil && !a.isOutdated(r, name, got, err) {
			a.audit(r, "sign-in", got.user.Name, err)
			return got.user, err
		}
	}
}

// verdict is what became of a password that was not known to be right.
type verdict struct {
	// user is who has the name, if somebody has, with the hash that was compared.
	user User
	// own is whether this request was the one to check it.
	own bool
}

// errLeft is the outcome of a check whose caller has gone.
var errLeft = errors.New("the caller has gone")

// join checks a password, or waits for the outcome of the same check that is under
// way. One from where the user is known is not held up by one from elsewhere.
func (a *Authenticator) join(r *http.Request, name, password string, digest digest) (verdict, error) {
	address := a.AddressOf(r)
	known := a.familiar.knows(r.Context(), name, address)
	if wait := a.guard.wait(name, address, known); wait > 0 {
		return verdict{own: true}, tooMany(wait)
	}
	own := false
	outcome := a.flights.DoChan(strconv.FormatBool(known)+string(digest[:]), func() (user any, err error) {
		own = true
		defer func() {
			if fault := recover(); fault != nil { // nobody above could, and the process would end
				user, err = User{}, usage.Recovered(fault)
			}
		}()
		user, err = a.check(r.Context(), name, password, address, known)
		if err != nil && r.Context().Err() != nil {
			err = errors.Join(errLeft, err)
		}
		return user, err
	})
	select {
	case got := <-outcome:
		return verdict{got.Val.(User), own}, got.Err
	case <-r.Context().Done():
		return verdict{own: true}, r.Context().Err()
	}
}

// isOutdated tells whether the refusal of a check that somebody else began does not
// hold for this request.
func (a *Authenticator) isOutdated(r *http.Request, name string, got verdict, err error) bool {
	if errors.Is(err, errLeft) || usage.AsError(err).Code == usage.TooManyRequests {
		return true // who has to wait is told so for their own address when they ask anew
	}
	if !errors.Is(err, ErrWrongCredentials) {
		return false
	}
	user, lookupErr := a.userByName(r.Context(), name)
	return lookupErr == nil && user.PasswordHash != got.user.PasswordHash
}

// check compares a password with the user's. With ErrWrongCredentials it returns the
// user whose password it is not.
func (a *Authenticator) check(ctx context.Context, name, password, address string, known bool) (User, error) {
	// The place in the queue comes before the database, which those who are signed
	// in need too.
	leave, err := a.passwords.lane(known).enter(ctx)
	if err != nil {
		return User{}, err
	}
	defer leave()
	if wait := a.guard.wait(name, address, known); wait > 0 { // of those that were before it in the queue
		return User{}, tooMany(wait)
	}
	user, err := a.userByName(ctx, name)
	hash := user.PasswordHash
	if isNotFound(err) {
		hash = nobodysHash()
	} else if err != nil {
		return User{}, err
	}
	if a.passwords.renew(a.passwords.digest(name, password), hash) { // by a check that ended as this one began
		return user, nil
	}
	matched, err := a.passwords.verify(name, password, hash)
	if err != nil {
		return user, err
	}
	if !matched || user.Name == "" {
		a.guard.count(name, address, known)
		return user, ErrWrongCredentials
	}
	return user, nil
}

// userByName looks a user up, within patience.
func (a *Authenticator) userByName(ctx context.Context, name string) (User, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return a.store.UserByName(ctx, name)
}

// tooMany is the refusal of a password that is not even looked at.
func tooMany(wait time.Duration) error {
	return &usage.Error{
		Code:       usage.TooManyRequests,
		Message:    "there were too many attempts to sign in; wait before the next",
		RetryAfter: wait,
	}
}

func isNotFound(err error) bool {
	coded, ok := errors.AsType[*usage.Error](err)
	return ok && coded.Code == usage.NotFound
}
