package rollup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/check"
	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// maxDropped bounds the sessions that are dropped in one transaction.
const maxDropped = 2000

// DropSessions drops the sessions that started before an instant, which is moved
// back to the full hour, and keeps their sums: reports are the same as long as
// they do not begin or end within an hour that is gone. It returns how many it
// dropped. progress may be nil; it is called after each of many short
// transactions. It may be interrupted, and run again with any instant.
//
// The hours in question are verified first. The error says what to do when their
// sums differ, or when there are no rollups to keep the sums.
func (r *Rollups) DropSessions(ctx context.Context, before time.Time, progress func(dropped int64)) (dropped int64, err error) {
	before = usage.Hour.Floor(before)
	if err := r.checkSums(ctx, before); err != nil {
		return 0, err
	}
	if err := r.keepFrom(ctx, before); err != nil {
		return 0, pool.Translate(err)
	}
	for {
		var count int64
		err := r.db.WithoutTriggers(ctx, func(tx *sqlx.Tx) error {
			result, err := tx.ExecContext(ctx, `
				DELETE FROM ai_sessions WHERE started_at < ? AND `+column.Dated("started_at")+` ORDER BY started_at LIMIT ?`, before, maxDropped)
			if err != nil {
				return err
			}
			count, err = result.RowsAffected()
			return err
		})
		dropped += count
		if err != nil || count == 0 {
			return dropped, err
		}
		if progress != nil {
			progress(dropped)
		}
	}
}

// checkSums returns an error unless the sums of the hours before an instant are
// those of the sessions.
func (r *Rollups) checkSums(ctx context.Context, before time.Time) error {
	state, err := r.phases.Refresh(ctx)
	if err != nil {
		return err
	}
	if state.Phase != phase.Ready {
		return usage.Errorf(usage.Unavailable, "sessions can be dropped only where their sums are kept, but reports read raw sessions: %s", state.Reason)
	}
	found := 0
	err = r.VerifyRollups(ctx, usage.Range{To: before}, func(check.Difference) { found++ }, nil)
	if err == nil && found > 0 {
		err = usage.Errorf(usage.Unavailable, "%d sums differ from the sessions to be dropped; run the rollup rebuild command first", found)
	}
	return err
}

// keepFrom makes it known that sessions before an instant may be gone, before
// the first one is, to everybody who would rely on them: reports and corrections
// that are planned already notice that the state has changed.
func (r *Rollups) keepFrom(ctx context.Context, before time.Time) error {
	state, err := r.phases.Read(ctx)
	if err != nil {
		return err
	}
	if state.RawFrom.Valid && !state.RawFrom.Time.Before(before) {
		return nil
	}
	err = r.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		if err := phase.Lock(ctx, tx, state); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE usage_rollup_state SET raw_from = ?, corrections = corrections + 1, generation = ?
			WHERE state_id = 1`, before, phase.NewGeneration())
		return err
	})
	r.phases.Forget()
	if errors.Is(err, phase.ErrChanged) {
		return fmt.Errorf("%w; run the command again", err)
	}
	return err
}
