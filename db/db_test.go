package db_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// eachStore runs test on every engine, with a current schema, rollups where the
// engine can have them, and no rows.
func eachStore(t *testing.T, test func(t *testing.T, store *db.Store, dsn string)) {
	dbtest.Each(t, func(t *testing.T, dsn string) { test(t, prepared(t, dsn), dsn) })
}

// anyStore is eachStore on one of the engines.
func anyStore(t *testing.T, test func(t *testing.T, store *db.Store, dsn string)) {
	dbtest.Any(t, func(t *testing.T, dsn string) { test(t, prepared(t, dsn), dsn) })
}

// prepared is a store with a current schema, rollups where the engine can have them, and no
// rows.
func prepared(t *testing.T, dsn string) *db.Store {
	t.Helper()
	tables.Make(t, dsn)
	store := open(t, dsn)
	install(t, store)
	return store
}

// install installs the rollups, and fails unless reports read them afterwards on
// an engine that can have them.
func install(t *testing.T, store *db.Store) db.RollupStatus {
	t.Helper()
	status, err := store.InstallRollups(t.Context(), nil)
	if err == nil {
		err = store.FillRollups(t.Context(), nil)
	}
	if err == nil {
		status, err = store.RollupStatus(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	want := db.Ready
	if isEmbedded(t, store) {
		want = db.Raw
	}
	if status.Phase != want {
		t.Fatalf("got %+v, want the phase %s", status, want)
	}
	return status
}

func open(t *testing.T, dsn string) *db.Store {
	t.Helper()
	store, err := db.Open(dsn, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func migrate(t *testing.T, store *db.Store) (steps []db.Migration) {
	t.Helper()
	err := store.Migrate(t.Context(), func(step db.Migration) { steps = append(steps, step) })
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

// execute runs statements as the platform or an operator would, beside the gateway.
func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for _, statement := range statements {
		if _, err := pool.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// isEmbedded tells whether the store is on the embedded engine, which deviates
// from MySQL in the places where this is asked; docs/decisions.md says how.
func isEmbedded(t *testing.T, store *db.Store) bool {
	t.Helper()
	server, err := store.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(server, "Dolt")
}

func report(t *testing.T, store *db.Store, request usage.Request) *usage.Report {
	t.Helper()
	query, err := request.Query(nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := store.Report(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func wantCode(t *testing.T, err error, code usage.Code) *usage.Error {
	t.Helper()
	coded, ok := errors.AsType[*usage.Error](err)
	if !ok || coded.Code != code {
		t.Fatalf("got %v, want an error with the code %s", err, code)
	}
	return coded
}

func write(t *testing.T, store *db.Store, sessions ...usage.Session) db.Written {
	t.Helper()
	written, err := store.WriteSessions(context.WithoutCancel(t.Context()), sessions)
	if err != nil {
		t.Fatal(err)
	}
	return written
}
