package read_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// oneSum is a database with a session of a minute, and sums of an hour for it, which tell from which of
// them an answer is.
func oneSum(t *testing.T, dsn string) *pool.Pool {
	t.Helper()
	connections := tables.Open(t, dsn)
	execOn(t, connections, "INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('1', 'a', 'x', '2026-03-01 12:00', 60)",
		"INSERT INTO usage_accounts (account_no, account_id) VALUES (1, 'a')", "INSERT INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES (1, 1, 'a', 'x')",
		"INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (2, '2026-03-01', 1, 1, 60, 3600, 1)",
		"INSERT INTO usage_account_rollups (grain, bucket, account_no, minutes, seconds, sessions) VALUES (2, '2026-03-01', 1, 60, 3600, 1)",
		"INSERT INTO usage_total_rollups (grain, bucket, minutes, seconds, sessions) VALUES (2, '2026-03-01', 60, 3600, 1)",
		"INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 0)")
	return connections
}

// ofTheDay asks for the usage of the day of the session.
func ofTheDay(level usage.Level) usage.SeriesQuery {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return usage.SeriesQuery{Query: usage.Query{Level: level, Zone: time.UTC, Range: usage.Range{From: day, To: day.AddDate(0, 0, 1)}}, Step: usage.Daily}
}

// minutesBy asks in every way, and returns how many minutes each answer has.
func minutesBy(t *testing.T, reader *read.Reader) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	took := func(what string, minutes int64, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		all[what] = minutes
	}
	for name, level := range map[string]usage.Level{"customers": usage.ByCustomer, "accounts": usage.ByAccount, "everybody": usage.Together} {
		query := ofTheDay(level)
		minutes := func(report *usage.Report, err error) (int64, error) {
			if err != nil {
				return 0, err
			}
			return report.Totals.Minutes, nil
		}
		points := func(set *usage.SeriesSet, err error) (int64, error) {
			if err != nil {
				return 0, err
			}
			return set.Of(level.Of(usage.Subject{AccountID: "a", CustomerID: "x"}))[0].Minutes, nil
		}
		got, err := minutes(reader.Report(t.Context(), query.Query))
		took("a report of "+name, got, err)
		got, err = points(reader.Series(t.Context(), query))
		took("a series of "+name, got, err)
		snapshot := reader.Snapshot(t.Context())
		got, err = minutes(snapshot.Report(t.Context(), query.Query))
		took("a snapshot's report of "+name, got, err)
		got, err = points(snapshot.Series(t.Context(), query))
		took("a snapshot's series of "+name, got, err)
		if err := snapshot.Close(); err != nil {
			t.Error(err)
		}
	}
	return all
}

// An answer is of the state of the sums that its own snapshot has, whatever was known of it before.
func TestAnswersAreOfTheStateOfTheirSnapshot(t *testing.T) {
	connections := oneSum(t, dbtest.One(t))
	reader := readerOf(connections)
	if err := reader.KnowSubjects(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := func(what string, want int64) {
		t.Helper()
		for way, got := range minutesBy(t, reader) {
			if got != want {
				t.Errorf("%s: %s has %d minutes, want %d", what, way, got, want)
			}
		}
	}
	all("ready", 60)
	before := reader.Snapshot(t.Context()).(*read.Snapshot)
	defer before.Close()
	if report, err := before.Report(t.Context(), ofTheDay(usage.ByCustomer).Query); err != nil || report.Totals.Minutes != 60 {
		t.Fatal(report, err)
	}
	for i, way := range []func() (int64, error){
		func() (int64, error) {
			report, err := reader.Report(t.Context(), ofTheDay(usage.ByCustomer).Query)
			if err != nil {
				return 0, err
			}
			return report.Totals.Minutes, nil
		},
		func() (int64, error) {
			snapshot := reader.Snapshot(t.Context())
			defer snapshot.Close()
			report, err := snapshot.Report(t.Context(), ofTheDay(usage.Together).Query)
			if err != nil {
				return 0, err
			}
			return report.Totals.Minutes, nil
		},
		func() (int64, error) {
			set, err := reader.Series(t.Context(), ofTheDay(usage.Together))
			if err != nil {
				return 0, err
			}
			return set.Of(usage.Subject{})[0].Minutes, nil
		},
		func() (int64, error) {
			_, found := listedIDs(t, reader, usage.SessionsQuery{Query: usage.Query{Zone: time.UTC, CustomerID: "x"}, Limit: 2})
			return int64(len(found)), nil
		},
	} {
		execOn(t, connections, fmt.Sprintf("UPDATE usage_level_state SET phase = 'ready', generation = %d", 10+2*i))

		all("ready again", 60)
		execOn(t, connections, fmt.Sprintf("UPDATE usage_level_state SET phase = 'raw', generation = %d", 11+2*i))
		if got, err := way(); err != nil || got != 1 {
			t.Errorf("just changed, way %d: %d minutes, %v", i, got, err)
		}
	}
	all("raw", 1)
	if report, err := before.Report(t.Context(), ofTheDay(usage.Together).Query); err != nil || report.Totals.Minutes != 60 {
		t.Errorf("a snapshot of before: %+v, %v", report, err)
	}
	before.FromSessions()
	if report, err := before.Report(t.Context(), ofTheDay(usage.Together).Query); err != nil || report.Totals.Minutes != 1 || report.Source != usage.FromSessions {
		t.Errorf("from sessions: %+v, %v", report, err)
	}
	// What is no state at all is none that has sums.
	execOn(t, connections, "DELETE FROM usage_level_state")
	all("without a state", 1)
}

// What is too old is no answer, whichever way it is asked for, and neither is what may be.
func TestNoAnswerIsTooOld(t *testing.T) {
	dsn := dbtest.One(t)
	connections := oneSum(t, dsn)
	aside, err := pool.Open(dsn, pool.Options{Reading: true})
	if err != nil {
		t.Fatal(err)
	}
	defer aside.Close()
	reader := readerOf(aside)
	for _, c := range []struct {
		age  string // of the heartbeat in microseconds, or none
		most time.Duration
		old  bool
	}{
		{"", 0, false}, {"", time.Hour, true}, {"7200000000", 0, false}, {"7200000000", time.Hour, true}, {"7200000000", 4 * time.Hour, false},
	} {
		execOn(t, connections, "DELETE FROM usage_level_state WHERE state_id = 5")
		if c.age != "" {
			execOn(t, connections, "INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (5, 'heartbeat', '', TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) - "+c.age+", 0)")
		}
		reader.MaxStaleness = c.most
		for name, ask := range questions(reader) {
			if strings.Contains(name, "account") && !strings.Contains(name, "of") || strings.Contains(name, "found") || strings.Contains(name, "search") || name == "names" || name == "any sessions" || name == "how old it is" {
				continue // which are of names, or of nothing
			}
			_, err := ask(t.Context())
			coded, _ := errors.AsType[*usage.Error](err)
			if (err != nil) != c.old || c.old && coded.Code != usage.Stale {
				t.Errorf("%s, %q old, at most %v: %v", name, c.age, c.most, err)
			}
		}
		if shows, err := reader.Freshness(t.Context()); err != nil || !shows.Follows || shows.Seen.IsZero() != (c.age == "") {
			t.Errorf("%q old: %+v, %v", c.age, shows, err)
		}
		snapshot := reader.Snapshot(t.Context())
		for range 2 { // the first is no answer, by which the second might be
			if _, err := snapshot.Report(t.Context(), ofTheDay(usage.Together).Query); (err != nil) != c.old {
				t.Errorf("%q old, at most %v: %v", c.age, c.most, err)
			}
		}
		if err := snapshot.Close(); err != nil {
			t.Error(err)
		}
		report, err := reader.Report(t.Context(), ofTheDay(usage.Together).Query)
		if c.old {
			continue
		}
		set, failed := reader.Series(t.Context(), ofTheDay(usage.Together))
		if err := errors.Join(err, failed); err != nil {
			t.Fatal(err)
		}
		if set.Source != report.Source || len(set.Plan.Pieces) == 0 || len(report.Plan.Pieces) == 0 {
			t.Errorf("read from %v and %v by %+v and %+v", report.Source, set.Source, report.Plan, set.Plan)
		}
		if behind := report.ReadAt.Sub(report.AsOf); c.age == "" && behind != 0 || c.age != "" && (behind < 2*time.Hour || behind > 3*time.Hour) || report.AsOf.Sub(set.AsOf).Abs() > time.Hour {
			t.Errorf("%q old: of %v, read at %v, and a series of %v", c.age, report.AsOf, report.ReadAt, set.AsOf)
		}
	}
}

// The state of what a snapshot shows has another name whenever something was written, folded, corrected
// or begun anew, and the same one otherwise; nothing names it where the sessions are read, or where so much
// waits that it is about to change.
func TestTheStateHasANameOfItsOwn(t *testing.T) {
	connections := oneSum(t, dbtest.One(t))
	reader := readerOf(connections)
	name := func() string {
		t.Helper()
		snapshot := reader.Snapshot(t.Context()).(*read.Snapshot)
		defer snapshot.Close()
		state, asOf, now, err := snapshot.State(t.Context())
		if err != nil || asOf.IsZero() || !asOf.Equal(now) {
			t.Fatal(state, asOf, now, err)
		}
		return state
	}
	known := map[string]string{name(): "at first"}
	for _, statement := range []string{
		"INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a', 'x', '2026-03-01 12:00', 1, 60, 1)",
		"UPDATE usage_level_state SET corrections = corrections + 1",
		"UPDATE usage_level_state SET generation = generation + 1",
		"INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (2, 'folded', '', 7, 0) ON DUPLICATE KEY UPDATE generation = generation + 1",
	} {
		execOn(t, connections, statement)
		state := name()
		if before, twice := known[state]; twice || state == "" {
			t.Errorf("after %s: %q is named as %s", statement, state, before)
		}
		known[state] = "after " + statement
		if again := name(); again != state {
			t.Errorf("nothing has changed: %q and %q", state, again)
		}
	}
	execOn(t, connections, "INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a', 'x', '2026-03-01 12:00', 1, 60, 1)"+strings.Repeat(", ('a', 'x', '2026-03-01 12:00', 1, 60, 1)", 9_998))
	if state := name(); state == "" {
		t.Error("10,000 changes are too many")
	}
	execOn(t, connections, "INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a', 'x', '2026-03-01 12:00', 1, 60, 1)")
	if state := name(); state != "" {
		t.Errorf("10,001 changes: %q", state)
	}
	execOn(t, connections, "DELETE FROM usage_changes", "UPDATE usage_level_state SET phase = 'raw' WHERE state_id = 1")
	if state := name(); state != "" {
		t.Errorf("the sessions are read: %q", state)
	}
	execOn(t, connections, "DELETE FROM usage_level_state")
	if state := name(); state != "" {
		t.Errorf("there are no sums: %q", state)
	}
}

// Sums that do not fit in 64 bits are told, however they come about.
func TestTotalsThatDoNotFitAreTold(t *testing.T) {
	connections := oneSum(t, dbtest.One(t))
	execOn(t, connections, "UPDATE usage_customer_rollups SET minutes = 9223372036854775000", "UPDATE usage_total_rollups SET minutes = 9223372036854775000",
		"INSERT INTO usage_accounts (account_no, account_id) VALUES (2, 'b')", "INSERT INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES (2, 2, 'b', 'x')",
		"INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (2, '2026-03-01', 2, 2, 900, 3600, 1)",
		"INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a', 'x', '2026-03-01 12:00', 900, 60, 1)")
	reader := readerOf(connections)
	for _, level := range []usage.Level{usage.ByCustomer, usage.Together} {
		_, err := reader.Report(t.Context(), ofTheDay(level).Query)
		_, failed := reader.Series(t.Context(), ofTheDay(level))
		for _, err := range []error{err, failed} {
			if !errors.Is(err, usage.ErrTooLarge) {
				t.Errorf("level %d: %v", level, err)
			}
		}
	}
}

// Changes count in their own time alone, and sessions without a start where no range is asked for, once.
func TestChangesAndUndatedSessionsCountWhereTheyBelong(t *testing.T) {
	dsn := dbtest.One(t)
	connections := oneSum(t, dsn)
	execLax(t, dsn, "INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('none', 'a', 'x', '2026-02-31', 60)")
	execOn(t, connections, "INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a', 'x', '2026-02-28 23:45', 1, 60, 1), ('a', 'x', '2026-03-02', 1, 60, 1)",
		"INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (3, '2026-03-01', 1, 1, 60, 3600, 1), (3, '0100-01-01', 1, 1, 5, 300, 1)",
		"INSERT INTO usage_account_rollups (grain, bucket, account_no, minutes, seconds, sessions) VALUES (3, '2026-03-01', 1, 60, 3600, 1), (3, '0100-01-01', 1, 5, 300, 1)",
		"INSERT INTO usage_total_rollups (grain, bucket, minutes, seconds, sessions) VALUES (3, '2026-03-01', 60, 3600, 1), (3, '0100-01-01', 5, 300, 1)")
	check := func(state string, ofDay, ofAll, from int64) {
		t.Helper()
		reader := readerOf(connections)
		for _, level := range []usage.Level{usage.ByCustomer, usage.ByAccount, usage.Together} {
			query := ofTheDay(level).Query
			for what, c := range map[string]struct {
				span usage.Range
				want int64
			}{"the day": {query.Range, ofDay}, "all": {usage.Range{}, ofAll}, "from the day on": {usage.Range{From: query.Range.From}, from}} {
				query.Range = c.span
				report, err := reader.Report(t.Context(), query)
				if err != nil || report.Totals.Minutes != c.want {
					t.Errorf("%s, level %d, %s: got %+v, want %d, %v", state, level, what, report, c.want, err)
				}
			}
		}
	}
	check("ready", 60, 60+2+5, 60+1)
	execOn(t, connections, "UPDATE usage_level_state SET phase = 'raw', generation = 6")
	check("raw", 1, 2, 1)
	execOn(t, connections, "UPDATE usage_level_state SET raw_from = '2026-02-01', generation = 7")
	check("raw, some dropped", 1, 2, 1)
}
