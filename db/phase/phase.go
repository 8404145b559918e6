// Package phase says what usage is read from just now: the rollups, or the sessions
// themselves. It keeps what a process knows of that, has statements planned again when it
// has changed meanwhile, and plans which part of a range is read from what.
package phase

import (
	"database/sql"
	"math"
	"math/rand/v2"

	"aiusage/usage"
)

// Phase says what reports are read from.
type Phase string

const (
	// Raw: from the sessions themselves, because there are no rollups.
	Raw Phase = "raw"
	// Filling: from the sessions themselves, while the rollups are being filled.
	Filling Phase = "filling"
	// Ready: from the rollups.
	Ready Phase = "ready"
)

// State is the state of a set of sums, and what else a plan rests on.
type State struct {
	Set         Set
	Phase       Phase        `db:"phase"`
	Reason      string       `db:"reason"`
	Generation  int64        `db:"generation"`
	FilledTo    sql.NullTime `db:"filled_to"`
	Corrections int64        `db:"corrections"`
	// RawFrom is the instant before which sessions may have been dropped.
	RawFrom sql.NullTime `db:"raw_from"`
	// QuartersFrom is the instant before which there are sums of whole hours only.
	QuartersFrom sql.NullTime `db:"quarters_from"`
	// Believed is false where sessions were dropped whose sums this set need not have.
	// Nobody may rely on it then, whatever its phase.
	Believed bool `db:"believed"`
	// Calendars are those by whose days and months there are sums, that of UTC first.
	Calendars []usage.Calendar
	// Accounts is how many accounts have a number.
	Accounts int
	// data are the months with usage when the state was read. There may be more.
	data usage.Range
	// plans are those made on the state, or nil.
	plans *plans
}

// Usable tells whether reports may read the sums.
func (state *State) Usable() bool { return state.Phase == Ready && state.Believed }

// Token stands for all of the state that a plan rests on: the generation, and in
// its sign whether reports may rely on the rollups. Whoever changes the phase
// alone, as a trigger may that cannot record a change, changes the token as well.
func (state *State) Token() int64 {
	if state.Usable() {
		return state.Generation
	}
	return -state.Generation
}

// Is tells whether nothing has happened to the state since another was read.
func (state *State) Is(other *State) bool {
	return state.Token() == other.Token() && state.Phase == other.Phase && state.Corrections == other.Corrections
}

// NewGeneration returns a generation that was never used before, also not before
// the tables were made anew or restored from a backup: a gateway may still hold
// the state of then.
func NewGeneration() int64 { return 1 + rand.Int64N(math.MaxInt64/2) }
