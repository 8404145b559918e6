package db_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// fourDays writes a session on each day from the 27th of February to the 2nd of March, and
// folds them.
func fourDays(t *testing.T, store *db.Store) {
	t.Helper()
	for day := range 4 {
		one := session(fmt.Sprint(day), 60)
		one.StartedAt = noon.AddDate(0, 0, day-2)
		write(t, store, one)
	}
	if _, err := store.Fold(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// A gateway that is running does not look among the sessions for what another has dropped,
// though it has known until then that all are there.
func TestARunningGatewayFindsWhatAnotherHasDropped(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		fourDays(t, store)
		running := open(t, dsn)
		first := noon.AddDate(0, 0, -2)
		quarters := usage.Request{StartDate: first.Add(-15 * time.Minute).Format(time.RFC3339), EndDate: first.Add(15 * time.Minute).Format(time.RFC3339)}
		for _, what := range []string{"before", "afterwards"} {
			if got := report(t, running, quarters); got.Totals.Sessions != 1 || len(got.Customers) != 1 {
				t.Errorf("%s: %+v of %+v, want 1 session", what, got.Totals, got.Customers)
			}
			if _, err := store.DropSessions(t.Context(), noon, nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Sessions are dropped only where their sums are kept and are right.
func TestSessionsAreNotDroppedWithoutTheirSums(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		fourDays(t, store)
		today := usage.Day.Floor(noon)
		refused := func(words string) {
			t.Helper()
			_, err := store.DropSessions(t.Context(), noon, nil)
			if coded := wantCode(t, err, usage.Unavailable); !strings.Contains(coded.Message, words) {
				t.Errorf("got %v", err)
			}
			if left := count(t, dsn, "SELECT COUNT(*) FROM ai_sessions"); left != 4 || !status(t, store).RawFrom.IsZero() {
				t.Errorf("%d of 4 sessions are left, %+v", left, status(t, store))
			}
		}
		execute(t, dsn, "UPDATE usage_customer_rollups SET minutes = minutes + 1 WHERE grain = 2 AND bucket = '2026-02-28'")
		refused("sums differ")
		execute(t, dsn, "UPDATE usage_customer_rollups SET minutes = minutes - 1 WHERE grain = 2 AND bucket = '2026-02-28'",
			"UPDATE usage_level_state SET phase = 'filling', reason = 'not believed'")
		refused("not believed")
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'ready', reason = ''")
		// Within the day of the instant nothing is dropped.
		var told []int64
		dropped, err := store.DropSessions(t.Context(), today.Add(24*time.Hour-time.Minute), func(dropped int64) { told = append(told, dropped) })
		if err != nil || dropped != 2 || !slices.Equal(told, []int64{1, 2}) || !status(t, store).RawFrom.Equal(today) {
			t.Errorf("%d dropped, told %d, %v, %+v", dropped, told, err, status(t, store))
		}
		// Once more, and from an earlier instant: what may be gone stays known.
		const generation = "SELECT generation % 1000000007 FROM usage_level_state"
		known := count(t, dsn, generation)
		for _, before := range []time.Time{today, today.AddDate(0, 0, -1)} {
			dropped, err := store.DropSessions(t.Context(), before, nil)
			if err != nil || dropped != 0 || !status(t, store).RawFrom.Equal(today) {
				t.Errorf("before %v: %d dropped, %v, %+v", before, dropped, err, status(t, store))
			}
		}
		if count(t, dsn, generation) != known {
			t.Error("reports have to be planned anew though nothing has changed")
		}
		tomorrow := today.AddDate(0, 0, 1)
		if dropped, err := store.DropSessions(t.Context(), tomorrow, nil); err != nil || dropped != 1 || !status(t, store).RawFrom.Equal(tomorrow) {
			t.Errorf("a day later: %d dropped, %v, %+v", dropped, err, status(t, store))
		}
		// Days without a session are kept from, too.
		later := today.AddDate(0, 0, 9)
		if dropped, err := store.DropSessions(t.Context(), later, nil); err != nil || dropped != 1 || !status(t, store).RawFrom.Equal(later) {
			t.Errorf("later: %d dropped, %v, %+v", dropped, err, status(t, store))
		}
	})
}

// Retention that meets somebody who changes the state begins nothing.
func TestRetentionDoesNotBeginOnAnOldState(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		other := newWriter(t, dsn, "")
		other.run("BEGIN", "SELECT * FROM usage_level_state FOR UPDATE")
		done := make(chan error, 1)
		go func() {
			_, err := store.DropSessions(context.WithoutCancel(t.Context()), noon.AddDate(0, 0, 1), nil)
			done <- err
		}()
		awaitLockWait(t, dsn, "INFO LIKE '%FOR UPDATE%' AND INFO NOT LIKE '%PROCESSLIST%' AND ID <> CONNECTION_ID()")
		other.run("UPDATE usage_level_state SET phase = 'filling', reason = 'said meanwhile', generation = generation + 1", "COMMIT")
		if coded := wantCode(t, <-done, usage.Unavailable); !strings.Contains(coded.Message, "said meanwhile") {
			t.Errorf("got %v", coded)
		}
		if left := count(t, dsn, "SELECT COUNT(*) FROM ai_sessions"); left != 1 || !status(t, store).RawFrom.IsZero() {
			t.Errorf("%d sessions are left, %+v", left, status(t, store))
		}
	})
}

// What is dropped is kept by quarter-hour and customer, and all sums stay, wherever
// retention is interrupted.
func TestRetentionKeepsEveryQuarterHour(t *testing.T) {
	for i, zone := range []string{"Asia/Kolkata", "Europe/Berlin"} {
		t.Run(zone, func(t *testing.T) {
			anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				registerZone(t, store, zone)
				calendars := calendarsOf(t, dsn)
				write(t, store, someSessions(rand.New(rand.NewPCG(uint64(i), 2)), 150)...)
				newWriter(t, dsn, "").run("UPDATE ai_sessions SET started_at = '0000-00-00' WHERE session_id = 's7'")
				all := sessionsOf(t, dsn)
				cut := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)
				for stop := range 4 {
					ctx, cancel := context.WithCancel(t.Context())
					calls := 0
					_, err := store.DropSessions(ctx, cut.Add(5*time.Hour), func(int64) {
						if calls++; calls > stop {
							cancel()
						}
					})
					cancel()
					if err == nil {
						t.Error("it was not interrupted")
					}
					rowsHold(t, dsn, fmt.Sprint("interrupted at ", stop), all, calendars, nil)
					quartersHold(t, dsn, fmt.Sprint("interrupted at ", stop), all, time.Time{}, status(t, store).RawFrom)
				}
				if err := store.FoldBatch(t.Context(), 40); err != nil {
					t.Fatal(err)
				}
				if _, err := store.DropSessions(t.Context(), cut, nil); err != nil {
					t.Fatal(err)
				}
				rowsHold(t, dsn, "dropped", all, calendars, nil)
				quartersHold(t, dsn, "dropped", all, time.Time{}, cut)
				if left := count(t, dsn, "SELECT COUNT(*) FROM ai_sessions WHERE started_at BETWEEN '1000-01-01' AND '2026-03-28 23:59:59.999'"); left != 0 {
					t.Errorf("%d sessions are left", left)
				}
				if left := count(t, dsn, "SELECT COUNT(*) FROM ai_sessions WHERE session_id = 's7'"); left != 1 {
					t.Error("the session without a start is gone")
				}
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				rowsHold(t, dsn, "folded", all, calendars, nil)
			})
		})
	}
}

// A write that is under way while a day is being kept is kept with it, and one that comes
// later waits, and then counts or is refused.
func TestRetentionWaitsForWritersOfTheDay(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		fourDays(t, store)
		platform := newWriter(t, dsn, "")
		platform.run("BEGIN", "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('late', 'new', '2026-02-27 01:00', 600)",
			"UPDATE ai_sessions SET duration_seconds = 6000 WHERE session_id = '1'")
		done := make(chan error, 1)
		go func() {
			_, err := store.DropSessions(context.WithoutCancel(t.Context()), noon, nil)
			done <- err
		}()
		awaitLockWait(t, dsn, "INFO LIKE '%FROM ai_sessions%SHARE MODE%' AND INFO NOT LIKE '%PROCESSLIST%'")
		platform.run("COMMIT")
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		var late usage.Session
		late.SessionID, late.AccountID, late.StartedAt, late.DurationSeconds = "late", "new", time.Date(2026, 2, 27, 1, 0, 0, 0, time.UTC), 600
		all := []usage.Session{late}
		for day := range 4 {
			one := session(fmt.Sprint(day), 60)
			if day == 1 {
				one.DurationSeconds = 6000
			}
			one.StartedAt = noon.AddDate(0, 0, day-2)
			all = append(all, one)
		}
		rowsHold(t, dsn, "dropped", all, utcOnly, nil)
		quartersHold(t, dsn, "dropped", all, time.Time{}, usage.Day.Floor(noon))
	})
}

// A second run while the first one is at work does what is left.
func TestTwoRunsOfRetentionShareTheDays(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, someSessions(rand.New(rand.NewPCG(5, 5)), 200)...)
		all, cut := sessionsOf(t, dsn), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
		results := make(chan error, 2)
		for range 2 {
			other := open(t, dsn)
			go func() {
				_, err := other.DropSessions(context.WithoutCancel(t.Context()), cut, nil)
				results <- err
			}()
		}
		for range 2 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		rowsHold(t, dsn, "dropped by two", all, utcOnly, nil)
		quartersHold(t, dsn, "dropped by two", all, time.Time{}, cut)
		if kept := keptQuarters(t, dsn); len(slices.Collect(maps.Keys(kept))) == 0 {
			t.Error("nothing is kept")
		}
	})
}
