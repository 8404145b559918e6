package write

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/where"
	"aiusage/usage"
)

// storeSessions runs a write of sessions in a transaction. Where there are sums, it
// appends the changes itself, a row for each subject and quarter-hour, which costs less than
// the triggers' row for each session: to those of the sums by level, and as long as an
// earlier version's gateways keep sums by hour, to theirs as well.
func storeSessions(ctx context.Context, w *Writer, rows []usage.Session,
	do func(*sqlx.Tx) (before, after []usage.Session, err error)) error {
	err := tryStoring(ctx, w, rows, do)
	if pool.HasNumber(err, pool.ErNoSuchTable) {
		// Meanwhile somebody may have dropped the tables of the earlier version.
		w.former.Forget()
		err = tryStoring(ctx, w, rows, do)
	}
	return err
}

func tryStoring(ctx context.Context, w *Writer, rows []usage.Session,
	do func(*sqlx.Tx) (before, after []usage.Session, err error)) error {
	records, err := w.recordsItself(ctx)
	if err != nil {
		return err
	}
	silenced := make([]string, 0, len(records))
	for _, one := range records {
		silenced = append(silenced, one.trigger)
	}
	return w.db.WithoutTriggers(ctx, silenced, func(tx *sqlx.Tx) error {
		if err := refuseDropped(ctx, tx, rows); err != nil {
			return err
		}
		records, err := stillToRecord(ctx, tx, records)
		if err != nil {
			return err
		}
		before, after, err := do(tx)
		if err != nil {
			return err
		}
		for _, one := range records {
			if err := one.record(ctx, tx, before, after); err != nil {
				return err
			}
		}
		return nil
	})
}

// stillToRecord returns which of the changes this transaction records itself: all, or where
// other rows may be stored than it writes, none, and the triggers that see these do.
func stillToRecord(ctx context.Context, tx *sqlx.Tx, records []changes) ([]changes, error) {
	if len(records) == 0 {
		return nil, nil
	}
	if same, err := storesWhatIsWritten(ctx, tx); same || err != nil {
		return records, err
	}
	for _, one := range records {
		if _, err := tx.ExecContext(ctx, "SET @"+one.trigger+" = NULL"); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// changes is a table of changes.
type changes struct {
	// trigger is the variable that keeps the triggers out which append to it otherwise.
	trigger string
	// table has a column for the start of a bucket of the grain.
	table, column string
	grain         usage.Grain
}

// The changes for the sums by level, and for an earlier version's by hour.
var (
	forLevels = changes{pool.Recorded, "usage_changes", "quarter", usage.QuarterHour}
	forHours  = changes{pool.Bulk, "usage_deltas", "hour", usage.Hour}
)

// recordsItself returns where a bulk write is to record its changes itself. What
// it relies on may have changed since it was read, and the sums stay exact:
// where the triggers are gone, what is recorded becomes part of what filling
// compares; where they have just come, they do the recording.
func (w *Writer) recordsItself(ctx context.Context) (records []changes, err error) {
	for _, set := range []struct {
		phases *phase.Tracker
		changes
	}{{w.phases, forLevels}, {w.former, forHours}} {
		state, err := set.phases.Known(ctx)
		if err != nil {
			return nil, err
		}
		if state.Phase != phase.Raw {
			records = append(records, set.changes)
		}
	}
	if len(records) == 0 {
		return nil, nil
	}
	shape, err := w.shapeOfSessions(ctx)
	if err != nil || !shape.countsAsGo {
		return nil, err
	}
	return records, nil
}

// refuseDropped returns an error when one of the sessions starts where retention
// has dropped some: it could be one of those, and would be counted again. The
// locks let retention begin only after this write, or the write after that, whichever
// version's retention it is.
func refuseDropped(ctx context.Context, tx *sqlx.Tx, sessions []usage.Session) error {
	var retention usage.Retention
	for _, table := range []string{"usage_level_state", "usage_rollup_state"} {
		var rawFrom sql.NullTime
		err := tx.GetContext(ctx, &rawFrom, `SELECT raw_from FROM `+table+` WHERE state_id = 1 LOCK IN SHARE MODE`)
		if pool.IgnoreNoRows(err) != nil {
			return err
		}
		if rawFrom.Time.After(retention.Kept) {
			retention.Kept = rawFrom.Time
		}
	}
	for _, session := range sessions {
		if err := retention.Refuse(session); err != nil {
			return err
		}
	}
	return nil
}

// maxRecorded bounds the rows in one statement.
const maxRecorded = 1000

// record appends what the writing of sessions changed.
func (c changes) record(ctx context.Context, tx *sqlx.Tx, before, after []usage.Session) error {
	amounts := map[change]usage.Usage{}
	for _, session := range before {
		key := changeOf(session, c.grain)
		amounts[key] = amounts[key].Minus(session.Usage())
	}
	for _, session := range after {
		key := changeOf(session, c.grain)
		amounts[key] = amounts[key].Plus(session.Usage())
	}
	var args []any
	for key, amount := range amounts {
		if amount != (usage.Usage{}) {
			args = append(args, key.AccountID, key.CustomerID, key.bucket, amount.Minutes, amount.Seconds, amount.Sessions)
		}
	}
	const columns = 6
	for some := range slices.Chunk(args, columns*maxRecorded) {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO `+c.table+` (account_id, customer_id, `+c.column+`, minutes, seconds, sessions)
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
	bucket time.Time
}

func changeOf(session usage.Session, grain usage.Grain) change {
	at := change{usage.Subject{AccountID: session.AccountID, CustomerID: session.CustomerID}, column.Undated}
	if !session.StartedAt.IsZero() {
		at.bucket = grain.Floor(session.StartedAt)
	}
	return at
}
