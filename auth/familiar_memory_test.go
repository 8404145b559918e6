package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// knowsAda tells whether an address is familiar of ada.
func (f *fixture) knowsAda(t *testing.T, address string) bool {
	t.Helper()
	defer synctest.Wait()
	return f.familiar.knows(t.Context(), "ada", address)
}

func (f *fixture) welcomeAda(address string) {
	f.familiar.welcome(f.users["ada"], address)
	synctest.Wait()
}

// What is in memory is good while the database cannot be read, and is newer than what
// the database has, which is written once a day.
func TestMemoryOfAddressesIsNotLostToTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.welcomeAda("10.0.0.1")
		f.unreadable = errors.New("away")
		f.pass(rereadEvery)
		if !f.knowsAda(t, "10.0.0.1") {
			t.Error("unknown while the database is away")
		}
		f.unreadable = nil
		f.pass(12 * time.Hour)
		f.welcomeAda("10.0.0.1")
		if f.writes != 1 {
			t.Errorf("%d writes within a day", f.writes)
		}
		f.pass(rereadEvery)
		f.knowsAda(t, "10.0.0.1") // reads
		f.pass(FamiliarFor - 2*rereadEvery)
		if !f.knowsAda(t, "10.0.0.1") {
			t.Error("unknown within a week of its last use")
		}
		f.pass(2 * rereadEvery)
		if f.knowsAda(t, "10.0.0.1") {
			t.Error("known a week after its last use")
		}
	})
}

func TestAnAddressIsWrittenOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		for i, c := range []struct {
			pass   time.Duration
			writes int
		}{{0, 1}, {0, 1}, {recordEvery - 1, 1}, {1, 2}} {
			f.pass(c.pass)
			if f.welcomeAda("10.0.0.1"); f.writes != c.writes {
				t.Errorf("use %d: %d writes, want %d", i, f.writes, c.writes)
			}
		}
	})
}

func TestNamesThatNobodyHasAreReadOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		for range 3 {
			if f.familiar.knows(t.Context(), "nobody", "10.0.0.1") {
				t.Error("known")
			}
		}
		if f.reads != 1 {
			t.Errorf("%d reads", f.reads)
		}
	})
}

func TestTheAddressThatWasUsedLongestAgoGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.unwritable = errors.New("read-only") // so that there is memory only
		address := func(i int) string { return fmt.Sprintf("10.0.0.%d", i) }
		for i := range MaxFamiliarAddresses {
			f.welcomeAda(address(i))
			f.pass(time.Second)
		}
		f.welcomeAda(address(2)) // again, which makes no room
		for i := range MaxFamiliarAddresses {
			if !f.knowsAda(t, address(i)) {
				t.Errorf("%s is unknown", address(i))
			}
		}
		f.pass(time.Second)
		f.welcomeAda(address(MaxFamiliarAddresses))
		for i := range MaxFamiliarAddresses + 1 {
			if known := f.knowsAda(t, address(i)); known != (i != 0) {
				t.Errorf("%s: known %v", address(i), known)
			}
		}
	})
}

// What could not be written, and what waited behind it, is tried when it is next used
// after a while, and not before.
func TestAddressesThatCouldNotBeWrittenAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.unwritable = errors.New("read-only")
		hold := make(chan struct{})
		f.addAddress = func() { <-hold }
		for i := range 3 {
			f.welcomeAda(fmt.Sprint(i))
		}
		synctest.Wait()
		f.familiar.welcome(User{Name: "bob"}, "0")
		clear(f.familiar.users) // which have given way meanwhile
		f.welcomeAda("3")
		close(hold)
		synctest.Wait()
		if f.writes != 1 {
			t.Errorf("%d writes to a database that cannot be written", f.writes)
		}
		f.unwritable = nil
		f.pass(recordBackOff)
		for i := range 4 {
			f.welcomeAda(fmt.Sprint(i))
		}
		synctest.Wait()
		if len(f.addresses["ada"]) != 4 || len(f.addresses["bob"]) != 0 || strings.Contains(f.log.String(), "panic") {
			t.Errorf("written are %v, and the log has\n%s", f.addresses, f.log)
		}
	})
}

// Where writing takes long, what waits for it is bounded.
func TestAddressesThatWaitToBeWrittenAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		hold := make(chan struct{})
		f.addAddress = func() { <-hold }
		for i := range maxGuarded + 10 {
			f.welcomeAda(fmt.Sprint(i))
			if i == 0 {
				synctest.Wait() // until the first is being written
			}
		}
		if got := len(f.familiar.unrecorded); got != maxGuarded {
			t.Errorf("%d wait", got)
		}
		f.familiar.mu.Lock()
		f.familiar.unrecorded = nil
		f.familiar.mu.Unlock()
		close(hold)
	})
}

func TestOneWriterKeepsAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		hangs, begun := make(chan struct{}), 0
		f.addAddress = func() { begun++; <-hangs }
		f.welcomeAda("10.0.0.1")
		f.welcomeAda("10.0.0.2")
		if begun != 1 {
			t.Errorf("%d write at once", begun)
		}
		close(hangs)
		synctest.Wait()
		if len(f.addresses["ada"]) != 2 {
			t.Errorf("%d are kept", len(f.addresses["ada"]))
		}
		if got := f.record(); strings.Contains(got, "panic") {
			t.Errorf("the log has %s", got)
		}
	})
}

// A fault where nobody could recover from it ends neither the process nor the memory.
func TestAPanicWhileAnAddressIsKeptLosesThatOneOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.addAddress = func() { panic("at the database") }
		f.welcomeAda("10.0.0.1")
		if got := f.record(); !strings.Contains(got, `level=ERROR msg="internal error" error="panic: at the database`) {
			t.Errorf("the log has %s", got)
		}
		f.addAddress = nil
		f.welcomeAda("10.0.0.2")
		if len(f.addresses["ada"]) != 1 || !f.knowsAda(t, "10.0.0.1") {
			t.Errorf("%d are kept", len(f.addresses["ada"]))
		}
	})
}
