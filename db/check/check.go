// Package check compares the sums with the sessions and with one another, and puts right
// what differs: at once where somebody asks for it, when the sums are made, and all the
// time in the background.
//
// A difference is an invariant: in every snapshot, sessions minus (sums + changes that are
// not folded yet) is the same, whatever is written or folded meanwhile. So it is found in
// one snapshot and added once, at any later time, without having locked anything. What
// retention has dropped is represented by its packed quarter-hours.
package check

import (
	"context"
	"time"

	"aiusage/db/extent"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// Checks are those of one database. They are safe for concurrent use.
type Checks struct {
	db     *pool.Pool
	phases *phase.Tracker
	// fold folds the changes that wait.
	fold func(context.Context) error
	// OnCorrect is told of each correction: how many differences it took away. It may be
	// nil, and is to be set before anything is corrected.
	OnCorrect func(differences int)
}

// New returns the checks of the sums whose state a tracker knows.
func New(db *pool.Pool, phases *phase.Tracker, fold func(context.Context) error) *Checks {
	return &Checks{db: db, phases: phases, fold: fold}
}

// Difference is a sum that is not as it should be.
type Difference struct {
	// Table has the sum, by which it is one of a customer, an account or everybody: ids
	// that the sum is not by are empty.
	Table                 sums.Table
	AccountID, CustomerID string
	Grain                 usage.Grain
	// Calendar is the one whose day or month it is. Others are in that of UTC.
	Calendar usage.Calendar
	Bucket   time.Time
	// Want is what the sessions add up to, or the finer sums that it is made of. Got is
	// what there is.
	Want, Got usage.Usage

	// ofSessions tells that it was compared with sessions, so that all sums above it lack
	// the same.
	ofSessions bool
	key        sums.Key
}

// CheckProgress tells how far a check or correction of the sums has come.
type CheckProgress struct {
	// Grain is what is being checked: the sums that are made of sessions
	// (usage.QuarterHour), then all hours, all days, and all months.
	Grain usage.Grain
	// At is how far it has come within Span.
	At   time.Time
	Span usage.Range
	// Found is the number of differences so far.
	Found int64
}

// Share returns how much of what is being checked has been, from 0 to 1.
func (p CheckProgress) Share() float64 {
	whole := p.Span.To.Sub(p.Span.From)
	if whole <= 0 {
		return 1
	}
	return min(1, max(0, float64(p.At.Sub(p.Span.From))/float64(whole)))
}

// errNoRollups says that there is nothing to check or correct.
var errNoRollups = usage.Errorf(usage.Unavailable, "there are no rollups on this database: reports read raw sessions")

// VerifyRollups compares the sums of a span with the sessions in it, and the coarser sums
// with the finer ones, at every level and in every calendar that is read, and hands every
// difference to report. It writes nothing and keeps nobody waiting.
func (c *Checks) VerifyRollups(ctx context.Context, span usage.Range, report func(Difference), progress func(CheckProgress)) error {
	check := &checker{checks: c, progress: progress, compares: isReady}
	check.handle = func(seen *snapshot, _ usage.Range, found []Difference) error {
		if err := c.name(ctx, found); err != nil {
			return err
		}
		now, err := c.phases.Read(ctx)
		if err != nil {
			return err
		}
		if !now.Is(seen.state) {
			return phase.ErrChanged
		}
		for _, one := range found {
			report(one)
		}
		return nil
	}
	return c.check(ctx, check, span)
}

// RebuildRollups corrects every difference that VerifyRollups would find, beside writers,
// folders and reports, and returns how many there were.
func (c *Checks) RebuildRollups(ctx context.Context, span usage.Range, progress func(CheckProgress)) (corrected int64, err error) {
	check := &checker{checks: c, fold: true, progress: progress, compares: isReady}
	numbers := &numbers{db: c.db}
	check.handle = func(seen *snapshot, _ usage.Range, found []Difference) error {
		if len(found) == 0 {
			return nil
		}
		return c.correct(ctx, seen, numbers, found, "")
	}
	err = c.check(ctx, check, span)
	return check.found, err
}

// check runs a check over the sums in a span, and over the months that it is part of.
func (c *Checks) check(ctx context.Context, check *checker, span usage.Range) error {
	state, err := c.phases.Refresh(ctx)
	if err != nil {
		return err
	}
	if state.Phase == phase.Raw {
		return errNoRollups
	}
	if span == (usage.Range{}) {
		if err := check.undated(ctx); err != nil {
			return pool.Translate(err)
		}
	}
	all, found, err := extent.Levels.Filled(ctx, c.db)
	if err != nil {
		return err
	}
	if !found { // nothing to tell the progress of, but there may be sums that nothing is left of
		all = usage.Range{From: usage.Earliest, To: usage.Earliest}
	}
	if span.From.After(all.From) {
		all.From = usage.Hour.Floor(span.From)
	}
	if !span.To.IsZero() && span.To.Before(all.To) {
		all.To = usage.Hour.Ceil(span.To)
	}
	check.told = all
	return pool.Translate(check.all(ctx, span))
}
