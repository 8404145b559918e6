package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/usage"
)

// hanging is a store that answers no question.
type hanging struct{ *fixture }

func (hanging) UserByName(ctx context.Context, _ string) (User, error) {
	<-ctx.Done()
	return User{}, ctx.Err()
}

func (hanging) APIKeyByHash(ctx context.Context, _ string) (APIKey, error) {
	<-ctx.Done()
	return APIKey{}, ctx.Err()
}

func (hanging) SessionByHash(ctx context.Context, _ string) (Session, error) {
	<-ctx.Done()
	return Session{}, ctx.Err()
}

func TestADatabaseThatHangsKeepsNobodyHanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.store = hanging{f}
		for what, r := range map[string]*http.Request{
			"a key":             bearer("aiu_x"),
			"a key as the name": with(func(r *http.Request) { r.SetBasicAuth("aiu_x", "") }),
			"a session":         carrying("ss-id=" + strings.Repeat("A", 43)),
			"a password":        from("10.0.0.1:1", "ada", "correct horse"),
		} {
			begin := time.Now() // of the bubble's clock
			if _, err := f.Authenticate(r); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != patience {
				t.Errorf("%s: got %v after %s", what, err, time.Since(begin))
			}
		}
	})
}

func TestWhatCannotBeAPasswordIsNotLookedUp(t *testing.T) {
	f := newFixture(t, Options{})
	compared := f.quick(nil)
	longest := strings.Repeat("x", MaxPasswordLength)
	f.setPassword("ada", longest)
	f.setPassword("bob", longest+"x")
	for _, c := range []struct {
		name, password string
		want           error
		lookups        int
	}{{"ada", longest, nil, 1}, {"bob", longest + "x", ErrWrongCredentials, 0}, {"a da", longest, ErrWrongCredentials, 0}, {"", longest, ErrWrongCredentials, 0}} {
		before := f.lookups
		f.record()
		if _, err := f.Authenticate(from("10.0.0.1:1", c.name, c.password)); !errors.Is(err, c.want) || f.lookups-before != c.lookups {
			t.Errorf("%q, %d bytes: got %v after %d lookups", c.name, len(c.password), err, f.lookups-before)
		}
		if got := f.record(); c.want != nil && !strings.Contains(got, `event=sign-in who="" from=10.0.0.1`) {
			t.Errorf("%q: the log has %q", c.name, got)
		}
	}
	if got := compared.Load(); got != 1 {
		t.Errorf("%d were compared", got)
	}
}

// Or whoever guesses would soon be no stranger.
func TestAWrongPasswordMakesNoAddressFamiliar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.quick(nil)
		f.setPassword("ada", "right")
		for password, known := range map[string]bool{"wrong": false, "right": true} {
			f.Authenticate(from("10.0.0.1:1", "ada", password))
			synctest.Wait() // until it would have been written
			if got := f.familiar.knows(t.Context(), "ada", "10.0.0.1"); got != known || (len(f.addresses["ada"]) > 0) != known {
				t.Errorf("%s: known is %v, of %v", password, got, f.addresses)
			}
			f.addresses = map[string]map[string]time.Time{}
			f.restart(t, Options{})
			f.quick(nil)
		}
	})
}

// However many strangers there are, whoever has signed in from the same place has room.
func TestWhoIsKnownDoesNotWaitForStrangers(t *testing.T) {
	f := newFixture(t, Options{})
	f.quick(nil)
	f.setPassword("ada", "right")
	if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "right")); err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(rememberFor) // the password has to be hashed again
	for range cap(f.passwords.strangers.places) {
		f.passwords.strangers.places <- struct{}{}
	}
	if _, err := f.Authenticate(from("10.0.0.2:1", "ada", "right")); codeOf(err) != usage.TooManyRequests {
		t.Errorf("from elsewhere: got %v", err)
	}
	if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "right")); err != nil {
		t.Errorf("from the same place: got %v", err)
	}
}

// Whoever proved the password a moment ago is let through, wherever they are now; whoever
// has to wait takes no place in the queue.
func TestGuessesAreRefusedBeforeTheQueueAndAfterMemory(t *testing.T) {
	f := newFixture(t, Options{})
	f.quick(nil)
	f.setPassword("ada", "right")
	if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "right")); err != nil {
		t.Fatal(err)
	}
	f.guessAt(t, "ada")
	for range cap(f.passwords.strangers.places) {
		f.passwords.strangers.places <- struct{}{}
	}
	if _, err := f.Authenticate(from("10.0.0.2:1", "ada", "right")); err != nil {
		t.Errorf("what is remembered: got %v", err)
	}
	if _, err := f.Authenticate(from("10.0.0.3:1", "ada", "wrong")); usage.AsError(err).RetryAfter != userEvery {
		t.Errorf("another guess: got %v, after %s", err, usage.AsError(err).RetryAfter)
	}
}

// Those who waited for a caller who has gone ask anew, and the trail has nothing of one.
func TestTheCheckOfACallerWhoHasGoneSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		for range cap(f.passwords.strangers.slots) {
			f.passwords.strangers.slots <- struct{}{}
		}
		ctx, leave := context.WithCancel(t.Context())
		r := from("10.0.0.1:1", "ada", "any")
		go f.Authenticate(r.WithContext(ctx))
		synctest.Wait()
		outcome := make(chan error)
		go func() {
			_, err := f.join(r, "ada", "any", f.passwords.digest("ada", "any"))
			outcome <- err
		}()
		synctest.Wait()
		leave()
		if err := <-outcome; !errors.Is(err, errLeft) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// Where the hash of nobody matches, nobody is let in.
func TestNobodyHasNoPassword(t *testing.T) {
	f := newFixture(t, Options{})
	f.passwords.compare = func(string, string) (bool, error) { return true, nil }
	if got, err := f.Authenticate(from("10.0.0.1:1", "eve", "any")); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAHashThatCannotBeReadIsAFaultAndNoGuess(t *testing.T) {
	f := newFixture(t, Options{})
	f.users["ada"] = User{Name: "ada", PasswordHash: "$none$"}
	for range userBurst + 1 {
		if got, err := f.Authenticate(from("10.0.0.1:1", "ada", "any")); err == nil || codeOf(err) != usage.Internal || got.Name != "" {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	plainError := errors.New("driver: bad connection")
	f.unreadable = plainError
	if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "any")); !errors.Is(err, plainError) {
		t.Errorf("got %v", err)
	}
}

// One question is enough to see that the database is away.
func TestADatabaseThatIsAwayIsAskedOnce(t *testing.T) {
	f := newFixture(t, Options{})
	remembered := from("10.0.0.1:1", "ada", "correct horse")
	if _, err := f.Authenticate(remembered); err != nil {
		t.Fatal(err)
	}
	away := usage.Errorf(usage.Unavailable, "away")
	f.unreadable = away
	before := f.lookups
	if _, err := f.Authenticate(remembered); !errors.Is(err, away) || f.lookups != before+1 {
		t.Errorf("a remembered password: got %v after %d lookups", err, f.lookups-before)
	}
	before = f.asked
	r := carrying("ss-id="+strings.Repeat("A", 43), "ss-id="+strings.Repeat("B", 43))
	if _, err := f.Authenticate(r); !errors.Is(err, away) || f.asked != before+1 {
		t.Errorf("two sessions: got %v after %d questions", err, f.asked-before)
	}
}

// queue has one caller check a password and another wait for the outcome, and returns
// what became of both. What happens meanwhile happens before the password is compared,
// when a slot is free, or while it is.
func (f *fixture) queue(first, second *http.Request, inQueue, comparing func()) (outcomes [2]error) {
	slots := f.passwords.strangers.slots
	for range cap(slots) {
		slots <- struct{}{}
	}
	compare := f.passwords.compare
	f.passwords.compare = func(password, hash string) (bool, error) {
		if comparing != nil {
			comparing()
			comparing = nil
		}
		return compare(password, hash)
	}
	done := make(chan struct{})
	for i, r := range []*http.Request{first, second} {
		go func() {
			_, outcomes[i] = f.Authenticate(r)
			done <- struct{}{}
		}()
		synctest.Wait() // in this order
	}
	if inQueue != nil {
		inQueue()
	}
	for range cap(slots) {
		<-slots
	}
	<-done
	<-done
	return outcomes
}

func TestTheOutcomeOfASharedCheckHoldsForWhoeverItFits(t *testing.T) {
	away := usage.Errorf(usage.Unavailable, "away")
	exhaust := func(f *fixture, address string) {
		for range addressBurst {
			f.guard.count("eve", address, false)
		}
	}
	for name, c := range map[string]struct {
		second, password   string
		inQueue, comparing func(f *fixture, leave func())
		want               [2]error
		// lookups is how often the database was asked, and hashes how many were compared.
		lookups int
		hashes  int64
	}{
		"right":            {"10.0.0.2:1", "right", nil, nil, [2]error{}, 2, 1},
		"wrong":            {"10.0.0.2:1", "wrong", nil, nil, [2]error{ErrWrongCredentials, ErrWrongCredentials}, 2, 1},
		"the first leaves": {"10.0.0.2:1", "right", nil, func(_ *fixture, leave func()) { leave() }, [2]error{context.Canceled, nil}, 2, 1},
		"the first has to wait for others' guesses": {"10.0.0.2:1", "right", func(f *fixture, _ func()) { exhaust(f, "10.0.0.1") }, nil,
			[2]error{errTooMany, nil}, 1, 1},
		"both have": {"10.0.0.1:2", "right", func(f *fixture, _ func()) { exhaust(f, "10.0.0.1") }, nil, [2]error{errTooMany, errTooMany}, 0, 0},
		"the database goes away": {"10.0.0.2:1", "right", func(f *fixture, _ func()) { f.unreadable = away }, nil,
			[2]error{away, away}, 1, 0},
		"it goes after the first has asked": {"10.0.0.2:1", "wrong", nil, func(f *fixture, _ func()) { f.unreadable = away },
			[2]error{ErrWrongCredentials, ErrWrongCredentials}, 2, 1},
		"another check of it ends first": {"10.0.0.2:1", "right", func(f *fixture, _ func()) { f.passwords.verify("ada", "right", plain("right")) }, nil,
			[2]error{}, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, Options{})
				f.setPassword("ada", "right")
				compared := f.quick(nil)
				ctx, leave := context.WithCancel(t.Context())
				bound := func(what func(*fixture, func())) func() {
					if what == nil {
						return nil
					}
					return func() { what(f, leave) }
				}
				got := f.queue(from("10.0.0.1:1", "ada", c.password).WithContext(ctx), from(c.second, "ada", c.password), bound(c.inQueue), bound(c.comparing))
				leave()
				for i, err := range got {
					if c.want[i] == errTooMany {
						if codeOf(err) != usage.TooManyRequests {
							t.Errorf("caller %d got %v", i, err)
						}
					} else if !errors.Is(err, c.want[i]) {
						t.Errorf("caller %d got %v", i, err)
					}
				}
				if f.lookups != c.lookups || compared.Load() != c.hashes {
					t.Errorf("%d lookups and %d hashes", f.lookups, compared.Load())
				}
			})
		})
	}
}

// errTooMany stands for any refusal to look at a password yet.
var errTooMany = errors.New("too many")
