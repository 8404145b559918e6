package auth

import (
	"sync"
	"time"
)

// How many wrong passwords are taken at once, and after how long one more is.
// The numbers follow from who shares what: an office shares an address, nobody
// shares a name, and an attacker has many addresses.
const (
	userBurst, userEvery       = 10, time.Minute
	addressBurst, addressEvery = 30, 6 * time.Second
	maxGuarded                 = 1 << 16
)

// guard slows down the guessing of passwords. Every wrong password is counted under
// the name it is for, whether or not somebody has it, and under the address it comes
// from. Where a user has signed in from an address before (known), the two are counted
// together and apart from all others, so that nobody can lock a user out by guessing
// from elsewhere.
//
// Passwords that are being checked are not counted: many who are right may come at
// once. As few are checked at a time as a lane has slots, so a guesser gains as many
// guesses at most, and waits the longer for the next.
//
// Memory is bounded: when a table is full, entries are evicted.
type guard struct {
	now func() time.Time

	mu        sync.Mutex
	users     debts
	addresses debts
	pairs     debts
}

func newGuard(now func() time.Time) *guard {
	return &guard{
		now:       now,
		users:     newDebts(userBurst, userEvery),
		addresses: newDebts(addressBurst, addressEvery),
		pairs:     newDebts(userBurst, userEvery),
	}
}

// debt is one key of one table.
type debt struct {
	of  debts
	key string
}

// wait returns how long a password for a name, from an address, has to wait for the
// wrong ones before it.
func (g *guard) wait(name, address string, known bool) (wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for _, debt := range g.debts(name, address, known) {
		wait = max(wait, debt.of.wait(debt.key, now))
	}
	return wait
}

// count counts a password that was wrong.
func (g *guard) count(name, address string, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for _, debt := range g.debts(name, address, known) {
		debt.of.add(debt.key, now)
	}
}

// debts returns under what a password is counted.
func (g *guard) debts(name, address string, known bool) []debt {
	if known {
		return []debt{{g.pairs, name + "\x00" + address}}
	}
	return []debt{{g.users, name}, {g.addresses, address}}
}

// debts is a generic cell rate algorithm over keys: for each the instant at which
// all its wrong passwords are paid off, one every so often. An entry whose instant is
// past means nothing and can go.
type debts struct {
	burst int
	every time.Duration
	paid  map[string]time.Time
}

func newDebts(burst int, every time.Duration) debts {
	return debts{burst, every, map[string]time.Time{}}
}

// wait returns how long until a key may be added to.
func (d debts) wait(key string, now time.Time) time.Duration {
	return max(0, d.paid[key].Add(-time.Duration(d.burst-1)*d.every).Sub(now))
}

func (d debts) add(key string, now time.Time) {
	paid, found := d.paid[key]
	if !found {
		makeRoom(d.paid, maxGuarded, func(paid time.Time) bool { return !paid.After(now) })
	}
	if paid.Before(now) {
		paid = now
	}
	d.paid[key] = paid.Add(d.every)
}
