package read_test

import (
	"context"
	"testing"
	"time"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// A sum of less than nothing is not believed unless the sessions have it, too: answers come from these then, and
// whoever looks after the sums is told.
func TestSumsOfLessThanNothingAreNotBelieved(t *testing.T) {
	connections := oneSum(t, dbtest.One(t))
	execOn(t, connections, "ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start, DROP COLUMN ai_minutes", "ALTER TABLE ai_sessions MODIFY duration_seconds INT NOT NULL, ADD COLUMN ai_minutes INT NOT NULL DEFAULT 1")
	// Of others there is so much that no total is negative.
	execOn(t, connections, "INSERT INTO usage_accounts (account_no, account_id) VALUES (2, 'b')", "INSERT INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES (2, 1, 'a', 'y'), (3, 2, 'b', 'x')",
		"INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (2, '2026-03-01', 1, 2, 100, 9000, 9)",
		"INSERT INTO usage_account_rollups (grain, bucket, account_no, minutes, seconds, sessions) VALUES (2, '2026-03-01', 2, 100, 9000, 9)")
	for _, c := range []struct {
		sums, sessions string
		want           int64
		suspect        bool
	}{
		{"minutes = 60, seconds = 3600, sessions = 1", "ai_minutes = 1", 60, false},
		{"minutes = -60, seconds = 3600, sessions = 1", "ai_minutes = 1", 1, true},
		{"minutes = 60, seconds = -3600, sessions = 1", "ai_minutes = 1", 1, true},
		{"minutes = 60, seconds = 3600, sessions = -1", "ai_minutes = 1", 1, true},
		{"minutes = -60, seconds = 3600, sessions = 1", "ai_minutes = -1", -60, false},
	} {
		execOn(t, connections, "UPDATE usage_customer_rollups SET "+c.sums+" WHERE subject_no = 1", "UPDATE usage_account_rollups SET "+c.sums+" WHERE account_no = 1", "UPDATE usage_total_rollups SET "+c.sums, "UPDATE ai_sessions SET "+c.sessions)
		for name, level := range map[string]usage.Level{"customers": usage.ByCustomer, "accounts": usage.ByAccount, "everybody": usage.Together} {
			want := c.want
			if level != usage.Together && !c.suspect {
				want += 100
			}
			for way, ask := range map[string]func(reader *read.Reader) (int64, error){
				"a report": func(reader *read.Reader) (int64, error) {
					report, err := reader.Report(t.Context(), ofTheDay(level).Query)
					if err != nil {
						return 0, err
					}
					return report.Totals.Minutes, nil
				},
				"a series": func(reader *read.Reader) (int64, error) {
					set, err := reader.Series(t.Context(), ofTheDay(level))
					if err != nil {
						return 0, err
					}
					return minutesOf(set), nil
				},
			} {
				levels := phase.NewTracker(connections, phase.Levels)
				got, err := ask(read.New(connections, levels, phase.NewTracker(connections, phase.Hours)))
				if suspect := levels.Suspicion() != ""; err != nil || got != want || suspect != c.suspect {
					t.Errorf("%s of %s where %s and %s: got %d, want %d, suspected %v, %v", way, name, c.sums, c.sessions, got, want, suspect, err)
				}
			}
		}
	}
}

// Where the sessions cannot be read in the place of sums that are not believed, that is told.
func TestNothingIsGivenInThePlaceOfSessionsThatCannotBeRead(t *testing.T) {
	dsn := dbtest.One(t)
	execOn(t, oneSum(t, dsn), "UPDATE usage_customer_rollups SET minutes = -60")
	reader, _, statements := recordedReader(t, dsn)
	ask := func() (*usage.Report, error) { return reader.Report(t.Context(), ofTheDay(usage.ByCustomer).Query) }
	if report, err := ask(); err != nil || report.Totals.Minutes != 1 {
		t.Fatal(report, err)
	}
	for n := 1; ; n++ {
		statements.Fail(n)
		report, err := ask()
		failed := statements.Failed()
		if (err == nil) != (failed == "") || err == nil && report.Totals.Minutes != 1 {
			t.Errorf("where this failed: %.100q: got %+v, %v", failed, report, err)
		}
		if failed == "" {
			break
		}
	}
}

// Customers are known in memory once that was anticipated, and not before.
func TestCustomersAreKnownWhereThatIsAnticipated(t *testing.T) {
	connections := oneSum(t, dbtest.One(t))
	execOn(t, connections, "INSERT INTO usage_subject_stamp (stamp_id, stamp, upto) VALUES (1, 7, 1) ON DUPLICATE KEY UPDATE stamp = 7, upto = 1")
	reader := readerOf(connections)
	if got := reader.KnownCustomers(); got != 0 {
		t.Errorf("%d are known", got)
	}
	servers := read.NewServers(reader)
	aside := readerOf(connections)
	servers.ReadAside(aside)
	servers.Anticipate()
	servers.Anticipate() // which changes nothing
	for _, one := range []*read.Reader{reader, aside} {
		for deadline := time.Now().Add(time.Minute); one.KnownCustomers() != 1; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d are known", one.KnownCustomers())
			}
		}
	}
	if got := servers.KnownCustomers(); got != 1 {
		t.Errorf("%d are known", got)
	}
	alone := read.NewServers(reader)
	alone.Anticipate()
	if got := alone.KnownCustomers(); got != 1 {
		t.Errorf("%d are known without others", got)
	}
	named := func(servers *read.Servers) (string, time.Time, error) {
		snapshot := servers.Snapshot(t.Context())
		defer snapshot.Close()
		state, asOf, now, err := snapshot.(interface {
			State(ctx context.Context) (string, time.Time, time.Time, error)
		}).State(t.Context())
		if !asOf.Equal(now) {
			t.Errorf("of %v at %v", asOf, now)
		}
		return state, asOf, err
	}
	if state, asOf, err := named(servers); err != nil || state == "" || asOf.IsZero() {
		t.Errorf("named %q of %v, %v", state, asOf, err)
	}
	closed, err := pool.Open("root@tcp(127.0.0.1:1)/none", pool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Close()
	servers = read.NewServers(reader)
	servers.ReadAside(readerOf(closed)) // which knows none
	if got := servers.KnownCustomers(); got != 0 {
		t.Errorf("%d are known aside", got)
	}
	nowhere := read.NewServers(readerOf(closed))
	nowhere.ReadAside(readerOf(closed))
	if state, _, err := named(nowhere); err == nil || usage.AsError(err).Code != usage.Unavailable {
		t.Errorf("named %q, %v", state, err)
	}
}

// minutesOf are those that everybody has in the first point of a series.
func minutesOf(set *usage.SeriesSet) (sum int64) {
	for _, subject := range []usage.Subject{{}, {AccountID: "a"}, {AccountID: "b"}, {AccountID: "a", CustomerID: "x"}, {AccountID: "a", CustomerID: "y"}} {
		if points := set.Of(subject); len(points) > 0 {
			sum += points[0].Minutes
		}
	}
	return sum
}
