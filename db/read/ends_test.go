package read_test

import (
	"fmt"
	"testing"
	"time"

	"aiusage/db/read"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// Without ends, a series is of the hours from the first usage to the last that is asked for: by sessions,
// by what is left of those that have been dropped, and by sums of either kind.
func TestOpenEndsAreThoseOfWhatIsAskedFor(t *testing.T) {
	at := func(text string) time.Time {
		at, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	dsn := dbtest.One(t)
	connections := tables.Open(t, dsn)
	execOn(t, connections, "INSERT INTO usage_accounts (account_no, account_id) VALUES (1, 'a'), (2, 'b'), (3, 'c')",
		"INSERT INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES (1, 1, 'a', 'x'), (2, 1, 'a', ''), (3, 2, 'b', 'x'), (4, 3, 'c', 'z')",
		"INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 0)")
	type use struct{ account, customer, start string }
	for i, one := range []use{
		{"a", "x", "2026-01-05 10:20"}, {"a", "x", "2200-02-01 10:00"}, {"a", "", "2026-01-01 00:00"}, {"a", "", "2200-03-01 23:59"},
		{"b", "x", "2026-01-03 05:59"}, {"b", "x", "2200-01-01 05:00"}, {"new", "y", "2026-01-02 07:30"}, {"new", "y", "2200-04-01 07:30"},
		{"old", "w", "2026-01-09 00:00"}, {"c", "z", "2026-01-20 10:00"},
	} {
		execOn(t, connections, fmt.Sprintf("INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('%d', '%s', NULLIF('%s', ''), '%s', 60)", i, one.account, one.customer, one.start))
	}
	execLax(t, dsn, "INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('no start', 'b', 'x', '0000-00-00', 60), ('no day', 'a', NULL, '2025-02-31', 60), ('none', 'undated', 'u', '2026-02-31', 60)")
	// Those who are new wait to be folded.
	execOn(t, connections, "INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('new', 'y', '2026-01-02 07:30', 1, 60, 1), ('new', 'y', '2200-04-01 07:30', 1, 60, 1)",
		"INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (3, '2026-01-01', 1, 1, 1, 60, 1), (3, '2200-03-01', 1, 1, 1, 60, 1)",
		"INSERT INTO usage_account_series (grain, bucket, account_no, minutes, seconds, sessions) VALUES (2, '2026-01-03', 2, 1, 60, 1)",
		"INSERT INTO usage_total_rollups (grain, bucket, minutes, seconds, sessions) VALUES (3, '2026-01-01', 1, 60, 1), (3, '2200-03-01', 1, 60, 1)")
	// What has come to nothing is no usage.
	execOn(t, connections, "INSERT INTO usage_total_rollups (grain, bucket, minutes, seconds, sessions) VALUES (1, '1971-05-01', 0, 0, 0), (2, '1971-05-01', 0, 0, 0), (1, '9999-12-31 23:00', 0, 0, 0), (2, '9999-12-31', 0, 0, 0), (3, '9999-12-01', 0, 0, 0)",
		"INSERT INTO usage_account_series (grain, bucket, account_no, minutes, seconds, sessions) VALUES (2, '1971-05-01', 1, 0, 0, 0), (2, '9999-12-31', 1, 0, 0, 0)",
		"INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (2, '1971-05-01', 1, 1, 0, 0, 0), (2, '9999-12-31', 1, 1, 0, 0, 0)",
		"INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('b', 'x', '1971-05-01', 1, 60, 1), ('b', 'x', '1971-05-01', -1, -60, -1)")
	check := func(state string, reader *read.Reader, wants map[string][2]string, queries map[string]usage.Query) {
		t.Helper()
		for what, query := range queries {
			query.Zone, query.Level = time.UTC, usage.Together
			set, err := reader.Series(t.Context(), usage.SeriesQuery{Query: query, Step: usage.Yearly})
			if err != nil {
				t.Fatalf("%s, %s: %v", state, what, err)
			}
			want, some := wants[what]
			if some != (len(set.Buckets) > 0) {
				t.Errorf("%s, %s: %d points", state, what, len(set.Buckets))
				continue
			}
			if !some {
				continue
			}
			from, to := set.Buckets[0].From, set.Buckets[len(set.Buckets)-1].To
			now, err := reader.Freshness(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			isNow := want[1] == "now" && !to.Before(now.Now) && to.Before(now.Now.Add(3*time.Hour)) && to.Equal(usage.Hour.Floor(to))
			if !from.Equal(at(want[0])) || !isNow && (want[1] == "now" || !to.Equal(at(want[1]))) {
				t.Errorf("%s, %s: from %v to %v, want %v", state, what, from, to, want)
			}
		}
	}
	queries := map[string]usage.Query{
		"an account": {AccountID: "a"}, "some": {Accounts: []string{"a", "b"}}, "one of those": {Accounts: []string{"b", "a"}, AccountID: "b"}, "none": {Accounts: []string{}},
		"a customer": {CustomerID: "x"}, "customers": {CustomerIDs: []string{"x", "y"}}, "a customer of an account": {AccountID: "a", CustomerID: "x"}, "a customer of some": {Accounts: []string{"b", "new"}, CustomerID: "x"},
		"a new one": {CustomerID: "y"}, "nobody": {AccountID: "nobody"}, "no customer": {CustomerID: "nobody"}, "past": {AccountID: "old"}, "undated": {AccountID: "undated"}, "everybody": {},
		"not whom they see": {Accounts: []string{"b"}, AccountID: "a"}, "not whose customer they see": {Accounts: []string{"b"}, CustomerID: "z"},
		"from": {AccountID: "a", Range: usage.Range{From: at("2026-01-04 00:30")}}, "to": {AccountID: "a", Range: usage.Range{To: at("2026-01-04 00:30")}},
		"nobody from": {AccountID: "nobody", Range: usage.Range{From: at("2026-01-04 00:30")}}, "nobody to": {AccountID: "nobody", Range: usage.Range{To: at("2026-01-04 00:30")}},
		"no time": {AccountID: "a", Range: usage.Range{To: at("0500-01-01 00:00")}}, "a time": {AccountID: "a", Range: usage.Range{From: at("2020-01-01 00:10"), To: at("2020-01-01 00:20")}},
	}
	ends := map[string][2]string{
		"an account": {"2026-01-01 00:00", "2200-03-02 00:00"}, "some": {"2026-01-01 00:00", "2200-03-02 00:00"}, "one of those": {"2026-01-03 05:00", "2200-01-01 06:00"},
		"a customer": {"2026-01-03 05:00", "2200-02-01 11:00"}, "customers": {"2026-01-02 07:00", "2200-04-01 08:00"}, "a customer of an account": {"2026-01-05 10:00", "2200-02-01 11:00"},
		"a customer of some": {"2026-01-03 05:00", "2200-01-01 06:00"}, "a new one": {"2026-01-02 07:00", "2200-04-01 08:00"}, "past": {"2026-01-09 00:00", "now"},
		"from": {"2026-01-04 00:30", "2200-03-02 00:00"}, "to": {"2026-01-01 00:00", "2026-01-04 00:30"}, "a time": {"2020-01-01 00:10", "2020-01-01 00:20"},
	}
	with := func(everybody [2]string) map[string][2]string {
		all := map[string][2]string{"everybody": everybody}
		for what, its := range ends {
			all[what] = its
		}
		return all
	}
	// Sums tell of months, and changes of theirs.
	check("ready", readerOf(connections), with([2]string{"2026-01-01 00:00", "2200-04-01 08:00"}), queries)
	execOn(t, connections, "UPDATE usage_level_state SET phase = 'raw', generation = 6")
	queries["a customer whom sums do not have"], ends["a customer whom sums do not have"] = usage.Query{CustomerID: "w"}, [2]string{"2026-01-09 00:00", "now"}
	check("raw", readerOf(connections), with([2]string{"2026-01-01 00:00", "2200-04-01 08:00"}), queries)
	// Of sessions that have been dropped there are sums of days, and of those without a start one before all.
	execOn(t, connections, "UPDATE usage_level_state SET phase = 'ready', generation = 7, raw_from = '2026-02-01'", "DELETE FROM ai_sessions WHERE started_at BETWEEN '2025-01-01' AND '2026-02-01'",
		"INSERT INTO usage_total_rollups (grain, bucket, minutes, seconds, sessions) VALUES (1, '2025-12-29 23:00', 1, 60, 1)",
		`INSERT INTO usage_account_series (grain, bucket, account_no, minutes, seconds, sessions) VALUES (2, '2025-12-30', 1, 1, 60, 1), (2, '0100-01-01', 1, 1, 60, 1), (1, '2025-12-01', 1, 1, 60, 1)`,
		`INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (2, '2026-01-04', 1, 1, 1, 60, 1), (2, '2026-01-07', 2, 3, 1, 60, 1), (2, '0100-01-01', 2, 3, 1, 60, 1)`)
	check("dropped", readerOf(connections), map[string][2]string{
		"an account": {"2025-12-30 00:00", "2200-03-02 00:00"}, "one of those": {"2026-01-03 00:00", "2200-01-01 06:00"}, "a customer": {"2026-01-04 00:00", "2200-02-01 11:00"},
		"a customer of an account": {"2026-01-04 00:00", "2200-02-01 11:00"}, "a customer of some": {"2026-01-07 00:00", "2200-01-01 06:00"},
		"everybody": {"2025-12-29 23:00", "2200-04-01 08:00"},
	}, map[string]usage.Query{"everybody": queries["everybody"], "an account": queries["an account"], "one of those": queries["one of those"], "a customer": queries["a customer"], "a customer of an account": queries["a customer of an account"],
		"a customer of some": queries["a customer of some"], "nobody": queries["nobody"], "not whom they see": queries["not whom they see"], "undated": queries["undated"]})
	// And so it is of sums by hour, which an earlier version has kept.
	execOn(t, connections, "UPDATE usage_level_state SET phase = 'filling', generation = 8, raw_from = NULL", "DELETE FROM usage_account_series WHERE grain = 2", "DELETE FROM usage_customer_rollups WHERE grain = 2",
		"INSERT INTO usage_rollup_state (state_id, phase, reason, generation, corrections, raw_from) VALUES (1, 'ready', '', 9, 0, '2026-02-01')",
		"INSERT INTO usage_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (2, '2025-11-30', 1, 2, 1, 60, 1), (2, '2025-12-05', 1, 1, 1, 60, 1), (2, '2025-12-06', 2, 3, 1, 60, 1), (3, '2025-11-01', 1, 1, 1, 60, 1)")
	check("by hour", readerOf(connections), map[string][2]string{
		"an account": {"2025-11-30 00:00", "2200-03-02 00:00"}, "one of those": {"2025-12-06 00:00", "2200-01-01 06:00"}, "a customer of an account": {"2025-12-05 00:00", "2200-02-01 11:00"},
	}, map[string]usage.Query{"an account": queries["an account"], "one of those": queries["one of those"], "a customer of an account": queries["a customer of an account"], "nobody": queries["nobody"]})
}
