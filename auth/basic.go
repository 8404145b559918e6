package auth

import (
	"context"
	"errors"
	"net/http"

	"aiusage/usage"
)

// The two ways in which a request is not authenticated. Doors compare with
// errors.Is, because the legacy contract answers them differently (fact 18).
var (
	ErrNoCredentials    = usage.Errorf(usage.Unauthenticated, "sign in: this request carries no credentials")
	ErrWrongCredentials = usage.Errorf(usage.Unauthenticated, "the user name or the password is wrong")
)

// User is an account that can sign in.
type User struct {
	// Name is unique and held in lower case; signing in ignores case.
	Name string
	// PasswordHash is an argon2id hash in PHC string format.
	PasswordHash string
	Roles        []string
}

// Users looks users up. The error for a name nobody has carries usage.NotFound.
type Users interface {
	UserByName(ctx context.Context, name string) (User, error)
}

// Authenticator tells who sent a request.
type Authenticator struct {
	users     Users
	passwords *verifier
}

// NewAuthenticator returns an Authenticator over the given users.
func NewAuthenticator(users Users) *Authenticator {
	return &Authenticator{users: users, passwords: newVerifier()}
}

// Authenticate returns who sent the request, by HTTP Basic (RFC 7617). The
// error is ErrNoCredentials when the request has none or cannot be read as
// Basic, ErrWrongCredentials when they do not match, and otherwise the fault
// that kept the gateway from finding out.
func (a *Authenticator) Authenticate(r *http.Request) (Principal, error) {
	name, password, ok := r.BasicAuth()
	if !ok {
		return Principal{}, ErrNoCredentials
	}
	return a.SignIn(r.Context(), name, password)
}

// SignIn returns the principal with a name and password. Errors are as for
// Authenticate. It takes as long for a name nobody has as for a wrong password.
func (a *Authenticator) SignIn(ctx context.Context, name, password string) (Principal, error) {
	name, err := NormalizeName(name)
	if err != nil {
		return Principal{}, ErrWrongCredentials
	}
	user, err := a.users.UserByName(ctx, name)
	if isNotFound(err) {
		user = User{PasswordHash: nobodysHash()}
	} else if err != nil {
		return Principal{}, err
	}
	matched, verifyErr := a.passwords.verify(ctx, password, user.PasswordHash)
	switch {
	case verifyErr != nil:
		return Principal{}, verifyErr
	case err != nil || !matched:
		return Principal{}, ErrWrongCredentials
	}
	return Principal{Name: user.Name, Roles: user.Roles}, nil
}

func isNotFound(err error) bool {
	coded, ok := errors.AsType[*usage.Error](err)
	return ok && coded.Code == usage.NotFound
}
