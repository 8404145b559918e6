package auth

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

// with returns a request that carries what set puts on it.
func with(set func(*http.Request)) *http.Request {
	request := httptest.NewRequest("GET", "/", nil)
	set(request)
	return request
}

func bearer(token string) *http.Request {
	return with(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
}

func TestFact21AnAPIKeyIsABearerTokenOrAUserNameWithoutPassword(t *testing.T) {
	f := newFixture(t, Options{})
	secret, key, err := NewAPIKey("export", AccountAdministrator, []string{"a"}, f.now, f.now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(key.Hash, secret) || len(secret) < 30 {
		t.Errorf("the key %q is kept as %q", secret, key.Hash)
	}
	f.keys[key.Hash] = key
	asUser := with(func(r *http.Request) { r.SetBasicAuth(secret, "") })
	for name, request := range map[string]*http.Request{"bearer": bearer(secret), "user name": asUser} {
		got, err := f.Authenticate(request)
		if err != nil || got.Name != "key:"+key.ID || !got.HasRole(AccountAdministrator) || len(got.Accounts) != 1 {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if f.touched != 1 {
		t.Errorf("two uses within a minute were recorded %d times", f.touched)
	}
	f.now = f.now.Add(time.Minute)
	if _, err := f.Authenticate(bearer(secret)); err != nil || f.touched != 2 || f.keys[key.Hash].LastUsedAt != f.now {
		t.Errorf("the next use: %v, recorded %d times", err, f.touched)
	}
	if _, err := f.Authenticate(with(func(r *http.Request) { r.SetBasicAuth(secret, "x") })); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("with a password: got %v", err)
	}
	if strings.Contains(f.log.String(), secret) {
		t.Error("the log has the key")
	}
}

func TestAKeyThatIsNotGoodIsRefused(t *testing.T) {
	f := newFixture(t, Options{})
	expiring, key, err := NewAPIKey("x", SystemAdministrator, nil, f.now, f.now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	f.keys[key.Hash] = key
	revoked, key, err := NewAPIKey("y", SystemAdministrator, nil, f.now, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	key.RevokedAt = f.now
	f.keys[key.Hash] = key
	if _, err := f.Authenticate(bearer(expiring)); err != nil {
		t.Errorf("before it expires: %v", err)
	}
	f.now = f.now.Add(time.Hour)
	for name, c := range map[string]struct{ key, want string }{
		"expired":   {expiring, "has expired"},
		"revoked":   {revoked, "was revoked"},
		"forged":    {expiring[:len(expiring)-1] + "0", "no such"},
		"cut":       {"aiu_", "no such"},
		"very long": {"aiu_" + strings.Repeat("a", 5000), "no such"},
	} {
		_, err := f.Authenticate(bearer(c.key))
		if !errors.Is(err, ErrInvalidToken) || !strings.Contains(err.Error(), c.want) || usage.AsError(err).Code != usage.Unauthenticated {
			t.Errorf("%s: got %v", name, err)
		}
		if strings.Contains(f.log.String(), c.key+" ") || !strings.Contains(f.log.String(), c.want) {
			t.Errorf("%s: the log has the key, or not the reason:\n%s", name, f.log)
		}
	}
}

func TestKeysThatMakeNoSenseAreNotMade(t *testing.T) {
	now := time.Now()
	for name, err := range map[string]error{
		"no label":      second(NewAPIKey("", SystemAdministrator, nil, now, time.Time{})),
		"no UTF-8":      second(NewAPIKey("a\xff", SystemAdministrator, nil, now, time.Time{})),
		"a strange one": second(NewAPIKey("a\nb", SystemAdministrator, nil, now, time.Time{})),
		"a long one":    second(NewAPIKey(strings.Repeat("a", maxLabelLength+1), SystemAdministrator, nil, now, time.Time{})),
		"no role":       second(NewAPIKey("a", "", nil, now, time.Time{})),
		"no account":    second(NewAPIKey("a", AccountAdministrator, nil, now, time.Time{})),
		"expired":       second(NewAPIKey("a", SystemAdministrator, nil, now, now)),
	} {
		if codeOf(err) != usage.InvalidArgument {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func second(_ string, _ APIKey, err error) error { return err }

func TestAKeyIsWhatItWasMadeToBe(t *testing.T) {
	now := time.Now()
	label := strings.Repeat("ä", maxLabelLength)
	secret, key, err := NewAPIKey(label, AccountAdministrator, []string{"a"}, now, now.Add(1))
	if err != nil || !strings.HasPrefix(secret, "aiu_"+key.ID+"_") || key.Hash != hashSecret(secret) || key.Label != label ||
		key.Role != AccountAdministrator || len(key.Accounts) != 1 || key.Accounts[0] != "a" || key.CreatedAt != now || key.ExpiresAt != now.Add(1) {
		t.Errorf("got %+v, %v", key, err)
	}
}

// Whatever is stored, a text that is longer than any key is not looked up.
func TestALongTextIsNoKey(t *testing.T) {
	f := newFixture(t, Options{})
	for length, want := range map[int]error{maxKeyLength: nil, maxKeyLength + 1: ErrInvalidToken} {
		text := keyPrefix + strings.Repeat("a", length-len(keyPrefix))
		f.keys[hashSecret(text)] = APIKey{ID: "x", Role: SystemAdministrator}
		if _, err := f.Authenticate(bearer(text)); !errors.Is(err, want) {
			t.Errorf("%d bytes: got %v, want %v", length, err, want)
		}
	}
}

// A database that can be read and not written is no reason to refuse anybody.
func TestAUseThatCannotBeRecordedIsLogged(t *testing.T) {
	f := newFixture(t, Options{})
	f.keys[hashSecret("aiu_x")] = APIKey{ID: "x", Role: SystemAdministrator}
	id, _ := f.begin(t, httptest.NewRequest("POST", "/", nil), false)
	const key, session = "the last use of an API key could not be recorded", "a session could not be extended"
	for _, unwritable := range []error{nil, usage.Errorf(usage.Unavailable, "read only")} {
		f.unwritable = unwritable
		f.now = f.now.Add(touchEvery)
		f.record()
		for want, r := range map[string]*http.Request{key: bearer("aiu_x"), session: carrying("ss-id=" + id)} {
			if _, err := f.Authenticate(r); err != nil {
				t.Errorf("%v: got %v", unwritable, err)
			}
			if got := f.record(); strings.Contains(got, want) != (unwritable != nil) {
				t.Errorf("%v: the log has %q", unwritable, got)
			}
		}
	}
}
