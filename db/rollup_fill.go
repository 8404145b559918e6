package db

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/usage"
)

// errNoRollups says that there is nothing to check or correct.
var errNoRollups = usage.Errorf(usage.Unavailable, "there are no rollups on this database: reports read raw sessions")

// FillRollups sums up the sessions from before the rollups were installed. It
// works beside writers, folders and reports, which read raw sessions until it is
// done; it may be interrupted at any time, and goes on where it was when it is
// called again, also by another process. It does nothing where there is nothing
// to do.
func (s *Store) FillRollups(ctx context.Context, progress func(CheckProgress)) error {
	for {
		state, err := s.refreshState(ctx)
		if err != nil || state.Phase != Filling {
			return err
		}
		err = s.fill(ctx, state, progress)
		if !errors.Is(err, errStateChanged) {
			return translate(err)
		}
	}
}

// errBegunAnew says that the state is no longer the one that filling began in.
var errBegunAnew = errors.New("the rollups were installed anew")

// fill fills until it is done or the state is no longer the one it began in.
func (s *Store) fill(ctx context.Context, begun *rollupState, progress func(CheckProgress)) error {
	check := checker{store: s, progress: progress, fold: true}
	check.handle = func(state *rollupState, chunk usage.Range, found []Difference) error {
		switch {
		case state.token() != begun.token():
			return errBegunAnew
		case len(found) == 0:
			return nil
		case found[0].Grain != usage.Hour:
			return s.correct(ctx, state, found, "")
		}
		if begun.Reason != "" { // nobody has asked for it (distrust)
			if hour, fewer := lacking(found); fewer > 0 {
				reason := lacks(hour, fewer)
				return errors.Join(usage.Errorf(usage.Unavailable, "reports read raw sessions from now on: %s", reason), s.fallBack(ctx, reason))
			}
		}
		if chunk.From.Before(usage.Earliest) {
			return s.correct(ctx, state, found, "")
		}
		return s.correct(ctx, state, found, ", filled_to = ?", earlier(chunk.To, usage.Hour.Floor(usage.Latest)))
	}
	err := s.fillAll(ctx, &check, begun)
	if errors.Is(err, errBegunAnew) {
		return errStateChanged
	}
	if err != nil {
		return err
	}
	return s.finishFilling(ctx, begun.Generation)
}

// fillAll runs a check over everything that is not filled yet.
func (s *Store) fillAll(ctx context.Context, check *checker, begun *rollupState) error {
	if err := check.undated(ctx); err != nil {
		return err
	}
	span, found, err := filledSpan(ctx, s.db)
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
func (s *Store) finishFilling(ctx context.Context, generation int64) error {
	_, err := s.db.ExecContext(ctx, `
		UPDATE usage_rollup_state SET phase = 'ready', filled_to = NULL, reason = '', generation = ?
		WHERE state_id = 1 AND phase = 'filling' AND generation = ?`, newGeneration(), generation)
	s.known.Store(nil)
	return err
}

// filledSpan returns the hours with anything in them, if there are any. What comes later than its
// end was written after this was called, and so was recorded.
func filledSpan(ctx context.Context, db sqlx.QueryerContext) (span usage.Range, found bool, err error) {
	from, ok, err := firstHour(ctx, db, usage.Earliest)
	if err != nil || !ok {
		return usage.Range{}, false, err
	}
	var last time.Time
	for _, statement := range []string{
		`SELECT started_at FROM ai_sessions WHERE ` + column.Dated("started_at") + ` ORDER BY started_at DESC LIMIT 1`,
		`SELECT MAX(bucket) FROM usage_rollups WHERE grain = 1`,
		`SELECT MAX(hour) FROM usage_deltas`,
	} {
		at, ok, err := first(ctx, db, statement)
		if err != nil {
			return usage.Range{}, false, err
		}
		if ok && at.After(last) {
			last = at
		}
	}
	return usage.Range{From: usage.Hour.Floor(from), To: usage.Hour.Next(last)}, true, nil
}

// number finds the numbers of subjects with a difference, and gives them one
// where they have none.
func (s *Store) number(ctx context.Context, found []Difference) error {
	numbers, err := s.subjectNumbers(ctx, found)
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
		if err := s.introduce(ctx, unknown); err != nil {
			return err
		}
		if numbers, err = s.subjectNumbers(ctx, found); err != nil {
			return err
		}
	}
	for i := range found {
		found[i].key = numbers[usage.Subject{AccountID: found[i].AccountID, CustomerID: found[i].CustomerID}]
	}
	return nil
}

// subjectNumbers returns the numbers of the subjects with a difference.
func (s *Store) subjectNumbers(ctx context.Context, found []Difference) (map[usage.Subject]rollup, error) {
	numbers := map[usage.Subject]rollup{}
	if len(found) == 0 {
		return numbers, nil
	}
	// Reading all is cheaper than naming those of a chunk, which are most of them.
	rows, err := s.db.QueryContext(ctx, `SELECT account_id, customer_id, account_no, subject_no FROM usage_subjects`)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var who usage.Subject
		var key rollup
		if err := rows.Scan(&who.AccountID, &who.CustomerID, &key.accountNo, &key.subjectNo); err != nil {
			return nil, translate(err)
		}
		numbers[who] = key
	}
	return numbers, translate(rows.Err())
}

// VerifyRollups compares the rollups of a span with the sessions in it, and their
// days and months with their hours, and hands every difference to report. It
// writes nothing and keeps nobody waiting.
func (s *Store) VerifyRollups(ctx context.Context, span usage.Range, report func(Difference), progress func(CheckProgress)) error {
	check := &checker{store: s, progress: progress}
	check.handle = func(seen *rollupState, _ usage.Range, found []Difference) error {
		now, err := s.readState(ctx)
		if err != nil {
			return err
		}
		if !now.is(seen) {
			return errStateChanged
		}
		for _, one := range found {
			report(one)
		}
		return nil
	}
	return s.check(ctx, check, span)
}

// RebuildRollups corrects every difference that VerifyRollups would find, beside
// writers, folders and reports, and returns how many there were.
func (s *Store) RebuildRollups(ctx context.Context, span usage.Range, progress func(CheckProgress)) (corrected int64, err error) {
	check := &checker{store: s, fold: true, progress: func(at CheckProgress) {
		corrected = at.Found
		if progress != nil {
			progress(at)
		}
	}}
	check.handle = func(state *rollupState, _ usage.Range, found []Difference) error {
		if len(found) == 0 {
			return nil
		}
		return s.correct(ctx, state, found, "")
	}
	err = s.check(ctx, check, span)
	return corrected, err
}

// check runs a check over the hours of a span, whose open ends end with the data,
// and over the days and months that these are part of.
func (s *Store) check(ctx context.Context, check *checker, span usage.Range) error {
	state, err := s.refreshState(ctx)
	if err != nil {
		return err
	}
	if state.Phase == Raw {
		return errNoRollups
	}
	if span == (usage.Range{}) {
		if err := check.undated(ctx); err != nil {
			return translate(err)
		}
	}
	all, found, err := filledSpan(ctx, s.db)
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
		return translate(err)
	}
	return translate(check.totals(ctx, all))
}
