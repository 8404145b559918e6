package read

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/usage"
)

// reportOf reads a report as planned on the state, and from the sessions where the
// sums have what these have not: less than nothing.
func (r *Reader) reportOf(ctx context.Context, db sqlx.QueryerContext, query usage.Query, state *phase.State) (*usage.Report, lastRow, error) {
	report, last, err := reportIn(ctx, db, query, state)
	below := func(report *usage.Report) bool {
		return slices.ContainsFunc(report.Subjects, func(one usage.SubjectUsage) bool { return negative(one.Usage) })
	}
	if err != nil || state.Phase != phase.Ready || !below(report) {
		return report, last, err
	}
	raw, _, err := reportIn(ctx, db, query, state.WithoutRollups())
	if err != nil || below(raw) {
		return report, last, err
	}
	r.phases.Suspect("a sum of the rollups is negative")
	return raw, last, nil
}

// seriesOf reads a series as reportOf reads a report.
func (r *Reader) seriesOf(ctx context.Context, tx *sqlx.Tx, query usage.SeriesQuery, span usage.Range, state *phase.State) (*usage.SeriesSet, lastRow, error) {
	set, last, err := seriesIn(ctx, tx, query, span, state)
	if err != nil || state.Phase != phase.Ready || !set.Any(negative) {
		return set, last, err
	}
	raw, _, err := seriesIn(ctx, tx, query, span, state.WithoutRollups())
	if err != nil || raw.Any(negative) {
		return set, last, err
	}
	r.phases.Suspect("a sum of the rollups is negative")
	return raw, last, nil
}

// negative tells whether an amount has less than nothing. That may be right: a
// platform may write negative durations.
func negative(u usage.Usage) bool { return u.Minutes < 0 || u.Seconds < 0 || u.Sessions < 0 }
