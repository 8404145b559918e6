package auth

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

// userMap is a set of users in memory.
type userMap map[string]User

func (m userMap) UserByName(_ context.Context, name string) (User, error) {
	user, ok := m[name]
	if !ok {
		return User{}, usage.Errorf(usage.NotFound, "no user")
	}
	return user, nil
}

func withAda(t *testing.T) (userMap, *Authenticator) {
	t.Helper()
	hash, err := HashPassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	users := userMap{"ada": {Name: "ada", PasswordHash: hash, Roles: []string{SystemAdministrator}}}
	return users, NewAuthenticator(users)
}

func TestBasicCredentials(t *testing.T) {
	_, authenticator := withAda(t)
	for _, c := range []struct {
		name, user, password string
		want                 error
	}{
		{"right", "ada", "correct horse", nil},
		{"right, other case", "Ada", "correct horse", nil},
		{"wrong password", "ada", "wrong horse", ErrWrongCredentials},
		{"empty password", "ada", "", ErrWrongCredentials},
		{"overlong password", "ada", strings.Repeat("x", MaxPasswordLength+1), ErrWrongCredentials},
		{"unknown user", "eve", "correct horse", ErrWrongCredentials},
		{"impossible name", "a da", "correct horse", ErrWrongCredentials},
	} {
		request := httptest.NewRequest("GET", "/", nil)
		request.SetBasicAuth(c.user, c.password)
		principal, err := authenticator.Authenticate(request)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if c.want == nil && (principal.Name != "ada" || !principal.HasRole(SystemAdministrator)) {
			t.Errorf("%s: got %+v", c.name, principal)
		}
	}
	for _, header := range []string{"", "Bearer x", "Basic !", "Basic YWRh"} {
		request := httptest.NewRequest("GET", "/", nil)
		request.Header.Set("Authorization", header)
		if _, err := authenticator.Authenticate(request); !errors.Is(err, ErrNoCredentials) {
			t.Errorf("%q: got %v, want %v", header, err, ErrNoCredentials)
		}
	}
}

func TestAChangedPasswordEndsTheOldOneAtOnce(t *testing.T) {
	users, authenticator := withAda(t)
	signIn := func(password string) error {
		_, err := authenticator.SignIn(t.Context(), "ada", password)
		return err
	}
	if err := signIn("correct horse"); err != nil {
		t.Fatal(err)
	}
	hash, err := HashPassword("battery staple")
	if err != nil {
		t.Fatal(err)
	}
	users["ada"] = User{Name: "ada", PasswordHash: hash}
	if err := signIn("correct horse"); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("the old password: got %v", err)
	}
	if err := signIn("battery staple"); err != nil {
		t.Errorf("the new password: got %v", err)
	}
	delete(users, "ada")
	if err := signIn("battery staple"); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("a removed user: got %v", err)
	}
}

func TestAMatchIsRememberedForAWhileAndAMismatchNever(t *testing.T) {
	v := newVerifier()
	now := time.Now()
	v.now = func() time.Time { return now }
	hash, err := HashPassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	digest := v.digest("correct horse", hash)
	if matched, err := v.verify(t.Context(), "wrong horse", hash); matched || err != nil || len(v.matches) != 0 {
		t.Errorf("mismatch: %v, %v, %d remembered", matched, err, len(v.matches))
	}
	if matched, err := v.verify(t.Context(), "correct horse", hash); !matched || err != nil || !v.remembers(digest) {
		t.Errorf("match: %v, %v", matched, err)
	}
	now = now.Add(rememberFor)
	if v.remembers(digest) {
		t.Error("a match is remembered beyond its time")
	}
	for i := range rememberMost + 1 {
		v.remember(v.digest(strings.Repeat("x", i), hash))
	}
	if len(v.matches) > rememberMost {
		t.Errorf("%d matches are remembered", len(v.matches))
	}
}

func TestWaitingToVerifyEndsWithTheRequest(t *testing.T) {
	v := newVerifier()
	for range cap(v.slots) {
		v.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.verify(ctx, "x", nobodysHash()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestPasswordsAndNames(t *testing.T) {
	for _, password := range []string{"", "short", strings.Repeat("x", MaxPasswordLength+1)} {
		if _, err := HashPassword(password); err == nil {
			t.Errorf("a password of %d bytes was taken", len(password))
		}
	}
	if a, b := GeneratePassword(), GeneratePassword(); a == b || len(a) < 26 {
		t.Errorf("generated %q and %q", a, b)
	}
	for name, want := range map[string]string{"Ada": "ada", "ada@example.com": "ada@example.com", "ÅSA": "åsa"} {
		if got, err := NormalizeName(name); got != want || err != nil {
			t.Errorf("%q: got %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "a b", "a:b", "a\n", "a\x00", "\xff", strings.Repeat("a", 65)} {
		if _, err := NormalizeName(name); err == nil {
			t.Errorf("%q was taken as a name", name)
		}
	}
}

func TestARoleIsRequired(t *testing.T) {
	code := func(err error) usage.Code {
		if err == nil {
			return ""
		}
		return usage.AsError(err).Code
	}
	ctx := t.Context()
	if got := code(RequireRole(ctx, SystemAdministrator)); got != usage.Unauthenticated {
		t.Errorf("nobody: got %q", got)
	}
	if got := code(RequireRole(NewContext(ctx, Principal{Name: "bob"}), SystemAdministrator)); got != usage.PermissionDenied {
		t.Errorf("without the role: got %q", got)
	}
	if got := code(RequireRole(NewContext(ctx, Operator), SystemAdministrator)); got != "" {
		t.Errorf("with it: got %q", got)
	}
}
