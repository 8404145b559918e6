package clusters

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/internal/dbtest"
)

// balanced starts HAProxy in front of servers, as the manual has it but for their addresses and options. It
// returns the DSN that leads to it.
func balanced(t *testing.T, nodes []*dbtest.Server, serverOptions func(at int) string) (dsn string) {
	t.Helper()
	proxy, err := exec.LookPath("haproxy")
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("no haproxy on the PATH (Debian: haproxy)")
	} else if err != nil {
		t.Fatal(err)
	}
	listen := dbtest.FreeAddress(t)
	config := manualBalancer(t, listen)
	for i, node := range nodes {
		config += fmt.Sprintf("  server db%d %s %s\n", i+1, addressOf(t, node), serverOptions(i))
	}
	path := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	running := exec.Command(proxy, "-db", "-f", path)
	said := &dbtest.Output{}
	running.Stdout, running.Stderr = said, said
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = running.Process.Kill()
		_ = running.Wait()
		if t.Failed() {
			t.Log("haproxy: " + said.String())
		}
	})
	return strings.Replace(nodes[0].DSN, addressOf(t, nodes[0]), listen, 1)
}

// manualBalancer is the configuration in the manual without its servers, listening elsewhere.
func manualBalancer(t *testing.T, listen string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/operations/scaling.md")
	if err != nil {
		t.Fatal(err)
	}
	_, config, found := strings.Cut(string(page), "```haproxy\n")
	config, _, ended := strings.Cut(config, "```")
	const manual = "bind :3306"
	if !found || !ended || strings.Count(config, manual) != 1 {
		t.Fatalf("the manual's configuration is not as it was:\n%s", config)
	}
	kept := ""
	for line := range strings.Lines(strings.Replace(config, manual, "bind "+listen, 1)) {
		if !strings.HasPrefix(line, "  server ") {
			kept += line
		}
	}
	return kept
}

// addressOf is where a server listens.
func addressOf(t *testing.T, node *dbtest.Server) string {
	t.Helper()
	config, err := mysql.ParseDSN(node.DSN)
	if err != nil {
		t.Fatal(err)
	}
	return config.Addr
}

// checked has a program answer HAProxy whether a server is to be used, by a question that is answered
// with 1 where it is, and returns the options of that server.
func checked(t *testing.T, db *sql.DB, question string) (serverOptions string) {
	t.Helper()
	check := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		var isSo string
		if err := db.QueryRowContext(ctx, question).Scan(&isSo); err != nil || isSo != "1" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(check.Close)
	return "check port " + check.URL[strings.LastIndex(check.URL, ":")+1:]
}

// isSynced is answered with 1 by a node of Galera that takes part in its cluster.
const isSynced = `SELECT COUNT(*) FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_local_state' AND VARIABLE_VALUE = '4'`

// byBalancers starts gateways that use all nodes by one address each, so that their connections are spread over
// them: by HAProxy as the manual has it, and by one that looks at no server, and so leads to those as well
// which may not be used. blind is the DSN that leads by that.
func (c *cluster) byBalancers(t *testing.T) (ways []*gateway, blind string) {
	t.Helper()
	for _, statement := range []string{"CREATE USER IF NOT EXISTS balanced", "GRANT ALL ON aiusage.* TO balanced"} {
		if _, err := c.dbs[0].Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	as := strings.NewReplacer("root@", "balanced@")
	blind = as.Replace(balanced(t, c.Nodes, func(int) string { return "" }))
	seeing := as.Replace(balanced(t, c.Nodes, func(at int) string { return checked(t, c.dbs[at], isSynced) }))
	ways = []*gateway{serve(t, "by a balancer that looks at no server", blind, c.key), serve(t, "by a balancer", seeing, c.key)}
	for _, one := range ways {
		one.awaitReady(t)
		c.spreads(t, one)
	}
	return ways, blind
}

// spreads has callers ask until the connections of the account that the balancers' gateways have lead to
// all nodes.
func (c *cluster) spreads(t *testing.T, g *gateway) {
	t.Helper()
	await(t, "connections lead to all nodes", func() (bool, string) {
		var callers sync.WaitGroup
		for range 6 {
			callers.Go(func() { g.ask(nil) })
		}
		callers.Wait()
		said := ""
		for _, db := range c.dbs {
			said += tells(db, `SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE USER = 'balanced'`)
		}
		return said == "111", said
	})
}
