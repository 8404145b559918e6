package auth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

// begin signs ada in and returns the session's id and the cookies.
func (f *fixture) begin(t *testing.T, r *http.Request, remember bool) (string, map[string]*http.Cookie) {
	t.Helper()
	w := httptest.NewRecorder()
	id, err := f.Begin(w, r, f.users["ada"], remember)
	if err != nil {
		t.Fatal(err)
	}
	cookies := map[string]*http.Cookie{}
	for _, cookie := range w.Result().Cookies() {
		cookies[cookie.Name] = cookie
	}
	return id, cookies
}

// carrying returns a request with cookies, as "name=value".
func carrying(cookies ...string) *http.Request {
	return with(func(r *http.Request) { r.Header.Set("Cookie", strings.Join(cookies, "; ")) })
}

func (f *fixture) wantIn(t *testing.T, what string, r *http.Request) {
	t.Helper()
	if got, err := f.Authenticate(r); err != nil || got.Name != "ada" {
		t.Errorf("%s: got %+v, %v", what, got, err)
	}
}

func (f *fixture) wantOut(t *testing.T, what string, r *http.Request) {
	t.Helper()
	if _, err := f.Authenticate(r); !errors.Is(err, ErrNoCredentials) {
		t.Errorf("%s: got %v, want no credentials", what, err)
	}
}

func TestFact19ASessionIsInACookieOrAHeaderAndNeverInTheQuery(t *testing.T) {
	f := newFixture(t, Options{})
	id, cookies := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	if len(id) != 43 || strings.Contains(hashesOf(f), id) {
		t.Errorf("the id %q is kept as it is", id)
	}
	f.wantIn(t, "ss-id", carrying("ss-id="+id))
	f.wantIn(t, "ss-id with ss-opt=temp", carrying("ss-id="+id, "ss-opt=temp", "ss-pid=x"))
	f.wantIn(t, "ss-pid with ss-opt=perm", carrying("ss-pid="+id, "ss-opt=perm", "ss-id=x"))
	f.wantIn(t, "X-ss-id", with(func(r *http.Request) { r.Header.Set("X-ss-id", id) }))
	f.wantOut(t, "ss-pid alone", carrying("ss-pid="+id))
	f.wantOut(t, "the query", httptest.NewRequest("GET", "/?ss-id="+id+"&X-ss-id="+id, nil))
	f.wantOut(t, "another id", carrying("ss-id="+strings.Repeat("A", 43)))
	f.wantOut(t, "its hash", carrying("ss-id="+hashSecret(id)))

	for name, want := range map[string]string{"ss-id": id, "ss-pid": id, "ss-opt": "temp"} {
		c := cookies[name]
		if c == nil || c.Value != want || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure || c.Path != "/" || c.MaxAge != 0 {
			t.Errorf("%s: got %+v", name, c)
		}
	}
}

func hashesOf(f *fixture) string {
	var all strings.Builder
	for hash, session := range f.sessions {
		all.WriteString(hash + session.Hash + session.PasswordMark)
	}
	return all.String()
}

func TestFact19ARememberedSessionOutlivesTheBrowser(t *testing.T) {
	f := newFixture(t, Options{})
	request := httptest.NewRequest("POST", "https://gateway/", nil) // sets TLS
	id, cookies := f.begin(t, request, true)
	for name, want := range map[string]string{"ss-pid": id, "ss-opt": "perm"} {
		c := cookies[name]
		if c == nil || c.Value != want || !c.Secure || c.MaxAge != int(DefaultSessionRemember/time.Second) {
			t.Errorf("%s: got %+v", name, c)
		}
	}
	f.now = f.now.Add(DefaultSessionRemember - 1)
	f.wantIn(t, "at its end", carrying("ss-pid="+id, "ss-opt=perm"))
	f.now = f.now.Add(1)
	f.wantOut(t, "after its end", carrying("ss-pid="+id, "ss-opt=perm"))
}

func TestASessionIsOverWhenIdleAndInAnyCaseAfterItsLife(t *testing.T) {
	f := newFixture(t, Options{SessionIdle: time.Hour, SessionLife: 3 * time.Hour})
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	for range 3 { // used every 59 minutes
		f.now = f.now.Add(59 * time.Minute)
		f.wantIn(t, "in use", carrying("ss-id="+id))
	}
	touched := f.touched
	f.wantIn(t, "once more", carrying("ss-id="+id))
	if f.touched != touched {
		t.Error("every use of a session is written")
	}
	f.now = f.now.Add(3 * time.Minute)
	f.wantOut(t, "after its life", carrying("ss-id="+id))

	id, _ = f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	f.now = f.now.Add(time.Hour)
	f.wantOut(t, "idle", carrying("ss-id="+id))
}

func TestASessionIsRotatedAtSignInAndEndedByAllThatShouldEndIt(t *testing.T) {
	f := newFixture(t, Options{})
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	next, _ := f.begin(t, carrying("ss-id="+id), false)
	if next == id {
		t.Error("the id is the same after signing in again")
	}
	f.wantOut(t, "the id of before", carrying("ss-id="+id))
	f.wantIn(t, "the id of after", carrying("ss-id="+next))

	w := httptest.NewRecorder()
	if err := f.End(w, carrying("ss-id="+next)); err != nil {
		t.Fatal(err)
	}
	f.wantOut(t, "signed out", carrying("ss-id="+next))
	for _, cookie := range w.Result().Cookies() {
		if cookie.MaxAge >= 0 || cookie.Value != "" {
			t.Errorf("signing out leaves %+v", cookie)
		}
	}

	id, _ = f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	user := f.users["ada"]
	user.PasswordHash += "x"
	f.users["ada"] = user
	f.wantOut(t, "after a change of password", carrying("ss-id="+id))

	id, _ = f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	delete(f.users, "ada")
	f.wantOut(t, "after the user was removed", carrying("ss-id="+id))
	if strings.Contains(f.log.String(), id) {
		t.Error("the log has a session's id")
	}
}

func TestWhatABrowserSendsForAnotherSiteIsRefused(t *testing.T) {
	f := newFixture(t, Options{TrustedOrigins: []string{"https://app.example.com"}})
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	cookie := func(r *http.Request) { r.Header.Set("Cookie", "ss-id="+id) }
	basic := func(r *http.Request) { r.SetBasicAuth("ada", "correct horse") }
	header := func(r *http.Request) { r.Header.Set("X-ss-id", id) }
	for _, c := range []struct {
		name, method, site, mode, dest, origin string
		set                                    func(*http.Request)
		refused                                bool
	}{
		{"a script of another site", "GET", "cross-site", "no-cors", "script", "", cookie, true},
		{"a script of another site, Basic", "GET", "cross-site", "no-cors", "script", "", basic, true},
		{"a sibling's script", "GET", "same-site", "cors", "empty", "https://evil.example.com", cookie, true},
		{"a form of another site", "POST", "cross-site", "navigate", "document", "https://evil.example", cookie, true},
		{"a frame of another site", "GET", "cross-site", "navigate", "iframe", "", cookie, true},
		{"a frame of another site, Basic", "GET", "cross-site", "navigate", "iframe", "", basic, true},
		{"a frame of a sibling", "GET", "same-site", "navigate", "iframe", "", basic, true},
		{"a frame of old", "GET", "cross-site", "navigate", "frame", "", basic, true},
		{"a frame that is fenced", "GET", "cross-site", "navigate", "fencedframe", "", basic, true},
		{"an object", "GET", "cross-site", "navigate", "object", "", basic, true},
		{"something embedded", "GET", "cross-site", "navigate", "embed", "", basic, true},
		{"an object's head", "HEAD", "cross-site", "navigate", "object", "", basic, true},
		{"a picture", "GET", "cross-site", "no-cors", "image", "", basic, true},
		{"nobody knows where to", "GET", "cross-site", "navigate", "", "", basic, true},
		{"an old browser", "POST", "", "", "", "https://evil.example", basic, true},
		{"a link", "GET", "cross-site", "navigate", "document", "", cookie, false},
		{"a link, Basic", "GET", "cross-site", "navigate", "document", "", basic, false},
		{"the address bar", "GET", "none", "navigate", "document", "", cookie, false},
		{"our own frame", "GET", "same-origin", "navigate", "iframe", "", cookie, false},
		{"the page itself", "POST", "same-origin", "cors", "empty", "http://example.com", cookie, false},
		{"a trusted origin", "POST", "same-site", "cors", "empty", "https://app.example.com", cookie, false},
		{"no browser", "POST", "", "", "", "", basic, false},
		{"a header", "POST", "cross-site", "cors", "empty", "https://evil.example", header, false},
	} {
		request := httptest.NewRequest(c.method, "/", nil)
		c.set(request)
		for name, value := range map[string]string{"Sec-Fetch-Site": c.site, "Sec-Fetch-Mode": c.mode, "Sec-Fetch-Dest": c.dest, "Origin": c.origin} {
			if value != "" {
				request.Header.Set(name, value)
			}
		}
		if _, err := f.Authenticate(request); errors.Is(err, ErrCrossSite) != c.refused || err != nil && !c.refused {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	link := carrying("ss-id=" + id)
	link.Header.Set("Sec-Fetch-Site", "cross-site")
	link.Header.Set("Sec-Fetch-Mode", "navigate")
	link.Header.Set("Sec-Fetch-Dest", "document")
	if err := f.CheckChange(link); !errors.Is(err, ErrCrossSite) {
		t.Errorf("a link that changes something: got %v", err)
	}
	if _, err := NewAuthenticator(f, Options{TrustedOrigins: []string{"app.example.com"}}); err == nil {
		t.Error("an origin without a scheme was taken")
	}
}

// Or a page left open would keep somebody signed in.
func TestCheckingAgainIsNoUseOfASession(t *testing.T) {
	f := newFixture(t, Options{SessionIdle: time.Hour, SessionLife: 3 * time.Hour})
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	r := carrying("ss-id=" + id)
	for range 2 {
		f.now = f.now.Add(29 * time.Minute)
		if got, err := f.Recheck(r); err != nil || got.Name != "ada" {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	f.now = f.now.Add(2 * time.Minute)
	if _, err := f.Recheck(r); !errors.Is(err, ErrNoCredentials) {
		t.Errorf("after an hour without use: got %v", err)
	}
	f.wantOut(t, "after an hour without use", r)
}

// The table is swept by the end of idleness alone.
func TestASessionIdlesNoLongerThanItLives(t *testing.T) {
	f := newFixture(t, Options{SessionIdle: 2 * time.Hour, SessionLife: 3 * time.Hour})
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	f.now = f.now.Add(90 * time.Minute)
	f.wantIn(t, "in use", carrying("ss-id="+id))
	if s := f.sessions[hashSecret(id)]; !s.IdleAt.Equal(s.ExpiresAt) {
		t.Errorf("in use it idles until %s and ends at %s", s.IdleAt, s.ExpiresAt)
	}
	f = newFixture(t, Options{SessionIdle: 2 * time.Hour, SessionLife: time.Hour})
	id, _ = f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	if s := f.sessions[hashSecret(id)]; s.CreatedAt != f.now || !s.IdleAt.Equal(s.ExpiresAt) {
		t.Errorf("begun at %s, from the beginning it idles until %s and ends at %s", s.CreatedAt, s.IdleAt, s.ExpiresAt)
	}
}

func TestEachEndOfASessionEndsIt(t *testing.T) {
	f := newFixture(t, Options{})
	for what, change := range map[string]func(*Session){
		"idle":       func(s *Session) { s.IdleAt = f.now },
		"at its end": func(s *Session) { s.ExpiresAt = f.now },
	} {
		id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
		f.wantIn(t, "before", carrying("ss-id="+id))
		session := f.sessions[hashSecret(id)]
		change(&session)
		f.sessions[hashSecret(id)] = session
		f.wantOut(t, what, carrying("ss-id="+id))
	}
}

func TestAShortIdleTimeIsExtendedByUse(t *testing.T) {
	f := newFixture(t, Options{SessionIdle: time.Minute})
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	for range 5 {
		f.now = f.now.Add(50 * time.Second)
		f.wantIn(t, "used every 50 seconds", carrying("ss-id="+id))
	}
}

// A use is written once a minute, and gives the session its whole idle time again.
func TestAUseExtendsASessionOnceAMinute(t *testing.T) {
	f := newFixture(t, Options{SessionIdle: time.Hour})
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	start := f.now
	for _, c := range []struct{ after, idle time.Duration }{
		{touchEvery - 1, time.Hour}, {touchEvery, touchEvery + time.Hour}, {2*touchEvery - 1, touchEvery + time.Hour}, {2 * touchEvery, 2*touchEvery + time.Hour},
	} {
		f.now = start.Add(c.after)
		f.wantIn(t, "in use", carrying("ss-id="+id))
		if got := f.sessions[hashSecret(id)].IdleAt.Sub(start); got != c.idle {
			t.Errorf("used after %s it is idle after %s, want %s", c.after, got, c.idle)
		}
	}
}

func TestWhatIsNoIDIsNotLookedUpAndNoneTwice(t *testing.T) {
	f := newFixture(t, Options{})
	id := strings.Repeat("A", 43)
	for cookies, want := range map[string]int{
		"ss-id=x": 0, "ss-id=" + id + "A": 0, "ss-id=" + id + "; ss-id=" + id: 1, "ss-opt=perm; ss-pid=" + id + "; ss-id=" + id: 1, "ss-pid=" + id: 0, "ss-opt=temp; ss-pid=" + id: 0,
	} {
		before := f.asked
		f.wantOut(t, cookies, carrying(cookies))
		if got := f.asked - before; got != want {
			t.Errorf("%s: %d sessions were looked up", cookies, got)
		}
	}
}

// nameless is a store whose users cannot be read.
type nameless struct{ *fixture }

func (nameless) UserByName(context.Context, string) (User, error) {
	return User{}, usage.Errorf(usage.Unavailable, "away")
}

// A fault says nothing about a session: whoever has it is not told to sign in.
func TestASessionWhoseUserCannotBeReadIsNotOver(t *testing.T) {
	f := newFixture(t, Options{})
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	f.store = nameless{f}
	if got, err := f.Authenticate(carrying("ss-id=" + id)); codeOf(err) != usage.Unavailable || got.Name != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	f.store = f
	f.wantIn(t, "afterwards", carrying("ss-id="+id))
}
