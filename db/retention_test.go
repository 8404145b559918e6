package db_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// Sessions are dropped only where their sums are kept and are right.
func TestSessionsAreNotDroppedWithoutTheirSums(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		fourHours(t, store, dsn)
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
		refused("3 sums differ") // two hours, and their day
		execute(t, dsn, "UPDATE usage_rollup_state SET phase = 'filling', reason = 'not believed'")
		refused("not believed")
		execute(t, dsn, "UPDATE usage_rollup_state SET phase = 'ready', reason = ''", "UPDATE usage_rollups SET minutes = minutes - 1 WHERE grain = 1")
		// Within the hour of the instant nothing is dropped.
		var told []int64
		dropped, err := store.DropSessions(t.Context(), noon.Add(59*time.Minute), func(dropped int64) { told = append(told, dropped) })
		if err != nil || dropped != 2 || !slices.Equal(told, []int64{2}) || !status(t, store).RawFrom.Equal(noon) {
			t.Errorf("%d dropped, told %d, %v, %+v", dropped, told, err, status(t, store))
		}
		// Once more, and from an earlier instant: what may be gone stays known.
		const generation = "SELECT generation % 1000000007 FROM usage_rollup_state"
		known := count(t, dsn, generation)
		for _, before := range []time.Time{noon, noon.Add(-time.Hour)} {
			dropped, err := store.DropSessions(t.Context(), before, nil)
			if err != nil || dropped != 0 || !status(t, store).RawFrom.Equal(noon) {
				t.Errorf("before %v: %d dropped, %v, %+v", before, dropped, err, status(t, store))
			}
		}
		if count(t, dsn, generation) != known {
			t.Error("reports have to be planned anew though nothing has changed")
		}
		if dropped, err := store.DropSessions(t.Context(), noon.Add(time.Hour), nil); err != nil || dropped != 1 || !status(t, store).RawFrom.Equal(noon.Add(time.Hour)) {
			t.Errorf("an hour later: %d dropped, %v, %+v", dropped, err, status(t, store))
		}
		if got := report(t, store, usage.Request{}).Totals.Sessions; got != 4 {
			t.Errorf("%d sessions are reported, want 4", got)
		}
	})
}

// Retention that meets somebody who changes the state begins nothing.
func TestRetentionDoesNotBeginOnAnOldState(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		other := newWriter(t, dsn, "")
		other.run("BEGIN", "SELECT * FROM usage_rollup_state FOR UPDATE")
		done := make(chan error, 1)
		go func() {
			_, err := store.DropSessions(context.WithoutCancel(t.Context()), noon.Add(time.Hour), nil)
			done <- err
		}()
		awaitLockWait(t, dsn, "INFO LIKE '%FOR UPDATE%' AND INFO NOT LIKE '%PROCESSLIST%' AND ID <> CONNECTION_ID()")
		other.run("UPDATE usage_rollup_state SET phase = 'filling', generation = generation + 1", "COMMIT")
		if err := <-done; !db.IsStateChanged(err) || !strings.Contains(err.Error(), "run the command again") {
			t.Errorf("got %v", err)
		}
		if left := count(t, dsn, "SELECT COUNT(*) FROM ai_sessions"); left != 1 || !status(t, store).RawFrom.IsZero() {
			t.Errorf("%d sessions are left, %+v", left, status(t, store))
		}
	})
}
