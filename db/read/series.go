package read

import (
	"context"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/db/subjects"
	"aiusage/usage"
)

// Series answers a query as usage over time, in buckets of the query's time zone.
// It is exact as Report is, and refuses what Report refuses. It takes one statement, and a
// few look-ups where the range is open.
func (r *Reader) Series(ctx context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	// One snapshot for where the usage begins and ends, and for the usage.
	snapshot := r.Snapshot(ctx)
	defer snapshot.Close()
	return snapshot.Series(ctx, query)
}

// seriesIn reads the series of a span without open ends as planned on the state. Rows of
// subjects that were not asked for are left out.
func (r *Reader) seriesIn(ctx context.Context, tx *sqlx.Tx, query usage.SeriesQuery, span usage.Range, state *phase.State) (*usage.SeriesSet, lastRow, error) {
	return recognising(r, state, func(known *subjects.Known) (*usage.SeriesSet, lastRow, error) {
		return r.seriesBy(ctx, tx, query, span, state, known)
	})
}

// seriesBy reads a series with the subjects that are known by number.
func (r *Reader) seriesBy(ctx context.Context, tx *sqlx.Tx, query usage.SeriesQuery, span usage.Range, state *phase.State, known *subjects.Known) (*usage.SeriesSet, lastRow, error) {
	plan, buckets, err := state.Plan(query, span)
	if err != nil {
		return nil, lastRow{}, err
	}
	q := newQuestion(tx, query, state, known)
	q.plan, q.points = plan, buckets
	set := usage.NewSeriesSet(query, buckets)
	set.Source, set.Plan = state.Source(plan), plan
	wanted := map[usage.Subject]bool{}
	for _, subject := range query.Subjects {
		wanted[subject.Trimmed()] = true
	}
	last, err := r.ask(ctx, tx, q, func(subject usage.Subject, point int, amount usage.Usage) error {
		if query.Subjects != nil && !wanted[subject.Trimmed()] || amount == (usage.Usage{}) {
			return nil
		}
		return set.Add(subject, point, amount)
	})
	set.LeaveOutUnused()
	return set, last, err
}
