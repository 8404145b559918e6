package rollup_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/rollup"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// A world is a database whose rollups are ready and have no sums beside those of UTC.
type world struct {
	*testing.T
	dsn string
	gateway
	written int
}

// A gateway has rollups of its own, which know nothing yet of the database.
type gateway struct {
	*rollup.Rollups
	db *pool.Pool
}

// onServer runs test on one of the servers, the next one for each turn.
func onServer(t *testing.T, turn int, test func(w *world)) {
	dbtest.ServerInTurn(t, turn, func(t *testing.T, dsn string) {
		w := &world{T: t, dsn: dsn, gateway: newGateway(tables.Open(t, dsn))}
		_, err := w.InstallRollups(t.Context(), nil)
		w.must(err)
		w.must(w.FillRollups(t.Context(), nil))
		test(w)
	})
}

func newGateway(db *pool.Pool) gateway {
	return gateway{rollup.New(db, phase.NewTracker(db, phase.Levels), phase.NewTracker(db, phase.Hours)), db}
}

// other is a gateway with connections of its own.
func (w *world) other() gateway {
	w.Helper()
	connections, err := pool.Open(w.dsn, pool.Options{})
	w.must(err)
	w.Cleanup(func() { connections.Close() })
	return newGateway(connections)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) run(statements ...string) {
	w.Helper()
	for _, statement := range statements {
		if _, err := w.db.ExecContext(w.Context(), statement); err != nil {
			w.Fatalf("%s: %v", statement, err)
		}
	}
}

// one is the number that a statement returns.
func (w *world) one(statement string) (number int64) {
	w.Helper()
	if err := w.db.GetContext(w.Context(), &number, statement); err != nil {
		w.Fatalf("%s: %v", statement, err)
	}
	return number
}

// insert writes a session of a minute.
func (w *world) insert(account, customer, start string) {
	w.Helper()
	w.written++
	w.run(fmt.Sprintf(`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds)
		VALUES ('s%d', '%s', NULLIF('%s', ''), '%s', 60)`, w.written, account, customer, start))
}

func (w *world) wantCode(what string, err error, code usage.Code) {
	w.Helper()
	if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != code {
		w.Errorf("%s: got %v, want the code %s", what, err, code)
	}
}
