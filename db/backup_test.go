package db_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// documented are the commands of the page about backups that begin with a program's name, for
// a database and the one it is restored into.
func documented(t *testing.T, program, database, restored string) (commands []string) {
	t.Helper()
	page, err := os.ReadFile("../docs/operations/backup.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range regexp.MustCompile(`(?m)^`+program+` .*$`).FindAllString(string(page), -1) {
		line = regexp.MustCompile(`\bvoice( |$)`).ReplaceAllString(line, database+"$1")
		commands = append(commands, regexp.MustCompile(`\brestored\b`).ReplaceAllString(line, restored))
	}
	return commands
}

// programsOf are the programs that dump and load the databases of a server.
func programsOf(t *testing.T, dsn string) (dump, load string) {
	t.Helper()
	if count(t, dsn, "SELECT VERSION() LIKE '%MariaDB%'") == 1 {
		return "mariadb-dump", "mariadb"
	}
	return "mysqldump", "mysql"
}

// restoredDSN is that of a database of the same server, which is dropped at the end of the test.
func restoredDSN(t *testing.T, dsn string) (name, restored string) {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name = config.DBName + "_restored"
	t.Cleanup(func() { _, _ = pool(t, dsn).ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name) })
	config.DBName = name
	return name, config.FormatDSN()
}

// platformSession is a random session; those of the accounts "one" and "other" come in pairs.
func platformSession(random *rand.Rand, id, account string) usage.Session {
	return usage.Session{SessionID: id, AccountID: account, CustomerID: []string{"", "x", "y"}[random.IntN(3)],
		StartedAt:       time.Date(2026, 3, 1+random.IntN(28), random.IntN(24), random.IntN(60), 0, 0, time.UTC),
		DurationSeconds: random.Int64N(4000)}
}

// keepWriting has the platform and an import write until the test or stop ends it, while sums
// are folded.
func keepWriting(t *testing.T, dsn string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	platform := pool(t, dsn)
	steps := []func(random *rand.Rand, store *db.Store, n int) error{
		func(random *rand.Rand, _ *db.Store, n int) error { // a pair, or a change of one, or its end
			tx, err := platform.BeginTx(context.Background(), nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			old := random.IntN(n + 1)
			for _, account := range []string{"one", "other"} {
				s := platformSession(random, fmt.Sprint(account, n), account)
				if _, err := tx.Exec("INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, NULLIF(?, ''), ?, ?)",
					s.SessionID, s.AccountID, s.CustomerID, s.StartedAt, s.DurationSeconds); err != nil {
					return err
				}
				change := []string{"UPDATE ai_sessions SET duration_seconds = duration_seconds + 61 WHERE session_id = ?", "DELETE FROM ai_sessions WHERE session_id = ?"}[n%2]
				if _, err := tx.Exec(change, fmt.Sprint(account, old)); err != nil {
					return err
				}
			}
			return tx.Commit()
		},
		func(random *rand.Rand, store *db.Store, n int) error {
			_, err := store.WriteSessions(context.Background(), []usage.Session{platformSession(random, fmt.Sprint("import", n), "third")})
			return err
		},
		func(random *rand.Rand, store *db.Store, _ int) error {
			return store.FoldBatch(context.Background(), 1+random.IntN(20))
		},
	}
	for which, step := range steps {
		store := open(t, dsn)
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(which), 7))
			for n := 0; ctx.Err() == nil; n++ {
				if err := step(random, store, n); err != nil && !db.IsPassing(err) && !strings.Contains(err.Error(), "Deadlock") {
					t.Errorf("writer %d: %v", which, err)
					return
				}
			}
		})
	}
	return func() { cancel(); group.Wait() }
}

// holdsItself holds a database to its sessions.
func holdsItself(t *testing.T, dsn, when string) {
	t.Helper()
	holdsSessions(t, dsn, when, sessionsOf(t, dsn))
}

// holdsSessions holds the reports of a database to what some sessions add up to here, and its sums
// to its sessions.
func holdsSessions(t *testing.T, dsn, when string, sessions []usage.Session) {
	t.Helper()
	want := map[string]usage.Usage{}
	for _, s := range sessions {
		sum := want[s.AccountID]
		want[s.AccountID] = usage.Usage{Minutes: sum.Minutes + (s.DurationSeconds+59)/60, Seconds: sum.Seconds + s.DurationSeconds, Sessions: sum.Sessions + 1}
	}
	store := open(t, dsn)
	answer := report(t, store, usage.Request{})
	for _, row := range answer.Accounts {
		if row.Usage != want[row.AccountID] {
			t.Errorf("%s, account %s: got %+v, want %+v", when, row.AccountID, row.Usage, want[row.AccountID])
		}
	}
	if len(answer.Accounts) != len(want) || len(want) == 0 {
		t.Errorf("%s: %d accounts, want %d", when, len(answer.Accounts), len(want))
	}
	if found := differences(t, store); len(found) > 0 {
		t.Errorf("%s: %d sums differ, such as %+v", when, len(found), found[0])
	}
}

// What the page about backups says is what happens: a dump that is made while others write
// has sums and sessions of one state, and goes on from there in a database of its own.
func TestADumpIsRestoredWithSumsThatHold(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		shell := dbtest.NewShell(t, dsn)
		dump, load := programsOf(t, dsn)
		name, restored := restoredDSN(t, dsn)
		database := strings.TrimSuffix(name, "_restored")
		dumps, loads := documented(t, dump, database, name), documented(t, load, database, name)
		if len(dumps) != 1 || len(loads) != 2 {
			t.Fatalf("%q, %q", dumps, loads)
		}
		stop := keepWriting(t, dsn)
		for count(t, dsn, "SELECT COUNT(*) FROM ai_sessions WHERE account_id = 'one'") < 30 {
			time.Sleep(5 * time.Millisecond)
		}
		output, err := shell.Run(dumps[0])
		stop()
		if err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		if output, err := shell.Run(strings.Join(loads, "\n")); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		copied := open(t, restored)
		if err := copied.CheckSchema(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := status(t, copied); got.Phase != db.Ready {
			t.Errorf("restored: %+v", got)
		}
		const pairs = "SELECT SUM(account_id = 'one') - SUM(account_id = 'other') FROM ai_sessions"
		if n := count(t, restored, pairs); n != 0 {
			t.Errorf("half of %d transactions is in the dump", n)
		}
		holdsItself(t, restored, "restored")
		// It is a database to go on with: its triggers are there, and it can be looked after.
		execute(t, restored,
			"INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('late', 'late', '2026-03-09', 61)",
			"UPDATE ai_sessions SET duration_seconds = 121 WHERE session_id = 'late'",
			"DELETE FROM ai_sessions WHERE account_id = 'other'")
		if count(t, restored, "SELECT COUNT(*) FROM usage_changes WHERE account_id = 'late'") == 0 {
			t.Error("what is written is not recorded")
		}
		if _, err := copied.InstallRollups(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if got := status(t, copied); got.Phase != db.Ready {
			t.Errorf("after migrate: %+v", got)
		}
		holdsItself(t, restored, "gone on with")
	})
}

// The sessions restored alone do not have the sums of their state, until these are rebuilt; also
// where the triggers were left out of the dump.
func TestSessionsRestoredAloneGetSumsAnew(t *testing.T) {
	for turn, flags := range []string{"", " --skip-triggers"} {
		t.Run("with"+flags, func(t *testing.T) {
			rolledUpInTurn(t, turn, func(t *testing.T, store *db.Store, dsn string) {
				shell := dbtest.NewShell(t, dsn)
				dump, load := programsOf(t, dsn)
				name, _ := restoredDSN(t, dsn)
				database := strings.TrimSuffix(name, "_restored")
				random := rand.New(rand.NewPCG(1, 2))
				for n := range 20 {
					write(t, store, platformSession(random, fmt.Sprint("before", n), "one"))
				}
				if output, err := shell.Run(documented(t, dump, database+" ai_sessions", name)[0] + flags); err != nil {
					t.Fatalf("%v: %s", err, output)
				}
				execute(t, dsn, "DELETE FROM ai_sessions WHERE session_id LIKE '%1'")
				write(t, store, platformSession(random, "after", "other"))
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				if output, err := shell.Run(load + " --defaults-file=client.cnf " + database + " < voice.sql"); err != nil {
					t.Fatalf("%v: %s", err, output)
				}
				if found := differences(t, open(t, dsn)); len(found) == 0 {
					t.Error("no sum differs")
				}
				operator := open(t, dsn) // aiusage migrate, and rollup rebuild
				if _, err := operator.InstallRollups(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				fill(t, operator)
				if _, err := operator.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil {
					t.Fatal(err)
				}
				holdsItself(t, dsn, "rebuilt")
				write(t, store, platformSession(random, "later", "other"))
				holdsItself(t, dsn, "gone on with")
			})
		})
	}
}

// A dump of the earlier version's database is restored and upgraded like the database itself.
func TestADumpOfAnEarlierVersionIsUpgraded(t *testing.T) {
	eachMove(t, func(t *testing.T, m *move, _ *db.Store) {
		shell := dbtest.NewShell(t, m.dsn)
		dump, load := programsOf(t, m.dsn)
		name, restored := restoredDSN(t, m.dsn)
		database := strings.TrimSuffix(name, "_restored")
		commands := append(documented(t, dump, database, name), documented(t, load, database, name)...)
		if output, err := shell.Run(strings.Join(commands, "\n")); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		store := open(t, restored)
		if err := store.CheckSchema(t.Context()); err == nil || !strings.Contains(err.Error(), "run its migrate command") {
			t.Errorf("got %v", err)
		}
		migrate(t, store)
		if _, err := store.InstallRollups(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		fill(t, store)
		holdsSessions(t, restored, "upgraded", m.everything())
	})
}
