package read_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"aiusage/db/pool"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// A snapshot that cannot begin holds none of the places that there are for snapshots, and one that has
// been closed answers nothing any more.
func TestSnapshotsThatCannotBeginHoldNothing(t *testing.T) {
	closed, err := pool.Open("root@tcp(127.0.0.1:1)/none", pool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Close()
	reader := readerOf(closed)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // which is waited for where no place is left
	defer cancel()
	for range 20 { // more than there are places
		snapshot := reader.Snapshot(ctx)
		if names, err := snapshot.Names(ctx, nil); err == nil || usage.AsError(err).Code != usage.Unavailable {
			t.Fatalf("got %v, %v", names, err)
		}
		if err := snapshot.Close(); err != nil {
			t.Error(err)
		}
	}
	reader = readerOf(oneSum(t, dbtest.One(t)))
	for _, began := range []bool{false, true} {
		ended, cancel := context.WithCancel(t.Context())
		snapshot := reader.Snapshot(ended)
		if began {
			if _, err := snapshot.Names(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := snapshot.Close(); err != nil {
				t.Error(err)
			}
		}
		if names, err := snapshot.Names(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "has been closed") {
			t.Errorf("once it is closed: %v, %v", names, err)
		}
		if report, err := snapshot.Report(t.Context(), ofTheDay(usage.Together).Query); err == nil || !strings.Contains(err.Error(), "has been closed") {
			t.Errorf("once it is closed: %v, %v", report, err)
		}
		cancel()
		if report, err := snapshot.Report(t.Context(), ofTheDay(usage.Together).Query); !errors.Is(err, context.Canceled) {
			t.Errorf("once whoever asked has gone: %v, %v", report, err)
		}
	}
	// Whoever asks may go before it begins, and while it answers.
	ended, stop := context.WithCancel(t.Context())
	answering := reader.Snapshot(ended)
	defer answering.Close()
	if _, err := answering.Report(t.Context(), ofTheDay(usage.Together).Query); err != nil {
		t.Fatal(err)
	}
	stop()
	for _, snapshot := range []usage.Snapshot{answering, reader.Snapshot(ended)} {
		if report, err := snapshot.Report(t.Context(), ofTheDay(usage.ByCustomer).Query); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, %v", report, err)
		}
		if err := snapshot.Close(); err != nil {
			t.Error(err)
		}
	}
}
