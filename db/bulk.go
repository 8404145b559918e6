package db

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/where"
	"aiusage/usage"
)

// bulkVariable is the session variable that tells the triggers on ai_sessions to
// stay out while it is not NULL.
const bulkVariable = "aiusage_bulk"

// withoutTriggers runs do in a transaction on a connection on which the triggers
// stay out, as inTransaction does otherwise.
//
// The variable belongs to the connection, so it must be gone before anybody else
// gets that. Statements end with ctx, but the transaction does not: were it ended
// by ctx, the connection would go back to the pool as it is. A connection on
// which the variable cannot be taken back is closed.
func (s *Store) withoutTriggers(ctx context.Context, do func(*sqlx.Tx) error) error {
	return retry(ctx, func() error {
		conn, err := s.db.Connx(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		lasting := context.WithoutCancel(ctx)
		defer func() {
			if _, err := conn.ExecContext(lasting, "SET @"+bulkVariable+" = NULL"); err != nil {
				discard(conn)
			}
		}()
		if _, err := conn.ExecContext(ctx, "SET @"+bulkVariable+" = 1"); err != nil {
			return err
		}
		tx, err := conn.BeginTxx(lasting, nil)
		if err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return errors.Join(err, ignoreDone(tx.Rollback()))
		}
		return tx.Commit()
	})
}

// storeSessions runs a write of sessions in a transaction. Where there are
// rollups, it appends the changes itself, a row for each subject and hour, which
// costs less than the triggers' row for each session.
func storeSessions(ctx context.Context, s *Store, rows []usage.Session,
	do func(*sqlx.Tx) (before, after []usage.Session, err error)) error {
	transaction := s.inTransaction
	itself, err := s.recordsItself(ctx)
	if err != nil {
		return err
	}
	if itself {
		transaction = s.withoutTriggers
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
func (s *Store) recordsItself(ctx context.Context) (bool, error) {
	state, err := s.state(ctx)
	if err != nil || state.Phase == Raw {
		return false, err
	}
	if plain := s.plain.Load(); plain != nil {
		return *plain, nil
	}
	columns, err := s.sessionColumns(ctx)
	if err != nil {
		return false, translate(err)
	}
	plain := countsAsGo(columns)
	s.plain.Store(&plain)
	return plain, nil
}

// refuseDropped returns an error when one of the sessions starts where retention
// has dropped some: it could be one of those, and would be counted again. The
// lock lets retention begin only after this write, or the write after that.
func refuseDropped(ctx context.Context, tx *sqlx.Tx, sessions []usage.Session) error {
	var rawFrom sql.NullTime
	err := tx.GetContext(ctx, &rawFrom, `SELECT raw_from FROM usage_rollup_state WHERE state_id = 1 LOCK IN SHARE MODE`)
	if err != nil && !errors.Is(err, sql.ErrNoRows) || !rawFrom.Valid {
		return ignoreNoRows(err)
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

func ignoreNoRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

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
	for some := range slices.Chunk(args, columns*addMost) {
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
