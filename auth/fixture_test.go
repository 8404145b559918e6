package auth

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"aiusage/usage"
)

// fixture is an Authenticator over users, keys and sessions in memory, with a
// clock that only tests move and a log that they can read.
type fixture struct {
	*Authenticator
	users    map[string]User
	keys     map[string]APIKey
	sessions map[string]Session
	now      time.Time
	log      *strings.Builder
	lookups  int
	touched  int
	asked    int // for a session
	// addresses are those of users, by name and hash; writes counts, and fails with
	// unwritable.
	addresses  map[string]map[string]time.Time
	writes     int
	reads      int
	unwritable error
	// unreadable, if it is not nil, is what every question gets.
	unreadable error

	mu, clock sync.Mutex
	// addSession, if it is not nil, is asked first whether a session can be stored.
	addSession func() error
	// addAddress, if it is not nil, is called before an address is kept.
	addAddress func()
}

// pass moves the clock while something may look at it.
func (f *fixture) pass(d time.Duration) {
	f.clock.Lock()
	defer f.clock.Unlock()
	f.now = f.now.Add(d)
}

// adasHash is the hash of ada's password in every fixture. It costs little, which is a part of
// the hash: those of HashPassword are made to be slow.
var adasHash = sync.OnceValues(func() (string, error) {
	return argon2id.CreateHash("correct horse", &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
})

// newFixture knows ada, an administrator with the password "correct horse".
func newFixture(t *testing.T, options Options) *fixture {
	t.Helper()
	hash, err := adasHash()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{
		users:    map[string]User{"ada": {Name: "ada", PasswordHash: hash, Roles: []string{SystemAdministrator}}},
		keys:     map[string]APIKey{},
		sessions: map[string]Session{},
		now:      time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		log:      &strings.Builder{},

		addresses: map[string]map[string]time.Time{},
	}
	f.restart(t, options)
	return f
}

// restart makes another Authenticator over the same store.
func (f *fixture) restart(t *testing.T, options Options) {
	t.Helper()
	options.Now = func() time.Time {
		f.clock.Lock()
		defer f.clock.Unlock()
		return f.now
	}
	options.Log = slog.New(slog.NewTextHandler(f.log, nil))
	var err error
	if f.Authenticator, err = NewAuthenticator(f, options); err != nil {
		t.Fatal(err)
	}
}

var errNothing = usage.Errorf(usage.NotFound, "there is no such thing")

func (f *fixture) UserByName(_ context.Context, name string) (User, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lookups++
	if f.unreadable != nil {
		return User{}, f.unreadable
	}
	return find(f.users, name)
}

func (f *fixture) APIKeyByHash(_ context.Context, hash string) (APIKey, error) {
	if f.unreadable != nil {
		return APIKey{}, f.unreadable
	}
	return find(f.keys, hash)
}

func (f *fixture) TouchAPIKey(_ context.Context, id string, at time.Time) error {
	for hash, key := range f.keys {
		if key.ID == id {
			key.LastUsedAt = at
			f.keys[hash] = key
			f.touched++
		}
	}
	return f.unwritable
}

func (f *fixture) AddSession(_ context.Context, session Session) error {
	if f.addSession != nil {
		if err := f.addSession(); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions[session.Hash] = session
	return nil
}

func (f *fixture) SessionByHash(_ context.Context, hash string) (Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.unreadable != nil {
		return Session{}, f.unreadable
	}
	return find(f.sessions, hash)
}

func (f *fixture) ExtendSession(_ context.Context, hash string, idleAt time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	session := f.sessions[hash]
	session.IdleAt = idleAt
	f.sessions[hash] = session
	f.touched++
	return f.unwritable
}

func (f *fixture) RemoveSession(_ context.Context, hash string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sessions, hash)
	return nil
}

func (f *fixture) FamiliarAddresses(_ context.Context, name string, since time.Time) (FamiliarAddresses, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	if f.unreadable != nil {
		return FamiliarAddresses{}, f.unreadable
	}
	user, err := find(f.users, name)
	found := FamiliarAddresses{PasswordHash: user.PasswordHash, SeenAt: map[string]time.Time{}}
	for hash, at := range f.addresses[name] {
		if !at.Before(since) {
			found.SeenAt[hash] = at
		}
	}
	return found, err
}

func (f *fixture) AddFamiliarAddress(_ context.Context, name, hash string, at time.Time) error {
	if f.addAddress != nil {
		f.addAddress()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	if f.unwritable != nil {
		return f.unwritable
	}
	if f.addresses[name] == nil {
		f.addresses[name] = map[string]time.Time{}
	}
	f.addresses[name][hash] = at
	return nil
}

func find[V any](in map[string]V, key string) (V, error) {
	found, ok := in[key]
	if !ok {
		return found, errNothing
	}
	return found, nil
}
