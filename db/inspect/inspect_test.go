package inspect

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/pool"
	"aiusage/internal/dbtest"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// What a server's lines give on a database, and what they do not.
func TestMissingPrivileges(t *testing.T) {
	for _, test := range []struct {
		lines []string
		want  string
	}{
		{nil, "SELECT INSERT"},
		{[]string{"GRANT USAGE ON *.* TO `u`@`h`"}, "SELECT INSERT"},
		{[]string{"GRANT ALL PRIVILEGES ON *.* TO `u`@`h` WITH GRANT OPTION"}, ""},
		{[]string{"GRANT ALL PRIVILEGES ON `a_b`.* TO `u`@`h`"}, ""},
		{[]string{"GRANT ALL PRIVILEGES ON `a\\_b`.* TO `u`@`h`"}, ""},
		{[]string{"GRANT ALL PRIVILEGES ON `a%`.* TO `u`@`h`"}, ""},
		{[]string{"GRANT ALL PRIVILEGES ON `a\\%`.* TO `u`@`h`"}, "SELECT INSERT"},
		{[]string{"GRANT ALL PRIVILEGES ON `axb`.* TO `u`@`h`", "GRANT ALL PRIVILEGES ON `b`.* TO `u`@`h`"}, "SELECT INSERT"},
		{[]string{"GRANT SELECT ON *.* TO `u`@`h`", "GRANT INSERT ON `a_b`.* TO `u`@`h`"}, ""},
		{[]string{"GRANT SELECT, INSERT ON `a_b`.`t` TO `u`@`h`"}, "SELECT INSERT"},
		{[]string{"GRANT SELECT (`x`, `y`), INSERT ON `a_b`.* TO `u`@`h`"}, "SELECT"},
		{[]string{"GRANT SELECT, INSERT ON *.* TO `u`@`h`", "REVOKE INSERT ON `a_b`.* FROM `u`@`h`"}, "INSERT"},
		{[]string{"REVOKE INSERT ON `axb`.* FROM `u`@`h`", "GRANT SELECT, INSERT ON *.* TO `u`@`h`"}, ""},
		{[]string{"GRANT `role`@`%` TO `u`@`h`", "GRANT PROXY ON ``@`` TO `u`@`h`"}, "SELECT INSERT"},
	} {
		if got := strings.Join(missing([]string{"SELECT", "INSERT"}, test.lines, "a_b"), " "); got != test.want {
			t.Errorf("%q: got %q, want %q", test.lines, got, test.want)
		}
	}
}

// What a server says of itself is judged by what it means for the gateway.
func TestWhatServersSayIsJudged(t *testing.T) {
	on := func(pairs ...string) map[string]string {
		values := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			values[pairs[i]] = pairs[i+1]
		}
		return values
	}
	for _, test := range []struct {
		found Finding
		want  Severity
	}{
		{writes(on("read_only", "OFF", "super_read_only", "OFF")), Fine},
		{writes(on("read_only", "ON")), Warning},
		{writes(on("read_only", "READ_ONLY_NO_LOCK")), Warning},
		{writes(on("read_only", "0", "innodb_read_only", "1")), Warning},
		{writes(on("offline_mode", "ON")), Warning},
		{logged(on("log_bin", "OFF", "binlog_format", "STATEMENT"), false), Fine},
		{logged(on("log_bin", "ON", "binlog_format", "STATEMENT", "log_bin_trust_function_creators", "ON"), true), Problem},
		{logged(on("log_bin", "ON", "binlog_format", "MIXED", "log_bin_trust_function_creators", "ON"), false), Fine},
		{logged(on("log_bin", "1", "binlog_format", "ROW", "log_bin_trust_function_creators", "OFF"), false), Note},
		{logged(on("log_bin", "ON", "log_bin_trust_function_creators", "OFF"), false), Note},
		{logged(on("log_bin", "ON", "log_bin_trust_function_creators", "OFF"), true), Fine},
		{longest(16 << 20), Fine}, {longest(16<<20 - 1), Warning},
		{encrypted("", true), Warning}, {encrypted("", false), Fine}, {encrypted("TLS_AES_128_GCM_SHA256", true), Fine},
		{clocks(0, 0), Fine}, {clocks(2*time.Second, 0), Fine}, {clocks(2*time.Second+1, 0), Warning}, {clocks(-3*time.Second, 0), Warning},
		{clocks(5*time.Second, 4*time.Second), Fine},
	} {
		if test.found.Severity != test.want {
			t.Errorf("got %+v, want %s", test.found, test.want)
		}
		if (test.found.Remedy == "") != (test.want == Fine) {
			t.Errorf("%+v: a remedy where none is needed, or none where one is", test.found)
		}
	}
}

// Each privilege that a user lacks is named, and the statement that is told gives it: also to
// names with quotes, on databases with patterns in their names, and by way of a role.
func TestThePrivilegesThatAreMissingAreNamed(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		admin := open(t, dsn)
		var database string
		must(t, admin.QueryRowContext(t.Context(), "SELECT DATABASE()").Scan(&database))
		user, role := "it's "+database[len(database)-8:], "r"+database[len(database)-8:]
		run := func(statement string) {
			t.Helper()
			_, err := admin.ExecContext(t.Context(), statement)
			must(t, err)
		}
		run("CREATE USER " + account(user+"@%") + " IDENTIFIED BY 'long-enough-1'")
		t.Cleanup(func() { must(t, exec(admin, "DROP USER "+account(user+"@%"))) })
		config, err := mysql.ParseDSN(dsn)
		must(t, err)
		config.User, config.Passwd = user, "long-enough-1"
		theirs := config.FormatDSN()
		privilegesOf := func() Finding {
			t.Helper()
			db := open(t, theirs)
			found, err := New(db).Inspect(t.Context(), false)
			must(t, err)
			return found[slices.IndexFunc(found, func(one Finding) bool { return one.About == "privileges" })]
		}
		for _, lacking := range needed {
			run(grant(needed, database, user+"@%"))
			run("REVOKE " + lacking + " ON " + quotedPattern(database) + ".* FROM " + account(user+"@%"))
			found := privilegesOf()
			if found.Severity != Problem || !strings.Contains(found.Says, " has no "+lacking+" on ") {
				t.Errorf("without %s: got %+v", lacking, found)
			}
			_, statement, _ := strings.Cut(found.Remedy, ": ")
			run(statement)
			if found := privilegesOf(); found.Severity != Fine {
				t.Errorf("after %s: got %+v", statement, found)
			}
		}
		run("REVOKE ALL PRIVILEGES ON " + quotedPattern(database) + ".* FROM " + account(user+"@%"))
		run("GRANT SELECT ON " + quotedPattern(database) + ".* TO " + account(user+"@%"))
		run("CREATE ROLE " + role)
		t.Cleanup(func() { must(t, exec(admin, "DROP ROLE "+role)) })
		run("GRANT ALL PRIVILEGES ON " + quotedPattern(database) + ".* TO " + role)
		run("GRANT " + role + " TO " + account(user+"@%"))
		if found := privilegesOf(); found.Severity != Problem {
			t.Errorf("by a role that is not active: got %+v", found)
		}
		server, err := admin.Describe(t.Context())
		must(t, err)
		if strings.HasPrefix(server, "MariaDB") {
			run("SET DEFAULT ROLE " + role + " FOR " + account(user+"@%"))
		} else {
			run("SET DEFAULT ROLE " + role + " TO " + account(user+"@%"))
		}
		if found := privilegesOf(); found.Severity != Fine {
			t.Errorf("by an active role: got %+v", found)
		}
	})
}

// Everything is looked at on every server, and nothing is a problem on one of the tests.
func TestEverythingIsLookedAt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		db := open(t, dsn)
		found, err := New(db).Inspect(t.Context(), false)
		must(t, err)
		about := ""
		for _, one := range found {
			about += one.About + ", "
			if one.Severity == Problem || one.Severity == Warning || one.Says == "" {
				t.Errorf("got %+v", one)
			}
		}
		want := "server, clock, privileges, writes, binary log, replication, max_allowed_packet, connections, encryption, time zone tables, "
		if dolt, err := db.IsDolt(t.Context()); err != nil || dolt {
			want = "server, clock, "
		}
		if about != want {
			t.Errorf("got %s want %s", about, want)
		}
	})
}

func open(t *testing.T, dsn string) *pool.Pool {
	t.Helper()
	db, err := pool.Open(dsn, pool.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func exec(db *pool.Pool, statement string) error {
	_, err := db.Exec(statement)
	return err
}

func quotedPattern(database string) string {
	return "`" + strings.ReplaceAll(database, "_", `\_`) + "`"
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
