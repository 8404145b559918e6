package rollup_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

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
	db             *pool.Pool
	levels, former *phase.Tracker
}

// onServer runs test on one of the servers, the next one for each turn.
func onServer(t *testing.T, turn int, test func(w *world)) {
	dbtest.ServerInTurn(t, turn, func(t *testing.T, dsn string) {
		w := &world{T: t, dsn: dsn, gateway: newGateway(tables.Open(t, dsn))}
		w.install(nil)
		test(w)
	})
}

func newGateway(db *pool.Pool) gateway {
	levels, former := phase.NewTracker(db, phase.Levels), phase.NewTracker(db, phase.Hours)
	return gateway{rollup.New(db, levels, former), db, levels, former}
}

// other is a gateway with connections of its own.
func (w *world) other(dsn string) gateway {
	w.Helper()
	connections, err := pool.Open(dsn, pool.Options{})
	w.must(err)
	w.Cleanup(func() { connections.Close() })
	return newGateway(connections)
}

// install has everything be recorded, and sums be made of what is there.
func (w *world) install(zone *time.Location) {
	w.Helper()
	_, err := w.InstallRollups(w.Context(), zone)
	w.must(err)
	w.must(w.FillRollups(w.Context(), nil))
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

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// The triggers by which gateways of an earlier version record changes, without what they do.
const (
	formerInserted = "CREATE TRIGGER aiusage_session_inserted AFTER INSERT ON ai_sessions FOR EACH ROW SET @seen = 1"
	formerUpdated  = "CREATE TRIGGER aiusage_session_updated AFTER UPDATE ON ai_sessions FOR EACH ROW SET @seen = 1"
	formerDeleted  = "CREATE TRIGGER aiusage_session_deleted AFTER DELETE ON ai_sessions FOR EACH ROW SET @seen = 1"
)

// formerReady is the state of an earlier version's sums that reports may read.
const formerReady = "REPLACE INTO usage_rollup_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 2)"

// unadopted has a gateway of an earlier version drop the sessions of one more day, a number of
// days after the first one, of which its sums have an hour and a change that waits.
func (w *world) unadopted(day int) {
	w.Helper()
	at := time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC).AddDate(0, 0, day)
	w.run("INSERT IGNORE INTO usage_accounts (account_no, account_id) VALUES (77, 'old')",
		"INSERT IGNORE INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES (78, 77, 'old', 'c')",
		"INSERT IGNORE INTO usage_rollup_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 2)",
		fmt.Sprintf("INSERT INTO usage_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (1, '%s', 77, 78, 1, 60, 1)", at.Format(time.DateTime)),
		fmt.Sprintf("INSERT INTO usage_deltas (account_id, customer_id, hour, minutes, seconds, sessions) VALUES ('fresh', '%d', '%s', 2, 120, 2)", day, at.Format(time.DateTime)),
		fmt.Sprintf("UPDATE usage_rollup_state SET raw_from = '%s', generation = generation + 1, corrections = corrections + 1", usage.Day.Next(at).Format(time.DateTime)))
}
