package cli_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"aiusage/internal/dbtest"
)

// slowly asks for something large on a connection of its own, and reads the head of the answer
// only: the rest would come a byte at a time.
func slowly(t *testing.T, address, request, body string) (leave func() error) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil { // so that little is on the way
		t.Fatal(err)
	}
	asked, err := http.NewRequest("GET", "http://"+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked.SetBasicAuth("ada", "correct horse")
	fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		request, address, asked.Header.Get("Authorization"), len(body), body)
	status := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(conn, status); err != nil || string(status) != "HTTP/1.1 200" {
		t.Fatalf("%s: got %q, %v", request, status, err)
	}
	go func() {
		for one := make([]byte, 1); ; {
			if _, err := conn.Read(one); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}()
	return conn.Close
}

// However many read slowly at whatever door, they hold no connection to the database: with the
// fewest there can be, others are answered.
func TestSlowReadersHoldNoConnection(t *testing.T) {
	t.Setenv("MYSQL_DSN", dbtest.One(t))
	var sessions strings.Builder
	sessions.WriteString("session_id,account_id,customer_id,started_at,duration_seconds\n")
	for i := range 3000 {
		fmt.Fprintf(&sessions, "s%d,account-%d,customer-%d-%s,2026-03-01T10:00:00Z,61\n", i, i%3, i, strings.Repeat("x", 40))
	}
	for _, command := range [][]string{
		{"", "migrate"}, {"correct horse\n", "user", "add", "ada", "--role", "SystemAdministrator"}, {sessions.String(), "import", "-"},
	} {
		if status, _, stderr := run(t, command[0], command[1:]...); status != 0 {
			t.Fatal(stderr)
		}
	}
	var stdout, stderr screen
	stop := serveOn(t, &stdout, &stderr, "--connections", "2", "--max-answers", "2")
	url := await(t, func() string {
		if found := graphQLAddress.FindStringSubmatch(stdout.String()); found != nil {
			return found[1]
		}
		return ""
	})
	var leaves []func() error
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/graphql")
	askAda(t, url+"?query={viewer{name}}") // from here on the password is remembered
	var aliases strings.Builder
	for i := range 20 {
		fmt.Fprintf(&aliases, "r%d:aiUsage{customerUsage{accountId customerId aiMinutes aiSeconds sessions}}", i)
	}
	// Each is of many megabytes, which no buffer on the way holds.
	for request, body := range map[string]string{
		"GET /export/usage.csv?startDate=2026-01-01&endDate=2026-03-31&granularity=DAY": "",
		"POST /graphql":                 `{"query":"{` + aliases.String() + `}"}`,
		"POST /json/reply/GetAIUsage[]": "[{}" + strings.Repeat(",{}", 19) + "]",
	} {
		leaves = append(leaves, slowly(t, address, request, body))
	}
	for _, path := range []string{"?query={aiUsage{totals{sessions}accountUsage{account{name}}}}", "?query={customers(first:1){nodes{name}}}"} {
		if answer := askAda(t, url+path); strings.Contains(answer, `"errors"`) {
			t.Errorf("%s: got %s", path, answer)
		}
	}
	for _, leave := range leaves {
		leave() // the end of the gateway would wait for them
	}
	stop()
}
