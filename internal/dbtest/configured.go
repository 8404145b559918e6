package dbtest

import "testing"

// EachConfigured runs test as a subtest on a MariaDB and on a MySQL, each of its own
// and started with more options than the servers of other tests: what an
// administrator may have in my.cnf. options get the name of the engine. The test may
// change whatever it likes on the server.
func EachConfigured(t *testing.T, options func(engine string) []string, test func(t *testing.T, server *Server)) {
	t.Helper()
	for _, engine := range Engines() {
		if engine.Name != "mariadb" && engine.Name != "mysql" {
			continue
		}
		t.Run(engine.Name, func(t *testing.T) {
			server, err := engine.create()
			if err != nil {
				missing(t, err.Error())
			}
			t.Cleanup(server.close)
			server.engine = engine.Name
			if options != nil {
				server.command.Args = append(server.command.Args, options(engine.Name)...)
			}
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			server.DSN = newDatabaseOf(t, server)
			test(t, server)
		})
	}
}
