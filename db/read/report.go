package read

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/where"
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
	plan, statement, args, err := reportStatement(query, state)
	if err != nil {
		return nil, lastRow{}, err
	}
	rows, err := db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, lastRow{}, err
	}
	defer rows.Close()
	subjects, last, err := readSubjects(rows)
	if err != nil {
		return nil, lastRow{}, err
	}
	report := usage.NewReport(query, last.asOf, subjects).ReadBy(state.Source(plan), plan)
	report.RetainedFrom = state.RawFrom.Time
	return report, last, report.Totals.Fits()
}

// reportStatement returns the plan of a report, its statement and the arguments of
// that. Its parts may name a subject more than once; readSubjects adds them up.
//
// The last row carries the instant of the statement, which a report has even
// when there is no usage, as a number of microseconds since 1970: engines do not
// agree on the type of a column that is a date in one part of a union. The same
// row has the token of the state that the snapshot shows.
func reportStatement(query usage.Query, state *phase.State) (plan usage.Plan, statement string, args []any, err error) {
	var parts []string
	add := func(part string, its []any) {
		parts, args = append(parts, part), append(args, its...)
	}
	if span, ok := query.Range.Normal(); ok {
		if plan, _, err = state.Plan(usage.SeriesQuery{Query: query}, span); err != nil {
			return usage.Plan{}, "", nil, err
		}
		if whole, ok := plan.Whole(); ok {
			rolledUp(query, state.Pieces(plan), add)
			add(unfolded(query, whole))
		}
		if len(plan.Edges) > 0 {
			add(rawIn(query, plan.Edges))
		}
		if span == (usage.Range{}) && len(plan.Pieces) > 0 && state.Phase != phase.Ready {
			// Those that are undated are in no span, and never dropped.
			add(raw(query, where.UndatedSessions()))
		}
	}
	add("SELECT '', '', 0, 0, 0, "+stamp, nil)
	return plan, strings.Join(parts, "\n\t\tUNION ALL\n\t\t"), args, nil
}

// rawIn is the part of a report that reads single sessions in the spans.
func rawIn(query usage.Query, spans []usage.Range) (string, []any) {
	return raw(query, where.SessionsIn(spans))
}

// raw is the part of a report that reads single sessions that meet some conditions.
//
// Subjects are grouped as the tables have them: NULL and an empty customer id
// both mean that there is no customer.
func raw(query usage.Query, others where.Conditions) (string, []any) {
	conditions := where.Subjects(query)
	conditions.AddAll(others)
	return `SELECT account_id, COALESCE(customer_id, '') AS customer,
		       ` + column.Total("ai_minutes") + `, ` + column.Total("duration_seconds") + `, COUNT(*),
		       0 AS as_of, 0 AS token
		FROM ai_sessions` + conditions.String() + `
		GROUP BY account_id, customer`, conditions.Args
}

// lastRow is what the last row of a statement tells about it.
type lastRow struct {
	asOf  time.Time
	token int64
}

// stamp are the last two columns of that row, which are 0 in all others.
var stamp = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)), " + phase.Hours.TokenColumn()

// take keeps what the last row tells, and reports whether a row is that one, by its stamp.
func (l *lastRow) take(stamp, token int64) bool {
	if stamp == 0 {
		return false
	}
	*l = lastRow{time.UnixMicro(stamp).UTC().Truncate(time.Millisecond), token}
	return true
}

// end returns why the rows have ended without the last one, if so.
func (l *lastRow) end(rows *sql.Rows) error {
	if err := rows.Err(); err != nil {
		return err
	}
	if l.asOf.IsZero() {
		return errors.New("the database ended an answer before its last row")
	}
	return nil
}

// readSubjects reads the rows of Report's statement, in the order of usage.Report.
func readSubjects(rows *sql.Rows) ([]usage.SubjectUsage, lastRow, error) {
	var subjects []usage.SubjectUsage
	var last lastRow
	for rows.Next() {
		var subject usage.SubjectUsage
		var stamp, token int64
		err := rows.Scan(&subject.AccountID, &subject.CustomerID,
			(*column.Sum)(&subject.Minutes), (*column.Sum)(&subject.Seconds), (*column.Sum)(&subject.Sessions), &stamp, &token)
		if err != nil {
			return nil, lastRow{}, err
		}
		if last.take(stamp, token) {
			continue
		}
		subjects = append(subjects, subject)
	}
	if err := last.end(rows); err != nil {
		return nil, lastRow{}, err
	}
	return addUp(subjects), last, nil
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
