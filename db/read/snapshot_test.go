package read_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"aiusage/db/pool"
	"aiusage/db/read"
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
	for range 20 { // how and when it ends is up to chance
		other := reader.Snapshot(ended)
		for _, snapshot := range []usage.Snapshot{answering, other} {
			if report, err := snapshot.Report(t.Context(), ofTheDay(usage.ByCustomer).Query); (err != nil || snapshot == other) && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, %v", report, err)
			}
		}
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}
}

// All answers of a snapshot are of the instant of the first, whatever else is asked in between; and until it has
// given one, it begins anew where the sums are in another state than it shows.
func TestASnapshotIsOfTheInstantOfItsFirstAnswer(t *testing.T) {
	connections := oneSum(t, dbtest.One(t))
	reader := readerOf(connections)
	snapshot := reader.Snapshot(t.Context()).(*read.Snapshot)
	defer snapshot.Close()
	query := ofTheDay(usage.Together)
	first, err := snapshot.Report(t.Context(), query.Query)
	if err != nil {
		t.Fatal(err)
	}
	for later := first.AsOf; !later.After(first.AsOf); {
		shows, err := reader.Freshness(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		later = shows.Now
	}
	if found, err := snapshot.Sessions(t.Context(), usage.SessionsQuery{Query: query.Query, Limit: 2}); err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	second, err := snapshot.Report(t.Context(), query.Query)
	set, failed := snapshot.Series(t.Context(), query)
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	if !second.AsOf.Equal(first.AsOf) || !second.ReadAt.Equal(first.ReadAt) || !set.AsOf.Equal(first.AsOf) || first.AsOf.IsZero() {
		t.Errorf("of %v, %v and %v", first.AsOf, second.AsOf, set.AsOf)
	}
	early := reader.Snapshot(t.Context())
	defer early.Close()
	if _, err := early.Names(t.Context(), []usage.Subject{{AccountID: "a"}}); err != nil {
		t.Fatal(err)
	}
	execOn(t, connections, "UPDATE usage_level_state SET phase = 'raw', generation = 6")
	if report, err := reader.Report(t.Context(), query.Query); err != nil || report.Totals.Minutes != 1 { // who finds the state
		t.Fatal(report, err)
	}
	if report, err := early.Report(t.Context(), query.Query); err != nil || report.Totals.Minutes != 1 {
		t.Errorf("before its first answer: %+v, %v", report, err)
	}
	if report, err := snapshot.Report(t.Context(), query.Query); err != nil || report.Totals != first.Totals {
		t.Errorf("after it: %+v, %v", report, err)
	}
}

// A snapshot that has answered says that it cannot go on where a table has been changed, and gives no other state.
func TestASnapshotThatHasAnsweredGivesNoOtherState(t *testing.T) {
	connections := oneSum(t, dbtest.One(t))
	snapshot := readerOf(connections).Snapshot(t.Context())
	defer snapshot.Close()
	minute := ofTheDay(usage.ByCustomer).Query
	minute.Range = usage.Range{From: minute.Range.From.Add(12 * time.Hour), To: minute.Range.From.Add(12*time.Hour + time.Minute)}
	if report, err := snapshot.Report(t.Context(), minute); err != nil || report.Totals.Minutes != 1 {
		t.Fatal(report, err)
	}
	execOn(t, connections, "ALTER TABLE usage_customer_rollups ADD COLUMN extra INT NOT NULL DEFAULT 0, ALGORITHM = COPY")
	for range 2 {
		if report, err := snapshot.Report(t.Context(), ofTheDay(usage.ByCustomer).Query); err == nil || usage.AsError(err).Code != usage.Unavailable || !strings.Contains(err.Error(), "try again") {
			t.Errorf("got %+v, %v", report, err)
		}
	}
}

// A table that was made anew since the snapshot was taken is read in another, as long as nothing has been answered
// about usage.
func TestATableThatIsMadeAnewIsReadInAnotherSnapshot(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		connections := oneSum(t, dsn)
		snapshot := readerOf(connections).Snapshot(t.Context())
		defer snapshot.Close()
		if _, err := snapshot.Names(t.Context(), []usage.Subject{{AccountID: "a"}}); err != nil {
			t.Fatal(err)
		}
		execOn(t, connections, "CREATE TABLE anew LIKE usage_account_rollups", "INSERT INTO anew SELECT * FROM usage_account_rollups",
			"DROP TABLE usage_account_rollups", "RENAME TABLE anew TO usage_account_rollups")
		if got, err := snapshot.Report(t.Context(), ofTheDay(usage.ByAccount).Query); err != nil || got.Totals.Minutes != 60 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
