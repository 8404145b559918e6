package rollup_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"aiusage/db/column"
	"aiusage/db/sums"
	"aiusage/usage"
)

// seen has all sessions that there ever were: those that are dropped stay in it.
const seen = "seen_sessions"

// remember copies the sessions that there are to those that there ever were.
func (w *world) remember() {
	w.Helper()
	w.run("CREATE TABLE IF NOT EXISTS "+seen+" LIKE ai_sessions", "INSERT IGNORE INTO "+seen+
		" (session_id, account_id, customer_id, started_at, duration_seconds) SELECT session_id, account_id, customer_id, started_at, duration_seconds FROM ai_sessions")
}

// bucketOf is where a column's buckets of a grain begin.
func bucketOf(grain usage.Grain, at string) string {
	switch grain {
	case usage.QuarterHour:
		return column.QuarterOf(at)
	case usage.Hour:
		return column.HourOf(at)
	case usage.Day:
		return "CAST(DATE(" + column.QuarterOf(at) + ") AS DATETIME)"
	}
	return "CASE WHEN " + column.Dated(at) + " THEN CAST(DATE_FORMAT(" + at + ", '%Y-%m-01') AS DATETIME) ELSE CAST('0100-01-01' AS DATETIME) END"
}

// sumsHold holds all sums of UTC, with what waits to be added, to the sessions that there ever were.
// There may be any quarter-hours from before an instant.
func (w *world) sumsHold(what string, quartersFrom time.Time) {
	w.Helper()
	for _, table := range sums.Tables {
		who, join := "''", ""
		switch table {
		case sums.Customers:
			who = "CONCAT(RTRIM(account_id), '/', RTRIM(customer_id))"
			join = " JOIN usage_subjects USING (account_no, subject_no)"
		case sums.Accounts, sums.AccountSeries:
			who, join = "RTRIM(account_id)", " JOIN usage_accounts USING (account_no)"
		}
		ofSession := strings.Replace(who, "customer_id", "COALESCE(customer_id, '')", 1)
		for _, grain := range table.Grains() {
			from := "'0001-01-01'"
			if grain == usage.QuarterHour && !quartersFrom.IsZero() {
				from = "'" + quartersFrom.Format(time.DateTime) + "'"
			}
			var wrong []struct {
				Who, Bucket                string
				Minutes, Seconds, Sessions int64
			}
			w.must(w.db.SelectContext(w.Context(), &wrong, `
				SELECT who, CAST(bucket AS CHAR) AS bucket, SUM(m) AS minutes, SUM(s) AS seconds, SUM(n) AS sessions FROM (
					SELECT `+who+` AS who, bucket, minutes AS m, seconds AS s, sessions AS n FROM `+table.Name()+join+fmt.Sprintf(` WHERE grain = %d`, grain)+`
					UNION ALL SELECT `+who+`, `+bucketOf(grain, "quarter")+`, minutes, seconds, sessions FROM usage_changes
					UNION ALL SELECT `+ofSession+`, `+bucketOf(grain, "started_at")+`, -ai_minutes, -duration_seconds, -1 FROM `+seen+`) t
				WHERE bucket >= `+from+`
				GROUP BY who, bucket HAVING minutes <> 0 OR seconds <> 0 OR sessions <> 0`))
			if len(wrong) > 0 {
				w.Errorf("%s: %d sums of %s by %v are wrong, one by %+v", what, len(wrong), table.Name(), grain, wrong[0])
			}
		}
	}
}

// quartersHold holds what is kept of quarter-hours to the sessions that there ever were from before
// an instant. Of those from before another one, it is hours.
func (w *world) quartersHold(what string, hoursUntil, until time.Time) {
	w.Helper()
	var packed []struct {
		Account  string    `db:"account_id"`
		Customer string    `db:"customer_id"`
		Day      time.Time `db:"day"`
		Quarters []byte    `db:"quarters"`
	}
	w.must(w.db.SelectContext(w.Context(), &packed, "SELECT account_id, customer_id, day, quarters FROM usage_quarters JOIN usage_subjects USING (account_no, subject_no)"))
	got, want := map[string]usage.Usage{}, map[string]usage.Usage{}
	for _, one := range packed {
		w.must(sums.Unpack(one.Quarters, func(number int, amount usage.Usage) {
			got[fmt.Sprint(strings.TrimRight(one.Account, " "), "/", one.Customer, " ", one.Day.Add(time.Duration(number)*15*time.Minute))] = amount
		}))
	}
	var sessions []struct {
		Account  string    `db:"account_id"`
		Customer string    `db:"customer_id"`
		Start    time.Time `db:"started_at"`
		Seconds  int64     `db:"duration_seconds"`
	}
	w.must(w.db.SelectContext(w.Context(), &sessions, "SELECT account_id, COALESCE(customer_id, '') AS customer_id, started_at, duration_seconds FROM "+seen+
		" WHERE "+column.Dated("started_at")+" AND started_at < ?", until))
	for _, one := range sessions {
		at := usage.QuarterHour.Floor(one.Start)
		if at.Before(hoursUntil) {
			at = usage.Hour.Floor(at)
		}
		key := fmt.Sprint(strings.TrimRight(one.Account, " "), "/", one.Customer, " ", at)
		want[key] = want[key].Plus(usage.Usage{Minutes: (one.Seconds + 59) / 60, Seconds: one.Seconds, Sessions: 1})
	}
	if !maps.Equal(got, want) {
		w.Errorf("%s: kept are %v, want %v", what, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// begin writes sessions around the ends of hours and days, and two without a start.
func (w *world) begin() {
	w.Helper()
	for _, at := range []string{"01-31 23:59:59.999", "02-01 00:00:00", "02-01 05:14:59.999", "02-01 05:45:00", "02-01 05:59:59.999", "02-01 06:00:00", "02-01 06:20:00",
		"02-01 08:59:59.999", "02-01 09:00:00", "02-01 23:59:59.999", "02-02 00:00:00", "02-03 11:00:00", "02-03 11:50:00", "02-04 00:00:00"} {
		w.insert("a", "c", "2026-"+at)
		w.insert("a ", "", "2026-"+at)
		w.insert("b", "c", "2026-"+at)
	}
	w.insert("c", "once", "2026-02-01 05:30:00")
	connection, err := w.db.Connx(w.Context())
	w.must(err)
	defer connection.Close()
	for _, statement := range []string{"SET @before = @@sql_mode", "SET sql_mode = ''",
		"INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('undated', 'a', '0000-00-00', 61), ('between', 'a', '2026-02-00 10:00', 61)", "SET sql_mode = @before"} {
		_, err := connection.ExecContext(w.Context(), statement)
		w.must(err)
	}
}
