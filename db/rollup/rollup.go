// Package rollup keeps the sums of sessions: it has every change of a session recorded, adds
// the changes to the sums (folds), looks after both, and drops sessions whose sums are kept.
package rollup

import (
	"context"
	"sync/atomic"
	"time"

	"aiusage/db/check"
	"aiusage/db/phase"
	"aiusage/db/pool"
)

// Rollups are the sums on one database. They are safe for concurrent use. The methods that
// compare them with the sessions are those of package check.
type Rollups struct {
	*check.Checks
	db     *pool.Pool
	phases *phase.Tracker
	// former are the sums by hour that gateways of an earlier version keep.
	former *phase.Tracker
	// Now is the clock by which folding is said to be stuck, and a turn is kept.
	Now func() time.Time
	// OnFold is told of each batch that was folded: how many changes it had, and how long it
	// took. It may be nil, and is to be set before anything is folded.
	OnFold func(changes int, took time.Duration)
	// folding is how folding goes (FoldRound), and turn has it done by one process at a time.
	folding folding
	turn    turn
	// batch is how many changes the next batch takes, 0 where none has been folded, and
	// numbers are what folds know their subjects by.
	batch   atomic.Int64
	numbers numbers
}

// New returns the rollups of a database: the sums by level, and what there may be of an
// earlier version's.
func New(db *pool.Pool, levels, former *phase.Tracker) *Rollups {
	r := &Rollups{db: db, phases: levels, former: former, Now: time.Now, turn: newTurn()}
	r.Checks = check.New(db, levels, func(ctx context.Context) error {
		_, err := r.Fold(ctx, nil)
		return err
	})
	return r
}
