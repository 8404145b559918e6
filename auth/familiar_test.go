package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/usage"
)

// guessAt makes as many wrong guesses at ada's password from elsewhere as are taken.
func (f *fixture) guessAt(t *testing.T, name string) {
	t.Helper()
	for i := range userBurst {
		if _, err := f.Authenticate(from(fmt.Sprintf("192.0.2.%d:1", i), name, fmt.Sprint("wrong", i))); !errors.Is(err, ErrWrongCredentials) {
			t.Fatalf("guess %d: got %v", i, err)
		}
	}
}

func TestARestartDoesNotLockOutWhoHasSignedInBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.setPassword("ada", "right")
		f.quick(nil)
		if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "right")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // until it is written
		for hash := range f.addresses["ada"] {
			if strings.Contains(hash, "10.0.0.1") || hash == hashSecret("10.0.0.1") {
				t.Errorf("the address is kept as it is: %s", hash)
			}
		}
		restart := func() {
			f.restart(t, Options{})
			f.quick(nil)
			f.guessAt(t, "ada")
		}
		restart()
		if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "right")); err != nil {
			t.Errorf("from a familiar address: got %v", err)
		}
		if _, err := f.Authenticate(from("10.0.0.2:1", "ada", "another")); codeOf(err) != usage.TooManyRequests {
			t.Errorf("from another: got %v", err)
		}

		f.now = f.now.Add(FamiliarFor)
		restart()
		if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "right")); codeOf(err) != usage.TooManyRequests {
			t.Errorf("after a week: got %v", err)
		}
	})
}

func TestANewPasswordForgetsAddresses(t *testing.T) {
	for _, restarted := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, Options{})
			f.setPassword("ada", "right")
			f.quick(nil)
			f.Authenticate(from("10.0.0.1:1", "ada", "right"))
			synctest.Wait()
			f.setPassword("ada", "new")
			f.now = f.now.Add(rereadEvery)
			if restarted {
				f.restart(t, Options{})
				f.quick(nil)
			}
			f.guessAt(t, "ada")
			if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "new")); codeOf(err) != usage.TooManyRequests {
				t.Errorf("restarted %v: got %v", restarted, err)
			}
		})
	}
}

// Another gateway on the same database may have seen the address.
func TestWhatAnotherGatewayLearnedIsReadAfterAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.setPassword("ada", "right")
		f.quick(nil)
		f.guessAt(t, "ada")
		f.AddFamiliarAddress(t.Context(), "ada", hashAddress(plain("right"), "10.0.0.1"), f.now)
		f.now = f.now.Add(rereadEvery - time.Second)
		reads := f.reads
		if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "right")); codeOf(err) != usage.TooManyRequests || f.reads != reads {
			t.Errorf("within the minute: got %v after %d reads", err, f.reads-reads)
		}
		f.now = f.now.Add(time.Second)
		f.guard.count("ada", "elsewhere", false) // the minute has paid for one
		if _, err := f.Authenticate(from("10.0.0.1:1", "ada", "right")); err != nil {
			t.Errorf("after a minute: got %v", err)
		}
	})
}

func TestADatabaseThatCannotBeWrittenCostsTheMemoryOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.quick(nil)
		f.unwritable = errors.New("read-only")
		for i := range 20 {
			name := fmt.Sprint("user", i)
			f.setPassword(name, "right")
			if _, err := f.Authenticate(from("10.0.0.1:1", name, "right")); err != nil {
				t.Fatalf("signing in: got %v", err)
			}
			synctest.Wait()
		}
		if warnings := strings.Count(f.log.String(), "cannot be kept"); warnings != 1 || f.writes != 1 {
			t.Errorf("%d warnings and %d writes", warnings, f.writes)
		}
		f.guessAt(t, "user7")
		f.passwords.matches = map[digest]match{}
		if _, err := f.Authenticate(from("10.0.0.1:1", "user7", "right")); err != nil {
			t.Errorf("what is in memory holds: got %v", err)
		}
		f.now, f.unwritable = f.now.Add(recordBackOff), nil
		if _, err := f.Authenticate(from("10.0.0.1:1", "user7", "right")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(f.addresses["user7"]) != 1 {
			t.Error("it is not tried again")
		}
	})
}

func TestTheMemoryOfAddressesIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		for i := range 3 * MaxFamiliarAddresses {
			f.familiar.welcome(f.users["ada"], fmt.Sprint(i))
			f.now = f.now.Add(time.Second)
			synctest.Wait()
		}
		book := f.familiar.users["ada"]
		if len(book.seen) != MaxFamiliarAddresses || len(book.recorded) != MaxFamiliarAddresses {
			t.Errorf("%d addresses of a user, %d recorded", len(book.seen), len(book.recorded))
		}
		if !f.familiar.knows(t.Context(), "ada", fmt.Sprint(3*MaxFamiliarAddresses-1)) {
			t.Error("the newest gave way")
		}
		for i := range maxGuarded + 1000 {
			f.familiar.knows(t.Context(), fmt.Sprint("nobody", i), "here")
		}
		if len(f.familiar.users) > maxGuarded {
			t.Errorf("%d names", len(f.familiar.users))
		}
		written := f.writes
		for range 10 {
			f.familiar.welcome(User{Name: "ada", PasswordHash: "y"}, "here")
			synctest.Wait()
		}
		if f.writes != written+1 {
			t.Errorf("%d writes for one address in a day", f.writes-written)
		}
	})
}
