package read_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// Whoever watches the servers for reading is told once that they cannot be used, however often they are looked at,
// and once that they can again.
func TestWhetherOthersAreReadIsToldWhenItChanges(t *testing.T) {
	dsn := dbtest.One(t)
	connections := oneSum(t, dsn)
	recorded, statements := dbtest.Record(t, dsn)
	aside, err := pool.Open(recorded, pool.Options{Reading: true})
	if err != nil {
		t.Fatal(err)
	}
	defer aside.Close()
	written := readerOf(connections)
	written.MaxStaleness = time.Hour
	servers := read.NewServers(written)
	servers.WatchAside(t.Context(), nil) // of none
	servers.ReadAside(readerOf(aside))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told, done := make(chan error, 100), make(chan struct{})
	go func() {
		defer close(done)
		servers.WatchAside(ctx, func(why error) { told <- why })
	}()
	until := func(what string, is func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal(what)
			}
		}
	}
	looks := 0
	until("they are not looked at", func() bool {
		for _, statement := range statements.Take() {
			if strings.Contains(statement, "TIMESTAMPDIFF") {
				looks++
			}
		}
		return looks >= 3
	})
	if why := <-told; usage.AsError(why).Code != usage.Stale || len(told) != 0 || servers.ReadsAside() {
		t.Errorf("after %d looks: told %v and %d more; others are read: %v", looks, why, len(told), servers.ReadsAside())
	}
	if shows, err := servers.Freshness(t.Context()); err != nil || shows.Follows {
		t.Errorf("without others: %+v, %v", shows, err)
	}
	execOn(t, connections, "INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (5, 'heartbeat', '', TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)), 0)")
	until("they are not read again", func() bool { return servers.ReadsAside() && len(told) > 0 })
	if why := <-told; why != nil || len(told) != 0 {
		t.Errorf("told %v and %d more", why, len(told))
	}
	if shows, err := servers.Freshness(t.Context()); err != nil || !shows.Follows {
		t.Errorf("of others: %+v, %v", shows, err)
	}
	cancel()
	<-done
	if len(told) != 0 {
		t.Errorf("told %v in the end", <-told)
	}
	execOn(t, connections, "DELETE FROM usage_level_state WHERE state_id = 5")
	if shows, err := servers.Freshness(t.Context()); err != nil || shows.Follows || servers.ReadsAside() {
		t.Errorf("others are too old: %+v, %v; they are read: %v", shows, err, servers.ReadsAside())
	}
}

// Servers that cannot be reached are told of, and the server that is written to answers in their place, also
// before anybody has looked.
func TestOthersThatCannotBeReachedAreNotRead(t *testing.T) {
	dsn := dbtest.One(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close() // so that nobody listens there
	aside, err := pool.Open("nobody@tcp("+listener.Addr().String()+")/nowhere", pool.Options{Reading: true})
	if err != nil {
		t.Fatal(err)
	}
	defer aside.Close()
	servers := read.NewServers(readerOf(oneSum(t, dsn)))
	servers.ReadAside(readerOf(aside))
	if shows, err := servers.Freshness(t.Context()); err != nil || shows.Now.IsZero() {
		t.Errorf("before anybody looks: %+v, %v", shows, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	told, done := make(chan error, 100), make(chan struct{})
	go func() {
		defer close(done)
		servers.WatchAside(ctx, func(why error) { told <- why })
	}()
	select {
	case why := <-told:
		if why == nil || usage.AsError(why).Code != usage.Unavailable || servers.ReadsAside() {
			t.Errorf("told %v; they are read: %v", why, servers.ReadsAside())
		}
	case <-time.After(time.Minute):
		t.Error("nothing is told")
	}
	cancel()
	<-done
}
