package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"aiusage/usage"
)

// keyPrefix begins every API key, so that people and programs that look for
// leaked secrets know one when they see it.
const keyPrefix = "aiu_"

// maxKeyLength bounds what is looked up as a key, in bytes.
const maxKeyLength = 128

// maxLabelLength is the longest label of a key, in characters.
const maxLabelLength = 100

// touchEvery is how exactly it is known when a key was used last.
const touchEvery = time.Minute

// APIKey is a long-lived credential of a program. The key itself is not in it.
type APIKey struct {
	// ID names the key in lists and logs. It is part of the key, and no secret.
	ID string
	// Hash is the SHA-256 of the key, in hex. A key has 130 random bits, so it
	// needs no slow hash.
	Hash     string
	Label    string
	Role     string
	Accounts []string

	CreatedAt time.Time
	// ExpiresAt is zero for a key that does not expire.
	ExpiresAt time.Time
	// LastUsedAt is exact to the minute, and zero for a key never used.
	LastUsedAt time.Time
	// RevokedAt is zero for a key that was not revoked.
	RevokedAt time.Time
}

// Keys looks API keys up.
type Keys interface {
	APIKeyByHash(ctx context.Context, hash string) (APIKey, error)
	TouchAPIKey(ctx context.Context, id string, at time.Time) error
}

// NewAPIKey makes a key. It is in the first result only. Bad labels, roles,
// accounts and expiries are InvalidArgument errors.
func NewAPIKey(label, role string, accounts []string, now, expires time.Time) (string, APIKey, error) {
	unfit := func(r rune) bool { return !unicode.IsPrint(r) }
	if length := utf8.RuneCountInString(label); !utf8.ValidString(label) || length == 0 || length > maxLabelLength ||
		strings.ContainsFunc(label, unfit) {
		return "", APIKey{}, usage.Errorf(usage.InvalidArgument, "a label has 1 to %d printable characters", maxLabelLength)
	}
	if err := CheckAccess([]string{role}, accounts); err != nil {
		return "", APIKey{}, err
	}
	if !expires.IsZero() && !expires.After(now) {
		return "", APIKey{}, usage.Errorf(usage.InvalidArgument, "the key would have expired already")
	}
	id := strings.ToLower(rand.Text()[:8])
	secret := keyPrefix + id + "_" + strings.ToLower(rand.Text())
	return secret, APIKey{
		ID: id, Hash: hashSecret(secret), Label: label, Role: role, Accounts: accounts, CreatedAt: now, ExpiresAt: expires,
	}, nil
}

// hashSecret is how a secret that nobody can guess is kept.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func isAPIKey(text string) bool { return strings.HasPrefix(text, keyPrefix) }

// byKey takes an API key.
func (a *Authenticator) byKey(r *http.Request, text string) (Principal, error) {
	key, err := a.findKey(r.Context(), text)
	if err != nil {
		a.audit(r, "api-key", key.name(), err)
		return Principal{}, err
	}
	if now := a.options.Now(); now.Sub(key.LastUsedAt) >= touchEvery {
		// A database that cannot be written just now is no reason to refuse.
		if err := a.store.TouchAPIKey(r.Context(), key.ID, now); err != nil {
			a.options.Log.WarnContext(r.Context(), "the last use of an API key could not be recorded", "key", key.ID, "error", err)
		}
	}
	principal := Principal{Name: key.name(), Roles: []string{key.Role}, Accounts: key.Accounts}
	return a.audited(r, principal), nil
}

// findKey returns a valid key. The error of a revoked or expired one comes with the
// key, for the log.
func (a *Authenticator) findKey(ctx context.Context, text string) (APIKey, error) {
	if len(text) > maxKeyLength {
		return APIKey{}, invalidToken("there is no such API key")
	}
	key, err := a.store.APIKeyByHash(ctx, hashSecret(text))
	switch {
	case isNotFound(err):
		return APIKey{}, invalidToken("there is no such API key")
	case err != nil:
		return APIKey{}, err
	case !key.RevokedAt.IsZero():
		return key, invalidToken("the API key was revoked")
	case !key.ExpiresAt.IsZero() && !a.options.Now().Before(key.ExpiresAt):
		return key, invalidToken("the API key has expired")
	}
	return key, nil
}

func (k APIKey) name() string {
	if k.ID == "" {
		return ""
	}
	return "key:" + k.ID
}
