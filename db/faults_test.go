package db_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// fewSessions are sessions of several subjects, in hours of two months.
func fewSessions(seconds int64) (all []usage.Session) {
	for i := range 6 {
		all = append(all, usage.Session{
			SessionID: fmt.Sprint("few", i), AccountID: fmt.Sprint("a", i%3), CustomerID: strings.Repeat("c", i%2),
			StartedAt: noon.AddDate(0, i%2, 0), DurationSeconds: seconds + int64(i),
		})
	}
	return all
}

// Whichever statement fails, whoever asked is told, and no session is counted twice
// or not at all.
func TestNoStatementFailsUnnoticed(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, fewSessions(60)...)
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		recorded, statements := dbtest.Record(t, dsn)
		faulty := open(t, recorded)
		query, err := usage.Request{StartDate: "2026-03-01T10:30", EndDate: "2026-05-01"}.Query(nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		april := usage.Range{From: noon.AddDate(0, 1, 0).Truncate(24 * time.Hour)}
		round := int64(60)
		reads := func(name string, read func(ctx context.Context) (any, error)) func(context.Context) error {
			want, err := read(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return func(ctx context.Context) error {
				got, err := read(ctx)
				if err == nil && !reflect.DeepEqual(got, want) {
					t.Errorf("%s: got %+v, want %+v", name, got, want)
				}
				return err
			}
		}
		openSeries := func(query usage.Query) func(context.Context) error {
			query.Zone, query.Range.To = time.UTC, noon.AddDate(0, 2, 0)
			return reads("an open series", func(ctx context.Context) (any, error) {
				set, err := faulty.Series(ctx, usage.SeriesQuery{Query: atLevel(usage.Together, query), Step: usage.Monthly})
				if err != nil {
					return nil, err
				}
				return set.Of(usage.Subject{}), nil
			})
		}
		type step struct {
			name string
			// before prepares a try that writes, through a connection without faults.
			before func()
			try    func(ctx context.Context) error
		}
		for _, s := range []step{
			{"a report", nil, reads("a report", func(ctx context.Context) (any, error) {
				report, err := faulty.Report(ctx, query)
				if err != nil {
					return nil, err
				}
				return report.Subjects, nil
			})},
			{"a series", nil, reads("a series", func(ctx context.Context) (any, error) {
				snapshot := faulty.Snapshot(ctx)
				defer snapshot.Close()
				set, err := snapshot.Series(ctx, usage.SeriesQuery{Query: atLevel(usage.ByAccount, query), Step: usage.Daily})
				if err != nil {
					return nil, err
				}
				return set.Of(usage.Subject{AccountID: "a1"}), nil
			})},
			{"an open series", nil, openSeries(usage.Query{})},
			{"an open series of an account", nil, openSeries(usage.Query{AccountID: "a1"})},
			{"an open series of a customer", nil, openSeries(usage.Query{CustomerID: "c"})},
			{"names", nil, reads("names", func(ctx context.Context) (any, error) {
				snapshot := faulty.Snapshot(ctx)
				defer snapshot.Close()
				return snapshot.Names(ctx, []usage.Subject{{AccountID: "a1"}, {AccountID: "a1", CustomerID: "c"}})
			})},
			{"a search", nil, reads("a search", func(ctx context.Context) (any, error) {
				return faulty.FindCustomers(ctx, usage.Search{Text: "c", Limit: 10})
			})},
			{"the status", nil, reads("the status", func(ctx context.Context) (any, error) {
				status, err := faulty.RollupStatus(ctx)
				status.Lag = 0
				return status, err
			})},
			{"writing", func() { round++ }, func(ctx context.Context) error {
				_, err := faulty.WriteSessions(ctx, append(fewSessions(round), session(fmt.Sprint("new", round), round)))
				return err
			}},
			{"folding", func() {
				round++
				one := session(fmt.Sprint("new", round), round)
				one.AccountID, one.CustomerID = fmt.Sprint("new", round), "new"
				write(t, store, append(fewSessions(round), one)...)
			}, func(ctx context.Context) error {
				_, err := faulty.Fold(ctx, nil)
				return err
			}},
			{"rebuilding", func() {
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				execute(t, dsn, "UPDATE usage_customer_rollups SET minutes = minutes + 1, sessions = sessions - 1 WHERE bucket >= '2026-04-01'")
			}, func(ctx context.Context) error {
				_, err := faulty.RebuildRollups(ctx, april, nil)
				return err
			}},
		} {
			for at := 1; ; at = nextFault(at) {
				if s.before != nil {
					s.before()
				}
				statements.Fail(at)
				err := s.try(t.Context())
				failed := statements.Failed()
				if err == nil && failed != "" && !strings.HasPrefix(failed, "SET @aiusage_recorded = NULL") {
					t.Errorf("%s: nobody is told that this failed: %.150s", s.name, failed)
				}
				if faulty.BulkVariable(t) {
					t.Errorf("%s: after %.150s, a connection without triggers is in the pool", s.name, failed)
				}
				if failed == "" {
					if err != nil || at < 2 {
						t.Errorf("%s: %v after %d statements", s.name, err, at)
					}
					break
				}
				if s.name == "rebuilding" { // what is left to correct is corrected by the next
					if _, err := store.RebuildRollups(t.Context(), april, nil); err != nil {
						t.Fatal(err)
					}
				}
				if s.before != nil {
					holds(t, store, dsn, fmt.Sprintf("%s, after %.60s", s.name, failed))
				}
				if t.Failed() {
					return
				}
			}
		}
	})
}
