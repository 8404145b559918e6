// Package read answers questions about usage, from the rollups where reports may read them
// and from the sessions otherwise, and about the names of accounts and customers.
package read

import (
	"aiusage/db/mirror"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/subjects"
)

// Reader reads from one database. It is safe for concurrent use.
type Reader struct {
	db     *pool.Pool
	phases *phase.Choice
	// mirror has the sessions in memory, where the engine can tell whether they are the same.
	mirror *mirror.Mirror
	// subjects are those that the numbers of sums stand for.
	subjects *subjects.Subjects
}

// New returns a Reader, which reads what the trackers say: the sums by level, or those by
// hour of an earlier version.
func New(db *pool.Pool, levels, hours *phase.Tracker) *Reader {
	return &Reader{db: db, phases: phase.NewChoice(levels, hours), mirror: mirror.New(db), subjects: subjects.New(db)}
}

// Anticipate begins to read what later answers are given from, where the engine allows for
// that (db/mirror), so that the first of them does not have to wait.
func (r *Reader) Anticipate() { r.mirror.Possible() }
