package auth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"aiusage/usage"
)

func TestKeysChangeWithoutARestart(t *testing.T) {
	p := newProvider(t)
	tokens := p.tokens(t, nil)
	start := p.now
	token := func(id string, key *rsa.PrivateKey) string {
		return sign(t, jwt.SigningMethodRS256, id, key, p.claims(nil), nil)
	}
	check := func(what, token string, good bool, asked int) {
		t.Helper()
		_, err := tokens.verify(t.Context(), token)
		if (err == nil) != good {
			t.Errorf("%s: got %v", what, err)
		}
		if p.asked != asked {
			t.Errorf("%s: the provider was asked %d times, want %d", what, p.asked, asked)
		}
	}
	check("the first token", token("r1", p.rsa), true, 1)
	check("another", token("r1", p.rsa), true, 1)
	check("a key id nobody has", token("x1", p.rsa), false, 1) // too soon to ask again
	p.now = start.Add(askAgain)
	check("a key id nobody has, later", token("x2", p.rsa), false, 2)
	for range 20 {
		check("a flood of them", token("x3", p.rsa), false, 2)
	}
	next, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.keys = []map[string]string{rsaJWK("r2", &next.PublicKey)}
	p.now = start.Add(2 * askAgain)
	check("the next key", token("r2", next), true, 3)
	check("the withdrawn key", token("r1", p.rsa), false, 3)

	p.away = true
	p.now = start.Add(2*askAgain + freshFor)
	check("the provider is away", token("r2", next), true, 4)
	p.now = start.Add(2*askAgain + staleFor)
	_, err = tokens.verify(t.Context(), token("r2", next))
	if coded := usage.AsError(err); coded.Code != usage.Unavailable || coded.RetryAfter == 0 || strings.Contains(err.Error(), p.URL) {
		t.Errorf("away for a day: got %v", err)
	}
	p.away = false
	p.now = p.now.Add(askAgain)
	check("the provider is back", token("r2", next), true, 6)
}

func TestAProviderThatIsAwayIsNotTheCallersFault(t *testing.T) {
	p := newProvider(t)
	token := sign(t, jwt.SigningMethodRS256, "r1", p.rsa, p.claims(nil), nil)
	p.away = true
	_, err := p.tokens(t, nil).verify(t.Context(), token)
	if codeOf(err) != usage.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestAKeyIsFoundForItsOwnAlgorithmOnly(t *testing.T) {
	p := newProvider(t)
	keys := p.tokens(t, nil).keys
	for _, c := range []struct {
		id, algorithm string
		found         int
	}{{"r1", "RS256", 1}, {"", "RS256", 1}, {"r1", "ES256", 0}, {"r1", "HS256", 0}, {"e1", "ES256", 1}, {"", "none", 0}} {
		if got, err := keys.find(t.Context(), c.id, c.algorithm); len(got.Keys) != c.found || (err == nil) != (c.found > 0) {
			t.Errorf("%q by %s: got %d keys, %v", c.id, c.algorithm, len(got.Keys), err)
		}
	}
}

// answering lets a test answer for the provider, by path.
func (p *provider) answering() map[string]http.HandlerFunc {
	instead, usual := map[string]http.HandlerFunc{}, p.Config.Handler
	p.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer := instead[r.URL.Path]; answer != nil {
			answer(w, r)
			return
		}
		usual.ServeHTTP(w, r)
	})
	return instead
}

const discoveryPath = "/.well-known/openid-configuration"

// A provider that answers with what it should not costs nobody more than its tokens,
// and the operator reads what is wrong with it.
func TestWhatAProviderMayAnswer(t *testing.T) {
	p := newProvider(t)
	instead := p.answering()
	away := httptest.NewServer(nil)
	away.Close()
	token := sign(t, jwt.SigningMethodES256, "e1", p.ec, p.claims(nil), nil)
	keys, err := json.Marshal(map[string]any{"keys": p.keys})
	if err != nil {
		t.Fatal(err)
	}
	body := func(status int, content []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			w.Write(content)
		}
	}
	discovery := func(issuer, keys string) http.HandlerFunc {
		return body(http.StatusOK, fmt.Appendf(nil, `{"issuer":%q,"jwks_uri":%q}`, issuer, keys))
	}
	to := func(address string) http.HandlerFunc {
		return http.RedirectHandler(address, http.StatusFound).ServeHTTP
	}
	hops := func(n int) map[string]http.HandlerFunc {
		all := map[string]http.HandlerFunc{"/hop0": body(http.StatusOK, keys), "/keys": to("/hop" + strconv.Itoa(n-1))}
		for i := 1; i < n; i++ {
			all["/hop"+strconv.Itoa(i)] = to("/hop" + strconv.Itoa(i-1))
		}
		return all
	}
	withPassword := strings.Replace(p.URL, "//", "//a:b@", 1) + "/hop0"
	padded := func(size int) []byte { return append(bytes.Repeat([]byte{' '}, size-len(keys)), keys...) }
	for name, c := range map[string]struct {
		answers map[string]http.HandlerFunc
		reason  string // "" for keys that are taken
	}{
		"as ever":                       {nil, ""},
		"the longest document":          {map[string]http.HandlerFunc{"/keys": body(http.StatusOK, padded(maxDocument))}, ""},
		"one that is too long":          {map[string]http.HandlerFunc{"/keys": body(http.StatusOK, padded(maxDocument+1))}, "more than 1048576 bytes"},
		"no success":                    {map[string]http.HandlerFunc{"/keys": body(http.StatusNotFound, keys)}, "/keys answers with status 404"},
		"not even that":                 {map[string]http.HandlerFunc{discoveryPath: body(http.StatusForbidden, nil)}, "configuration answers with status 403"},
		"no JSON":                       {map[string]http.HandlerFunc{"/keys": body(http.StatusOK, []byte("<html>"))}, "invalid character"},
		"no keys":                       {map[string]http.HandlerFunc{"/keys": body(http.StatusOK, []byte(`{"keys":[{"kty":"oct","k":"AAAA"}]}`))}, "none of the identity provider's keys can be used"},
		"another issuer":                {map[string]http.HandlerFunc{discoveryPath: discovery("https://x.example", p.URL+"/keys")}, "of another issuer"},
		"keys that nobody can trust":    {map[string]http.HandlerFunc{discoveryPath: discovery(p.URL, withPassword), "/hop0": body(http.StatusOK, keys)}, "not an https URL"},
		"keys that are nowhere":         {map[string]http.HandlerFunc{discoveryPath: discovery(p.URL, "")}, "not an https URL"},
		"nobody is there":               {map[string]http.HandlerFunc{discoveryPath: discovery(p.URL, away.URL)}, "connection refused"},
		"two redirects":                 {hops(2), ""},
		"three":                         {hops(3), "too many redirects"},
		"one to where nobody can trust": {map[string]http.HandlerFunc{"/keys": to(withPassword), "/hop0": body(http.StatusOK, keys)}, "not an https URL"},
		"one that is cut off": {map[string]http.HandlerFunc{"/keys": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(keys)+1))
			w.Write(keys)
		}}, "unexpected EOF"},
	} {
		clear(instead)
		maps.Copy(instead, c.answers)
		var log strings.Builder
		_, err := p.tokens(t, func(o *TokenOptions) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) }).verify(t.Context(), token)
		if c.reason == "" && (err != nil || log.Len() > 0) || c.reason != "" && codeOf(err) != usage.Unavailable {
			t.Errorf("%s: got %v and the log\n%s", name, err, &log)
		}
		if c.reason != "" && (!strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), c.reason)) {
			t.Errorf("%s: the log has %q, not %q", name, log.String(), c.reason)
		}
	}
}

func TestWhereAProvidersKeysAreAskedFor(t *testing.T) {
	p := newProvider(t)
	instead := p.answering()
	instead["/slash"+discoveryPath] = func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept"); got != "application/json" {
			t.Errorf("what is accepted is %q", got)
		}
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, p.URL+"/slash/", p.URL+"/keys")
	}
	instead[discoveryPath], instead["/slash/"+discoveryPath] = http.NotFound, http.NotFound
	for issuer, keys := range map[string]string{p.URL + "/slash/": "", "a name": p.URL + "/keys"} {
		token := sign(t, jwt.SigningMethodEdDSA, "d1", p.ed, p.claims(map[string]any{"iss": issuer}), nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // by a caller who has gone, though others wait for the same keys
		if _, err := p.tokens(t, func(o *TokenOptions) { o.Issuer, o.KeysURL = issuer, keys }).verify(ctx, token); err != nil {
			t.Errorf("%s: got %v", issuer, err)
		}
	}
	for issuer, good := range map[string]bool{
		"https://x.example": true, "http://localhost:1": true, "http://127.0.0.9/x": true, "http://[::1]": true,
		"http://x.example": false, "http://10.0.0.1": false, "ftp://127.0.0.1": false, "https://": false, "https:///keys": false,
		"https://%zz": false, "https://a@x.example": false, "localhost": false,
	} {
		for what, options := range map[string]TokenOptions{
			"the issuer": {Issuer: issuer, Audience: "a"}, "the keys": {Issuer: "https://y.example", KeysURL: issuer, Audience: "a"},
		} {
			if _, err := NewTokens(options); (err == nil) != good || !good && codeOf(err) != usage.InvalidArgument {
				t.Errorf("%s at %s: got %v", what, issuer, err)
			}
		}
	}
}

func TestKeysAreBoundedAndKeptWhileTheyAreFresh(t *testing.T) {
	p := newProvider(t)
	last := ecJWK("last", &p.ec.PublicKey)
	for len(p.keys) < maxKeys-1 {
		p.keys = append(p.keys, map[string]string{"kty": "oct"})
	}
	p.keys = append(p.keys, last, ecJWK("too many", &p.ec.PublicKey))
	tokens := p.tokens(t, nil)
	start := p.now
	for _, c := range []struct {
		id    string
		after time.Duration
		good  bool
		asked int
	}{
		{"last", 0, true, 1}, {"last", freshFor - 1, true, 1}, {"too many", freshFor - 1, false, 2},
		// Who asks too soon does not put off the next time.
		{"too many", freshFor - 2 + askAgain, false, 2}, {"too many", freshFor - 1 + askAgain, false, 3},
	} {
		p.now = start.Add(c.after)
		_, err := tokens.verify(t.Context(), sign(t, jwt.SigningMethodES256, c.id, p.ec, p.claims(nil), nil))
		if (err == nil) != c.good || !c.good && !errors.Is(err, ErrInvalidToken) || p.asked != c.asked {
			t.Errorf("%q after %s: got %v, asked %d times", c.id, c.after, err, p.asked)
		}
	}
}

// waitsToAsk tells whether somebody waits for the one who asks the provider.
func waitsToAsk() bool {
	stacks := make([]byte, 1<<20)
	for _, one := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(one, "[sync.Mutex.Lock") && strings.Contains(one, "(*keySet).refresh(") {
			return true
		}
	}
	return false
}

// Whoever needs the answer waits for the one who asks; whoever has a key goes on.
func TestWhileOneAsksForKeys(t *testing.T) {
	p := newProvider(t)
	usual, arrived, hold := p.Config.Handler, make(chan struct{}), make(chan struct{})
	p.answering()["/keys"] = func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-hold
		usual.ServeHTTP(w, r)
	}
	tokens := p.tokens(t, nil)
	token := sign(t, jwt.SigningMethodES256, "e1", p.ec, p.claims(nil), nil)
	verify := func(outcomes chan<- error) {
		_, err := tokens.verify(t.Context(), token)
		outcomes <- err
	}
	first, second := make(chan error, 1), make(chan error, 1)
	go verify(first)
	<-arrived
	go verify(second)
	for len(second) == 0 && !waitsToAsk() { // until it waits for the first, or is through
		runtime.Gosched()
	}
	hold <- struct{}{}
	for who, outcome := range map[string]chan error{"who asked": first, "who waited": second} {
		if err := <-outcome; err != nil {
			t.Errorf("%s: got %v", who, err)
		}
	}
	p.now = p.now.Add(freshFor)
	go verify(first)
	<-arrived
	if verify(second); len(first) > 0 {
		t.Error("the second asked, and not the first")
	}
	if err := <-second; err != nil {
		t.Errorf("who has a key: got %v", err)
	}
	hold <- struct{}{}
	if err := <-first; err != nil || p.asked != 2 {
		t.Errorf("got %v, asked %d times", err, p.asked)
	}
}

// keyOf returns what there is of a key, as a set of keys has it.
func keyOf(t *testing.T, written map[string]string) (crypto.PublicKey, error) {
	t.Helper()
	content, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	var parsed jsonWebKey
	if err := json.Unmarshal(content, &parsed); err != nil {
		t.Fatal(err)
	}
	made, err := parsed.publicKey()
	return made.key, err
}

func TestWhichKeysCanBeUsed(t *testing.T) {
	p := newProvider(t)
	bits := func(n int) string { return encode(new(big.Int).SetBit(big.NewInt(1), n-1, 1).Bytes()) }
	rsaJSON, ecJSON, edJSON := p.keys[0], p.keys[1], p.keys[2]
	shifted := func() map[string]string { // as many bytes in all, and the very point when they are put together
		point, err := p.ec.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return map[string]string{"x": encode(point[1:32]), "y": encode(point[32:])}
	}()
	for name, c := range map[string]struct {
		key     map[string]string
		changes map[string]string
		good    bool
	}{
		"RSA":                            {rsaJSON, nil, true},
		"RSA without a use":              {rsaJSON, map[string]string{"use": "", "alg": ""}, true},
		"RSA with padding":               {rsaJSON, map[string]string{"e": "Aw=="}, true},
		"RSA for encryption":             {rsaJSON, map[string]string{"use": "enc"}, false},
		"RSA for encryption by any":      {rsaJSON, map[string]string{"use": "enc", "alg": ""}, false},
		"RSA for another algorithm":      {rsaJSON, map[string]string{"alg": "PS256"}, false},
		"RSA, the longest":               {rsaJSON, map[string]string{"n": bits(4 * minRSABits)}, true},
		"RSA, longer":                    {rsaJSON, map[string]string{"n": bits(4*minRSABits + 1)}, false},
		"RSA, the shortest":              {rsaJSON, map[string]string{"n": bits(minRSABits)}, true},
		"RSA, shorter":                   {rsaJSON, map[string]string{"n": bits(minRSABits - 1)}, false},
		"RSA, a modulus with more":       {rsaJSON, map[string]string{"n": bits(2*minRSABits) + "!"}, false},
		"RSA, an exponent with more":     {rsaJSON, map[string]string{"e": "AQAB!"}, false},
		"RSA, the least exponent":        {rsaJSON, map[string]string{"e": encode([]byte{3})}, true},
		"RSA, an exponent of two":        {rsaJSON, map[string]string{"e": encode([]byte{2})}, false},
		"RSA, no exponent":               {rsaJSON, map[string]string{"e": ""}, false},
		"RSA, the greatest exponent":     {rsaJSON, map[string]string{"e": encode([]byte{0x7f, 0xff, 0xff, 0xff})}, true},
		"RSA, a greater exponent":        {rsaJSON, map[string]string{"e": encode([]byte{0x80, 0, 0, 0})}, false},
		"RSA, an exponent of nine bytes": {rsaJSON, map[string]string{"e": encode([]byte{1, 0, 0, 0, 0, 0, 0, 0, 3})}, false},
		"EC":                             {ecJSON, map[string]string{"use": "sig", "alg": "ES256"}, true},
		"EC, another curve":              {ecJSON, map[string]string{"crv": "P-384"}, false},
		"EC, another algorithm":          {ecJSON, map[string]string{"alg": "RS256"}, false},
		"EC, not on the curve":           {ecJSON, map[string]string{"y": ecJSON["x"]}, false},
		"EC, coordinates of other sizes": {ecJSON, shifted, false},
		"EC, half of it":                 {ecJSON, map[string]string{"y": ""}, false},
		"EC, x with more":                {ecJSON, map[string]string{"x": ecJSON["x"] + "!"}, false},
		"EC, y with more":                {ecJSON, map[string]string{"y": ecJSON["y"] + "!"}, false},
		"another kind, of the curve":     {ecJSON, map[string]string{"kty": "OKP"}, false},
		"Ed25519":                        {edJSON, map[string]string{"use": "sig", "alg": "EdDSA"}, true},
		"Ed25519, half of it":            {edJSON, map[string]string{"x": "AAAA"}, false},
		"Ed25519, with more":             {edJSON, map[string]string{"x": edJSON["x"] + "!"}, false},
		"X25519":                         {edJSON, map[string]string{"crv": "X25519"}, false},
		"EC of Ed25519":                  {edJSON, map[string]string{"kty": "EC"}, false},
		"a secret":                       {map[string]string{"kty": "oct", "k": encode([]byte("secret")), "alg": "HS256"}, nil, false},
		"nothing":                        {nil, nil, false},
	} {
		written := map[string]string{}
		maps.Copy(written, c.key)
		maps.Copy(written, c.changes)
		if got, err := keyOf(t, written); (err == nil) != c.good || c.good && got == nil {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}
