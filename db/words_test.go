package db_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// trouble is a state of a server in which the gateway cannot do something, and what
// it is to say then.
type trouble struct {
	name string
	// only is the engine on which this can be had, or empty.
	only string
	// makes are what an administrator has done, and mends how it is undone.
	makes, mends []string
	// dsn is what the DSN has otherwise, or nil.
	dsn func(*mysql.Config)
	do  func(t *testing.T, store *db.Store) error
	// number is that of the server's error, or 0 where the driver notices.
	number uint16
	says   string
	code   usage.Code
}

func ping(t *testing.T, store *db.Store) error { return store.Ping(t.Context()) }

func reads(t *testing.T, store *db.Store) error {
	_, err := store.Report(t.Context(), usage.Query{Zone: time.UTC})
	return err
}

func writes(t *testing.T, store *db.Store) error {
	_, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "a", Name: strings.Repeat("n", 200)}})
	return err
}

func migrates(t *testing.T, store *db.Store) error {
	return store.Migrate(t.Context(), func(db.Migration) {})
}

const (
	mariaDB  = "mariadb"
	mySQL    = "mysql"
	anEngine = ""
)

var troubles = []trouble{
	{"a wrong password", anEngine, nil, nil, func(c *mysql.Config) { c.Passwd = "wrong" }, ping, 1045,
		"refuses the gateway's user name or password", usage.Unavailable},
	{"an account of the operating system", mariaDB, []string{"ALTER USER plain@'%' IDENTIFIED VIA unix_socket"}, []string{"ALTER USER plain@'%' IDENTIFIED BY 'pw'"}, nil, ping, 1698,
		"refuses the gateway's user name or password", usage.Unavailable},
	{"no rights in the database", anEngine, []string{"REVOKE ALL ON aiusage.* FROM plain@'%'"}, []string{"GRANT ALL ON aiusage.* TO plain@'%'"}, nil, ping, 1044,
		"has no rights in the database that the DSN names", usage.Unavailable},
	{"no such database", anEngine, []string{"GRANT ALL ON nowhere.* TO plain@'%'"}, []string{"REVOKE ALL ON nowhere.* FROM plain@'%'"},
		func(c *mysql.Config) { c.DBName = "nowhere" }, ping, 1049,
		"the database named in the DSN does not exist", usage.Unavailable},
	{"no right to create tables", anEngine, []string{"REVOKE CREATE ON aiusage.* FROM plain@'%'", "DELETE FROM aiusage.aiusage_schema_version WHERE version_id >= 14"},
		[]string{"GRANT CREATE ON aiusage.* TO plain@'%'"}, nil, migrates, 1142, "lacks a right in the database; it needs", usage.Unavailable},
	{"a right on one column", anEngine, []string{"REVOKE ALL ON aiusage.* FROM plain@'%'", "GRANT SELECT (account_id) ON aiusage.accounts TO plain@'%'"},
		[]string{"REVOKE SELECT (account_id) ON aiusage.accounts FROM plain@'%'", "GRANT ALL ON aiusage.* TO plain@'%'"}, nil,
		func(t *testing.T, store *db.Store) error {
			_, err := store.Accounts(t.Context(), []string{"a"})
			return err
		}, 1143, "lacks a right in the database; it needs", usage.Unavailable},
	{"a password that has expired", anEngine, []string{"ALTER USER plain@'%' PASSWORD EXPIRE"}, []string{"ALTER USER plain@'%' IDENTIFIED BY 'pw'"}, nil, ping, 0,
		"password of the gateway's account has expired", usage.Unavailable},
	{"an account that is locked", anEngine, []string{"ALTER USER plain@'%' ACCOUNT LOCK"}, []string{"ALTER USER plain@'%' ACCOUNT UNLOCK"}, nil, ping, 0,
		"account is locked", usage.Unavailable},
	{"queries that are used up", anEngine, []string{"ALTER USER plain@'%' WITH MAX_QUERIES_PER_HOUR 1"}, []string{"ALTER USER plain@'%' WITH MAX_QUERIES_PER_HOUR 0"}, nil, ping, 1226,
		"used up what the database allows it", usage.Unavailable},
	{"a read-only server", anEngine, []string{"SET GLOBAL read_only = 1"}, []string{"SET GLOBAL read_only = 0"}, nil, writes, 1290,
		"the database is read-only", usage.Unavailable},
	{"a read-only schema", mySQL, []string{"ALTER SCHEMA aiusage READ ONLY = 1"}, []string{"ALTER SCHEMA aiusage READ ONLY = 0"}, nil, writes, 3989,
		"the database is read-only", usage.Unavailable},
	{"encryption that is required", mySQL, []string{"SET GLOBAL require_secure_transport = 1"}, []string{"SET GLOBAL require_secure_transport = 0"}, nil, ping, 3159,
		"add tls=true to the DSN", usage.Unavailable},
	{"a certificate that nobody knows", mySQL, nil, nil, func(c *mysql.Config) { c.TLSConfig = "true" }, ping, 0,
		"certificate of the database is not trusted", usage.Unavailable},
	{"no encryption", mariaDB, nil, nil, func(c *mysql.Config) { c.TLSConfig = "true" }, ping, 0,
		"asks for an encrypted connection, which the database does not offer", usage.Unavailable},
	{"a parameter that is unknown", anEngine, nil, nil, func(c *mysql.Config) { c.Params = map[string]string{"nonsense": "1"} }, ping, 1193,
		"does not take a parameter of the DSN", usage.Unavailable},
	{"a parameter that is out of range", anEngine, nil, nil, func(c *mysql.Config) { c.Params = map[string]string{"sql_mode": "'nonsense'"} }, ping, 1231,
		"does not take a parameter of the DSN", usage.Unavailable},
	{"a full table", anEngine, []string{"SET GLOBAL max_heap_table_size = 16384", "RENAME TABLE aiusage.accounts TO aiusage.accounts_aside",
		"CREATE TABLE aiusage.accounts (account_id VARCHAR(64) PRIMARY KEY, name VARCHAR(20000)) CHARACTER SET latin1 ENGINE = MEMORY MAX_ROWS = 2"},
		[]string{"SET GLOBAL max_heap_table_size = 16777216", "DROP TABLE aiusage.accounts", "RENAME TABLE aiusage.accounts_aside TO aiusage.accounts"}, nil,
		func(t *testing.T, store *db.Store) error {
			var accounts []usage.Account
			for _, id := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
				accounts = append(accounts, usage.Account{AccountID: id, Name: strings.Repeat(id, 20000)})
			}
			_, err := store.WriteAccounts(t.Context(), accounts)
			return err
		}, 1114, "has no room left", usage.Unavailable},
	{"a table that is missing", anEngine, []string{"RENAME TABLE aiusage.accounts TO aiusage.accounts_aside"}, []string{"RENAME TABLE aiusage.accounts_aside TO aiusage.accounts"}, nil, writes, 1146,
		"lacks a table of the gateway", usage.Unavailable},
	{"a column that is missing", anEngine, []string{"ALTER TABLE aiusage.accounts RENAME COLUMN name TO names"}, []string{"ALTER TABLE aiusage.accounts RENAME COLUMN names TO name"}, nil, writes, 1054,
		"lacks a column", usage.Unavailable},
	{"a view that does not work", anEngine, []string{"RENAME TABLE aiusage.ai_sessions TO aiusage.calls", "CREATE VIEW aiusage.ai_sessions AS SELECT * FROM aiusage.calls", "RENAME TABLE aiusage.calls TO aiusage.calls_aside"},
		[]string{"DROP VIEW aiusage.ai_sessions", "RENAME TABLE aiusage.calls_aside TO aiusage.ai_sessions"}, nil, reads, 1356,
		"a view that the gateway reads does not work", usage.Unavailable},
	{"an init_connect that fails", anEngine, []string{"SET GLOBAL init_connect = 'SELECT * FROM nowhere.nothing'"}, []string{"SET GLOBAL init_connect = ''"}, nil, ping, 0,
		"its init_connect may be failing", usage.Unavailable},
	{"too many connections of the account", anEngine, []string{"SET GLOBAL max_user_connections = 1"}, []string{"SET GLOBAL max_user_connections = 100"}, nil, holdMany, 1203, "takes no more connections at the moment", usage.Unavailable},
	{"too many connections", anEngine, []string{"SET GLOBAL max_connections = 10"}, []string{"SET GLOBAL max_connections = 151"}, nil, holdMany, 1040,
		"takes no more connections at the moment", usage.Unavailable},
}

// holdMany takes connections until the server gives no more.
func holdMany(t *testing.T, store *db.Store) (err error) {
	var more func(left int) error
	more = func(left int) (err error) {
		if left == 0 {
			return nil
		}
		if hold := store.Hold(t.Context(), func() { err = more(left - 1) }); hold != nil {
			return db.Translate(hold)
		}
		return err
	}
	return more(15)
}

func serverErrorsSayWhatIsWrong(t *testing.T, server *dbtest.Server) {
	admin := pool(t, server.DSN)
	admin.SetMaxOpenConns(1)
	engine := mySQL
	if _, err := admin.Exec("SET @@SESSION.max_statement_time = 0"); err == nil {
		engine = mariaDB
	}
	migrate(t, open(t, server.DSN))
	createPlain(t, admin)
	for _, one := range troubles {
		if one.only != anEngine && one.only != engine {
			continue
		}
		t.Run(one.name, func(t *testing.T) { one.test(t, admin, as(t, server.DSN, "plain", "pw")) })
	}
}

func (one trouble) test(t *testing.T, admin *sql.DB, dsn string) {
	for _, statement := range one.makes {
		perform(t, admin, statement)
	}
	defer func() {
		for _, statement := range one.mends {
			perform(t, admin, statement)
		}
	}()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if one.dsn != nil {
		one.dsn(config)
	}
	coded := wantCode(t, one.do(t, open(t, config.FormatDSN())), one.code)
	if !strings.Contains(coded.Message, one.says) {
		t.Errorf("got %q (%v), want %q", coded.Message, coded.Cause, one.says)
	}
	if one.number != 0 && !hasNumber(coded.Cause, one.number) {
		t.Errorf("the cause is %v, want error %d", coded.Cause, one.number)
	}
	for _, secret := range []string{"plain", "pw", "127.0.0.1", "localhost"} {
		if strings.Contains(coded.Message, secret) {
			t.Errorf("callers may read %q, which names %s", coded.Message, secret)
		}
	}
}

func hasNumber(err error, number uint16) bool {
	server, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && server.Number == number
}

// What a test cannot easily make a server say.
func TestErrorsThatAreRareHaveWordsToo(t *testing.T) {
	for _, test := range []struct {
		number  uint16
		message string
		code    usage.Code
		says    string
		passing bool
	}{
		{3, "Error writing file '/tmp/MY' (Errcode: 28)", usage.Unavailable, "no room left", false},
		{1021, "Disk full (/tmp/x)", usage.Unavailable, "no room left", false},
		{1041, "Out of memory", usage.Unavailable, "out of memory", false},
		{1047, "WSREP has not yet prepared node for application use", usage.Unavailable, "cluster is not ready", true},
		{1047, "Unknown command", usage.Internal, "internal error", false},
		{1053, "Server shutdown in progress", usage.Unavailable, "being shut down", true},
		{1129, "Host 'h' is blocked because of many connection errors", usage.Unavailable, "FLUSH HOSTS", false},
		{1130, "Host 'h' is not allowed to connect to this server", usage.Unavailable, "from the gateway's host", false},
		{1153, "Got a packet bigger than 'max_allowed_packet' bytes", usage.Unavailable, "max_allowed_packet", false},
		{1205, "Lock wait timeout exceeded", usage.Unavailable, "busy with other writers", true},
		{1213, "Deadlock found", usage.Unavailable, "busy with other writers", true},
		{1467, "Failed to read auto-increment value from storage engine", usage.Unavailable, "busy with other writers", true},
		{1020, "Record has changed since last read in table 'x'", usage.Unavailable, "busy with other writers", true},
		{1227, "Access denied; you need the SUPER privilege", usage.Unavailable, "lacks a right", false},
		{1251, "Client does not support authentication protocol", usage.Unavailable, "authentication plugin", false},
		{1290, "running with the --super-read-only option", usage.Unavailable, "read-only", false},
		{1290, "running with the --secure-file-priv option", usage.Unavailable, "an option of the database's configuration", false},
		{1317, "Query execution was interrupted", usage.Timeout, "took too long", false},
		{1792, "Cannot execute statement in a READ ONLY transaction", usage.Unavailable, "read-only", false},
		{1836, "Running in read-only mode", usage.Unavailable, "read-only", false},
		{3100, "Error on observer while running replication hook 'before_commit'", usage.Unavailable, "cluster is not ready", true},
		{3101, "Plugin instructed the server to rollback the current transaction", usage.Unavailable, "busy with other writers", true},
		{1064, "You have an error in your SQL syntax", usage.Internal, "internal error", false},
	} {
		err := db.Translate(fmt.Errorf("wrapped: %w", &mysql.MySQLError{Number: test.number, Message: test.message}))
		coded := usage.AsError(err)
		if coded.Code != test.code || !strings.Contains(coded.Message, test.says) || db.IsPassing(err) != test.passing {
			t.Errorf("%d %s: got %s %q, passing: %v", test.number, test.message, coded.Code, coded.Message, db.IsPassing(err))
		}
	}
	for err, says := range map[error]string{
		mysql.ErrUnknownPlugin:     "authentication plugin",
		mysql.ErrCleartextPassword: "allowCleartextPasswords=true",
		mysql.ErrPktTooLarge:       "max_allowed_packet",
		driver.ErrBadConn:          "cannot be reached",
	} {
		if coded := wantCode(t, db.Translate(err), usage.Unavailable); !strings.Contains(coded.Message, says) {
			t.Errorf("%v: got %q", err, coded.Message)
		}
	}
	wantCode(t, db.Translate(sql.ErrTxDone), usage.Canceled)
}

// After a fail-over, connections to what was the primary are no longer used, and a
// write that met one succeeds on a new one.
func afterAFailOverWritesGoToTheNewPrimary(t *testing.T, server *dbtest.Server) {
	admin := pool(t, server.DSN)
	migrate(t, open(t, server.DSN))
	createPlain(t, admin)
	store := open(t, as(t, server.DSN, "plain", "pw"))
	if err := writes(t, store); err != nil {
		t.Fatal(err)
	}
	ids := func() (ids []string) {
		var group sync.WaitGroup
		var mu sync.Mutex
		together := make(chan struct{}, 4)
		for range 4 {
			group.Go(func() {
				_ = store.Hold(t.Context(), func() {
					together <- struct{}{}
					for len(together) < 4 {
						runtime.Gosched()
					}
				})
				_ = store.Read(t.Context(), "SELECT CONNECTION_ID()", func(id string) { mu.Lock(); ids = append(ids, id); mu.Unlock() })
			})
		}
		group.Wait()
		return ids
	}
	before := ids()
	perform(t, admin, "SET GLOBAL read_only = 1")
	coded := wantCode(t, writes(t, store), usage.Unavailable)
	if !strings.Contains(coded.Message, "read-only") {
		t.Errorf("got %q", coded.Message)
	}
	if err := reads(t, store); err != nil {
		t.Errorf("a read-only server can be read: %v", err)
	}
	for _, id := range ids() {
		if slices.Contains(before, id) {
			t.Errorf("the connection %s to the old primary is still used", id)
		}
	}
	perform(t, admin, "SET GLOBAL read_only = 0")
	if err := writes(t, store); err != nil {
		t.Errorf("on the new primary: %v", err)
	}
}

// The connections of a pool may be to what was the primary; a new one is to what is.
func aWriteThatMeetsTheOldPrimaryIsTriedAgain(t *testing.T, server *dbtest.Server) {
	store := openWith(t, server.DSN, 1)
	migrate(t, store)
	for range 2 { // all connections are dropped but once a minute
		if err := store.Execute(t.Context(), "SET SESSION TRANSACTION READ ONLY"); err != nil {
			t.Fatal(err)
		}
		if err := writes(t, store); err != nil {
			t.Error(err)
		}
	}
}
