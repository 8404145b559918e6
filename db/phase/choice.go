package phase

import (
	"context"
	"errors"

	"aiusage/db/pool"
	"aiusage/usage"
)

// Choice chooses which set of sums reports read: those by level, and until these have been
// filled, those by hour that an earlier version of the gateway keeps.
type Choice struct{ levels, hours *Tracker }

// NewChoice returns a choice between two sets.
func NewChoice(levels, hours *Tracker) *Choice { return &Choice{levels, hours} }

// Known returns the state of the set to read, as it was last read. Whoever relies on it
// has to compare its token with that of the snapshot it reads.
func (c *Choice) Known(ctx context.Context) (*State, error) {
	levels, err := c.levels.Known(ctx)
	if err != nil || levels.Usable() {
		return levels, err
	}
	hours, err := c.hours.Known(ctx)
	if err != nil || !readsHours(levels, hours) {
		return levels, err
	}
	return hours, nil
}

// readsHours tells whether the sums by hour are to be read, where those by level cannot be:
// if they can, or if only they have all that is left of dropped sessions.
func readsHours(levels, hours *State) bool {
	return hours.Usable() || !levels.Believed || hours.RawFrom.Valid && !levels.RawFrom.Valid
}

// Refresh reads the states anew, and returns that of the set to read.
func (c *Choice) Refresh(ctx context.Context) (*State, error) {
	c.levels.Forget()
	c.hours.Forget()
	return c.Known(ctx)
}

// ErrChanged says that a plan rested on a state of before.
var ErrChanged = errors.New("the rollups have just been changed")

// Changing is what a caller is told who met changes of the state again and again.
func Changing() error {
	return usage.Errorf(usage.Unavailable, "the tables of the database are being changed; try again")
}

// Planned runs a statement that do plans on the state, again when the state it
// saw was not that of the snapshot it read (ErrChanged).
func (c *Choice) Planned(ctx context.Context, do func(*State) error) error {
	state, err := c.Known(ctx)
	for attempt := 0; err == nil; attempt++ {
		if err = do(state); !errors.Is(err, ErrChanged) || attempt == pool.MaxAttempts {
			break
		}
		state, err = c.Refresh(ctx)
	}
	if errors.Is(err, ErrChanged) {
		return Changing()
	}
	return pool.Translate(err)
}

// Suspect remembers a reason to distrust the set that a state is of, for whoever looks
// after it.
func (c *Choice) Suspect(state *State, reason string) {
	if state.Set == Hours {
		c.hours.Suspect(reason)
	} else {
		c.levels.Suspect(reason)
	}
}
