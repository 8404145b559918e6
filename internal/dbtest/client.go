package dbtest

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Shell is a folder in which commands of a shell are run, with the client programs that belong to
// a server: those of MySQL where MySQL is, and of this machine for MariaDB.
type Shell struct {
	t      *testing.T
	where  place
	folder string
}

// NewShell makes a shell for the server of a data source name, with a file client.cnf that says how
// it is reached. Without the programs, the test is skipped, and fails when CI=true.
func NewShell(t *testing.T, dsn string) *Shell {
	t.Helper()
	where, err := clientsOf(dsn)
	if err != nil {
		missing(t, err.Error())
	}
	folder, err := os.MkdirTemp(where.parent, "aiusage-shell-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(config.Addr)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("[client]\nhost=%s\nport=%s\nprotocol=tcp\nuser=%s\npassword=%s\n", host, port, config.User, config.Passwd)
	if err := os.WriteFile(filepath.Join(folder, "client.cnf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &Shell{t, where, folder}
}

// clientsOf tells where the programs of a server's kind are.
func clientsOf(dsn string) (place, error) {
	server, err := sql.Open("mysql", dsn)
	if err != nil {
		return place{}, err
	}
	defer server.Close()
	var version string
	if err := server.QueryRow("SELECT VERSION()").Scan(&version); err != nil {
		return place{}, err
	}
	if strings.Contains(version, "MariaDB") {
		if _, err := exec.LookPath("mariadb-dump"); err != nil {
			return place{}, errors.New("no mariadb-dump here (Debian: mariadb-client)")
		}
		temporary := os.TempDir()
		return place{temporary, temporary, exec.Command}, nil
	}
	root := os.Getenv(rootVariable)
	if root == "" {
		return place{}, errNoMySQL
	}
	return onDisk(root), nil
}

// Run runs a script in the folder and returns what it prints.
func (s *Shell) Run(script string) (string, error) {
	inside := filepath.Join(s.where.seen, filepath.Base(s.folder))
	output, err := s.where.command("/bin/sh", "-ec", "cd '"+inside+"'\n"+script).CombinedOutput()
	return string(output), err
}
