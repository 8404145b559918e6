package read

import (
	"context"

	"aiusage/db/mirror"
	"aiusage/db/pool"
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

// RecallSessions reads the sessions into memory, where the engine can have them there.
func (r *Reader) RecallSessions(ctx context.Context) error { return r.mirror.Load(ctx) }

// ForgetSessions has no answer come from memory: the mirror looks where there is no server.
func (r *Reader) ForgetSessions() error {
	nowhere, err := pool.Open("nobody@tcp(127.0.0.1:1)/nothing", pool.Options{})
	if err == nil {
		r.mirror = mirror.New(nowhere)
	}
	return err
}

// KnowSubjects reads the subjects into memory.
func (r *Reader) KnowSubjects(ctx context.Context) error { return r.subjects.Load(ctx) }
