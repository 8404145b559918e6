package dbtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// rootVariable names a folder with a Debian system in it that has MySQL's server,
// for machines whose own packages have none.
const rootVariable = "AIUSAGE_TEST_MYSQL_ROOT"

var errNoMySQL = errors.New("no MySQL here: put its mysqld on the PATH, or set " + rootVariable + " to a folder made by\n" +
	"  debootstrap --variant=minbase --include=mysql-server-core,mysql-client-core sid FOLDER\n" +
	"and run the tests as root")

// newMySQL prepares a MySQL, from the folder that AIUSAGE_TEST_MYSQL_ROOT names or
// from the mysqld on the PATH. Its binary log is on, as by default: it decides
// what an account may do.
func newMySQL() (*Server, error) {
	where, program, err := mysqlIn(os.Getenv(rootVariable))
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	folder, err := newFolder(where.parent)
	if err != nil {
		return nil, err
	}
	mysqld := func(args ...string) *exec.Cmd { return where.command(program, args...) }
	inside := filepath.Join(where.seen, filepath.Base(folder)) // as the server sees it
	common := []string{"--no-defaults", "--datadir=" + filepath.Join(inside, "data"), "--secure-file-priv="}
	if os.Getuid() == 0 {
		common = append(common, "--user=root")
	}
	install := mysqld(append(common, "--initialize-insecure")...)
	command := mysqld(append(common,
		"--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", port), "--mysqlx=OFF",
		"--socket="+filepath.Join(inside, "socket"), "--pid-file="+filepath.Join(inside, "pid"),
		"--innodb-buffer-pool-size=256M",
		// Tests do not need to survive a power failure, and waiting for the disk takes longer than all they do.
		"--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0", "--innodb-doublewrite=OFF", "--innodb-flush-method=nosync")...)
	server := &Server{adminDSN: rootDSN(port), folder: folder, seen: inside, command: command}
	if err := newData("mysql", folder, install); err != nil {
		server.close()
		return nil, err
	}
	return server, nil
}

// hasMySQL tells whether there is one on this machine.
func hasMySQL() bool {
	_, _, err := mysqlIn(os.Getenv(rootVariable))
	return err == nil
}

// mysqlIn returns where MySQL's server runs, and its program: inside root, or the one on
// the PATH when root is empty.
func mysqlIn(root string) (where place, program string, err error) {
	if root == "" {
		program, err := exec.LookPath("mysqld")
		if err != nil || isMariaDB(program) {
			return place{}, "", errNoMySQL
		}
		return here(), program, nil
	}
	if os.Getuid() != 0 {
		return place{}, "", errors.New("MySQL in " + root + " runs for root only, because of chroot")
	}
	program = "/usr/sbin/mysqld"
	if _, err := os.Stat(filepath.Join(root, program)); err != nil {
		return place{}, "", fmt.Errorf("%s holds no MySQL: %w", root, err)
	}
	where = rooted(root)
	for _, folder := range []string{"/var/lib/mysql-files", where.seen} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o700); err != nil {
			return place{}, "", err
		}
	}
	return where, program, nil
}

// isMariaDB tells whether a mysqld is MariaDB's, which has the same name.
func isMariaDB(program string) bool {
	version, err := exec.Command(program, "--version").Output()
	return err == nil && strings.Contains(string(version), "MariaDB")
}
