package auth

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/usage"
)

// afterAll makes a request with ada's password, waits for what goes on beside it, and
// returns the id of the session that follows.
func (f *fixture) afterAll(t *testing.T, address string) string {
	t.Helper()
	id, _ := f.afterRequest(t, basicFrom(address))
	synctest.Wait()
	return id
}

func TestASessionAfterBasicIsLookedUpOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		first := f.afterAll(t, "192.0.2.1")
		for i, c := range []struct {
			pass  time.Duration
			asked int
		}{{0, 0}, {touchEvery - 1, 0}, {1, 1}, {0, 1}, {touchEvery - 1, 1}, {1, 2}} {
			f.pass(c.pass)
			if id := f.afterAll(t, "192.0.2.1"); id != first || f.asked != c.asked {
				t.Errorf("request %d: got %q after %d look-ups, want %q after %d", i, id, f.asked, first, c.asked)
			}
		}
	})
}

func TestASessionAfterBasicThatIsNotWrittenYetIsNotLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		hangs := make(chan struct{})
		f.addSession = func() error { <-hangs; return nil }
		f.afterRequest(t, basicFrom("192.0.2.1"))
		f.pass(touchEvery)
		f.afterRequest(t, basicFrom("192.0.2.1"))
		synctest.Wait()
		close(hangs)
		synctest.Wait()
		if f.asked != 0 || f.stored() != 1 {
			t.Errorf("%d look-ups, %d sessions", f.asked, f.stored())
		}
	})
}

func TestASessionAfterBasicEndsWhenItIsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		first := f.afterAll(t, "192.0.2.1")
		f.pass(DefaultSessionIdle)
		if next := f.afterAll(t, "192.0.2.1"); next == first || next == "" {
			t.Errorf("got %q after %q", next, first)
		}
	})
}

func TestASessionAfterBasicThatEndedElsewhereIsGivenOutForAMinuteAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		first := f.afterAll(t, "192.0.2.1")
		if err := f.RemoveSession(t.Context(), hashSecret(first)); err != nil {
			t.Fatal(err)
		}
		f.pass(touchEvery)
		f.afterAll(t, "192.0.2.1") // finds out
		if next := f.afterAll(t, "192.0.2.1"); next == first || next == "" {
			t.Errorf("got %q after %q", next, first)
		}
	})
}

// One that was over in the store would live again.
func TestASessionThatIsOverIsNotExtendedByAPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		hash := hashSecret(f.afterAll(t, "192.0.2.1"))
		over := f.sessions[hash]
		over.IdleAt = f.now
		f.sessions[hash] = over
		f.pass(touchEvery)
		f.afterAll(t, "192.0.2.1") // finds out
		if got := f.sessions[hash]; got != over {
			t.Errorf("got %+v, want %+v", got, over)
		}
	})
}

func TestADatabaseThatIsAwayEndsNoSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		first := f.afterAll(t, "192.0.2.1")
		r := basicFrom("192.0.2.1")
		principal, err := f.Authenticate(r)
		if err != nil {
			t.Fatal(err)
		}
		f.pass(touchEvery)
		f.unreadable = usage.Errorf(usage.Unavailable, "away")
		f.AfterBasic(r, principal)
		synctest.Wait()
		f.unreadable = nil
		if next := f.afterAll(t, "192.0.2.1"); next != first {
			t.Errorf("got %q after %q", next, first)
		}
	})
}

func TestSigningOutEndsTheSessionOfOneAddressOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		here, there := f.afterAll(t, "192.0.2.1"), f.afterAll(t, "192.0.2.2")
		if err := f.End(httptest.NewRecorder(), carrying("ss-id="+here)); err != nil {
			t.Fatal(err)
		}
		if next := f.afterAll(t, "192.0.2.2"); next != there {
			t.Errorf("got %q after %q", next, there)
		}
		// One that was replaced meanwhile does not take the next with it.
		at := basicPlace{"ada", "192.0.2.2"}
		f.basic.drop(at, &basicSession{})
		if next := f.afterAll(t, "192.0.2.2"); next != there {
			t.Errorf("got %q after %q", next, there)
		}
	})
}

func TestSessionsAfterBasicAreInTheTrail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.afterAll(t, "192.0.2.1")
		if got := f.record(); !strings.Contains(got, "event=session-begin who=ada from=192.0.2.1 outcome=ok") {
			t.Errorf("the log has %s", got)
		}
		f.addSession = func() error { return errors.New("read-only") }
		f.afterAll(t, "192.0.2.2")
		if got := f.record(); !strings.Contains(got, `event=session-begin who=ada from=192.0.2.2 reason="internal error" outcome=failed`) {
			t.Errorf("the log has %s", got)
		}
	})
}

// Those that are over give way first.
func TestSessionsAfterBasicAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		first := f.afterAll(t, "192.0.2.1")
		for i := range maxGuarded - 1 {
			f.basic.entries[basicPlace{"other", fmt.Sprint(i)}] = &basicSession{session: Session{IdleAt: f.now.Add(-time.Second)}}
		}
		f.afterAll(t, "192.0.2.2")
		f.afterAll(t, "192.0.2.3")
		if got := len(f.basic.entries); got != maxGuarded {
			t.Errorf("there are %d", got)
		}
		if again := f.afterAll(t, "192.0.2.1"); again != first {
			t.Error("one that goes on had to give way")
		}
	})
}

// Where the database cannot tell, whoever is not known is a stranger.
func TestAFamiliarAddressIsKnownAtTheFirstQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		f.AddFamiliarAddress(t.Context(), "ada", hashAddress(f.users["ada"].PasswordHash, "10.0.0.1"), f.now)
		f.unreadable = errors.New("away")
		if f.familiar.knows(t.Context(), "ada", "10.0.0.1") {
			t.Error("known without having been read")
		}
		f.unreadable = nil
		for address, want := range map[string]bool{"10.0.0.1": true, "10.0.0.2": false} {
			f.restart(t, Options{})
			if got := f.familiar.knows(t.Context(), "ada", address); got != want {
				t.Errorf("%s: got %v", address, got)
			}
		}
	})
}
