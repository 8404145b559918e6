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

// HashPassword returns the argon2id hash of a password, in PHC string format. One
// that is empty or too long is an InvalidArgument error; whether it is strong enough
// is for CheckNewPassword to say.
func HashPassword(password string) (string, error) {
	if password == "" {
		return "", usage.Errorf(usage.InvalidArgument, "the password is empty")
	}
	if len(password) > MaxPasswordLength {
		return "", usage.Errorf(usage.InvalidArgument, "a password has at most %d bytes", MaxPasswordLength)
	}
	return argon2id.CreateHash(password, hashing)
}

// CheckPassword tells whether a user has a password. It neither slows down nor
// remembers; it is for the operator's own use.
func CheckPassword(ctx context.Context, users Users, name, password string) (bool, error) {
	user, err := users.UserByName(ctx, name)
	if err != nil {
		return false, err
	}
	return argon2id.ComparePasswordAndHash(password, user.PasswordHash)
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

// How long after its last use and how many matches a verifier remembers.
const (
	rememberFor   = 10 * time.Minute
	maxRemembered = 1 << 16
)

// verifier compares passwords with hashes. HTTP Basic sends the password with
// every request, and a hash is made to be slow, so a match is remembered while it
// is in use, under a keyed digest of name and password, together with the hash
// that it matched: changing the password ends it at once, and a mismatch is never
// remembered.
//
// Hashing is bounded, so that a flood of wrong passwords can take neither all
// the memory nor the processors from those who are signed in: half of the
// processors at most and those half of the time, and a bounded queue. Those who
// have signed in from the same place before have a lane of their own, without rest.
type verifier struct {
	strangers, familiar lane
	key                 []byte
	now                 func() time.Time
	// compare tells whether a password belongs to a hash. Tests count it.
	compare func(password, hash string) (bool, error)

	mu      sync.Mutex
	matches map[digest]match
}

type digest [sha256.Size]byte

// match is what is remembered of a password that was right.
type match struct {
	hash  digest
	until time.Time
}

func newVerifier(now func() time.Time) *verifier {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails: crypto/rand aborts the program instead
	return &verifier{
		strangers: newLane(true, strangersWaiting),
		familiar:  newLane(false, familiarWaiting),
		key:       key,
		now:       now,
		compare:   argon2id.ComparePasswordAndHash,
		matches:   map[digest]match{},
	}
}

// lane is where to wait before verify: known tells whether the user has signed in
// from the same place before.
func (v *verifier) lane(known bool) lane {
	if known {
		return v.familiar
	}
	return v.strangers
}

// verify tells whether a name's password belongs to the hash. The error is that
// of a stored hash that cannot be read.
func (v *verifier) verify(name, password, hash string) (bool, error) {
	matched, err := v.compare(password, hash)
	if matched {
		v.remember(v.digest(name, password), hash)
	}
	return matched, err
}

// digest stands for a name and password.
func (v *verifier) digest(name, password string) (d digest) {
	mac := hmac.New(sha256.New, v.key)
	mac.Write([]byte(name))
	mac.Write([]byte{0}) // a name has no NUL
	mac.Write([]byte(password))
	mac.Sum(d[:0])
	return d
}

// remembers tells whether a name and password matched a moment ago.
func (v *verifier) remembers(d digest) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	found, ok := v.matches[d]
	return ok && v.now().Before(found.until)
}

// renew remembers a match with this hash for longer, and returns whether there is one.
func (v *verifier) renew(d digest, hash string) (matched bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	found, ok := v.matches[d]
	if !ok || found.hash != sha256.Sum256([]byte(hash)) {
		return false
	}
	found.until = v.now().Add(rememberFor)
	v.matches[d] = found
	return true
}

func (v *verifier) remember(d digest, hash string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	makeRoom(v.matches, maxRemembered, func(m match) bool { return !v.now().Before(m.until) })
	v.matches[d] = match{sha256.Sum256([]byte(hash)), v.now().Add(rememberFor)}
}

// makeRoom evicts an entry from a map that has limit entries or more: one that has
// expired, if that is among the first it looks at, or else any.
func makeRoom[K comparable, V any](entries map[K]V, limit int, expired func(V) bool) {
	const look = 16
	seen := 0
	for key, value := range entries {
		if len(entries) < limit {
			return
		}
		if seen++; expired(value) || seen > look {
			delete(entries, key)
		}
	}
}

// How many wait in each lane. With 30 ms for a hash, and as long a rest for strangers,
// the last of them waits for some eight and fifteen seconds: after a restart, or when
// an office begins to work, it is better to wait than to be sent away.
const (
	strangersWaiting = 128
	familiarWaiting  = 512
)

// maxSlots bounds how many hash at the same time on a large machine: each takes 19
// MiB, and guesses that are checked at once are not counted before they have ended.
const maxSlots = 8

// lane bounds how many hash at the same time, and how many wait for it.
type lane struct {
	slots, places chan struct{}
	// rests is whether a slot stays empty for as long as it was in use.
	rests bool
}

func newLane(rests bool, waiting int) lane {
	slots := min(max(1, runtime.GOMAXPROCS(0)/2), maxSlots)
	return lane{make(chan struct{}, slots), make(chan struct{}, slots+waiting), rests}
}

// enter waits for a slot and returns how to leave it.
func (l lane) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.places <- struct{}{}:
	default:
		return nil, tooMany(time.Second)
	}
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		<-l.places
		return nil, ctx.Err()
	}
	entered := time.Now()
	return func() {
		<-l.places
		if !l.rests {
			<-l.slots
			return
		}
		time.AfterFunc(time.Since(entered), func() { <-l.slots })
	}, nil
}
