// Package read answers questions about usage, from the rollups where reports may read them
// and from the sessions otherwise, and about the names of accounts and customers.
package read

import (
	"sync/atomic"
	"time"

	"aiusage/db/mirror"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/subjects"
)

// Reader reads from one database. It is safe for concurrent use.
type Reader struct {
	db     *pool.Pool
	phases *phase.Choice
	// mirror has the sessions in memory, and subjects those that the numbers of sums stand
	// for. There is neither unless many questions are to be answered (Anticipate).
	mirror   atomic.Pointer[mirror.Mirror]
	subjects atomic.Pointer[subjects.Subjects]
	// MaxStaleness is how far the server may be behind others for an answer, and 0 how far it
	// likes. It is to be set before anything is asked.
	MaxStaleness time.Duration
}

// New returns a Reader, which reads what the trackers say: the sums by level, or those by
// hour of an earlier version.
func New(db *pool.Pool, levels, hours *phase.Tracker) *Reader {
	return &Reader{db: db, phases: phase.NewChoice(levels, hours)}
}

// KnownCustomers returns how many customers there are in memory, where they are kept there
// (Anticipate), and 0 otherwise. It asks nothing of the database.
func (r *Reader) KnownCustomers() int {
	if known := r.subjects.Load().Known(); known != nil {
		return known.Len()
	}
	return 0
}

// Anticipate has answers come from memory as far as the engine allows for that (db/mirror,
// db/subjects), and begins to read what they come from. It is for those who answer many
// questions: who asks one would only read more.
func (r *Reader) Anticipate() {
	if m := mirror.New(r.db); r.mirror.CompareAndSwap(nil, m) {
		m.Possible()
	}
	if s := subjects.New(r.db); r.subjects.CompareAndSwap(nil, s) {
		s.Known()
	}
}
