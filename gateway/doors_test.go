package gateway_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
)

// tokenSecret is shared with whoever issues tokens in these tests.
var tokenSecret = secret("a shared secret of more than 32 bytes")

// clock is a clock that tests move while the gateway reads it.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// withTokens takes tokens by HS256, and reads the clock.
func withTokens(t *testing.T, c *clock) func(*gateway.Config) {
	t.Helper()
	tokens, err := auth.NewTokens(auth.TokenOptions{Secret: []byte(tokenSecret), Audience: "aiusage", Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return func(config *gateway.Config) { config.Auth = auth.Options{Tokens: tokens, Now: c.now} }
}

// token is one for somebody with a role and accounts, good for an hour.
func token(t *testing.T, key, role string, accounts ...string) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "svc", "aud": "aiusage", "exp": time.Now().Add(time.Hour).Unix(), "roles": role, "accounts": accounts,
	}).SignedString([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return secret(text)
}

// apiKey stores a key, good for an hour, and returns it.
func apiKey(t *testing.T, store *db.Store, role string, accounts ...string) (string, auth.APIKey) {
	t.Helper()
	key, stored, err := auth.NewAPIKey("test", role, accounts, time.Now(), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.AddAPIKey(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	return secret(key), stored
}

// A door is a way to ask for something.
type askDoor struct{ name, method, path, body, accept string }

const usageQuery = `{"query":"{aiUsage{totals{sessions}}}"}`

var doors = []askDoor{
	{"GraphQL, no filter", "POST", "/graphql", usageQuery, ""},
	{"GraphQL, acc-2", "POST", "/graphql", `{"query":"{aiUsage(accountId:\"acc-2\"){totals{sessions}}}"}`, ""},
	{"introspection", "POST", "/graphql", `{"query":"{__typename}"}`, ""},
	{"GraphiQL", "GET", "/graphiql", "", ""},
	{"/ai/usage", "GET", "/ai/usage", "", ""},
	{"/ai/usage.html", "GET", "/ai/usage.html", "", ""},
	{"/auth/status", "GET", "/auth/status", "", ""},
	{"/metrics", "GET", "/metrics", "", ""},
	{"/healthz", "GET", "/healthz", "", ""},
}

// through asks at a door with headers, and says in a few words what came of it.
func (s *service) through(t *testing.T, door askDoor, headers []string) string {
	t.Helper()
	contentType := ""
	if door.body != "" {
		contentType = "application/json"
	}
	got := s.ask(t, "", door.method, door.path, contentType, door.body, headers...)
	words := fmt.Sprint(got.status)
	switch {
	case strings.Contains(got.body, `"code":"FORBIDDEN"`):
		words += " FORBIDDEN"
	case strings.HasPrefix(got.body, `{"data":{"aiUsage":{"totals":{"sessions":`):
		count := strings.TrimPrefix(got.body, `{"data":{"aiUsage":{"totals":{"sessions":`)
		words += " " + count[:strings.IndexByte(count, '}')] + " sessions"
	}
	if challenge, _, _ := strings.Cut(got.header.Get("WWW-Authenticate"), " "); challenge != "" {
		words += " " + challenge
	}
	return words
}

func TestPrincipalsAgainstDoors(t *testing.T) {
	store := fill(t, dbtest.One(t))
	s := start(t, store, withTokens(t, &clock{}))
	adminKey, _ := apiKey(t, store, auth.SystemAdministrator)
	accountKey, _ := apiKey(t, store, auth.AccountAdministrator, "acc-1")
	adminCookies, adminID := s.signIn(t, "ada")
	accountCookies, _ := s.signIn(t, "ann")
	authorization := func(value string) []string { return []string{"Authorization", value} }

	all := []string{"200 3 sessions", "200 1 sessions", "200", "200", "200", "200", "200", "200", "200"}
	own := []string{"200 2 sessions", "200 FORBIDDEN", "200", "200", "403", "403", "200", "403 FORBIDDEN", "200"}
	none := []string{"200 FORBIDDEN", "200 FORBIDDEN", "200", "200", "403", "403", "200", "403 FORBIDDEN", "200"}
	nobody := []string{"401 Basic", "401 Basic", "401 Basic", "401 Basic", "401 basic", "302", "401 basic", "401 Basic", "200"}
	for _, c := range []struct {
		who     string
		headers []string
		want    []string
	}{
		{"nobody", nil, nobody},
		{"a wrong password", authorization(basic("ada", "wrong")), []string{"401 Basic", "401 Basic", "401 Basic", "401 Basic", "401", "401", "401", "401 Basic", "200"}},
		{"SystemAdministrator, Basic", authorization(basic("ada", password)), all},
		{"SystemAdministrator, cookies", []string{"Cookie", adminCookies}, all},
		{"SystemAdministrator, X-ss-id", []string{"X-ss-id", adminID}, all},
		{"SystemAdministrator, API key as bearer", authorization("Bearer " + adminKey), all},
		{"SystemAdministrator, API key as user name", authorization(basic(adminKey, "")), all},
		{"SystemAdministrator, JWT", authorization("Bearer " + token(t, tokenSecret, auth.SystemAdministrator)), all},
		{"AccountAdministrator of acc-1, Basic", authorization(basic("ann", password)), own},
		{"AccountAdministrator of acc-1, cookies", []string{"Cookie", accountCookies}, own},
		{"AccountAdministrator of acc-1, API key", authorization("Bearer " + accountKey), own},
		{"AccountAdministrator of acc-1, JWT", authorization("Bearer " + token(t, tokenSecret, auth.AccountAdministrator, "acc-1")), own},
		{"AccountAdministrator of none, Basic", authorization(basic("nil", password)), none},
		{"AccountAdministrator of none, JWT", authorization("Bearer " + token(t, tokenSecret, auth.AccountAdministrator)), none},
		{"no role, Basic", authorization(basic("bob", password)), none},
		{"no role, JWT", authorization("Bearer " + token(t, tokenSecret, "viewer", "acc-1")), none},
	} {
		for i, door := range doors {
			if got := s.through(t, door, c.headers); got != c.want[i] {
				t.Errorf("%s at %s: got %s, want %s", c.who, door.name, got, c.want[i])
			}
		}
		t.Logf("%-42s %s", c.who, strings.Join(c.want, " | "))
	}
}

// What was good once, or never was, gets the same at every door as it should.
func TestCredentialsThatAreNotGoodAtEveryDoor(t *testing.T) {
	store := fill(t, dbtest.One(t))
	later := &clock{}
	s := start(t, store, withTokens(t, later))
	bearer := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
	expiringKey, _ := apiKey(t, store, auth.SystemAdministrator)
	revokedKey, revoked := apiKey(t, store, auth.SystemAdministrator)
	expiringToken := token(t, tokenSecret, auth.SystemAdministrator)
	expiringCookies, expiringID := s.signIn(t, "ada")
	revokedCookies, revokedID := s.signIn(t, "ada")
	for name, headers := range map[string][]string{
		"key": bearer(expiringKey), "revoked key": bearer(revokedKey), "token": bearer(expiringToken),
		"cookies": {"Cookie", expiringCookies}, "revoked cookies": {"Cookie", revokedCookies},
	} {
		if got := s.through(t, doors[0], headers); got != "200 3 sessions" {
			t.Fatalf("%s, while it is good: got %s", name, got)
		}
	}
	if err := store.RevokeAPIKey(t.Context(), revoked.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := s.ask(t, "", "POST", "/auth/logout", "", "", "Cookie", revokedCookies); got.status != 200 {
		t.Fatal(got)
	}
	later.ahead.Store(int64(3 * time.Hour))

	invalid := []string{"401 Bearer", "401 Bearer", "401 Bearer", "401 Bearer", "401 Bearer", "401 Bearer", "401 Bearer", "401 Bearer", "200"}
	nobody := []string{"401 Basic", "401 Basic", "401 Basic", "401 Basic", "401 basic", "302", "401 basic", "401 Basic", "200"}
	forgedID := strings.Repeat("A", len(expiringID))
	for _, c := range []struct {
		what    string
		headers []string
		want    []string
		message string
	}{
		{"an expired API key", bearer(expiringKey), invalid, "the API key has expired"},
		{"a revoked API key", bearer(revokedKey), invalid, "the API key was revoked"},
		{"a forged API key", bearer(secret("aiu_abcdefgh_abcdefghijklmnopqrstuvwxyz")), invalid, "there is no such API key"},
		{"a forged API key as user name", []string{"Authorization", basic("aiu_abcdefgh_abcdefghijklmnopqrstuvwxyz", "")}, invalid, "there is no such API key"},
		{"an expired JWT", bearer(expiringToken), invalid, "the token has expired"},
		{"a forged JWT", bearer(token(t, "not the secret, but as long as it is", auth.SystemAdministrator)), invalid, "the token is not valid"},
		{"an expired session", []string{"Cookie", expiringCookies}, nobody, ""},
		{"a session that was signed out", []string{"Cookie", revokedCookies}, nobody, ""},
		{"the same by header", []string{"X-ss-id", revokedID}, nobody, ""},
		{"a forged session", []string{"Cookie", "ss-id=" + forgedID}, nobody, ""},
	} {
		for i, door := range doors {
			if got := s.through(t, door, c.headers); got != c.want[i] {
				t.Errorf("%s at %s: got %s, want %s", c.what, door.name, got, c.want[i])
			}
		}
		if got := s.ask(t, "", "GET", "/ai/usage", "", "", c.headers...); !strings.Contains(got.body, c.message) || c.message == "" && got.body != "" {
			t.Errorf("%s: got %s", c.what, got.body)
		}
		t.Logf("%-34s %s", c.what, strings.Join(c.want, " | "))
	}
}
