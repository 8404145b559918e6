package clusters

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Each session has this duration, so that any number of them is known by each of its sums.
const (
	seconds = 61
	minutes = 2
)

// ledger is the tests' own account: how many sessions writers have begun to store, and of how many
// they know that they are stored. What is begun is tried until it is stored.
type ledger struct{ begun, stored atomic.Int64 }

// writer stores sessions on one server after the other, as a platform does that goes elsewhere when
// a server fails.
type writer struct {
	name    string
	ledger  *ledger
	servers []*sql.DB
}

// pace is how long a writer rests after a session, and writePatience how long it waits for a server.
const (
	pace          = 25 * time.Millisecond
	writePatience = 2 * time.Second
)

// write stores sessions until stop is called, which returns once each is stored that was begun.
func (w *writer) write(t *testing.T) (stop func()) {
	var ending atomic.Bool
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; i == 0 || !ending.Load(); i++ {
			w.store(t, fmt.Sprint(w.name, "-", i), i)
			time.Sleep(pace)
		}
	})
	return sync.OnceFunc(func() { ending.Store(true); group.Wait() })
}

// store stores a session. Trying again changes nothing where it is stored already.
func (w *writer) store(t *testing.T, id string, number int) {
	w.ledger.begun.Add(1)
	began := time.Now()
	for attempt := number; ; attempt++ {
		ctx, cancel := context.WithTimeout(context.Background(), writePatience)
		_, err := w.servers[attempt%len(w.servers)].ExecContext(ctx, `
			INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, ?, ?, ?)
			ON DUPLICATE KEY UPDATE duration_seconds = VALUES(duration_seconds)`,
			id, fmt.Sprint("account-", number%5), fmt.Sprint("customer-", number%7),
			time.Date(2026, 1, 1+number%90, number%24, number%60, 0, 0, time.UTC), seconds)
		cancel()
		if err == nil {
			w.ledger.stored.Add(1)
			return
		}
		if time.Since(began) > patience {
			t.Errorf("%s cannot be stored: %v", id, err)
			return
		}
		time.Sleep(pace)
	}
}

// write has writers store sessions on servers until stop is called.
func (l *ledger) write(t *testing.T, count int, servers ...*sql.DB) (stop func()) {
	var stops []func()
	for i := range count {
		one := &writer{name: rand.Text(), ledger: l, servers: append(append([]*sql.DB{}, servers[i%len(servers):]...), servers[:i%len(servers)]...)}
		stops = append(stops, one.write(t))
	}
	return sync.OnceFunc(func() {
		for _, stop := range stops {
			stop()
		}
	})
}

// open opens connections that do not outlive the test.
func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.Timeout, config.Logger, config.InterpolateParams = writePatience, &mysql.NopLogger{}, true
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}
