package clusters

import (
	"crypto/rand"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
)

// rounds is for `make cluster-galera` and its kin.
var rounds = flag.Int("rounds", 1, "how often servers are killed, paused and brought back, and how many tens of answers have to be current; with more than one, what takes long is tested, too")

// cluster is servers with a gateway on each.
type cluster struct {
	*dbtest.Cluster
	dbs      []*sql.DB
	gateways []*gateway
	ledger   *ledger
	key      string
}

// gatewaysOn installs the gateway's tables on a cluster and starts a gateway on each of its servers.
func gatewaysOn(t *testing.T, servers *dbtest.Cluster) *cluster {
	t.Helper()
	c := &cluster{Cluster: servers, ledger: &ledger{}, key: install(t, servers.Nodes[0].DSN)}
	for i, node := range servers.Nodes {
		c.dbs = append(c.dbs, open(t, node.DSN))
		c.gateways = append(c.gateways, serve(t, fmt.Sprint("gateway ", i), node.DSN, c.key))
	}
	for _, one := range c.gateways {
		one.awaitReady(t)
	}
	return c
}

// isCurrent writes on one server and asks the gateway on another at once, again and again, while
// others write: what was stored is there. It signs in by one gateway and asks another with the
// cookie, and uses keys that were just made elsewhere, if signsIn.
func (c *cluster) isCurrent(t *testing.T, signsIn bool, writable ...int) {
	t.Helper()
	stop := c.ledger.write(t, 3, c.dbs[writable[0]])
	defer stop()
	one := &writer{ledger: c.ledger}
	const times = 10
	for i := range times * *rounds {
		from := writable[i%len(writable)]
		to := (from + 1 + i%(len(c.gateways)-1)) % len(c.gateways)
		one.servers = c.dbs[from : from+1]
		one.store(t, fmt.Sprint(rand.Text(), i), i)
		least := c.ledger.stored.Load()
		if got := c.gateways[to].ask(nil); got.wrong != "" || got.sessions < least {
			t.Errorf("written on %d, asked on %d: %d sessions of %d (%s %s)", from, to, got.sessions, least, got.said, got.wrong)
		}
		if !signsIn {
			continue
		}
		if got := c.gateways[to].ask(signIn(t, c.gateways[from])); got.sessions < 0 {
			t.Errorf("signed in on %d, asked on %d: %+v", from, to, got)
		}
		key := strings.TrimSpace(succeeds(t, "", "key", "create", fmt.Sprint("key ", i), "--role", "SystemAdministrator", "--dsn", c.Nodes[from].DSN))
		if got := c.gateways[to].ask(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }); got.sessions < 0 {
			t.Errorf("a key made on %d, used on %d: %+v", from, to, got)
		}
	}
}

// servesOrdinaryAccounts: what is set for a cluster may be set by whoever may use the tables.
func (c *cluster) servesOrdinaryAccounts(t *testing.T) {
	for _, statement := range []string{"CREATE USER ordinary IDENTIFIED BY 'pw'", "GRANT ALL ON aiusage.* TO ordinary"} {
		if _, err := c.dbs[0].Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"report", "migrate"} {
		succeeds(t, "", command, "--dsn", strings.Replace(c.Nodes[0].DSN, "root@", "ordinary:pw@", 1))
	}
}

// imports loads a file on each server that takes writes, and asks the gateway on another for it.
func (c *cluster) imports(t *testing.T, writable ...int) {
	const rows = 200
	for _, at := range writable {
		text := "session_id,account_id,customer_id,started_at,duration_seconds\n"
		for row := range rows {
			text += fmt.Sprintf("%s,account-%d,customer,2026-03-%02dT10:00:00Z,%d\n", rand.Text(), row%5, 1+row%28, seconds)
		}
		path := filepath.Join(t.TempDir(), "sessions.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c.ledger.begun.Add(rows)
		succeeds(t, "", "import", path, "--dsn", c.Nodes[at].DSN)
		least := c.ledger.stored.Add(rows)
		if got := c.gateways[(at+1)%len(c.gateways)].ask(nil); got.wrong != "" || got.sessions < least {
			t.Errorf("imported on %d: %d sessions of %d (%s %s)", at, got.sessions, least, got.said, got.wrong)
		}
	}
}

// signIn signs in at a gateway, and returns what signs a request with the cookie.
func signIn(t *testing.T, g *gateway) func(*http.Request) {
	t.Helper()
	sign, said := g.trySignIn()
	if said != "" {
		t.Fatalf("%s: signing in: %s", g.name, said)
	}
	return sign
}

func (g *gateway) trySignIn() (sign func(*http.Request), said string) {
	body := fmt.Sprintf(`{"provider":"credentials","userName":"ada","password":%q}`, password)
	response, err := g.client.Post("http://"+g.address+"/auth/credentials", "application/json", strings.NewReader(body))
	if err != nil {
		return nil, err.Error()
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		said, err := io.ReadAll(response.Body)
		return nil, fmt.Sprint(response.Status, " ", string(said), err)
	}
	return func(r *http.Request) {
		for _, cookie := range response.Cookies() {
			r.AddCookie(cookie)
		}
	}, ""
}

// alike holds all servers to one another, once nobody writes.
func (c *cluster) alike(t *testing.T) {
	t.Helper()
	for i, node := range c.Nodes[1:] {
		await(t, fmt.Sprintf("node %d has what node 0 has", i+1), func() (bool, string) {
			want, got := contents(t, c.Nodes[0].DSN), contents(t, node.DSN) // gateways go on folding
			return got == want, got + " instead of " + want
		})
	}
}

const notReady = "is not ready, or has lost the others"

func TestGateways_OnGalera(t *testing.T) {
	c := gatewaysOn(t, dbtest.Galera(t, 3))
	if said := succeeds(t, "", "rollup", "status", "--dsn", c.Nodes[1].DSN); !strings.Contains(said, "a node of a Galera cluster (Synced)") {
		t.Errorf("rollup status: %s", said)
	}
	t.Run("what is written on one node is seen on another", func(t *testing.T) { c.isCurrent(t, true, 0, 1, 2) })
	t.Run("an ordinary account needs nothing more", c.servesOrdinaryAccounts)
	t.Run("files are imported on each node", func(t *testing.T) { c.imports(t, 0, 1, 2) })
	t.Run("one gateway folds at a time", c.foldsInTurn)
	for range *rounds {
		t.Run("nodes are killed, paused and cut off", c.losesNodes)
		t.Run("a node has lost the others", c.losesTheOthers)
	}
}

// foldsInTurn: whoever has no turn folds nothing, whatever waits, and whoever comes first once a turn
// is over has the next.
func (c *cluster) foldsInTurn(t *testing.T) {
	defer c.ledger.write(t, 3, c.dbs...)()
	await(t, "a gateway has the turn", func() (bool, string) {
		said := tells(c.dbs[1], `SELECT COUNT(*) FROM usage_level_state WHERE phase = 'turn' AND generation > UNIX_TIMESTAMP() * 1000`)
		return said == "1", said
	})
	store, err := db.Open(c.Nodes[1].DSN, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	folded := 0
	store.OnFold = func(changes int, _ time.Duration) { folded += changes }
	for waited := 0; waited < 10; { // rounds in which there is something to fold
		if tells(c.dbs[1], `SELECT COUNT(*) FROM usage_changes`) != "0" {
			waited++
		}
		if err := store.FoldRound(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if folded > 0 {
		t.Errorf("%d changes were folded out of turn", folded)
	}
	await(t, "another has the turn once it is over", func() (bool, string) {
		_, err := c.dbs[1].Exec(`UPDATE usage_level_state SET generation = 0 WHERE phase = 'turn'`)
		return folded > 0, fmt.Sprint(err, store.FoldRound(t.Context()))
	})
}

// losesNodes kills a node, pauses another and cuts it off, one after the other, while gateways answer and writers
// write on all of them: a gateway on each, one that knows all, and two by balancers.
func (c *cluster) losesNodes(t *testing.T) {
	spread, blind := c.byBalancers(t)
	stopWriting := c.ledger.write(t, 3, c.dbs...)
	defer stopWriting()
	all := append(slices.Clone(c.gateways), spread...)
	var heard []*counts
	for _, one := range all {
		said, stop := one.askAlways(c.ledger, false)
		defer stop()
		heard = append(heard, said)
	}
	spreadAnswer := func() {
		t.Helper()
		for i, one := range spread {
			heardOfOne := heard[len(c.gateways)+i]
			before := heardOfOne.of("usage")
			await(t, one.name+" callers are answered", func() (bool, string) { return heardOfOne.of("usage") > before+20, one.log.String() })
		}
	}
	c.Nodes[2].Kill()
	await(t, "callers on the node that was killed are told", func() (bool, string) { return heard[2].has("cannot be reached"), c.gateways[2].log.String() })
	spreadAnswer()
	if err := c.Start(c.Nodes[2]); err != nil {
		t.Fatal(err)
	}
	c.gateways[2].awaitReady(t)
	everywhere := serve(t, "gateway of all", several(c.Nodes[1], c.Nodes[0], c.Nodes[2]), c.key)
	everywhere.awaitReady(t)
	listener := everywhere.listen(t)
	heardOfAll, stopAll := everywhere.askAlways(c.ledger, false)
	defer stopAll()
	if err := c.Nodes[1].Pause(); err != nil {
		t.Fatal(err)
	}
	await(t, "a gateway that knows all nodes answers by another", func() (bool, string) {
		got := everywhere.ask(nil)
		return got.sessions >= 0 && c.dbs[0].Ping() == nil, got.said
	})
	c.hasSize(t, "2")
	if err := c.Nodes[1].Resume(); err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		one.awaitReady(t)
	}
	c.hasSize(t, "3")
	c.isApart(t, 1, func() {
		spreadAnswer()
		for range 2 * len(c.Nodes) { // it leads to each of them in turn
			succeeds(t, "", "report", "--dsn", blind)
		}
	})
	stopWriting()
	for i, one := range all {
		one.settles(t, c.dbs[i%len(c.dbs)], c.ledger)
		heard[i].check(t, one.name)
	}
	heardOfAll.check(t, everywhere.name)
	listener.hasAll(t, c.ledger)
	c.alike(t)
}

// hasSize waits until so many nodes are together.
func (c *cluster) hasSize(t *testing.T, want string) {
	t.Helper()
	await(t, "so many nodes are together: "+want, func() (bool, string) {
		var name, size string
		err := c.dbs[0].QueryRow(`SHOW GLOBAL STATUS LIKE 'wsrep_cluster_size'`).Scan(&name, &size)
		return size == want, fmt.Sprint(size, err)
	})
}

// cutOff cuts a node of Galera off from the others, so that nothing comes through: by its network, or where this
// process cannot have that made, by a switch of Galera's for tests.
func (c *cluster) cutOff(t *testing.T, at int) (mend func()) {
	t.Helper()
	err := c.Cut(at)
	if err == nil {
		return func() {
			if err := c.Mend(at); err != nil {
				t.Error(err)
			}
		}
	}
	t.Logf("by a switch of Galera's, since there is no network to cut: %v", err)
	isolate := func(level int) {
		if _, err := c.dbs[at].Exec(fmt.Sprintf(`SET GLOBAL wsrep_provider_options = 'gmcast.isolate=%d'`, level)); err != nil {
			t.Error(err)
		}
	}
	isolate(1)
	return func() { isolate(0) }
}

// isApart has a node be cut off from the others for a while: it answers nothing, and the others go on.
func (c *cluster) isApart(t *testing.T, at int, meanwhile func()) {
	heard, stop := c.gateways[at].askAlways(c.ledger, false)
	defer stop()
	mend := sync.OnceFunc(c.cutOff(t, at))
	defer mend()
	await(t, "callers on the node that is cut off are told", func() (bool, string) { return heard.has(notReady), c.gateways[at].log.String() })
	await(t, "it is not ready", func() (bool, string) {
		said := c.gateways[at].readiness()
		return strings.Contains(said, notReady), said
	})
	written := c.ledger.stored.Load()
	await(t, "the others are written to", func() (bool, string) { return c.ledger.stored.Load() > written+20, "" })
	meanwhile()
	mend()
	c.gateways[at].awaitReady(t)
	stop()
	heard.check(t, "on the node that was cut off")
}

// losesTheOthers kills two nodes of three: the one that is left answers nothing.
func (c *cluster) losesTheOthers(t *testing.T) {
	heard, stop := c.gateways[0].askAlways(c.ledger, false)
	defer stop()
	c.Nodes[1].Kill()
	c.Nodes[2].Kill()
	await(t, "callers are told why", func() (bool, string) { return heard.has(notReady), c.gateways[0].log.String() })
	if said := c.gateways[0].readiness(); !strings.Contains(said, notReady) {
		t.Errorf("/readyz says %q", said)
	}
	if _, err := c.dbs[0].Exec(`SET GLOBAL wsrep_provider_options = 'pc.bootstrap=1'`); err != nil {
		t.Fatal(err)
	}
	for _, node := range c.Nodes[1:] {
		if err := c.Start(node); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range c.gateways {
		one.awaitReady(t)
	}
	stop()
	heard.check(t, "on the node that is left")
	c.gateways[0].settles(t, c.dbs[0], c.ledger)
	c.alike(t)
}
