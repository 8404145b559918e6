package check

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"aiusage/db/extent"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// Triggers do not see everything that happens to ai_sessions: not TRUNCATE, not the
// cascades of foreign keys, not a partition that is dropped, not a copy of the table
// that is put back alone, and not what a session writes that has the variable of the
// triggers left on. So the sums are compared with the sessions all the time, a day at a
// time, in the background.

// Comparer compares the sums of days with their sessions and with one another, some at a
// time, and begins the repair where they differ.
type Comparer struct {
	checks *Checks
	// next is where the walk over all days goes on, and month the last month it has
	// compared.
	next, month time.Time
	// created is when the table was made, as the server says, which TRUNCATE and
	// whatever puts another table in its place changes.
	created sql.NullString
	// lasts is how long a round takes, unless there is reason to doubt the sums.
	lasts time.Duration
	now   func() time.Time
}

// NewComparer returns a Comparer that begins with the first day.
func (c *Checks) NewComparer() *Comparer {
	return &Comparer{checks: c, lasts: compareFor, now: time.Now}
}

// compareFor is how long rounds take.
const compareFor = 200 * time.Millisecond

// Round compares the first day, the last one and those of now, and as many more as
// time allows: all of them where the table has been made anew since the last round. finished
// tells that the walk over all days has come to its end, or that there is nothing to compare.
func (c *Comparer) Round(ctx context.Context) (finished bool, err error) {
	state, err := c.checks.phases.Read(ctx)
	if err != nil || !state.Usable() {
		return true, err
	}
	before := c.created
	err = c.checks.db.GetContext(ctx, &c.created, `
		SELECT CAST(CREATE_TIME AS CHAR) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'ai_sessions'`)
	if err != nil {
		return false, pool.Translate(err)
	}
	all, found, err := extent.Levels.Filled(ctx, c.checks.db)
	if err != nil || !found {
		return true, err
	}
	all.From = later(all.From, state.RawFrom.Time)
	// The last day need not be near: clocks go wrong.
	now := c.now()
	some := []time.Time{usage.Day.Floor(all.From), usage.Day.Floor(all.To.Add(-1)), usage.Day.Floor(now.AddDate(0, 0, -1)), usage.Day.Floor(now)}
	slices.SortFunc(some, time.Time.Compare)
	for _, day := range slices.Compact(some) {
		if differs, err := c.compare(ctx, day, false); err != nil || differs {
			return false, err
		}
	}
	whole := before.Valid && before != c.created
	if whole || c.next.Before(all.From) {
		c.next = all.From
	}
	for deadline := time.Now().Add(c.lasts); whole || time.Now().Before(deadline); c.next = usage.Day.Next(c.next) {
		hour, found, err := extent.Levels.FirstHour(ctx, c.checks.db, c.next)
		if err != nil {
			return false, err
		}
		if !found {
			c.next, c.month = time.Time{}, time.Time{}
			return true, nil
		}
		c.next = hour
		month := usage.Month.Floor(hour)
		withMonth := !month.Equal(c.month)
		c.month = month
		if differs, err := c.compare(ctx, hour, withMonth); err != nil || differs {
			return false, err
		}
	}
	return false, nil
}

// compare compares the day that holds an instant at every level: what is left of its
// sessions, and, with its month, what is made of its sums. It begins the repair where they
// differ; the error then says so.
func (c *Comparer) compare(ctx context.Context, at time.Time, withMonth bool) (differs bool, err error) {
	var reason string
	var seen *phase.State
	err = c.checks.inSnapshot(ctx, func(s *snapshot) (err error) {
		seen = s.state
		for _, one := range slices.Concat(stages(s.calendars(isReady))...) {
			if one.grid.Grain == usage.Month && !withMonth {
				continue
			}
			if reason, err = s.reasonIn(ctx, one, at); err != nil || reason != "" {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, phase.ErrChanged) || errors.Is(err, errNotAdopted) {
		return false, nil // the next round compares again
	}
	if err != nil || reason == "" {
		return false, err
	}
	if begun, err := c.checks.phases.Distrust(ctx, seen, reason); err != nil || !begun {
		return true, err
	}
	return true, usage.Errorf(usage.Unavailable, "%s; reports read raw sessions until they are repaired", reason)
}

// reasonIn says how the sums of a comparison differ in the buckets that the UTC day of an
// instant touches, if they do.
func (s *snapshot) reasonIn(ctx context.Context, one comparison, at time.Time) (reason string, err error) {
	span := usage.Range{From: one.grid.Floor(usage.Day.Floor(at)), To: one.grid.Ceil(usage.Day.Next(at))}
	if one.ofSessions && s.dropped(span.From) { // what comes later may still be there
		span.From = one.grid.Ceil(s.state.RawFrom.Time)
	}
	more, differs, err := s.differs(ctx, one, span)
	switch {
	case err != nil || !differs:
		return "", err
	case !one.ofSessions:
		return fmt.Sprintf("the sums of the %s from %s are not those of its %ss: the %s of %s differ", one.grid.Grain,
			span.From.Format(time.RFC3339), one.fine.Grain, one.grid.Grain, levels[one.table]), nil
	case more != (usage.Usage{}):
		return fmt.Sprintf("the sums of %s are not those of its sessions: these have %d min, %d s and %d sessions more",
			at.Format(time.DateOnly), more.Minutes, more.Seconds, more.Sessions), nil
	}
	return fmt.Sprintf("the sums of %s are not those of its sessions: these belong to other %s, or another time of the day",
		at.Format(time.DateOnly), levels[one.table]), nil
}

// levels names whose sums tables have.
var levels = map[sums.Table]string{
	sums.Customers: "customers", sums.Accounts: "accounts", sums.AccountSeries: "accounts", sums.Totals: "everybody",
}

// Level names whose sum it is: "customers", "accounts" or "everybody".
func (d Difference) Level() string { return levels[d.Table] }
