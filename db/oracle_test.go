package db_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/column"
	"aiusage/db/sums"
	"aiusage/usage"
)

// This is how the tables of sums are held to the sessions, row by row: what each must have
// is added up here, one session after the other.

// utcOnly are the calendars where none has been registered.
var utcOnly = []usage.Calendar{usage.UTCCalendar}

// calendarOf is the calendar with a number.
func calendarOf(t *testing.T, no int, zone string) usage.Calendar {
	t.Helper()
	loaded, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return usage.Calendar{No: no, Zone: loaded}
}

// sessionsOf reads all sessions as they are stored. One whose start is no instant has none.
func sessionsOf(t *testing.T, dsn string) (sessions []usage.Session) {
	t.Helper()
	opened := pool(t, dsn)
	defer opened.Close()
	rows, err := opened.QueryContext(t.Context(), `
		SELECT session_id, account_id, COALESCE(customer_id, ''), CAST(started_at AS CHAR), duration_seconds FROM ai_sessions`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one usage.Session
		var start string
		if err := rows.Scan(&one.SessionID, &one.AccountID, &one.CustomerID, &start, &one.DurationSeconds); err != nil {
			t.Fatal(err)
		}
		if at, err := time.Parse("2006-01-02 15:04:05.999999", start); err == nil && at.Year() >= 1000 {
			one.StartedAt = at
		}
		sessions = append(sessions, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return sessions
}

// numbers are the numbers of subjects. Those without one get numbers of the test.
type numbers map[usage.Subject]sums.Key

func numbersOf(t *testing.T, dsn string) numbers {
	t.Helper()
	opened := pool(t, dsn)
	defer opened.Close()
	rows, err := opened.QueryContext(t.Context(), `SELECT account_no, subject_no, account_id, customer_id FROM usage_subjects`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := numbers{}
	for rows.Next() {
		var key sums.Key
		var who usage.Subject
		if err := rows.Scan(&key.AccountNo, &key.SubjectNo, &who.AccountID, &who.CustomerID); err != nil {
			t.Fatal(err)
		}
		found[trimmed(who)] = key
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

func trimmed(who usage.Subject) usage.Subject {
	return usage.Subject{AccountID: usage.TrimID(who.AccountID), CustomerID: usage.TrimID(who.CustomerID)}
}

func (n numbers) of(who usage.Subject) sums.Key {
	who = trimmed(who)
	key, known := n[who]
	if known {
		return key
	}
	key = sums.Key{AccountNo: 1<<30 + uint32(len(n)), SubjectNo: 1<<30 + uint32(len(n))}
	for other, number := range n {
		if other.AccountID == who.AccountID {
			key.AccountNo = number.AccountNo
		}
	}
	n[who] = key
	return key
}

// sumsOf is what all tables must have of sessions.
func sumsOf(sessions []usage.Session, numbers numbers, calendars []usage.Calendar) map[sums.Row]usage.Usage {
	want := map[sums.Row]usage.Usage{}
	begins := map[string]time.Time{}
	begin := func(zone *time.Location, year int, month time.Month, day int) time.Time {
		name := fmt.Sprint(zone, year, month, day)
		if begins[name].IsZero() {
			begins[name] = beginOf(zone, year, month, day)
		}
		return begins[name]
	}
	add := func(table sums.Table, grid int, bucket time.Time, key sums.Key, amount usage.Usage) {
		row := sums.Row{Table: table, Grid: grid, Bucket: bucket}
		switch table {
		case sums.Customers:
			row.AccountNo, row.SubjectNo = key.AccountNo, key.SubjectNo
		case sums.Accounts, sums.AccountSeries:
			row.AccountNo = key.AccountNo
		}
		want[row] = want[row].Plus(amount)
	}
	for _, one := range sessions {
		key := numbers.of(usage.Subject{AccountID: one.AccountID, CustomerID: one.CustomerID})
		for _, table := range sums.Tables {
			fine := table == sums.AccountSeries || table == sums.Totals
			if one.StartedAt.IsZero() {
				for grid := range 4 {
					if fine || grid >= 2 {
						add(table, grid, column.Undated, key, one.Usage())
					}
				}
				continue
			}
			if fine {
				add(table, 0, one.StartedAt.Truncate(15*time.Minute), key, one.Usage())
				add(table, 1, one.StartedAt.Truncate(time.Hour), key, one.Usage())
			}
			for _, calendar := range calendars {
				year, month, day := one.StartedAt.In(calendar.Zone).Date()
				first := 2
				if calendar.No > 0 {
					first = 10 + 2*calendar.No
				}
				add(table, first, begin(calendar.Zone, year, month, day), key, one.Usage())
				add(table, first+1, begin(calendar.Zone, year, month, 1), key, one.Usage())
			}
		}
	}
	return nonZero(want)
}

// beginOf is the first instant at which clocks of a zone show a day: looked for minute by
// minute, since midnight may be left out or come twice.
func beginOf(zone *time.Location, year int, month time.Month, day int) time.Time {
	date := time.Date(year, month, day, 12, 0, 0, 0, zone)
	at := date.Add(-14 * time.Hour)
	for {
		if y, m, d := at.In(zone).Date(); y == year && m == month && d == day {
			return at.UTC()
		}
		at = at.Add(time.Minute)
	}
}

func nonZero(rows map[sums.Row]usage.Usage) map[sums.Row]usage.Usage {
	maps.DeleteFunc(rows, func(_ sums.Row, amount usage.Usage) bool { return amount == usage.Usage{} })
	return rows
}

// stored is what the tables have, together with the changes that are not folded yet.
func stored(t *testing.T, dsn string, numbers numbers, calendars []usage.Calendar) map[sums.Row]usage.Usage {
	t.Helper()
	found := map[sums.Row]usage.Usage{}
	opened := pool(t, dsn)
	defer opened.Close()
	scan := func(statement string, each func(row sums.Row, account, customer string, amount usage.Usage)) {
		t.Helper()
		rows, err := opened.QueryContext(t.Context(), statement)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var row sums.Row
			var account, customer, bucket string
			var amount usage.Usage
			if err := rows.Scan(&row.Grid, &bucket, &row.AccountNo, &row.SubjectNo, &account, &customer, &amount.Minutes, &amount.Seconds, &amount.Sessions); err != nil {
				t.Fatal(err)
			}
			if row.Bucket, err = time.Parse(time.DateTime, bucket); err != nil {
				t.Fatal(err)
			}
			each(row, account, customer, amount)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range sums.Tables {
		key := map[sums.Table]string{sums.Customers: "account_no, subject_no", sums.Totals: "0, 0"}[table]
		if key == "" {
			key = "account_no, 0"
		}
		scan(`SELECT grain, CAST(bucket AS CHAR), `+key+`, '', '', minutes, seconds, sessions FROM `+table.Name(),
			func(row sums.Row, _, _ string, amount usage.Usage) {
				row.Table = table
				found[row] = found[row].Plus(amount)
			})
	}
	scan(`SELECT 0, CAST(quarter AS CHAR), 0, 0, account_id, customer_id, minutes, seconds, sessions FROM usage_changes`,
		func(row sums.Row, account, customer string, amount usage.Usage) {
			sums.Spread(found, calendars, numbers.of(usage.Subject{AccountID: account, CustomerID: customer}), row.Bucket, amount)
		})
	return nonZero(found)
}

// rowsHold compares all sums, changes that wait included, with sessions: those that are
// stored where none are given. Rows of which left says so are left out of the comparison.
func rowsHold(t *testing.T, dsn, what string, sessions []usage.Session, calendars []usage.Calendar, left func(sums.Row) bool) {
	t.Helper()
	if sessions == nil {
		sessions = sessionsOf(t, dsn)
	}
	numbers := numbersOf(t, dsn)
	want, got := sumsOf(sessions, numbers, calendars), stored(t, dsn, numbers, calendars)
	var wrong []string
	for _, row := range slices.Collect(maps.Keys(mergeRows(want, got))) {
		if want[row] != got[row] && (left == nil || !left(row)) {
			wrong = append(wrong, fmt.Sprintf("%s grain %d %s account %d subject %d: %v, want %v", row.Table.Name(), row.Grid,
				row.Bucket.Format(time.DateTime), row.AccountNo, row.SubjectNo, got[row], want[row]))
		}
	}
	if slices.Sort(wrong); len(wrong) > 0 {
		t.Errorf("%s: %d of %d sums are wrong:\n%s", what, len(wrong), len(want), strings.Join(wrong[:min(len(wrong), 8)], "\n"))
	}
}

func mergeRows(all ...map[sums.Row]usage.Usage) map[sums.Row]usage.Usage {
	merged := map[sums.Row]usage.Usage{}
	for _, rows := range all {
		maps.Copy(merged, rows)
	}
	return merged
}

// keptQuarters is what is kept of the quarter-hours of sessions that were dropped.
func keptQuarters(t *testing.T, dsn string) map[sums.Row]usage.Usage {
	t.Helper()
	opened := pool(t, dsn)
	defer opened.Close()
	rows, err := opened.QueryContext(t.Context(), `SELECT account_no, subject_no, CAST(day AS CHAR), quarters FROM usage_quarters`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[sums.Row]usage.Usage{}
	for rows.Next() {
		var key sums.Key
		var day string
		var packed []byte
		if err := rows.Scan(&key.AccountNo, &key.SubjectNo, &day, &packed); err != nil {
			t.Fatal(err)
		}
		begin, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		err = sums.Unpack(packed, func(number int, amount usage.Usage) {
			row := sums.Row{Bucket: begin.Add(time.Duration(number) * 15 * time.Minute), AccountNo: key.AccountNo, SubjectNo: key.SubjectNo}
			found[row] = found[row].Plus(amount)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return nonZero(found)
}

// quartersHold compares what is kept of quarter-hours with the sessions from before an
// instant. Before another one, whole hours are kept, in their first quarter-hours.
func quartersHold(t *testing.T, dsn, what string, sessions []usage.Session, quartersFrom, rawFrom time.Time) {
	t.Helper()
	numbers, want := numbersOf(t, dsn), map[sums.Row]usage.Usage{}
	for _, one := range sessions {
		if one.StartedAt.IsZero() || !one.StartedAt.Before(rawFrom) {
			continue
		}
		key := numbers.of(usage.Subject{AccountID: one.AccountID, CustomerID: one.CustomerID})
		row := sums.Row{Bucket: one.StartedAt.Truncate(15 * time.Minute), AccountNo: key.AccountNo, SubjectNo: key.SubjectNo}
		if one.StartedAt.Before(quartersFrom) {
			row.Bucket = one.StartedAt.Truncate(time.Hour)
		}
		want[row] = want[row].Plus(one.Usage())
	}
	got := keptQuarters(t, dsn)
	nonZero(want)
	if !maps.Equal(got, want) {
		t.Errorf("%s: %d quarter-hours are kept, and %d should be", what, len(got), len(want))
		for row := range mergeRows(got, want) {
			if got[row] != want[row] {
				t.Errorf("for example %+v: %v, want %v", row, got[row], want[row])
				break
			}
		}
	}
}
