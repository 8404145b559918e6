package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/extent"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/where"
	"aiusage/usage"
)

// FillRollups sums up the sessions from before the sums were installed, then the days and
// months of a calendar that was registered, and deletes those of one that is not wanted any
// more. It works beside writers, folders and reports, which read raw sessions, or do without
// the calendar, until it is done; it may be interrupted at any time, and goes on when it is
// called again, also by another process. It does nothing where there is nothing to do.
func (c *Checks) FillRollups(ctx context.Context, progress func(CheckProgress)) error {
	for {
		state, err := c.phases.Refresh(ctx)
		if err != nil {
			return err
		}
		switch {
		case state.Phase == phase.Filling:
			err = c.fill(ctx, state, progress)
		case state.Usable():
			err = c.changeCalendars(ctx, progress)
			if err == nil {
				return nil
			}
		default:
			return nil
		}
		if err != nil && !errors.Is(err, phase.ErrChanged) {
			return pool.Translate(err)
		}
	}
}

// errBegunAnew says that the state is no longer the one that filling began in.
var errBegunAnew = errors.New("the sums were installed anew")

// fill fills until it is done or the state is no longer the one it began in. Calendars
// that are being filled come later: whenever one is registered, it is filled whole.
func (c *Checks) fill(ctx context.Context, begun *phase.State, progress func(CheckProgress)) error {
	check := &checker{checks: c, progress: progress, fold: true, compares: isReady, filled: begun.FilledTo.Time}
	numbers := &numbers{db: c.db}
	check.handle = func(seen *snapshot, chunk usage.Range, found []Difference) error {
		switch {
		case seen.state.Token() != begun.Token():
			return errBegunAnew
		case len(found) == 0:
			return nil
		case !found[0].ofSessions:
			return c.correct(ctx, seen, numbers, found, "")
		}
		if begun.Reason != "" { // nobody has asked for it (phase.Tracker.Distrust)
			if first, fewer := lacking(found); fewer > 0 {
				reason := lacks(first, fewer)
				return errors.Join(usage.Errorf(usage.Unavailable, "reports read raw sessions from now on: %s", reason), c.phases.FallBack(ctx, reason))
			}
		}
		if !chunk.To.After(usage.Earliest) {
			return c.correct(ctx, seen, numbers, found, "")
		}
		return c.correct(ctx, seen, numbers, found, ", filled_to = ?", earlier(chunk.To, usage.Day.Floor(usage.Latest)))
	}
	err := c.fillAll(ctx, check, begun)
	if errors.Is(err, errBegunAnew) {
		return phase.ErrChanged
	}
	if err != nil {
		return err
	}
	return c.finishFilling(ctx, begun.Generation)
}

// fillAll runs a check over everything that is not filled yet. What was dropped is left as
// it is: its sums are all that reports had.
func (c *Checks) fillAll(ctx context.Context, check *checker, begun *phase.State) error {
	if err := check.undated(ctx); err != nil {
		return err
	}
	if err := check.tellOf(ctx, begun.FilledTo.Time); err != nil {
		return err
	}
	check.filled = later(check.filled, begun.RawFrom.Time)
	return check.all(ctx, usage.Range{})
}

// tellOf has progress told by the span of all sessions and sums from an instant on.
func (c *checker) tellOf(ctx context.Context, from time.Time) error {
	all, found, err := extent.Levels.Filled(ctx, c.checks.db)
	if err != nil || !found {
		return err
	}
	all.From = later(all.From, from)
	c.told = all
	return nil
}

// finishFilling lets reports read the sums, unless they were installed anew since a
// generation. A calendar whose days begin elsewhere for this process could not be compared,
// so it is not read.
func (c *Checks) finishFilling(ctx context.Context, generation int64) error {
	return c.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE usage_level_state SET phase = 'ready', filled_to = NULL, reason = '', generation = ?
			WHERE state_id = 1 AND phase = 'filling' AND generation = ?`, phase.NewGeneration(), generation)
		if err != nil {
			return err
		}
		if changed, err := result.RowsAffected(); err != nil || changed == 0 {
			return err
		}
		registered, err := phase.RegisteredCalendars(ctx, tx)
		if err != nil {
			return err
		}
		var others []int
		for _, one := range registered {
			if _, same := one.Calendar(); !same && isReady(one) {
				others = append(others, one.No)
			}
		}
		if len(others) == 0 {
			return nil
		}
		_, err = tx.ExecContext(ctx, `UPDATE usage_calendars SET phase = '`+stale+`' WHERE calendar_no IN (`+where.Placeholders(len(others), 1)+`)`, where.Args(others)...)
		return err
	})
}

// stale is the phase of a calendar that is not read, because its days begin elsewhere now.
const stale = "stale"

// lacking returns a sum of the first bucket that has fewer sessions than its sums say, if
// there is one. Sums that somebody may still need are not taken away without being asked.
func lacking(found []Difference) (first Difference, fewer int64) {
	type bucket struct {
		grid int
		at   int64
	}
	changed := map[bucket]int64{}
	at := func(one Difference) bucket {
		return bucket{usage.Grid{Grain: one.Grain, Calendar: one.Calendar}.Code(), one.Bucket.Unix()}
	}
	for _, one := range found {
		changed[at(one)] += one.Want.Sessions - one.Got.Sessions
	}
	for _, one := range found {
		change := changed[at(one)]
		if change < 0 && (fewer == 0 || one.Bucket.Before(first.Bucket) || one.Bucket.Equal(first.Bucket) && one.Grain < first.Grain) {
			first, fewer = one, -change
		}
	}
	return first, fewer
}

// lacks is the reason to read raw sessions when some of them have gone.
func lacks(first Difference, fewer int64) string {
	which := fmt.Sprintf("the %s from %s", first.Grain, first.Bucket.Format(time.RFC3339))
	if isUndatedBucket(first.Bucket) {
		which = "those whose start cannot be read"
	}
	return fmt.Sprintf("%d sessions of %s %s, as by TRUNCATE, a dropped partition or a restored table; "+
		"if the sessions are right as they are, run the migrate command, which makes the sums anew; otherwise restore them first", fewer, which, HaveGone)
}

// HaveGone is what the reason says where sums have been left alone.
const HaveGone = "have gone without a trigger seeing it"
