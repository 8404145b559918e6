package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/usage"
)

// Series answers a query as usage over time, in buckets of the query's time zone.
// It is exact as Report is, and refuses what Report refuses. Where the zone is not
// a whole number of hours from UTC, the hours that its buckets cut are read from
// the raw sessions.
func (s *Store) Series(ctx context.Context, query usage.Query, step usage.Step) (series *usage.Series, err error) {
	err = s.planned(ctx, func(state *rollupState) error {
		// One snapshot for where the usage begins and ends, and for the usage.
		tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		series, err = seriesIn(ctx, tx, query, step, state)
		return err
	})
	return series, err
}

func seriesIn(ctx context.Context, tx *sqlx.Tx, query usage.Query, step usage.Step, state *rollupState) (*usage.Series, error) {
	span, err := closed(ctx, tx, query.Range)
	if err != nil {
		return nil, err
	}
	buckets, err := usage.Buckets(span, step, query.Zone)
	if err != nil {
		return nil, err
	}
	statement, args, err := seriesStatement(query, span, buckets, state)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	parts, last, err := readParts(rows)
	if err == nil && last.generation != state.Generation {
		err = errStateChanged
	}
	if err != nil {
		return nil, err
	}
	return usage.NewSeries(query, step, last.asOf, buckets, parts)
}

// closed returns a range in its normal form with its open ends where usage begins
// and ends. It is zero when there can be no usage.
func closed(ctx context.Context, tx *sqlx.Tx, asked usage.Range) (usage.Range, error) {
	span, ok := asked.Normal()
	if !ok || !span.From.IsZero() && !span.To.IsZero() {
		return span, nil
	}
	data, found, err := filledSpan(ctx, tx)
	if err != nil || !found {
		return usage.Range{}, err
	}
	if span.From.IsZero() {
		span.From = data.From
	}
	if span.To.IsZero() {
		span.To = data.To
	}
	if !span.From.Before(span.To) {
		return usage.Range{}, nil
	}
	return span, nil
}

// mostEdges bounds the spans of raw sessions that a statement names. With more,
// reading all sessions in between is better.
const mostEdges = 500

// seriesStatement returns the statement of a series and its arguments. Its rows
// are instants, in seconds since usage.Earliest, with the usage from there on for
// a slot, an hour or a bucket of the rollups. The last row is that of a report.
func seriesStatement(query usage.Query, span usage.Range, buckets []usage.Range, state *rollupState) (string, []any, error) {
	plan := usage.NewSeriesPlan(buckets)
	if len(buckets) > 0 && (state.Phase != Ready || len(plan.Edges) > mostEdges) {
		plan.Plan = usage.Plan{Edges: []usage.Range{span}}
	}
	if state.RawFrom.Valid {
		if err := usage.CheckEdges(span, plan.Plan, state.RawFrom.Time, len(plan.Pieces) > 0); err != nil {
			return "", nil, err
		}
	}
	var parts []string
	var args []any
	add := func(columns, table string, where conditions) {
		parts = append(parts, "SELECT "+columns+", 0 AS as_of, 0 AS generation FROM "+table+where.String()+" GROUP BY instant")
		args = append(args, where.args...)
	}
	if len(plan.Pieces) > 0 {
		add(secondsOf("bucket")+" AS instant, "+sums("minutes", "seconds", "sessions"), "usage_rollups", rollupConditions(query, plan.Pieces))
		changes := subjectConditions(query)
		whole, _ := plan.Whole()
		changes.addSpans("hour", []usage.Range{whole})
		add(secondsOf("hour")+" AS instant, "+sums("minutes", "seconds", "sessions"), "usage_deltas", changes)
	}
	if len(plan.Edges) > 0 {
		sessions := subjectConditions(query)
		sessions.addSpans("started_at", plan.Edges)
		sessions.args = append([]any{plan.Slot, plan.Slot}, sessions.args...)
		add(secondsOf("started_at")+" DIV ? * ? AS instant, "+sums("ai_minutes", "duration_seconds", "1"), "ai_sessions", sessions)
	}
	parts = append(parts, `SELECT 0, 0, 0, 0, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)), `+generation)
	return strings.Join(parts, "\n\t\tUNION ALL\n\t\t"), args, nil
}

// secondsOf counts from the earliest start of a session: differences to an
// instant in the middle would be rounded up before it and down after it.
func secondsOf(column string) string { return "TIMESTAMPDIFF(SECOND, '1000-01-01', " + column + ")" }

func sums(minutes, seconds, sessions string) string {
	return "CAST(SUM(" + minutes + ") AS SIGNED), CAST(SUM(" + seconds + ") AS SIGNED), CAST(SUM(" + sessions + ") AS SIGNED)"
}

// rollupConditions are the conditions of a query on usage_rollups alone.
func rollupConditions(query usage.Query, pieces []usage.Piece) conditions {
	var where conditions
	named := narrowed(&where, query)
	addPieces(&where, pieces, named)
	if named && query.Accounts == nil {
		query.AccountID, query.CustomerID = "", "" // said by their numbers
	}
	if others := subjectConditions(query); len(others.clauses) > 0 {
		where.add("subject_no IN (SELECT subject_no FROM usage_subjects"+others.String()+")", others.args...)
	}
	return where
}

func readParts(rows *sql.Rows) (usage.Parts, lastRow, error) {
	parts := usage.Parts{}
	var last lastRow
	for rows.Next() {
		var seconds, stamp, generation int64
		var part usage.Usage
		if err := rows.Scan(&seconds, &part.Minutes, &part.Seconds, &part.Sessions, &stamp, &generation); err != nil {
			return nil, lastRow{}, err
		}
		if stamp != 0 {
			last = lastRow{time.UnixMicro(stamp).UTC().Truncate(time.Millisecond), generation}
			continue
		}
		at := time.Unix(usage.Earliest.Unix()+seconds, 0).UTC()
		parts[at] = parts[at].Plus(part)
	}
	if err := rows.Err(); err != nil {
		return nil, lastRow{}, err
	}
	if last.asOf.IsZero() {
		return nil, lastRow{}, errors.New("the database ended an answer before its last row")
	}
	return parts, last, nil
}
