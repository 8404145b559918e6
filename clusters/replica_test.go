package clusters

import (
	"database/sql"
	"strings"
	"testing"

	"aiusage/db"
	"aiusage/internal/dbtest"
)

const replicaWritesNothing = "repeats what is written on another, so the gateway writes nothing there"

func TestGateways_OnAReplica(t *testing.T) {
	dbtest.EachReplicated(t, nil, func(t *testing.T, primary, replica *dbtest.Server) {
		p := &pair{primary: primary, replica: replica, first: open(t, primary.DSN), second: open(t, replica.DSN), ledger: &ledger{}, key: install(t, primary.DSN)}
		await(t, "the replica has the gateway's tables", func() (bool, string) {
			return tells(p.second, `SELECT COUNT(*) FROM api_keys`) == "1", ""
		})
		t.Run("nothing is written in a replica", p.writesNothing)
		for turn, one := range []struct {
			name string
			test func(*testing.T)
		}{
			{"reports are read from a replica", p.readsAside},
			{"a replica says how old it is", p.saysItsAge},
			{"a replica has tables of the gateway's own", p.hasItsOwn},
		} {
			if *rounds > 1 || primary.HasTurn(turn) {
				t.Run(one.name, one.test)
			}
		}
		t.Run("nothing is written without the privilege to see its replication, while it runs", p.writesNothingUnseen)
		t.Run("a replica is promoted", p.promotes)
	})
}

// pair is a primary and its replica, which was left writable.
type pair struct {
	primary, replica *dbtest.Server
	first, second    *sql.DB
	ledger           *ledger
	key              string
}

// tells is the answer to a question that has one, or what went wrong.
func tells(db *sql.DB, question string) (answer string) {
	if err := db.QueryRow(question).Scan(&answer); err != nil {
		return err.Error()
	}
	return answer
}

// writesNothing has a gateway run on the replica and another on the primary, while writers write.
func (p *pair) writesNothing(t *testing.T) {
	onReplica := serve(t, "on the replica", p.replica.DSN, p.key)
	onReplica.awaitReady(t)
	p.leavesChanges(t)
	onPrimary := serve(t, "on the primary", p.primary.DSN, p.key)
	onPrimary.awaitReady(t)
	heard, stop := onReplica.askAlways(p.ledger, true)
	defer stop()
	stopWriting := p.ledger.write(t, 2, p.first)
	defer stopWriting()
	for _, command := range [][]string{{"key", "create", "x", "--role", "SystemAdministrator"}, {"rollup", "rebuild"}} {
		if said, status := run(t, "", append(command, "--dsn", p.replica.DSN)...); status == 0 && command[0] != "rollup" || status != 0 && !strings.Contains(said, replicaWritesNothing) {
			t.Errorf("%v: status %d: %s", command, status, said)
		}
	}
	if said := succeeds(t, "", "rollup", "status", "--dsn", p.replica.DSN); !strings.Contains(said, "a replica") || !strings.Contains(said, "elsewhere") {
		t.Errorf("rollup status: %s", said)
	}
	await(t, "callers on the replica have usage", func() (bool, string) { return heard.has("usage"), onReplica.log.String() })
	folded := tells(p.first, `SELECT generation FROM usage_level_state WHERE phase = 'fold'`)
	await(t, "the primary is folded on", func() (bool, string) {
		return tells(p.first, `SELECT generation FROM usage_level_state WHERE phase = 'fold'`) != folded, onPrimary.log.String()
	})
	stopWriting()
	onPrimary.settles(t, p.first, p.ledger)
	p.follows(t)
	onReplica.settles(t, p.second, p.ledger)
	if said := onReplica.readiness(); said != "" {
		t.Errorf("/readyz on the replica: %s", said)
	}
	heard.check(t, "on the replica")
}

// leavesChanges: what waits on the replica to be folded waits for the primary, and is no failure.
func (p *pair) leavesChanges(t *testing.T) {
	p.ledger.write(t, 1, p.first)()
	await(t, "the replica has changes", func() (bool, string) {
		said := tells(p.second, `SELECT COUNT(*) > 0 FROM usage_changes`)
		return said == "1", said
	})
	store, err := db.Open(p.replica.DSN, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.FoldRound(t.Context()); err != nil {
		t.Errorf("folding on the replica: %v", err)
	}
	if left := tells(p.second, `SELECT COUNT(*) > 0 FROM usage_changes`); left != "1" {
		t.Errorf("changes are left on the replica: %s", left)
	}
}

// follows waits until the replica has what its primary has, which it never does when its
// replication has ended.
func (p *pair) follows(t *testing.T) {
	t.Helper()
	await(t, "the replica has what its primary has", func() (bool, string) {
		want, got := contents(t, p.primary.DSN), contents(t, p.replica.DSN) // gateways go on folding
		return got == want, got + " instead of " + want + " " + p.replication(t)
	})
}

// replication is what the replica says of what it repeats.
func (p *pair) replication(t *testing.T) string {
	rows, err := p.second.Query(map[string]string{"mysql": "SHOW REPLICA STATUS", "mariadb": "SHOW SLAVE STATUS"}[p.replica.Engine()])
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	values := make([]any, len(columns))
	for i := range values {
		values[i] = &sql.NullString{}
	}
	text := ""
	for rows.Next() {
		_ = rows.Scan(values...)
		for i, name := range columns {
			if value := values[i].(*sql.NullString).String; strings.Contains(name, "Error") && value != "" {
				text += name + ": " + value + "; "
			}
		}
	}
	return text
}

// writesNothingUnseen: MariaDB tells everybody whether replication runs. On MySQL the account cannot
// see it, which doctor says.
func (p *pair) writesNothingUnseen(t *testing.T) {
	for _, statement := range []string{"CREATE USER unseeing IDENTIFIED BY 'pw'", "GRANT ALL ON aiusage.* TO unseeing"} {
		if _, err := p.first.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	dsn := strings.Replace(p.replica.DSN, "root@", "unseeing:pw@", 1)
	await(t, "the account is there", func() (bool, string) {
		said := tells(open(t, dsn), "SELECT 'there'")
		return said == "there", said
	})
	if p.replica.Engine() == "mysql" {
		if said, _ := run(t, "", "doctor", "--dsn", dsn, "--listen", "127.0.0.1:0"); !strings.Contains(said, "whether the server is a replica cannot be seen") || !strings.Contains(said, "GRANT REPLICATION CLIENT") {
			t.Errorf("doctor: %s", said)
		}
		return
	}
	if said, status := run(t, "", "key", "create", "x", "--role", "SystemAdministrator", "--dsn", dsn); status == 0 || !strings.Contains(said, replicaWritesNothing) {
		t.Errorf("status %d: %s", status, said)
	}
}

// hasItsOwn: the platform's table comes from the primary, and the gateway's are the replica's own, so
// that people sign in there; reports read sessions. A replica that has no mark is not written to.
func (p *pair) hasItsOwn(t *testing.T) {
	dsn := strings.Replace(p.replica.DSN, "/aiusage", "/reporting", 1)
	for _, statement := range []string{"CREATE DATABASE reporting CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		"CREATE VIEW reporting.ai_sessions AS SELECT * FROM aiusage.ai_sessions"} {
		if _, err := p.first.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the view is there", func() (bool, string) {
		said := tells(p.second, "SELECT COUNT(*) >= 0 FROM reporting.ai_sessions")
		return said == "1", said
	})
	if said, status := run(t, "", "migrate", "--dsn", dsn); status == 0 || !strings.Contains(said, replicaWritesNothing) {
		t.Errorf("migrate: status %d: %s", status, said)
	}
	if said := succeeds(t, "", "migrate", "--own-tables", "--dsn", dsn); !strings.Contains(said, "reports read raw sessions") {
		t.Errorf("migrate --own-tables: %s", said)
	}
	succeeds(t, password+"\n", "user", "add", "ada", "--role", "SystemAdministrator", "--dsn", dsn)
	reporting := serve(t, "reporting", dsn, strings.TrimSpace(succeeds(t, "", "key", "create", "x", "--role", "SystemAdministrator", "--dsn", dsn)))
	reporting.awaitReady(t)
	if said := succeeds(t, "", "rollup", "status", "--dsn", dsn); !strings.Contains(said, "nobody knows how far") {
		t.Errorf("rollup status: %s", said)
	}
	strict := serve(t, "reporting, up to a limit", dsn, reporting.key, "--max-staleness", "1h")
	await(t, "answers are refused whose age nobody knows", func() (bool, string) {
		said := strict.readiness()
		return strings.Contains(said, "is not known, and answers may be 1h0m0s behind at most") && strict.ask(nil).code == "STALE", said
	})
	if got := reporting.ask(signIn(t, reporting)); got.wrong != "" || got.sessions != p.ledger.stored.Load() {
		t.Errorf("%d sessions, and %d were stored (%s %s)", got.sessions, p.ledger.stored.Load(), got.said, got.wrong)
	}
	p.follows(t)
}

// isPrimary is answered with 1 by a server that repeats nothing.
func (p *pair) isPrimary() string {
	if p.replica.Engine() == "mysql" {
		return `SELECT COUNT(*) = 0 FROM performance_schema.replication_connection_configuration`
	}
	return `SELECT COUNT(*) = 0 FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'SLAVES_RUNNING' AND VARIABLE_VALUE <> '0'`
}

// promotes ends the primary and makes the replica one, while a gateway that knows both answers: it
// folds there, and a gateway that has been on the replica does, too.
func (p *pair) promotes(t *testing.T) {
	onReplica := serve(t, "on the replica", p.replica.DSN, p.key)
	both := serve(t, "of both", several(p.primary, p.replica), p.key)
	onReplica.awaitReady(t)
	both.awaitReady(t)
	led := serve(t, "by a balancer", balanced(t, []*dbtest.Server{p.primary, p.replica}, func(at int) string {
		return checked(t, []*sql.DB{p.first, p.second}[at], p.isPrimary())
	}), p.key)
	led.awaitReady(t)
	heard, stop := both.askAlways(p.ledger, true)
	defer stop()
	heardOfLed, stopLed := led.askAlways(p.ledger, false)
	defer stopLed()
	stopWriting := p.ledger.write(t, 2, p.first)
	await(t, "callers have usage", func() (bool, string) { return heard.has("usage"), both.log.String() })
	stopWriting()
	p.follows(t)
	if err := p.primary.Stop(); err != nil {
		t.Fatal(err)
	}
	both.awaitReady(t)
	promote := map[string][]string{"mysql": {"STOP REPLICA", "RESET REPLICA ALL"}, "mariadb": {"STOP SLAVE", "RESET SLAVE ALL"}}[p.replica.Engine()]
	for _, statement := range promote {
		if _, err := p.second.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	stopWriting = p.ledger.write(t, 2, p.second)
	written := p.ledger.stored.Load()
	await(t, "writers write there", func() (bool, string) { return p.ledger.stored.Load() > written+50, "" })
	stopWriting()
	both.settles(t, p.second, p.ledger)
	onReplica.settles(t, p.second, p.ledger)
	led.settles(t, p.second, p.ledger)
	heard.check(t, both.name)
	heardOfLed.check(t, led.name)
}
