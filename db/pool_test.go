package db_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

func openWith(t *testing.T, dsn string, connections int) *db.Store {
	t.Helper()
	store, err := db.Open(dsn, db.Options{MaxConnections: connections})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// Everything that the gateway does at the same time comes to its end on the smallest
// pool: nobody waits for a connection that waits for him.
func TestTheSmallestPoolIsEnoughForEverythingAtOnce(t *testing.T) {
	anyStore(t, func(t *testing.T, rich *db.Store, dsn string) {
		write(t, rich, samples(300)...)
		store := openWith(t, dsn, db.MinConnections)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		query := usage.Query{Zone: time.UTC}
		answer := func() error {
			snapshot := store.Snapshot(ctx)
			defer snapshot.Close()
			report, err := snapshot.Report(ctx, query)
			if err != nil {
				return err
			}
			store.Forget() // another gateway has changed the state
			if _, err := snapshot.Series(ctx, usage.SeriesQuery{Query: query, Step: usage.Monthly}); err != nil {
				return err
			}
			if _, err := snapshot.Names(ctx, []usage.Subject{{AccountID: report.Accounts[0].AccountID}}); err != nil {
				return err
			}
			_, err = store.FindAccounts(ctx, usage.Search{Limit: 10})
			return err
		}
		ways := map[string]func(round int) error{
			"answer":  func(int) error { return answer() },
			"another": func(int) error { return answer() },
			"install": func(int) error { _, err := store.InstallRollups(ctx, nil); return err },
			"again":   func(int) error { _, err := store.InstallRollups(ctx, nil); return err },
			"import": func(round int) error {
				_, err := store.WriteSessions(ctx, []usage.Session{{SessionID: fmt.Sprint("new", round), AccountID: "a", StartedAt: time.Now(), DurationSeconds: 60}})
				return err
			},
			"fold":   func(int) error { _, err := store.Fold(ctx, nil); return err },
			"status": func(int) error { _, err := store.RollupStatus(ctx); return err },
			"steps":  func(int) error { _, err := store.Migrations(ctx); return err },
		}
		var group sync.WaitGroup
		for name, way := range ways {
			group.Go(func() {
				for round := range 20 {
					// Installing all the time changes the state faster than it can be read.
					if err := way(round); err != nil && !db.IsStateChanged(err) {
						t.Errorf("%s: %v", name, err)
						return
					}
				}
			})
		}
		group.Wait()
	})
}

func connectionsAreLeftToOthers(t *testing.T, server *dbtest.Server) {
	admin := pool(t, server.DSN)
	perform(t, admin, "SET GLOBAL max_connections = 12")
	defer perform(t, admin, "SET GLOBAL max_connections = 151")
	// Each has an account of its own: what another has closed, the server counts a little longer.
	limited := func(name string, limit int) *db.Store {
		perform(t, admin, fmt.Sprintf("CREATE USER %s@'%%' IDENTIFIED BY 'pw'", name))
		perform(t, admin, fmt.Sprintf("GRANT ALL ON aiusage.* TO %s@'%%'", name))
		perform(t, admin, fmt.Sprintf("ALTER USER %s@'%%' WITH MAX_USER_CONNECTIONS %d", name, limit))
		return open(t, as(t, server.DSN, name, "pw"))
	}
	for _, account := range []struct {
		name  string
		limit int
		want  int // of 16
	}{{"free", 0, 6}, {"limited", 9, 5}, {"hardly", 3, 2}, {"just", 2, 2}} {
		store := limited(account.name, account.limit)
		share, err := store.LeaveConnections(t.Context())
		if err != nil || share != (db.Share{Connections: account.want, Asked: 16, Server: 12, Account: cmp.Or(account.limit, 100)}) {
			t.Errorf("%s: got %+v, %v", account.name, share, err)
		}
		if account.name == "free" {
			useAll(t, store, admin.Ping)
		}
		store.Close()
	}
	_, err := limited("alone", 1).LeaveConnections(t.Context())
	if coded := wantCode(t, err, usage.Unavailable); !strings.Contains(coded.Message, "max_user_connections is 1") {
		t.Errorf("got %q", coded.Message)
	}
	if share, err := openWith(t, server.DSN, 4).LeaveConnections(t.Context()); err != nil || share.Connections != 4 {
		t.Errorf("of 4 connections %+v are left: %v", share, err)
	}
}

// useAll takes as many connections as the pool has for as many users as there may be,
// and asks whether others are served meanwhile.
func useAll(t *testing.T, store *db.Store, others func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() { _ = store.Hold(ctx, func() { <-ctx.Done() }) })
	}
	waitUntil(t, "the pool is not in use", func() bool { return store.InUse() == 6 })
	if err := others(); err != nil {
		t.Errorf("others: %v", err)
	}
	cancel()
	group.Wait()
	if snapshots := store.Places(); snapshots != 3 {
		t.Errorf("%d snapshots may hold one of 6 connections", snapshots)
	}
}
