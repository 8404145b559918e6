package rollup

import (
	"context"
	"errors"
	"time"

	"aiusage/db/extent"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// errNoRollups says that there is nothing to check or correct.
var errNoRollups = usage.Errorf(usage.Unavailable, "there are no rollups on this database: reports read raw sessions")

// FillRollups sums up the sessions from before the rollups were installed. It
// works beside writers, folders and reports, which read raw sessions until it is
// done; it may be interrupted at any time, and goes on where it was when it is
// called again, also by another process. It does nothing where there is nothing
// to do.
func (r *Rollups) FillRollups(ctx context.Context, progress func(CheckProgress)) error {
	for {
		state, err := r.phases.Refresh(ctx)
		if err != nil || state.Phase != phase.Filling {
			return err
		}
		err = r.fill(ctx, state, progress)
		if !errors.Is(err, phase.ErrChanged) {
			return pool.Translate(err)
		}
	}
}

// errBegunAnew says that the state is no longer the one that filling began in.
var errBegunAnew = errors.New("the rollups were installed anew")

// fill fills until it is done or the state is no longer the one it began in.
func (r *Rollups) fill(ctx context.Context, begun *phase.State, progress func(CheckProgress)) error {
	check := checker{rollups: r, progress: progress, fold: true}
	check.handle = func(state *phase.State, chunk usage.Range, found []Difference) error {
		switch {
		case state.Token() != begun.Token():
			return errBegunAnew
		case len(found) == 0:
			return nil
		case found[0].Grain != usage.Hour:
			return r.correct(ctx, state, found, "")
		}
		if begun.Reason != "" { // nobody has asked for it (phase.Tracker.Distrust)
			if hour, fewer := lacking(found); fewer > 0 {
				reason := lacks(hour, fewer)
				return errors.Join(usage.Errorf(usage.Unavailable, "reports read raw sessions from now on: %s", reason), r.phases.FallBack(ctx, reason))
			}
		}
		if chunk.From.Before(usage.Earliest) {
			return r.correct(ctx, state, found, "")
		}
		return r.correct(ctx, state, found, ", filled_to = ?", earlier(chunk.To, usage.Hour.Floor(usage.Latest)))
	}
	err := r.fillAll(ctx, &check, begun)
	if errors.Is(err, errBegunAnew) {
		return phase.ErrChanged
	}
	if err != nil {
		return err
	}
	return r.finishFilling(ctx, begun.Generation)
}

// fillAll runs a check over everything that is not filled yet.
func (r *Rollups) fillAll(ctx context.Context, check *checker, begun *phase.State) error {
	if err := check.undated(ctx); err != nil {
		return err
	}
	span, found, err := extent.Filled(ctx, r.db)
	if err != nil || !found {
		return err
	}
	if begun.FilledTo.Valid && begun.FilledTo.Time.After(span.From) {
		span.From = begun.FilledTo.Time
	}
	if err := check.hours(ctx, span); err != nil {
		return err
	}
	return check.totals(ctx, usage.Range{From: usage.Earliest, To: span.To})
}

// earlier returns the earlier of two instants.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// finishFilling lets reports read the rollups, unless they were installed anew
// since a generation.
func (r *Rollups) finishFilling(ctx context.Context, generation int64) error {
	_, err := r.db.ExecContext(ctx, `
		UPDATE usage_rollup_state SET phase = 'ready', filled_to = NULL, reason = '', generation = ?
		WHERE state_id = 1 AND phase = 'filling' AND generation = ?`, phase.NewGeneration(), generation)
	r.phases.Forget()
	return err
}

// number finds the numbers of subjects with a difference, and gives them one
// where they have none.
func (r *Rollups) number(ctx context.Context, found []Difference) error {
	numbers, err := r.subjectNumbers(ctx, found)
	if err != nil {
		return err
	}
	var unknown []usage.Subject
	for _, one := range found {
		if who := (usage.Subject{AccountID: one.AccountID, CustomerID: one.CustomerID}); numbers[who].subjectNo == 0 {
			unknown = append(unknown, who)
		}
	}
	if len(unknown) > 0 {
		if err := r.introduce(ctx, unknown); err != nil {
			return err
		}
		if numbers, err = r.subjectNumbers(ctx, found); err != nil {
			return err
		}
	}
	for i := range found {
		found[i].key = numbers[usage.Subject{AccountID: found[i].AccountID, CustomerID: found[i].CustomerID}]
	}
	return nil
}

// subjectNumbers returns the numbers of the subjects with a difference.
func (r *Rollups) subjectNumbers(ctx context.Context, found []Difference) (map[usage.Subject]rollup, error) {
	numbers := map[usage.Subject]rollup{}
	if len(found) == 0 {
		return numbers, nil
	}
	// Reading all is cheaper than naming those of a chunk, which are most of them.
	rows, err := r.db.QueryContext(ctx, `SELECT account_id, customer_id, account_no, subject_no FROM usage_subjects`)
	if err != nil {
		return nil, pool.Translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var who usage.Subject
		var key rollup
		if err := rows.Scan(&who.AccountID, &who.CustomerID, &key.accountNo, &key.subjectNo); err != nil {
			return nil, pool.Translate(err)
		}
		numbers[who] = key
	}
	return numbers, pool.Translate(rows.Err())
}

// VerifyRollups compares the rollups of a span with the sessions in it, and their
// days and months with their hours, and hands every difference to report. It
// writes nothing and keeps nobody waiting.
func (r *Rollups) VerifyRollups(ctx context.Context, span usage.Range, report func(Difference), progress func(CheckProgress)) error {
	check := &checker{rollups: r, progress: progress}
	check.handle = func(seen *phase.State, _ usage.Range, found []Difference) error {
		now, err := r.phases.Read(ctx)
		if err != nil {
			return err
		}
		if !now.Is(seen) {
			return phase.ErrChanged
		}
		for _, one := range found {
			report(one)
		}
		return nil
	}
	return r.check(ctx, check, span)
}

// RebuildRollups corrects every difference that VerifyRollups would find, beside
// writers, folders and reports, and returns how many there were.
func (r *Rollups) RebuildRollups(ctx context.Context, span usage.Range, progress func(CheckProgress)) (corrected int64, err error) {
	check := &checker{rollups: r, fold: true, progress: progress}
	check.handle = func(state *phase.State, _ usage.Range, found []Difference) error {
		if len(found) == 0 {
			return nil
		}
		return r.correct(ctx, state, found, "")
	}
	err = r.check(ctx, check, span)
	return check.found, err
}

// check runs a check over the hours of a span, whose open ends end with the data,
// and over the days and months that these are part of.
func (r *Rollups) check(ctx context.Context, check *checker, span usage.Range) error {
	state, err := r.phases.Refresh(ctx)
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
	all, found, err := extent.Filled(ctx, r.db)
	if err != nil || !found {
		return err
	}
	if span.From.After(all.From) {
		all.From = usage.Hour.Floor(span.From)
	}
	if !span.To.IsZero() && span.To.Before(all.To) {
		all.To = usage.Hour.Ceil(span.To)
	}
	if err := check.hours(ctx, all); err != nil {
		return pool.Translate(err)
	}
	return pool.Translate(check.totals(ctx, all))
}
