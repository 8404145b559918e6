package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"aiusage/observe"
	"aiusage/usage"
)

// record returns what the log has since the last call.
func (f *fixture) record() string {
	defer f.log.Reset()
	return f.log.String()
}

// everyWayIn returns a request for each kind of credentials that is good.
func (f *fixture) everyWayIn(t *testing.T) map[string]*http.Request {
	t.Helper()
	secret := []byte(strings.Repeat("s", minSecretLength))
	tokens, err := NewTokens(TokenOptions{Secret: secret, Now: f.options.Now})
	if err != nil {
		t.Fatal(err)
	}
	f.options.Tokens = tokens
	token := sign(t, jwt.SigningMethodHS256, "", secret,
		jwt.MapClaims{"sub": "svc", "exp": f.now.Add(time.Hour).Unix(), "roles": SystemAdministrator}, nil)
	apiKey, key, err := NewAPIKey("export", SystemAdministrator, nil, f.now, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	f.keys[key.Hash] = key
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	return map[string]*http.Request{
		"ada":           with(func(r *http.Request) { r.SetBasicAuth("ada", "correct horse") }),
		"ada ":          carrying("ss-id=" + id),
		"key:" + key.ID: bearer(apiKey),
		"token:svc":     bearer("  " + token + " "),
	}
}

// Whoever is let in and then refused is in the audit trail, with where from and what
// was asked for.
func TestWhatSomebodyMayNotDoIsRecordedWhateverLetThemIn(t *testing.T) {
	f := newFixture(t, Options{})
	for who, request := range f.everyWayIn(t) {
		who = strings.TrimSpace(who)
		principal, err := f.Authenticate(request)
		if err != nil || principal.Name != who {
			t.Errorf("%s: got %+v, %v", who, principal, err)
			continue
		}
		f.record()
		principal.Roles = nil
		ctx := NewContext(t.Context(), principal)
		for reason, refused := range map[string]func() error{
			"the role SystemAdministrator is required": func() error { return RequireRole(ctx, SystemAdministrator) },
			"one of the roles":                         func() error { _, err := Restrict(ctx, usage.Query{}); return err },
			"accountId is not one of": func() error {
				principal.Roles, principal.Accounts = []string{AccountAdministrator}, []string{"a"}
				_, err := Restrict(NewContext(ctx, principal), usage.Query{AccountID: "b"})
				return err
			},
		} {
			if err := refused(); codeOf(err) != usage.PermissionDenied {
				t.Errorf("%s: got %v", who, err)
			}
			got := f.record()
			if !strings.Contains(got, "level=WARN msg=audit event=access who="+who+" from=192.0.2.1 reason=\""+reason) ||
				!strings.HasSuffix(got, " outcome=refused path=/\n") {
				t.Errorf("%s, %q: the log has %s", who, reason, got)
			}
		}
	}
}

// A caller who hangs up is nothing to record, and a fault is no refusal.
func TestTheTrailTellsRefusalsFromFaults(t *testing.T) {
	f := newFixture(t, Options{})
	r := httptest.NewRequest("GET", "/somewhere", nil)
	for err, want := range map[error]string{
		nil:                                     "level=INFO msg=audit event=x who=ada from=192.0.2.1 outcome=ok path=/somewhere\n",
		ErrWrongCredentials:                     "outcome=refused path=/somewhere\n",
		usage.Errorf(usage.Unavailable, "away"): "level=WARN msg=audit event=x who=ada from=192.0.2.1 reason=away outcome=failed path=/somewhere\n",
		errors.New("secret"):                    `reason="internal error" outcome=failed path=/somewhere` + "\n",
		&usage.Error{Code: usage.Internal}:      "outcome=failed path=/somewhere\n",
		fmt.Errorf("%w", context.Canceled):      "",
	} {
		f.record()
		f.audit(r, "x", "ada", err)
		if got := f.record(); !strings.HasSuffix(got, want) || want == "" && got != "" {
			t.Errorf("%v: the log has %q", err, got)
		}
	}
}

func TestWhatABearerBringsThatIsNotGoodIsRefused(t *testing.T) {
	f := newFixture(t, Options{})
	f.everyWayIn(t)
	for _, text := range []string{"x", "a.b.c", "aiu_nobody", strings.Repeat("x", maxTokenLength+1)} {
		if got, err := f.Authenticate(bearer(text)); !errors.Is(err, ErrInvalidToken) || got.Name != "" || got.Roles != nil {
			t.Errorf("%.20s: got %+v, %v", text, got, err)
		}
		if got := f.record(); !strings.Contains(got, "outcome=refused") {
			t.Errorf("%.20s: the log has %q", text, got)
		}
	}
}

func TestAnAuthenticatorWithoutOptions(t *testing.T) {
	f := newFixture(t, Options{})
	a, err := NewAuthenticator(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authenticate(bearer("x")); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("got %v", err)
	}
	user := f.users["ada"]
	user.Roles, user.Accounts = []string{AccountAdministrator}, []string{"a"}
	f.users["ada"] = user
	got, err := a.Authenticate(with(func(r *http.Request) { r.SetBasicAuth("ada", "correct horse") }))
	if err != nil || len(got.Accounts) != 1 || got.Accounts[0] != "a" || len(got.Roles) != 1 || got.Roles[0] != AccountAdministrator {
		t.Errorf("got %+v, %v", got, err)
	}
	if o := a.options; o.SessionIdle != DefaultSessionIdle || o.SessionLife != DefaultSessionLife || o.SessionRemember != DefaultSessionRemember {
		t.Errorf("got %+v", o)
	}
	for _, origin := range []string{"*", "https://*.example.com", "https://*", "example.com", "https://example.com/path"} {
		if _, err := NewAuthenticator(f, Options{TrustedOrigins: []string{origin}}); codeOf(err) != usage.InvalidArgument {
			t.Errorf("%q: got %v", origin, err)
		}
	}
}

// Whose credentials were refused is in the request's record, and nobody where they were good.
func TestWhoWasRefusedIsInTheRecordOfTheRequest(t *testing.T) {
	f := newFixture(t, Options{})
	for password, want := range map[string]string{"correct horse": "", "not it": "ada"} {
		record := observe.NewRecord(nil, observe.Seen{})
		r := with(func(r *http.Request) { r.SetBasicAuth("ada", password) })
		_, err := f.Authenticate(r.WithContext(observe.NewContext(r.Context(), record)))
		if got := record.Seen().Tried; got != want || (err != nil) != (want != "") {
			t.Errorf("with %q: %q, %v", password, got, err)
		}
	}
	// What went well is an event, and refuses nobody.
	record := observe.NewRecord(nil, observe.Seen{})
	r := httptest.NewRequest("POST", "/", nil)
	f.audit(r.WithContext(observe.NewContext(r.Context(), record)), "sign-in", "ada", nil)
	if got := record.Seen().Tried; got != "" {
		t.Errorf("%q was refused", got)
	}
}
