package check

import (
	"fmt"
	"strings"
	"time"

	"aiusage/db/column"
	"aiusage/usage"
)

// undatedBucket is the bucket of what is undated.
const undatedBucket = "CAST('0100-01-01' AS DATETIME)"

// bucketOf is the start of the bucket of a grid that holds the instant in a DATETIME
// column, where that is in a span: what is outside it must be kept out by conditions.
//
// The days of a calendar are named by few branches, one for each run of days that begin
// 24 hours after one another. A join to a table of their bounds, which servers can only do
// row by row, would be quadratic.
func bucketOf(grid usage.Grid, name string, span usage.Range) string {
	switch {
	case span.From.Equal(column.Undated):
		return undatedBucket
	case grid.Grain == usage.QuarterHour:
		return "TIMESTAMPADD(MINUTE, HOUR(" + name + ") * 60 + MINUTE(" + name + ") DIV 15 * 15, DATE(" + name + "))"
	case grid.Grain == usage.Hour:
		return "TIMESTAMPADD(HOUR, HOUR(" + name + "), DATE(" + name + "))"
	case grid.Calendar.No == 0 && grid.Grain == usage.Day:
		return "TIMESTAMP(DATE(" + name + "))"
	case grid.Calendar.No == 0:
		return "TIMESTAMP(DATE_FORMAT(" + name + ", '%Y-%m-01'))"
	}
	runs := runsOf(grid, span)
	if len(runs) == 0 {
		return undatedBucket // of nothing
	}
	var branches strings.Builder
	for i, one := range runs {
		if i < len(runs)-1 {
			fmt.Fprintf(&branches, "WHEN %s < %s THEN %s ", name, literal(runs[i+1].first), one.bucket(name))
		}
	}
	last := runs[len(runs)-1].bucket(name)
	if branches.Len() == 0 {
		return last
	}
	return "CASE " + branches.String() + "ELSE " + last + " END"
}

// A run is of buckets that begin 24 hours after one another, or of one bucket.
type run struct {
	first time.Time
	count int
}

// runsOf returns the runs of the buckets that begin in a span.
func runsOf(grid usage.Grid, span usage.Range) (runs []run) {
	for at := grid.Ceil(span.From); at.Before(span.To); at = grid.Next(at) {
		if len(runs) > 0 {
			if last := &runs[len(runs)-1]; at.Equal(last.first.Add(time.Duration(last.count) * 24 * time.Hour)) {
				last.count++
				continue
			}
		}
		runs = append(runs, run{first: at, count: 1})
	}
	return runs
}

// bucket is the bucket of an instant that is in the run. The last one may be longer than
// the others.
func (r run) bucket(name string) string {
	if r.count == 1 {
		return literal(r.first)
	}
	first := literal(r.first)
	return fmt.Sprintf("TIMESTAMPADD(DAY, LEAST(TIMESTAMPDIFF(DAY, %s, %s), %d), %s)", first, name, r.count-1, first)
}

func literal(at time.Time) string { return at.UTC().Format("TIMESTAMP'2006-01-02 15:04:05'") }
