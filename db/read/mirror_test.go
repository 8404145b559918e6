package read_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// newReader reads through connections of its own.
func newReader(connections *pool.Pool) *read.Reader {
	return read.New(connections, phase.NewTracker(connections, phase.Levels), phase.NewTracker(connections, phase.Hours))
}

// Where the sessions are in memory, answers are those of the statements, and no session is
// read for them.
func TestAnswersFromMemoryAreThoseOfTheStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		if !strings.HasSuffix(t.Name(), "/embedded") {
			t.Skip("only the embedded engine has sessions in memory")
		}
		connections := tables.Open(t, dsn)
		random := rand.New(rand.NewPCG(3, 4))
		for i := range 200 {
			start := any(around[random.IntN(len(around))].Add(time.Duration(random.IntN(4*24*60)) * time.Minute))
			if i%20 == 0 {
				start = "0999-12-31" // no start that can be read
			}
			_, err := connections.ExecContext(t.Context(), "INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, NULLIF(?, ''), ?, ?)",
				fmt.Sprint(i), among(random, "a", "B", "c"), among(random, "", "x", "y"), start, random.IntN(300))
			if err != nil {
				t.Fatal(err)
			}
		}
		recorded, statements := dbtest.Record(t, dsn)
		opened, err := pool.Open(recorded, pool.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		recalling, plain := newReader(opened), newReader(connections)
		if err := recalling.RecallSessions(t.Context()); err != nil {
			t.Fatal(err)
		}
		statements.Take()
		zones := []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"}
		for range 300 {
			zone, err := time.LoadLocation(among(random, zones...))
			if err != nil {
				t.Fatal(err)
			}
			query := usage.Query{Level: among(random, usage.ByCustomer, usage.ByAccount, usage.Together), Zone: zone,
				AccountID: among(random, "", "", "a", "nobody"), CustomerID: among(random, "", "", "x"), Accounts: among(random, nil, nil, []string{"a", "c"}, []string{})}
			if random.IntN(5) > 0 {
				query.Range.From = around[random.IntN(len(around))].Add(time.Duration(random.IntN(96)-24) * 15 * time.Minute)
			}
			if random.IntN(5) > 0 && !query.Range.From.IsZero() {
				query.Range.To = query.Range.From.Add(time.Duration(1+random.IntN(400)) * 13 * time.Minute)
			}
			got, err := recalling.Report(t.Context(), query)
			want, wantErr := plain.Report(t.Context(), query)
			if err != nil || wantErr != nil {
				t.Fatal(err, wantErr)
			}
			if !reflect.DeepEqual(got.Subjects, want.Subjects) || got.Totals != want.Totals || !reflect.DeepEqual(got.Plan, want.Plan) || got.Source != want.Source {
				t.Fatalf("%+v:\ngot  %+v\nwant %+v", query, got, want)
			}
			if got.AsOf.IsZero() || want.AsOf.Sub(got.AsOf).Abs() > time.Minute {
				t.Errorf("as of %v, want %v", got.AsOf, want.AsOf)
			}
			series := usage.SeriesQuery{Query: query, Step: among(random, usage.Hourly, usage.Daily, usage.Monthly)}
			if query.Range.From.IsZero() || query.Range.To.IsZero() {
				series.Step = usage.Monthly
			}
			points, err := recalling.Series(t.Context(), series)
			wantPoints, wantErr := plain.Series(t.Context(), series)
			if err != nil || wantErr != nil {
				t.Fatal(err, wantErr)
			}
			points.AsOf, wantPoints.AsOf = time.Time{}, time.Time{}
			if !reflect.DeepEqual(points, wantPoints) {
				t.Fatalf("%+v:\ngot  %+v\nwant %+v", series, points, wantPoints)
			}
		}
		for _, statement := range statements.Take() {
			if strings.Contains(statement, "FROM ai_sessions") {
				t.Fatalf("read sessions: %s", statement)
			}
		}
		// Whatever cannot be asked of the server is told, and what has been written since counts.
		all := usage.Query{Level: usage.ByCustomer, Zone: time.UTC}
		minutes := func(reader *read.Reader) int64 {
			t.Helper()
			report, err := reader.Report(t.Context(), all)
			if err != nil {
				t.Fatal(err)
			}
			return report.Totals.Minutes
		}
		want := minutes(plain)
		for name, ask := range map[string]func() (int64, error){
			"a report": func() (int64, error) {
				report, err := recalling.Report(t.Context(), all)
				if err != nil {
					return 0, err
				}
				return report.Totals.Minutes, nil
			},
			"a series": func() (int64, error) {
				set, err := recalling.Series(t.Context(), usage.SeriesQuery{Query: all, Step: usage.Yearly})
				if err != nil || len(set.Buckets) == 0 {
					return 0, err
				}
				return want, nil
			},
		} {
			for n := 1; ; n++ {
				statements.Fail(n)
				got, err := ask()
				failed := statements.Failed()
				if (err == nil) != (failed == "") || err == nil && got != want {
					t.Errorf("%s, where this failed: %.100q: got %d, %v", name, failed, got, err)
				}
				if failed == "" {
					break
				}
			}
		}
		execOn(t, connections, "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('new', 'a', '2025-03-29 12:00', 60)")
		if got := minutes(recalling); got != want+1 || got != minutes(plain) {
			t.Errorf("after a write %d minutes, want %d", got, want+1)
		}
	})
}

// The state of the embedded engine is named by a hash, which is another one whenever something was written.
func TestTheStateOfTheEmbeddedEngineIsNamedByAHash(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		if !strings.HasSuffix(t.Name(), "/embedded") {
			t.Skip("only the embedded engine has hashes")
		}
		connections := tables.Open(t, dsn)
		reader := newReader(connections)
		name := func() string {
			t.Helper()
			snapshot := reader.Snapshot(t.Context()).(*read.Snapshot)
			defer snapshot.Close()
			state, asOf, now, err := snapshot.State(t.Context())
			if err != nil || state == "" || asOf.IsZero() || !asOf.Equal(now) {
				t.Fatal(state, asOf, now, err)
			}
			return state
		}
		first := name()
		if again := name(); again != first {
			t.Errorf("nothing has changed: %q and %q", first, again)
		}
		execOn(t, connections, "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('1', 'a', '2026-03-01', 60)")
		if second := name(); second == first {
			t.Errorf("after a write: %q", second)
		}
	})
}
