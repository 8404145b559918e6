package rollup

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/sums"
	"aiusage/db/where"
	"aiusage/usage"
)

// quarterly is a quarter-hour of a subject.
type quarterly struct {
	sums.Key
	quarter time.Time
}

// amounts are usage by subject and quarter-hour. What is known by the hour only is in the
// first quarter-hour of it.
type amounts map[quarterly]usage.Usage

// add adds the rows of a statement, whose columns are the numbers of an account and a
// subject, the ids of both where they have no number, an instant, minutes, seconds and
// sessions. It returns how many rows there were. unknown are subjects without a number; if
// there are any, the amounts are of no use.
func (a amounts) add(ctx context.Context, tx *sqlx.Tx, statement string, args ...any) (count int, unknown []usage.Subject, err error) {
	rows, err := tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return 0, nil, err
	}
	defer rows.Close()
	for ; rows.Next(); count++ {
		var key quarterly
		var who usage.Subject
		var amount usage.Usage
		err := rows.Scan(&key.AccountNo, &key.SubjectNo, &who.AccountID, &who.CustomerID, (*instant)(&key.quarter),
			(*column.Sum)(&amount.Minutes), (*column.Sum)(&amount.Seconds), (*column.Sum)(&amount.Sessions))
		if err != nil {
			return 0, nil, err
		}
		if key.SubjectNo == 0 {
			unknown = append(unknown, who)
		}
		a[key] = a[key].Plus(amount)
	}
	return count, unknown, rows.Err()
}

// instant is an instant that is there, however a server gives what it computes.
type instant time.Time

// Scan reads a value of the driver.
func (i *instant) Scan(value any) error {
	var read column.Instant
	err := read.Scan(value)
	*i = instant(read.Time)
	return err
}

// spread returns all sums that have something of the amounts, by calendars of which the
// first is that of UTC.
func (a amounts) spread(calendars []usage.Calendar) map[sums.Row]usage.Usage {
	totals := make(map[sums.Row]usage.Usage, 4*len(a))
	for one, amount := range a {
		sums.Spread(totals, calendars, one.Key, one.quarter, amount)
	}
	return totals
}

// byHour adds up the hours.
func (a amounts) byHour() amounts {
	hours := make(amounts, len(a))
	for one, amount := range a {
		one.quarter = usage.Hour.Floor(one.quarter)
		hours[one] = hours[one].Plus(amount)
	}
	return hours
}

// differs tells whether others have another amount anywhere.
func (a amounts) differs(others amounts) bool {
	for key, amount := range a {
		if others[key] != amount {
			return true
		}
	}
	for key, amount := range others {
		if a[key] != amount {
			return true
		}
	}
	return false
}

// numbered are the columns that add takes for a subject: of t, which has the ids, joined
// to s, which has the numbers.
const numbered = `COALESCE(s.account_no, 0), COALESCE(s.subject_no, 0),
	CASE WHEN s.subject_no IS NULL THEN t.account_id ELSE '' END,
	CASE WHEN s.subject_no IS NULL THEN t.customer_id ELSE '' END`

// summed is a statement for add: the sums of a table with ids by what at says. What they are
// grouped by is numbered, because MariaDB does not know an expression again.
func summed(table, customer, at, minutes, seconds, sessions string, conditions where.Conditions) string {
	return `
		SELECT ` + numbered + `, t.at, t.minutes, t.seconds, t.sessions
		FROM (SELECT account_id, ` + customer + ` AS customer_id, ` + at + ` AS at,
		             ` + column.Total(minutes) + ` AS minutes, ` + column.Total(seconds) + ` AS seconds, ` + sessions + ` AS sessions
		      FROM ` + table + conditions.String() + `
		      GROUP BY 1, 2, 3) t
		LEFT JOIN usage_subjects s ON s.account_id = t.account_id AND s.customer_id = t.customer_id`
}

// addSessions adds the sessions of a span, both of whose ends are instants.
func (a amounts) addSessions(ctx context.Context, tx *sqlx.Tx, span usage.Range) (unknown []usage.Subject, err error) {
	var conditions where.Conditions
	conditions.Add("started_at >= ?", span.From)
	conditions.Add("started_at < ?", span.To)
	conditions.Add(column.Dated("started_at"))
	_, unknown, err = a.add(ctx, tx, summed("ai_sessions", "COALESCE(customer_id, '')", column.QuarterOf("started_at"),
		"COALESCE(ai_minutes, 0)", "COALESCE(duration_seconds, 0)", "COUNT(*)", conditions), conditions.Args...)
	return unknown, err
}

// addChanges adds the changes of a span that are not folded yet.
func (a amounts) addChanges(ctx context.Context, tx *sqlx.Tx, span usage.Range) (unknown []usage.Subject, err error) {
	var conditions where.Conditions
	conditions.Add("quarter >= ?", span.From)
	conditions.Add("quarter < ?", span.To)
	_, unknown, err = a.add(ctx, tx, summed("usage_changes", "customer_id", "quarter",
		"minutes", "seconds", column.Total("sessions"), conditions), conditions.Args...)
	return unknown, err
}

// addFormer adds what an earlier version's sums and changes have of a span of whole hours.
func (a amounts) addFormer(ctx context.Context, tx *sqlx.Tx, span usage.Range) (unknown []usage.Subject, err error) {
	_, _, err = a.add(ctx, tx, `
		SELECT account_no, subject_no, '', '', bucket, minutes, seconds, sessions
		FROM usage_rollups WHERE grain = ? AND bucket >= ? AND bucket < ?`, usage.Hour, span.From, span.To)
	if err != nil {
		return nil, err
	}
	var conditions where.Conditions
	conditions.Add("hour >= ?", span.From)
	conditions.Add("hour < ?", span.To)
	_, unknown, err = a.add(ctx, tx, summed("usage_deltas", "customer_id", "hour",
		"minutes", "seconds", column.Total("sessions"), conditions), conditions.Args...)
	return unknown, err
}

// lockSessions waits for the writers that are under way with sessions of a span, and keeps
// others out until tx ends. All columns of which sums are made are read, so that the rows
// themselves are locked, or an index with all of them.
func lockSessions(ctx context.Context, tx *sqlx.Tx, span usage.Range) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT COUNT(account_id), COUNT(customer_id), SUM(duration_seconds), SUM(ai_minutes)
		FROM ai_sessions WHERE started_at >= ? AND started_at < ? LOCK IN SHARE MODE`, span.From, span.To)
	if err != nil {
		return err
	}
	return rows.Close() // which tells what the server says in the place of the row
}
