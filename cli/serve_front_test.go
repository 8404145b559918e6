package cli_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

// got is the status and the body of an answer, or 0 where nobody answers.
func got(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(content)
}

// While there is no database, callers are told that it is waited for; once there is one, they are
// answered, at the same address.
func TestServeAnswersWhileItWaitsForTheDatabase(t *testing.T) {
	dsn := dbtest.One(t)
	t.Setenv("MYSQL_DSN", dsn)
	if status, _, stderr := run(t, "", "migrate"); status != 0 {
		t.Fatal(stderr)
	}
	settings, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	network, server := settings.Net, settings.Addr
	settings.Net, settings.Addr = "tcp", dbtest.FreeAddress(t)
	t.Setenv("MYSQL_DSN", settings.FormatDSN())
	address := dbtest.FreeAddress(t)
	var stdout, stderr screen
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, []string{"serve", "--listen", address, "--database-wait", "5m"}, strings.NewReader(""), &stdout, &stderr, nil)
	}()
	url := "http://" + address
	await(t, func() string {
		if status, body := got(t, "GET", url+"/readyz"); status == 503 && strings.Contains(body, "waits for the database") {
			return body
		}
		return ""
	})
	for _, path := range []string{"/ai/usage", "/graphql", "/status.json"} {
		if status, body := got(t, "POST", url+path); status != 503 || !strings.Contains(body, "waits for the database") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, _ := got(t, "GET", url+"/healthz"); status != 200 {
		t.Errorf("not alive: %d", status)
	}

	// The database comes.
	front, err := net.Listen("tcp", settings.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close()
	go func() {
		for {
			client, err := front.Accept()
			if err != nil {
				return
			}
			behind, err := net.Dial(network, server)
			if err != nil {
				client.Close()
				continue
			}
			go func() { defer behind.Close(); io.Copy(behind, client) }()
			go func() { defer client.Close(); io.Copy(client, behind) }()
		}
	}()
	await(t, func() string {
		if status, body := got(t, "GET", url+"/readyz"); status == 200 {
			return body
		}
		return ""
	})
	if status, body := got(t, "GET", url+"/ai/usage"); status != 401 {
		t.Errorf("got %d %s", status, body)
	}
	stop()
	if status := <-ended; status != 0 {
		t.Errorf("ended with %d: %s", status, stderr.String())
	}
}

// A gateway that is told to end while it waits does so at once.
func TestServeEndsWhileItWaitsForTheDatabase(t *testing.T) {
	t.Setenv("MYSQL_DSN", "ada@tcp("+dbtest.FreeAddress(t)+")/usage")
	address := dbtest.FreeAddress(t)
	var stdout, stderr screen
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, []string{"serve", "--listen", address, "--database-wait", "5m", "--drain", "5m"}, strings.NewReader(""), &stdout, &stderr, nil)
	}()
	await(t, func() string {
		if status, body := got(t, "GET", "http://"+address+"/readyz"); status == 503 {
			return body
		}
		return ""
	})
	stop()
	if status := <-ended; status != 130 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("ended with %d: %s", status, stderr.String())
	}
	if status, _ := got(t, "GET", "http://"+address+"/healthz"); status != 0 {
		t.Errorf("it still answers: %d", status)
	}
}
