// Package write stores sessions and names. What it writes of sessions it records for the
// rollups itself, where that costs less than the triggers.
package write

import (
	"sync/atomic"

	"aiusage/db/phase"
	"aiusage/db/pool"
)

// Writer writes to one database. It is safe for concurrent use.
type Writer struct {
	db     *pool.Pool
	phases *phase.Tracker
	// former are the sums by hour that gateways of an earlier version keep.
	former *phase.Tracker
	// shape is that of ai_sessions, once known.
	shape atomic.Pointer[shape]
}

// New returns a Writer.
func New(db *pool.Pool, levels, former *phase.Tracker) *Writer {
	return &Writer{db: db, phases: levels, former: former}
}
