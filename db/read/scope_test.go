package read_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// scopes are questions of whose usage, of few and of more than are looked up one by one.
func scopes() (all []usage.Query) {
	some := make([]string, 201)
	for i := range some {
		some[i] = fmt.Sprint("a", i)
	}
	for _, accounts := range [][]string{nil, {}, {"a1"}, {"a1", "a203", "none"}, some} {
		for _, account := range []string{"", "a203"} {
			for _, customers := range []usage.Query{{}, {CustomerID: "x"}, {CustomerIDs: []string{"x", "none"}}} {
				customers.Accounts, customers.AccountID = accounts, account
				all = append(all, customers)
			}
		}
	}
	return all
}

// Whoever's usage is asked for, by whichever way it is read, an answer has that of those alone: from
// sums, from changes that wait and from what was kept of sessions.
func TestAnswersAreOfThoseWhoAreAskedFor(t *testing.T) {
	connections := tables.Open(t, dbtest.One(t))
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := connections.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	var subjects []usage.Subject
	for i := range 205 {
		account := fmt.Sprint("a", i)
		subjects = append(subjects, usage.Subject{AccountID: account, CustomerID: []string{"", "x"}[i%2]})
	}
	if err := sums.Introduce(t.Context(), connections, slices.Clone(subjects)); err != nil {
		t.Fatal(err)
	}
	numbers, err := connections.QueryContext(t.Context(), "SELECT account_no, subject_no FROM usage_subjects")
	if err != nil {
		t.Fatal(err)
	}
	defer numbers.Close()
	totals := map[sums.Row]usage.Usage{}
	for numbers.Next() {
		var key sums.Key
		if err := numbers.Scan(&key.AccountNo, &key.SubjectNo); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			sums.Spread(totals, []usage.Calendar{usage.UTCCalendar}, key, day.AddDate(0, 0, i).Add(10*time.Hour), usage.Usage{Minutes: 1, Seconds: 60, Sessions: 1})
		}
	}
	if err := connections.InTransaction(t.Context(), func(tx *sqlx.Tx) error { return sums.Add(t.Context(), tx, totals) }); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		exec("INSERT INTO usage_quarters (account_no, day, subject_no, quarters) SELECT account_no, ?, subject_no, ? FROM usage_subjects", day.AddDate(0, 0, i), sums.Pack(map[int]usage.Usage{40: {Minutes: 1, Seconds: 60, Sessions: 1}}))
	}
	exec("INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) SELECT account_id, customer_id, ?, 1, 60, 1 FROM usage_subjects", day.AddDate(0, 0, 2).Add(9*time.Hour))
	exec("INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections, raw_from) VALUES (1, 'ready', '', 5, 0, ?)", day.AddDate(0, 0, 40))
	if err := sums.StampFirst(t.Context(), connections); err != nil {
		t.Fatal(err)
	}
	reader := readerOf(connections)
	for _, inMemory := range []bool{false, true} {
		if inMemory {
			if err := reader.KnowSubjects(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for i, query := range scopes() {
			if inMemory && query.OfCustomers() {
				continue // which are looked up by their ids
			}
			for j, span := range []struct {
				from, to time.Duration
				each     int64
			}{{0, 72 * time.Hour, 3}, {9*time.Hour + 45*time.Minute, 82*time.Hour + 15*time.Minute, 3}, {10 * time.Hour, 10*time.Hour + 15*time.Minute, 1}} {
				query.Zone, query.Level = time.UTC, []usage.Level{usage.ByCustomer, usage.ByAccount, usage.Together}[(i+j)%3]
				query.Range = usage.Range{From: day.Add(span.from), To: day.Add(span.to)}
				want := map[usage.Subject]usage.Usage{}
				for _, subject := range subjects {
					if wanted(usage.SeriesQuery{Query: query}, usage.Session{AccountID: subject.AccountID, CustomerID: subject.CustomerID}) && (query.CustomerIDs == nil || subject.CustomerID == "x") {
						of := query.Level.Of(subject)
						want[of] = want[of].Plus(usage.Usage{Minutes: span.each, Seconds: 60 * span.each, Sessions: span.each})
					}
				}
				snapshot := reader.Snapshot(t.Context())
				report, err := snapshot.Report(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				if !report.RetainedFrom.Equal(day.AddDate(0, 0, 40)) || report.ReadAt.IsZero() || report.AsOf.IsZero() {
					t.Errorf("sessions from %v, of %v, read at %v", report.RetainedFrom, report.AsOf, report.ReadAt)
				}
				if got := rows(report); !reflect.DeepEqual(got, want) {
					t.Errorf("%.100v, in memory %v: got %d of %.200v, want %d of %.200v", query, inMemory, len(got), got, len(want), want)
				}
				set, err := snapshot.Series(t.Context(), usage.SeriesQuery{Query: query, Step: usage.Daily})
				if err != nil {
					t.Fatal(err)
				}
				for _, subject := range []usage.Subject{{}, {AccountID: "a1"}, {AccountID: "a203"}, {AccountID: "a1", CustomerID: "x"}, {AccountID: "a203", CustomerID: "x"}, {AccountID: "a204", CustomerID: "x"}, {AccountID: "a204"}} {
					var sum usage.Usage
					for _, point := range set.Of(subject) {
						sum = sum.Plus(point.Usage)
					}
					if sum != want[subject] {
						t.Errorf("%.100v, in memory %v: a series of %v has %v, want %v", query, inMemory, subject, sum, want[subject])
					}
				}
				if err := snapshot.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	// What would need single sessions that have been dropped is refused.
	odd := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC, Range: usage.Range{From: day.Add(time.Minute), To: day.AddDate(0, 0, 3)}}, Step: usage.Daily}
	report, err := reader.Report(t.Context(), odd.Query)
	if err == nil || usage.AsError(err).Code != usage.InvalidArgument {
		t.Errorf("got %+v, %v", report, err)
	}
	if set, err := reader.Series(t.Context(), odd); err == nil || usage.AsError(err).Code != usage.InvalidArgument {
		t.Errorf("got %+v, %v", set, err)
	}
	// Series of some subjects have those of them whom the asker sees, and no others, also where there are more
	// than are named.
	var unknown []usage.Subject
	for i := range 1001 {
		unknown = append(unknown, usage.Subject{AccountID: fmt.Sprint("none", i)})
	}
	for what, c := range map[string]struct {
		query usage.Query
		asked []usage.Subject
		want  []usage.Subject
	}{
		"accounts":            {usage.Query{Level: usage.ByAccount}, []usage.Subject{{AccountID: "a1 "}, {AccountID: "a204"}}, []usage.Subject{{AccountID: "a1"}, {AccountID: "a204"}}},
		"accounts they see":   {usage.Query{Level: usage.ByAccount, Accounts: []string{"a1"}}, []usage.Subject{{AccountID: "a1"}, {AccountID: "a204"}}, []usage.Subject{{AccountID: "a1"}}},
		"customers":           {usage.Query{}, []usage.Subject{{AccountID: "a1", CustomerID: "x "}, {AccountID: "a203", CustomerID: "y"}, {AccountID: "a204"}}, []usage.Subject{{AccountID: "a1", CustomerID: "x"}, {AccountID: "a204"}}},
		"customers they see":  {usage.Query{Accounts: []string{"a1", "a3"}}, []usage.Subject{{AccountID: "a1", CustomerID: "x"}, {AccountID: "a204"}}, []usage.Subject{{AccountID: "a1", CustomerID: "x"}}},
		"more than are named": {usage.Query{Level: usage.ByAccount}, append(slices.Clone(unknown), usage.Subject{AccountID: "a1"}), []usage.Subject{{AccountID: "a1"}}},
		"nobody":              {usage.Query{Level: usage.ByAccount}, []usage.Subject{}, nil},
	} {
		c.query.Zone, c.query.Range = time.UTC, usage.Range{From: day, To: day.AddDate(0, 0, 3)}
		set, err := reader.Series(t.Context(), usage.SeriesQuery{Query: c.query, Step: usage.Daily, Subjects: c.asked})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if set.Points() != 3*len(c.want) {
			t.Errorf("%s: %d points, want those of %v", what, set.Points(), c.want)
		}
		for _, subject := range c.want {
			if points := set.Of(subject); points[0].Minutes != 1 || points[1].Minutes != 1 || points[2].Minutes != 1 {
				t.Errorf("%s: %v has %v", what, subject, points)
			}
		}
	}
	// A change that takes all of a subject away leaves no series of it.
	exec("INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a1', 'x', ?, -1, -60, -1)", day.Add(10*time.Hour))
	first := usage.Query{Zone: time.UTC, Accounts: []string{"a1", "a3"}, Range: usage.Range{From: day, To: day.AddDate(0, 0, 1)}}
	if set, err := reader.Series(t.Context(), usage.SeriesQuery{Query: first, Step: usage.Daily}); err != nil || set.Points() != 1 {
		t.Errorf("%d points, %v", set.Points(), err)
	}
}
