package faults

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/go-sql-driver/mysql"
	"github.com/rs/zerolog"

	"aiusage/internal/dbtest"
)

// The passwords of a user of the gateway, and of the gateway's account at the database.
const (
	password         = "correct horse"
	databasePassword = "not-to-be-told"
)

// patience is how long anything may take on a machine that is busy, and then something is wrong.
const patience = time.Minute

// world is a gateway, its database behind a network that can fail, those who ask and the platform
// that writes.
type world struct {
	server *dbtest.Server
	// dsn is an administrator's at the server, and throughProxy the gateway's own.
	dsn, throughProxy string
	// db has connections of an administrator, which do not fail with those of the gateway.
	db *sql.DB
	// visitors has connections of somebody else.
	visitors *sql.DB
	proxy    *toxiproxy.Proxy
	// address is the gateway's, and metrics the one of its metrics.
	address, metrics string
	key              string
	gateway          *process
	// files is how many files to import there have been.
	files    int
	ledger   *ledger
	callers  *callers
	platform *platform
}

// newWorld has everything run on a server.
func newWorld(t *testing.T, server *dbtest.Server) *world {
	t.Helper()
	w := &world{server: server, dsn: server.DSN, ledger: newLedger(), address: dbtest.FreeAddress(t), metrics: dbtest.FreeAddress(t)}
	config, err := mysql.ParseDSN(server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	w.db = open(t, config)
	run(t, "", "migrate", "--dsn", w.dsn)
	for _, name := range []string{"gateway", "platform", "visitor"} {
		w.execute(t, fmt.Sprintf("CREATE USER %s IDENTIFIED BY '%s'", name, databasePassword),
			fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON %s.* TO %s", config.DBName, name))
	}
	// It may write where others may not, as replication does.
	w.execute(t, "GRANT "+map[string]string{"mariadb": "READ_ONLY ADMIN", "mysql": "CONNECTION_ADMIN"}[server.Engine()]+" ON *.* TO platform")
	run(t, password+"\n", "user", "add", "ada", "--role", "SystemAdministrator", "--dsn", w.dsn)
	w.key = strings.TrimSpace(run(t, "", "key", "create", "faults", "--role", "SystemAdministrator", "--dsn", w.dsn))

	w.proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "database", "127.0.0.1:0", config.Addr)
	if err := w.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.proxy.Stop)
	own := config.Clone()
	own.User, own.Passwd, own.Addr = "gateway", databasePassword, w.proxy.Listen
	own.Timeout = queryTimeout
	w.throughProxy = own.FormatDSN()

	writing := config.Clone()
	writing.User, writing.Passwd = "platform", databasePassword
	writing.Timeout, writing.ReadTimeout, writing.WriteTimeout = time.Second, time.Second, time.Second
	visiting := writing.Clone()
	visiting.User = "visitor"
	w.platform, w.visitors = &platform{ledger: w.ledger, db: open(t, writing)}, open(t, visiting)

	w.callers = newCallers(w.ledger, &http.Client{}, doorsAt(w.address, w.key), databasePassword, "'gateway'", "@tcp", config.Addr, w.proxy.Listen, password)
	t.Cleanup(w.callers.client.CloseIdleConnections)
	w.startGateway(t)
	t.Cleanup(func() { w.gateway.kill() })
	return w
}

// queryTimeout is how long an answer may take: less than anybody would set, so that tests need not
// wait.
const queryTimeout = time.Second

// startGateway starts the gateway in a process of its own.
func (w *world) startGateway(t *testing.T) {
	t.Helper()
	w.gateway = start(t, w.throughProxy, "serve", "--listen", w.address, "--metrics-listen", w.metrics, "--query-timeout", queryTimeout.String(), "--connections", "6")
	w.await(t, "the gateway is ready", func() bool { return !w.gateway.isOver() && w.readiness() == "" })
}

// open opens connections that do not outlive the test.
func open(t *testing.T, config *mysql.Config) *sql.DB {
	t.Helper()
	quiet := config.Clone()
	quiet.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(quiet)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// execute runs statements as an administrator.
func (w *world) execute(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := w.db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// number asks an administrator's question whose answer is a number.
func (w *world) number(t *testing.T, question string) (answer int64) {
	t.Helper()
	if err := w.db.QueryRowContext(t.Context(), question).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return answer
}

// await waits until something is so.
func (w *world) await(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !isSo(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it is not so that %s; callers heard %s\n%s", what, w.callers.told(), w.gateway.complaints())
		}
	}
}

// readiness returns what /readyz says is wrong, or "".
func (w *world) readiness() string {
	response, err := w.callers.client.Get("http://" + w.address + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	if response.StatusCode == http.StatusOK {
		return ""
	}
	return string(body)
}

// hears waits until callers at each door were told one of some sentences.
func (w *world) hears(t *testing.T, sentences ...string) {
	t.Helper()
	w.await(t, fmt.Sprintf("callers are told %q", sentences), func() bool {
		return w.callers.everyDoor(func(what string) bool {
			for _, sentence := range sentences {
				if strings.Contains(what, sentence) {
					return true
				}
			}
			return false
		})
	})
}

// serves waits until callers at each door have usage for what they ask from now on, and the
// gateway says that it is ready.
func (w *world) serves(t *testing.T) {
	t.Helper()
	w.await(t, "the gateway is ready", func() bool { return w.readiness() == "" })
	w.callers.forget()
	w.hearsUsage(t)
}

func (w *world) hearsUsage(t *testing.T) {
	t.Helper()
	w.await(t, "callers at each door get usage", func() bool { return w.callers.everyDoor(isUsage) })
}

// settles holds everything to the sessions once nobody writes: what is stored, the sums, and the
// answers.
func (w *world) settles(t *testing.T) {
	t.Helper()
	w.await(t, "all changes are folded", func() bool { return w.number(t, "SELECT COUNT(*) FROM usage_changes") == 0 })
	if said := run(t, "", "rollup", "verify", "--dsn", w.dsn); said != "no differences\n" {
		t.Errorf("rollup verify: %s", said)
	}
	if got, want := w.stored(t), w.ledger.last().all; !maps.Equal(got, want) {
		t.Errorf("the sessions add up to %v, and those that were written to %v", got, want)
	}
	w.serves(t)
	for _, wrong := range w.callers.complaints() {
		t.Error(wrong)
	}
	if log := w.gateway.complaints(); log != "" {
		t.Errorf("in the log:\n%s", log)
	}
}

// stored adds the sessions up, without the gateway.
func (w *world) stored(t *testing.T) map[string]amount {
	t.Helper()
	rows, err := w.db.QueryContext(t.Context(), `
		SELECT account_id, SUM(CEILING(duration_seconds / 60)), SUM(duration_seconds), COUNT(*) FROM ai_sessions GROUP BY account_id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	sums := map[string]amount{}
	for rows.Next() {
		var account string
		var sum amount
		if err := rows.Scan(&account, &sum.Minutes, &sum.Seconds, &sum.Sessions); err != nil {
			t.Fatal(err)
		}
		sums[account] = sum
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return sums
}

// toxic puts a toxic on all connections of the gateway, those to come included.
func (w *world) toxic(t *testing.T, kind string, toxicity float64, attributes map[string]any) (remove func()) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"name": kind, "type": kind, "stream": "downstream", "toxicity": toxicity, "attributes": attributes})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.proxy.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := w.proxy.Toxics.RemoveToxic(context.Background(), kind); err != nil {
			t.Error(err)
		}
	}
}
