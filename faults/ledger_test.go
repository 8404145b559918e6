package faults

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// session is a session as the tests know it.
type session struct {
	account, customer string
	start             time.Time
	seconds           int64
}

// amount is what sessions add up to, by the names of GraphQL.
type amount struct {
	Minutes  int64 `json:"aiMinutes"`
	Seconds  int64 `json:"aiSeconds"`
	Sessions int64 `json:"sessions"`
}

func (a *amount) add(s session) {
	a.Minutes += (s.seconds + 59) / 60
	a.Seconds += s.seconds
	a.Sessions++
}

// state is what there is after a step: the usage of each account, altogether and in a part of the
// time.
type state struct {
	all, part map[string]amount
	// loading is an account of which there may be only some of it: its sessions are being imported,
	// by writers who do not wait for each other.
	loading string
}

// allows tells whether usage, altogether or of the part, may be found in the state.
func (s state) allows(got, want map[string]amount) bool {
	some, most := got[s.loading], want[s.loading]
	if s.loading == "" || some.Minutes > most.Minutes || some.Seconds > most.Seconds || some.Sessions > most.Sessions {
		return maps.Equal(got, want)
	}
	got, want = maps.Clone(got), maps.Clone(want)
	delete(got, s.loading)
	delete(want, s.loading)
	return maps.Equal(got, want)
}

// The part of the time that is asked for begins and ends between the quarters of an hour that
// there are sums of.
var (
	partFrom = time.Date(2026, 2, 1, 10, 7, 0, 0, time.UTC)
	partTo   = time.Date(2026, 4, 15, 22, 31, 0, 0, time.UTC)
)

// ledger is the tests' own account of what is stored, after each step: a transaction that writes
// sessions. One step is taken after the other, so that there is one state for each.
type ledger struct {
	mu       sync.Mutex
	sessions map[string]session
	states   []state
	// done is how many steps are known to have been taken. The one after it may have been.
	done int
}

func newLedger() *ledger {
	return &ledger{sessions: map[string]session{}, states: []state{stateOf(nil)}}
}

// begin notes that a step is about to be taken: these sessions are stored, and those deleted.
func (l *ledger) begin(stored map[string]session, deleted ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.Copy(l.sessions, stored)
	for _, id := range deleted {
		delete(l.sessions, id)
	}
	l.states = append(l.states, stateOf(l.sessions))
}

// load notes that sessions of an account are about to be imported.
func (l *ledger) load(account string, sessions map[string]session) {
	l.begin(sessions)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.states[len(l.states)-1].loading = account
}

// commit notes that the step has been taken.
func (l *ledger) commit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = len(l.states) - 1
}

// stateOf adds sessions up.
func stateOf(sessions map[string]session) state {
	sums := state{all: map[string]amount{}, part: map[string]amount{}}
	for _, one := range sessions {
		add(sums.all, one)
		if !one.start.Before(partFrom) && one.start.Before(partTo) {
			add(sums.part, one)
		}
	}
	return sums
}

func add(sums map[string]amount, one session) {
	sum := sums[one.account]
	sum.add(one)
	sums[one.account] = sum
}

// taken returns how many steps are known to have been taken, and last the state after them.
func (l *ledger) taken() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done
}

func (l *ledger) last() state {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.states[l.done]
}

// has tells whether an answer is that of a state there may have been since some steps had been
// taken.
func (l *ledger) has(since int, isAnswer func(state) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.states[since:], isAnswer)
}
