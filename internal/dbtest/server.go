package dbtest

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	// startTimeout and stopTimeout are generous: a machine that runs many tests
	// at once is slow.
	startTimeout = 2 * time.Minute
	stopTimeout  = time.Minute
)

// Server is a database server that this process started.
type Server struct {
	// DSN is the data source name of a fresh, empty database, for a server made
	// by Private. It stays the same when the server is stopped and started.
	DSN string

	// engine is the name of its kind, for a server made by EachConfigured or EachOwn.
	engine   string
	adminDSN string
	// folder is where its files are, and seen the name that it knows that folder by.
	folder, seen string
	command      *exec.Cmd // a template: every start makes a new one of it
	// atStart returns options more for a start, as of then. It may be nil.
	atStart func() ([]string, error)
	process *process
	// space is the network namespace that it runs in, if not in this process's.
	space string
	// noDisk says why it has no disk of its own.
	noDisk error
	// printsDSN tells that the first line of output is the administrator's DSN.
	printsDSN bool
}

// Private starts a server for this test alone, which the test may stop, start,
// pause and resume. It is a MariaDB, or else a MySQL.
func Private(t *testing.T) *Server {
	t.Helper()
	var reasons []string
	for _, engine := range Engines() {
		if engine.Name != "mariadb" && engine.Name != "mysql" {
			continue
		}
		server, err := engine.startServer()
		if err != nil {
			reasons = append(reasons, engine.Name+": "+err.Error())
			continue
		}
		t.Cleanup(server.close)
		server.DSN = newDatabaseOf(t, server)
		return server
	}
	missing(t, "neither MariaDB nor MySQL is on this machine\n"+strings.Join(reasons, "\n"))
	return nil
}

// newDatabaseOf creates a database that goes away with its server.
func newDatabaseOf(t *testing.T, server *Server) (dsn string) {
	t.Helper()
	if err := execute(server.adminDSN, "CREATE DATABASE aiusage CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		t.Fatalf("creating a test database: %v", err)
	}
	cfg, err := mysql.ParseDSN(server.adminDSN)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DBName = "aiusage"
	return cfg.FormatDSN()
}

// Start starts the server, and returns once it answers. The data of an earlier
// run is still there.
func (s *Server) Start() error {
	log, err := os.OpenFile(filepath.Join(s.folder, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(s.command.Path, s.command.Args[1:]...)
	if s.atStart != nil {
		more, err := s.atStart()
		if err != nil {
			return err
		}
		command.Args = append(command.Args, more...)
	}
	command.Env, command.SysProcAttr = s.command.Env, s.command.SysProcAttr
	command.Stderr = log
	var output io.ReadCloser
	if s.printsDSN {
		if output, err = command.StdoutPipe(); err != nil {
			return err
		}
	} else {
		command.Stdout = log
	}
	if s.process, err = startProcess(command, s.space); err != nil {
		return err
	}
	if s.printsDSN {
		line, err := bufio.NewReader(output).ReadString('\n')
		if err != nil {
			return s.failure("printed no data source name")
		}
		s.adminDSN = strings.TrimSpace(line)
	}
	return s.waitUntilUp()
}

// waitUntilUp returns once the server answers.
func (s *Server) waitUntilUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	db, err := openQuietly(s.adminDSN)
	if err != nil {
		return err
	}
	defer db.Close()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if db.PingContext(ctx) == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-s.process.ended:
			return s.failure("ended while starting")
		case <-ctx.Done():
			return s.failure(fmt.Sprintf("did not answer within %v", startTimeout))
		}
	}
}

// openQuietly opens a database of whose absence the driver writes nothing.
func openQuietly(dsn string) (*sql.DB, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// failure is an error with the end of the server's log.
func (s *Server) failure(what string) error {
	const enough = 2000
	log, _ := os.ReadFile(filepath.Join(s.folder, "server.log"))
	if len(log) > enough {
		log = log[len(log)-enough:]
	}
	return fmt.Errorf("%s %s:\n%s", filepath.Base(s.command.Path), what, log)
}

// Stop shuts the server down in its own time, as an administrator would.
func (s *Server) Stop() error {
	if err := s.process.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.process.ended:
		return nil
	case <-time.After(stopTimeout):
		s.process.kill()
		return s.failure("did not stop")
	}
}

// Kill ends the server as a crash does. What it has written is still there when it is started
// again.
func (s *Server) Kill() { s.process.kill() }

// HasEnded tells whether the server is gone, by itself or otherwise.
func (s *Server) HasEnded() bool {
	select {
	case <-s.process.ended:
		return true
	default:
		return false
	}
}

// Pause makes the server hang: connections stay open, and nothing is answered.
// It returns when every thread of the server has come to a halt.
func (s *Server) Pause() error {
	if err := s.process.signal(pauseSignal); err != nil {
		return err
	}
	for !isHalted(s.process.child.Pid) {
		time.Sleep(time.Millisecond)
	}
	return nil
}

// Resume ends a Pause.
func (s *Server) Resume() error { return s.process.signal(resumeSignal) }

// close ends the server at once and removes its files.
func (s *Server) close() {
	if s.process != nil {
		s.process.kill()
		if s.process.child != nil {
			removeClock(s.process.child.Pid)
		}
	}
	unmount(s.data())
	if err := os.RemoveAll(s.folder); err != nil {
		fmt.Fprintln(os.Stderr, "removing a test server's files:", err)
	}
}

// data is the folder of the server's data.
func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// rootDSN is the DSN of an administrator without a password.
func rootDSN(port int) string {
	cfg := mysql.NewConfig()
	cfg.User = "root"
	cfg.Net = "tcp"
	cfg.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return cfg.FormatDSN()
}

const folderPrefix = "aiusage-test-"

// newFolder makes a folder for a server's files in parent. It is named after this
// process, so that a later run can remove what a killed one left behind.
func newFolder(parent string) (string, error) {
	left, err := filepath.Glob(filepath.Join(parent, folderPrefix+"*"))
	if err != nil {
		return "", err
	}
	for _, folder := range left {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folderPrefix), "-")
		if pid, err := strconv.Atoi(owner); err == nil && !isRunning(pid) {
			unmount(filepath.Join(folder, "data"))
			_ = os.RemoveAll(folder)
		}
	}
	return os.MkdirTemp(parent, fmt.Sprintf("%s%d-", folderPrefix, os.Getpid()))
}

// isRunning tells whether a process exists, whoever it belongs to.
func isRunning(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = process.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
