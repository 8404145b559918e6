package write

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/schema"
	"aiusage/db/where"
	"aiusage/usage"
)

// storeSessions runs a write of sessions in a transaction. Where there are
// rollups, it appends the changes itself, a row for each subject and hour, which
// costs less than the triggers' row for each session.
func storeSessions(ctx context.Context, w *Writer, rows []usage.Session,
	do func(*sqlx.Tx) (before, after []usage.Session, err error)) error {
	transaction := w.db.InTransaction
	itself, err := w.recordsItself(ctx)
	if err != nil {
		return err
	}
	if itself {
		transaction = w.db.WithoutTriggers
	}
	return transaction(ctx, func(tx *sqlx.Tx) error {
		if err := refuseDropped(ctx, tx, rows); err != nil {
			return err
		}
		before, after, err := do(tx)
		if err != nil || !itself {
			return err
		}
		return recordChanges(ctx, tx, before, after)
	})
}

// recordsItself tells whether a bulk write is to record its changes itself. What
// it relies on may have changed since it was read, and the rollups stay exact:
// where the triggers are gone, what is recorded becomes part of what filling
// compares; where they have just come, they do the recording.
func (w *Writer) recordsItself(ctx context.Context) (bool, error) {
	state, err := w.phases.Known(ctx)
	if err != nil || state.Phase == phase.Raw {
		return false, err
	}
	if plain := w.plain.Load(); plain != nil {
		return *plain, nil
	}
	columns, err := schema.SessionColumns(ctx, w.db)
	if err != nil {
		return false, pool.Translate(err)
	}
	plain := countsAsGo(columns)
	w.plain.Store(&plain)
	return plain, nil
}

// refuseDropped returns an error when one of the sessions starts where retention
// has dropped some: it could be one of those, and would be counted again. The
// lock lets retention begin only after this write, or the write after that.
func refuseDropped(ctx context.Context, tx *sqlx.Tx, sessions []usage.Session) error {
	var rawFrom sql.NullTime
	err := tx.GetContext(ctx, &rawFrom, `SELECT raw_from FROM usage_rollup_state WHERE state_id = 1 LOCK IN SHARE MODE`)
	if err != nil || !rawFrom.Valid {
		return pool.IgnoreNoRows(err)
	}
	for _, session := range sessions {
		if session.StartedAt.Before(rawFrom.Time) {
			return usage.Errorf(usage.InvalidArgument,
				"session %q starts at %s, but sessions from before %s have been dropped: it may have been counted already",
				session.SessionID, session.StartedAt.Format(time.RFC3339), rawFrom.Time.Format(time.RFC3339))
		}
	}
	return nil
}

// maxRecorded bounds the rows in one statement.
const maxRecorded = 1000

// recordChanges appends what the writing of sessions changed.
func recordChanges(ctx context.Context, tx *sqlx.Tx, before, after []usage.Session) error {
	changes := map[change]usage.Usage{}
	for _, session := range before {
		key := changeOf(session)
		changes[key] = changes[key].Minus(session.Usage())
	}
	for _, session := range after {
		key := changeOf(session)
		changes[key] = changes[key].Plus(session.Usage())
	}
	var args []any
	for key, change := range changes {
		if change != (usage.Usage{}) {
			args = append(args, key.AccountID, key.CustomerID, key.hour, change.Minutes, change.Seconds, change.Sessions)
		}
	}
	const columns = 6
	for some := range slices.Chunk(args, columns*maxRecorded) {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO usage_deltas (account_id, customer_id, hour, minutes, seconds, sessions)
			VALUES `+where.Placeholders(len(some)/columns, columns), some...)
		if err != nil {
			return err
		}
	}
	return nil
}

// change is what changes of usage are grouped by.
type change struct {
	usage.Subject
	hour time.Time
}

func changeOf(session usage.Session) change {
	at := change{usage.Subject{AccountID: session.AccountID, CustomerID: session.CustomerID}, column.Undated}
	if !session.StartedAt.IsZero() {
		at.hour = usage.Hour.Floor(session.StartedAt)
	}
	return at
}

// countsAsGo tells whether the database computes a session's hour and minutes
// from what is written exactly as Session does, so that a bulk write may compute
// them here. Otherwise the triggers have to.
func countsAsGo(columns map[string]schema.Column) bool {
	plain := strings.NewReplacer("`", "", " ", "", "(", "", ")", "").Replace(strings.ToLower(columns["ai_minutes"].Expression.String))
	return plain == "duration_seconds+59div60" && columns["started_at"].Precision.Int64 >= 3
}
