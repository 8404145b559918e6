package doltdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dolthub/dolt/go/libraries/doltcore/servercfg"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql/mysql_db"
	vitess "github.com/dolthub/vitess/go/mysql"
	"github.com/go-sql-driver/mysql"
)

const (
	databaseName = "aiusage"
	userName     = "aiusage"
	loopback     = "127.0.0.1"
)

// connectTimeout bounds the first connection to a server that has just started.
const connectTimeout = 30 * time.Second

// access is how clients reach one run of the server.
type access struct {
	// socket is where the server listens, except on systems without such things.
	socket   socket
	port     int
	password string
}

// newAccess chooses a socket for a data folder, a free port and a new password.
func newAccess(folder string) (access, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return access{}, err
	}
	defer listener.Close()
	chosen, err := newSocket(folder)
	return access{socket: chosen, port: listener.Addr().(*net.TCPAddr).Port, password: rand.Text()}, err
}

// listen gives the server its only user before it accepts connections. Dolt
// keeps that user in memory, so no password is stored with the data.
func (a access) listen(cfg server.Config, listenerCfg vitess.ListenerConfig, events server.ServerEventListener) (server.ProtocolListener, error) {
	users, ok := listenerCfg.AuthServer.(*mysql_db.MySQLDb)
	if !ok {
		return nil, fmt.Errorf("the embedded database keeps its users in a %T, which this program does not know", listenerCfg.AuthServer)
	}
	editor := users.Editor()
	users.AddEphemeralSuperUser(editor, userName, "localhost", a.password)
	editor.Close()
	listenerCfg.Handler = freshSnapshots{closedCopies{listenerCfg.Handler}}
	if a.socket.path != "" {
		// Dolt always listens on a port, too, where any local user could take all
		// connections there are, without a password.
		if err := listenerCfg.Listener.Close(); err != nil {
			return nil, err
		}
		var err error
		if listenerCfg.Listener, err = a.socket.listen(); err != nil {
			return nil, err
		}
	}
	return server.MySQLProtocolListenerFactory(cfg, listenerCfg, events)
}

// dsn is a go-sql-driver/mysql data source name for database.
func (s *runningServer) dsn(database string) string {
	cfg := mysql.NewConfig()
	cfg.User = userName
	cfg.Passwd = s.access.password
	cfg.Net, cfg.Addr = "unix", s.access.socket.path
	if cfg.Addr == "" {
		cfg.Net, cfg.Addr = "tcp", net.JoinHostPort(loopback, strconv.Itoa(s.access.port))
	}
	cfg.DBName = database
	return cfg.FormatDSN()
}

// newSettings configures Dolt's server: loopback only, no metrics
// listener, no remote API, no event scheduler, and no statement that reads or
// writes files of this machine. Garbage collection stays on: without it, every
// change that was ever made would keep its place on the disk.
func newSettings(folder string, port int) servercfg.ServerConfig {
	configFolder := filepath.Join(folder, ".doltcfg")
	return servercfg.YAMLConfig{
		LogLevelStr: new("warning"),
		DataDirStr:  &folder,
		CfgDirStr:   &configFolder,
		BehaviorConfig: servercfg.BehaviorYAMLConfig{
			AutoCommit:            new(true),
			DoltTransactionCommit: new(false),
			EventSchedulerStatus:  new("OFF"),
			AutoGCBehavior:        &servercfg.AutoGCBehaviorYAMLConfig{Enable_: new(true)},
		},
		ListenerConfig: servercfg.ListenerYAMLConfig{HostStr: new(loopback), PortNumber: &port},
		SystemVars_:    map[string]any{"secure_file_priv": filepath.Join(configFolder, "no-files")},
	}
}

// isPortTaken tells whether starting failed because another program listens on
// the port. Dolt has no error value for that.
func isPortTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || strings.Contains(err.Error(), "already in use")
}

// createDatabase creates the gateway's database unless it is there.
func createDatabase(ctx context.Context, dsn string) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS "+databaseName+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
	return err
}
