package db_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"aiusage/internal/dbtest"
)

// hostile are values of the settings with which the gateway would give wrong answers,
// or none. A setting that is missing here fails the test.
var hostile = map[string]string{
	"autocommit":                "0",
	"completion_type":           "1",
	"transaction_isolation":     "'READ-UNCOMMITTED'",
	"tx_isolation":              "'READ-UNCOMMITTED'",
	"transaction_read_only":     "1",
	"tx_read_only":              "1",
	"innodb_snapshot_isolation": "1",
	"wsrep_dirty_reads":         "1",
	"system_versioning_asof":    "'2001-01-01 00:00:00'",
	"timestamp":                 "1000000000",
	"time_zone":                 "'+09:00'",
	"sql_mode":                  "'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'",
	"character_set_client":      "latin1",
	"character_set_results":     "latin1",
	"collation_connection":      "latin1_swedish_ci",
	"sql_select_limit":          "1",
	"max_join_size":             "1",
	"sql_big_selects":           "0",
	"sql_safe_updates":          "1",
	"sql_auto_is_null":          "1",
	"max_sort_length":           "64",
	"group_concat_max_len":      "4",
	"div_precision_increment":   "0",
	"foreign_key_checks":        "0",
	"unique_checks":             "0",
	"check_constraint_checks":   "0",
	"default_storage_engine":    "MEMORY",
	"max_statement_time":        "1",
	"max_execution_time":        "1",
	"wait_timeout":              "1",
	"@aiusage_recorded":         "1",
	"@aiusage_bulk":             "1",
}

// hostileServer makes the hostile values those of new connections, as init_connect
// does for accounts without special privileges, with a transaction begun at the
// end, and returns the DSN of such an account.
func hostileServer(t *testing.T, admin *sql.DB, dsn string) (account string) {
	t.Helper()
	present := variables(t, admin)
	var sets []string
	for name, value := range hostile {
		if !strings.HasPrefix(name, "@") {
			if _, ok := present[name]; !ok {
				continue
			}
			name = "@@SESSION." + name
		}
		sets = append(sets, name+" = "+value)
	}
	createPlain(t, admin)
	perform(t, admin, "SET GLOBAL init_connect = "+quoted("SET "+strings.Join(sets, ", ")+"; START TRANSACTION"))
	return as(t, dsn, "plain", "pw")
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// as is a DSN for another account.
func as(t *testing.T, dsn, user, password string) string {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.User, config.Passwd = user, password
	return config.FormatDSN()
}

// pool opens a database beside the gateway, as an administrator or the platform.
func pool(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	opened, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return opened
}

func variables(t *testing.T, from *sql.DB) map[string]string {
	t.Helper()
	rows, err := from.Query("SHOW SESSION VARIABLES")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	values := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			t.Fatal(err)
		}
		values[strings.ToLower(name)] = value
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return values
}

// trusting lets accounts without special privileges create triggers (MySQL has its
// binary log on by default).
func trusting(engine string) []string {
	options := []string{"--log-bin-trust-function-creators=1"}
	if engine == "mariadb" {
		// Together with the client's charset, what the handshake says about it is ignored.
		options = append(options, "--skip-character-set-client-handshake", "--character-set-server=latin1")
	}
	return options
}

func perform(t *testing.T, on interface {
	Exec(string, ...any) (sql.Result, error)
}, statement string) {
	t.Helper()
	if _, err := on.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// createPlain creates an account without special privileges, plain with the password pw.
func createPlain(t *testing.T, admin *sql.DB) {
	t.Helper()
	perform(t, admin, "DROP USER IF EXISTS plain@'%'")
	perform(t, admin, "CREATE USER plain@'%' IDENTIFIED BY 'pw'")
	perform(t, admin, "GRANT ALL ON aiusage.* TO plain@'%'")
}

// What has to be changed on a server as a whole is tried on one that other tests do
// not use. Each test leaves it as it was.
func TestAServerOfItsOwn(t *testing.T) {
	options := func(engine string) []string {
		// A limit that is 0 at the start cannot be set later on MariaDB.
		options := []string{"--max-user-connections=100"}
		if engine == "mariadb" {
			options = append(options, "--secure-timestamp=YES") // nobody may set the clock
		}
		return options
	}
	tests := []struct {
		name string
		test func(*testing.T, *dbtest.Server)
	}{
		{"a transaction of init_connect is ended", aTransactionOfInitConnectIsEnded},
		{"connections are left to others", connectionsAreLeftToOthers},
		{"server errors say what is wrong", serverErrorsSayWhatIsWrong},
		{"after a fail-over writes go to the new primary", afterAFailOverWritesGoToTheNewPrimary},
		{"a write that meets the old primary is tried again", aWriteThatMeetsTheOldPrimaryIsTriedAgain},
	}
	dbtest.EachConfigured(t, options, func(t *testing.T, server *dbtest.Server) {
		for _, one := range tests {
			t.Run(one.name, func(t *testing.T) { one.test(t, server) })
		}
	})
}
