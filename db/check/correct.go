package check

import (
	"context"
	"database/sql"
	"errors"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// correct adds differences to the sums, once: not when sums have been corrected, or the
// state changed, since the snapshot was taken (phase.ErrChanged). assignments are what else
// changes in the state at the same time.
func (c *Checks) correct(ctx context.Context, seen *snapshot, numbers *numbers, found []Difference, assignments string, args ...any) error {
	err := errRenumbered
	for attempt := 0; errors.Is(err, errRenumbered) && attempt < maxRenumbered; attempt++ {
		if attempt > 0 {
			numbers.forget()
		}
		if err = numbers.give(ctx, found); err != nil {
			return err
		}
		err = c.add(ctx, seen, numbers, found, assignments, args...)
	}
	if errors.Is(err, errRenumbered) {
		return phase.ErrChanged
	}
	if c.OnCorrect != nil && err == nil {
		c.OnCorrect(len(found))
	}
	return c.phases.RefuseTooLarge(ctx, err)
}

// maxRenumbered is how often numbers are read for a correction, while others are given some.
const maxRenumbered = 5

// add adds differences to the sums of those whose numbers they have.
func (c *Checks) add(ctx context.Context, seen *snapshot, numbers *numbers, found []Difference, assignments string, args ...any) error {
	totals := make(map[sums.Row]usage.Usage, 4*len(found))
	calendars := seen.added()
	for _, one := range found {
		one.spread(totals, calendars)
	}
	return pool.Retry(ctx, func() error {
		tx, err := c.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := phase.Lock(ctx, tx, seen.state); err != nil {
			return err
		}
		if err := numbers.areRight(ctx, tx); err != nil {
			return err
		}
		if err := sums.Add(ctx, tx, totals); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE usage_level_state SET corrections = corrections + 1`+assignments+` WHERE state_id = 1`, args...)
		if err != nil {
			return err
		}
		return tx.Commit()
	})
}

// spread adds what a sum lacks to it, and where it was compared with sessions, to all that
// are made of it: these lack the same. What a sum lacks compared to finer ones, those that
// are made of it are compared with afterwards.
func (d Difference) spread(totals map[sums.Row]usage.Usage, calendars []usage.Calendar) {
	lacks := d.Want.Minus(d.Got)
	own := sums.Row{Table: d.Table, Grid: usage.Grid{Grain: d.Grain, Calendar: d.Calendar}.Code(), Bucket: d.Bucket,
		AccountNo: d.key.AccountNo, SubjectNo: d.key.SubjectNo}
	totals[own] = totals[own].Plus(lacks)
	if !d.ofSessions {
		return
	}
	add := func(table sums.Table, grid usage.Grid) {
		if row := sums.Of(table, grid, d.Bucket, d.key); table != own.Table || row.Grid != own.Grid {
			totals[row] = totals[row].Plus(lacks)
		}
	}
	if d.Table == sums.Customers {
		add(sums.Customers, usage.Grid{Grain: usage.Month, Calendar: d.Calendar})
		return
	}
	if isUndatedBucket(d.Bucket) {
		calendars = calendars[:1]
	}
	for _, table := range []sums.Table{sums.Accounts, sums.AccountSeries, sums.Totals} {
		for _, grid := range table.Grids(calendars) {
			if grid.Grain >= d.Grain {
				add(table, grid)
			}
		}
	}
}
