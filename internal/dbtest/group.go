package dbtest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

const groupID = "5a1e7a00-0000-11f0-8000-000000000002"

// Group starts a group (Group Replication) of so many MySQL servers with one primary, the first.
// A server that is started again stays outside of it until it is told to join.
func Group(t *testing.T, size int) *Cluster {
	t.Helper()
	c := newCluster(t, size)
	c.join = func(node *Server) error { return node.startGroup(false) }
	c.isIn = func(db *sql.DB) bool {
		return value(db, `SELECT MEMBER_ID, MEMBER_STATE FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid`) == "ONLINE"
	}
	listening := freePorts(t, size)
	var members []string
	for i := range size {
		members = append(members, c.at(i, listening[i]))
	}
	for i := range size {
		node := newNode(t, "mysql", fmt.Sprint("--server-id=", i+1), "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-bin-trust-function-creators=1",
			"--plugin-load-add=group_replication.so", "--group-replication-group-name="+groupID, "--group-replication-start-on-boot=OFF",
			"--group-replication-local-address="+members[i], "--group-replication-group-seeds="+strings.Join(members, ","), "--group-replication-ip-allowlist=10.77.0.0/24,127.0.0.1",
			"--group-replication-recovery-get-public-key=ON", "--group-replication-member-expel-timeout=0",
			"--report-host="+c.host(i), "--relay-log=relay")
		node.command.Args = append(node.command.Args, "--report-port="+node.portOf(), "--bind-address="+c.addresses(i))
		c.add(t, node)
		if err := node.Start(); err != nil {
			t.Fatal(err)
		}
		// Members ask one another for what they lack as this account. What makes it is not to be taken for what the
		// group has written.
		for _, statement := range []string{"CREATE USER recovery", "GRANT REPLICATION SLAVE ON *.* TO recovery", "RESET BINARY LOGS AND GTIDS",
			"CHANGE REPLICATION SOURCE TO SOURCE_USER = 'recovery' FOR CHANNEL 'group_replication_recovery'"} {
			if err := execute(node.adminDSN, statement); err != nil {
				t.Fatal(err)
			}
		}
		if i > 0 {
			if err := c.Join(node); err != nil {
				t.Fatal(err)
			}
		} else if err := node.startGroup(true); err != nil {
			t.Fatal(err)
		}
	}
	return c.begin(t)
}

// startGroup has a server join its group, or begin it.
func (s *Server) startGroup(first bool) error {
	statements := []string{"START GROUP_REPLICATION"}
	if first {
		statements = []string{"SET GLOBAL group_replication_bootstrap_group = ON", "START GROUP_REPLICATION", "SET GLOBAL group_replication_bootstrap_group = OFF"}
	}
	for _, statement := range statements {
		if err := execute(s.adminDSN, statement); err != nil {
			return err
		}
	}
	return nil
}
