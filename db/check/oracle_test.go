package check_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"aiusage/db/check"
	"aiusage/db/column"
	"aiusage/db/sums"
	"aiusage/usage"
)

// numbers are those of all subjects.
func (w *world) numbers() map[usage.Subject]sums.Key {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.t.Context(), `SELECT account_id, customer_id, account_no, subject_no FROM usage_subjects`)
	w.must(err)
	defer rows.Close()
	numbers := map[usage.Subject]sums.Key{}
	for rows.Next() {
		var who usage.Subject
		var key sums.Key
		w.must(rows.Scan(&who.AccountID, &who.CustomerID, &key.AccountNo, &key.SubjectNo))
		numbers[who] = key
	}
	w.must(rows.Err())
	return numbers
}

// counted are sessions and what was packed of those that were dropped, as they are counted.
func (w *world) counted() (all []use, amounts []usage.Usage) {
	w.t.Helper()
	for _, one := range w.sessions("TRUE") {
		all, amounts = append(all, one), append(amounts, one.amount())
	}
	rows, err := w.db.QueryContext(w.t.Context(), `SELECT s.account_id, s.customer_id, q.day, q.quarters FROM usage_quarters q JOIN usage_subjects s ON s.subject_no = q.subject_no`)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var one use
		var packed []byte
		var day time.Time
		w.must(rows.Scan(&one.account, &one.customer, &day, &packed))
		w.must(sums.Unpack(packed, func(number int, amount usage.Usage) {
			one.at = day.Add(time.Duration(number) * 15 * time.Minute)
			all, amounts = append(all, one), append(amounts, amount)
		}))
	}
	w.must(rows.Err())
	return all, amounts
}

// wanted are all sums that there should be by calendars: one after another, session by
// session. Before quarters there are only hours of accounts and of everybody.
func (w *world) wanted(calendars []usage.Calendar, quarters time.Time) map[sums.Row]usage.Usage {
	w.t.Helper()
	numbers := w.numbers()
	totals := map[sums.Row]usage.Usage{}
	all, amounts := w.counted()
	for i, one := range all {
		key, known := numbers[usage.Subject{AccountID: one.account, CustomerID: one.customer}]
		if !known {
			w.t.Fatalf("%+v has no number", one)
		}
		for _, table := range sums.Tables {
			for k, calendar := range calendars {
				for _, grain := range table.Grains() {
					if k > 0 && (grain < usage.Day || one.at.Equal(column.Undated)) || grain == usage.QuarterHour && !one.at.Equal(column.Undated) && one.at.Before(quarters) {
						continue
					}
					row := sums.Of(table, usage.Grid{Grain: grain, Calendar: calendar}, one.quarter(), key)
					totals[row] = totals[row].Plus(amounts[i])
				}
			}
		}
	}
	return totals
}

// stored are the sums that there are, other than 0, with the changes that wait.
func (w *world) stored(calendars []usage.Calendar) map[sums.Row]usage.Usage {
	w.t.Helper()
	totals := map[sums.Row]usage.Usage{}
	for _, table := range sums.Tables {
		account, subject := "account_no", "0"
		switch table {
		case sums.Customers:
			subject = "subject_no"
		case sums.Totals:
			account = "0"
		}
		w.read(`SELECT grain, bucket, `+account+`, `+subject+`, minutes, seconds, sessions FROM `+table.Name(), func(row sums.Row, amount usage.Usage) {
			row.Table = table
			totals[row] = totals[row].Plus(amount)
		})
	}
	w.read(`SELECT 0, c.quarter, s.account_no, s.subject_no, c.minutes, c.seconds, c.sessions FROM usage_changes c JOIN usage_subjects s ON s.account_id = c.account_id AND s.customer_id = c.customer_id`, func(row sums.Row, amount usage.Usage) {
		sums.Spread(totals, calendars, sums.Key{AccountNo: row.AccountNo, SubjectNo: row.SubjectNo}, row.Bucket, amount)
	})
	for row, amount := range totals {
		if amount == (usage.Usage{}) {
			delete(totals, row)
		}
	}
	return totals
}

func (w *world) read(statement string, each func(sums.Row, usage.Usage)) {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.t.Context(), statement)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var row sums.Row
		var amount usage.Usage
		w.must(rows.Scan(&row.Grid, &row.Bucket, &row.AccountNo, &row.SubjectNo, &amount.Minutes, &amount.Seconds, &amount.Sessions))
		row.Bucket = row.Bucket.UTC()
		each(row, amount)
	}
	w.must(rows.Err())
}

// holds fails unless all sums are what the sessions add up to.
func (w *world) holds(what string, calendars ...usage.Calendar) {
	w.t.Helper()
	w.holdsFrom(what, time.Time{}, calendars...)
}

func (w *world) holdsFrom(what string, quarters time.Time, calendars ...usage.Calendar) {
	w.t.Helper()
	calendars = append([]usage.Calendar{usage.UTCCalendar}, calendars...)
	for range 3 { // everybody who has changes waiting gets a number
		w.fold(1)
	}
	w.must(sums.Introduce(w.t.Context(), w.db, w.subjects()))
	want, got := w.wanted(calendars, quarters), w.stored(calendars)
	if wrong := wrongRows(want, got); len(wrong) > 0 {
		w.t.Errorf("%s: %d of %d sums are wrong:\n%s", what, len(wrong), len(want), strings.Join(wrong[:min(8, len(wrong))], "\n"))
	}
}

// subjects are those of all sessions and changes.
func (w *world) subjects() (subjects []usage.Subject) {
	w.t.Helper()
	for _, one := range w.sessions("TRUE") {
		subjects = append(subjects, usage.Subject{AccountID: one.account, CustomerID: one.customer})
	}
	var changed []struct {
		AccountID  string `db:"account_id"`
		CustomerID string `db:"customer_id"`
	}
	w.must(w.db.SelectContext(w.t.Context(), &changed, `SELECT account_id, customer_id FROM usage_changes`))
	for _, one := range changed {
		subjects = append(subjects, usage.Subject(one))
	}
	return subjects
}

// wrongRows describes the sums that differ.
func wrongRows(want, got map[sums.Row]usage.Usage) (wrong []string) {
	for row, amount := range want {
		if got[row] != amount {
			wrong = append(wrong, fmt.Sprintf("%s %+v: got %v, want %v", row.Table.Name(), row, got[row], amount))
		}
	}
	for row, amount := range got {
		if _, wanted := want[row]; !wanted {
			wrong = append(wrong, fmt.Sprintf("%s %+v: got %v, want none", row.Table.Name(), row, amount))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// differences are what verifying finds.
func (w *world) differences() (found []check.Difference) {
	w.t.Helper()
	w.must(w.checks.VerifyRollups(w.t.Context(), usage.Range{}, func(d check.Difference) { found = append(found, d) }, nil))
	return found
}
