package db_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// These tests hold at the facade of db whatever the sums are made of: what is
// reported is what a plain statement, or Go, adds up from the sessions.

// holds fails unless reports without a range are the plain sums of the sessions
// and verify finds nothing, before folding and, where anything was folded, after.
func holds(t *testing.T, store *db.Store, dsn, what string) {
	t.Helper()
	for _, when := range []string{"before folding", "after folding"} {
		reportsHold(t, store, dsn, what+", "+when)
		if found := differences(t, store); len(found) > 0 {
			t.Errorf("%s, %s: %d differences, first %+v", what, when, len(found), found[0])
		}
		if folded, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		} else if folded == 0 {
			return
		}
	}
}

// reportsHold fails unless a report without a range is the plain sum of the sessions.
func reportsHold(t *testing.T, store *db.Store, dsn, what string) {
	t.Helper()
	want := plainSums(t, dsn, "TRUE")
	if got := report(t, store, usage.Request{}).Totals; got != want {
		t.Errorf("%s: reports say %v, the sessions %v", what, got, want)
	}
}

// plainSums adds up the sessions that meet a condition.
func plainSums(t *testing.T, dsn, condition string) (sums usage.Usage) {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	err = pool.QueryRowContext(t.Context(), `
		SELECT COALESCE(SUM(ai_minutes), 0), COALESCE(SUM(duration_seconds), 0), COUNT(*) FROM ai_sessions WHERE `+condition).
		Scan(&sums.Minutes, &sums.Seconds, &sums.Sessions)
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// Changes that wait for folding count once also where a bucket cuts their hour.
func TestWaitingChangesCountOnceInZonesOfHalfHours(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, _ string) {
		start := time.Date(2026, 3, 9, 18, 10, 0, 0, time.UTC)
		write(t, store,
			usage.Session{SessionID: "1", AccountID: "a", StartedAt: start, DurationSeconds: 60},
			usage.Session{SessionID: "2", AccountID: "a", StartedAt: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), DurationSeconds: 300},
			usage.Session{SessionID: "3", AccountID: "a", StartedAt: time.Date(2026, 3, 10, 18, 40, 0, 0, time.UTC), DurationSeconds: 120})
		zone, err := usage.LoadZone("timeZone", "Asia/Kolkata")
		if err != nil {
			t.Fatal(err)
		}
		span, err := usage.ParseRange("2026-03-09", "2026-03-12", zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, when := range []string{"waiting", "folded"} {
			set, err := store.Series(t.Context(), usage.SeriesQuery{Query: usage.Query{Level: usage.Together, Range: span, Zone: zone}, Step: usage.Daily})
			if err != nil {
				t.Fatal(err)
			}
			var minutes []int64
			for _, point := range set.Of(usage.Subject{}) {
				minutes = append(minutes, point.Minutes)
			}
			if want := []int64{1, 5, 2, 0}; !reflect.DeepEqual(minutes, want) {
				t.Errorf("%s: %d minutes a day, want %d", when, minutes, want)
			}
			if isEmbedded(t, store) {
				return
			}
			if _, err := store.Fold(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Series of every step, zone and level are what Go adds up from the sessions
// themselves, with some of the changes folded and some waiting.
func TestSeriesAreWhatTheSessionsAddUpTo(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Australia/Adelaide",
		"Asia/Gaza", "Antarctica/Casey", "Asia/Tehran", "Pacific/Chatham", "America/Moncton"}
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		draw := rand.New(rand.NewPCG(1, 2))
		// Clocks change in these weeks, in Moncton in 2006 at one minute past midnight.
		first := []time.Time{time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC), time.Date(2006, 4, 1, 0, 0, 0, 0, time.UTC), time.Date(2010, 3, 26, 0, 0, 0, 0, time.UTC)}
		var sessions []usage.Session
		for i := range 900 {
			sessions = append(sessions, usage.Session{
				SessionID:       fmt.Sprint(i),
				AccountID:       []string{"a", "b"}[draw.IntN(2)],
				CustomerID:      []string{"", "x", "y"}[draw.IntN(3)],
				StartedAt:       first[i%len(first)].Add(time.Duration(draw.IntN(24*24*4)) * 15 * time.Minute).Add(time.Duration(draw.IntN(3)-1) * time.Millisecond),
				DurationSeconds: int64(draw.IntN(400)),
			})
		}
		half := len(sessions) / 2
		write(t, store, sessions[:half]...)
		if !isEmbedded(t, store) {
			if _, err := store.Fold(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		write(t, store, sessions[half:]...)
		for range dbtest.Draws(150) {
			zone, err := usage.LoadZone("timeZone", zones[draw.IntN(len(zones))])
			if err != nil {
				t.Fatal(err)
			}
			from := first[draw.IntN(len(first))].Add(time.Duration(draw.IntN(24*96)) * 15 * time.Minute)
			query := usage.SeriesQuery{
				Query: usage.Query{Level: []usage.Level{usage.Together, usage.ByAccount, usage.ByCustomer}[draw.IntN(3)], Zone: zone, Range: usage.Range{From: from, To: from.Add(time.Duration(1+draw.IntN(20*96)) * 15 * time.Minute)}},
				Step:  []usage.Step{usage.QuarterHourly, usage.Hourly, usage.Daily, usage.Weekly, usage.Monthly, usage.Yearly}[draw.IntN(6)],
			}
			if draw.IntN(2) == 0 {
				query.AccountID = "a"
			}
			set, err := store.Series(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			want := map[usage.Subject][]usage.Usage{}
			for _, s := range sessions {
				subject := usage.Subject{AccountID: s.AccountID, CustomerID: s.CustomerID}
				if query.AccountID != "" && s.AccountID != query.AccountID {
					continue
				}
				switch query.Level {
				case usage.Together:
					subject = usage.Subject{}
				case usage.ByAccount:
					subject.CustomerID = ""
				}
				for i, bucket := range set.Buckets {
					if !s.StartedAt.Before(bucket.From) && s.StartedAt.Before(bucket.To) {
						if want[subject] == nil {
							want[subject] = make([]usage.Usage, len(set.Buckets))
						}
						want[subject][i] = want[subject][i].Plus(s.Usage())
					}
				}
			}
			for subject, amounts := range want {
				for i, point := range set.Of(subject) {
					if point.Usage != amounts[i] {
						t.Fatalf("%+v, %s, %+v, point %d (%v): got %v, want %v", query, zone, subject, i, point.Range, point.Usage, amounts[i])
					}
				}
			}
			if set.Points() != len(want)*len(set.Buckets) {
				t.Fatalf("%+v: %d points of %d subjects", query, set.Points(), len(want))
			}
		}
	})
}

// A gateway that is running notices that the tables were made anew, whatever
// their new state is: it must not read sums that are still being filled.
func TestARunningGatewayNoticesTablesThatWereMadeAnew(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, running *db.Store, dsn string) {
		write(t, running, samples(300)...)
		want := report(t, running, usage.Request{}).Totals
		operator := open(t, dsn)
		for range 3 { // as often as generations of earlier versions take to repeat
			execute(t, dsn, "DROP TABLE usage_level_state, usage_changes, usage_calendars, usage_quarters, usage_customer_rollups, usage_account_rollups, "+
				"usage_account_series, usage_total_rollups, usage_rollup_state, usage_rollups, usage_deltas, usage_accounts, usage_subjects",
				"DROP TRIGGER aiusage_change_inserted", "DROP TRIGGER aiusage_change_updated", "DROP TRIGGER aiusage_change_deleted",
				"DELETE FROM aiusage_schema_version WHERE version_id >= 10")
			migrate(t, operator)
			if _, err := operator.InstallRollups(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if got := report(t, running, usage.Request{}).Totals; got != want {
				t.Errorf("while filling: got %v, want %v", got, want)
			}
			install(t, operator)
			if got := report(t, running, usage.Request{}).Totals; got != want {
				t.Errorf("filled: got %v, want %v", got, want)
			}
		}
	})
}

// Whoever changes the phase alone is noticed, too.
func TestARunningGatewayNoticesThatSumsMayNotBeReadAnyMore(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, running *db.Store, dsn string) {
		write(t, running, samples(100)...)
		want := report(t, running, usage.Request{}).Totals
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'raw'", "DELETE FROM usage_changes", "DELETE FROM usage_customer_rollups")
		if got := report(t, running, usage.Request{}).Totals; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// A row that is replaced is taken away once, however often the file has it.
func TestKnownIDsThatComeTwiceInABatchCountOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		const known = 1000
		file := func(seconds int64) (sessions []usage.Session) {
			for i := range 2 * known {
				sessions = append(sessions, session(fmt.Sprint(i%known), seconds))
			}
			return sessions
		}
		for _, seconds := range []int64{60, 180, 120} {
			write(t, store, file(seconds)...)
			if got, want := report(t, store, usage.Request{}).Totals, (usage.Usage{Minutes: known * seconds / 60, Seconds: known * seconds, Sessions: known}); got != want {
				t.Errorf("%d s: reports say %v, want %v", seconds, got, want)
			}
		}
		if !isEmbedded(t, store) {
			holds(t, store, dsn, "in the end")
		}
	})
}

// An id is that of a stored row when the table says so: spaces at its end do not count.
func TestAnIDIsKnownAsTheTableComparesIt(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, `INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds)
			VALUES ('1  ', 'a ', 'c ', '2026-03-01', 600)`,
			`INSERT INTO accounts VALUES ('a ', 'old')`, `INSERT INTO customers VALUES ('a ', 'c ', 'old')`)
		if got, want := write(t, store, session("1", 60), session("2", 60)), (db.Written{Inserted: 1, Updated: 1}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		holds(t, store, dsn, "in the end")
		if got, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "a", Name: "new"}}); err != nil || got.Updated != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
		if got, err := store.WriteCustomers(t.Context(), []usage.Customer{{AccountID: "a", CustomerID: "c", Name: "new"}}); err != nil || got.Updated != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

// A server that returns fewer changes than it deletes loses none of them.
func TestAFoldTakesAwayOnlyWhatItHasAdded(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, _ *db.Store, dsn string) {
		store, err := db.Open(dsn, db.Options{MaxConnections: 4})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		write(t, store, samples(500)...)
		// On the connections of the pool: these are set to what the gateway needs when they open.
		store.OnEveryConnection(t, "SET SESSION sql_select_limit = 20")
		if _, err := store.Fold(t.Context(), nil); err == nil {
			t.Error("a fold that read 20 changes went through")
		}
		store.OnEveryConnection(t, "SET SESSION sql_select_limit = DEFAULT")
		holds(t, store, dsn, "in the end")
	})
}

// Days are compared one after the other and all over again, by whichever calendars there are, also
// where the last one is the last of all: what is damaged between the ends of time is still found.
func TestDaysAreComparedUpToTheEndOfTimeAndAgain(t *testing.T) {
	for turn, zone := range []string{"UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Kiritimati"} {
		t.Run(zone, func(t *testing.T) {
			rolledUpInTurn(t, turn, func(t *testing.T, store *db.Store, dsn string) {
				registerZone(t, store, zone)
				newWriter(t, dsn, "").run(`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES
					('last', 'a', NULL, '9999-12-31 23:30:00', 60), ('end', 'a', 'c', '9999-12-31 23:59:59.999', 60), ('first', 'a', NULL, '1000-01-01', 60), ('now', 'b', 'c', '2026-03-01', 60)`)
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				comparer := store.NewComparer()
				for range 2 {
					if err := comparer.Sweep(t.Context()); err != nil {
						t.Fatalf("nothing is wrong, but: %v", err)
					}
				}
				execute(t, dsn, "UPDATE usage_account_series SET minutes = minutes + 1 WHERE bucket = '2026-03-01' AND grain = 0")
				if coded := wantCode(t, comparer.Sweep(t.Context()), usage.Unavailable); !strings.Contains(coded.Message, "2026-03-01") {
					t.Errorf("got %v", coded)
				}
				if err := store.FillRollups(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				holds(t, store, dsn, "repaired")
				if _, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil {
					t.Errorf("rebuilding: %v", err)
				}
				newWriter(t, dsn, "").run("SET @aiusage_recorded = 1", "UPDATE ai_sessions SET duration_seconds = 120 WHERE session_id = 'end'")
				if coded := wantCode(t, store.LookAfter(t.Context()), usage.Unavailable); !strings.Contains(coded.Message, "9999-12-31") {
					t.Errorf("got %v", coded)
				}
				holds(t, store, dsn, "the last day repaired")
			})
		})
	}
}

// The last hour that a session can start in, which platforms write for "not set",
// is an hour like any other, and so is the first.
func TestTheEndsOfTimeAreFilledAndReported(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, "DROP TRIGGER aiusage_change_inserted", `INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES
			('last', 'a', '9999-12-31 23:30:00', 60), ('end', 'a', '9999-12-31 23:59:59.999', 60), ('first', 'a', '1000-01-01', 60), ('now', 'b', '2026-03-01', 60)`)
		install(t, store)
		holds(t, store, dsn, "filled")
		for _, request := range []usage.Request{{StartDate: "9999-12-31"}, {StartDate: "9999-12-31T23:00:00Z"}, {AccountID: "a", StartDate: "2026-01-01"}} {
			if got := report(t, store, request).Totals.Sessions; got != 2 {
				t.Errorf("%+v: %d sessions, want 2", request, got)
			}
		}
		if _, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil {
			t.Error(err)
		}
		// The days in between are compared again and again, also after the last one.
		comparer := store.NewComparer()
		for range 2 {
			if err := comparer.Sweep(t.Context()); err != nil {
				t.Errorf("comparing every day: %v", err)
			}
		}
		execute(t, dsn, "UPDATE usage_account_series SET minutes = minutes + 1 WHERE bucket = '2026-03-01' AND grain = 0")
		wantCode(t, comparer.Sweep(t.Context()), usage.Unavailable)
		install(t, store)
		holds(t, store, dsn, "repaired")
		zone, err := usage.LoadZone("timeZone", "Asia/Kolkata")
		if err != nil {
			t.Fatal(err)
		}
		set, err := store.Series(t.Context(), usage.SeriesQuery{Step: usage.Daily, Query: usage.Query{Level: usage.Together, Zone: zone, Range: usage.Range{From: time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC)}}})
		if err != nil {
			t.Fatal(err)
		}
		var sessions int64
		for _, point := range set.Of(usage.Subject{}) {
			sessions += point.Sessions
		}
		if sessions != 2 {
			t.Errorf("%d sessions in the last days, want 2", sessions)
		}
	})
}
