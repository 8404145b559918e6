package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"aiusage/db/column"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// first returns the first instant at or after another at which there may be anything that
// comparisons read, or the start of its day. Where the tables that need not be looked up account by account have
// something soon enough, that is the instant itself.
func (s *snapshot) first(ctx context.Context, comparisons []comparison, at, enough time.Time) (first time.Time, found bool, err error) {
	var parts, ofAccounts []string
	for table, grids := range gridsOf(comparisons) {
		for grid := range grids {
			if table == sums.AccountSeries {
				ofAccounts = append(ofAccounts, fmt.Sprintf(`SELECT MIN(bucket) AS first FROM usage_account_series WHERE account_no = %%[1]d AND grain = %d AND bucket >= %s`, grid, literal(at)))
			} else {
				parts = append(parts, fmt.Sprintf(`SELECT MIN(bucket) AS first FROM %s WHERE grain = %d AND bucket >= %s`, table.Name(), grid, literal(at)))
			}
		}
	}
	if comparisons[0].ofSessions {
		parts = append(parts, `(SELECT started_at AS first FROM ai_sessions WHERE started_at >= `+literal(at)+` AND `+column.Dated("started_at")+` ORDER BY started_at LIMIT 1)`,
			`SELECT MIN(quarter) AS first FROM usage_changes WHERE quarter >= `+literal(at))
		if s.dropped(at) {
			ofAccounts = append(ofAccounts, `SELECT TIMESTAMP(MIN(day)) AS first FROM usage_quarters WHERE account_no = %[1]d AND day >= DATE(`+literal(at)+`)`)
		}
	}
	first, found, err = s.earliest(ctx, parts)
	if err != nil || len(ofAccounts) == 0 {
		return first, found, err
	}
	if found && first.Before(enough) {
		return at, true, nil
	}
	for some := range slices.Chunk(s.accounts, maxLookups) {
		parts = parts[:0]
		for _, number := range some {
			for _, part := range ofAccounts {
				parts = append(parts, fmt.Sprintf(part, number))
			}
		}
		one, ok, err := s.earliest(ctx, parts)
		if err != nil {
			return time.Time{}, false, err
		}
		if ok && (!found || one.Before(first)) {
			first, found = one, true
		}
	}
	return first, found, nil
}

// maxLookups bounds the accounts that one statement looks up.
const maxLookups = 50

// gridsOf are the grids that comparisons read, by their codes.
func gridsOf(comparisons []comparison) map[sums.Table]map[int]bool {
	grids := map[sums.Table]map[int]bool{}
	add := func(table sums.Table, grid usage.Grid) {
		if grids[table] == nil {
			grids[table] = map[int]bool{}
		}
		grids[table][grid.Code()] = true
	}
	for _, one := range comparisons {
		add(one.table, one.grid)
		if !one.ofSessions {
			add(one.of, one.fine)
			if one.fine.Grain == usage.QuarterHour { // and hours, where there are only these
				add(one.of, usage.Grid{Grain: usage.Hour})
			}
		}
	}
	return grids
}

// earliest returns the earliest instant that look-ups return.
func (s *snapshot) earliest(ctx context.Context, parts []string) (first time.Time, found bool, err error) {
	if len(parts) == 0 {
		return first, false, nil
	}
	var all []column.Instant
	if err := s.tx.SelectContext(ctx, &all, strings.Join(parts, "\n\t\tUNION ALL ")); err != nil {
		return time.Time{}, false, pool.Translate(err)
	}
	for _, one := range all {
		if one.Valid && (!found || one.Time.Before(first)) {
			first, found = one.Time, true
		}
	}
	return first, found, nil
}
