package auth

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"aiusage/usage"
)

// Where the database is away, nobody is told to sign in again, and nobody is let in.
func TestADatabaseThatIsAwayIsNoRefusal(t *testing.T) {
	f := newFixture(t, Options{})
	requests := f.everyWayIn(t)
	away := usage.Errorf(usage.Unavailable, "away")
	f.unreadable = away
	for who, request := range requests {
		if who == "token:svc" {
			continue // which the database is not asked for
		}
		if got, err := f.Authenticate(request); !errors.Is(err, away) || got.Name != "" {
			t.Errorf("%s: got %+v, %v", who, got, err)
		}
	}
	session := requests["ada "]
	if err := f.End(httptest.NewRecorder(), session); !errors.Is(err, away) {
		t.Errorf("signing out: got %v", err)
	}
	if id, err := f.Begin(httptest.NewRecorder(), session, User{Name: "ada"}, false); !errors.Is(err, away) || id != "" {
		t.Errorf("signing in again: got %q, %v", id, err)
	}
	f.unreadable, f.addSession = nil, func() error { return away }
	w := httptest.NewRecorder()
	if id, err := f.Begin(w, httptest.NewRequest("POST", "/", nil), User{Name: "ada"}, false); !errors.Is(err, away) || id != "" || len(w.Result().Cookies()) != 0 {
		t.Errorf("signing in: got %q, %v", id, err)
	}
}

// Each begin and end of a session is in the audit trail, and an end takes back all
// cookies.
func TestTheTrailOfASession(t *testing.T) {
	f := newFixture(t, Options{})
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	if got := f.record(); !strings.Contains(got, "event=session-begin who=ada from=192.0.2.1 outcome=ok") {
		t.Errorf("the log has %s", got)
	}
	w := httptest.NewRecorder()
	if err := f.End(w, carrying("ss-id="+id)); err != nil {
		t.Fatal(err)
	}
	back := map[string]bool{}
	for _, cookie := range w.Result().Cookies() {
		back[cookie.Name] = cookie.MaxAge < 0 && cookie.Value == ""
	}
	if !back["ss-id"] || !back["ss-pid"] || !back["ss-opt"] {
		t.Errorf("taken back: %v", back)
	}
	if got := f.record(); !strings.Contains(got, "event=session-end who=ada from=192.0.2.1 outcome=ok") {
		t.Errorf("the log has %s", got)
	}
	f.wantOut(t, "after its end", carrying("ss-id="+id))
	if got := f.record(); !strings.Contains(got, `event=session who="" from=192.0.2.1 reason="sign in: the session is over" outcome=refused`) {
		t.Errorf("the log has %s", got)
	}
	request := carrying("ss-id=" + id)
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	if _, err := f.Authenticate(request); !errors.Is(err, ErrCrossSite) {
		t.Errorf("got %v", err)
	}
	if got := f.record(); !strings.Contains(got, "event=cross-site") {
		t.Errorf("the log has %s", got)
	}
}

// A remembered password is no other name's, and no other process's.
func TestThePasswordsInMemoryAreKeyed(t *testing.T) {
	f := newFixture(t, Options{})
	a, b := newVerifier(f.options.Now), newVerifier(f.options.Now)
	if a.digest("ab", "c") == a.digest("a", "bc") {
		t.Error("where the name ends does not count")
	}
	if a.digest("ada", "x") == b.digest("ada", "x") {
		t.Error("two processes have the same key")
	}
	if once, again := a.digest("ada", "x"), a.digest("ada", "x"); once != again {
		t.Error("the same is not the same")
	}
}
