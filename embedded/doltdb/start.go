// Package doltdb runs Dolt, a MySQL-compatible database, inside the gateway's
// process. It keeps its files in one folder, listens on loopback only, and asks
// for a password that changes with every start.
package doltdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	doltcli "github.com/dolthub/dolt/go/cmd/dolt/cli"
	"github.com/dolthub/dolt/go/cmd/dolt/commands/sqlserver"
	"github.com/dolthub/dolt/go/cmd/dolt/doltversion"
	"github.com/dolthub/dolt/go/libraries/doltcore/dbfactory"
	"github.com/dolthub/dolt/go/libraries/doltcore/dconfig"
	"github.com/dolthub/dolt/go/libraries/doltcore/doltdb"
	"github.com/dolthub/dolt/go/libraries/doltcore/env"
	"github.com/dolthub/dolt/go/libraries/utils/config"
	"github.com/dolthub/dolt/go/libraries/utils/filesys"
	"github.com/dolthub/dolt/go/libraries/utils/svcs"

	"aiusage/cli"
	"aiusage/usage"
)

// databasesFolder is where Dolt keeps its files, inside the data folder. What
// stands beside it (the lock, connection.json) is this package's own.
const databasesFolder = "databases"

// startAttempts is how often another port is tried when a program takes the
// chosen one in the moment before Dolt listens on it.
const startAttempts = 5

// Database is this database, for the command line.
var Database = &cli.EmbeddedDatabase{Has: Has, Start: Start, Copy: Copy, Load: Load, CheckFiles: CheckFiles}

// Start is the Start of a cli.EmbeddedDatabase. A process runs one database at a time,
// because Dolt keeps its settings in global variables.
func Start(ctx context.Context, folder string) (*cli.RunningDatabase, error) {
	folder, err := dataFolder(folder)
	if err != nil {
		return nil, err
	}
	if err := cli.MakePrivate("the data folder", folder); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(folder, databasesFolder), 0o700); err != nil {
		return nil, err
	}
	claim, err := claimFolder(ctx, folder)
	if err != nil {
		return nil, err
	}
	server, err := startServer(ctx, folder)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the embedded database in %s: %w", folder, err), claim.release())
	}
	stop := sync.OnceValue(func() error { return errors.Join(server.stop(), claim.release()) })

	if err := createDatabase(ctx, server.dsn("")); err != nil {
		return nil, errors.Join(fmt.Errorf("creating the embedded database in %s: %w", folder, err), stop())
	}
	dsn := server.dsn(databaseName)
	if err := claim.announce(dsn); err != nil {
		return nil, errors.Join(err, stop())
	}
	return &cli.RunningDatabase{DSN: dsn, Stop: stop}, nil
}

// dataFolder returns the path of a data folder from the root on, unless Dolt would take it for
// that of another: it reads paths as those of addresses, where %41 is A.
func dataFolder(folder string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err == nil && strings.Contains(folder, "%") {
		err = usage.Errorf(usage.InvalidArgument, "the embedded database cannot be in %s, which it would take for another folder: name one without %%", folder)
	}
	return folder, err
}

// runningServer is a Dolt server that accepts connections.
type runningServer struct {
	controller *svcs.Controller
	access     access
	folder     string
	closed     chan error
}

// startServer runs Dolt on a socket in a data folder, or on a loopback port on systems
// without such things.
func startServer(ctx context.Context, data string) (*runningServer, error) {
	folder := filepath.Join(data, databasesFolder)
	quietDolt()
	// Dolt looks for a user's settings in the home directory, and creates them.
	// Everything it has to remember belongs in the data folder.
	if err := os.Setenv(dconfig.EnvDoltRootPath, folder); err != nil {
		return nil, err
	}
	var err error
	for range startAttempts {
		var server *runningServer
		if server, err = startServerOnce(ctx, data, folder); err == nil {
			return server, nil
		}
		if !isPortTaken(err) {
			break
		}
	}
	return nil, err
}

func startServerOnce(ctx context.Context, data, folder string) (*runningServer, error) {
	environment, err := newEnvironment(ctx, folder)
	if err != nil {
		return nil, err
	}
	access, err := newAccess(data)
	if err != nil {
		return nil, err
	}
	server := &runningServer{
		controller: svcs.NewController(),
		access:     access,
		folder:     folder,
		closed:     make(chan error, 1),
	}
	started := make(chan error, 2) // both below have room: nobody listens once ctx has ended
	go func() {
		// The server outlives ctx: cancelling it must not cut off requests
		// that are still being answered. Stop ends the server.
		startErr, closeErr := sqlserver.Serve(context.WithoutCancel(ctx), &sqlserver.Config{
			ServerConfig:            newSettings(folder, access.port),
			DoltEnv:                 environment,
			Version:                 environment.Version,
			Controller:              server.controller,
			SkipRootUserInit:        true,
			ProtocolListenerFactory: access.listen,
		})
		started <- startErr
		server.closed <- closeErr
		close(server.closed)
	}()
	go func() { started <- server.controller.WaitForStart() }()

	select {
	case err := <-started:
		if err != nil {
			return nil, errors.Join(err, closeFiles(folder), access.socket.remove())
		}
		return server, nil
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), server.stop())
	}
}

// newEnvironment loads Dolt's settings for folder, with its usage telemetry off.
func newEnvironment(ctx context.Context, folder string) (*env.DoltEnv, error) {
	files, err := filesys.LocalFilesysWithWorkingDir(folder)
	if err != nil {
		return nil, err
	}
	home := func() (string, error) { return folder, nil }
	environment := env.LoadWithoutDB(ctx, home, files, doltdb.LocalDirDoltDB, doltversion.Version)
	if environment.CfgLoadErr != nil {
		return nil, environment.CfgLoadErr
	}
	err = environment.Config.WriteableConfig().SetStrings(map[string]string{
		config.MetricsDisabled: "true",
		config.UserNameKey:     "aiusage",
		config.UserEmailKey:    "aiusage@localhost",
	})
	return environment, err
}

// stop ends the server and returns once its files are closed.
func (s *runningServer) stop() error {
	s.controller.Stop()
	return errors.Join(<-s.closed, closeFiles(s.folder), s.access.socket.remove())
}

// abandon is stop where the folder is to be removed, after a restore that failed or was
// interrupted. Dolt then removes the database that it had begun, in its own time, and would end the
// whole process on closing what is no longer there: that stays open until the process ends.
func (s *runningServer) abandon() error {
	s.controller.Stop()
	err := <-s.closed
	begun := filepath.Join(s.folder, databaseName, dbfactory.DoltDataDir)
	return errors.Join(err, dbfactory.DeleteFromSingletonCache(begun, false), s.stop())
}

// closeFiles closes what Dolt keeps open for the rest of the process, so that
// the folder can be opened again, moved or deleted.
func closeFiles(folder string) error {
	closeErr := dbfactory.CloseAllLocalDatabases()
	forgetErr := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != dbfactory.DataDir {
			return err
		}
		if err := dbfactory.DeleteFromSingletonCache(path, false); err != nil {
			return err
		}
		return filepath.SkipDir
	})
	return errors.Join(closeErr, forgetErr)
}

// quietDolt keeps Dolt from printing: what it logs goes to slog.
func quietDolt() {
	doltcli.CliOut, doltcli.CliErr = io.Discard, io.Discard
	logToSlog()
}
