package db_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// The platform's replication goes on, whatever its format: where it logs
// statements, there are no triggers, and the reason says what to do.
func TestReplicationGoesOn(t *testing.T) {
	dbtest.EachReplicated(t, nil, func(t *testing.T, primary, replica *dbtest.Server) {
		for _, format := range []string{"ROW", "MIXED", "STATEMENT"} {
			t.Run(format, func(t *testing.T) {
				execute(t, primary.DSN, "SET GLOBAL binlog_format = '"+format+"'", "DROP DATABASE aiusage",
					"CREATE DATABASE aiusage CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
				replicated(t, format, primary, replica)
			})
		}
	})
}

func replicated(t *testing.T, format string, primary, replica *dbtest.Server) {
	store := open(t, primary.DSN)
	migrate(t, store)
	_, err := store.InstallRollups(t.Context(), nil)
	if err == nil {
		err = store.FillRollups(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := db.Ready
	if format == "STATEMENT" {
		want = db.Raw
	}
	if got := status(t, store); got.Phase != want || want == db.Raw && !strings.Contains(got.Reason, "binlog_format=STATEMENT") {
		t.Fatalf("got %+v", got)
	}
	writeFromSeveral(t, store, primary.DSN)
	awaitReplica(t, primary.DSN, replica.DSN)
	for _, statement := range []string{"SELECT COUNT(*) FROM ai_sessions", "SELECT COUNT(*) FROM usage_changes", "SELECT COALESCE(SUM(seconds), 0) FROM usage_account_series"} {
		if got, want := count(t, replica.DSN, statement), count(t, primary.DSN, statement); got != want {
			t.Errorf("%s: the replica has %d, the primary %d", statement, got, want)
		}
	}
	if got, want := report(t, open(t, replica.DSN), usage.Request{}).Totals, plainSums(t, primary.DSN, "TRUE"); got != want {
		t.Errorf("the replica says %v, want %v", got, want)
	}
	if want == db.Raw {
		return
	}
	holds(t, store, primary.DSN, "with a replica")
	execute(t, primary.DSN, "SET GLOBAL binlog_format = 'STATEMENT'")
	if err := store.CheckRollups(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := status(t, store); got.Phase != db.Raw || !strings.Contains(got.Reason, "binlog_format=STATEMENT") {
		t.Errorf("when the format has changed: %+v", got)
	}
	if triggers := count(t, primary.DSN, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"); triggers > 0 {
		t.Errorf("%d triggers are left", triggers)
	}
	if err := store.KeepFolding(t.Context()); err != nil || status(t, store).Stuck != "" {
		t.Errorf("folding: %v, %q", err, status(t, store).Stuck)
	}
}

// writeFromSeveral writes sessions on several connections at once, with statements
// of every kind, while the gateway folds.
func writeFromSeveral(t *testing.T, store *db.Store, dsn string) {
	t.Helper()
	var group sync.WaitGroup
	for writer := range 3 {
		w := newWriter(t, dsn, "STRICT_ALL_TABLES")
		group.Go(func() {
			for i := range 60 {
				for _, statement := range []string{
					fmt.Sprintf("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('%d-%d', 'a', '2026-03-01 10:00', 60), ('%d-%d b', 'b', '2026-03-02 10:00', 61)", writer, i, writer, i),
					fmt.Sprintf("UPDATE ai_sessions SET duration_seconds = duration_seconds + 60, account_id = 'c' WHERE session_id = '%d-%d'", writer, i-1),
					fmt.Sprintf("DELETE FROM ai_sessions WHERE session_id = '%d-%d'", writer, i-3),
				} {
					if err := w.try(statement); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	group.Go(func() {
		for range 20 {
			if err := store.KeepFolding(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	group.Wait()
}

// awaitReplica returns once a replica has all that its primary had when it was called, which is
// once it has what was written there last.
func awaitReplica(t *testing.T, primary, replica string) {
	t.Helper()
	execute(t, primary, "CREATE DATABASE IF NOT EXISTS marks", "CREATE TABLE IF NOT EXISTS marks.marks (mark BIGINT PRIMARY KEY)")
	mark := time.Now().UnixNano()
	execute(t, primary, fmt.Sprintf("INSERT INTO marks.marks VALUES (%d)", mark))
	pool, err := sql.Open("mysql", replica)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var there int64
	for deadline := time.Now().Add(time.Minute); there != mark; time.Sleep(20 * time.Millisecond) {
		err := pool.QueryRowContext(t.Context(), "SELECT mark FROM marks.marks WHERE mark = ?", mark).Scan(&there)
		if err != nil && time.Now().After(deadline) {
			t.Fatalf("the replica has not all after a minute: %v", err)
		}
	}
}
