package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// importFile writes a file of sessions of a new account. width makes their ids so long.
func (w *world) importFile(t *testing.T, rows, width int) (account, path string, sessions map[string]session) {
	t.Helper()
	w.files++
	account = fmt.Sprint("imported-", w.files)
	var text strings.Builder
	text.WriteString("session_id,account_id,customer_id,started_at,duration_seconds\n")
	sessions = map[string]session{}
	for row := range rows {
		id, one := fmt.Sprint(account, "-", row, strings.Repeat("\U0001F4DE", width)), sessionOf(row)
		if row == rows-1 {
			id = account + "-last of all"
		}
		one.account, one.customer = account, "customer"+strings.Repeat("\U0001F4DE", width)
		sessions[id] = one
		fmt.Fprintf(&text, "%s,%s,%s,%s,%d\n", id, one.account, one.customer, one.start.Format(time.RFC3339Nano), one.seconds)
	}
	path = filepath.Join(t.TempDir(), account+".csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return account, path, sessions
}

// importing does something that imports sessions of an account, and notes which of them are
// stored then.
func (w *world) importing(t *testing.T, account string, sessions map[string]session, do func()) {
	t.Helper()
	w.ledger.load(account, sessions)
	do()
	stored := w.sessionsOf(t, account)
	var missing []string
	for id := range sessions {
		if !slices.Contains(stored, id) {
			missing = append(missing, id)
		}
	}
	w.ledger.begin(nil, missing...)
	w.ledger.commit()
}

// sessionsOf returns the ids of an account's sessions.
func (w *world) sessionsOf(t *testing.T, account string) (ids []string) {
	t.Helper()
	rows, err := w.db.QueryContext(t.Context(), `SELECT session_id FROM ai_sessions WHERE account_id = ? ORDER BY session_id`, account)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// midImport cuts an import while one of its writers waits in the middle of a transaction and
// others have stored what was theirs, and imports the same file again.
func (w *world) midImport(t *testing.T, cut func(importing *process)) {
	t.Helper()
	const rows = 400
	account, path, sessions := w.importFile(t, rows, 0)
	// Whoever stores the same session waits until it is certain that this one is not stored. Nobody
	// else does, because nothing is to be put between it and the one before it.
	w.platform.store(t.Context(), account+"-last", sessionOf(0))
	held := w.hold(t, `INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('`+account+`-last of all', 'nobody', '2026-01-01', 1)`)
	w.importing(t, account, sessions, func() {
		command := start(t, w.throughProxy, "import", path)
		w.await(t, "one of the import's writers waits, and another is done", func() bool {
			return w.waits(t) && len(w.sessionsOf(t, account)) > 0
		})
		cut(command)
		_ = held.Rollback() // which may have ended with the server
		if said := w.failed(t, command); said != "" && !strings.Contains(said, unreachable) {
			t.Errorf("the import says: %s", said)
		}
		w.await(t, "its transactions are gone", func() bool {
			time.Sleep(transactions)
			return w.number(t, `SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 0`) == 0
		})
	})
	if stored := len(w.sessionsOf(t, account)); stored == 0 || stored == rows {
		t.Errorf("%d of %d rows are stored of an import that was cut off", stored, rows)
	}
	w.importing(t, account, sessions, func() { run(t, "", "import", path, "--dsn", w.throughProxy) })
	if now := w.sessionsOf(t, account); len(now) != rows {
		t.Errorf("%d of %d rows are stored in the end", len(now), rows)
	}
}

// failed waits until a command has ended, which must have failed, and returns what it has said.
func (w *world) failed(t *testing.T, command *process) (said string) {
	t.Helper()
	w.await(t, "the command has ended", command.isOver)
	said = command.output.String()
	if command.command.ProcessState.Success() {
		t.Errorf("it succeeded, and says: %s", said)
	}
	for _, secret := range []string{databasePassword, "internal error", "panic"} {
		if strings.Contains(said, secret) {
			t.Errorf("%q is told: %s", secret, said)
		}
	}
	return said
}

// importFails imports a file, which must fail for a reason.
func (w *world) importFails(t *testing.T, path, reason string) {
	t.Helper()
	if said := w.failed(t, start(t, w.throughProxy, "import", path)); !strings.Contains(said, reason) {
		t.Errorf("the import does not say that %s: %s", reason, said)
	}
}

// importKilled: an import ends as in a crash.
func importKilled(t *testing.T, w *world) {
	w.midImport(t, (*process).kill)
}

// serverKilledMidImport: the server ends as in a crash, in the middle of an import.
func serverKilledMidImport(t *testing.T, w *world) {
	w.midImport(t, func(*process) { w.restart(t) })
}
