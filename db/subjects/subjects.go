// Package subjects keeps in memory whose sums are those with a number. Looking the numbers up
// in the database takes half of the time of an answer with ten thousand customers.
//
// Numbers are given once and do not change, but a database may be restored from a backup and
// give the same numbers to others. So each answer brings the stamp of the numbers in its
// snapshot (sums.StampSubjects), and what is in memory is believed for its own stamp alone.
package subjects

import (
	"context"
	"database/sql"

	"aiusage/db/memory"
	"aiusage/db/pool"
	"aiusage/usage"
)

// StampColumn is the stamp in the snapshot of the statement around it, or 0.
const StampColumn = "COALESCE((SELECT stamp FROM usage_subject_stamp WHERE stamp_id = 1), 0)"

// maxKnown bounds the subjects in memory, where each takes about 150 bytes. With more, each
// answer looks them up.
const maxKnown = 500_000

// Subjects are those of one database. They are safe for concurrent use.
type Subjects struct {
	db *pool.Pool
	// most is maxKnown, or less in tests.
	most   int
	memory *memory.Memory[Known]
}

// New returns subjects of which nothing is known yet.
func New(db *pool.Pool) *Subjects {
	s := &Subjects{db: db, most: maxKnown}
	s.memory = memory.New(s.read)
	return s
}

// Known are subjects by their numbers. They are not changed any more.
type Known struct {
	// Stamp is that of the numbers, and never 0 where there are any.
	Stamp    int64
	byNumber map[int64]usage.Subject
	// tooMany tells that there are more than are kept.
	tooMany bool
}

// Of returns the subject with a number, if it is known.
func (k *Known) Of(number int64) (usage.Subject, bool) {
	subject, known := k.byNumber[number]
	return subject, known
}

// Known returns the subjects in memory, or nil, as it does of none. Where it is not known
// whether there can be any, it begins to read them.
func (s *Subjects) Known() *Known {
	if s == nil {
		return nil
	}
	known := s.memory.Value()
	switch {
	case known == nil || known.Stamp == 0:
		s.memory.Renew()
		return nil
	case known.tooMany:
		return nil
	}
	return known
}

// Outdated begins to read the subjects anew, because a snapshot has others.
func (s *Subjects) Outdated() { s.memory.Renew() }

// Load reads the subjects now.
func (s *Subjects) Load(ctx context.Context) error { return pool.Translate(s.memory.Load(ctx)) }

// read reads the stamp and the subjects that it stands for in one snapshot. Others may have
// been given numbers by a gateway of an earlier version, without a stamp.
func (s *Subjects) read(ctx context.Context) (*Known, error) {
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	known := &Known{byNumber: map[int64]usage.Subject{}}
	var upto int64
	err = tx.QueryRowContext(ctx, "SELECT "+StampColumn+", COALESCE((SELECT upto FROM usage_subject_stamp WHERE stamp_id = 1), 0)").Scan(&known.Stamp, &upto)
	if err != nil || known.Stamp == 0 {
		return known, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT subject_no, account_id, customer_id FROM usage_subjects WHERE subject_no <= ? LIMIT ?`, upto, s.most+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var number int64
		var subject usage.Subject
		if err := rows.Scan(&number, &subject.AccountID, &subject.CustomerID); err != nil {
			return nil, err
		}
		known.byNumber[number] = subject
	}
	if len(known.byNumber) > s.most {
		known.byNumber, known.tooMany = nil, true
	}
	return known, rows.Err()
}
