package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Cluster is several servers that keep the same data, each of which its test may kill, pause and
// start again. All have the database aiusage, which the DSN of each names.
type Cluster struct {
	Nodes []*Server
	// join has a server that runs join the others, where that is not its own affair.
	join func(node *Server) error
	// isIn tells whether a server has joined, and has what the others have.
	isIn func(db *sql.DB) bool
	// network is what the nodes are joined by, or nil, and noNetwork why there is none.
	network   *network
	noNetwork error
}

// newCluster prepares a cluster of so many nodes, with a network that can be cut where this process may
// have one made.
func newCluster(t *testing.T, size int) *Cluster {
	t.Helper()
	c := &Cluster{}
	if c.network, c.noNetwork = newNetwork(size); c.noNetwork == nil {
		t.Cleanup(c.network.close)
	}
	return c
}

// host is where others reach a node, and at that with a port.
func (c *Cluster) host(node int) string {
	if c.noNetwork != nil {
		return "127.0.0.1"
	}
	return c.network.address(node)
}

// addresses are those on which a node listens for others and for clients.
func (c *Cluster) addresses(node int) string {
	if host := c.host(node); host != "127.0.0.1" {
		return "127.0.0.1," + host
	}
	return "127.0.0.1"
}

func (c *Cluster) at(node, port int) string {
	return net.JoinHostPort(c.host(node), strconv.Itoa(port))
}

// add adds a node that has not been started.
func (c *Cluster) add(t *testing.T, node *Server) {
	t.Helper()
	if c.noNetwork == nil {
		if err := c.network.attach(len(c.Nodes), node); err != nil {
			t.Fatal(err)
		}
	}
	c.Nodes = append(c.Nodes, node)
}

// Cut cuts a node off from the others, so that nothing comes through, while clients reach it as before.
// The error says why this process cannot.
func (c *Cluster) Cut(node int) error {
	if c.noNetwork != nil {
		return c.noNetwork
	}
	return c.network.cut(node)
}

// Mend ends a Cut.
func (c *Cluster) Mend(node int) error { return c.network.mend(node) }

// clusterOptions are those of small servers that do not lose what they have said is stored when
// they are killed.
var clusterOptions = []string{"--innodb-buffer-pool-size=48M", "--innodb-flush-log-at-trx-commit=2", "--max-connections=100",
	"--innodb-lock-wait-timeout=5"}

// newNode prepares a node of an engine, which t is skipped without.
func newNode(t *testing.T, name string, options ...string) *Server {
	t.Helper()
	for _, engine := range Engines() {
		if engine.Name != name {
			continue
		}
		server, err := engine.create()
		if err != nil {
			missing(t, err.Error())
		}
		t.Cleanup(server.close)
		server.engine = name
		server.command.Args = append(append(server.command.Args, clusterOptions...), options...)
		return server
	}
	t.Fatal("no engine is called " + name)
	return nil
}

// begin makes the database on the first node and has all nodes have it.
func (c *Cluster) begin(t *testing.T) *Cluster {
	t.Helper()
	c.Nodes[0].DSN = newDatabaseOf(t, c.Nodes[0])
	for _, node := range c.Nodes[1:] {
		config, err := mysql.ParseDSN(node.adminDSN)
		if err != nil {
			t.Fatal(err)
		}
		config.DBName = "aiusage"
		node.DSN = config.FormatDSN()
		if err := awaitDatabase(node.DSN); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Start starts a node that was killed or stopped and has it join the others, which it returns
// after.
func (c *Cluster) Start(node *Server) error {
	if err := node.Start(); err != nil {
		return err
	}
	return c.Join(node)
}

// Join has a node that runs join the others, and returns once it has what they have.
func (c *Cluster) Join(node *Server) error {
	if err := c.join(node); err != nil {
		return err
	}
	db, err := openQuietly(node.adminDSN)
	if err != nil {
		return err
	}
	defer db.Close()
	for deadline := time.Now().Add(startTimeout); !c.isIn(db); time.Sleep(50 * time.Millisecond) {
		if node.HasEnded() || time.Now().After(deadline) {
			return node.failure("did not join the others")
		}
	}
	return nil
}

// value is the value of the row that a statement like SHOW STATUS has, or nothing.
func value(db *sql.DB, statement string) (found string) {
	ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
	defer cancel()
	var name string
	_ = db.QueryRowContext(ctx, statement).Scan(&name, &found)
	return found
}

// portOf is the port that a server's clients use.
func (s *Server) portOf() string {
	config, err := mysql.ParseDSN(s.adminDSN)
	if err != nil {
		return fmt.Sprint(err)
	}
	_, port, _ := net.SplitHostPort(config.Addr)
	return port
}
