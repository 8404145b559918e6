package auth

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// basicFrom is a request with ada's password from an address.
func basicFrom(address string, cookies ...string) *http.Request {
	return with(func(r *http.Request) {
		r.RemoteAddr = address + ":1"
		r.SetBasicAuth("Ada", "correct horse")
		if len(cookies) > 0 {
			r.Header.Set("Cookie", strings.Join(cookies, "; "))
		}
	})
}

// afterRequest authenticates a request, and returns the id of the session that
// follows and the cookies set.
func (f *fixture) afterRequest(t *testing.T, r *http.Request) (id string, cookies []string) {
	t.Helper()
	principal, err := f.Authenticate(r)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	id = f.AfterBasic(r, principal)(w)
	for _, cookie := range w.Result().Cookies() {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}
	return id, cookies
}

// stored returns how many sessions there are, over or not.
func (f *fixture) stored() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.sessions)
}

func TestFact19BasicOnceThenTheCookie(t *testing.T) {
	f := newFixture(t, Options{})
	id, cookies := f.afterRequest(t, basicFrom("192.0.2.1"))
	if want := []string{"ss-id=" + id, "ss-pid=" + id, "ss-opt=temp"}; len(id) != 43 || !slices.Equal(cookies, want) {
		t.Fatalf("got %q, %q", id, cookies)
	}
	f.wantIn(t, "the cookies alone", carrying(cookies...))
	if again, cookies := f.afterRequest(t, basicFrom("192.0.2.1", cookies...)); again != id || len(cookies) != 0 {
		t.Errorf("whoever has the cookies: got %q, %q", again, cookies)
	}
	if again, cookies := f.afterRequest(t, basicFrom("192.0.2.1", "ss-id="+strings.Repeat("A", 43))); again != id || len(cookies) != 3 {
		t.Errorf("whoever has old cookies: got %q, %q", again, cookies)
	}
}

func TestFact19TenThousandRequestsWithBasicLeaveOneSession(t *testing.T) {
	f := newFixture(t, Options{})
	for range 10_000 {
		f.afterRequest(t, basicFrom("192.0.2.1"))
	}
	if got := f.stored(); got != 1 {
		t.Errorf("%d sessions are stored", got)
	}
	f.afterRequest(t, basicFrom("192.0.2.2"))
	f.afterRequest(t, basicFrom("[2001:db8::1]"))
	f.afterRequest(t, basicFrom("[2001:db8::2]")) // the same subscriber
	if got := f.stored(); got != 3 {
		t.Errorf("with other addresses, %d sessions are stored", got)
	}
}

func TestFact19ASessionThatCannotBeWrittenIsNone(t *testing.T) {
	f := newFixture(t, Options{})
	tries := 0
	f.addSession = func() error { tries++; return errors.New("the database is read-only") }
	for range 3 {
		if id, cookies := f.afterRequest(t, basicFrom("192.0.2.1")); id != "" || len(cookies) != 0 {
			t.Errorf("got %q, %q", id, cookies)
		}
	}
	if tries != 1 {
		t.Errorf("it was tried %d times at once", tries)
	}
	f.addSession = nil
	f.pass(basicSessionRest)
	if id, cookies := f.afterRequest(t, basicFrom("192.0.2.1")); id == "" || len(cookies) != 3 {
		t.Errorf("later: got %q, %q", id, cookies)
	}
}

// An answer does not wait for a database that hangs, and only the first one waits
// at all.
func TestFact19ASessionThatIsNotWrittenYetIsNone(t *testing.T) {
	f := newFixture(t, Options{})
	hangs := make(chan struct{})
	f.addSession = func() error { <-hangs; return nil }
	for range 3 {
		if id, cookies := f.afterRequest(t, basicFrom("192.0.2.1")); id != "" || len(cookies) != 0 {
			t.Errorf("got %q, %q", id, cookies)
		}
	}
	f.basic.mu.Lock()
	own := slices.Collect(maps.Values(f.basic.entries))[0]
	f.basic.mu.Unlock()
	close(hangs)
	<-own.written
	if id, _ := f.afterRequest(t, basicFrom("192.0.2.1")); id != own.id || f.stored() != 1 {
		t.Errorf("once it is written: got %q, %d stored", id, f.stored())
	}
}

func TestFact19ASessionAfterBasicEndsAsOthersDo(t *testing.T) {
	f := newFixture(t, Options{})
	first, cookies := f.afterRequest(t, basicFrom("192.0.2.1"))
	if err := f.End(httptest.NewRecorder(), carrying(cookies...)); err != nil {
		t.Fatal(err)
	}
	second, cookies := f.afterRequest(t, basicFrom("192.0.2.1"))
	if second == first || second == "" {
		t.Errorf("after signing out: got %q", second)
	}
	f.wantIn(t, "after signing out", carrying(cookies...))

	user := f.users["ada"]
	hash, err := HashPassword("battery staple")
	if err != nil {
		t.Fatal(err)
	}
	user.PasswordHash = hash
	f.users["ada"] = user
	changed := basicFrom("192.0.2.1")
	changed.SetBasicAuth("ada", "battery staple")
	third, cookies := f.afterRequest(t, changed)
	if third == second || third == "" {
		t.Errorf("after a change of password: got %q", third)
	}
	f.wantIn(t, "with another password", carrying(cookies...))
	f.wantOut(t, "of the password before", carrying("ss-id="+second))
}

// Another gateway may end a session. This one finds out within a minute or so.
func TestFact19ASessionThatEndedElsewhereIsNotGivenOut(t *testing.T) {
	f := newFixture(t, Options{})
	first, _ := f.afterRequest(t, basicFrom("192.0.2.1"))
	if err := f.RemoveSession(t.Context(), hashSecret(first)); err != nil {
		t.Fatal(err)
	}
	for {
		f.pass(touchEvery)
		if id, _ := f.afterRequest(t, basicFrom("192.0.2.1")); id != first && id != "" {
			f.wantIn(t, "the next", carrying("ss-id="+id))
			return
		}
	}
}

// While the password keeps coming, the session does not idle; when it is over in any
// case, another follows.
func TestFact19ASessionAfterBasicIsKept(t *testing.T) {
	f := newFixture(t, Options{})
	first, _ := f.afterRequest(t, basicFrom("192.0.2.1"))
	over := f.basic.session(first).ExpiresAt
	for range 13 {
		f.pass(110 * time.Minute)
		idle := earlier(f.now.Add(DefaultSessionIdle), over)
		for f.basic.session(first).IdleAt.Before(idle) { // until it has been written, beside the requests
			if id, _ := f.afterRequest(t, basicFrom("192.0.2.1")); id != first {
				t.Fatalf("got %q after %s", id, f.now)
			}
		}
		if session, err := f.SessionByHash(t.Context(), hashSecret(first)); err != nil || session.IdleAt.Before(idle.Add(-touchEvery)) {
			t.Fatalf("stored: %+v, %v", session, err)
		}
	}
	f.pass(2 * time.Hour)
	if id, _ := f.afterRequest(t, basicFrom("192.0.2.1")); id == first || id == "" {
		t.Errorf("after its life: got %q", id)
	}
}

// session returns what is known of a session by its id.
func (b *basicSessions) session(id string) Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, own := range b.entries {
		if own.id == id {
			return own.session
		}
	}
	return Session{}
}

func TestFact19NoSessionWithoutAPassword(t *testing.T) {
	f := newFixture(t, Options{})
	key, stored, err := NewAPIKey("test", SystemAdministrator, nil, f.now, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	f.keys[stored.Hash] = stored
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	crossSite := basicFrom("192.0.2.1")
	crossSite.Method = "GET"
	crossSite.Header.Set("Sec-Fetch-Site", "cross-site")
	crossSite.Header.Set("Sec-Fetch-Mode", "navigate") // a link, which is let in
	crossSite.Header.Set("Sec-Fetch-Dest", "document")
	for name, r := range map[string]*http.Request{
		"an API key":          with(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }),
		"an API key as Basic": with(func(r *http.Request) { r.SetBasicAuth(key, "") }),
		"a session":           carrying("ss-id=" + id),
		"another site":        crossSite,
	} {
		if got, cookies := f.afterRequest(t, r); got != "" || len(cookies) != 0 || f.stored() != 1 {
			t.Errorf("%s: got %q, %q, %d stored", name, got, cookies, f.stored())
		}
	}
}

// Of several cookies any good one counts, wherever it stands among the first few.
func TestFact19SeveralSessionCookies(t *testing.T) {
	f := newFixture(t, Options{})
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	old := strings.Repeat("A", 43)
	f.wantIn(t, "an old one first", carrying("ss-id="+old, "ss-id="+id))
	f.wantIn(t, "a good one first", carrying("ss-id="+id, "ss-id="+old))
	f.wantIn(t, "what is no id first", carrying("ss-id=x", "ss-id=", "ss-id="+id))
	f.wantIn(t, "ss-pid twice", carrying("ss-pid="+old, "ss-pid="+id, "ss-opt=perm"))
	f.wantIn(t, "an old ss-pid", carrying("ss-pid="+old, "ss-opt=perm", "ss-id="+id))
	f.wantIn(t, "two options", carrying("ss-opt=temp", "ss-opt=perm", "ss-pid="+id, "ss-id="+old))
	f.wantIn(t, "in two headers", with(func(r *http.Request) { r.Header["Cookie"] = []string{"ss-id=" + old, "ss-id=" + id} }))
	f.wantOut(t, "old ones only", carrying("ss-id="+old, "ss-id="+strings.Repeat("B", 43)))
	f.wantOut(t, "the header decides", with(func(r *http.Request) {
		r.Header.Set("X-ss-id", old)
		r.Header.Set("Cookie", "ss-id="+id)
	}))

	var many []string
	for c := range 100 {
		many = append(many, "ss-id="+strings.Repeat(string(rune('0'+c%10))+string(rune('a'+c/10)), 21)+"x")
	}
	before := f.asked
	f.wantOut(t, "a hundred", carrying(many...))
	if asked := f.asked - before; asked > maxSessionIDs {
		t.Errorf("%d sessions were looked up", asked)
	}

	other, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	if err := f.End(httptest.NewRecorder(), carrying("ss-id="+old, "ss-id="+id, "ss-id="+other)); err != nil {
		t.Fatal(err)
	}
	f.wantOut(t, "one of those that signed out", carrying("ss-id="+id))
	f.wantOut(t, "the other", carrying("ss-id="+other))
}
