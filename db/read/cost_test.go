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
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for account := range uint32(costAccounts) {
		exec("INSERT INTO usage_accounts (account_no, account_id) VALUES (?, ?)", account+1, fmt.Sprint("a", account))
		for customer := range uint32(costCustomers) {
			key := sums.Key{AccountNo: account + 1, SubjectNo: account*costCustomers + customer + 1}
			exec("INSERT INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES (?, ?, ?, ?)", key.SubjectNo, key.AccountNo, fmt.Sprint("a", account), fmt.Sprint("c", customer))
			for step := range costDays * 4 {
				sums.Spread(totals, calendars, key, begin.Add(time.Duration(step)*6*time.Hour+time.Duration(key.SubjectNo%24)*15*time.Minute), usage.Usage{Minutes: 1, Seconds: 60, Sessions: 1})
			}
		}
	}
	if err := connections.InTransaction(t.Context(), func(tx *sqlx.Tx) error { return sums.Add(t.Context(), tx, totals) }); err != nil {
		t.Fatal(err)
	}
	for i := range costChanges {
		exec("INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a1', 'c1', ?, 1, 60, 1)", begin.AddDate(0, 0, i))
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

// What an answer costs follows what is asked: the server reads no more rows than there are
// points and rows in the answer, for so many sums each, and changes that wait, whatever
// else there is in the tables.
func TestCostFollowsWhatIsAsked(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		reader := costly(t, connections)
		// rowsRead is how many rows are read for a question, once everything is known that
		// a gateway knows.
		rowsRead := func(query usage.SeriesQuery) (count int64) {
			t.Helper()
			snapshot := reader.Snapshot(t.Context()).(*read.Snapshot)
			defer snapshot.Close()
			ask := func() {
				t.Helper()
				var err error
				if query.Step == "" {
					_, err = snapshot.Report(t.Context(), query.Query)
				} else {
					_, err = snapshot.Series(t.Context(), query)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
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
		days := func(zone, from, to string) usage.Query {
			t.Helper()
			location, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			query := usage.Query{Zone: location}
			if query.Range, err = usage.ParseRange(from, to, location); err != nil {
				t.Fatal(err)
			}
			return query
		}
		// A day is so many sums: its own, those of its tails, and a look-up for each of them.
		sumsOfADay := map[string]int64{"UTC": 1, "Europe/Berlin": 1, "Europe/Paris": 1, "America/New_York": 6, "Asia/Kolkata": 8}
		// Changes are read, written to a temporary table and read from that.
		const changes, constant = 3 * costChanges, 60
		check := func(name string, query usage.SeriesQuery, most int64) {
			t.Helper()
			if got := rowsRead(query); got > most {
				t.Errorf("%s: %d rows were read, at most %d would do", name, got, most)
			}
		}
		for zone, each := range sumsOfADay {
			lookUps := each * 2 // one to find a sum, and one to go on from it
			if each == 1 {
				lookUps = 1
			}
			series := usage.SeriesQuery{Query: days(zone, "2026-01-10", "2026-04-19"), Step: usage.Daily} // 100 days
			const points = 100
			series.Level = usage.Together
			check(zone+": everybody's days", series, lookUps*points+changes+constant)
			series.AccountID = "a1"
			check(zone+": one account's days", series, lookUps*points+changes+constant)
			series.AccountID, series.Level = "", usage.ByAccount
			series.Subjects = []usage.Subject{{AccountID: "a1"}, {AccountID: "a3"}}
			check(zone+": two accounts' days", series, 2*lookUps*points+changes+constant)
			series.Subjects = nil
			check(zone+": each account's days", series, costAccounts*lookUps*points+changes+2*points*each+constant)
			if each == 1 {
				series.AccountID, series.Level = "a1", usage.ByCustomer
				check(zone+": one account's customers' days", series, 2*(costCustomers+1)*points+changes+constant)
				series.AccountID = ""
				check(zone+": each customer's days", series, 2*costAccounts*costCustomers*points+changes+constant)
			}
			month := usage.SeriesQuery{Query: days(zone, "2026-02-01", "2026-02-28")}
			ends := 2 * lookUps
			month.Level = usage.Together
			check(zone+": everybody's month", month, ends+changes+constant)
			month.AccountID = "a1"
			check(zone+": one account's month", month, ends+changes+constant)
			month.AccountID, month.Level = "", usage.ByAccount
			check(zone+": each account's month", month, costAccounts*(2+ends)+changes+constant)
			if each == 1 {
				month.Level = usage.ByCustomer
				check(zone+": each customer's month", month, 3*costAccounts*costCustomers+changes+constant)
				month.AccountID = "a1"
				check(zone+": one account's customers' month", month, 3*costCustomers+changes+constant)
				month.AccountID, month.Accounts = "", []string{"a1", "a3", "a5"}
				check(zone+": three accounts' customers' month", month, 3*3*costCustomers+changes+constant)
				month.CustomerIDs = []string{"c1", "c2"}
				check(zone+": two customers' month in three accounts", month, 3*3*costCustomers+changes+constant)
			}
			odd := usage.SeriesQuery{Query: days(zone, "2026-01-05T10:15", "2026-04-17T16:45")}
			odd.Level = usage.Together
			check(zone+": everybody's odd range", odd, 4+32+2*24+8+changes+constant)
		}
	})
}
