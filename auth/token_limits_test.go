package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"aiusage/usage"
)

func TestTheLimitsOfAToken(t *testing.T) {
	p := newProvider(t)
	shared := []byte(strings.Repeat("s", minSecretLength))
	tokens := p.tokens(t, func(o *TokenOptions) { o.Secret, o.KeysURL, o.Issuer = shared, p.URL+"/keys", "a name" })
	token := func(changes map[string]any) string {
		changes["iss"] = "a name"
		return sign(t, jwt.SigningMethodES256, "e1", p.ec, p.claims(changes), nil)
	}
	padded := func(length int) string {
		for id := ""; ; id += "x" { // by the length of the header, too, since not every one can be had by the claims
			for pad := length*3/4 - 400; ; pad++ {
				text := sign(t, jwt.SigningMethodHS256, id, shared, p.claims(map[string]any{"iss": "a name", "pad": strings.Repeat("x", pad)}), nil)
				if len(text) == length {
					return text
				}
				if len(text) > length {
					break
				}
			}
		}
	}
	for name, c := range map[string]struct{ token, want string }{
		"keys at an address, of an issuer that is a name": {token(map[string]any{}), ""},
		"the longest":           {padded(maxTokenLength), ""},
		"a longer one":          {padded(maxTokenLength + 1), "too long"},
		"the longest subject":   {token(map[string]any{"sub": strings.Repeat("s", 255)}), ""},
		"a longer subject":      {token(map[string]any{"sub": strings.Repeat("s", 256)}), "longer than 255 bytes"},
		"a subject of no text":  {token(map[string]any{"sub": 7}), "subject is no text"},
		"the most accounts":     {token(map[string]any{"accounts": slices.Repeat([]string{"a"}, MaxAccounts)}), ""},
		"a role beside others":  {token(map[string]any{"roles": []any{7, "x", AccountAdministrator}}), ""},
		"accounts of no text":   {token(map[string]any{"accounts": map[string]any{"a": "b"}}), ""},
		"an account of no text": {token(map[string]any{"accounts": []any{7, "a"}}), ""},
	} {
		got, err := tokens.verify(t.Context(), c.token)
		if c.want == "" && (err != nil || !slices.Equal(got.Roles, []string{AccountAdministrator})) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestTokensWithoutOptions(t *testing.T) {
	shared := []byte(strings.Repeat("s", minSecretLength))
	now := time.Now()
	claims := func(end time.Time) jwt.MapClaims {
		return jwt.MapClaims{"sub": "x", "exp": end.Unix(), "roles": AccountAdministrator, "accounts": "a", "a": map[string]any{"roles": "no"}}
	}
	tokens, err := NewTokens(TokenOptions{Secret: shared})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tokens.verify(t.Context(), sign(t, jwt.SigningMethodHS256, "", shared, claims(now.Add(time.Hour)), nil))
	if err != nil || !got.HasRole(AccountAdministrator) || !slices.Equal(got.Accounts, []string{"a"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := tokens.verify(t.Context(), sign(t, jwt.SigningMethodHS256, "", shared, claims(now.Add(-time.Hour)), nil)); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("an old one: got %v", err)
	}
	away := httptest.NewServer(nil)
	away.Close()
	if tokens, err = NewTokens(TokenOptions{Issuer: away.URL, Audience: "a"}); err != nil {
		t.Fatal(err)
	}
	text := sign(t, jwt.SigningMethodHS256, "", shared, claims(now.Add(time.Hour)), nil)
	if _, err := tokens.verify(t.Context(), text); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("of a secret that is not shared: got %v", err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.verify(t.Context(), sign(t, jwt.SigningMethodEdDSA, "", private, claims(now.Add(time.Hour)), nil)); codeOf(err) != usage.Unavailable {
		t.Errorf("of a provider that is away: got %v", err)
	}
}
