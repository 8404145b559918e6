// Package read answers questions about usage, from the rollups where reports may read them
// and from the sessions otherwise, and about the names of accounts and customers.
package read

import (
	"aiusage/db/phase"
	"aiusage/db/pool"
)

// Reader reads from one database. It is safe for concurrent use.
type Reader struct {
	db     *pool.Pool
	phases *phase.Choice
}

// New returns a Reader, which reads what the trackers say: the sums by level, or those by
// hour of an earlier version.
func New(db *pool.Pool, levels, hours *phase.Tracker) *Reader {
	return &Reader{db: db, phases: phase.NewChoice(levels, hours)}
}
