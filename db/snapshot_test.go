package db_test

import (
	"context"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// A snapshot whose transaction does not begin holds none of the places that there are for
// snapshots, and neither does one that has been closed, however often.
func TestSnapshotsThatDoNotBeginHoldNothing(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, _ string) {
		places := store.Places()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for range 40 { // whether a place or the end comes first is up to chance
			snapshot := store.Snapshot(ended)
			if _, err := snapshot.Report(t.Context(), usage.Query{Zone: time.UTC}); err == nil {
				t.Error("a snapshot whose context has ended answered")
			}
			if err := snapshot.Close(); err != nil {
				t.Error(err)
			}
		}
		snapshot := store.Snapshot(t.Context())
		if _, err := snapshot.Names(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if got := store.Places(); got != places-1 {
			t.Errorf("%d places are left beside a snapshot, of %d", got, places)
		}
		for range 2 {
			if err := snapshot.Close(); err != nil {
				t.Error(err)
			}
		}
		if got := store.Places(); got != places {
			t.Errorf("%d places are left, of %d", got, places)
		}
		if got := store.InUse(); got != 0 {
			t.Errorf("%d connections are in use", got)
		}
		if names, err := snapshot.Names(t.Context(), nil); err == nil {
			t.Errorf("a closed snapshot knows the names %v", names)
		}
	})
}

// A table that is changed while a snapshot answers makes it say so, and give no other state.
func TestASnapshotSaysThatATableHasChanged(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		snapshot := store.Snapshot(t.Context())
		defer snapshot.Close()
		// It reads sessions only, so that nothing keeps the sums from being changed.
		minute := usage.Query{Zone: time.UTC, Range: usage.Range{From: noon, To: noon.Add(time.Minute)}}
		first, err := snapshot.Report(t.Context(), minute)
		if err != nil || first.Totals.Sessions != 1 {
			t.Fatal(first, err)
		}
		execute(t, dsn, "ALTER TABLE usage_customer_rollups ADD COLUMN extra INT NOT NULL DEFAULT 0, ALGORITHM = COPY")
		if got, err := snapshot.Report(t.Context(), usage.Query{Zone: time.UTC}); err == nil {
			t.Errorf("got %+v", got)
		} else {
			wantCode(t, err, usage.Unavailable)
		}
		if again, err := snapshot.Report(t.Context(), minute); err != nil || again.Totals != first.Totals || !again.AsOf.Equal(first.AsOf) {
			t.Errorf("what it can answer: %+v, %v", again, err)
		}
	})
}
