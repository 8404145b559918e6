package importer

import (
	"context"
	"hash/maphash"
	"time"
	"unique"

	"aiusage/usage"
)

// Rehearsal is a write of sessions that stores nothing and counts what a real one
// would do. A load with it needs a single writer. Of each session it keeps some
// 100 bytes, since one that comes twice is new only once.
type Rehearsal struct {
	// Known returns the stored sessions that have the ids of a batch.
	Known func(ctx context.Context, batch []usage.Session) ([]usage.Session, error)
	// Refuse, if not nil, returns why the write of a session would fail as a whole.
	Refuse func(usage.Session) error
	// Keep is how many sessions First is to have.
	Keep int
	// First are the first sessions, as they would be stored.
	First []usage.Session

	seeds   [2]maphash.Seed
	written map[[2]uint64]played
}

// played is a session without its id. Accounts and customers are few, and each is
// kept once.
type played struct {
	account, customer unique.Handle[string]
	started           int64 // milliseconds since 1970
	seconds           int64
}

func play(s usage.Session) played {
	return played{unique.Make(s.AccountID), unique.Make(s.CustomerID), s.StartedAt.UnixMilli(), s.DurationSeconds}
}

func (p played) session(id string) usage.Session {
	return usage.Session{
		SessionID: id, AccountID: p.account.Value(), CustomerID: p.customer.Value(),
		StartedAt: time.UnixMilli(p.started).UTC(), DurationSeconds: p.seconds,
	}
}

// Write counts what storing a batch would do. It is a Write.
func (r *Rehearsal) Write(ctx context.Context, batch []usage.Session) (counts Counts, err error) {
	stored, err := r.Stored(ctx, batch)
	if err != nil {
		return counts, err
	}
	known := make(map[string]usage.Session, len(batch))
	for _, session := range stored {
		known[usage.TrimID(session.SessionID)] = session
	}
	for _, session := range batch {
		if r.Refuse != nil {
			if err := r.Refuse(session); err != nil {
				return Counts{}, err
			}
		}
		before, seen := known[session.SessionID]
		switch {
		case !seen:
			counts.Inserted++
		case play(before) == play(session):
			counts.Unchanged++
		default:
			counts.Updated++
			if subjectOf(before) != subjectOf(session) {
				counts.Moved++
			}
		}
		known[session.SessionID] = session
	}
	for _, session := range batch {
		r.written[r.key(session.SessionID)] = play(session)
	}
	r.First = append(r.First, batch[:min(len(batch), r.Keep-len(r.First))]...)
	return counts, nil
}

// Stored returns the sessions that have the ids of a batch as if those before it
// had been stored. It is Options.Stored of a rehearsal.
func (r *Rehearsal) Stored(ctx context.Context, batch []usage.Session) ([]usage.Session, error) {
	if r.written == nil {
		r.seeds, r.written = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, map[[2]uint64]played{}
	}
	stored, err := r.Known(ctx, batch)
	if err != nil {
		return nil, err
	}
	// What comes later counts for more, to those who put them into a map.
	for _, session := range batch {
		if before, written := r.written[r.key(session.SessionID)]; written {
			stored = append(stored, before.session(session.SessionID))
		}
	}
	return stored, nil
}

// key stands for an id: two hashes, so that no two ids share it.
func (r *Rehearsal) key(id string) [2]uint64 {
	return [2]uint64{maphash.String(r.seeds[0], id), maphash.String(r.seeds[1], id)}
}
