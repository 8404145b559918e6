package db_test

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// observed is a store whose statements are counted by name.
func observed(t *testing.T, dsn string) (*db.Store, func() map[string]int) {
	t.Helper()
	var mu sync.Mutex
	names := map[string]int{}
	store, err := db.Open(dsn, db.Options{Observer: func(_ context.Context, name string) func(int64, error) {
		mu.Lock()
		defer mu.Unlock()
		names[name]++
		return func(int64, error) {}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store, func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		defer func() { names = map[string]int{} }()
		return names
	}
}

// Whatever a store does, each of its statements has the name of a function of its rooms.
func TestEveryStatementHasAName(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, samples(20)...)
		store, names := observed(t, dsn)
		name := regexp.MustCompile(`^[a-z]+\.[A-Za-z]+$`)
		query := usage.Query{Zone: time.UTC}
		for room, do := range map[string]func(context.Context) error{
			"read":     func(ctx context.Context) error { _, err := store.Report(ctx, query); return err },
			"identity": func(ctx context.Context) error { _, err := store.HasUsers(ctx); return err },
			"schema":   func(ctx context.Context) error { return store.CheckSchema(ctx) },
			"write": func(ctx context.Context) error {
				_, err := store.WriteAccounts(ctx, []usage.Account{{AccountID: "a", Name: "A"}})
				return err
			},
			"rollup": func(ctx context.Context) error { _, err := store.RollupStatus(ctx); return err },
			"pool":   func(ctx context.Context) error { _, err := store.Clock(ctx); return err },
		} {
			if err := do(t.Context()); err != nil {
				t.Fatal(err)
			}
			found := false
			for one := range names() {
				found = found || strings.HasPrefix(one, room+".")
				if !name.MatchString(one) {
					t.Errorf("%s: a statement is called %q", room, one)
				}
			}
			if !found {
				t.Errorf("no statement of %s", room)
			}
		}
	})
}

// Folds and corrections are told with how much they did.
func TestFoldsAndCorrectionsAreTold(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		var folded, corrections, corrected atomic.Int64
		store.OnFold = func(changes int, took time.Duration) {
			folded.Add(int64(changes))
			if took <= 0 {
				t.Errorf("it took %v", took)
			}
		}
		store.OnCorrect = func(differences int) {
			corrections.Add(1)
			corrected.Add(int64(differences))
		}
		write(t, store, samples(20)...)
		moved, err := store.Fold(t.Context(), nil)
		if err != nil || moved == 0 || folded.Load() != int64(moved) {
			t.Errorf("folded %d, told %d, %v", moved, folded.Load(), err)
		}
		if _, err := platform(t, dsn).ExecContext(t.Context(), "UPDATE usage_total_rollups SET sessions = sessions + 1"); err != nil {
			t.Fatal(err)
		}
		if corrections.Load() != 0 {
			t.Errorf("%d corrections of what is right", corrections.Load())
		}
		if _, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil {
			t.Fatal(err)
		}
		if corrections.Load() == 0 || corrected.Load() < corrections.Load() {
			t.Errorf("%d corrections of %d differences", corrections.Load(), corrected.Load())
		}
	})
}
