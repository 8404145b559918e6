package read

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/usage"
)

// reportOf reads a report as planned on the state (unlessNegative).
func (r *Reader) reportOf(ctx context.Context, db sqlx.QueryerContext, query usage.Query, state *phase.State) (*usage.Report, lastRow, error) {
	return unlessNegative(r.phases, state, func(state *phase.State) (*usage.Report, lastRow, error) {
		return r.reportIn(ctx, db, query, state)
	}, anyNegative)
}

// anyNegative tells whether a report has less than nothing, at whichever level it is told apart.
func anyNegative(report *usage.Report) bool {
	return negative(report.Totals) || slices.ContainsFunc(report.Accounts, func(one usage.AccountUsage) bool { return negative(one.Usage) }) ||
		slices.ContainsFunc(report.Subjects, func(one usage.SubjectUsage) bool { return negative(one.Usage) })
}

// seriesOf reads a series as planned on the state (unlessNegative).
func (r *Reader) seriesOf(ctx context.Context, tx *sqlx.Tx, query usage.SeriesQuery, span usage.Range, state *phase.State) (*usage.SeriesSet, lastRow, error) {
	return unlessNegative(r.phases, state, func(state *phase.State) (*usage.SeriesSet, lastRow, error) {
		return r.seriesIn(ctx, tx, query, span, state)
	}, func(set *usage.SeriesSet) bool { return set.Any(negative) })
}

// unlessNegative reads an answer as planned on the state, and from the sessions where the
// sums have what these have not: less than nothing.
func unlessNegative[Answer any](phases *phase.Choice, state *phase.State,
	read func(*phase.State) (Answer, lastRow, error), below func(Answer) bool) (Answer, lastRow, error) {
	answer, last, err := read(state)
	if err != nil || !state.Usable() || !below(answer) {
		return answer, last, err
	}
	raw, _, err := read(state.WithoutRollups())
	if err != nil || below(raw) {
		return answer, last, err
	}
	phases.Suspect(state, "a sum of the rollups is negative")
	return raw, last, nil
}

// negative tells whether an amount has less than nothing. That may be right: a
// platform may write negative durations.
func negative(u usage.Usage) bool { return u.Minutes < 0 || u.Seconds < 0 || u.Sessions < 0 }
