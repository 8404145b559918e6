package importer

import (
	"context"
	"fmt"
	"hash/maphash"

	"aiusage/usage"
)

// origin is where a row stood.
type origin struct {
	file string
	line int64
}

// batch is rows that are written together, and where each stood.
type batch[T any] struct {
	rows    []T
	origins []origin
}

// look looks at a batch before it is written, next to what is stored: it says
// why rows are not to be written, "" for those that are, and which other row each
// is alike.
type look[T any] func(ctx context.Context, rows []T) (problems, alike []string, err error)

// sight is the look at sessions.
type sight struct {
	stored, startedWith func(context.Context, []usage.Session) ([]usage.Session, error)
	noMoves, duplicates bool
}

// newSight returns the look that options ask for, nil if they do not.
func newSight(options Options) look[usage.Session] {
	s := sight{stored: options.Stored, startedWith: options.StartedWith, noMoves: options.NoMoves, duplicates: options.Duplicates != nil}
	if !s.noMoves && !s.duplicates {
		return nil
	}
	return s.at
}

func (s sight) at(ctx context.Context, rows []usage.Session) (problems, alike []string, err error) {
	problems, alike = make([]string, len(rows)), make([]string, len(rows))
	if s.noMoves {
		if err := s.findMoves(ctx, rows, problems); err != nil {
			return nil, nil, err
		}
	}
	if s.duplicates {
		err = s.findDuplicates(ctx, rows, problems, alike)
	}
	return problems, alike, err
}

// findMoves plays the rows, in order, onto what is stored, as the write will.
func (s sight) findMoves(ctx context.Context, rows []usage.Session, problems []string) error {
	stored, err := s.stored(ctx, rows)
	if err != nil {
		return err
	}
	before := make(map[string]usage.Session, len(rows))
	for _, session := range stored {
		before[usage.TrimID(session.SessionID)] = session
	}
	for i, session := range rows {
		known, found := before[session.SessionID]
		if found && subjectOf(known) != subjectOf(session) {
			problems[i] = moveProblem(known)
			continue
		}
		before[session.SessionID] = session
	}
	return nil
}

func moveProblem(from usage.Session) string {
	customer := "no customer"
	if from.CustomerID != "" {
		customer = "customer " + excerpt(from.CustomerID)
	}
	return fmt.Sprintf("the session would move away from account %s and %s; --moves instead of --no-moves lets it", excerpt(from.AccountID), customer)
}

// subject is whom a session counts for.
type subject struct{ account, customer string }

// subjectOf compares ids as the tables do.
func subjectOf(s usage.Session) subject {
	return subject{usage.TrimID(s.AccountID), usage.TrimID(s.CustomerID)}
}

// likeness is what likely duplicates have in common.
type likeness struct {
	subject
	started, seconds int64
}

func likenessOf(s usage.Session) likeness {
	return likeness{subjectOf(s), s.StartedAt.UnixMilli(), s.DurationSeconds}
}

// findDuplicates names, for each row, another session that it is like.
func (s sight) findDuplicates(ctx context.Context, rows []usage.Session, problems, alike []string) error {
	stored, err := s.startedWith(ctx, rows)
	if err != nil {
		return err
	}
	seen := make(map[likeness][]string, len(rows))
	add := func(session usage.Session) {
		like := likenessOf(session)
		// Two different ids are enough to find another one than any.
		if ids := seen[like]; len(ids) == 0 || len(ids) == 1 && ids[0] != session.SessionID {
			seen[like] = append(ids, session.SessionID)
		}
	}
	for _, session := range stored {
		add(session)
	}
	for i, session := range rows {
		if problems[i] != "" {
			continue
		}
		for _, id := range seen[likenessOf(session)] {
			if id != session.SessionID {
				alike[i] = id
			}
		}
		add(session)
	}
	return nil
}

// memory finds rows that a session moves in between, without keeping them: of
// each it has two hashes of its id and one of whom it counts for.
type memory struct {
	seeds  [3]maphash.Seed
	owners map[[2]uint64]uint64
}

func newMemory() *memory {
	return &memory{[3]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed(), maphash.MakeSeed()}, map[[2]uint64]uint64{}}
}

// moved tells whether the session was there before for somebody else.
func (m *memory) moved(s usage.Session) bool {
	id := [2]uint64{maphash.String(m.seeds[0], s.SessionID), maphash.String(m.seeds[1], s.SessionID)}
	owner := maphash.Comparable(m.seeds[2], subjectOf(s))
	before, seen := m.owners[id]
	m.owners[id] = owner
	return seen && before != owner
}
