package read_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

const (
	costAccounts, costCustomers, costDays = 20, 5, 120
	// costChanges wait to be folded.
	costChanges = 50
)

// costBegin is when they begin.
var costBegin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// costly makes sums of some months of accounts and customers in every hour or so, by the
// calendars of UTC and Berlin, and a few changes that wait. There are no sessions.
func costly(t *testing.T, connections *pool.Pool) *read.Reader {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := connections.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	calendars := []usage.Calendar{usage.UTCCalendar, {No: 1, Zone: berlin}}
	exec("INSERT INTO usage_calendars (calendar_no, zone, rules, phase) VALUES (1, 'Europe/Berlin', ?, 'ready')", usage.ZoneRules(berlin))
	totals := map[sums.Row]usage.Usage{}
	for account := range uint32(costAccounts) {
		exec("INSERT INTO usage_accounts (account_no, account_id) VALUES (?, ?)", account+1, fmt.Sprint("a", account))
		for customer := range uint32(costCustomers) {
			key := sums.Key{AccountNo: account + 1, SubjectNo: account*costCustomers + customer + 1}
			exec("INSERT INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES (?, ?, ?, ?)", key.SubjectNo, key.AccountNo, fmt.Sprint("a", account), fmt.Sprint("c", customer))
			for step := range costDays * 4 {
				sums.Spread(totals, calendars, key, costBegin.Add(time.Duration(step)*6*time.Hour+time.Duration(key.SubjectNo%24)*15*time.Minute), usage.Usage{Minutes: 1, Seconds: 60, Sessions: 1})
			}
		}
	}
	if err := connections.InTransaction(t.Context(), func(tx *sqlx.Tx) error { return sums.Add(t.Context(), tx, totals) }); err != nil {
		t.Fatal(err)
	}
	for i := range costChanges {
		exec("INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a1', 'c1', ?, 1, 60, 1)", costBegin.AddDate(0, 0, i))
	}
	exec("INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 0)")
	for _, table := range []string{"usage_customer_rollups", "usage_account_rollups", "usage_account_series", "usage_total_rollups", "usage_changes", "usage_accounts", "usage_subjects"} {
		rows, err := connections.QueryContext(t.Context(), "ANALYZE TABLE "+table)
		if err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	return read.New(connections, phase.NewTracker(connections, phase.Levels), phase.NewTracker(connections, phase.Hours))
}

// keepAll has it that all sessions of costly have been dropped, and their quarter-hours kept.
func keepAll(t *testing.T, connections *pool.Pool) {
	t.Helper()
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := connections.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	for day := range costDays {
		exec(`INSERT INTO usage_quarters (account_no, day, subject_no, quarters) SELECT account_no, ?, subject_no, ? FROM usage_subjects`,
			costBegin.AddDate(0, 0, day), sums.Pack(map[int]usage.Usage{30: {Minutes: 4, Seconds: 240, Sessions: 4}}))
	}
	exec("UPDATE usage_level_state SET raw_from = ?, generation = 6", costBegin.AddDate(0, 0, costDays))
	rows, err := connections.QueryContext(t.Context(), "ANALYZE TABLE usage_quarters")
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
}

// rowsRead is how many rows the server reads for a question.
func rowsRead(t *testing.T, reader *read.Reader, query usage.SeriesQuery) (count int64) {
	t.Helper()
	snapshot := reader.Snapshot(t.Context()).(*read.Snapshot)
	defer snapshot.Close()
	return rowsReadBy(t, snapshot, func() {
		var err error
		if query.Step == "" {
			_, err = snapshot.Report(t.Context(), query.Query)
		} else {
			_, err = snapshot.Series(t.Context(), query)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// rowsReadBy is how many rows the server reads for a snapshot that is asked something, once
// everything is known that a gateway knows.
func rowsReadBy(t *testing.T, snapshot *read.Snapshot, ask func()) int64 {
	t.Helper()
	measure := func() int64 {
		t.Helper()
		count, err := snapshot.RowsRead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return count
	}
	ask()
	before := measure()
	status := measure() - before // which reads rows, too
	ask()
	return measure() - before - 2*status
}

// between are the days from one to another in a zone.
func between(t *testing.T, zone *time.Location, from, to string) usage.Query {
	t.Helper()
	span, err := usage.ParseRange(from, to, zone)
	if err != nil {
		t.Fatal(err)
	}
	return usage.Query{Zone: zone, Range: span}
}

// What an answer costs follows what is asked: the server reads no more rows than there are
// points and rows in the answer, for so many sums each, and changes that wait, whatever
// else there is in the tables.
func TestCostFollowsWhatIsAsked(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		reader := costly(t, connections)
		// A day is so many sums: its own, those of its tails, and a look-up for each of them.
		sumsOfADay := map[string]int64{"UTC": 1, "Europe/Berlin": 1, "Europe/Paris": 1, "America/New_York": 6, "Asia/Kolkata": 8}
		// Changes are read, written to a temporary table and read from that.
		const changes, constant = 3 * costChanges, 60
		check := func(name string, query usage.SeriesQuery, most int64) {
			t.Helper()
			if got := rowsRead(t, reader, query); got > most {
				t.Errorf("%s: %d rows were read, at most %d would do", name, got, most)
			}
		}
		for name, each := range sumsOfADay {
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			lookUps := each * 2 // one to find a sum, and one to go on from it
			if each == 1 {
				lookUps = 1
			}
			series := usage.SeriesQuery{Query: between(t, zone, "2026-01-10", "2026-04-19"), Step: usage.Daily} // 100 days
			const points = 100
			series.Level = usage.Together
			check(name+": everybody's days", series, lookUps*points+changes+constant)
			series.AccountID = "a1"
			check(name+": one account's days", series, lookUps*points+changes+constant)
			series.AccountID, series.Level = "", usage.ByAccount
			series.Subjects = []usage.Subject{{AccountID: "a1"}, {AccountID: "a3"}}
			check(name+": two accounts' days", series, 2*lookUps*points+changes+constant)
			series.Subjects = nil
			check(name+": each account's days", series, costAccounts*lookUps*points+changes+2*points*each+constant)
			if each == 1 {
				series.AccountID, series.Level = "a1", usage.ByCustomer
				check(name+": one account's customers' days", series, 2*(costCustomers+1)*points+changes+constant)
				series.AccountID = ""
				check(name+": each customer's days", series, 2*costAccounts*costCustomers*points+changes+constant)
			}
			month := usage.SeriesQuery{Query: between(t, zone, "2026-02-01", "2026-02-28")}
			ends := 2 * lookUps
			month.Level = usage.Together
			check(name+": everybody's month", month, ends+changes+constant)
			month.AccountID = "a1"
			check(name+": one account's month", month, ends+changes+constant)
			month.AccountID, month.Level = "", usage.ByAccount
			check(name+": each account's month", month, costAccounts*(2+ends)+changes+constant)
			if each == 1 {
				month.Level = usage.ByCustomer
				check(name+": each customer's month", month, 3*costAccounts*costCustomers+changes+constant)
				month.AccountID = "a1"
				check(name+": one account's customers' month", month, 3*costCustomers+changes+constant)
				month.AccountID, month.Accounts = "", []string{"a1", "a3", "a5"}
				check(name+": three accounts' customers' month", month, 3*3*costCustomers+changes+constant)
				month.CustomerIDs = []string{"c1", "c2"}
				check(name+": two customers' month in three accounts", month, 3*3*costCustomers+changes+constant)
			}
			odd := usage.SeriesQuery{Query: between(t, zone, "2026-01-05T10:15", "2026-04-17T16:45")}
			odd.Level = usage.Together
			check(name+": everybody's odd range", odd, 4+32+2*24+8+changes+constant)
		}
	})
}

// What retention has dropped is read by the day, too: of the days that a range or the points of
// a series cut, whatever has been kept of others.
func TestCostFollowsWhatIsAskedAfterRetention(t *testing.T) {
	dbtest.AnyServer(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		reader := costly(t, connections)
		keepAll(t, connections)
		kolkata, err := time.LoadLocation("Asia/Kolkata")
		if err != nil {
			t.Fatal(err)
		}
		// A day that is cut is named, its rows are found and gone on from, and their customers
		// looked up. Of the days and months between, a sum each.
		const rows, changes, constant = 5, 3 * costChanges, 60
		check := func(name string, cut, summed int64, query usage.SeriesQuery) {
			t.Helper()
			subjects := int64(costAccounts * costCustomers)
			if query.AccountID != "" {
				subjects = costCustomers
			}
			got := rowsRead(t, reader, query)
			if most := subjects*(rows*cut+2*summed) + changes + constant; got > most {
				t.Errorf("%s: %d rows were read, at most %d would do", name, got, most)
			}
		}
		month := usage.SeriesQuery{Query: between(t, kolkata, "2026-02-01", "2026-02-28")}
		check("each customer's month", 2, 2, month)
		month.AccountID = "a1"
		check("one account's customers' month", 2, 2, month)
		week := usage.SeriesQuery{Query: between(t, kolkata, "2026-02-09", "2026-02-15"), Step: usage.Daily}
		check("each customer's days of a week", 8, 8, week)
		week.AccountID = "a1"
		check("one account's customers' days of a week", 8, 8, week)
	})
}
