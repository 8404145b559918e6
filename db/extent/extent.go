// Package extent says between which instants there is anything: sessions, sums of them, or
// changes that are not in the sums yet.
package extent

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/pool"
	"aiusage/usage"
)

// Months returns the span of the months with sums, which takes two look-ups.
func Months(ctx context.Context, db sqlx.QueryerContext) (usage.Range, error) {
	var first, last sql.NullTime
	err := db.QueryRowxContext(ctx, `
		SELECT MIN(bucket), MAX(bucket) FROM usage_rollups WHERE grain = ? AND bucket >= ?`, usage.Month, usage.Earliest).Scan(&first, &last)
	if err != nil || !first.Valid {
		return usage.Range{}, pool.Translate(err)
	}
	return usage.Range{From: first.Time, To: usage.Month.Next(last.Time)}, nil
}

// Filled returns the hours with anything in them, if there are any. What comes later
// than its end was written after this was called, and so was recorded.
func Filled(ctx context.Context, db sqlx.QueryerContext) (span usage.Range, found bool, err error) {
	from, ok, err := FirstHour(ctx, db, usage.Earliest)
	if err != nil || !ok {
		return usage.Range{}, false, err
	}
	var last time.Time
	for _, part := range []struct {
		statement string
		args      []any
	}{
		{`SELECT started_at FROM ai_sessions WHERE ` + column.Dated("started_at") + ` ORDER BY started_at DESC LIMIT 1`, nil},
		{`SELECT MAX(bucket) FROM usage_rollups WHERE grain = ?`, []any{usage.Hour}},
		{`SELECT MAX(hour) FROM usage_deltas`, nil},
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

// FirstHour returns the first hour at or after an instant in which there are sessions,
// sums or changes. The instant may be within that hour.
func FirstHour(ctx context.Context, db sqlx.QueryerContext, at time.Time) (time.Time, bool, error) {
	return earliest(ctx, db, `
		(SELECT started_at FROM ai_sessions WHERE started_at >= ? AND `+column.Dated("started_at")+` ORDER BY started_at LIMIT 1)
		UNION ALL SELECT MIN(bucket) FROM usage_rollups WHERE grain = ? AND bucket >= ?
		UNION ALL SELECT MIN(hour) FROM usage_deltas WHERE hour >= ?`, at, usage.Hour, at, at)
}

// FirstBucket returns the first bucket at or after an instant with a sum of a grain or
// of the one below it.
func FirstBucket(ctx context.Context, db sqlx.QueryerContext, grain usage.Grain, at time.Time) (time.Time, bool, error) {
	return earliest(ctx, db, `
		SELECT MIN(bucket) FROM usage_rollups WHERE grain = ? AND bucket >= ?
		UNION ALL SELECT MIN(bucket) FROM usage_rollups WHERE grain = ? AND bucket >= ?`, grain, at, grain-1, at)
}

// earliest returns the earliest of the instants that a statement returns.
func earliest(ctx context.Context, db sqlx.QueryerContext, statement string, args ...any) (first time.Time, ok bool, err error) {
	var all []column.Instant
	if err := sqlx.SelectContext(ctx, db, &all, statement, args...); err != nil {
		return time.Time{}, false, pool.Translate(err)
	}
	for _, one := range all {
		if one.Valid && (!ok || one.Time.Before(first)) {
			first, ok = one.Time, true
		}
	}
	return first, ok, nil
}
