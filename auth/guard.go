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
	familiarFor                = 7 * 24 * time.Hour
	guardMost                  = 1 << 16
)

// guard slows down the guessing of passwords. Every attempt is counted under the
// name it is for, whether or not somebody has it, and under the address it comes
// from; one that succeeds is not counted. Where a user has signed in from an
// address before, the two are counted together and apart from all others, so that
// nobody can lock a user out by guessing from elsewhere.
//
// Memory is bounded: when a table is full, entries give way.
type guard struct {
	now func() time.Time

	mu        sync.Mutex
	users     debts
	addresses debts
	pairs     debts
	familiar  map[string]time.Time // name and address, to when that is forgotten
}

func newGuard(now func() time.Time) *guard {
	return &guard{
		now:       now,
		users:     newDebts(userBurst, userEvery),
		addresses: newDebts(addressBurst, addressEvery),
		pairs:     newDebts(userBurst, userEvery),
		familiar:  map[string]time.Time{},
	}
}

// attempt is one password that is being checked. Its end is one of succeed and
// forget, or nothing when the password was wrong.
type attempt struct {
	guard *guard
	pair  string
	// known is whether the user has signed in from this address before.
	known bool
	// counted is under what the attempt is counted.
	counted []debt
}

// debt is one key of one table.
type debt struct {
	of  debts
	key string
}

// begin counts an attempt, unless there were too many: then it returns how long
// to wait.
func (g *guard) begin(name, address string) (attempt, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	a := attempt{guard: g, pair: name + "\x00" + address}
	a.known = now.Before(g.familiar[a.pair])
	if a.known {
		a.counted = []debt{{g.pairs, a.pair}}
	} else {
		a.counted = []debt{{g.users, name}, {g.addresses, address}}
	}
	var wait time.Duration
	for _, debt := range a.counted {
		wait = max(wait, debt.of.wait(debt.key, now))
	}
	if wait > 0 {
		return attempt{}, wait
	}
	for _, debt := range a.counted {
		debt.of.add(debt.key, now)
	}
	return a, 0
}

// succeed takes the attempt back, and the address is the user's from now on.
func (a attempt) succeed() {
	a.forget()
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	now := a.guard.now()
	if _, found := a.guard.familiar[a.pair]; !found {
		makeRoom(a.guard.familiar, guardMost, func(until time.Time) bool { return !now.Before(until) })
	}
	a.guard.familiar[a.pair] = now.Add(familiarFor)
}

// forget takes the attempt back: it told nobody anything.
func (a attempt) forget() {
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	for _, debt := range a.counted {
		debt.of.take(debt.key)
	}
}

// debts is a generic cell rate algorithm over keys: for each the instant at which
// all its attempts are paid off, one every so often. An entry whose instant is
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
		makeRoom(d.paid, guardMost, func(paid time.Time) bool { return !paid.After(now) })
	}
	if paid.Before(now) {
		paid = now
	}
	d.paid[key] = paid.Add(d.every)
}

func (d debts) take(key string) {
	if paid, found := d.paid[key]; found {
		d.paid[key] = paid.Add(-d.every)
	}
}
