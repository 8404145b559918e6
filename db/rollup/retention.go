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
// back to the start of its day in UTC, and keeps their sums, and the quarter-hours of each
// customer's day: reports are the same as long as they do not begin or end within a
// quarter-hour that is gone. It returns how many it dropped. progress may be nil; it is
// called after each of many short transactions. It may be interrupted, and run again with
// any instant.
//
// The sums in question are verified first. The error says what to do when they differ,
// or when there are no rollups to keep the sums.
func (r *Rollups) DropSessions(ctx context.Context, before time.Time, progress func(dropped int64)) (dropped int64, err error) {
	before = usage.Day.Floor(before)
	if err := r.checkSums(ctx, before); err != nil {
		return 0, err
	}
	for {
		// What is known to be kept goes first: another run may have been interrupted.
		count, err := r.dropKept(ctx, func(count int64) {
			if progress != nil {
				progress(dropped + count)
			}
		})
		dropped += count
		if err != nil {
			return dropped, err
		}
		done, err := r.keepNextDay(ctx, before)
		if err != nil || done {
			return dropped, err
		}
	}
}

// dropKept drops the sessions from before the instant up to which what has to be kept of
// them is known.
func (r *Rollups) dropKept(ctx context.Context, progress func(dropped int64)) (dropped int64, err error) {
	state, err := r.phases.Refresh(ctx)
	if err != nil || !state.RawFrom.Valid {
		return 0, err
	}
	for {
		var count int64
		err := r.db.WithoutTriggers(ctx, pool.Silenced, func(tx *sqlx.Tx) error {
			result, err := tx.ExecContext(ctx, `
				DELETE FROM ai_sessions WHERE started_at < ? AND `+column.Dated("started_at")+` ORDER BY started_at LIMIT ?`, state.RawFrom.Time, maxDropped)
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
		progress(dropped)
	}
}

// checkSums returns an error unless the sums before an instant are those of the sessions.
func (r *Rollups) checkSums(ctx context.Context, before time.Time) error {
	state, err := r.phases.Refresh(ctx)
	if err != nil {
		return err
	}
	if err := refuseUnusable(state); err != nil {
		return err
	}
	former, err := r.formerState(ctx)
	if err == nil {
		err = former.mustRetire()
	}
	if err != nil {
		return err
	}
	found := 0
	err = r.VerifyRollups(ctx, usage.Range{To: before}, func(check.Difference) { found++ }, nil)
	if err == nil && found > 0 {
		err = usage.Errorf(usage.Unavailable, "%d sums differ from the sessions to be dropped; run the rollup rebuild command first", found)
	}
	return err
}

// refuseUnusable refuses to drop sessions whose sums nobody may read.
func refuseUnusable(state *phase.State) error {
	switch {
	case state.Phase != phase.Ready:
		return usage.Errorf(usage.Unavailable, "sessions can be dropped only where their sums are kept, but reports read raw sessions: %s", state.Reason)
	case !state.Believed:
		return usage.Errorf(usage.Unavailable, "sessions cannot be dropped yet: %s; a running gateway does so, and the migrate command", notAdopted)
	}
	return nil
}

// keepNextDay writes what has to be kept of the next day with sessions before an instant,
// and makes it known that they may be gone from now on. done tells that it was the last
// such day.
func (r *Rollups) keepNextDay(ctx context.Context, before time.Time) (done bool, err error) {
	for attempt := 0; ; attempt++ {
		state, err := r.phases.Refresh(ctx)
		if err != nil {
			return false, err
		}
		if err := refuseUnusable(state); err != nil {
			return false, err
		}
		if !state.RawFrom.Time.Before(before) {
			return true, nil
		}
		to, err := r.endOfNextDay(ctx, state.RawFrom.Time, before)
		if err == nil {
			err = r.keepDays(ctx, state, to)
		}
		if errors.Is(err, phase.ErrChanged) {
			if attempt < pool.MaxAttempts {
				continue
			}
			err = fmt.Errorf("%w; run the command again", err)
		}
		return false, err
	}
}

// endOfNextDay returns the end of the first day with sessions from an instant on, or the
// other instant where that comes first.
func (r *Rollups) endOfNextDay(ctx context.Context, from, before time.Time) (time.Time, error) {
	if from.IsZero() {
		from = usage.Earliest
	}
	var first column.Instant
	err := r.db.GetContext(ctx, &first, `
		SELECT started_at FROM ai_sessions WHERE started_at >= ? AND started_at < ? AND `+column.Dated("started_at")+`
		ORDER BY started_at LIMIT 1`, from, before)
	if pool.IgnoreNoRows(err) != nil {
		return time.Time{}, pool.Translate(err)
	}
	if end := usage.Day.Next(first.Time); first.Valid && end.Before(before) {
		return end, nil
	}
	return before, nil
}

// keepDays writes the quarter-hours of the sessions from where they are kept now up to an
// instant, and has them be kept from there. Both become known together, and nothing
// changes in that span meanwhile, so that whatever is dropped afterwards has been written.
func (r *Rollups) keepDays(ctx context.Context, seen *phase.State, to time.Time) error {
	span := usage.Range{From: usage.Earliest, To: to}
	if seen.RawFrom.Valid {
		span.From = seen.RawFrom.Time
	}
	former, err := r.formerState(ctx)
	if err == nil {
		err = former.mustRetire()
	}
	if err != nil {
		return err
	}
	err = r.withNumbers(ctx, func() (unknown []usage.Subject, err error) {
		err = r.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
			unknown, err = keepSpan(ctx, tx, seen, former, span)
			return err
		})
		return unknown, err
	})
	r.phases.Forget()
	return err
}

// keepSpan does what keepDays does, in a transaction.
func keepSpan(ctx context.Context, tx *sqlx.Tx, seen *phase.State, former formerState, span usage.Range) (unknown []usage.Subject, err error) {
	if err := phase.Lock(ctx, tx, seen); err != nil {
		return nil, err
	}
	// Reports of an earlier version's gateways change with its state.
	if former.installed {
		if err := phase.Lock(ctx, tx, former.State); err != nil {
			return nil, err
		}
	}
	if err := lockSessions(ctx, tx, span); err != nil {
		return nil, err
	}
	dropped := amounts{}
	if unknown, err = dropped.addSessions(ctx, tx, span); err != nil {
		return nil, err
	}
	if len(unknown) > 0 {
		return unknown, errUnknown
	}
	if former.installed {
		if unknown, err := former.keepFrom(ctx, tx, dropped, span); err != nil {
			return unknown, err
		}
	}
	// Of the day in which sessions have been kept from, the start may be written already.
	if day := usage.Day.Floor(span.From); day.Before(span.From) {
		if err := dropped.addQuarters(ctx, tx, day); err != nil {
			return nil, err
		}
	}
	if err := dropped.keepQuarters(ctx, tx); err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE usage_level_state SET raw_from = ?, corrections = corrections + 1, generation = ?
		WHERE state_id = 1`, span.To, phase.NewGeneration())
	return nil, err
}

// keepFrom makes it known to an earlier version's gateways as well that sessions of a span
// may be gone. While they keep sums, these have to have what is dropped.
func (former formerState) keepFrom(ctx context.Context, tx *sqlx.Tx, dropped amounts, span usage.Range) (unknown []usage.Subject, err error) {
	if former.Phase == phase.Ready {
		theirs := amounts{}
		if unknown, err = theirs.addFormer(ctx, tx, span); err != nil {
			return nil, err
		}
		if len(unknown) > 0 {
			return unknown, errUnknown
		}
		if theirs.differs(dropped.byHour()) {
			return nil, usage.Errorf(usage.Unavailable, "the sums of an earlier version differ from the sessions to be dropped; "+
				"run its rollup rebuild command, or end its gateways and run the rollup retire command")
		}
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE usage_rollup_state SET raw_from = ?, corrections = corrections + 1, generation = ?
		WHERE state_id = 1 AND COALESCE(raw_from < ?, TRUE)`, span.To, phase.NewGeneration(), span.To)
	return nil, err
}
