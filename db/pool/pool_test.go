package pool_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/pool"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

func open(t *testing.T, dsn string) *pool.Pool {
	t.Helper()
	connections, err := pool.Open(dsn, pool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connections.Close() })
	return connections
}

// Behind one address there may be another server, or the same one anew, on which
// the number stands for somebody else's connection.
func TestOnlyTheConnectionItselfIsEnded(t *testing.T) {
	for _, test := range []struct {
		name, host, port string
		id               uint64
		want             bool
	}{
		{"the same server", "a", "3306", 18, true},
		{"another host", "b", "3306", 18, false},
		{"another port", "a", "3307", 18, false},
		{"started anew", "a", "3306", 3, false},
	} {
		if got := pool.CanEnd(test.host, test.port, test.id, "a", "3306", 17); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestAVariableThatMayNotBeSetIsNamed(t *testing.T) {
	dbtest.EachConfigured(t, nil, func(t *testing.T, server *dbtest.Server) {
		admin := open(t, server.DSN)
		for _, statement := range []string{"CREATE USER plain@'%' IDENTIFIED BY 'pw'", "GRANT SELECT ON aiusage.* TO plain@'%'"} {
			if _, err := admin.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		config, err := mysql.ParseDSN(server.DSN)
		if err != nil {
			t.Fatal(err)
		}
		config.User, config.Passwd = "plain", "pw"
		defer pool.AlsoSet("sql_log_bin", "1")()
		err = pool.Translate(open(t, config.FormatDSN()).PingContext(t.Context()))
		coded, ok := errors.AsType[*usage.Error](err)
		if want := "does not let the gateway set its variable sql_log_bin to 1"; !ok || coded.Code != usage.Unavailable || !strings.Contains(coded.Message, want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if err := open(t, server.DSN).PingContext(t.Context()); err != nil {
			t.Errorf("an administrator may: %v", err)
		}
	})
}

func TestAnotherServerBehindTheSameAddressIsAskedAnew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		connections := open(t, dsn)
		connections.BelieveSettings("SET @@SESSION.no_such_variable = 1")
		if err := connections.PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		var zone string
		if err := connections.GetContext(t.Context(), &zone, "SELECT @@SESSION.time_zone"); err != nil || zone != "+00:00" {
			t.Errorf("the time zone is %s: %v", zone, err)
		}
	})
}
