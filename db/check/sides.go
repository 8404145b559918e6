package check

import (
	"aiusage/db/sums"
	"aiusage/db/where"
	"aiusage/usage"
)

// stages are the comparisons of sums with what they are made of, in steps: each compares
// with sums that the steps before it have compared. The first one compares with sessions.
//
// Days of accounts and those of their customers are not compared with each other, since
// both are compared with the same sessions.
func stages(calendars []usage.Calendar) [][]comparison {
	grid := func(grain usage.Grain, calendar usage.Calendar) usage.Grid {
		return usage.Grid{Grain: grain, Calendar: calendar}
	}
	quarter, hour := grid(usage.QuarterHour, usage.UTCCalendar), grid(usage.Hour, usage.UTCCalendar)
	made := func(table sums.Table, target usage.Grid, of sums.Table, fine usage.Grid) comparison {
		return comparison{table: table, grid: target, of: of, fine: fine}
	}
	series := sums.AccountSeries
	sessions := []comparison{{table: series, grid: quarter, ofSessions: true}, {table: series, grid: hour, ofSessions: true}}
	hours := []comparison{made(series, hour, series, quarter), made(sums.Totals, quarter, series, quarter)}
	days := []comparison{made(sums.Totals, hour, series, hour)}
	var months []comparison
	for i, calendar := range calendars {
		day, month := grid(usage.Day, calendar), grid(usage.Month, calendar)
		sessions = append(sessions, comparison{table: sums.Customers, grid: day, ofSessions: true})
		fine := hour
		if i > 0 {
			fine = quarter
		}
		days = append(days, made(series, day, series, fine))
		months = append(months,
			made(sums.Accounts, day, series, day), made(sums.Totals, day, series, day),
			made(series, month, series, day), made(sums.Accounts, month, series, day), made(sums.Totals, month, series, day),
			made(sums.Customers, month, sums.Customers, day))
	}
	return [][]comparison{sessions, hours, days, months}
}

// stageGrains are what the stages are told as.
var stageGrains = []usage.Grain{usage.QuarterHour, usage.Hour, usage.Day, usage.Month}

// sidesOf returns what a comparison of a span reads.
func (s *snapshot) sidesOf(one comparison, span usage.Range) []side {
	if one.ofSessions {
		return s.sessionSides(one, span)
	}
	bucket := bucketOf(one.grid, "bucket", span)
	sides := s.sumsOf(one.of, one.table, one.fine, span, bucket, stored, true)
	if quartersFrom := s.state.QuartersFrom.Time; one.fine.Grain == usage.QuarterHour && one.grid.Grain == usage.Day && span.From.Before(quartersFrom) {
		// What hours have beyond their quarter-hours, of which there need not be any, counts
		// at the start of the hour. An hour whose quarter-hours are in two days counts in the
		// day in which it starts.
		before := usage.Range{From: span.From, To: earlier(span.To, quartersFrom)}
		started := usage.Range{From: usage.Hour.Ceil(before.From), To: usage.Hour.Ceil(before.To)}
		hourOf := bucketOf(one.grid, bucketOf(usage.Grid{Grain: usage.Hour}, "bucket", span), span)
		sides = append(sides, s.sumsOf(one.of, one.table, usage.Grid{Grain: usage.Hour}, before, bucket, stored, true)...)
		sides = append(sides, s.sumsOf(one.of, one.table, one.fine, started, hourOf, taken, true)...)
	}
	return append(sides, s.sumsOf(one.table, one.table, one.grid, span, "bucket", stored, false)...)
}

// sumsOf returns the sums of a table and grid in a span, by the keys of another table,
// which has fewer or the same.
func (s *snapshot) sumsOf(table, by sums.Table, grid usage.Grid, span usage.Range, bucket string, amounts [3]string, want bool) []side {
	account, subject := "account_no", "0"
	switch by {
	case sums.Customers:
		subject = "subject_no"
	case sums.Totals:
		account = "0"
	}
	conditions := where.InSpan("bucket", span)
	conditions.Add("grain = ?", grid.Code())
	if table != sums.AccountSeries {
		return []side{newSide(want, account, subject, bucket, amounts, table.Name()+conditions.String(), conditions.Args)}
	}
	sides := make([]side, len(s.accountLists))
	for i, list := range s.accountLists {
		sides[i] = newSide(want, account, subject, bucket, amounts, table.Name()+conditions.String()+" AND account_no IN ("+list+")", conditions.Args)
	}
	return sides
}

// sessionSides returns the sessions of a span, the changes that are not folded yet, and the
// sums: by ids, since there are sessions of those who have no number yet.
func (s *snapshot) sessionSides(one comparison, span usage.Range) []side {
	customer, changed := "COALESCE(customer_id, '')", "customer_id"
	if one.table != sums.Customers {
		customer, changed = "''", "''"
	}
	sessions := where.SessionsIn([]usage.Range{{From: later(span.From, s.state.RawFrom.Time), To: span.To}})
	if isUndated(span) {
		sessions = where.UndatedSessions()
	}
	amounts := [3]string{"COALESCE(ai_minutes, 0)", "COALESCE(duration_seconds, 0)", "1"}
	changes := where.InSpan("quarter", span)
	sides := []side{
		newSide(true, "account_id", customer, bucketOf(one.grid, "started_at", span), amounts, "ai_sessions"+sessions.String(), sessions.Args),
		newSide(false, "account_id", changed, bucketOf(one.grid, "quarter", span), stored, "usage_changes"+changes.String(), changes.Args),
	}

	conditions := where.InSpan("r.bucket", span)
	conditions.Add("r.grain = ?", one.grid.Code())
	if one.table == sums.Customers {
		return append(sides, newSide(false, "s.account_id", "s.customer_id", "r.bucket", stored,
			"usage_customer_rollups r JOIN usage_subjects s ON s.subject_no = r.subject_no"+conditions.String(), conditions.Args))
	}
	for _, list := range s.accountLists {
		sides = append(sides, newSide(false, "a.account_id", "''", "r.bucket", stored,
			"usage_account_series r STRAIGHT_JOIN usage_accounts a ON a.account_no = r.account_no"+conditions.String()+" AND r.account_no IN ("+list+")", conditions.Args))
	}
	return sides
}
