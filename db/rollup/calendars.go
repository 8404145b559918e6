package rollup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/usage"
)

// What becomes of a calendar, beside phase.Filling and phase.Ready.
const (
	// stale: its days do not begin where they did when it was registered, as a fold has
	// noticed. Nobody adds to its sums or reads them.
	stale = "stale"
	// leaving: its sums are being deleted.
	leaving = "leaving"
)

// maxCalendars bounds the numbers of calendars: those of their grids have a byte.
const maxCalendars = 100

// calendarsToAddTo returns the calendars whose sums a fold adds to, that of UTC first. It
// locks the state, which everybody changes who changes calendars, until tx ends: a fold
// adds to a calendar's sums, or it was over before the calendar was registered, so that
// whoever fills them finds its work. The error is a staleCalendarError where one is no
// longer what it was.
func calendarsToAddTo(ctx context.Context, tx *sqlx.Tx) ([]usage.Calendar, error) {
	var generation int64
	err := tx.GetContext(ctx, &generation, `SELECT generation FROM usage_level_state WHERE state_id = 1 LOCK IN SHARE MODE`)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	registered, err := phase.RegisteredCalendars(ctx, tx)
	if err != nil {
		return nil, err
	}
	calendars := []usage.Calendar{usage.UTCCalendar}
	for _, one := range registered {
		if !isKept(one) {
			continue
		}
		calendar, same := one.Calendar()
		if !same {
			return nil, &staleCalendarError{one}
		}
		calendars = append(calendars, calendar)
	}
	return calendars, nil
}

// isKept tells whether folding adds to the sums of a calendar.
func isKept(one phase.Registered) bool {
	return one.Phase == string(phase.Filling) || one.Phase == string(phase.Ready)
}

// staleCalendarError says that the days of a calendar begin elsewhere by the time zone
// database of this process.
type staleCalendarError struct{ phase.Registered }

func (e *staleCalendarError) Error() string {
	return fmt.Sprintf("the days of %s begin elsewhere than they did when migrate was run", e.Zone)
}

// markStale has nobody add to the sums of a calendar any more, nor read them, unless it
// has been changed meanwhile.
func (r *Rollups) markStale(ctx context.Context, one phase.Registered) error {
	defer r.phases.Forget()
	return r.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		if err := beginGeneration(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE usage_calendars SET phase = '`+stale+`'
			WHERE calendar_no = ? AND zone = ? AND rules = ? AND phase = ?`, one.No, one.Zone, one.Rules, one.Phase)
		return err
	})
}

// beginGeneration has reports be planned anew, since the calendars change, and locks the
// state until tx ends.
func beginGeneration(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE usage_level_state SET generation = ? WHERE state_id = 1`, phase.NewGeneration())
	return err
}

// registerCalendar has sums be kept by the days and months of a zone, beside those of UTC,
// and by those of no other one. It is ready when FillRollups has filled it; until then
// reports go on reading the one before.
func (r *Rollups) registerCalendar(ctx context.Context, zone *time.Location) error {
	rules := usage.ZoneRules(zone)
	err := r.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		// The state is locked first, as everybody does who changes both.
		var generation int64
		err := tx.GetContext(ctx, &generation, `SELECT generation FROM usage_level_state WHERE state_id = 1 FOR UPDATE`)
		if err != nil {
			return err
		}
		registered, err := phase.RegisteredCalendars(ctx, tx)
		if err != nil {
			return err
		}
		change := planCalendars(registered, rules)
		if change.isNothing() {
			return nil
		}
		for _, no := range change.leave {
			if _, err := tx.ExecContext(ctx, `UPDATE usage_calendars SET phase = '`+leaving+`' WHERE calendar_no = ?`, no); err != nil {
				return err
			}
		}
		if change.register > 0 {
			_, err := tx.ExecContext(ctx, `
				INSERT INTO usage_calendars (calendar_no, zone, rules, phase) VALUES (?, ?, ?, 'filling')`, change.register, zone.String(), rules)
			if err != nil {
				return err
			}
		}
		return beginGeneration(ctx, tx)
	})
	r.phases.Forget()
	return err
}

// zoneOfBefore is the zone by whose days and months sums are kept, or are to be kept, beside UTC:
// UTC where there is none, and nil for one that this machine does not know.
func (r *Rollups) zoneOfBefore(ctx context.Context) (*time.Location, error) {
	registered, err := phase.RegisteredCalendars(ctx, r.db)
	zone := time.UTC
	for _, one := range registered {
		if one.Phase == leaving || one.Phase == string(phase.Ready) && zone != time.UTC {
			continue // what is not ready is what was asked for later
		}
		var unknown error
		if zone, unknown = time.LoadLocation(one.Zone); unknown != nil {
			return nil, nil
		}
	}
	return zone, err
}

// calendarChange is what has to become of the calendars.
type calendarChange struct {
	// leave are the numbers of those whose sums are to be deleted at once, and register is
	// the number of a new one, or 0.
	leave    []int
	register int
}

func (c calendarChange) isNothing() bool { return len(c.leave) == 0 && c.register == 0 }

// planCalendars says what has to change for the sums to be kept by a zone with these
// rules. What reports can read goes only when something has come in its place, except
// where that is UTC's, which is always there.
func planCalendars(registered []phase.Registered, rules int64) (change calendarChange) {
	none := rules == usage.ZoneRules(time.UTC)
	wanted := slices.IndexFunc(registered, func(one phase.Registered) bool {
		return one.Rules == rules && isKept(one)
	})
	ready := none || wanted >= 0 && registered[wanted].Phase == string(phase.Ready)
	for i, one := range registered {
		if i == wanted || one.Phase == leaving || one.Phase == string(phase.Ready) && !ready {
			continue
		}
		change.leave = append(change.leave, one.No)
	}
	if none || wanted >= 0 {
		return change
	}
	for no := 1; no <= maxCalendars && change.register == 0; no++ {
		if !slices.ContainsFunc(registered, func(one phase.Registered) bool { return one.No == no }) {
			change.register = no
		}
	}
	return change
}

// HasCalendar tells whether the days of a zone have sums of their own, or will have them
// once they are filled.
func (r *Rollups) HasCalendar(ctx context.Context, zone *time.Location) (bool, error) {
	rules := usage.ZoneRules(zone)
	if rules == usage.ZoneRules(time.UTC) {
		return true, nil
	}
	registered, err := phase.RegisteredCalendars(ctx, r.db)
	return slices.ContainsFunc(registered, func(one phase.Registered) bool { return one.Rules == rules && isKept(one) }), err
}
