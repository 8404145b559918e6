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
	"maps"
	"slices"

	"aiusage/db/memory"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// maxKnown bounds the subjects in memory, where each takes about 150 bytes. With more, each
// answer looks them up.
const maxKnown = 500_000

// farApart is how many numbers there may be for each subject that is kept, where numbers
// that were given in vain leave gaps. Each takes 4 bytes.
const farApart = 16

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

// Known are subjects by their numbers, and in the order of a report. They are not changed
// any more.
type Known struct {
	// Stamp is that of the numbers, and never 0 where there are any.
	Stamp int64
	// Blanks tells that some id ends with a blank, so that what differs may be equal to the
	// tables.
	Blanks bool
	// inOrder are the subjects as they are sorted, and ranks their places in it, counted from
	// 1, by number.
	inOrder []usage.Subject
	ranks   []int32
	// tooMany tells that there are more than are kept.
	tooMany bool
}

// Of returns the subject with a number, if it is known.
func (k *Known) Of(number int64) (usage.Subject, bool) {
	rank, known := k.Rank(number)
	if !known {
		return usage.Subject{}, false
	}
	return k.At(rank), true
}

// Rank returns the place of the subject with a number among all that are known, if it is.
func (k *Known) Rank(number int64) (rank int32, known bool) {
	if number < 0 || number >= int64(len(k.ranks)) || k.ranks[number] == 0 {
		return 0, false
	}
	return k.ranks[number], true
}

// Len is how many subjects are known.
func (k *Known) Len() int { return len(k.inOrder) }

// At returns the subject of a rank.
func (k *Known) At(rank int32) usage.Subject { return k.inOrder[rank-1] }

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
	stamp, err := sums.StampOf(ctx, tx)
	if err != nil || stamp.Stamp == 0 {
		return &Known{}, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT subject_no, account_id, customer_id FROM usage_subjects WHERE subject_no <= ? LIMIT ?`, stamp.Upto, s.most+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	byNumber := map[int64]usage.Subject{}
	for rows.Next() {
		var number int64
		var subject usage.Subject
		if err := rows.Scan(&number, &subject.AccountID, &subject.CustomerID); err != nil {
			return nil, err
		}
		byNumber[number] = subject
	}
	return Numbered(stamp.Stamp, byNumber, s.most), rows.Err()
}

// Numbered returns subjects as Known, unless there are more than most, or their numbers are
// so far apart that a list of these would take as much.
func Numbered(stamp int64, byNumber map[int64]usage.Subject, most int) *Known {
	known := &Known{Stamp: stamp}
	numbers := slices.Collect(maps.Keys(byNumber))
	if len(numbers) > most || slices.Max(append(numbers, 0)) > farApart*int64(most) {
		known.tooMany = true
		return known
	}
	slices.SortFunc(numbers, func(a, b int64) int { return byNumber[a].Compare(byNumber[b]) })
	known.ranks = make([]int32, slices.Max(append(numbers, 0))+1)
	for i, number := range numbers {
		subject := byNumber[number]
		known.inOrder, known.ranks[number] = append(known.inOrder, subject), int32(i+1)
		known.Blanks = known.Blanks || subject != subject.Trimmed()
	}
	return known
}
