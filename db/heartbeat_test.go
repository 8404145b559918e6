package db_test

import (
	"testing"
	"time"

	"aiusage/internal/dbtest"
)

const heartbeat = "SELECT COALESCE(MAX(generation), 0) FROM usage_level_state WHERE phase = 'heartbeat'"

// Where others can follow a server, gateways write there what time it is, all of them together once a
// second; elsewhere nothing.
func TestTheHeartbeatIsTheServersTime(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		migrate(t, store)
		beat := func() int64 {
			if err := store.Beat(t.Context()); err != nil {
				t.Fatal(err)
			}
			return int64(count(t, dsn, heartbeat))
		}
		clock := func() int64 {
			now, err := store.Clock(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return now.UnixMicro()
		}
		before := clock()
		first := beat()
		if count(t, dsn, "SELECT @@log_bin") == 0 {
			if first != 0 {
				t.Error("there is a heartbeat, and nobody can follow")
			}
			return
		}
		if after := clock() + time.Millisecond.Microseconds(); first < before || first > after {
			t.Errorf("got %d, between %d and %d", first, before, after)
		}
		set := func(offset string) {
			execute(t, dsn, "UPDATE usage_level_state SET generation = "+offset+" WHERE phase = 'heartbeat'")
		}
		set("generation - 2000000")
		late := int64(count(t, dsn, heartbeat))
		if second := beat(); second < first || second == late {
			t.Errorf("after 2 s: %d, then %d", late, second)
		}
		// Of several gateways one writes it, and the next only once it is old.
		began := time.Now()
		written := beat()
		if again := beat(); again != written && time.Since(began) < 800*time.Millisecond {
			t.Errorf("it is written twice, %d µs apart", again-written)
		}
		// The clock has been set back by an hour.
		set("generation + 3600000000")
		if again := beat(); again > clock()+time.Millisecond.Microseconds() {
			t.Errorf("it stays ahead of the clock: %d", again)
		}
		// The server is no replica, and so has everything, however old its heartbeat is.
		set("1")
		if age, err := store.Freshness(t.Context()); err != nil || age.Follows || time.Since(age.AsOf()).Abs() > time.Minute {
			t.Errorf("got %+v, %v", age, err)
		}
	})
}

// An account that may only read is no mistake.
func TestWhoMayNotWriteWritesNoHeartbeat(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		migrate(t, open(t, dsn))
		reader, drop := limitedTo(t, dsn, "SELECT")
		defer drop()
		if err := reader.Beat(t.Context()); err != nil || count(t, dsn, heartbeat) != 0 {
			t.Errorf("got %v, and %d", err, count(t, dsn, heartbeat))
		}
	})
}
