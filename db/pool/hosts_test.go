package pool_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/pool"
	"aiusage/usage"
)

func TestADSNMayNameSeveralHosts(t *testing.T) {
	for dsn, want := range map[string]string{
		"u@tcp(a:3306)/db":                  "a:3306",
		"u@tcp(a)/db":                       "a:3306",
		"u@tcp(a:1,b:2,c:3)/db":             "a:1 b:2 c:3",
		"u@tcp(a,b)/db":                     "a:3306 b:3306",
		"u@tcp(a:1,b)/db":                   "a:1 b:3306",
		"u@tcp(a,b:2)/db":                   "a:3306 b:2",
		"u:p@tcp(a:1, b:2,)/db?tls=true":    "a:1 b:2",
		"u@tcp([::1]:1,[::2]:2)/db":         "[::1]:1 [::2]:2",
		"u@tcp([::1],b)/db":                 "[::1]:3306 b:3306",
		"u@unix(/tmp/a,b)/db":               "/tmp/a,b",
		"u@tcp(a,)/db":                      "a:3306",
		"u@tcp(,b)/db":                      "b:3306",
		"u@tcp(,)/db":                       "",
		"u@tcp(, ,)/db":                     "",
		"u@tcp(db.example.com,10.0.0.2)/db": "db.example.com:3306 10.0.0.2:3306",
	} {
		config, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal(dsn, err)
		}
		if got := strings.Join(pool.Addresses(config), " "); got != want {
			t.Errorf("%s: got %s, want %s", dsn, got, want)
		}
	}
}

func TestADSNOfCommasNamesNoHost(t *testing.T) {
	if _, err := pool.Open("u@tcp(,,)/db", pool.Options{}); err == nil || !strings.Contains(err.Error(), "the DSN names no host") {
		t.Errorf("got %v", err)
	}
}

// Whoever looks into the log has to see what is wrong with each of them; callers are told no host.
func TestTheErrorNamesAllHostsOfWhichNoneIsReached(t *testing.T) {
	var hosts []string
	for range 3 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, listener.Addr().String())
		listener.Close()
	}
	p, err := pool.Open("u@tcp("+strings.Join(hosts, ",")+")/db", pool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	coded, _ := errors.AsType[*usage.Error](pool.Translate(p.PingContext(t.Context())))
	if coded == nil || coded.Code != usage.Unavailable || coded.Message != "the database cannot be reached" {
		t.Fatalf("got %v", coded)
	}
	for _, host := range hosts {
		if !strings.Contains(coded.Cause.Error(), host+": ") {
			t.Errorf("%s is not in %v", host, coded.Cause)
		}
	}
}

func TestACertificateHasToBeForTheHostThatIsAsked(t *testing.T) {
	config, err := mysql.ParseDSN("u@tcp(a.example.com:1,b.example.com)/db?tls=true")
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{"a.example.com:1": "a.example.com", "b.example.com:3306": "b.example.com"} {
		if got := pool.AtAddress(config, address).TLS.ServerName; got != want {
			t.Errorf("%s: got %q", address, got)
		}
	}
	config.TLS.ServerName = "named.example.com"
	if got := pool.AtAddress(config, "a.example.com:1").TLS.ServerName; got != "named.example.com" {
		t.Errorf("one that is named: got %q", got)
	}
}
