// Package rollup keeps the sums of sessions by hour, day and month: it has every change of a
// session recorded, adds the changes to the sums (folds), makes the sums of what was there
// before (fills), and compares them with the sessions.
package rollup

import (
	"time"

	"aiusage/db/phase"
	"aiusage/db/pool"
)

// Rollups are the sums on one database. They are safe for concurrent use.
type Rollups struct {
	db     *pool.Pool
	phases *phase.Tracker
	// Now is the clock by which folding is said to be stuck.
	Now func() time.Time
	// folding is how folding goes (FoldRound).
	folding folding
}

// New returns the rollups of a database.
func New(db *pool.Pool, phases *phase.Tracker) *Rollups {
	return &Rollups{db: db, phases: phases, Now: time.Now}
}
