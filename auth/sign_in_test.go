package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/usage"
)

// plain is a hash that quick compares with: the cost of the real one is not what these
// tests are about.
func plain(password string) string { return "plain:" + password }

// quick makes comparing passwords cost nothing, and counts it. hold, if there is one,
// is received from before each.
func (f *fixture) quick(hold <-chan struct{}) *atomic.Int64 {
	compared := &atomic.Int64{}
	f.passwords.compare = func(password, hash string) (bool, error) {
		compared.Add(1)
		if hold != nil {
			<-hold
		}
		return hash == plain(password), nil
	}
	return compared
}

func (f *fixture) setPassword(name, password string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users[name] = User{Name: name, PasswordHash: plain(password), Roles: []string{SystemAdministrator}}
}

// callers asks for all requests at once, and returns what became of each.
func (f *fixture) callers(requests ...*http.Request) (outcomes []error) {
	outcomes = make([]error, len(requests))
	var all sync.WaitGroup
	for i, r := range requests {
		all.Go(func() { _, outcomes[i] = f.Authenticate(r) })
	}
	all.Wait()
	return outcomes
}

func TestManyCallersWithTheSamePasswordShareOneCheck(t *testing.T) {
	for _, number := range []int{20, 100, 1000} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, Options{})
			f.setPassword("ada", "right")
			hold := make(chan struct{})
			compared := f.quick(hold)
			var requests []*http.Request
			for i := range number { // half of them come from one place, the others from everywhere
				requests = append(requests, from(fmt.Sprintf("10.0.%d.%d:1", i%2*i/250, i%2*i%250), "ada", "right"))
			}
			go func() {
				synctest.Wait() // until all wait for the one that is checked
				close(hold)
			}()
			for i, err := range f.callers(requests...) {
				if err != nil {
					t.Fatalf("caller %d of %d: got %v", i, number, err)
				}
			}
			if got := compared.Load(); got != 1 {
				t.Errorf("%d callers took %d hashes", number, got)
			}
		})
	}
}

func TestManyUsersSignInAtOnceFromOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		compared := f.quick(nil)
		var requests []*http.Request
		for i := range 120 { // more than there may be wrong passwords from one address
			name := fmt.Sprint("user", i)
			f.setPassword(name, "right")
			for range 3 {
				requests = append(requests, from("10.0.0.1:1", name, "right"))
			}
		}
		for i, err := range f.callers(requests...) {
			if err != nil {
				t.Errorf("caller %d: got %v", i, err)
			}
		}
		if got := compared.Load(); got != 120 {
			t.Errorf("120 users took %d hashes", got)
		}
	})
}

func TestOnlyWrongPasswordsCountAsGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.setPassword("ada", "right")
		hold := make(chan struct{})
		f.quick(hold)
		var requests []*http.Request
		for i := range 90 {
			requests = append(requests, from("10.0.0.1:1", "ada", "right"))
			if i < userBurst-1 { // one guess less than are taken, each by ten callers at once
				for range 10 {
					requests = append(requests, from("10.0.0.1:1", "ada", fmt.Sprint("wrong", i)))
				}
			}
		}
		go func() {
			synctest.Wait() // until all are there
			close(hold)
		}()
		for i, err := range f.callers(requests...) {
			_, password, _ := requests[i].BasicAuth()
			if want := password == "right"; want != (err == nil) || !want && !errors.Is(err, ErrWrongCredentials) {
				t.Errorf("%s: got %v", password, err)
			}
		}
		if _, err := f.Authenticate(from("10.0.0.2:1", "ada", "wrong again")); !errors.Is(err, ErrWrongCredentials) {
			t.Errorf("the tenth guess: got %v", err)
		}
		if _, err := f.Authenticate(from("10.0.0.2:1", "ada", "and again")); codeOf(err) != usage.TooManyRequests {
			t.Errorf("the eleventh: got %v", err)
		}
	})
}

func TestAPasswordThatChangesWhileItIsChecked(t *testing.T) {
	for _, c := range []struct {
		name, before, after string
		// first may be let in or not, second asked when the change was made.
		second error
	}{
		{"the old password is good for nobody who asks afterwards", "typed", "changed", ErrWrongCredentials},
		{"the new password is good for whoever asks afterwards", "changed", "typed", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, Options{})
				f.setPassword("ada", c.before)
				hold := make(chan struct{})
				f.quick(hold)
				outcomes := make(chan error, 1)
				go f.Authenticate(from("10.0.0.1:1", "ada", "typed"))
				synctest.Wait()
				f.setPassword("ada", c.after)
				go func() {
					_, err := f.Authenticate(from("10.0.0.1:1", "ada", "typed"))
					outcomes <- err
				}()
				synctest.Wait() // for the check that began before the change
				close(hold)
				if err := <-outcomes; !errors.Is(err, c.second) {
					t.Errorf("got %v, want %v", err, c.second)
				}
			})
		})
	}
}

func TestACallerWhoGoesAwayTakesNobodyElseAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.setPassword("ada", "right")
		f.quick(nil)
		for range cap(f.passwords.strangers.slots) {
			f.passwords.strangers.slots <- struct{}{}
		}
		ctx, leave := context.WithCancel(t.Context())
		outcomes := make(chan error, 2)
		for _, r := range []*http.Request{from("10.0.0.1:1", "ada", "right").WithContext(ctx), from("10.0.0.1:1", "ada", "right")} {
			go func() {
				_, err := f.Authenticate(r)
				outcomes <- err
			}()
			synctest.Wait() // in this order
		}
		leave()
		if err := <-outcomes; !errors.Is(err, context.Canceled) {
			t.Errorf("who left: got %v", err)
		}
		synctest.Wait()
		for range cap(f.passwords.strangers.slots) {
			<-f.passwords.strangers.slots
		}
		if err := <-outcomes; err != nil {
			t.Errorf("who stayed: got %v", err)
		}
	})
}

// Waiting for others' hashes is not the database's hanging.
func TestALongQueueIsNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.setPassword("ada", "right")
		f.passwords.compare = func(password, hash string) (bool, error) {
			time.Sleep(2 * patience) // of the bubble's clock
			return hash == plain(password), nil
		}
		var requests []*http.Request
		for i := range 5 {
			name := fmt.Sprint("user", i)
			f.setPassword(name, "right")
			requests = append(requests, from("10.0.0.1:1", name, "right"))
		}
		for i, err := range f.callers(requests...) {
			if err != nil {
				t.Errorf("caller %d: got %v", i, err)
			}
		}
	})
}

// panicking is a store that panics.
type panicking struct{ *fixture }

func (panicking) UserByName(context.Context, string) (User, error) { panic("at the database") }

func TestAPanicWhileAPasswordIsCheckedIsAnError(t *testing.T) {
	f := newFixture(t, Options{})
	f.store = panicking{f}
	_, err := f.Authenticate(from("10.0.0.1:1", "ada", "wrong"))
	if err == nil || !strings.Contains(err.Error(), "at the database") {
		t.Errorf("got %v", err)
	}
	// Several callers may wait for the check; the log is to have it once.
	if _, ok := errors.AsType[*usage.Panic](err); !ok {
		t.Errorf("got %T", err)
	}
}
