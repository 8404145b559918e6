package dbtest

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// newMariaDB prepares a MariaDB from the mariadbd on the PATH.
func newMariaDB() (*Server, error) {
	program, err := exec.LookPath("mariadbd")
	if err != nil {
		return nil, errors.New("no mariadbd on the PATH: install MariaDB's server (Debian: apt-get install mariadb-server)")
	}
	installer, err := exec.LookPath("mariadb-install-db")
	if err != nil {
		return nil, errors.New("no mariadb-install-db on the PATH, though there is a mariadbd")
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	folder, err := newFolder(dataParent())
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	install := exec.Command(installer, "--no-defaults", "--datadir="+data,
		"--auth-root-authentication-method=normal", "--skip-test-db")
	command := exec.Command(program, "--no-defaults", "--datadir="+data,
		"--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", port),
		"--socket="+filepath.Join(folder, "socket"), "--pid-file="+filepath.Join(folder, "pid"),
		// A MariaDB that starts deletes the temporary tables it finds, also those
		// that another one is using.
		"--tmpdir="+folder,
		"--innodb-buffer-pool-size=256M",
		// Tests do not need to survive a power failure, and waiting for the disk takes longer than all they do.
		"--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-flush-method=nosync")
	server := &Server{adminDSN: rootDSN(port), folder: folder, seen: folder, command: command}
	err = errors.Join(asUser(install, "mysql", folder), asUser(command, "mysql", folder))
	if err == nil {
		err = newData("mariadb", folder, install)
	}
	if err != nil {
		server.close()
		return nil, err
	}
	return server, nil
}

// hasMariaDB tells whether there is one on this machine.
func hasMariaDB() bool {
	_, err := exec.LookPath("mariadbd")
	return err == nil
}

// runInstaller runs a program that creates a server's system tables.
func runInstaller(command *exec.Cmd) error {
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(command.Path), err, output)
	}
	return nil
}
