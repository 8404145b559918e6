package write

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/db/where"
	"aiusage/usage"
)

// subjectOf is whom a session counts for, as the table compares ids.
func subjectOf(session usage.Session) usage.Subject {
	return usage.Subject{AccountID: usage.TrimID(session.AccountID), CustomerID: usage.TrimID(session.CustomerID)}
}

// SessionsByID returns the stored sessions that have the ids of the given ones,
// for whoever wants to know before a write what it would replace. Nothing is
// locked: another writer may change them meanwhile.
func (w *Writer) SessionsByID(ctx context.Context, sessions []usage.Session) ([]usage.Session, error) {
	table, err := w.tableOfSessions(ctx)
	if err != nil {
		return nil, err
	}
	var found []usage.Session
	err = w.db.InTransaction(ctx, func(tx *sqlx.Tx) (err error) {
		found, err = table.read(ctx, tx, table.keysOf(sessions), "")
		return err
	})
	return found, pool.Translate(err)
}

// SessionsStartedWith returns the stored sessions that start at the same instants
// as the given ones, whatever their ids.
func (w *Writer) SessionsStartedWith(ctx context.Context, sessions []usage.Session) ([]usage.Session, error) {
	var starts []any
	for _, session := range sessions {
		starts = append(starts, session.StartedAt.UTC().Truncate(time.Millisecond))
	}
	slices.SortFunc(starts, func(a, b any) int { return a.(time.Time).Compare(b.(time.Time)) })
	starts = slices.Compact(starts)
	var found []usage.Session
	for some := range slices.Chunk(starts, maxRead) {
		rows, err := w.startedAt(ctx, some)
		if err != nil {
			return nil, pool.Translate(err)
		}
		found = append(found, rows...)
	}
	return found, nil
}

func (w *Writer) startedAt(ctx context.Context, starts []any) ([]usage.Session, error) {
	// The column stands alone in its condition, so that its key serves it.
	rows, err := w.db.QueryxContext(ctx, "SELECT session_id, "+strings.Join(sessionsTable.stored, ", ")+
		" FROM ai_sessions WHERE started_at IN ("+where.Placeholders(len(starts), 1)+")", starts...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []usage.Session
	for rows.Next() {
		session, err := sessionsTable.scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, session)
	}
	return found, rows.Err()
}
