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
	listening := ports(t, size)
	var members []string
	for _, port := range listening {
		members = append(members, local(port))
	}
	c := &Cluster{
		join: func(node *Server) error { return node.startGroup(false) },
		isIn: func(db *sql.DB) bool {
			return value(db, `SELECT MEMBER_ID, MEMBER_STATE FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid`) == "ONLINE"
		},
	}
	for i := range size {
		node := newNode(t, "mysql", fmt.Sprint("--server-id=", i+1), "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-bin-trust-function-creators=1",
			"--plugin-load-add=group_replication.so", "--group-replication-group-name="+groupID, "--group-replication-start-on-boot=OFF",
			"--group-replication-local-address="+local(listening[i]), "--group-replication-group-seeds="+strings.Join(members, ","),
			"--group-replication-recovery-get-public-key=ON", "--group-replication-member-expel-timeout=0", "--group-replication-unreachable-majority-timeout=3",
			"--report-host=127.0.0.1", "--relay-log=relay")
		node.command.Args = append(node.command.Args, "--report-port="+node.portOf())
		c.Nodes = append(c.Nodes, node)
		if err := node.Start(); err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{"SET sql_log_bin = 0", "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'root' FOR CHANNEL 'group_replication_recovery'"} {
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
