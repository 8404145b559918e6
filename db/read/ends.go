package read

import (
	"context"
	"database/sql"
	"slices"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/sums"
	"aiusage/db/where"
	"aiusage/usage"
)

// closed returns a query's range in its normal form without open ends: an open start is
// where the usage begins that is asked for, and an open end the later of where it ends and
// now, or the instant up to which the server has all of it, both on the hour. It is zero when there can be no usage.
func (s *Snapshot) closed(ctx context.Context, query usage.Query, state *phase.State) (usage.Range, error) {
	span, ok := query.Range.Normal()
	if !ok || !span.From.IsZero() && !span.To.IsZero() {
		return span, nil
	}
	whose := query.Whose()
	ends, known := s.ends[whose]
	if !known {
		var err error
		if ends, err = s.reader.endsOf(ctx, s.tx, query, state); err != nil {
			return usage.Range{}, err
		}
		if s.ends == nil {
			s.ends = map[string]usage.Range{}
		}
		s.ends[whose] = ends
	}
	if ends.From.IsZero() {
		return usage.Range{}, nil
	}
	if span.From.IsZero() {
		span.From = ends.From
	}
	if span.To.IsZero() {
		span.To = ends.To
	}
	if !span.From.Before(span.To) {
		return usage.Range{}, nil
	}
	return span, nil
}

// endsOf returns the hours from the first usage that a query asks for to the later of the
// last and of what answers say they are of. It is zero when there is none.
func (r *Reader) endsOf(ctx context.Context, tx *sqlx.Tx, query usage.Query, state *phase.State) (usage.Range, error) {
	span, err := r.usedSpan(ctx, tx, query, state)
	if err != nil || span.From.IsZero() {
		return usage.Range{}, err
	}
	var micros, heartbeat int64
	if err := tx.QueryRowxContext(ctx, freshness).Scan(&micros, &heartbeat); err != nil {
		return usage.Range{}, err
	}
	if next := usage.Hour.Next(freshnessOf(micros, heartbeat).AsOf()); next.After(span.To) {
		span.To = next
	}
	return span, nil
}

// usedSpan returns the hours from the first usage that a query asks for to the last,
// whatever its range. It is zero when there is none.
func (r *Reader) usedSpan(ctx context.Context, tx *sqlx.Tx, query usage.Query, state *phase.State) (usage.Range, error) {
	if !state.Usable() {
		sessions, err := r.mirror.Load().In(ctx, tx)
		if err != nil {
			return usage.Range{}, err
		}
		if sessions != nil {
			return sessions.Span(query), nil
		}
	}
	if query.Accounts == nil && query.AccountID == "" && !query.OfCustomers() {
		span, _, err := state.Set.Sums().Used(ctx, tx, state.RawFrom)
		return span, err
	}
	if query.OfCustomers() && query.AccountID == "" && state.Usable() {
		// Without an account no key leads to a customer's sessions.
		accounts, err := accountsWith(ctx, tx, query, state)
		if err != nil || len(accounts) == 0 {
			return usage.Range{}, err
		}
		query.Accounts = accounts
	}
	// Grouped by account, each is two look-ups in the key by account, where all of its
	// customers are asked for.
	span, readable, err := spanOf(ctx, tx, query, state, "started_at >= '1000-01-01'")
	if err == nil && !readable {
		span, _, err = spanOf(ctx, tx, query, state, column.Dated("started_at"))
	}
	return span, err
}

// accountsWith returns the accounts that have the customer that a query asks for.
func accountsWith(ctx context.Context, tx *sqlx.Tx, query usage.Query, state *phase.State) (accounts []string, err error) {
	wanted := where.Subjects(query)
	err = tx.SelectContext(ctx, &accounts, `
		SELECT account_id FROM usage_subjects`+wanted.String()+`
		UNION SELECT account_id FROM `+state.Set.Sums().Changes+wanted.String(), slices.Concat(wanted.Args, wanted.Args)...)
	return accounts, err
}

// spanOf returns the span of the usage that a query asks for in sessions that meet a
// condition, and whether both of its ends are dated.
func spanOf(ctx context.Context, tx *sqlx.Tx, query usage.Query, state *phase.State, condition string) (span usage.Range, readable bool, err error) {
	wanted := where.Subjects(query)
	args := wanted.Args
	statement := `SELECT MIN(began), MAX(ended), MIN(` + column.Dated("began") + ` AND ` + column.Dated("ended") + `) FROM (
		SELECT account_id, MIN(started_at) AS began, MAX(started_at) AS ended FROM ai_sessions WHERE ` + wanted.All() + ` AND ` + condition + ` GROUP BY account_id`
	if state.RawFrom.Valid {
		// Sessions may have been dropped, but not their sums.
		number, table, kept := "account_no", "usage_accounts", sums.AccountSeries.Name()
		if query.OfCustomers() {
			number, table, kept = "subject_no", "usage_subjects", sums.Customers.Name()
		}
		if state.Set == phase.Hours {
			kept = "usage_rollups"
		}
		statement += ` UNION ALL
		SELECT '', MIN(bucket), MAX(bucket) FROM ` + kept + `
		WHERE grain = ? AND bucket >= '1000-01-01' AND ` + column.IsUsed + ` AND ` + number + ` IN (SELECT ` + number + ` FROM ` + table + wanted.String() + `)`
		args = slices.Concat(args, []any{usage.Day}, args)
	}
	var from, to column.Instant
	var bothDated sql.NullBool
	err = tx.QueryRowContext(ctx, statement+") AS used", args...).Scan(&from, &to, &bothDated)
	if err != nil || !from.Valid {
		return usage.Range{}, true, err
	}
	return usage.Range{From: usage.Hour.Floor(from.Time), To: usage.Hour.Next(to.Time)}, bothDated.Bool, nil
}
