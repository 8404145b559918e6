package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"aiusage/usage"
)

// provider is an identity provider on loopback.
type provider struct {
	*httptest.Server
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
	ed  ed25519.PrivateKey

	mu    sync.Mutex
	keys  []map[string]string
	asked int
	away  bool
	now   time.Time
}

const audience = "aiusage"

// rsaKey is the RSA key of every provider: making one takes longer than most tests.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	if p.rsa, err = rsaKey(); err != nil {
		t.Fatal(err)
	}
	if p.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, p.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	p.keys = []map[string]string{
		rsaJWK("r1", &p.rsa.PublicKey),
		ecJWK("e1", &p.ec.PublicKey),
		{"kty": "OKP", "crv": "Ed25519", "kid": "d1", "x": encode(p.ed.Public().(ed25519.PublicKey))},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]string{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked++
		if p.away {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"keys": p.keys})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func encode(part []byte) string { return base64.RawURLEncoding.EncodeToString(part) }

func rsaJWK(id string, key *rsa.PublicKey) map[string]string {
	return map[string]string{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": encode(key.N.Bytes()), "e": "AQAB"}
}

func ecJWK(id string, key *ecdsa.PublicKey) map[string]string {
	point, err := key.Bytes()
	if err != nil {
		panic(err)
	}
	return map[string]string{"kty": "EC", "crv": "P-256", "kid": id, "x": encode(point[1:33]), "y": encode(point[33:])}
}

// tokens checks what the provider issues, by discovery.
func (p *provider) tokens(t *testing.T, change func(*TokenOptions)) *Tokens {
	t.Helper()
	options := TokenOptions{Issuer: p.URL, Audience: audience, Now: func() time.Time { return p.now }}
	if change != nil {
		change(&options)
	}
	tokens, err := NewTokens(options)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// claims are those of a good token, with changes; nil takes one away.
func (p *provider) claims(changes map[string]any) jwt.MapClaims {
	claims := jwt.MapClaims{
		"iss": p.URL, "aud": audience, "sub": "svc-1", "iat": p.now.Unix(), "exp": p.now.Add(time.Hour).Unix(),
		"roles": []string{AccountAdministrator, "offline_access"}, "accounts": []string{"b", "a", "b"},
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func sign(t *testing.T, method jwt.SigningMethod, id string, key any, claims jwt.MapClaims, header map[string]any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	if id != "" {
		token.Header["kid"] = id
	}
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTokensOfAnIdentityProvider(t *testing.T) {
	p := newProvider(t)
	good := p.claims(nil)
	for name, tokens := range map[string]*Tokens{
		"discovery": p.tokens(t, nil),
		"keys URL":  p.tokens(t, func(o *TokenOptions) { o.KeysURL = p.URL + "/keys" }),
		"with a secret too": p.tokens(t, func(o *TokenOptions) {
			o.KeysURL, o.Secret = p.URL+"/keys", []byte(strings.Repeat("s", minSecretLength))
		}),
	} {
		for algorithm, token := range map[string]string{
			"RS256":      sign(t, jwt.SigningMethodRS256, "r1", p.rsa, good, nil),
			"ES256":      sign(t, jwt.SigningMethodES256, "e1", p.ec, good, nil),
			"EdDSA":      sign(t, jwt.SigningMethodEdDSA, "d1", p.ed, good, nil),
			"without id": sign(t, jwt.SigningMethodES256, "", p.ec, good, map[string]any{"typ": "at+jwt"}),
		} {
			got, err := tokens.verify(t.Context(), token)
			if err != nil || got.Name != "token:svc-1" || !slices.Equal(got.Roles, []string{AccountAdministrator}) || !slices.Equal(got.Accounts, []string{"a", "b"}) {
				t.Errorf("%s by %s: got %+v, %v", algorithm, name, got, err)
			}
		}
	}
}

// Whoever asks how many keys there are is told, and why there are none.
func TestHowManyKeysAProviderHas(t *testing.T) {
	p := newProvider(t)
	ofSecret, err := NewTokens(TokenOptions{Secret: []byte(strings.Repeat("s", minSecretLength))})
	if err != nil {
		t.Fatal(err)
	}
	if count, err := ofSecret.FetchKeys(t.Context()); count != 0 || err != nil {
		t.Errorf("without a provider: %d keys, %v", count, err)
	}
	of := p.tokens(t, nil)
	if count, err := of.FetchKeys(t.Context()); count != len(p.keys) || err != nil {
		t.Errorf("%d of %d keys, %v", count, len(p.keys), err)
	}
	p.Close()
	if count, err := of.FetchKeys(t.Context()); count != 0 || err == nil {
		t.Errorf("of a provider that is away: %d keys, %v", count, err)
	}
}

func TestTokensThatAreNotGoodAreRefused(t *testing.T) {
	p := newProvider(t)
	shared := []byte(strings.Repeat("s", minSecretLength))
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&p.rsa.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	rs256 := func(changes map[string]any) string {
		return sign(t, jwt.SigningMethodRS256, "r1", p.rsa, p.claims(changes), nil)
	}
	good := rs256(nil)
	parts := strings.Split(good, ".")
	payload := func(changes map[string]any) string {
		content, _ := json.Marshal(p.claims(changes))
		return encode(content)
	}
	for _, c := range []struct{ name, token, want string }{
		{"expired", rs256(map[string]any{"exp": p.now.Add(-time.Minute).Unix()}), "has expired"},
		{"without an end", rs256(map[string]any{"exp": nil}), "lacks a claim"},
		{"not valid yet", rs256(map[string]any{"nbf": p.now.Add(time.Minute).Unix()}), "not valid yet"},
		{"issued tomorrow", rs256(map[string]any{"iat": p.now.Add(24 * time.Hour).Unix()}), "not valid yet"},
		{"another audience", rs256(map[string]any{"aud": "billing"}), "another audience"},
		{"other audiences", rs256(map[string]any{"aud": []string{"billing", "crm"}}), "another audience"},
		{"no audience", rs256(map[string]any{"aud": nil}), "lacks a claim"},
		{"another issuer", rs256(map[string]any{"iss": "https://evil.example"}), "another issuer"},
		{"no issuer", rs256(map[string]any{"iss": nil}), "lacks a claim"},
		{"no subject", rs256(map[string]any{"sub": nil}), "no subject"},
		{"an empty subject", rs256(map[string]any{"sub": ""}), "no subject"},
		{"an account that is none", rs256(map[string]any{"accounts": []string{" a"}}), "an account that cannot be one"},
		{"an empty account", rs256(map[string]any{"accounts": ""}), "an account that cannot be one"},
		{"too many accounts", rs256(map[string]any{"accounts": slices.Repeat([]string{"a"}, MaxAccounts+1)}), "too many accounts"},
		{"none", sign(t, jwt.SigningMethodNone, "", jwt.UnsafeAllowNoneSignatureType, p.claims(nil), nil), "not valid"},
		{"none in capitals", encode([]byte(`{"alg":"None","typ":"JWT"}`)) + "." + parts[1] + ".", "not valid"},
		{"the public key as a secret", sign(t, jwt.SigningMethodHS256, "r1", public, p.claims(nil), nil), "not valid"},
		{"the modulus as a secret", sign(t, jwt.SigningMethodHS256, "r1", p.rsa.N.Bytes(), p.claims(nil), nil), "not valid"},
		{"a secret nobody shared", sign(t, jwt.SigningMethodHS256, "", shared, p.claims(nil), nil), "not valid"},
		{"an empty secret", sign(t, jwt.SigningMethodHS256, "", []byte{}, p.claims(nil), nil), "not valid"},
		{"an algorithm that is not accepted", sign(t, jwt.SigningMethodRS512, "r1", p.rsa, p.claims(nil), nil), "not valid"},
		{"PSS", sign(t, jwt.SigningMethodPS256, "r1", p.rsa, p.claims(nil), nil), "not valid"},
		{"another key", sign(t, jwt.SigningMethodRS256, "r1", other, p.claims(nil), nil), "not valid"},
		{"a key of another kind", sign(t, jwt.SigningMethodES256, "r1", p.ec, p.claims(nil), nil), "not valid"},
		{"a key nobody has", sign(t, jwt.SigningMethodRS256, "r9", p.rsa, p.claims(nil), nil), "not valid"},
		{"other claims", parts[0] + "." + payload(map[string]any{"sub": "root"}) + "." + parts[2], "not valid"},
		{"no signature", parts[0] + "." + parts[1] + ".", "not valid"},
		{"a token for signing out", sign(t, jwt.SigningMethodRS256, "r1", p.rsa, p.claims(nil), map[string]any{"typ": "logout+jwt"}), "not valid"},
		{"a critical header", sign(t, jwt.SigningMethodRS256, "r1", p.rsa, p.claims(nil), map[string]any{"crit": []string{"b64"}, "b64": false}), "not valid"},
		{"its own key", sign(t, jwt.SigningMethodRS256, "", other, p.claims(nil), map[string]any{"jwk": rsaJWK("", &other.PublicKey), "jku": p.URL}), "not valid"},
		{"no token", "a.b.c", "not valid"},
		{"nothing", "", "not valid"},
		{"a long one", strings.Repeat("a", maxTokenLength+1), "too long"},
	} {
		p.now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		got, err := p.tokens(t, nil).verify(t.Context(), c.token)
		if !errors.Is(err, ErrInvalidToken) || !strings.Contains(err.Error(), c.want) || usage.AsError(err).Code != usage.Unauthenticated {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
	if _, err := p.tokens(t, nil).verify(t.Context(), good); err != nil {
		t.Errorf("the good token: %v", err)
	}
	var none *Tokens
	if _, err := none.verify(t.Context(), good); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("without configuration: got %v", err)
	}
}

func TestClocksMayDifferALittle(t *testing.T) {
	p := newProvider(t)
	tokens := p.tokens(t, nil)
	token := sign(t, jwt.SigningMethodEdDSA, "d1", p.ed, p.claims(map[string]any{"nbf": p.now.Unix()}), nil)
	start := p.now
	for _, c := range []struct {
		at   time.Duration
		good bool
	}{
		{-DefaultLeeway - time.Second, false}, {-DefaultLeeway, true},
		{time.Hour + DefaultLeeway - time.Second, true}, {time.Hour + DefaultLeeway, false},
	} {
		p.now = start.Add(c.at)
		if _, err := tokens.verify(t.Context(), token); (err == nil) != c.good {
			t.Errorf("%s: got %v", c.at, err)
		}
	}
}

func TestTokensOfASharedSecret(t *testing.T) {
	p := newProvider(t)
	shared := []byte(strings.Repeat("s", minSecretLength))
	tokens := func(change func(*TokenOptions)) *Tokens {
		return p.tokens(t, func(o *TokenOptions) {
			o.Secret, o.Issuer, o.Audience = shared, "", ""
			if change != nil {
				change(o)
			}
		})
	}
	hs256 := func(changes map[string]any) string {
		return sign(t, jwt.SigningMethodHS256, "", shared, p.claims(changes), nil)
	}
	if _, err := tokens(nil).verify(t.Context(), hs256(map[string]any{"iss": nil, "aud": nil})); err != nil {
		t.Errorf("a good token: %v", err)
	}
	for name, c := range map[string]struct {
		tokens *Tokens
		token  string
	}{
		"expired":          {tokens(nil), hs256(map[string]any{"exp": p.now.Add(-time.Hour).Unix()})},
		"another secret":   {tokens(nil), sign(t, jwt.SigningMethodHS256, "", append(shared, 's'), p.claims(nil), nil)},
		"another audience": {tokens(func(o *TokenOptions) { o.Audience = "x" }), hs256(nil)},
		"another issuer":   {tokens(func(o *TokenOptions) { o.Issuer = "x" }), hs256(nil)},
		"RS256":            {tokens(nil), sign(t, jwt.SigningMethodRS256, "r1", p.rsa, p.claims(nil), nil)},
		"HS512":            {tokens(nil), sign(t, jwt.SigningMethodHS512, "", shared, p.claims(nil), nil)},
		"none":             {tokens(nil), sign(t, jwt.SigningMethodNone, "", jwt.UnsafeAllowNoneSignatureType, p.claims(nil), nil)},
	} {
		if _, err := c.tokens.verify(t.Context(), c.token); !errors.Is(err, ErrInvalidToken) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if p.asked != 0 {
		t.Error("a provider was asked")
	}
}

// With both, tokens of both are taken, wherever the provider's keys are found.
func TestTokensOfAProviderBesideASharedSecret(t *testing.T) {
	p := newProvider(t)
	shared := []byte(strings.Repeat("s", minSecretLength))
	for name, keys := range map[string]string{"discovery": "", "an address": p.URL + "/keys"} {
		tokens := p.tokens(t, func(o *TokenOptions) { o.Secret, o.KeysURL = shared, keys })
		for kind, token := range map[string]string{
			"HS256": sign(t, jwt.SigningMethodHS256, "", shared, p.claims(nil), nil),
			"RS256": sign(t, jwt.SigningMethodRS256, "r1", p.rsa, p.claims(nil), nil),
		} {
			if _, err := tokens.verify(t.Context(), token); err != nil {
				t.Errorf("%s, keys by %s: got %v", kind, name, err)
			}
		}
	}
	for _, issuer := range []string{p.URL, "http://x.example"} { // a provider without an audience, or without TLS
		if _, err := NewTokens(TokenOptions{Secret: shared, Issuer: issuer}); codeOf(err) != usage.InvalidArgument {
			t.Errorf("%s: got %v", issuer, err)
		}
	}
	if _, err := NewTokens(TokenOptions{Secret: shared, Issuer: "billing"}); err != nil {
		t.Errorf("an issuer that is a name: got %v", err)
	}
}

func TestClaimsHaveConfigurableNames(t *testing.T) {
	p := newProvider(t)
	for name, c := range map[string]struct {
		roles, accounts string
		claims          map[string]any
	}{
		"nested":     {"realm_access.roles", "tenant", map[string]any{"realm_access": map[string]any{"roles": []string{AccountAdministrator}}, "tenant": "a"}},
		"namespaced": {"https://x.example/roles", "https://x.example/accounts", map[string]any{"https://x.example/roles": AccountAdministrator, "https://x.example/accounts": []any{"a", 7}}},
	} {
		tokens := p.tokens(t, func(o *TokenOptions) { o.RolesClaim, o.AccountsClaim = c.roles, c.accounts })
		c.claims["roles"], c.claims["accounts"] = []string{SystemAdministrator}, []string{"other"}
		got, err := tokens.verify(t.Context(), sign(t, jwt.SigningMethodEdDSA, "d1", p.ed, p.claims(c.claims), nil))
		if err != nil || !slices.Equal(got.Roles, []string{AccountAdministrator}) || !slices.Equal(got.Accounts, []string{"a"}) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestTokenOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, options := range map[string]TokenOptions{
		"nothing":              {},
		"no audience":          {Issuer: "https://x.example"},
		"no issuer":            {KeysURL: "https://x.example", Audience: "a"},
		"a short secret":       {Secret: []byte("short")},
		"no https":             {Issuer: "http://x.example", Audience: "a"},
		"no https for keys":    {Issuer: "x", KeysURL: "http://x.example/keys", Audience: "a"},
		"a password in it":     {Issuer: "x", KeysURL: "https://a:b@x.example/keys", Audience: "a"},
		"an issuer without it": {Issuer: "x", Audience: "a"},
	} {
		if _, err := NewTokens(options); codeOf(err) != usage.InvalidArgument {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
