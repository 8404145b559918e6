package dbtest

import (
	"os"
	"testing"
)

// EachConfigured runs test as a subtest on a MariaDB and on a MySQL, each of its own
// and started with more options than the servers of other tests: what an
// administrator may have in my.cnf. options get the name of the engine. The test may
// change whatever it likes on the server.
func EachConfigured(t *testing.T, options func(engine string) []string, test func(t *testing.T, server *Server)) {
	t.Helper()
	EachOwn(t, Own{Options: options}, test)
}

// Own is how the servers of one test differ from those that tests share.
type Own struct {
	// Options are more of them, for an engine by its name. It may be nil.
	Options func(engine string) []string
	// Disk is how many bytes the disk with the server's data has, 0 for that of the machine. Where
	// this process may not have one made, Server.FillDisk says so.
	Disk int64
}

// EachOwn is EachConfigured with more that the test may want of its servers.
func EachOwn(t *testing.T, own Own, test func(t *testing.T, server *Server)) {
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
			server.prepare(t, own)
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			server.DSN = newDatabaseOf(t, server)
			test(t, server)
		})
	}
}

// prepare gives a server that is not running what its test wants of it.
func (s *Server) prepare(t *testing.T, own Own) {
	t.Helper()
	if own.Options != nil {
		s.command.Args = append(s.command.Args, own.Options(s.engine)...)
	}
	if own.Disk > 0 {
		s.noDisk = s.giveDisk(own.Disk)
	}
}

// Engine is the name of the server's kind.
func (s *Server) Engine() string { return s.engine }

// HasTurn tells whether a case is to be tried on this server: of many cases each is on one of the
// two engines, the next one for each turn, and on both for `make cases` and where there is only
// this one.
func (s *Server) HasTurn(turn int) bool {
	if os.Getenv(everyEngineVariable) == "1" {
		return true
	}
	other := map[string]func() bool{"mariadb": hasMySQL, "mysql": hasMariaDB}[s.engine]
	if os.Getenv("CI") != "true" && !other() {
		return true
	}
	return (turn%2 == 0) == (s.engine == "mariadb")
}
