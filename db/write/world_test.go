package write_test

import (
	"errors"
	"os"
	"testing"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/write"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// A world is a database with the gateway's tables, which are empty, without triggers that
// record anything.
type world struct {
	*testing.T
	dsn string
	db  *pool.Pool
}

// onServer runs test on one of the servers, the next one for each turn.
func onServer(t *testing.T, turn int, test func(w *world)) {
	dbtest.ServerInTurn(t, turn, func(t *testing.T, dsn string) {
		w := &world{t, dsn, tables.Open(t, dsn)}
		w.run("CREATE TRIGGER shown AFTER DELETE ON ai_sessions FOR EACH ROW SET @shown = 1") // by which a writer sees that it may see triggers
		test(w)
	})
}

// writer is one that knows nothing yet, of some connections.
func writer(db *pool.Pool) *write.Writer {
	return write.New(db, phase.NewTracker(db, phase.Levels), phase.NewTracker(db, phase.Hours))
}

// open opens connections of their own.
func (w *world) open(dsn string, options pool.Options) *pool.Pool {
	w.Helper()
	connections, err := pool.Open(dsn, options)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { connections.Close() })
	return connections
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
func (w *world) one(statement string) (number int) {
	w.Helper()
	if err := w.db.GetContext(w.Context(), &number, statement); err != nil {
		w.Fatalf("%s: %v", statement, err)
	}
	return number
}

func (w *world) wantCode(what string, err error, code usage.Code) {
	w.Helper()
	if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != code {
		w.Errorf("%s: got %v, want the code %s", what, err, code)
	}
}

// The states in which changes are recorded, for either set of sums.
const (
	levelsReady = "REPLACE INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 2)"
	hoursReady  = "REPLACE INTO usage_rollup_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 2)"
)
