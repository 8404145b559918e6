package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"aiusage/failure"
	"aiusage/usage"
)

// How long an address stays a user's after its last use, how many one user has, and
// how many the database keeps of all users.
const (
	FamiliarFor               = 7 * 24 * time.Hour
	MaxFamiliarAddresses      = 32
	MaxFamiliarAddressesInAll = 1 << 16
)

// How often what is kept of a user is read again, how exactly it is known when an
// address was used last, and how long nothing is written after that has failed.
const (
	rereadEvery   = time.Minute
	recordEvery   = 24 * time.Hour
	recordBackOff = 10 * time.Minute
)

// Addresses keeps from where users have signed in, so that a restart does not make
// strangers of them.
type Addresses interface {
	// FamiliarAddresses returns the addresses that a user has signed in from since an
	// instant. The error for a name nobody has carries usage.NotFound.
	FamiliarAddresses(ctx context.Context, name string, since time.Time) (FamiliarAddresses, error)
	// AddFamiliarAddress keeps that a user has signed in from an address, given by its
	// hash. Nothing is kept of a name that nobody has.
	AddFamiliarAddress(ctx context.Context, name, hash string, at time.Time) error
}

// FamiliarAddresses are the addresses of a user, as hashes that are keyed with the
// user's password hash: a new password forgets them all.
type FamiliarAddresses struct {
	PasswordHash string
	// SeenAt has the instant of the last use of each, to the day.
	SeenAt map[string]time.Time
}

// hashAddress is how an address of a user is kept, in hex.
func hashAddress(passwordHash, address string) string {
	mac := hmac.New(sha256.New, []byte(passwordHash))
	mac.Write([]byte("familiar address\x00" + address))
	return hex.EncodeToString(mac.Sum(nil))
}

// familiar knows from where users have signed in. What it learns goes to the
// database later, and is lost where that cannot be written.
//
// Memory is bounded: a name that was evicted is read again when it is needed.
type familiar struct {
	store Addresses
	now   func() time.Time
	log   *slog.Logger
	reads singleflight.Group

	mu    sync.Mutex
	users map[string]*addressBook
	// unrecorded waits to be written by the one goroutine that recording tells of.
	unrecorded []sighting
	recording  bool
	// silentUntil is until when nothing is written, after that has failed.
	silentUntil time.Time
}

// addressBook has what is known of one name.
type addressBook struct {
	passwordHash string
	readAt       time.Time
	// seen and recorded are the last use of each address, and when that was written.
	seen, recorded map[string]time.Time
}

// sighting is the use of an address that is to be written.
type sighting struct {
	name, hash string
	at         time.Time
}

func newFamiliar(store Addresses, now func() time.Time, log *slog.Logger) *familiar {
	return &familiar{store: store, now: now, log: log, users: map[string]*addressBook{}}
}

// knows tells whether a user has signed in from an address before. While the
// database cannot be read, memory has to do.
func (f *familiar) knows(ctx context.Context, name, address string) bool {
	now := f.now()
	f.mu.Lock()
	book := f.users[name]
	stale := book == nil || now.Sub(book.readAt) >= rereadEvery
	f.mu.Unlock()
	if stale {
		// One read for all who wait for it, whoever of them goes away.
		f.reads.Do(name, func() (any, error) { return nil, f.read(context.WithoutCancel(ctx), name) })
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	book = f.users[name]
	if book == nil {
		return false
	}
	seen, found := book.seen[hashAddress(book.passwordHash, address)]
	return found && now.Before(seen.Add(FamiliarFor))
}

// read takes over what the database has of a name, or that nobody has the name.
func (f *familiar) read(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now := f.now()
	kept, err := f.store.FamiliarAddresses(ctx, name, now.Add(-FamiliarFor))
	if err != nil && !isNotFound(err) {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	book := f.book(name, kept.PasswordHash)
	book.readAt = now
	for hash, at := range kept.SeenAt {
		if book.seen[hash].Before(at) {
			book.seen[hash], book.recorded[hash] = at, at
		}
	}
	return nil
}

// book returns what is known of a name with a password, which is nothing when the
// password is new. The caller holds the lock.
func (f *familiar) book(name, passwordHash string) *addressBook {
	book := f.users[name]
	if book == nil {
		makeRoom(f.users, maxGuarded, func(*addressBook) bool { return false })
	}
	if book == nil || book.passwordHash != passwordHash {
		book = &addressBook{passwordHash: passwordHash, seen: map[string]time.Time{}, recorded: map[string]time.Time{}}
		f.users[name] = book
	}
	return book
}

// welcome makes an address one that a user has signed in from.
func (f *familiar) welcome(user User, address string) {
	hash, now := hashAddress(user.PasswordHash, address), f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	book := f.book(user.Name, user.PasswordHash)
	if _, found := book.seen[hash]; !found && len(book.seen) >= MaxFamiliarAddresses {
		oldest := ""
		for other, at := range book.seen {
			if oldest == "" || at.Before(book.seen[oldest]) {
				oldest = other
			}
		}
		delete(book.seen, oldest)
		delete(book.recorded, oldest)
	}
	book.seen[hash] = now
	if now.Sub(book.recorded[hash]) < recordEvery || now.Before(f.silentUntil) || len(f.unrecorded) >= maxGuarded {
		return
	}
	book.recorded[hash] = now
	f.unrecorded = append(f.unrecorded, sighting{user.Name, hash, now})
	if !f.recording {
		f.recording = true
		go f.record()
	}
}

// record writes what is to be written, one after the other: whoever signs in does
// not wait for that.
func (f *familiar) record() {
	defer func() {
		if fault := recover(); fault != nil { // nobody above could, and the process would end
			failure.Log(context.Background(), f.log, usage.Recovered(fault))
			f.mu.Lock()
			f.recording = false // the next goes on with what waits
			f.mu.Unlock()
		}
	}()
	for {
		f.mu.Lock()
		if len(f.unrecorded) == 0 {
			f.recording, f.unrecorded = false, nil
			f.mu.Unlock()
			return
		}
		next := f.unrecorded[0]
		f.unrecorded = f.unrecorded[1:]
		f.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := f.store.AddFamiliarAddress(ctx, next.name, next.hash, next.at)
		cancel()
		if err != nil {
			f.giveUp(next, err)
		}
	}
}

// giveUp drops what waits to be written, to be tried again when it is next used
// after a while: a database that cannot be written costs this memory and no more.
func (f *familiar) giveUp(failed sighting, err error) {
	f.log.Warn("the addresses that users sign in from cannot be kept; a restart will forget them", "error", err)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silentUntil = f.now().Add(recordBackOff)
	for _, lost := range append(f.unrecorded, failed) {
		if book := f.users[lost.name]; book != nil {
			delete(book.recorded, lost.hash)
		}
	}
	f.unrecorded = nil
}
