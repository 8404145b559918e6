package read

import (
	"context"

	"aiusage/db/mirror"
	"aiusage/db/subjects"
)

// RowsRead is how many rows the server has read for the snapshot's connection so far, by
// its own count: those it looked up and those it went on to.
func (s *Snapshot) RowsRead(ctx context.Context) (count int64, err error) {
	rows, err := s.tx.QueryContext(ctx, "SHOW SESSION STATUS LIKE 'Handler_read%'")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var value int64
		if err := rows.Scan(&name, &value); err != nil {
			return 0, err
		}
		count += value
	}
	return count, rows.Err()
}

// RecallSessions has answers come from memory, and reads the sessions into it before it
// returns: nothing of that goes on in the background.
func (r *Reader) RecallSessions(ctx context.Context) error {
	sessions := mirror.New(r.db)
	r.mirror.Store(sessions)
	return sessions.Load(ctx)
}

// KnowSubjects has answers look customers up in memory, and reads them into it before it
// returns.
func (r *Reader) KnowSubjects(ctx context.Context) error {
	known := subjects.New(r.db)
	r.subjects.Store(known)
	return known.Load(ctx)
}
