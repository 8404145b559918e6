package doltdb

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"

	"github.com/go-sql-driver/mysql"
)

const socketFile = "mysql.sock"

// longestSocket is the longest path of a socket, in bytes, that all systems take: the
// BSDs have room for 104 with the zero at the end, Linux for 108.
const longestSocket = 103

// socket is where a server listens, in a folder that only this user may enter.
type socket struct {
	path string
	// made is the folder that was made for it, or empty.
	made string
}

// newSocket chooses a path: in the data folder, or in a folder of its own for temporary
// files where that path is too long or cannot be written in a DSN. It is empty on
// Windows, whose folders are not closed by a mode.
func newSocket(folder string) (socket, error) {
	if runtime.GOOS == "windows" {
		return socket{}, nil
	}
	if path := filepath.Join(folder, socketFile); isUsable(path) {
		return socket{path: path}, nil
	}
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		made, err := os.MkdirTemp(parent, "aiusage-") // with mode 0700
		if err != nil {
			continue
		}
		if path := filepath.Join(made, socketFile); isUsable(path) {
			return socket{path, made}, nil
		}
		if err := os.Remove(made); err != nil {
			return socket{}, err
		}
	}
	return socket{}, fmt.Errorf("the path of the data folder %s is too long for a socket, and there is no folder for temporary files; choose a shorter one", folder)
}

// isUsable tells whether a path is that of a socket that a DSN can name.
func isUsable(path string) bool {
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net, config.Addr, config.DBName = userName, "x", "unix", path, databaseName
	read, err := mysql.ParseDSN(config.FormatDSN())
	return len(path) <= longestSocket && err == nil && read.Addr == path && read.User == userName && read.DBName == databaseName
}

// listen listens on the socket. One that is there was left behind by a process that was
// killed: this one has the lock on the folder.
func (s socket) listen() (net.Listener, error) {
	if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", s.path)
	if err != nil {
		return nil, err
	}
	return listener, os.Chmod(s.path, 0o600)
}

// remove removes the folder that was made for the socket, which closing has removed.
func (s socket) remove() error {
	if s.made == "" {
		return nil
	}
	return os.RemoveAll(s.made)
}
