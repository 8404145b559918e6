package db

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"aiusage/usage"
)

// Report answers a query from the raw sessions by one statement, so that every
// number in it comes from one snapshot of the database.
func (s *Store) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	where, args := conditions(query)
	// Subjects are grouped as the tables have them: NULL and an empty customer id
	// both mean that there is no customer. ORDER BY NULL keeps MariaDB from
	// sorting; rows are ordered below, by bytes, which is not always the order of
	// a collation. The sums come as DECIMAL, which the cast makes an integer.
	//
	// The last row carries the instant of the statement, which a report has even
	// when there is no usage, as a number of microseconds since 1970: engines do
	// not agree on the type of a column that is a date in one part of a union.
	statement := `
		SELECT account_id, COALESCE(customer_id, '') AS customer,
		       CAST(SUM(ai_minutes) AS SIGNED), CAST(SUM(duration_seconds) AS SIGNED), COUNT(*),
		       0 AS as_of
		FROM ai_sessions` + where + `
		GROUP BY account_id, customer
		UNION ALL
		SELECT '', '', 0, 0, 0, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3))`
	rows, err := s.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	subjects, asOf, err := readSubjects(rows)
	if err != nil {
		return nil, translate(err)
	}
	return usage.NewReport(query, asOf, subjects), nil
}

// conditions returns the WHERE clause of a query and its arguments.
func conditions(query usage.Query) (string, []any) {
	var clauses []string
	var args []any
	add := func(clause string, arg any) {
		clauses, args = append(clauses, clause), append(args, arg)
	}
	if clause, accounts := scope(query); clause != "" {
		clauses, args = append(clauses, clause), append(args, accounts...)
	}
	if query.AccountID != "" {
		add("account_id = ?", query.AccountID)
	}
	if query.CustomerID != "" {
		add("customer_id = ?", query.CustomerID)
	}
	if from := ceilMillisecond(query.Range.From); from.After(usage.Latest) {
		clauses = append(clauses, "FALSE")
	} else if from.After(usage.Earliest) {
		add("started_at >= ?", from)
	}
	if to := ceilMillisecond(query.Range.To); !query.Range.To.IsZero() && !to.After(usage.Earliest) {
		clauses = append(clauses, "FALSE")
	} else if !query.Range.To.IsZero() && !to.After(usage.Latest) {
		add("started_at < ?", to)
	}
	if len(clauses) == 0 {
		return "", nil
	}
	return "\n\t\tWHERE " + strings.Join(clauses, " AND "), args
}

// ceilMillisecond rounds a bound up to the precision of started_at. For values
// of that precision, "at or after t" and "before t" mean the same before and
// after the rounding; rounding down, as the driver would, they would not.
func ceilMillisecond(t time.Time) time.Time {
	floor := t.Truncate(time.Millisecond)
	if floor.Equal(t) {
		return floor.UTC()
	}
	return floor.Add(time.Millisecond).UTC()
}

// readSubjects reads the rows of Report's statement, in the order of usage.Report.
func readSubjects(rows *sql.Rows) ([]usage.SubjectUsage, time.Time, error) {
	var subjects []usage.SubjectUsage
	var asOf time.Time
	for rows.Next() {
		var subject usage.SubjectUsage
		var stamp int64
		err := rows.Scan(&subject.AccountID, &subject.CustomerID,
			&subject.Minutes, &subject.Seconds, &subject.Sessions, &stamp)
		if err != nil {
			return nil, time.Time{}, err
		}
		if stamp != 0 {
			asOf = time.UnixMicro(stamp).UTC().Truncate(time.Millisecond)
			continue
		}
		subjects = append(subjects, subject)
	}
	if err := rows.Err(); err != nil {
		return nil, time.Time{}, err
	}
	if asOf.IsZero() {
		return nil, time.Time{}, errors.New("the database ended a report before its last row")
	}
	slices.SortFunc(subjects, func(a, b usage.SubjectUsage) int {
		if byAccount := strings.Compare(a.AccountID, b.AccountID); byAccount != 0 {
			return byAccount
		}
		return strings.Compare(a.CustomerID, b.CustomerID)
	})
	return subjects, asOf, nil
}

// HasSessions tells whether there is any session.
func (s *Store) HasSessions(ctx context.Context) (bool, error) {
	var found bool
	err := s.db.GetContext(ctx, &found, `SELECT EXISTS(SELECT 1 FROM ai_sessions)`)
	return found, translate(err)
}
