// Package extent says between which instants there is anything: sessions, sums of them, or
// changes that are not in the sums yet.
package extent

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/pool"
	"aiusage/usage"
)

// Sums are the tables in which an extent is looked up: one that has a sum for every hour
// and month with a session, and one of changes.
type Sums struct {
	// Table has the columns grain and bucket.
	Table string
	// Changes is the table of changes, and At its column for the time.
	Changes, At string
}

// The sums by level, and those by hour that gateways of an earlier version keep.
var (
	Levels = Sums{"usage_total_rollups", "usage_changes", "quarter"}
	Hours  = Sums{"usage_rollups", "usage_deltas", "hour"}
)

// Months returns the span of the months with sums, which takes two look-ups.
func (s Sums) Months(ctx context.Context, db sqlx.QueryerContext) (usage.Range, error) {
	var first, last sql.NullTime
	err := db.QueryRowxContext(ctx, `
		SELECT MIN(bucket), MAX(bucket) FROM `+s.Table+` WHERE grain = ? AND bucket >= ?`, usage.Month, usage.Earliest).Scan(&first, &last)
	if err != nil || !first.Valid {
		return usage.Range{}, pool.Translate(err)
	}
	return usage.Range{From: first.Time, To: usage.Month.Next(last.Time)}, nil
}

// Filled returns the hours with anything in them, if there are any. What comes later
// than its end was written after this was called, and so was recorded.
func (s Sums) Filled(ctx context.Context, db sqlx.QueryerContext) (span usage.Range, found bool, err error) {
	from, ok, err := s.FirstHour(ctx, db, usage.Earliest)
	if err != nil || !ok {
		return usage.Range{}, false, err
	}
	var last time.Time
	for _, part := range []struct {
		statement string
		args      []any
	}{
		{`SELECT started_at FROM ai_sessions WHERE ` + column.Dated("started_at") + ` ORDER BY started_at DESC LIMIT 1`, nil},
		{`SELECT MAX(bucket) FROM ` + s.Table + ` WHERE grain = ?`, []any{usage.Hour}},
		{`SELECT MAX(` + s.At + `) FROM ` + s.Changes, nil},
	} {
		at, ok, err := earliest(ctx, db, part.statement, part.args...)
		if err != nil {
			return usage.Range{}, false, err
		}
		if ok && at.After(last) {
			last = at
		}
	}
	return usage.Range{From: usage.Hour.Floor(from), To: usage.Hour.Next(last)}, true, nil
}

// Used returns the hours from the first to the last with usage in them, if there are any: those of
// sessions, and where some have been dropped, of the sums of what started before an instant. Sums that
// have come to nothing, since their sessions are gone, are no usage.
func (s Sums) Used(ctx context.Context, db sqlx.QueryerContext, dropped sql.NullTime) (span usage.Range, found bool, err error) {
	end := func(order string) (all []column.Instant, err error) {
		all, err = instants(ctx, db, `
			SELECT started_at FROM ai_sessions WHERE started_at >= ? AND `+column.Dated("started_at")+` ORDER BY started_at `+order+` LIMIT 1`, usage.Earliest)
		if err != nil || !dropped.Valid {
			return all, err
		}
		kept, err := instants(ctx, db, `
			SELECT bucket FROM `+s.Table+` WHERE grain = ? AND bucket >= ? AND bucket < ? AND `+column.IsUsed+`
			ORDER BY bucket `+order+` LIMIT 1`, usage.Hour, usage.Earliest, dropped.Time)
		return append(all, kept...), err
	}
	firsts, err := end("ASC")
	if err != nil || len(firsts) == 0 {
		return usage.Range{}, false, err
	}
	lasts, err := end("DESC")
	if err != nil || len(lasts) == 0 {
		return usage.Range{}, false, err
	}
	byTime := func(a, b column.Instant) int { return a.Time.Compare(b.Time) }
	return usage.Range{From: usage.Hour.Floor(slices.MinFunc(firsts, byTime).Time), To: usage.Hour.Next(slices.MaxFunc(lasts, byTime).Time)}, true, nil
}

// FirstHour returns the first instant at or after another, which may be within an hour, at
// which there are sessions, sums of an hour or changes.
func (s Sums) FirstHour(ctx context.Context, db sqlx.QueryerContext, at time.Time) (time.Time, bool, error) {
	if at.After(usage.Latest) { // which no statement can say
		return time.Time{}, false, nil
	}
	return earliest(ctx, db, `
		(SELECT started_at FROM ai_sessions WHERE started_at >= ? AND `+column.Dated("started_at")+` ORDER BY started_at LIMIT 1)
		UNION ALL SELECT MIN(bucket) FROM `+s.Table+` WHERE grain = ? AND bucket >= ?
		UNION ALL SELECT MIN(`+s.At+`) FROM `+s.Changes+` WHERE `+s.At+` >= ?`, at, usage.Hour, at, at)
}

// earliest returns the earliest of the instants that a statement returns.
func earliest(ctx context.Context, db sqlx.QueryerContext, statement string, args ...any) (first time.Time, ok bool, err error) {
	all, err := instants(ctx, db, statement, args...)
	for _, one := range all {
		if !ok || one.Time.Before(first) {
			first, ok = one.Time, true
		}
	}
	return first, ok, err
}

// instants returns the instants that a statement returns, without what is none.
func instants(ctx context.Context, db sqlx.QueryerContext, statement string, args ...any) (all []column.Instant, err error) {
	if err := sqlx.SelectContext(ctx, db, &all, statement, args...); err != nil {
		return nil, pool.Translate(err)
	}
	return slices.DeleteFunc(all, func(one column.Instant) bool { return !one.Valid }), nil
}
