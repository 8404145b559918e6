package rollup

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/check"
	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// FillRollups makes the sums of what is not in them yet (package check). First it adopts
// what only an earlier version's sums have.
func (r *Rollups) FillRollups(ctx context.Context, progress func(check.CheckProgress)) error {
	if err := r.Adopt(ctx, progress); err != nil {
		return err
	}
	return r.Checks.FillRollups(ctx, progress)
}

// Adopt takes over what an earlier version's sums have of sessions that its gateways have
// dropped, a day in a transaction. It may be interrupted anywhere, and run again.
//
// There are whole hours only of them. So accounts and everybody get sums of hours, days and
// months, customers of days and months, and what is kept of their quarter-hours has each
// hour in its first one. The days and months of other calendars are made of these when
// their calendar is filled.
func (r *Rollups) Adopt(ctx context.Context, progress func(check.CheckProgress)) error {
	var first time.Time
	for refused := 0; ; {
		state, err := r.phases.Read(ctx)
		if err != nil || state.Phase == phase.Raw || state.Believed {
			return err
		}
		former, err := r.formerState(ctx)
		if err != nil {
			return err
		}
		if !former.kept {
			return usage.Errorf(usage.Unavailable, "sums of sessions that an earlier version has dropped are not here, and its tables are gone")
		}
		at, err := r.firstFormerHour(ctx, state.RawFrom.Time, former.RawFrom.Time)
		if err != nil {
			return err
		}
		if first.IsZero() {
			first = at
		}
		day := usage.Day.Floor(at)
		to := former.RawFrom.Time
		if next := usage.Day.Next(day); next.Before(to) {
			to = next
		}
		err = r.adoptDay(ctx, state, day, to)
		switch {
		case errors.Is(err, phase.ErrChanged) && refused < pool.MaxAttempts:
			refused++
			continue
		case err != nil:
			return err
		}
		refused = 0
		if progress != nil {
			progress(check.CheckProgress{Grain: usage.Hour, At: to, Span: usage.Range{From: first, To: former.RawFrom.Time}})
		}
	}
}

// firstFormerHour returns the first hour from an instant on, and before another, of which
// an earlier version's sums have something, or the last hour where there is none.
func (r *Rollups) firstFormerHour(ctx context.Context, from, to time.Time) (time.Time, error) {
	if from.IsZero() {
		from = usage.Earliest
	}
	first := to.Add(-time.Hour)
	for _, statement := range []string{
		`SELECT MIN(bucket) FROM usage_rollups WHERE grain = 1 AND bucket >= ? AND bucket < ?`,
		`SELECT MIN(hour) FROM usage_deltas WHERE hour >= ? AND hour < ?`,
	} {
		var at column.Instant
		if err := r.db.GetContext(ctx, &at, statement, from, to); err != nil {
			return time.Time{}, pool.Translate(err)
		}
		if at.Valid && at.Before(first) {
			first = at.Time
		}
	}
	return first, nil
}

// adoptDay takes over what an earlier version's sums have of a day up to an instant, before
// which sessions have been dropped. What is kept of that day is counted with it, so that
// all sums of the day are right afterwards.
//
// It adds differences: changes of the day that wait here are not added, and neither is what
// the sums have already, as they do where sessions were dropped after these had been filled.
func (r *Rollups) adoptDay(ctx context.Context, seen *phase.State, day, to time.Time) error {
	whole := usage.Range{From: day, To: usage.Day.Next(day)}
	return r.withNumbers(ctx, func() (unknown []usage.Subject, err error) {
		err = r.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
			unknown = nil
			if err := phase.Lock(ctx, tx, seen); err != nil {
				return err
			}
			// After this, the snapshot has whatever was written before the sessions went.
			if err := lockSessions(ctx, tx, whole); err != nil {
				return err
			}
			dropped, kept, waiting := amounts{}, amounts{}, amounts{}
			for _, read := range []func() ([]usage.Subject, error){
				func() ([]usage.Subject, error) { return dropped.addFormer(ctx, tx, usage.Range{From: day, To: to}) },
				func() ([]usage.Subject, error) {
					return kept.addSessions(ctx, tx, usage.Range{From: to, To: whole.To})
				},
				func() ([]usage.Subject, error) { return waiting.addChanges(ctx, tx, whole) },
			} {
				missing, err := read()
				if err != nil {
					return err
				}
				unknown = append(unknown, missing...)
			}
			if len(unknown) > 0 {
				return errUnknown
			}
			return adoptAmounts(ctx, tx, seen, adopted{whole, to, dropped, kept, waiting})
		})
		return unknown, err
	})
}

// errUnknown says that subjects have to be given numbers before a transaction can succeed.
var errUnknown = errors.New("there are subjects without a number")

// withNumbers does something, and once more whenever subjects had to be given numbers.
func (r *Rollups) withNumbers(ctx context.Context, do func() (unknown []usage.Subject, err error)) error {
	for attempt := 0; ; attempt++ {
		unknown, err := do()
		if !errors.Is(err, errUnknown) || attempt == pool.MaxAttempts {
			return err
		}
		if err := sums.Introduce(ctx, r.db, unknown); err != nil {
			return err
		}
	}
}

// adopted is what there is of a day.
type adopted struct {
	day usage.Range
	// to is the instant before which sessions were dropped.
	to                     time.Time
	dropped, kept, waiting amounts
}

// adoptAmounts brings the sums of a day to what they have to be, and moves the instant
// before which sessions may have been dropped.
func adoptAmounts(ctx context.Context, tx *sqlx.Tx, seen *phase.State, of adopted) error {
	utc := []usage.Calendar{usage.UTCCalendar}
	differences := map[sums.Row]usage.Usage{}
	for _, part := range []amounts{of.dropped, of.kept} {
		for row, amount := range part.spread(utc) {
			differences[row] = differences[row].Plus(amount)
		}
	}
	for row, amount := range of.waiting.spread(utc) {
		differences[row] = differences[row].Minus(amount)
	}
	stored, err := sums.OfDay(ctx, tx, of.day.From)
	if err != nil {
		return err
	}
	for row, amount := range stored {
		differences[row] = differences[row].Minus(amount)
	}
	// Months have other days as well: they change by what this one changes.
	months := map[sums.Row]usage.Usage{}
	for row, amount := range differences {
		switch usage.Grain(row.Grid) {
		case usage.QuarterHour:
			if row.Bucket.Before(of.to) {
				delete(differences, row)
			}
		case usage.Month:
			delete(differences, row)
		case usage.Day:
			row.Grid, row.Bucket = int(usage.Month), usage.Month.Floor(row.Bucket)
			months[row] = amount
		}
	}
	right := true
	for _, part := range []map[sums.Row]usage.Usage{differences, months} {
		for _, amount := range part {
			right = right && amount == (usage.Usage{})
		}
		if err := sums.Add(ctx, tx, part); err != nil {
			return err
		}
	}
	if err := of.dropped.keepQuarters(ctx, tx); err != nil {
		return err
	}
	// Sums that are being filled are compared from the start once more: sessions may have
	// been dropped meanwhile. Such as were taken for right, and are not, are filled again.
	restart := ""
	if seen.Phase == phase.Filling || !right {
		restart = "phase = 'filling', filled_to = NULL, "
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE usage_level_state SET `+restart+`raw_from = ?, quarters_from = ?, corrections = corrections + 1, generation = ?
		WHERE state_id = 1`, of.to, of.to, phase.NewGeneration())
	return err
}
