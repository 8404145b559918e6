package faults

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// stalled: the server hangs, with all connections open.
func stalled(t *testing.T, w *world) {
	if err := w.server.Pause(); err != nil {
		t.Fatal(err)
	}
	w.await(t, "/readyz says so", func() bool { return strings.Contains(w.readiness(), tooLong) })
	w.hears(t, tooLong)
	if err := w.server.Resume(); err != nil {
		t.Fatal(err)
	}
}

// readOnly: the address leads to a server that takes no writes, as after a fail-over, and that
// takes them later. What others have written there meanwhile, as replication does, waits to be folded.
func readOnly(t *testing.T, w *world) {
	_, path, _ := w.importFile(t, 10, 0)
	w.execute(t, "SET GLOBAL read_only = 1")
	w.proxy.Stop()
	if err := w.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	w.importFails(t, path, "the database is read-only")
	w.await(t, "/readyz says so", func() bool { return strings.Contains(w.readiness(), "changes cannot be folded") })
	w.callers.forget()
	w.hearsUsage(t)
	w.execute(t, "SET GLOBAL read_only = 0")
}

// serverKilled: the server ends as in a crash, in the middle of a fold.
func serverKilled(t *testing.T, w *world) {
	w.midFold(t, func() { w.restart(t) })
}

// restart ends the server as in a crash, and starts it once callers know that it is gone.
func (w *world) restart(t *testing.T) {
	t.Helper()
	w.server.Kill()
	w.callers.forget()
	w.hears(t, unreachable)
	if err := w.server.Start(); err != nil {
		t.Fatal(err)
	}
}

// gatewayKilled: the gateway ends as in a crash, in the middle of a fold.
func gatewayKilled(t *testing.T, w *world) {
	w.midFold(t, func() {
		w.callers.mayBeGone.Store(true)
		w.gateway.kill()
	})
	w.startGateway(t)
	w.callers.mayBeGone.Store(false)
}

// midFold does something while the gateway folds and has done all but the last of it.
func (w *world) midFold(t *testing.T, do func()) {
	t.Helper()
	w.await(t, "it has folded before", func() bool { return w.number(t, `SELECT COUNT(*) FROM usage_level_state WHERE phase = 'fold'`) > 0 })
	held := w.hold(t, `UPDATE usage_level_state SET corrections = corrections + 1 WHERE phase = 'fold'`)
	defer held.Rollback()
	w.await(t, "the gateway is folding", func() bool { return w.waits(t) })
	w.callers.forget()
	w.hearsUsage(t)
	do()
}

// folds waits until the gateway has folded once more.
func (w *world) folds(t *testing.T) {
	t.Helper()
	mark := func() int64 { return w.number(t, `SELECT generation FROM usage_level_state WHERE phase = 'fold'`) }
	before := mark()
	w.await(t, "the gateway folds", func() bool { return mark() != before })
}

// hold locks what a statement locks until the transaction is rolled back.
func (w *world) hold(t *testing.T, locking string) *sql.Tx {
	t.Helper()
	tx, err := w.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(locking); err != nil {
		t.Fatalf("%s: %v", locking, err)
	}
	return tx
}

// transactions is how often InnoDB looks what transactions there are, if nobody asks meanwhile.
const transactions = 110 * time.Millisecond

// waits tells whether somebody waits for a lock.
func (w *world) waits(t *testing.T) bool {
	time.Sleep(transactions)
	return w.number(t, `SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'`) > 0
}

// usedUp: others have all connections that the server allows.
func usedUp(t *testing.T, w *world) {
	allowed := w.number(t, "SELECT @@GLOBAL.max_connections")
	w.execute(t, "SET GLOBAL max_connections = 12")
	var visits []*sql.Conn
	w.await(t, "all connections are used up", func() bool {
		for {
			visit, err := w.visitors.Conn(t.Context())
			if err != nil {
				break
			}
			visits = append(visits, visit)
		}
		return w.endConnections(t, "gateway") == 0
	})
	w.callers.forget()
	const told = "the database takes no more connections"
	w.hears(t, told)
	w.await(t, "/readyz says so", func() bool { return strings.Contains(w.readiness(), told) })
	for _, visit := range visits {
		visit.Close()
	}
	w.execute(t, fmt.Sprint("SET GLOBAL max_connections = ", allowed))
}

// endConnections ends a user's connections, and returns how many there were.
func (w *world) endConnections(t *testing.T, user string) int {
	t.Helper()
	rows, err := w.db.QueryContext(t.Context(), "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = ?", user)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		_, _ = w.db.ExecContext(t.Context(), fmt.Sprint("KILL ", id)) // which may have ended by itself
	}
	return len(ids)
}

// diskFull: the server has no room for what is to be written. Servers may crash of it, and then
// have to be started again.
func diskFull(t *testing.T, w *world) {
	account, path, sessions := w.importFile(t, 2000, 40)
	w.server.FillDisk(t)
	w.ledger.load(account, sessions)
	said := w.failed(t, start(t, w.throughProxy, "import", path))
	w.callers.forget()
	w.await(t, "callers get usage, or the server has crashed", func() bool {
		return w.server.HasEnded() || strings.Contains(said, "the database has no room left") && w.callers.everyDoor(isUsage)
	})
	if err := w.server.FreeDisk(); err != nil {
		t.Fatal(err)
	}
	w.importing(t, account, sessions, func() {
		w.await(t, "the import succeeds", func() bool {
			if w.server.HasEnded() { // maybe only now
				t.Logf("the server has crashed; the import said: %s", said)
				if err := w.server.Start(); err != nil {
					t.Fatal(err)
				}
			}
			again := start(t, w.throughProxy, "import", path)
			<-again.ended
			return again.command.ProcessState.Success()
		})
	})
}
