package check

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// changeCalendars fills the calendar that is to be read, and deletes what there is of those
// that are not any more. The error is phase.ErrChanged where there may be more to do.
func (c *Checks) changeCalendars(ctx context.Context, progress func(CheckProgress)) error {
	registered, err := phase.RegisteredCalendars(ctx, c.db)
	if err != nil {
		return err
	}
	// Whoever registers one has those leave that were registered and never filled.
	for _, one := range registered {
		if _, same := one.Calendar(); same && one.Phase == string(phase.Filling) {
			if err := c.fillCalendar(ctx, one, progress); err != nil {
				return err
			}
			return phase.ErrChanged
		}
	}
	for _, one := range registered {
		if one.Phase == leaving {
			if err := c.deleteCalendar(ctx, one.No); err != nil {
				return err
			}
		}
	}
	return nil
}

// fillCalendar sums up the days and months of a calendar at every level. Folds have added
// to them since it was registered, so what they lack is found like any other difference.
//
// A filling that was interrupted begins from the start, and writes nothing where it has
// been. Where the calendar is not to be read any more, or no sums are, readCalendar sees it.
func (c *Checks) fillCalendar(ctx context.Context, calendar phase.Registered, progress func(CheckProgress)) error {
	is := func(one phase.Registered) bool { return one == calendar }
	check := &checker{checks: c, progress: progress, fold: true, compares: is, only: calendar.No}
	numbers := &numbers{db: c.db}
	check.handle = func(seen *snapshot, _ usage.Range, found []Difference) error {
		if len(found) == 0 {
			return nil
		}
		return c.correct(ctx, seen, numbers, found, "")
	}
	if err := check.tellOf(ctx, usage.Earliest); err != nil {
		return err
	}
	if err := check.all(ctx, usage.Range{}); err != nil {
		return err
	}
	return c.readCalendar(ctx, calendar)
}

// leaving is the phase of a calendar whose sums are being deleted.
const leaving = "leaving"

// readCalendar lets reports read a calendar that has been filled, in the place of others.
// One that was registered meanwhile will take its place.
func (c *Checks) readCalendar(ctx context.Context, calendar phase.Registered) error {
	return c.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		state, err := tx.ExecContext(ctx, `UPDATE usage_level_state SET generation = ? WHERE state_id = 1 AND phase = 'ready'`, phase.NewGeneration())
		if err != nil {
			return err
		}
		made, err := tx.ExecContext(ctx, `
			UPDATE usage_calendars SET phase = 'ready' WHERE calendar_no = ? AND zone = ? AND rules = ? AND phase = 'filling'`,
			calendar.No, calendar.Zone, calendar.Rules)
		if err != nil {
			return err
		}
		for _, result := range []sql.Result{state, made} {
			if changed, err := result.RowsAffected(); err != nil || changed == 0 {
				return cmp.Or(err, phase.ErrChanged)
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE usage_calendars SET phase = '`+leaving+`' WHERE calendar_no <> ? AND phase <> 'filling'`, calendar.No)
		return err
	})
}

// maxDeleted bounds the rows that one statement deletes.
const maxDeleted = 5000

// deleteCalendar deletes the sums of a calendar that is leaving, and then the calendar.
func (c *Checks) deleteCalendar(ctx context.Context, no int) error {
	calendar := usage.Calendar{No: no}
	grids := []int{usage.Grid{Grain: usage.Day, Calendar: calendar}.Code(), usage.Grid{Grain: usage.Month, Calendar: calendar}.Code()}
	for _, table := range sums.Tables {
		for _, grid := range grids {
			statements := []string{fmt.Sprintf(`DELETE FROM %s WHERE grain = %d ORDER BY bucket LIMIT %d`, table.Name(), grid, maxDeleted)}
			if table == sums.AccountSeries {
				numbers, err := accountNumbers(ctx, c.db)
				if err != nil {
					return err
				}
				statements = nil
				for _, list := range listsOf(numbers, maxAccounts) {
					statements = append(statements, fmt.Sprintf(`DELETE FROM %s WHERE account_no IN (%s) AND grain = %d LIMIT %d`, table.Name(), list, grid, maxDeleted))
				}
			}
			for _, statement := range statements {
				if err := c.deleteLeaving(ctx, no, statement); err != nil {
					return err
				}
			}
		}
	}
	_, err := c.db.ExecContext(ctx, `DELETE FROM usage_calendars WHERE calendar_no = ? AND phase = '`+leaving+`'`, no)
	return pool.Translate(err)
}

// deleteLeaving runs a statement until it finds nothing to delete any more, each time
// while the calendar is still leaving: its number may be given again once it has gone.
func (c *Checks) deleteLeaving(ctx context.Context, no int, statement string) error {
	for {
		var deleted int64
		err := c.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
			var still []int
			err := tx.SelectContext(ctx, &still, `
				SELECT calendar_no FROM usage_calendars WHERE calendar_no = ? AND phase = '`+leaving+`' LOCK IN SHARE MODE`, no)
			if err != nil || len(still) == 0 {
				return err
			}
			result, err := tx.ExecContext(ctx, statement)
			if err == nil {
				deleted, err = result.RowsAffected()
			}
			return err
		})
		if err != nil || deleted == 0 {
			return pool.Translate(err)
		}
	}
}
