package pool_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

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
		for name, statement := range map[string]string{
			"it refuses what another has": "SET @@SESSION.no_such_variable = 1",
			"it has more than another":    "SET @@SESSION.time_zone = '+05:00'",
		} {
			connections := open(t, dsn)
			for _, when := range []string{"unknown", "known"} { // that is the server
				connections.BelieveSettings(statement)
				conn, err := connections.Connx(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close() // so that the next is a new one
				var zone string
				if err := conn.GetContext(t.Context(), &zone, "SELECT @@SESSION.time_zone"); err != nil || zone != "+00:00" {
					t.Errorf("%s, %s: the time zone is %s: %v", name, when, zone, err)
				}
			}
		}
	})
}

// balancer leads to servers in turn by one address, which it returns.
func balancer(t *testing.T, servers ...string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for turn := 0; ; turn++ {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", servers[turn%len(servers)])
			if err != nil {
				client.Close()
				continue
			}
			go func() { defer client.Close(); io.Copy(client, server) }()
			go func() { defer server.Close(); io.Copy(server, client) }()
		}
	}()
	return listener.Addr().String()
}

// Two connections of a pool may be on two servers, and where one of these may not be used, connections are
// made to the other.
func TestConnectionsByOneAddressMayLeadToSeveralServers(t *testing.T) {
	var config *mysql.Config
	var addresses []string
	for _, engine := range dbtest.Engines() {
		if engine.Name != "mariadb" && engine.Name != "mysql" {
			continue
		}
		dsn, err := engine.Start()
		if err != nil {
			t.Skip(err)
		}
		if config, err = mysql.ParseDSN(dsn); err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, config.Addr)
	}
	config.Addr, config.DBName = balancer(t, addresses...), "mysql"
	connections := open(t, config.FormatDSN())
	var held []*sqlx.Conn
	found := map[string]*sqlx.Conn{}
	for range 4 {
		conn, err := connections.Connx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		held = append(held, conn)
		var version string
		if err := conn.GetContext(t.Context(), &version, "SELECT VERSION()"); err != nil {
			t.Fatal(err)
		}
		found[version] = conn
	}
	if len(found) != 2 {
		t.Fatalf("connections lead to %v", found)
	}
	refused := held[0]
	var other string
	if err := held[1].GetContext(t.Context(), &other, "SELECT VERSION()"); err != nil {
		t.Fatal(err)
	}
	if err := pool.Refuse(refused); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		conn, err := connections.Connx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var version string
		if err := conn.GetContext(t.Context(), &version, "SELECT VERSION()"); err != nil || version != other {
			t.Errorf("a connection leads to %s (%v), which may not be used", version, err)
		}
	}
}
