package dbtest

import (
	"database/sql"
	"errors"
	"os"
	"sync"
)

// Engine is a kind of database server.
type Engine struct {
	Name string
	// Variable is the environment variable with an administrator's DSN of a
	// server that runs already.
	Variable string
	// create prepares a server that is not running yet.
	create func() (*Server, error)
	// NotShared tells that each package needs a server of its own, because this
	// engine may fail a statement ("could not resolve initial root") while somebody
	// creates or drops another database.
	NotShared bool
}

// Engines are all engines to test with, in the order of the tests. Any other
// server is one of them when AIUSAGE_TEST_DSN is set.
func Engines() []Engine {
	engines := []Engine{
		{Name: "embedded", Variable: embeddedDSNVariable, create: newEmbedded, NotShared: true},
		{Name: "mariadb", Variable: "AIUSAGE_TEST_MARIADB_DSN", create: newMariaDB},
		{Name: "mysql", Variable: "AIUSAGE_TEST_MYSQL_DSN", create: newMySQL},
	}
	if os.Getenv(anyVariable) != "" {
		engines = append(engines, Engine{Name: "any", Variable: anyVariable, create: newAny})
	}
	return engines
}

// Variables with the DSN of a server that runs already.
const (
	anyVariable         = "AIUSAGE_TEST_DSN"
	embeddedDSNVariable = "AIUSAGE_TEST_EMBEDDED_DSN"
)

func newAny() (*Server, error) { return nil, errors.New("set " + anyVariable) }

// shared are the servers that the tests of this process share, by engine.
var shared = struct {
	sync.Mutex
	servers map[string]*sharedServer
}{servers: map[string]*sharedServer{}}

type sharedServer struct {
	once   sync.Once
	server *Server
	err    error
}

// Start returns an administrator's DSN of a running server of this kind, which
// it starts the first time unless the environment names one. The error says how
// to get the engine.
func (e Engine) Start() (dsn string, err error) {
	if dsn := os.Getenv(e.Variable); dsn != "" {
		return dsn, nil
	}
	shared.Lock()
	s := shared.servers[e.Name]
	if s == nil {
		s = &sharedServer{}
		shared.servers[e.Name] = s
	}
	shared.Unlock()
	s.once.Do(func() { s.server, s.err = e.startServer() })
	if s.err != nil {
		return "", s.err
	}
	return s.server.adminDSN, nil
}

// startServer starts a server that belongs to the caller, who has to close it.
func (e Engine) startServer() (*Server, error) {
	server, err := e.create()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		server.close()
		return nil, err
	}
	return server, nil
}

// StopAll ends the servers that Start has started.
func StopAll() {
	removeTemplates()
	shared.Lock()
	defer shared.Unlock()
	for name, s := range shared.servers {
		// A server that is just starting is waited for, so that none is missed.
		s.once.Do(func() { s.err = errors.New("the tests are over") })
		if s.server != nil {
			s.server.close()
		}
		delete(shared.servers, name)
	}
}

// Version is what a server says it is.
func Version(dsn string) string {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err.Error()
	}
	defer db.Close()
	var version, comment string
	if err := db.QueryRow("SELECT VERSION(), @@version_comment").Scan(&version, &comment); err != nil {
		return err.Error()
	}
	return version + " (" + comment + ")"
}
