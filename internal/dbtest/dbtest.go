// Package dbtest gives tests a fresh database on every engine that the gateway
// supports: the embedded one, MariaDB and MySQL, each started by the tests
// themselves, and any other server named by AIUSAGE_TEST_DSN.
//
// A package whose tests use it ends what was started:
//
//	func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }
//
// To start the engines once for many packages, run the tests through the engines
// program beside this file.
package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"hash/crc32"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Main runs the tests of a package, and then ends the servers that they started,
// also when the run is interrupted. It returns the exit code.
func Main(m *testing.M) int {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		StopAll()
		os.Exit(1)
	}()
	defer StopAll()
	return m.Run()
}

// Each runs test as a subtest once per engine, each with a fresh, empty database
// that is dropped afterwards. An engine that is not on this machine is skipped;
// where CI=true it fails.
func Each(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	each(t, Engines(), test)
}

// EachServer is Each without the embedded engine, for tests of what that cannot have, such as
// sums.
func EachServer(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	each(t, servers(), test)
}

// everyEngineVariable has InTurn run each case on every engine, and Draws draw all, when it is 1.
const everyEngineVariable = "AIUSAGE_TEST_EVERY_ENGINE"

// Draws returns how many cases a test draws at random: a third of those it can have, which
// `make cases` tries all.
func Draws(all int) int {
	if os.Getenv(everyEngineVariable) == "1" {
		return all
	}
	return (all + 2) / 3
}

// EachKind is Each on the embedded engine and on any one server: for tests of what the gateway
// does otherwise on each of these, and alike on all servers.
func EachKind(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	each(t, Engines()[:1], test)
	AnyServer(t, test)
}

// Any is Each on one of the engines, for tests of what is alike on all of them. Which one it is
// follows from the test's name, so that a package's tests are spread over all engines: every
// second one is on MariaDB, whose databases take a third of the time of others. `make cases` runs
// each test on every engine.
func Any(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	inTurn(t, Engines(), turnOf(t.Name(), 0, 1, 1, 2), test)
}

// AnyServer is Any without the embedded engine, and of three tests two are on MariaDB.
func AnyServer(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	inTurn(t, servers(), turnOf(t.Name(), 0, 0, 1), test)
}

// turnOf chooses a turn by the name of a test, the same in every run.
func turnOf(name string, turns ...int) int {
	return turns[crc32.ChecksumIEEE([]byte(name))%uint32(len(turns))]
}

// InTurn is Any with a turn that the caller gives, for cases of which there are many, so that
// they are spread evenly.
func InTurn(t *testing.T, turn int, test func(t *testing.T, dsn string)) {
	t.Helper()
	inTurn(t, Engines(), turn, test)
}

// ServerInTurn is InTurn without the embedded engine.
func ServerInTurn(t *testing.T, turn int, test func(t *testing.T, dsn string)) {
	t.Helper()
	inTurn(t, servers(), turn, test)
}

func inTurn(t *testing.T, engines []Engine, turn int, test func(t *testing.T, dsn string)) {
	t.Helper()
	if os.Getenv(everyEngineVariable) == "1" {
		each(t, engines, test)
		return
	}
	if os.Getenv("CI") != "true" { // where one that is missing fails
		engines = slices.DeleteFunc(engines, func(e Engine) bool { _, err := e.Start(); return err != nil })
	}
	if len(engines) == 0 {
		t.Skip("no engine for this is on this machine")
	}
	each(t, engines[turn%len(engines):][:1], test)
}

// servers are the engines that can have sums.
func servers() []Engine {
	return slices.DeleteFunc(Engines(), func(e Engine) bool { return e.Variable == embeddedDSNVariable })
}

func each(t *testing.T, engines []Engine, test func(t *testing.T, dsn string)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(engine.Name, func(t *testing.T) {
			test(t, engine.database(t))
		})
	}
}

// One returns the data source name of a fresh, empty database on the first engine
// there is, for tests whose engine does not matter: the fastest comes first.
func One(t *testing.T) (dsn string) {
	t.Helper()
	var reasons []string
	for _, engine := range append(servers(), Engines()...) {
		server, err := engine.Start()
		if err == nil {
			return newDatabase(t, server)
		}
		reasons = append(reasons, engine.Name+": "+err.Error())
	}
	missing(t, "no engine is on this machine\n"+strings.Join(reasons, "\n"))
	return ""
}

// database creates a database on the engine for the duration of t.
func (e Engine) database(t *testing.T) (dsn string) {
	t.Helper()
	server, err := e.Start()
	if err != nil {
		missing(t, err.Error())
	}
	return newDatabase(t, server)
}

// missing skips t, or fails it where everything has to be tested.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// newDatabase creates a database on the server that an administrator's DSN reaches.
func newDatabase(t *testing.T, adminDSN string) (dsn string) {
	t.Helper()
	cfg, err := mysql.ParseDSN(adminDSN)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DBName = ""
	server := cfg.FormatDSN()
	cfg.DBName = "aiusage_test_" + strings.ToLower(rand.Text())
	if err := execute(server, "CREATE DATABASE "+cfg.DBName+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		t.Fatalf("creating a test database: %v", err)
	}
	if err := awaitDatabase(cfg.FormatDSN()); err != nil {
		t.Fatalf("using a new test database: %v", err)
	}
	t.Cleanup(func() {
		if err := execute(server, "DROP DATABASE "+cfg.DBName); err != nil {
			t.Logf("dropping the test database: %v", err)
		}
	})
	return cfg.FormatDSN()
}

// awaitDatabase waits until a new database can be used, which on a busy machine the
// embedded engine may refuse for a moment ("could not resolve initial root").
func awaitDatabase(dsn string) error {
	for deadline := time.Now().Add(statementTimeout); ; time.Sleep(10 * time.Millisecond) {
		err := execute(dsn, "SELECT 1")
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// statementTimeout bounds what this package asks of a server that is up.
const statementTimeout = time.Minute

func execute(dsn, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
	defer cancel()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}
