package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"aiusage/usage"
)

// All statements on tables of sums are here, and nowhere else in this program. They are
// what a person would write who knows the tables: the fewest rows, as they are stored,
// by number where they are of accounts or customers, and without the changes that
// wait. A figure whose table is not there is left out.

// bare is a statement that reads sums, and the table it reads.
type bare struct{ table, statement string }

// calendar are the grains of the sums of a zone: those by day and those by month.
type calendar struct{ day, month int }

func calendarOf(z zone) (calendar, bool) {
	switch {
	case z.name == "UTC":
		return calendar{day: 2, month: 3}, true
	case z.isDefault:
		return calendar{day: 12, month: 13}, true
	}
	return calendar{}, false
}

// bareOf are the statements for a question, the best first. The last column of each
// three is the number of sessions.
func bareOf(q question, query usage.Query) (statements []bare) {
	c, ok := calendarOf(q.zone)
	whole := isMonths(query)
	if !ok || !whole && !q.daily {
		return nil
	}
	add := func(table, form string, args ...any) {
		statements = append(statements, bare{table, fmt.Sprintf(form, args...)})
	}
	const sums = "minutes, seconds, sessions"
	const added = "SUM(minutes), SUM(seconds), SUM(sessions)"
	grain := c.month
	if q.daily {
		grain = c.day
	}
	at := fmt.Sprintf("grain = %d AND bucket >= %s AND bucket < %s", grain, literal(query.Range.From), literal(query.Range.To))
	named := fmt.Sprintf("grain = %d AND bucket IN (%s)", grain, strings.Join(buckets(q, query), ", "))
	one := fmt.Sprintf("account_no = (SELECT account_no FROM usage_accounts WHERE account_id = '%s')", query.AccountID)
	switch {
	case query.AccountID != "" && q.level == usage.Together:
		add("usage_account_series", "SELECT bucket, "+sums+" FROM usage_account_series WHERE %s AND %s", one, at)
		add("usage_rollups", "SELECT bucket, "+added+" FROM usage_rollups WHERE %s AND %s GROUP BY bucket", named, one)
	case query.AccountID != "":
		add("usage_rollups", "SELECT subject_no, "+sums+" FROM usage_rollups WHERE %s AND %s", named, one)
	case len(q.accounts) > 0:
		ids := "'" + strings.Join(q.accounts, "', '") + "'"
		add("usage_rollups", "SELECT r.bucket, r.subject_no, "+sums+` FROM usage_accounts a STRAIGHT_JOIN usage_rollups r
			ON r.%s AND r.account_no = a.account_no WHERE a.account_id IN (%s)`, strings.ReplaceAll(named, "AND bucket", "AND r.bucket"), ids)
	case q.level == usage.ByCustomer && len(buckets(q, query)) == 1:
		add("usage_rollups", "SELECT subject_no, "+sums+" FROM usage_rollups WHERE %s", at)
	case q.level == usage.ByCustomer:
		add("usage_rollups", "SELECT subject_no, "+added+" FROM usage_rollups WHERE %s GROUP BY subject_no", at)
	case q.level == usage.ByAccount:
		add("usage_account_rollups", "SELECT account_no, "+sums+" FROM usage_account_rollups WHERE %s", at)
		add("usage_rollups", "SELECT account_no, "+added+" FROM usage_rollups WHERE %s GROUP BY account_no", at)
	default:
		add("usage_total_rollups", "SELECT bucket, "+sums+" FROM usage_total_rollups WHERE %s", at)
		add("usage_rollups", "SELECT bucket, "+added+" FROM usage_rollups WHERE %s GROUP BY bucket", at)
	}
	return statements
}

// isMonths tells whether a range is whole months in its zone.
func isMonths(query usage.Query) bool {
	begins := func(t time.Time) bool {
		local := t.In(query.Zone)
		return !t.IsZero() && local.Day() == 1 && local.Hour() == 0 && local.Minute() == 0 && local.Second() == 0
	}
	return begins(query.Range.From) && begins(query.Range.To)
}

// buckets are where the days or months of a question begin.
func buckets(q question, query usage.Query) (starts []string) {
	step := usage.Monthly
	if q.daily {
		step = usage.Daily
	}
	spans, _ := usage.Buckets(query.Range, step, query.Zone) // of months and of days of a year: not too many
	for _, span := range spans {
		starts = append(starts, literal(span.From))
	}
	return starts
}

// lookUp is a look-up by primary key, which is the least that an answer can cost.
func lookUp(who population) string {
	return "SELECT name, 0, 0, 0 FROM accounts WHERE account_id = '" + who.one() + "'"
}

// sumsTables are the tables of sums that there may be.
var sumsTables = []string{"usage_rollups", "usage_account_series", "usage_account_rollups", "usage_total_rollups"}

// sizes are how many sums there are, by table and grain, for people. It also returns the
// tables that are there.
func (p *place) sizes(ctx context.Context) (text string, there []string, err error) {
	for _, table := range sumsTables {
		rows, err := p.pool.QueryContext(ctx, "SELECT grain, COUNT(*) FROM "+table+" GROUP BY grain ORDER BY grain")
		if err != nil {
			continue // it is not there
		}
		var grains []string
		for rows.Next() {
			var grain, count int
			if err := rows.Scan(&grain, &count); err != nil {
				return "", nil, err
			}
			grains = append(grains, fmt.Sprintf("%d of grain %d", count, grain))
		}
		if err := rows.Err(); err != nil {
			return "", nil, err
		}
		rows.Close()
		there = append(there, table)
		text += fmt.Sprintf("  %s: %s\n", table, strings.Join(grains, ", "))
	}
	return text, there, nil
}

// bare returns the best of some statements whose table is there and has sums that are
// right, or an empty one.
func (p *place) bare(ctx context.Context, there []string, statements []bare, want usage.Usage) (bare, error) {
	for _, b := range statements {
		if !slices.Contains(there, b.table) {
			continue
		}
		count, got, err := p.read(ctx, b.statement)
		if err != nil {
			return bare{}, err
		}
		if count == 0 {
			continue // sums of this grain are not kept
		}
		if got != want {
			return bare{}, fmt.Errorf("%s has %+v where the answer is %+v: %s", b.table, got, want, b.statement)
		}
		return b, nil
	}
	return bare{}, nil
}
