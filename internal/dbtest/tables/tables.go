// Package tables opens databases that have the gateway's tables, for tests of the rooms
// below db.
package tables

import (
	"testing"

	"aiusage/db"
	"aiusage/db/pool"
)

// Open makes the gateway's tables, which are empty, and returns connections to them.
func Open(t *testing.T, dsn string) *pool.Pool {
	t.Helper()
	store, err := db.Open(dsn, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(t.Context(), func(db.Migration) {}); err != nil {
		t.Fatal(err)
	}
	connections, err := pool.Open(dsn, pool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connections.Close() })
	return connections
}
