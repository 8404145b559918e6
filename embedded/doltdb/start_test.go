package doltdb_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/cli"
	"aiusage/embedded/doltdb"
)

// serveFolder tells this test program to run the database in the named folder,
// as a process of its own, instead of the tests.
const serveFolder = "AIUSAGE_DOLTDB_TEST_FOLDER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(serveFolder); folder != "" {
		os.Exit(serve(folder))
	}
	os.Exit(m.Run())
}

// serve runs the database in folder until it is interrupted.
func serve(folder string) int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	db, err := doltdb.Start(ctx, folder)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(db.DSN)
	<-ctx.Done()
	if err := db.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func TestDataSurvivesARestart(t *testing.T) {
	folder := t.TempDir()
	first := start(t, folder)
	execute(t, first.DSN, "CREATE TABLE kept (n INT PRIMARY KEY)", "INSERT INTO kept VALUES (7)")
	stop(t, first)

	second := start(t, folder)
	defer stop(t, second)
	if got := queryInt(t, second.DSN, "SELECT n FROM kept"); got != 7 {
		t.Errorf("after a restart the row holds %d, want 7", got)
	}
}

func TestStoppingTwiceDoesNothing(t *testing.T) {
	db := start(t, t.TempDir())
	stop(t, db)
	stop(t, db)
}

func TestStoppingEndsTheServerAndReleasesTheFolder(t *testing.T) {
	folder := t.TempDir()
	db := start(t, folder)
	stop(t, db)
	if err := ping(db.DSN); err == nil {
		t.Error("the server still answers after Stop")
	}
	if _, err := os.Stat(filepath.Join(folder, "connection.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("connection.json is still there after Stop: %v", err)
	}
}

func TestFolderIsReadableForItsOwnerOnly(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "data")
	db := start(t, folder)
	defer stop(t, db)
	for path, want := range map[string]fs.FileMode{"": 0o700, "connection.json": 0o600} {
		info, err := os.Stat(filepath.Join(folder, path))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o, want %o", path, got, want)
		}
	}
}

func TestWrongPasswordIsRefused(t *testing.T) {
	db := start(t, t.TempDir())
	defer stop(t, db)
	_, address, _ := strings.Cut(db.DSN, "@")
	for _, user := range []string{"aiusage:wrong@", "aiusage:@", "root:@", "__dolt_local_user__:@"} {
		if err := ping(user + address); err == nil || !strings.Contains(err.Error(), "1045") {
			t.Errorf("as %q: %v, want error 1045", user, err)
		}
	}
}

// Any local user can reach a port, and without a password take all connections there
// are; a socket in a folder of one's own is out of reach.
func TestItListensOnASocketThatOnlyItsOwnerCanReach(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("long/", 25))
	for name, folder := range map[string]string{
		"short":                       filepath.Join(t.TempDir(), "data"),
		"too long for a socket":       deep,
		"with what a DSN cannot have": filepath.Join(t.TempDir(), "me@here(1)"),
	} {
		t.Run(name, func(t *testing.T) {
			db := start(t, folder)
			execute(t, db.DSN, "CREATE TABLE t (n INT PRIMARY KEY)")
			config, err := mysql.ParseDSN(db.DSN)
			if err != nil || config.Net != "unix" {
				t.Fatalf("got %s, %v", db.DSN, err)
			}
			if socket, err := os.Stat(config.Addr); err != nil || socket.Mode() != fs.ModeSocket|0o600 {
				t.Errorf("the socket: %v, %v", socket.Mode(), err)
			}
			parent := filepath.Dir(config.Addr)
			if info, err := os.Stat(parent); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("its folder: %v, %v", info.Mode(), err)
			}
			if ports := listening(t); len(ports) > 0 {
				t.Errorf("it listens on %v", ports)
			}
			stop(t, db)
			if _, err := os.Stat(config.Addr); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the socket is left behind: %v", err)
			}
			if _, err := os.Stat(parent); parent != folder && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("its folder is left behind: %v", err)
			}
		})
	}
}

// listening returns the local addresses of TCP on which this process listens.
func listening(t *testing.T) (addresses []string) {
	t.Helper()
	own := map[string]bool{} // inodes of sockets
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("there is no /proc here")
	}
	for _, file := range files {
		target, _ := os.Readlink("/proc/self/fd/" + file.Name())
		own[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
	}
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		content, err := os.ReadFile(table)
		if err != nil {
			t.Skip(err)
		}
		for line := range strings.Lines(string(content)) {
			const listens = "0A"
			if fields := strings.Fields(line); len(fields) > 9 && fields[3] == listens && own[fields[9]] {
				addresses = append(addresses, fields[1])
			}
		}
	}
	return addresses
}

func TestAFolderThatOthersMayEnterIsRefused(t *testing.T) {
	folder := t.TempDir()
	stop(t, start(t, folder)) // empty, it is closed to others
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := doltdb.Start(t.Context(), folder); err == nil || !strings.Contains(err.Error(), "chmod 700 "+folder) {
		t.Errorf("got %v", err)
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	startProcess(t, folder)
	if err := os.Chmod(filepath.Join(folder, "connection.json"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := doltdb.Start(t.Context(), folder); err == nil || !strings.Contains(err.Error(), "chmod 600 ") {
		t.Errorf("its password is open to others: got %v", err)
	}
}

func TestNothingIsWrittenToTheHomeDirectory(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	db := start(t, t.TempDir())
	execute(t, db.DSN, "CREATE TABLE t (n INT PRIMARY KEY)")
	stop(t, db)
	entries, err := os.ReadDir(home)
	if err != nil || len(entries) > 0 {
		t.Errorf("the home directory holds %v (%v), want nothing", entries, err)
	}
}

func TestSecondStartNamesTheProcessThatHasTheFolder(t *testing.T) {
	folder := t.TempDir()
	process, dsn := startProcess(t, folder)
	_, err := doltdb.Start(t.Context(), folder)
	var inUse *cli.FolderInUseError
	if !errors.As(err, &inUse) {
		t.Fatalf("got %v, want a FolderInUseError", err)
	}
	if want := (cli.FolderInUseError{Folder: folder, PID: process.Process.Pid, DSN: dsn}); *inUse != want {
		t.Errorf("got %+v, want %+v", *inUse, want)
	}
	if err := ping(inUse.DSN); err != nil {
		t.Errorf("its DSN does not reach the running database: %v", err)
	}
}

func TestCommittedRowsSurviveAKill(t *testing.T) {
	folder := t.TempDir()
	process, dsn := startProcess(t, folder)
	execute(t, dsn, "CREATE TABLE kept (n INT PRIMARY KEY)")
	for n := range 50 {
		execute(t, dsn, fmt.Sprintf("INSERT INTO kept VALUES (%d)", n))
	}
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait()

	db := start(t, folder)
	defer stop(t, db)
	if got := queryInt(t, db.DSN, "SELECT COUNT(*) FROM kept"); got != 50 {
		t.Errorf("%d rows survived, want 50", got)
	}
}

func TestInterruptedProcessEndsCleanlyAndPrintsNothing(t *testing.T) {
	folder := t.TempDir()
	process, dsn := startProcess(t, folder)
	execute(t, dsn, "CREATE TABLE t (n INT PRIMARY KEY)")
	if err := tryExecute(dsn, "INSERT INTO missing VALUES (1)"); err == nil {
		t.Error("inserting into a missing table did not fail")
	}
	if err := process.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("after SIGINT: %v", err)
	}
	if printed := process.Stderr.(*strings.Builder).String(); printed != "" {
		t.Errorf("it printed %q", printed)
	}
}

func TestConnectionSeesNewDataAfterAStatementFailed(t *testing.T) {
	db := start(t, t.TempDir())
	defer stop(t, db)
	execute(t, db.DSN, "CREATE TABLE counter (id INT PRIMARY KEY, n INT NOT NULL)", "INSERT INTO counter VALUES (1, 0)")
	failures := map[string]func(context.Context, *sql.Conn) error{
		"duplicate key": func(ctx context.Context, conn *sql.Conn) error {
			_, err := conn.ExecContext(ctx, "INSERT INTO counter VALUES (1, 1)")
			return err
		},
		"prepared, wrong value": func(ctx context.Context, conn *sql.Conn) error {
			_, err := conn.ExecContext(ctx, "INSERT INTO counter VALUES (?, ?)", 2, "x")
			return err
		},
		"not in GROUP BY": func(ctx context.Context, conn *sql.Conn) error {
			return conn.QueryRowContext(ctx, "SELECT n, COUNT(*) FROM counter GROUP BY id + 1").Err()
		},
		"only prepared": func(ctx context.Context, conn *sql.Conn) error {
			statement, err := conn.PrepareContext(ctx, "SELECT n FROM counter WHERE id = ?")
			if err != nil {
				return err
			}
			return errors.Join(statement.Close(), errors.New("as planned"))
		},
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			err := with(db.DSN, func(ctx context.Context, pool *sql.DB) error {
				conn, err := pool.Conn(ctx)
				if err != nil {
					return err
				}
				defer conn.Close()
				if fail(ctx, conn) == nil {
					t.Fatal("the statement did not fail")
				}
				execute(t, db.DSN, "UPDATE counter SET n = n + 1 WHERE id = 1")
				var seen int
				if err := conn.QueryRowContext(ctx, "SELECT n FROM counter WHERE id = 1").Scan(&seen); err != nil {
					return err
				}
				if now := queryInt(t, db.DSN, "SELECT n FROM counter WHERE id = 1"); seen != now {
					t.Errorf("it read %d, but %d is committed", seen, now)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestFailedStatementLeavesItsTransactionOpen(t *testing.T) {
	db := start(t, t.TempDir())
	defer stop(t, db)
	execute(t, db.DSN, "CREATE TABLE t (n INT PRIMARY KEY)")
	err := with(db.DSN, func(ctx context.Context, pool *sql.DB) error {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if _, err := tx.ExecContext(ctx, "INSERT INTO t VALUES (1)"); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO t VALUES (?)", 1); err == nil {
			t.Error("a duplicate row was accepted")
		}
		return tx.Commit()
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := queryInt(t, db.DSN, "SELECT COUNT(*) FROM t"); got != 1 {
		t.Errorf("%d rows were committed, want 1", got)
	}
}

func start(t *testing.T, folder string) *cli.RunningDatabase {
	t.Helper()
	db, err := doltdb.Start(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func stop(t *testing.T, db *cli.RunningDatabase) {
	t.Helper()
	if err := db.Stop(); err != nil {
		t.Fatalf("stopping: %v", err)
	}
}

// startProcess runs the database in a process of its own.
func startProcess(t *testing.T, folder string) (process *exec.Cmd, dsn string) {
	t.Helper()
	process = exec.Command(os.Args[0])
	process.Env = append(os.Environ(), serveFolder+"="+folder)
	process.Stderr = new(strings.Builder)
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGKILL)
		_ = process.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the process printed no DSN (%v): %s", err, process.Stderr)
	}
	return process, strings.TrimSpace(line)
}

func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if err := tryExecute(dsn, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func tryExecute(dsn, statement string) error {
	return with(dsn, func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, statement)
		return err
	})
}

func queryInt(t *testing.T, dsn, query string) (value int) {
	t.Helper()
	err := with(dsn, func(ctx context.Context, db *sql.DB) error {
		return db.QueryRowContext(ctx, query).Scan(&value)
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func ping(dsn string) error {
	return with(dsn, func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) })
}

func with(dsn string, use func(context.Context, *sql.DB) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	return use(ctx, db)
}

// Dolt reads the paths of folders as those of addresses, and would make a database in another one.
func TestAFolderThatDoltTakesForAnotherIsRefused(t *testing.T) {
	for name, taken := range map[string]bool{"a%41b": true, "%20": true, "a%zz": true, "a#b?c d+é": false} {
		folder := filepath.Join(t.TempDir(), name)
		db, err := doltdb.Start(t.Context(), folder)
		if _, statErr := os.Stat(folder); taken != (err != nil) || taken != errors.Is(statErr, fs.ErrNotExist) {
			t.Errorf("%s: %v, %v", name, err, statErr)
		}
		if err == nil {
			execute(t, db.DSN, "CREATE TABLE kept (n INT PRIMARY KEY)")
			stop(t, db)
			continue
		}
		err = doltdb.Load(t.Context(), folder, nil, nil)
		if _, statErr := os.Stat(folder); err == nil || !strings.Contains(err.Error(), "name one without %") || !errors.Is(statErr, fs.ErrNotExist) {
			t.Errorf("restoring in %s: %v, %v", name, err, statErr)
		}
	}
}
