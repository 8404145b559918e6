package db_test

import (
	"reflect"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// A range with both ends has its points whether there is usage or not; one that is open has
// points where there is usage, and one in which no session can be has none.
func TestRangesWithoutUsageHaveTheirPoints(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, _ string) {
		far := time.Date(2199, 1, 1, 12, 30, 0, 0, time.UTC)
		late := session("late", 60)
		late.AccountID, late.StartedAt = "late", far
		write(t, store, session("1", 60), late)
		day := usage.Day.Floor(noon)
		for _, test := range []struct {
			name    string
			account string
			span    usage.Range
			want    int
		}{
			{"before all usage", "", usage.Range{From: day.AddDate(0, 0, -9), To: day.AddDate(0, 0, -6)}, 3},
			{"of nobody", "nobody", usage.Range{From: day, To: day.AddDate(0, 0, 2)}, 2},
			{"of nobody, open", "nobody", usage.Range{}, 0},
			{"of nobody, from", "nobody", usage.Range{From: day}, 0},
			{"of nobody, to", "nobody", usage.Range{To: day}, 0},
			{"up to before the first usage", "a", usage.Range{To: day}, 0},
			{"up to the first usage", "a", usage.Range{To: noon.Add(time.Minute)}, 1},
			{"from after the last usage", "late", usage.Range{From: far.Add(24 * time.Hour)}, 0},
			{"from the end of the last usage", "late", usage.Range{From: far.Add(30 * time.Minute)}, 0},
			{"from the last usage", "late", usage.Range{From: far}, 1},
			{"up to where no session can be", "", usage.Range{To: time.Date(500, 1, 1, 0, 0, 0, 0, time.UTC)}, 0},
			{"from where no session can be", "", usage.Range{From: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, 0},
		} {
			query := usage.Query{Zone: time.UTC, AccountID: test.account, Range: test.span}
			for _, level := range []usage.Level{usage.Together, usage.ByAccount, usage.ByCustomer} {
				set, err := store.Series(t.Context(), usage.SeriesQuery{Query: atLevel(level, query), Step: usage.Daily})
				if err != nil {
					t.Errorf("%s: %v", test.name, err)
				} else if len(set.Buckets) != test.want {
					t.Errorf("%s: %d points, want %d: %v", test.name, len(set.Buckets), test.want, set.Buckets)
				}
			}
		}
	})
}

// What is asked of one snapshot after the other has the ends of its own usage each time.
func TestEachSeriesOfASnapshotHasItsOwnEnds(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, dsn string) {
		begins := map[[2]string]int{{"a", ""}: 0, {"b", ""}: 10, {"a", "y"}: 5, {"a", "x"}: 0, {"b", "x"}: 10, {"", "y"}: 5, {"", "x"}: 0, {"", ""}: 0} // days from the first
		var sessions []usage.Session
		for i, subject := range []usage.Subject{{AccountID: "a", CustomerID: "x"}, {AccountID: "a", CustomerID: "y"}, {AccountID: "b", CustomerID: "x"}, {AccountID: "b"}} {
			one := session(string(rune('1'+i)), 60)
			one.AccountID, one.CustomerID, one.StartedAt = subject.AccountID, subject.CustomerID, noon.AddDate(0, 0, 5*i)
			sessions = append(sessions, one)
		}
		write(t, store, sessions...)
		query := func(account, customer string) usage.SeriesQuery {
			return usage.SeriesQuery{Query: usage.Query{Level: usage.Together, Zone: time.UTC, AccountID: account, CustomerID: customer, Range: usage.Range{To: noon.AddDate(0, 1, 0)}}, Step: usage.Daily}
		}
		if !isEmbedded(t, store) {
			// Of some, there are sums, and changes of the others.
			if err := store.FoldBatch(t.Context(), 2); err != nil {
				t.Fatal(err)
			}
		}
		check := func() {
			t.Helper()
			snapshot := store.Snapshot(t.Context())
			defer snapshot.Close()
			for whose := range begins {
				got, err := snapshot.Series(t.Context(), query(whose[0], whose[1]))
				if err != nil {
					t.Fatal(err)
				}
				want, err := store.Series(t.Context(), query(whose[0], whose[1]))
				if err != nil {
					t.Fatal(err)
				}
				first := noon.AddDate(0, 0, begins[whose])
				if !reflect.DeepEqual(got.Buckets, want.Buckets) || len(got.Buckets) == 0 || !got.Buckets[0].From.Equal(first) {
					t.Errorf("%q: %v, alone %v, want the first at %v", whose, got.Buckets, want.Buckets, first)
				}
			}
		}
		check()
		if isEmbedded(t, store) {
			return
		}
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'raw'", "DELETE FROM usage_changes", "DELETE FROM usage_subjects")
		store.Forget()
		check()
	})
}

// Open ends are on the hour: that of the first usage, and the end of that of the last or of
// now. Those of accounts that somebody may not see do not show in them.
func TestOpenEndsAreOnTheHourAndOfTheScope(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, _ string) {
		now, err := store.Clock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		early, mine, late := session("early", 60), session("mine", 60), session("late", 60)
		early.AccountID, early.StartedAt = "early", now.AddDate(0, 0, -9)
		mine.StartedAt = usage.Hour.Floor(now.Add(-72 * time.Hour)).Add(25*time.Minute + time.Millisecond)
		late.AccountID, late.StartedAt = "late", usage.Hour.Floor(now.AddDate(0, 0, 20)).Add(40*time.Minute)
		write(t, store, early, mine, late)
		ends := func(query usage.Query) (from, to time.Time) {
			t.Helper()
			query.Zone = time.UTC
			set, err := store.Series(t.Context(), usage.SeriesQuery{Query: atLevel(usage.Together, query), Step: usage.Daily})
			if err != nil || len(set.Buckets) == 0 {
				t.Fatal(set, err)
			}
			return set.Buckets[0].From, set.Buckets[len(set.Buckets)-1].To
		}
		for _, query := range []usage.Query{{AccountID: "a"}, {Accounts: []string{"a"}}, {Accounts: []string{"a"}, CustomerID: "c"}, {AccountID: "a", CustomerID: "c"}} {
			from, to := ends(query)
			if !from.Equal(usage.Hour.Floor(mine.StartedAt)) || !to.Equal(usage.Hour.Floor(to)) || to.Before(now) || to.After(now.Add(3*time.Hour)) {
				t.Errorf("%+v: from %v to %v, at %v", query, from, to, now)
			}
		}
		for _, query := range []usage.Query{{}, {CustomerID: "c"}, {Accounts: []string{"late", "early"}}} {
			if from, to := ends(query); !from.Equal(usage.Hour.Floor(early.StartedAt)) || !to.Equal(usage.Hour.Next(late.StartedAt)) {
				t.Errorf("%+v: from %v to %v", query, from, to)
			}
		}
	})
}
