package db_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// A running gateway folds, and finds and repairs what differs, until it ends.
func TestRollupsAreKept(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, fewSessions(60)...)
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		execute(t, dsn, "UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain = 0")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var lock sync.Mutex
		var told []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			store.KeepRollups(ctx, func(err error) {
				lock.Lock()
				defer lock.Unlock()
				told = append(told, err.Error())
			})
		}()
		await := func(what string, isSo func() bool) {
			for ; !isSo(); time.Sleep(10 * time.Millisecond) {
				if ctx.Err() != nil {
					t.Fatal("not " + what)
				}
			}
		}
		await("repaired", func() bool {
			lock.Lock()
			defer lock.Unlock()
			return len(told) > 0 && count(t, dsn, "SELECT COUNT(*) FROM usage_level_state WHERE phase = 'ready'") == 1
		})
		// Now there is nothing to do but to fold.
		write(t, store, session("waits", 60))
		await("folded", func() bool { return count(t, dsn, "SELECT COUNT(*) FROM usage_changes") == 0 })
		select {
		case <-done:
			t.Error("nobody keeps the rollups any more")
		default:
		}
		cancel()
		<-done
		if len(told) != 1 || !strings.Contains(told[0], "not those of its sessions") {
			t.Errorf("told: %q", told)
		}
		holds(t, store, dsn, "kept")
	})
}

// The round in which reports begin to read sessions tells so, and no other one.
func TestARoundTellsOnceThatReportsReadSessions(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		if err := store.CheckRound(t.Context()); err != nil {
			t.Fatal(err)
		}
		execute(t, dsn, "DROP TRIGGER aiusage_change_updated")
		coded := wantCode(t, store.CheckRound(t.Context()), usage.Unavailable)
		if !strings.Contains(coded.Message, "read raw sessions from now on") || !strings.Contains(coded.Message, "aiusage_change_updated") {
			t.Errorf("got %v", coded)
		}
		if err := store.CheckRound(t.Context()); err != nil {
			t.Errorf("once more: %v", err)
		}
	})
}

// What triggers still record while reports read sessions does not pile up. That folding
// fails then concerns nobody.
func TestChangesDoNotPileUpWhileReportsReadSessions(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'raw', reason = 'not believed'")
		status(t, store)
		insert := "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES (UUID(), 'a', '2026-03-01', 60)"
		execute(t, dsn, insert)
		if err := store.KeepFolding(t.Context()); err != nil || status(t, store).Pending != 0 {
			t.Errorf("%v, %+v", err, status(t, store))
		}
		execute(t, dsn, insert, "RENAME TABLE usage_total_rollups TO away")
		for range 5 {
			if err := store.KeepFolding(t.Context()); err != nil {
				t.Error(err)
			}
		}
		execute(t, dsn, "RENAME TABLE away TO usage_total_rollups")
		if got := status(t, store); got.Stuck != "" || got.Pending != 1 {
			t.Errorf("got %+v", got)
		}
	})
}

// Rounds that end because the gateway does are no failures of folding.
func TestRoundsThatAreCanceledDoNotCountAsFailures(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, _ string) {
		write(t, store, session("1", 60))
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for range 5 {
			if err := store.KeepFolding(ended); err == nil {
				t.Error("a round that was canceled did its work")
			}
		}
		if got := status(t, store).Stuck; got != "" {
			t.Errorf("got %q", got)
		}
	})
}

// A session without a start is no damage, and neither is anything while nobody relies on sums.
func TestWhatIsNoDamage(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, fewSessions(60)...)
		newWriter(t, dsn, "").run(`INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('undated', 'a', '0000-00-00', 600)`)
		for range 2 {
			if err := store.NewComparer().Sweep(t.Context()); err != nil || status(t, store).Phase != db.Ready {
				t.Errorf("undated: %v, %+v", err, status(t, store))
			}
			if _, err := store.Fold(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, phase := range []string{"raw", "filling"} {
			execute(t, dsn, "UPDATE usage_level_state SET phase = '"+phase+"', reason = 'said before'", "UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain = 0")
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // compared for ever, otherwise
			defer cancel()
			if err := store.NewComparer().Sweep(ctx); err != nil || status(t, store).Reason != "said before" {
				t.Errorf("%s: %v, %+v", phase, err, status(t, store))
			}
		}
	})
}

// What one gateway suspects while another one repairs is told by that one only, and forgotten.
func TestASuspicionThatOthersSettleIsForgotten(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		execute(t, dsn, "UPDATE usage_customer_rollups SET sessions = -7")
		report(t, store, usage.Request{})
		if got := status(t, store); !got.Distrusted {
			t.Fatalf("got %+v", got)
		}
		wantCode(t, open(t, dsn).NewComparer().Sweep(t.Context()), usage.Unavailable)
		if got := status(t, store); !strings.Contains(got.Reason, "not those of") { // which the other one has said
			t.Errorf("got %+v", got)
		}
		if err := store.CheckRound(t.Context()); err != nil {
			t.Errorf("it is told twice: %v", err)
		}
		if got := status(t, store); got.Phase != db.Ready || got.Distrusted || got.Reason != "" {
			t.Errorf("got %+v", got)
		}
		holds(t, store, dsn, "settled")
	})
}
