package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"aiusage/db"
)

// endless is a statement that takes hours with a hundred sessions, returning so
// many rows at once. The mark finds it in the list of processes.
func endless(mark string, rows int) string {
	first := ""
	for i := range rows {
		first += fmt.Sprintf("SELECT %d UNION ALL ", i)
	}
	return "/* " + mark + " */ " + first + `SELECT COUNT(*) FROM ai_sessions a, ai_sessions b, ai_sessions c, ai_sessions d, ai_sessions e
		WHERE a.duration_seconds + b.duration_seconds * c.duration_seconds + d.duration_seconds * e.duration_seconds = 7`
}

// running tells whether the server works on a statement with a mark.
func running(t *testing.T, pool *sql.DB, mark string) bool {
	t.Helper()
	rows, err := pool.Query("SHOW FULL PROCESSLIST")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, value := range values {
			if strings.Contains(value.String, mark) {
				return true
			}
		}
	}
	return false
}

func waitUntil(t *testing.T, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !met(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 30 s, %s", what)
		}
	}
}

func TestWhatIsCanceledEndsOnTheServer(t *testing.T) {
	ways := map[string]func(ctx context.Context, store *db.Store, mark string) error{
		"a query": func(ctx context.Context, store *db.Store, mark string) error {
			return store.Read(ctx, endless(mark, 0), func(string) {})
		},
		"a query that has rows already": func(ctx context.Context, store *db.Store, mark string) error {
			return store.Read(ctx, endless(mark, 3), func(string) {})
		},
		"an execution": func(ctx context.Context, store *db.Store, mark string) error {
			return store.Execute(ctx, endless(mark, 0))
		},
		"a transaction": func(ctx context.Context, store *db.Store, mark string) error {
			return store.InTransaction(ctx, ctx, "SELECT 1", endless(mark, 0))
		},
		"a statement of a transaction that lasts": func(ctx context.Context, store *db.Store, mark string) error {
			return store.InTransaction(context.WithoutCancel(ctx), ctx, "SELECT 1", endless(mark, 0))
		},
	}
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, samples(100)...)
		observer, err := sql.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { observer.Close() })
		for name, run := range ways {
			t.Run(name, func(t *testing.T) {
				mark := strings.ReplaceAll(t.Name(), "/", " ")
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				failed := make(chan error, 1)
				go func() { failed <- run(ctx, store, mark) }()
				waitUntil(t, "the statement does not run", func() bool { return running(t, observer, mark) })
				cancel()
				if err := <-failed; err == nil {
					t.Error("there is no error")
				}
				waitUntil(t, "the statement still runs", func() bool { return !running(t, observer, mark) })
			})
		}
		t.Run("the store is closed at once", func(t *testing.T) {
			mark := strings.ReplaceAll(t.Name(), "/", " ")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			other, failed := open(t, dsn), make(chan error, 1)
			go func() { failed <- other.Execute(ctx, endless(mark, 0)) }()
			waitUntil(t, "the statement does not run", func() bool { return running(t, observer, mark) })
			cancel()
			<-failed
			other.Close()
			waitUntil(t, "the statement still runs", func() bool { return !running(t, observer, mark) })
		})
	})
}

// A context that ends while nothing runs is no reason to end a connection, for
// somebody else may be using it.
func TestConnectionsInThePoolAreLeftAlone(t *testing.T) {
	eachStore(t, func(t *testing.T, _ *db.Store, dsn string) {
		store, err := db.Open(dsn, db.Options{MaxConnections: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		connection := func(ctx context.Context) (id string) {
			if err := store.Read(ctx, "SELECT CONNECTION_ID()", func(value string) { id = value }); err != nil {
				t.Fatal(err)
			}
			return id
		}
		before := connection(t.Context())
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			connection(ctx)
			cancel()
			_ = store.Execute(ctx, "DO 1")                                    // fails at once
			_ = store.InTransaction(t.Context(), ctx, "SELECT 1", "SELECT 1") // as well
		}
		if after := connection(t.Context()); after != before {
			t.Errorf("the connection is %s, and was %s", after, before)
		}
	})
}
