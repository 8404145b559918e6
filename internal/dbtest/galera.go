package dbtest

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// galeraLibrary is where Debian's package galera-4 has it.
const galeraLibrary = "/usr/lib/galera/libgalera_smm.so"

// galeraPatience has nodes give up soon on one that does not answer.
const galeraPatience = "evs.keepalive_period=PT0.3S;evs.suspect_timeout=PT1.5S;evs.inactive_timeout=PT3S;evs.inactive_check_period=PT0.3S;evs.install_timeout=PT3S;" +
	"gcache.size=64M;gcache.page_size=16M"

// Galera starts a cluster of MariaDB of so many nodes.
func Galera(t *testing.T, size int) *Cluster {
	t.Helper()
	if _, err := os.Stat(galeraLibrary); err != nil {
		missing(t, "no Galera on this machine: install it (Debian: apt-get install galera-4)")
	}
	c := newCluster(t, size)
	c.join = func(*Server) error { return nil } // by itself, as it starts
	c.isIn = func(db *sql.DB) bool {
		return value(db, `SHOW GLOBAL STATUS LIKE 'wsrep_local_state'`) == "4" && value(db, `SHOW GLOBAL STATUS LIKE 'wsrep_ready'`) == "ON"
	}
	listening := freePorts(t, 3*size)
	var members []string
	for i := range size {
		members = append(members, c.at(i, listening[i]))
	}
	for i := range size {
		c.add(t, newNode(t, "mariadb", "--wsrep-on=ON", "--wsrep-provider="+galeraLibrary, "--wsrep-cluster-name=aiusage",
			"--wsrep-cluster-address=gcomm://"+strings.Join(members, ","),
			"--wsrep-provider-options="+galeraPatience+";gmcast.listen_addr=tcp://"+members[i]+";ist.recv_addr="+c.at(i, listening[size+i]),
			"--wsrep-sst-method=rsync", "--wsrep-sst-receive-address="+c.at(i, listening[2*size+i]), "--wsrep-node-address="+c.host(i),
			fmt.Sprint("--wsrep-node-name=node", i), "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", "--wsrep-slave-threads=2"))
	}
	c.beginGalera(t)
	return c.begin(t)
}

// beginGalera starts the nodes of a new cluster. The first begins it, and the others get its data
// while it rests, so that they need not be sent any.
func (c *Cluster) beginGalera(t *testing.T) {
	t.Helper()
	first := c.Nodes[0]
	first.atStart = func() ([]string, error) { return []string{"--wsrep-new-cluster"}, nil }
	err := errors.Join(c.Start(first), first.Stop())
	for _, node := range c.Nodes[1:] {
		if err == nil {
			err = errors.Join(os.RemoveAll(node.data()), copyFolder(first.data(), node.data()))
		}
		if err == nil {
			err = os.Remove(filepath.Join(node.data(), "gvwstate.dat"))
		}
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		node.atStart = node.recoverGalera
	}
	for _, node := range c.Nodes {
		if err == nil {
			err = c.Start(node)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	first.atStart = first.recoverGalera
}

// recovered is how a server says up to where it has the cluster's transactions.
var recovered = regexp.MustCompile(`Recovered position:? ([0-9a-f-]{36}:-?\d+)`)

// recoverGalera returns the option that says up to where a node that was killed has what the others
// have, as the start scripts of Galera do.
func (s *Server) recoverGalera() ([]string, error) {
	state, err := os.ReadFile(filepath.Join(s.data(), "grastate.dat"))
	if err != nil || !strings.Contains(string(state), "seqno:   -1") {
		return nil, err
	}
	command := exec.Command(s.command.Path, append(append([]string{}, s.command.Args[1:]...), "--wsrep-recover", "--skip-networking")...)
	command.Env, command.SysProcAttr = s.command.Env, s.command.SysProcAttr
	said, err := command.CombinedOutput()
	found := recovered.FindSubmatch(said)
	if err != nil || found == nil {
		return nil, fmt.Errorf("where the node stood cannot be recovered: %w\n%s", err, said)
	}
	return []string{"--wsrep-start-position=" + string(found[1])}, nil
}
