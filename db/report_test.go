package db_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aiusage/db"
	"aiusage/usage"
)

// expected computes a report by the definitions, one session after the other.
func expected(sessions map[string]usage.Session, query usage.Query) *usage.Report {
	sums := map[[2]string]usage.Usage{}
	for _, session := range sessions {
		inRange := !session.StartedAt.Before(query.Range.From) &&
			(query.Range.To.IsZero() || session.StartedAt.Before(query.Range.To))
		if !inRange || query.AccountID != "" && session.AccountID != query.AccountID ||
			query.CustomerID != "" && session.CustomerID != query.CustomerID {
			continue
		}
		key := [2]string{session.AccountID, session.CustomerID}
		sum, one := sums[key], session.Usage()
		sums[key] = usage.Usage{Minutes: sum.Minutes + one.Minutes, Seconds: sum.Seconds + one.Seconds, Sessions: sum.Sessions + one.Sessions}
	}
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b [2]string) int {
		return strings.Compare(a[0]+"\x00"+a[1], b[0]+"\x00"+b[1])
	})
	var subjects []usage.SubjectUsage
	for _, key := range keys {
		subjects = append(subjects, usage.SubjectUsage{AccountID: key[0], CustomerID: key[1], Usage: sums[key]})
	}
	return usage.NewReport(query, time.Time{}, subjects)
}

// Whatever is written and asked, the database's sums are those of the definitions.
func TestReportsAreExact(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		epoch := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		instants := rapid.Custom(func(rt *rapid.T) time.Time {
			return epoch.Add(time.Duration(rapid.Int64Range(0, 5000).Draw(rt, "ms")) * time.Millisecond)
		})
		sessions := rapid.Custom(func(rt *rapid.T) usage.Session {
			return usage.Session{
				SessionID:       fmt.Sprint("s", rapid.IntRange(0, 30).Draw(rt, "session")),
				AccountID:       rapid.SampledFrom([]string{"a", "A", "b", "á", "b\t", "b!"}).Draw(rt, "account"),
				CustomerID:      rapid.SampledFrom([]string{"", "x", "X", "y", "日本"}).Draw(rt, "customer"),
				StartedAt:       instants.Draw(rt, "start"),
				DurationSeconds: rapid.SampledFrom([]int64{0, 1, 59, 60, 61, 3600, usage.MaxDurationSeconds}).Draw(rt, "duration"),
			}
		})
		rapid.Check(t, func(rt *rapid.T) {
			execute(t, dsn, `DELETE FROM ai_sessions`)
			stored := map[string]usage.Session{}
			for range rapid.IntRange(1, 3).Draw(rt, "batches") {
				batch := rapid.SliceOfN(sessions, 0, 20).Draw(rt, "batch")
				write(t, store, batch...)
				for _, session := range batch {
					stored[session.SessionID] = session
				}
			}
			query := usage.Query{
				Zone:       time.UTC,
				AccountID:  rapid.SampledFrom([]string{"", "a", "A", "nobody"}).Draw(rt, "account filter"),
				CustomerID: rapid.SampledFrom([]string{"", "", "x", "y"}).Draw(rt, "customer filter"),
			}
			if rapid.Bool().Draw(rt, "has start") {
				query.Range.From = instants.Draw(rt, "from").Add(rapid.SampledFrom([]time.Duration{0, 1, 999_999}).Draw(rt, "ns"))
			}
			if rapid.Bool().Draw(rt, "has end") {
				query.Range.To = instants.Draw(rt, "to").Add(rapid.SampledFrom([]time.Duration{0, 1, 999_999}).Draw(rt, "ns"))
			}
			got, err := store.Report(t.Context(), query)
			if err != nil {
				rt.Fatal(err)
			}
			want := expected(stored, query)
			want.AsOf, want.ReadAt = got.AsOf, got.ReadAt
			want.ReadBy(got.Source, got.Plan)
			if !reflect.DeepEqual(got, want) {
				rt.Fatalf("got  %+v\nwant %+v", got, want)
			}
		})
	})
}

// A bound between two milliseconds, which is what a table can hold of a start, is between the
// sessions that start at them, and not rounded to either.
func TestBoundsBetweenTwoMilliseconds(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		const millisecond = time.Millisecond
		at := time.Date(2026, 3, 1, 0, 0, 2, 195_000_000, time.UTC)
		write(t, store,
			usage.Session{SessionID: "before", AccountID: "a", CustomerID: "y", StartedAt: at, DurationSeconds: 1},
			usage.Session{SessionID: "after", AccountID: "a", CustomerID: "y", StartedAt: at.Add(millisecond), DurationSeconds: 61})
		for beyond, sessions := range map[time.Duration]int64{-1: 0, 0: 0, 1: 1, 499_999: 1, 500_000: 1, 999_999: 1, millisecond: 1, millisecond + 1: 2} {
			for _, customer := range []string{"", "y"} {
				until, err := store.Report(t.Context(), usage.Query{Zone: time.UTC, CustomerID: customer, Range: usage.Range{To: at.Add(beyond)}})
				if err != nil {
					t.Fatal(err)
				}
				from, err := store.Report(t.Context(), usage.Query{Zone: time.UTC, CustomerID: customer, Range: usage.Range{From: at.Add(beyond)}})
				if err != nil {
					t.Fatal(err)
				}
				if until.Totals.Sessions != sessions || from.Totals.Sessions != 2-sessions {
					t.Errorf("%v beyond, customer %q: %d sessions before and %d from then on", beyond, customer, until.Totals.Sessions, from.Totals.Sessions)
				}
			}
		}
	})
}

func TestRangesBeyondWhatADateTimeHoldsAreAnswered(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		write(t, store,
			usage.Session{SessionID: "first", AccountID: "a", StartedAt: usage.Earliest, DurationSeconds: 1},
			usage.Session{SessionID: "last", AccountID: "a", StartedAt: usage.Latest, DurationSeconds: 1})
		for _, c := range []struct {
			start, end string
			want       int64
		}{
			{"0001-01-01", "9999-12-31", 2},
			{"0001-01-01", "0999-12-31", 0},
			{"0001-01-01", "1000-01-01", 1},
			{"9999-12-31T23:59:59.999Z", "", 1},
			{"9999-12-31T23:59:59.9991Z", "", 0},
			{"", "9999-12-31T23:59:59.999Z", 1},
			{"", "9999-12-31T23:59:59.9999999Z", 2},
		} {
			if got := report(t, store, usage.Request{StartDate: c.start, EndDate: c.end}).Totals.Sessions; got != c.want {
				t.Errorf("from %q to %q: %d sessions, want %d", c.start, c.end, got, c.want)
			}
		}
	})
}

// The platform may write an empty customer where the gateway writes NULL.
func TestAnEmptyCustomerIsNoCustomer(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, `INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds)
			VALUES ('1', 'a', NULL, '2026-03-01', 60), ('2', 'a', '', '2026-03-01', 60), ('3', 'a', 'c', '2026-03-01', 60)`)
		got := report(t, store, usage.Request{})
		if len(got.Subjects) != 2 || got.Accounts[0].WithoutCustomer.Minutes != 2 || len(got.Customers) != 1 {
			t.Errorf("got %+v", got)
		}
	})
}
