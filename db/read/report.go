package read

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// Report answers a query by one statement, so that every number in it comes from
// one snapshot of the database: from the rollups where they are ready, otherwise
// from the raw sessions. Both give the same answer.
//
// Where sessions were dropped and the range would need some of them, the error
// is an InvalidArgument that names the nearest range that can be answered.
func (r *Reader) Report(ctx context.Context, query usage.Query) (report *usage.Report, err error) {
	err = r.phases.Planned(ctx, func(state *phase.State) error {
		var last lastRow
		report, last, err = r.reportOf(ctx, r.db, query, state)
		if err == nil && last.token != state.Token() {
			err = phase.ErrChanged
		}
		return err
	})
	return report, err
}

// reportIn reads a report as planned on the state.
func reportIn(ctx context.Context, db sqlx.QueryerContext, query usage.Query, state *phase.State) (*usage.Report, lastRow, error) {
	q := &question{SeriesQuery: usage.SeriesQuery{Query: query}, state: state}
	if span, ok := query.Range.Normal(); ok {
		var err error
		if q.plan, q.points, err = state.Plan(q.SeriesQuery, span); err != nil {
			return nil, lastRow{}, err
		}
	}
	var subjects []usage.SubjectUsage
	last, err := q.ask(ctx, db, func(subject usage.Subject, _ int, amount usage.Usage) error {
		subjects = append(subjects, usage.SubjectUsage{AccountID: subject.AccountID, CustomerID: subject.CustomerID, Usage: amount})
		return nil
	})
	if err != nil {
		return nil, lastRow{}, err
	}
	report := usage.NewReport(query, last.asOf, addUp(subjects)).ReadBy(state.Source(q.plan), q.plan)
	report.RetainedFrom = state.RawFrom.Time
	return report, last, report.Totals.Fits()
}

// ask runs the statement of a question and hands what its rows come to to answer.
func (q *question) ask(ctx context.Context, db sqlx.QueryerContext, answer answers) (lastRow, error) {
	q.accounts = accountsOf(q.SeriesQuery)
	statement, args := q.statement()
	rows, err := db.QueryContext(ctx, statement, args...)
	if err != nil {
		return lastRow{}, err
	}
	defer rows.Close()
	return q.read(rows, answer)
}

// addUp sorts subjects as usage.Report has them, adds those that come more than
// once, and leaves out those without a session: what was added and taken away
// again may be in different parts.
func addUp(subjects []usage.SubjectUsage) []usage.SubjectUsage {
	spellAlike(subjects)
	slices.SortFunc(subjects, func(a, b usage.SubjectUsage) int { return a.Subject().Compare(b.Subject()) })
	sums := subjects[:0]
	for _, subject := range subjects {
		if last := len(sums) - 1; last >= 0 && sums[last].Subject() == subject.Subject() {
			sums[last].Usage = sums[last].Plus(subject.Usage)
			continue
		}
		sums = append(sums, subject)
	}
	sums = slices.DeleteFunc(sums, func(s usage.SubjectUsage) bool { return s.Sessions == 0 })
	if len(sums) == 0 {
		return nil
	}
	return sums
}

// HasSessions tells whether there is any session.
func (r *Reader) HasSessions(ctx context.Context) (bool, error) {
	var found bool
	err := r.db.GetContext(ctx, &found, `SELECT EXISTS(SELECT 1 FROM ai_sessions)`)
	return found, pool.Translate(err)
}
