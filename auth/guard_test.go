package auth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

// clocked returns a guard whose clock only the test moves.
func clocked() (*guard, *time.Time) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return newGuard(func() time.Time { return now }), &now
}

func TestGuessesAreSlowedPerUser(t *testing.T) {
	g, now := clocked()
	for i := range userBurst {
		if wait := g.wait("ada", fmt.Sprint(i), false); wait != 0 {
			t.Fatalf("password %d has to wait %s", i, wait)
		}
		g.count("ada", fmt.Sprint(i), false)
	}
	if wait := g.wait("ada", "elsewhere", false); wait != userEvery {
		t.Errorf("one too many has to wait %s, want %s", wait, userEvery)
	}
	if wait := g.wait("bob", "elsewhere", false); wait != 0 {
		t.Errorf("another user has to wait %s", wait)
	}
	*now = now.Add(userEvery)
	if wait := g.wait("ada", "elsewhere", false); wait != 0 {
		t.Errorf("after waiting as told: %s more", wait)
	}
	g.count("ada", "elsewhere", false)
	if wait := g.wait("ada", "elsewhere", false); wait != userEvery {
		t.Errorf("the next has to wait %s, want %s", wait, userEvery)
	}
	*now = now.Add(24 * time.Hour)
	for i := range userBurst {
		if wait := g.wait("ada", fmt.Sprint(i), false); wait != 0 {
			t.Fatalf("a day later password %d has to wait %s", i, wait)
		}
		g.count("ada", fmt.Sprint(i), false)
	}
}

func TestGuessesAreSlowedPerAddress(t *testing.T) {
	g, _ := clocked()
	for i := range addressBurst {
		if wait := g.wait(fmt.Sprint(i), "here", false); wait != 0 {
			t.Fatalf("password %d has to wait %s", i, wait)
		}
		g.count(fmt.Sprint(i), "here", false)
	}
	if wait := g.wait("ada", "here", false); wait != addressEvery {
		t.Errorf("one too many has to wait %s, want %s", wait, addressEvery)
	}
	if wait := g.wait("ada", "elsewhere", false); wait != 0 {
		t.Errorf("another address has to wait %s", wait)
	}
}

// Guesses that were checked at the same time are paid for all the same.
func TestGuessesBeyondTheBurstWaitLonger(t *testing.T) {
	g, _ := clocked()
	for range userBurst + 3 {
		g.count("ada", "here", true)
	}
	if wait := g.wait("ada", "here", true); wait != 4*userEvery {
		t.Errorf("has to wait %s, want %s", wait, 4*userEvery)
	}
}

func TestNobodyIsLockedOutFromWhereTheyHaveSignedInBefore(t *testing.T) {
	g, _ := clocked()
	for i := range 10 * userBurst {
		g.count("ada", fmt.Sprint(i), false)
		g.count(fmt.Sprint(i), "home", false)
	}
	if wait := g.wait("ada", "home", true); wait != 0 {
		t.Errorf("from home: has to wait %s", wait)
	}
	for range userBurst {
		g.count("ada", "home", true)
	}
	if wait := g.wait("ada", "home", true); wait == 0 {
		t.Error("guesses from home are not slowed")
	}
}

func TestTheMemoryOfGuessesIsBounded(t *testing.T) {
	g, _ := clocked()
	for i := range maxGuarded + 1000 {
		g.count(fmt.Sprint("user", i), fmt.Sprint("address", i), i%2 == 0)
		g.count(fmt.Sprint("user", i), fmt.Sprint("address", i), i%2 == 1)
	}
	for name, size := range map[string]int{"users": len(g.users.paid), "addresses": len(g.addresses.paid), "pairs": len(g.pairs.paid)} {
		if size > maxGuarded {
			t.Errorf("%s: %d entries", name, size)
		}
	}
}

// from returns a request of an address, with a name and a password.
func from(address, name, password string) *http.Request {
	return with(func(r *http.Request) {
		r.RemoteAddr = address
		r.SetBasicAuth(name, password)
	})
}

func TestWhoGuessesWaitsAndWhoIsSignedInDoesNot(t *testing.T) {
	f := newFixture(t, Options{})
	if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "correct horse")); err != nil {
		t.Fatal(err)
	}
	for range userBurst {
		if _, err := f.Authenticate(from("10.0.0.2:1", "ada", "wrong")); !errors.Is(err, ErrWrongCredentials) {
			t.Fatalf("got %v", err)
		}
	}
	before := f.lookups
	_, err := f.Authenticate(from("10.0.0.2:1", "ada", "correct horse 2"))
	coded := usage.AsError(err)
	if coded.Code != usage.TooManyRequests || coded.RetryAfter != userEvery {
		t.Errorf("one too many: got %v, after %s", err, coded.RetryAfter)
	}
	if f.lookups != before {
		t.Error("the database was asked for a guess that came too early")
	}
	// Whether or not somebody has the name, the answer is the same.
	for i := range userBurst {
		f.Authenticate(from(fmt.Sprintf("10.0.1.%d:1", i), "eve", "wrong"))
	}
	if _, err := f.Authenticate(from("10.0.0.3:1", "eve", "wrong")); usage.AsError(err).RetryAfter != userEvery {
		t.Errorf("a name nobody has: got %v", err)
	}
	for range 3 {
		if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "correct horse")); err != nil {
			t.Errorf("the signed-in caller: got %v", err)
		}
		f.now = f.now.Add(rememberFor) // the password has to be hashed again
	}
}

// A name that nobody has is checked like one that somebody has: with the only
// work that takes time, which is shown by waiting for it in vain.
func TestAMissingUserTakesAsMuchWorkAsAWrongPassword(t *testing.T) {
	for _, name := range []string{"ada", "eve"} {
		f := newFixture(t, Options{})
		for range cap(f.passwords.strangers.places) {
			f.passwords.strangers.places <- struct{}{}
		}
		if _, err := f.Authenticate(from("10.0.0.1:1", name, "wrong")); codeOf(err) != usage.TooManyRequests || f.lookups != 0 {
			t.Errorf("%s: got %v after %d lookups", name, err, f.lookups)
		}
		for range cap(f.passwords.strangers.places) {
			<-f.passwords.strangers.places
		}
		if _, err := f.Authenticate(from("10.0.0.1:1", name, "wrong")); !errors.Is(err, ErrWrongCredentials) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// The hash that stands in for a missing user's costs what a new one does.
	fresh, err := HashPassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	cost := func(hash string) string { return hash[:strings.LastIndex(hash[:strings.LastIndex(hash, "$")], "$")] }
	if cost(fresh) != cost(nobodysHash()) {
		t.Errorf("%s and %s", cost(fresh), cost(nobodysHash()))
	}
}

func TestTheLogOfSignInsHasNoWordThatSomebodyTyped(t *testing.T) {
	f := newFixture(t, Options{})
	f.Authenticate(from("10.0.0.1:1", "my-pass-by-mistake", "other-secret"))
	f.Authenticate(from("10.0.0.1:1", "ada", "third-secret"))
	f.Authenticate(from("10.0.0.1:1", "ada", "correct horse"))
	f.Authenticate(bearer("aiu_fourth-secret"))
	f.Authenticate(bearer("fifth.secret.token"))
	log := f.log.String()
	for _, typed := range []string{"mistake", "secret", "horse"} {
		if strings.Contains(log, typed) {
			t.Errorf("the log has %q:\n%s", typed, log)
		}
	}
	for _, want := range []string{
		`event=sign-in who="" from=10.0.0.1 reason="the user name or the password is wrong" outcome=refused`,
		`event=sign-in who=ada from=10.0.0.1 reason="the user name or the password is wrong" outcome=refused`,
		`event=sign-in who=ada from=10.0.0.1 outcome=ok`,
		`event=api-key who="" from=192.0.2.1 reason="there is no such API key" outcome=refused`,
		`event=token who="" from=192.0.2.1`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
}
