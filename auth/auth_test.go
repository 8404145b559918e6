package auth

import (
	"context"
	"errors"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/usage"
)

func TestBasicCredentials(t *testing.T) {
	f := newFixture(t, Options{})
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
		principal, err := f.Authenticate(request)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if c.want == nil && (principal.Name != "ada" || !principal.HasRole(SystemAdministrator)) {
			t.Errorf("%s: got %+v", c.name, principal)
		}
	}
	for _, header := range []string{"", "Basic !", "Basic YWRh", "Digest x"} {
		request := httptest.NewRequest("GET", "/", nil)
		request.Header.Set("Authorization", header)
		if _, err := f.Authenticate(request); !errors.Is(err, ErrNoCredentials) {
			t.Errorf("%q: got %v, want %v", header, err, ErrNoCredentials)
		}
	}
}

func TestAChangedPasswordEndsTheOldOneAtOnce(t *testing.T) {
	f := newFixture(t, Options{})
	signIn := func(password string) error {
		_, err := f.SignIn(httptest.NewRequest("GET", "/", nil), "ada", password)
		return err
	}
	if err := signIn("correct horse"); err != nil {
		t.Fatal(err)
	}
	hash, err := HashPassword("battery staple")
	if err != nil {
		t.Fatal(err)
	}
	f.users["ada"] = User{Name: "ada", PasswordHash: hash}
	if err := signIn("correct horse"); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("the old password: got %v", err)
	}
	if err := signIn("battery staple"); err != nil {
		t.Errorf("the new password: got %v", err)
	}
	delete(f.users, "ada")
	if err := signIn("battery staple"); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("a removed user: got %v", err)
	}
}

func TestAMatchIsRememberedWhileItIsUsedAndAMismatchNever(t *testing.T) {
	now := time.Now()
	v := newVerifier(func() time.Time { return now })
	hash, err := HashPassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if matched, err := v.verify("ada", "wrong horse", hash); matched || err != nil || len(v.matches) != 0 {
		t.Errorf("mismatch: %v, %v, %d remembered", matched, err, len(v.matches))
	}
	digest := v.digest("ada", "correct horse")
	if matched, err := v.verify("ada", "correct horse", hash); !matched || err != nil || !v.remembers(digest) {
		t.Errorf("match: %v, %v", matched, err)
	}
	if v.renew(digest, hash+"x") || v.remembers(v.digest("bob", "correct horse")) {
		t.Error("a match holds for another hash or another name")
	}
	now = now.Add(rememberFor - 1)
	if !v.renew(digest, hash) {
		t.Error("a match is forgotten before its time")
	}
	now = now.Add(rememberFor - 1)
	if !v.remembers(digest) {
		t.Error("a match in use is forgotten")
	}
	now = now.Add(1)
	if v.remembers(digest) {
		t.Error("a match is remembered beyond its time")
	}
	for i := range maxRemembered + 1 {
		v.remember(v.digest("ada", time.Duration(i).String()), hash)
	}
	if len(v.matches) > maxRemembered {
		t.Errorf("%d matches are remembered", len(v.matches))
	}
}

func TestHashingIsBoundedAndWaitingEndsWithTheRequest(t *testing.T) {
	l := newLane(false, familiarWaiting)
	ctx, cancel := context.WithCancel(t.Context())
	for range cap(l.slots) {
		if _, err := l.enter(ctx); err != nil {
			t.Fatal(err)
		}
	}
	waiting := make(chan error)
	for range familiarWaiting {
		go func() {
			_, err := l.enter(ctx)
			waiting <- err
		}()
	}
	for len(l.places) < cap(l.places) {
		runtime.Gosched() // until they wait; nothing else can tell
	}
	_, err := l.enter(t.Context())
	if coded := usage.AsError(err); coded.Code != usage.TooManyRequests || coded.RetryAfter <= 0 {
		t.Errorf("one too many: got %v", err)
	}
	cancel()
	for range familiarWaiting {
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	if len(l.places) != cap(l.slots) {
		t.Errorf("%d places are taken", len(l.places))
	}
}

func TestALaneIsLeftAsOftenAsItIsEntered(t *testing.T) {
	l := newLane(false, 1)
	for i := range 2 * cap(l.places) {
		leave, err := l.enter(t.Context())
		if err != nil {
			t.Fatalf("time %d: got %v", i, err)
		}
		leave()
	}
}

func TestHashingForStrangersRestsAsLongAsItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for rests, want := range map[bool]time.Duration{true: time.Minute, false: 0} {
			l := newLane(rests, strangersWaiting)
			for range cap(l.slots) {
				leave, err := l.enter(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer time.AfterFunc(time.Minute, leave).Stop()
			}
			time.Sleep(time.Minute) // of the bubble's clock
			synctest.Wait()
			begin := time.Now()
			if _, err := l.enter(t.Context()); err != nil || time.Since(begin) != want {
				t.Errorf("rests %v: the next waited %s, want %s (%v)", rests, time.Since(begin), want, err)
			}
		}
	})
}

func TestPasswordsAndNames(t *testing.T) {
	for _, password := range []string{"", strings.Repeat("x", MaxPasswordLength+1)} {
		if _, err := HashPassword(password); err == nil {
			t.Errorf("a password of %d bytes was taken", len(password))
		}
	}
	longest := strings.Repeat("x", MaxPasswordLength)
	hash, err := HashPassword(longest)
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, Options{})
	f.users["bob"] = User{Name: "bob", PasswordHash: hash}
	for password, want := range map[string]bool{longest: true, longest[1:]: false} {
		if got, err := CheckPassword(t.Context(), f, "bob", password); got != want || err != nil {
			t.Errorf("%d bytes: got %v, %v", len(password), got, err)
		}
	}
	if got, err := CheckPassword(t.Context(), f, "eve", longest); got || codeOf(err) != usage.NotFound {
		t.Errorf("a name nobody has: got %v, %v", got, err)
	}
	if a, b := GeneratePassword(), GeneratePassword(); a == b || len(a) < 26 {
		t.Errorf("generated %q and %q", a, b)
	}
	for name, want := range map[string]string{"Ada": "ada", "ada@example.com": "ada@example.com", "ÅSA": "åsa", strings.Repeat("å", maxNameLength): strings.Repeat("å", maxNameLength)} {
		if got, err := NormalizeName(name); got != want || err != nil {
			t.Errorf("%q: got %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "a b", "a\u00a0b", "a:b", "a\n", "a\x00", "a\u200bb", "\xff", strings.Repeat("a", maxNameLength+1)} {
		if _, err := NormalizeName(name); err == nil {
			t.Errorf("%q was taken as a name", name)
		}
	}
}

func codeOf(err error) usage.Code {
	if err == nil {
		return ""
	}
	return usage.AsError(err).Code
}

func TestARoleIsRequired(t *testing.T) {
	ctx := t.Context()
	if got := codeOf(RequireRole(ctx, SystemAdministrator)); got != usage.Unauthenticated {
		t.Errorf("nobody: got %q", got)
	}
	if got := codeOf(RequireRole(NewContext(ctx, Principal{Name: "bob"}), SystemAdministrator)); got != usage.PermissionDenied {
		t.Errorf("without the role: got %q", got)
	}
	if got := codeOf(RequireRole(NewContext(ctx, Operator), SystemAdministrator)); got != "" {
		t.Errorf("with it: got %q", got)
	}
}

func TestAQueryIsRestrictedToWhatItsAskerMaySee(t *testing.T) {
	admin := Principal{Roles: []string{SystemAdministrator}}
	both := Principal{Roles: []string{AccountAdministrator, SystemAdministrator}, Accounts: []string{"a"}}
	limited := Principal{Roles: []string{AccountAdministrator}, Accounts: []string{"a", "b"}}
	for _, c := range []struct {
		name     string
		who      *Principal
		account  string
		accounts []string
		code     usage.Code
	}{
		{"nobody", nil, "", nil, usage.Unauthenticated},
		{"an administrator", &admin, "", nil, ""},
		{"an administrator, by account", &admin, "x", nil, ""},
		{"both roles", &both, "", nil, ""},
		{"an account administrator", &limited, "", []string{"a", "b"}, ""},
		{"an account administrator, by an account of theirs", &limited, "b", []string{"a", "b"}, ""},
		{"an account administrator, by another account", &limited, "x", nil, usage.PermissionDenied},
		{"an account administrator, by a prefix of theirs", &limited, "A", nil, usage.PermissionDenied},
		{"an account administrator without accounts", &Principal{Roles: []string{AccountAdministrator}}, "", nil, usage.PermissionDenied},
		{"no role", &Principal{Accounts: []string{"a"}}, "a", nil, usage.PermissionDenied},
		{"a strange role", &Principal{Roles: []string{"Root"}, Accounts: []string{"a"}}, "a", nil, usage.PermissionDenied},
	} {
		ctx := t.Context()
		if c.who != nil {
			ctx = NewContext(ctx, *c.who)
		}
		got, err := Restrict(ctx, usage.Query{AccountID: c.account, CustomerID: "c"})
		if codeOf(err) != c.code {
			t.Errorf("%s: got %v, want code %q", c.name, err, c.code)
		}
		if err == nil && (!slices.Equal(got.Accounts, c.accounts) || (got.Accounts == nil) != (c.accounts == nil) ||
			got.AccountID != c.account || got.CustomerID != "c") {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
}

func TestAccessThatMakesNoSenseIsRefused(t *testing.T) {
	for _, c := range []struct {
		roles, accounts []string
		good            bool
	}{
		{nil, nil, true},
		{[]string{SystemAdministrator}, nil, true},
		{[]string{AccountAdministrator}, []string{"a", "b"}, true},
		{[]string{AccountAdministrator}, nil, false},
		{[]string{SystemAdministrator}, []string{"a"}, false},
		{nil, []string{"a"}, false},
		{[]string{"Root"}, nil, false},
		{[]string{AccountAdministrator}, []string{""}, false},
		{[]string{AccountAdministrator}, []string{" a"}, false},
		{[]string{AccountAdministrator}, []string{"a", " b"}, false},
		{[]string{AccountAdministrator}, slices.Repeat([]string{"a"}, MaxAccounts), true},
		{[]string{AccountAdministrator}, slices.Repeat([]string{"a"}, MaxAccounts+1), false},
	} {
		if err := CheckAccess(c.roles, c.accounts); (err == nil) != c.good {
			t.Errorf("%v of %d accounts: got %v", c.roles, len(c.accounts), err)
		}
	}
}
