package db_test

import (
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// A sum that no sessions can have is not reported: the answer is read from them.
func TestNegativeSumsAreNotBelieved(t *testing.T) {
	for _, damage := range []string{
		"UPDATE usage_customer_rollups, usage_total_rollups SET usage_customer_rollups.sessions = -7, usage_total_rollups.sessions = -7",
		"UPDATE usage_customer_rollups, usage_total_rollups SET usage_customer_rollups.minutes = -7, usage_total_rollups.minutes = -7",
		"UPDATE usage_customer_rollups, usage_total_rollups SET usage_customer_rollups.seconds = -1, usage_total_rollups.seconds = -1",
		"INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a', 'c', '2026-03-01 12:00', -1000, 0, 0)",
	} {
		t.Run(damage, func(t *testing.T) {
			anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				write(t, store, session("1", 60), session("2", 61))
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				execute(t, dsn, damage)
				want := usage.Usage{Minutes: 3, Seconds: 121, Sessions: 2}
				if got := report(t, store, usage.Request{StartDate: "2026-03-01"}).Totals; got != want {
					t.Errorf("got %v, want %v", got, want)
				}
				if got := status(t, store); !got.Distrusted || !strings.Contains(got.Reason, "negative") {
					t.Errorf("got %+v", got)
				}
				query := usage.SeriesQuery{Step: usage.Daily, Query: usage.Query{Level: usage.Together, Zone: time.UTC, Range: usage.Range{From: noon.AddDate(0, 0, -1), To: noon.AddDate(0, 0, 1)}}}
				fresh := open(t, dsn)
				set, err := fresh.Series(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				var sum usage.Usage
				for _, point := range set.Of(usage.Subject{}) {
					sum = sum.Plus(point.Usage)
				}
				if sum != want || !strings.Contains(status(t, fresh).Reason, "negative") {
					t.Errorf("series: got %v, want %v; %+v", sum, want, status(t, fresh))
				}
				if err := store.LookAfter(t.Context()); err == nil {
					t.Error("it is not told")
				}
				if got := status(t, store); got.Phase != db.Ready || got.Reason != "" {
					t.Errorf("afterwards: %+v", got)
				}
				holds(t, store, dsn, "repaired")
			})
		})
	}
}

// Where neither the sums nor the sessions can be read, that is told, and no negative sum is.
func TestNegativeSumsAreNotGivenForWantOfOthers(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		query := usage.Query{Zone: time.UTC, Range: usage.Range{From: usage.Day.Floor(noon), To: usage.Day.Next(noon)}}
		// Sums that are right are given as they are.
		if got, err := store.Report(t.Context(), query); err != nil || got.Source != usage.FromRollups {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err := store.Series(t.Context(), usage.SeriesQuery{Query: atLevel(usage.Together, query), Step: usage.Daily}); err != nil || status(t, store).Distrusted {
			t.Errorf("right sums: %v, %+v", err, status(t, store))
		}
		execute(t, dsn, "UPDATE usage_customer_rollups SET sessions = -7, minutes = -7", "UPDATE usage_total_rollups SET sessions = -7, minutes = -7")
		recorded, statements := dbtest.Record(t, dsn)
		faulty := open(t, recorded)
		for name, ask := range map[string]func() (minutes int64, err error){
			"a report": func() (int64, error) {
				report, err := faulty.Report(t.Context(), query)
				if err != nil {
					return 0, err
				}
				return report.Totals.Minutes, nil
			},
			"a series": func() (int64, error) {
				set, err := faulty.Series(t.Context(), usage.SeriesQuery{Query: atLevel(usage.Together, query), Step: usage.Daily})
				if err != nil {
					return 0, err
				}
				return set.Of(usage.Subject{})[0].Minutes, nil
			},
		} {
			if got, err := ask(); got != 1 || err != nil {
				t.Fatalf("%s: %d minutes, %v", name, got, err)
			}
			for n := 1; ; n++ {
				statements.Fail(n)
				got, err := ask()
				failed := statements.Failed()
				if err == nil && got != 1 {
					t.Errorf("%s: %d minutes where this failed: %.100s", name, got, failed)
				}
				if failed == "" {
					if n < 3 {
						t.Errorf("%s took %d statements", name, n-1)
					}
					break
				}
				if err == nil {
					t.Errorf("%s: nobody is told that this failed: %.100s", name, failed)
				}
			}
		}
	})
}

// A platform may write negative durations: sums of them are what they are.
func TestNegativeDurationsAreReported(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, "ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start, DROP COLUMN ai_minutes",
			"ALTER TABLE ai_sessions MODIFY duration_seconds INT NOT NULL, ADD COLUMN ai_minutes INT NOT NULL DEFAULT 0",
			"INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds, ai_minutes) VALUES ('1', 'a', '2026-03-01', -600, -10), ('2', 'a', '2026-03-02', 60, 1)")
		holds(t, store, dsn, "written")
		month := usage.Range{From: usage.Month.Floor(noon), To: usage.Month.Next(noon)}
		set, err := store.Series(t.Context(), usage.SeriesQuery{Step: usage.Monthly, Query: usage.Query{Level: usage.Together, Zone: time.UTC, Range: month}})
		if err != nil || set.Of(usage.Subject{})[0].Usage != plainSums(t, dsn, "TRUE") {
			t.Errorf("series: %+v, %v", set, err)
		}
		if got := status(t, store); got.Reason != "" || got.Distrusted {
			t.Errorf("right sums are not believed: %+v", got)
		}
		if err := store.LookAfter(t.Context()); err != nil || status(t, store).Reason != "" {
			t.Errorf("%v, %+v", err, status(t, store))
		}
	})
}
