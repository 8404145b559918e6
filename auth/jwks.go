package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"aiusage/usage"
)

// How an identity provider's keys are kept current, and bounded.
const (
	// freshFor is how long keys are used before they are fetched again, so that a key
	// that the provider has withdrawn is no longer accepted.
	freshFor = 15 * time.Minute
	// staleFor is how long keys are used while the provider cannot be reached.
	staleFor = 24 * time.Hour
	// askAgain is how long after one question the next may follow, whatever key ids
	// tokens name.
	askAgain     = 10 * time.Second
	fetchTimeout = 5 * time.Second
	maxDocument  = 1 << 20
	maxKeys      = 100
	minRSABits   = 2048
)

// keySet holds the public keys of an identity provider. A key id that is not
// known makes it ask for the keys again, so that keys can change without a restart.
type keySet struct {
	issuer string
	// url is where the keys are; empty until the issuer has told.
	url    string
	client *http.Client
	now    func() time.Time
	warn   func(ctx context.Context, err error)

	// asking is held by the one who asks the provider.
	asking sync.Mutex

	mu sync.Mutex
	// keys, all of which came at fetched.
	keys    []providerKey
	fetched time.Time
	// asked is when the provider was last asked, with or without success.
	asked time.Time
}

// providerKey is one key and what it is for.
type providerKey struct {
	id, algorithm string
	key           crypto.PublicKey
}

func newKeySet(options TokenOptions) (*keySet, error) {
	asked := options.KeysURL
	if asked == "" {
		asked = options.Issuer // by discovery
	}
	if err := checkProviderURL(asked); err != nil {
		return nil, err
	}
	return &keySet{
		issuer: options.Issuer, url: options.KeysURL, now: options.Now,
		client: &http.Client{Timeout: fetchTimeout, CheckRedirect: checkRedirect},
		warn: func(ctx context.Context, err error) {
			options.Log.WarnContext(ctx, "the identity provider's keys could not be read", "error", err)
		},
	}, nil
}

// checkProviderURL refuses an address at which somebody on the way could put keys
// of their own.
func checkProviderURL(address string) error {
	parsed, err := url.Parse(address)
	if err == nil && parsed.Host != "" && parsed.User == nil && (parsed.Scheme == "https" || parsed.Scheme == "http" && isLoopback(parsed.Hostname())) {
		return nil
	}
	return usage.Errorf(usage.InvalidArgument, "the identity provider's address is not an https URL")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) >= 3 {
		return errors.New("too many redirects")
	}
	return checkProviderURL(r.URL.String())
}

// find returns the keys that a token with a key id and an algorithm may be signed
// with: the one of that id, or every one that fits when the token names none.
func (s *keySet) find(ctx context.Context, id, algorithm string) (jwt.VerificationKeySet, error) {
	found, age, known := s.lookUp(id, algorithm)
	if len(found.Keys) == 0 || age >= freshFor {
		if err := s.refresh(ctx, len(found.Keys) == 0); err != nil {
			s.warn(ctx, err)
		}
		found, age, known = s.lookUp(id, algorithm)
	}
	switch {
	case !known || age >= staleFor:
		return found, &usage.Error{Code: usage.Unavailable, Message: "the identity provider cannot be reached", RetryAfter: askAgain}
	case len(found.Keys) == 0:
		return found, errors.New("there is no such key")
	}
	return found, nil
}

// lookUp returns the keys that fit, how old they are, and whether any were fetched.
func (s *keySet) lookUp(id, algorithm string) (fit jwt.VerificationKeySet, age time.Duration, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range s.keys {
		if key.algorithm == algorithm && (id == "" || key.id == id) {
			fit.Keys = append(fit.Keys, key.key)
		}
	}
	return fit, s.now().Sub(s.fetched), !s.fetched.IsZero()
}

// refresh asks the provider for its keys, unless that was done a moment ago. While
// one asks, those who need the answer wait for it, and the others go on.
func (s *keySet) refresh(ctx context.Context, needed bool) error {
	if needed {
		s.asking.Lock()
	} else if !s.asking.TryLock() {
		return nil
	}
	defer s.asking.Unlock()
	s.mu.Lock()
	soon := s.now().Sub(s.asked) < askAgain
	if !soon {
		s.asked = s.now()
	}
	s.mu.Unlock()
	if soon {
		return nil
	}
	// Others wait for this answer too, so it must not end with one request.
	keys, err := s.fetch(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.fetched = keys, s.now()
	return nil
}

// fetch reads the provider's keys, after asking where they are.
func (s *keySet) fetch(ctx context.Context) ([]providerKey, error) {
	address := s.url
	if address == "" {
		var discovery struct {
			Issuer string `json:"issuer"`
			Keys   string `json:"jwks_uri"`
		}
		// OpenID Connect Discovery 1.0, section 4.
		if err := s.get(ctx, strings.TrimSuffix(s.issuer, "/")+"/.well-known/openid-configuration", &discovery); err != nil {
			return nil, err
		}
		if discovery.Issuer != s.issuer {
			return nil, errors.New("the discovery document is of another issuer")
		}
		if err := checkProviderURL(discovery.Keys); err != nil {
			return nil, err
		}
		address = discovery.Keys
	}
	var set struct {
		Keys []jsonWebKey `json:"keys"`
	}
	if err := s.get(ctx, address, &set); err != nil {
		return nil, err
	}
	var keys []providerKey
	for _, one := range set.Keys[:min(len(set.Keys), maxKeys)] {
		// What cannot be used is left out: a set may hold keys for other purposes.
		if key, err := one.publicKey(); err == nil {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("none of the identity provider's keys can be used")
	}
	return keys, nil
}

func (s *keySet) get(ctx context.Context, address string, document any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers with status %d", address, response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return err
	}
	if len(body) > maxDocument {
		return fmt.Errorf("%s answers with more than %d bytes", address, maxDocument)
	}
	return json.Unmarshal(body, document)
}

// jsonWebKey is a public key as RFC 7517, 7518 and 8037 write it.
type jsonWebKey struct {
	Kind      string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
	Curve     string `json:"crv"`
	N         string `json:"n"`
	E         string `json:"e"`
	X         string `json:"x"`
	Y         string `json:"y"`
}

// publicKey returns the key, when it is one for signatures of an algorithm that is
// accepted. Its kind, and not the token, says which algorithm that is. A secret
// key ("oct") is none: what a provider publishes, anybody could sign with.
func (k jsonWebKey) publicKey() (providerKey, error) {
	made := providerKey{id: k.ID}
	var err error
	switch {
	case k.Use != "" && k.Use != "sig":
		err = errors.New("not for signatures")
	case k.Kind == "RSA":
		made.algorithm = jwt.SigningMethodRS256.Alg()
		made.key, err = k.rsa()
	case k.Kind == "EC" && k.Curve == "P-256":
		made.algorithm = jwt.SigningMethodES256.Alg()
		made.key, err = k.ecdsa()
	case k.Kind == "OKP" && k.Curve == "Ed25519":
		made.algorithm = jwt.SigningMethodEdDSA.Alg()
		made.key, err = k.ed25519()
	default:
		err = errors.New("of a kind that is not accepted")
	}
	if err == nil && k.Algorithm != "" && k.Algorithm != made.algorithm {
		err = errors.New("for another algorithm")
	}
	return made, err
}

func (k jsonWebKey) rsa() (crypto.PublicKey, error) {
	n, err := decodePart(k.N)
	if err != nil {
		return nil, err
	}
	e, err := decodePart(k.E)
	if err != nil {
		return nil, err
	}
	exponent := new(big.Int).SetBytes(e)
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n)}
	if key.N.BitLen() < minRSABits || key.N.BitLen() > 4*minRSABits || !exponent.IsInt64() || exponent.Int64() < 3 || exponent.Int64() > 1<<31-1 {
		return nil, errors.New("an RSA key of a size that is not accepted")
	}
	key.E = int(exponent.Int64())
	return key, nil
}

func (k jsonWebKey) ecdsa() (crypto.PublicKey, error) {
	x, err := decodePart(k.X)
	if err != nil {
		return nil, err
	}
	y, err := decodePart(k.Y)
	if err != nil {
		return nil, err
	}
	const size = 32
	if len(x) != size || len(y) != size {
		return nil, errors.New("coordinates of the wrong size")
	}
	uncompressed := append(append([]byte{4}, x...), y...)
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), uncompressed) // checks that it is on the curve
}

func (k jsonWebKey) ed25519() (crypto.PublicKey, error) {
	x, err := decodePart(k.X)
	if err == nil && len(x) != ed25519.PublicKeySize {
		err = errors.New("a key of the wrong size")
	}
	return ed25519.PublicKey(x), err
}

func decodePart(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}
