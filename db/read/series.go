package read

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/where"
	"aiusage/usage"
)

// Series answers a query as usage over time, in buckets of the query's time zone.
// It is exact as Report is, and refuses what Report refuses. Where the zone is not
// a whole number of hours from UTC, the hours that its buckets cut are read from
// the raw sessions. It takes one statement, and a few look-ups where the range is
// open.
func (r *Reader) Series(ctx context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	// One snapshot for where the usage begins and ends, and for the usage.
	snapshot := r.Snapshot(ctx)
	defer snapshot.Close()
	return snapshot.Series(ctx, query)
}

// seriesIn reads the series of a span without open ends as planned on the state.
func seriesIn(ctx context.Context, tx *sqlx.Tx, query usage.SeriesQuery, span usage.Range, state *phase.State) (*usage.SeriesSet, lastRow, error) {
	plan, buckets, err := state.Plan(query, span)
	if err != nil {
		return nil, lastRow{}, err
	}
	statement, args := seriesStatement(query, plan, buckets)
	rows, err := tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, lastRow{}, err
	}
	defer rows.Close()
	return readSeries(rows, usage.NewSeriesSet(query, buckets))
}

// edgesTogether is how many spans of single sessions one part of a statement reads. A
// server looks at each of them for every row, and does not use a key for too many.
const edgesTogether = 16

// seriesStatement returns the statement of a series and its arguments. Its rows
// are the ids of a subject, the index of a bucket and the usage; a subject may
// have several for a bucket. The last row is that of a report.
func seriesStatement(query usage.SeriesQuery, plan usage.Plan, buckets []usage.Range) (string, []any) {
	runs := usage.BucketRuns(buckets)
	var parts []string
	var args []any
	add := func(source rollupSource, column, amounts string, runs []usage.BucketRun) {
		part, its := summedUpSeries(source, query.Level, column, amounts, runs)
		parts, args = append(parts, part), append(args, its...)
	}
	if len(plan.Pieces) > 0 {
		for _, source := range rollupSources(query.Query, accountsOf(query), plan.Pieces) {
			part, its := rolledUpSeries(source, query, runs)
			parts, args = append(parts, part), append(args, its...)
		}
		// The hours between the pieces are read raw, with their changes in them.
		changes := seriesConditions(query)
		addHours(&changes, plan.Spans())
		add(rollupSource{from: "usage_deltas", conditions: changes}, "hour", sums("minutes", "seconds", "sessions"), runs)
	}
	for edges := range slices.Chunk(plan.Edges, edgesTogether) {
		sessions := seriesConditions(query)
		sessions.AddAll(where.SessionsIn(edges))
		add(rollupSource{from: "ai_sessions", conditions: sessions}, "started_at", sums("ai_minutes", "duration_seconds", "1"),
			usage.RunsIn(runs, usage.Range{From: edges[0].From, To: edges[len(edges)-1].To}))
	}
	parts = append(parts, "SELECT '', '', 0, 0, 0, 0, "+stamp)
	return strings.Join(parts, "\n\t\tUNION ALL\n\t\t"), args
}

// summedUpSeries is a part of a series that tells subjects apart by their ids.
func summedUpSeries(source rollupSource, level usage.Level, column, amounts string, runs []usage.BucketRun) (string, []any) {
	account, customer := levelColumns(level)
	point, its := bucketOf(column, runs)
	return "SELECT " + account + " AS account, " + customer + " AS customer, " + point + " AS point, " + amounts +
			", 0 AS as_of, 0 AS token FROM " + source.from + source.conditions.String() + " GROUP BY account, customer, point",
		slices.Concat(its, source.args, source.conditions.Args)
}

// rolledUpSeries is the part of a series that reads rollups. Where it can, it tells
// subjects apart by their numbers, and looks up each one's ids after that.
func rolledUpSeries(source rollupSource, query usage.SeriesQuery, runs []usage.BucketRun) (string, []any) {
	number, table, customer := "subject_no", "usage_subjects", "customer_id"
	switch {
	case query.Level == usage.ByAccount && query.CustomerID == "":
		number, table, customer = "account_no", "usage_accounts", "''"
	case query.Level != usage.ByCustomer:
		return summedUpSeries(withSubjects(source, query), query.Level, "bucket", sums("minutes", "seconds", "sessions"), runs)
	}
	point, its := bucketOf("bucket", runs)
	others := seriesConditions(query)
	return "SELECT account_id, " + customer + ", point, minutes, seconds, sessions, 0, 0 FROM (SELECT " + number + ", " + point + " AS point, " +
			sums("minutes", "seconds", "sessions") + " FROM " + source.from + source.conditions.String() + " GROUP BY " + number + ", point) AS sums JOIN " +
			table + " ON " + table + "." + number + " = sums." + number + others.String(),
		slices.Concat(its, source.args, source.conditions.Args, others.Args)
}

// levelColumns are the columns that tell series of a level apart. NULL and an
// empty customer id both mean that there is no customer.
func levelColumns(level usage.Level) (account, customer string) {
	switch level {
	case usage.ByAccount:
		return "account_id", "''"
	case usage.ByCustomer:
		return "account_id", "COALESCE(customer_id, '')"
	}
	return "''", "''"
}

// bucketOf returns an expression for the index of the bucket that an instant in a
// column is in, with its arguments: a division within each run of buckets of the
// same length, and comparisons between them that halve the runs each time.
func bucketOf(column string, runs []usage.BucketRun) (string, []any) {
	if len(runs) == 0 {
		return "0", nil
	}
	if len(runs) > 1 {
		half := len(runs) / 2
		below, its := bucketOf(column, runs[:half])
		above, others := bucketOf(column, runs[half:])
		return "IF(" + column + " < ?, " + below + ", " + above + ")", append(append([]any{runs[half].From}, its...), others...)
	}
	run := runs[0]
	if run.Length%time.Second != 0 || run.From.Nanosecond() != 0 {
		return fmt.Sprint(run.First), nil // a single bucket
	}
	// Without the cast, the embedded engine rounds the quotient for some divisors.
	return fmt.Sprintf("%d + TIMESTAMPDIFF(SECOND, ?, %s) DIV CAST(%d AS SIGNED)", run.First, column, int64(run.Length/time.Second)), []any{run.From}
}

func sums(minutes, seconds, sessions string) string {
	return column.Total(minutes) + " AS minutes, " + column.Total(seconds) + " AS seconds, " + column.Total(sessions) + " AS sessions"
}

// seriesConditions are the conditions on account_id and customer_id.
func seriesConditions(query usage.SeriesQuery) where.Conditions {
	conditions := where.Subjects(query.Query)
	if query.Subjects != nil {
		addSubjects(&conditions, query.Subjects, false)
	}
	return conditions
}

// accountsOf returns the accounts that the answer to a query needs, or nil when
// those are all, or so many that naming them does not help.
func accountsOf(query usage.SeriesQuery) []string {
	if query.Subjects == nil {
		return query.Accounts
	}
	return accountIDs(query.Subjects)
}

// accountIDs returns the accounts of subjects, each once, or nil when there are too
// many to name.
func accountIDs(subjects []usage.Subject) []string {
	seen := map[string]bool{}
	accounts := []string{}
	for _, subject := range subjects {
		if !seen[subject.AccountID] {
			seen[subject.AccountID] = true
			accounts = append(accounts, subject.AccountID)
		}
	}
	if len(accounts) > maxSubjects {
		return nil
	}
	return accounts
}

// withSubjects adds to a source the ids of its subjects and the conditions of the
// query on them, as far as it needs them.
func withSubjects(source rollupSource, query usage.SeriesQuery) rollupSource {
	others := seriesConditions(query)
	if query.Level == usage.Together && !source.eachAccount {
		saidByNumbers := query.AccountID != "" && query.Accounts == nil
		if !others.Empty() && !saidByNumbers {
			source.conditions.Add("subject_no IN (SELECT subject_no FROM usage_subjects"+others.String()+")", others.Args...)
		}
		return source
	}
	join := "JOIN"
	if source.eachAccount {
		join = "STRAIGHT_JOIN"
	}
	source.from += " " + join + " (SELECT subject_no AS number, account_id, customer_id FROM usage_subjects) AS subjects ON number = subject_no"
	source.conditions.AddAll(others)
	return source
}

// readSeries reads the rows of a series' statement into the set. Rows of subjects
// that were not asked for are left out.
func readSeries(rows *sql.Rows, set *usage.SeriesSet) (*usage.SeriesSet, lastRow, error) {
	wanted := map[usage.Subject]bool{}
	for _, subject := range set.Query.Subjects {
		wanted[subject.Trimmed()] = true
	}
	var last lastRow
	for rows.Next() {
		var subject usage.Subject
		var point int
		var stamp, token int64
		var amount usage.Usage
		err := rows.Scan(&subject.AccountID, &subject.CustomerID, &point,
			(*column.Sum)(&amount.Minutes), (*column.Sum)(&amount.Seconds), (*column.Sum)(&amount.Sessions), &stamp, &token)
		if err != nil {
			return nil, lastRow{}, err
		}
		if last.take(stamp, token) {
			continue
		}
		if set.Query.Subjects != nil && !wanted[subject.Trimmed()] || amount == (usage.Usage{}) {
			continue
		}
		if err := set.Add(subject, point, amount); err != nil {
			return nil, lastRow{}, err
		}
	}
	if err := last.end(rows); err != nil {
		return nil, lastRow{}, err
	}
	return set, last, nil
}
