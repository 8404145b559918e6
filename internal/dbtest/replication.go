package dbtest

import (
	"net"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// EachReplicated runs test as a subtest on a MariaDB and on a MySQL, each with a
// replica that follows it. options are those of the primary.
func EachReplicated(t *testing.T, options []string, test func(t *testing.T, primary, replica *Server)) {
	t.Helper()
	common := map[string][]string{"mysql": {"--gtid-mode=ON", "--enforce-gtid-consistency=ON"}, "mariadb": nil}
	EachConfigured(t, func(engine string) []string {
		return append(append(common[engine], "--log-bin=binlog", "--server-id=1", "--log-bin-trust-function-creators=1"), options...)
	}, func(t *testing.T, primary *Server) {
		replica := primary.another(t, append(common[primary.engine], "--server-id=2"))
		config, err := mysql.ParseDSN(primary.adminDSN)
		if err != nil {
			t.Fatal(err)
		}
		host, port, err := net.SplitHostPort(config.Addr)
		if err != nil {
			t.Fatal(err)
		}
		follow := []string{
			"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '" + host + "', SOURCE_PORT = " + port + ", SOURCE_USER = 'root', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1",
			"START REPLICA",
		}
		if primary.engine == "mariadb" {
			follow = []string{
				"CHANGE MASTER TO MASTER_HOST = '" + host + "', MASTER_PORT = " + port + ", MASTER_USER = 'root', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1",
				"START SLAVE",
			}
		}
		for _, statement := range follow {
			if err := execute(replica.adminDSN, statement); err != nil {
				t.Fatal(err)
			}
		}
		config.DBName = "aiusage"
		of, err := mysql.ParseDSN(replica.adminDSN)
		if err != nil {
			t.Fatal(err)
		}
		of.DBName = config.DBName
		replica.DSN = of.FormatDSN()
		for deadline := time.Now().Add(statementTimeout); execute(replica.DSN, "SELECT 1") != nil; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the replica does not follow")
			}
		}
		test(t, primary, replica)
	})
}

// another starts one more server of the same engine, for this test alone.
func (s *Server) another(t *testing.T, options []string) *Server {
	t.Helper()
	for _, engine := range Engines() {
		if engine.Name != s.engine {
			continue
		}
		server, err := engine.create()
		if err != nil {
			missing(t, err.Error())
		}
		t.Cleanup(server.close)
		server.engine = s.engine
		server.command.Args = append(server.command.Args, options...)
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		return server
	}
	t.Fatal("no engine is called " + s.engine)
	return nil
}
