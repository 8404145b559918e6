package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"aiusage/usage"
)

// hashing has the argon2id cost recommended by the OWASP Password Storage
// Cheat Sheet: 19 MiB, two passes, one lane.
var hashing = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// The lengths a password may have, in characters at least and bytes at most.
const (
	MinPasswordLength = 8
	MaxPasswordLength = 1024
)

// maxNameLength is the longest user name, in characters.
const maxNameLength = 64

// NormalizeName returns the form in which a user name is kept and compared:
// lower case. A name has 1 to 64 printable characters, no white space and no
// colon (HTTP Basic separates name and password by one); anything else is an
// InvalidArgument error.
func NormalizeName(name string) (string, error) {
	allowed := func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != ':' }
	length := utf8.RuneCountInString(name)
	if !utf8.ValidString(name) || length == 0 || length > maxNameLength ||
		strings.ContainsFunc(name, func(r rune) bool { return !allowed(r) }) {
		return "", usage.Errorf(usage.InvalidArgument,
			"a user name has 1 to %d printable characters without spaces or colons", maxNameLength)
	}
	return strings.ToLower(name), nil
}

// HashPassword returns the argon2id hash of a new password, in PHC string
// format. A password that is too short or too long is an InvalidArgument error.
func HashPassword(password string) (string, error) {
	if utf8.RuneCountInString(password) < MinPasswordLength {
		return "", usage.Errorf(usage.InvalidArgument, "a password has at least %d characters", MinPasswordLength)
	}
	if len(password) > MaxPasswordLength {
		return "", usage.Errorf(usage.InvalidArgument, "a password has at most %d bytes", MaxPasswordLength)
	}
	return argon2id.CreateHash(password, hashing)
}

// GeneratePassword returns a random password of 128 bits that is easy to copy.
func GeneratePassword() string { return strings.ToLower(rand.Text()) }

// nobodysHash is what the password of a name that nobody has is compared with,
// so that the answer takes as long as for a name that somebody has.
var nobodysHash = sync.OnceValue(func() string {
	hash, err := argon2id.CreateHash(rand.Text(), hashing)
	if err != nil {
		panic(err) // only when the system has no randomness
	}
	return hash
})

// How long and how many matches a verifier remembers.
const (
	rememberFor  = time.Minute
	rememberMost = 1024
)

// verifier compares passwords with hashes. HTTP Basic sends the password with
// every request, and a hash is made to be slow, so a match is remembered for a
// minute under a keyed digest of the password and the stored hash together:
// changing the password ends it at once, and a mismatch is never remembered.
// At most one hash per processor is computed at a time, so that a flood of
// wrong passwords cannot take all the memory.
type verifier struct {
	slots chan struct{}
	key   []byte
	now   func() time.Time

	mu      sync.Mutex
	matches map[[sha256.Size]byte]time.Time // digest to expiry
}

func newVerifier() *verifier {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails: crypto/rand aborts the program instead
	return &verifier{
		slots:   make(chan struct{}, runtime.GOMAXPROCS(0)),
		key:     key,
		now:     time.Now,
		matches: map[[sha256.Size]byte]time.Time{},
	}
}

// verify tells whether the password belongs to the hash. The error is that of
// an ended context or of a stored hash that cannot be read.
func (v *verifier) verify(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > MaxPasswordLength {
		return false, nil
	}
	digest := v.digest(password, hash)
	if v.remembers(digest) {
		return true, nil
	}
	select {
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	matched, err := argon2id.ComparePasswordAndHash(password, hash)
	if matched {
		v.remember(digest)
	}
	return matched, err
}

func (v *verifier) digest(password, hash string) (digest [sha256.Size]byte) {
	mac := hmac.New(sha256.New, v.key)
	mac.Write([]byte(hash))
	mac.Write([]byte{0}) // a PHC string has no NUL
	mac.Write([]byte(password))
	mac.Sum(digest[:0])
	return digest
}

func (v *verifier) remembers(digest [sha256.Size]byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	expiry, ok := v.matches[digest]
	return ok && v.now().Before(expiry)
}

func (v *verifier) remember(digest [sha256.Size]byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.matches) >= rememberMost {
		clear(v.matches)
	}
	v.matches[digest] = v.now().Add(rememberFor)
}
