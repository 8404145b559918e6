package clusters

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jmoiron/sqlx"

	"aiusage/db"
	"aiusage/internal/dbtest"
)

const outside = "belongs to a group of servers, and is outside of it"

func TestGateways_OnAGroup(t *testing.T) {
	servers := dbtest.Group(t, 3)
	c := gatewaysOn(t, servers)
	for i, want := range []string{"a member of a group (ONLINE)", "a secondary member of a group (ONLINE)"} {
		if said := succeeds(t, "", "rollup", "status", "--dsn", c.Nodes[i].DSN); !strings.Contains(said, want) {
			t.Errorf("rollup status: %s", said)
		}
	}
	t.Run("what is written on the primary is seen on secondaries", func(t *testing.T) { c.isCurrent(t, true, 0) })
	t.Run("a file is imported on the primary", func(t *testing.T) { c.imports(t, 0) })
	t.Run("an ordinary account needs to see the group", c.seesTheGroup)
	t.Run("a secondary takes no writes", c.secondaryTakesNoWrites)
	t.Run("a member leaves its group while it is in use", c.leaves)
	t.Run("the primary leaves in the middle of a fold", c.leavesMidFold)
	if *rounds > 1 {
		t.Run("a secondary says how old it is where nobody waits for it", c.saysItsAge)
		t.Run("all members are primaries", c.hasSeveralPrimaries)
		t.Run("the primary is cut off from the others", c.losesTheWayToThePrimary)
	}
	for range *rounds {
		t.Run("the primary is killed, and comes back outside of its group", c.losesThePrimary)
	}
}

// secondaryTakesNoWrites: the gateway on a secondary says why nobody can sign in there.
func (c *cluster) secondaryTakesNoWrites(t *testing.T) {
	said, status := run(t, "", "key", "create", "x", "--role", "SystemAdministrator", "--dsn", c.Nodes[1].DSN)
	if status == 0 || !strings.Contains(said, "is a secondary member of its group") {
		t.Errorf("status %d: %s", status, said)
	}
}

// seesTheGroup: an account that cannot see whether a server is in its group does not use it, and one
// that can needs nothing else.
func (c *cluster) seesTheGroup(t *testing.T) {
	primary := c.dbs[c.primary(0)]
	for _, statement := range []string{"CREATE USER ordinary IDENTIFIED BY 'pw'", "GRANT ALL ON aiusage.* TO ordinary"} {
		if _, err := primary.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	for i, node := range c.Nodes {
		dsn := strings.Replace(node.DSN, "root@", "ordinary:pw@", 1)
		await(t, "the account is there", func() (bool, string) { said := tells(open(t, dsn), "SELECT 'there'"); return said == "there", said })
		if said, status := run(t, "", "report", "--dsn", dsn); status == 0 || !strings.Contains(said, "may not see whether it is in it") {
			t.Errorf("on %d: status %d: %s", i, status, said)
		}
	}
	if _, err := primary.Exec("GRANT SELECT ON performance_schema.replication_group_members TO ordinary"); err != nil {
		t.Fatal(err)
	}
	for _, node := range c.Nodes {
		dsn := strings.Replace(node.DSN, "root@", "ordinary:pw@", 1)
		await(t, "the account may use the server", func() (bool, string) { said, status := run(t, "", "report", "--dsn", dsn); return status == 0, said })
	}
}

// saysItsAge has nothing be applied on a secondary while the primary is written to: without causal reads its
// answers are of the instant up to which it has everything, and refused where that is too long ago.
func (c *cluster) saysItsAge(t *testing.T) {
	primary := c.primary(0)
	at := (primary + 1) % len(c.Nodes)
	patient := serve(t, "without causal reads", c.Nodes[at].DSN, c.key, "--causal-reads", "off")
	strict := serve(t, "without causal reads, up to a limit", c.Nodes[at].DSN, c.key, "--causal-reads", "off", "--max-staleness", mostBehind)
	patient.awaitReady(t)
	strict.awaitReady(t)
	known := &history{ledger: c.ledger}
	defer known.watch(t)()
	defer c.ledger.write(t, 2, c.dbs[primary])()
	known.advances(t, patient)
	holding, err := c.dbs[at].Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer holding.Close()
	if _, err := holding.ExecContext(t.Context(), "FLUSH TABLES WITH READ LOCK"); err != nil {
		t.Fatal(err)
	}
	before := known.holds(t, patient)
	await(t, "the primary goes on", func() (bool, string) { return c.ledger.stored.Load() > before.sessions+50, "" })
	if after := known.holds(t, patient); !after.asOf.Equal(before.asOf) || after.sessions != before.sessions {
		t.Errorf("nothing is applied, and the answer goes from %+v to %+v", before, after)
	}
	await(t, "what is too old is refused", func() (bool, string) { got := strict.ask(nil); return got.code == "STALE", got.said })
	if _, err := holding.ExecContext(t.Context(), "UNLOCK TABLES"); err != nil {
		t.Fatal(err)
	}
	known.advances(t, patient)
}

// hasSeveralPrimaries has all members take writes, as nodes of Galera do, but for what MySQL does not take there.
func (c *cluster) hasSeveralPrimaries(t *testing.T) {
	primary := c.primary(0)
	become := func(statement string) {
		t.Helper()
		if said := tells(c.dbs[primary], statement); !strings.Contains(said, "successfully") {
			t.Fatal(said)
		}
		for _, one := range c.gateways {
			one.awaitReady(t)
		}
	}
	become(`SELECT group_replication_switch_to_multi_primary_mode()`)
	endSeveral := sync.OnceFunc(func() {
		become(fmt.Sprintf(`SELECT group_replication_switch_to_single_primary_mode('%s')`, tells(c.dbs[primary], "SELECT @@server_uuid")))
	})
	defer endSeveral()
	for _, node := range c.Nodes {
		if said := succeeds(t, "", "rollup", "status", "--dsn", node.DSN); !strings.Contains(said, "a member of a group with several primaries (ONLINE)") {
			t.Errorf("rollup status: %s", said)
		}
	}
	c.isCurrent(t, false, 0, 1, 2)
	if _, said := c.gateways[1].trySignIn(); !strings.Contains(said, "give the group one primary") {
		t.Errorf("signing in: %s", said)
	}
	c.imports(t, 0, 1, 2)
	c.foldsInTurn(t)
	for i, one := range c.gateways {
		one.settles(t, c.dbs[i], c.ledger)
	}
	endSeveral()
	if now := c.primary(0); now != primary {
		t.Errorf("the primary is %d, and was %d", now, primary)
	}
	c.alike(t)
}

// leave has a server leave its group and take writes all the same.
func (c *cluster) leave(server int) error {
	for _, statement := range []string{"STOP GROUP_REPLICATION", "SET GLOBAL super_read_only = OFF", "SET GLOBAL read_only = OFF"} {
		if _, err := c.dbs[server].Exec(statement); err != nil {
			return err
		}
	}
	return nil
}

// leaves: whoever has connections to a server is told that it has left.
func (c *cluster) leaves(t *testing.T) {
	if err := c.leave(2); err != nil {
		t.Fatal(err)
	}
	await(t, "the gateway there says so", func() (bool, string) { said := c.gateways[2].readiness(); return strings.Contains(said, outside), said })
	if got := c.gateways[2].ask(nil); got.status != 503 || !strings.Contains(got.said, outside) {
		t.Errorf("callers are told %+v", got)
	}
	if err := c.Join(c.Nodes[2]); err != nil {
		t.Fatal(err)
	}
	c.gateways[2].awaitReady(t)
}

// leavesMidFold: what a fold has done when its server leaves the group is not stored there, where it
// would keep the server from joining again.
func (c *cluster) leavesMidFold(t *testing.T) {
	at := c.primary(0)
	store, err := db.Open(c.Nodes[at].DSN, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	stop := c.ledger.write(t, 3, c.dbs[at])
	folded := fmt.Errorf("nothing was folded")
	for tries := 0; folded != nil && tries < 100; tries++ {
		_, _, err = store.FoldBatch(t.Context(), 0, 10, func(tx *sqlx.Tx) error {
			stop()
			folded = c.leave(at)
			return tx.Commit()
		})
	}
	stop()
	if folded != nil || err == nil || !strings.Contains(err.Error(), outside) {
		t.Errorf("the fold's end: %v, %v", folded, err)
	}
	if err := c.Join(c.Nodes[at]); err != nil {
		t.Error(err)
	}
	for _, one := range c.gateways {
		one.awaitReady(t)
	}
}

// primary is the number of the group's primary, and -1 where it has none.
func (c *cluster) primary(of int) int {
	var port string
	err := c.dbs[of].QueryRow(`SELECT CAST(MEMBER_PORT AS CHAR) FROM performance_schema.replication_group_members
		WHERE MEMBER_ROLE = 'PRIMARY' AND MEMBER_STATE = 'ONLINE'`).Scan(&port)
	for i, node := range c.Nodes {
		if err == nil && strings.Contains(node.DSN, ":"+port+")") {
			return i
		}
	}
	return -1
}

// losesThePrimary kills the primary, while a gateway that knows all servers answers, and starts it
// again outside of its group and writable, with a gateway on it. Nothing is written there, so that
// it can join the others again.
func (c *cluster) losesThePrimary(t *testing.T) {
	everywhere := serve(t, "gateway of all", several(c.Nodes...), c.key)
	everywhere.awaitReady(t)
	heardOfAll, stopAll := everywhere.askAlways(c.ledger, false)
	defer stopAll()
	listener := everywhere.listen(t)
	stopWriting := c.ledger.write(t, 3, c.dbs...)
	defer stopWriting()

	lost := c.primary(0)
	left := (lost + 1) % len(c.Nodes)
	heard, stop := c.gateways[lost].askAlways(c.ledger, false)
	defer stop()
	c.Nodes[lost].Kill()
	await(t, "the group has another primary", func() (bool, string) { now := c.primary(left); return now >= 0 && now != lost, fmt.Sprint(now) })
	await(t, "a gateway that knows all servers answers and takes sign-ins by another", func() (bool, string) {
		sign, said := everywhere.trySignIn()
		if said != "" {
			return false, said
		}
		got := everywhere.ask(sign)
		return got.sessions >= 0, got.said
	})
	stopWriting() // the platform knows where not to write
	if err := c.Nodes[lost].Start(); err != nil {
		t.Fatal(err)
	}
	stopWriting = c.ledger.write(t, 3, c.dbs[left], c.dbs[(lost+2)%len(c.Nodes)])
	defer stopWriting()
	var executed string
	if err := c.dbs[lost].QueryRow(`SELECT @@GLOBAL.gtid_executed`).Scan(&executed); err != nil {
		t.Fatal(err)
	}
	await(t, "callers are told why the server that was the primary is not asked", func() (bool, string) {
		return heard.has(outside), c.gateways[lost].log.String()
	})
	if said := c.gateways[lost].readiness(); !strings.Contains(said, outside) {
		t.Errorf("/readyz says %q", said)
	}
	for _, command := range [][]string{{"rollup", "fold"}, {"key", "create", "x", "--role", "SystemAdministrator"}, {"report"}, {"migrate"}} {
		c.refuses(t, outside, lost, command...)
	}
	// Without the plugin nothing of its configuration is left but what the server keeps of the group.
	if _, err := c.dbs[lost].Exec(`UNINSTALL PLUGIN group_replication`); err != nil {
		t.Fatal(err)
	}
	c.refuses(t, outside, lost, "report")
	if _, err := c.dbs[lost].Exec(`INSTALL PLUGIN group_replication SONAME 'group_replication.so'`); err != nil {
		t.Fatal(err)
	}
	var now string
	if err := c.dbs[lost].QueryRow(`SELECT @@GLOBAL.gtid_executed`).Scan(&now); err != nil || now != executed {
		t.Errorf("outside of its group %q has become %q (%v)", executed, now, err)
	}
	c.joinsAgain(t, lost, everywhere, stopWriting)
	listener.hasAll(t, c.ledger)
	heard.check(t, "on the server that was killed")
	heardOfAll.check(t, everywhere.name)
}

// losesTheWayToThePrimary cuts the primary off from the others: it takes itself for the primary all the same, and
// nothing is asked of it. The others go on with another, and it joins them again.
func (c *cluster) losesTheWayToThePrimary(t *testing.T) {
	lost := c.primary(0)
	left := (lost + 1) % len(c.Nodes)
	everywhere := serve(t, "gateway of all", several(c.Nodes...), c.key)
	everywhere.awaitReady(t)
	listener := everywhere.listen(t)
	heardOfAll, stopAll := everywhere.askAlways(c.ledger, false)
	defer stopAll()
	heard, stop := c.gateways[lost].askAlways(c.ledger, false)
	defer stop()
	stopWriting := c.ledger.write(t, 3, c.dbs...)
	defer stopWriting()
	if err := c.Cut(lost); errors.Is(err, syscall.EPERM) || err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	mend := sync.OnceFunc(func() {
		if err := c.Mend(lost); err != nil {
			t.Error(err)
		}
	})
	defer mend()
	await(t, "callers on the member that is cut off are told", func() (bool, string) { return heard.has(notReady), c.gateways[lost].log.String() })
	if said := c.gateways[lost].readiness(); !strings.Contains(said, notReady) {
		t.Errorf("/readyz says %q", said)
	}
	c.refuses(t, notReady, lost, "report")
	await(t, "the group has another primary", func() (bool, string) { now := c.primary(left); return now >= 0 && now != lost, fmt.Sprint(now) })
	await(t, "a gateway that knows all servers answers and takes sign-ins by another", func() (bool, string) {
		sign, said := everywhere.trySignIn()
		if said != "" {
			return false, said
		}
		got := everywhere.ask(sign)
		return got.sessions >= 0, got.said
	})
	written := c.ledger.stored.Load()
	await(t, "the others are written to", func() (bool, string) { return c.ledger.stored.Load() > written+20, "" })
	mend()
	if _, err := c.dbs[lost].Exec("STOP GROUP_REPLICATION"); err != nil {
		t.Fatal(err)
	}
	c.joinsAgain(t, lost, everywhere, stopWriting)
	listener.hasAll(t, c.ledger)
	heard.check(t, "on the member that was cut off")
	heardOfAll.check(t, everywhere.name)
}

// joinsAgain has a member join the others, and waits until, with nobody writing any more, all gateways and servers
// have the same.
func (c *cluster) joinsAgain(t *testing.T, lost int, everywhere *gateway, stopWriting func()) {
	t.Helper()
	if err := c.Join(c.Nodes[lost]); err != nil {
		t.Fatal(err)
	}
	for _, one := range append(c.gateways, everywhere) {
		one.awaitReady(t)
	}
	stopWriting()
	everywhere.settles(t, c.dbs[(lost+1)%len(c.dbs)], c.ledger)
	for i, one := range c.gateways {
		one.settles(t, c.dbs[i], c.ledger)
	}
	c.alike(t)
}

// refuses runs a command on a server that may not be used, which must say why.
func (c *cluster) refuses(t *testing.T, why string, server int, command ...string) {
	t.Helper()
	if said, status := run(t, "", append(command, "--dsn", c.Nodes[server].DSN)...); status == 0 || !strings.Contains(said, why) {
		t.Errorf("%v: status %d: %s", command, status, said)
	}
}

// several is a DSN that names several servers.
func several(nodes ...*dbtest.Server) string {
	var addresses []string
	for _, node := range nodes {
		_, rest, _ := strings.Cut(node.DSN, "tcp(")
		address, _, _ := strings.Cut(rest, ")")
		addresses = append(addresses, address)
	}
	first, rest, _ := strings.Cut(nodes[0].DSN, addresses[0])
	return first + strings.Join(addresses, ",") + rest
}
