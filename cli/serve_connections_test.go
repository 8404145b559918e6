package cli_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

func TestTooFewConnectionsAreRefusedWithTheReason(t *testing.T) {
	t.Setenv("MYSQL_DSN", "nobody@tcp(127.0.0.1:1)/nowhere")
	status, _, stderr := run(t, "", "serve", "--listen", "127.0.0.1:0", "--connections", "1")
	if status != 1 || !strings.Contains(stderr, "at least 2: it holds one") {
		t.Errorf("got %d: %s", status, stderr)
	}
}

// Each answer reads a report, series and names from one state of the database, which
// takes a connection, and lists and searches beside that, which takes another.
func TestTheFewestConnectionsAnswerManyAtOnce(t *testing.T) {
	const document = `{ aiUsage(period: THIS_YEAR) { series(granularity: MONTH) { aiMinutes } previous { totals { aiMinutes } }
		accountUsage { account { name } series(granularity: MONTH) { aiMinutes } } }
		last: aiUsage(period: LAST_YEAR) { series(granularity: DAY) { aiMinutes } }
		accounts(first: 5) { nodes { name } } customers(first: 5) { nodes { name } } viewer { accounts { accountId } } }`
	dbtest.Any(t, func(t *testing.T, dsn string) {
		t.Setenv("MYSQL_DSN", dsn)
		sessions := "session_id,account_id,customer_id,started_at,duration_seconds\ns,a,c," + time.Now().UTC().Format(time.RFC3339) + ",61\n"
		for _, command := range [][]string{
			{"", "migrate"}, {"correct horse\n", "user", "add", "ada", "--role", "SystemAdministrator"}, {sessions, "import", "-"},
		} {
			if status, _, stderr := run(t, command[0], command[1:]...); status != 0 {
				t.Fatal(stderr)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var stdout, stderr screen
		ended := make(chan int, 1)
		go func() {
			ended <- cli.Run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--connections", "2"}, strings.NewReader(""), &stdout, &stderr, nil)
		}()
		address := await(t, func() string {
			if found := graphQLAddress.FindStringSubmatch(stdout.String()); found != nil {
				return found[1]
			}
			return ""
		})
		// From here on the password is remembered, so that nobody waits for that.
		askAda(t, address+"?query={viewer{name}}")
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 3 {
					if body := askAda(t, address+"?query="+url.QueryEscape(document)); !strings.Contains(body, `"account":{"name":`) || strings.Contains(body, `"errors"`) {
						t.Errorf("got %s", body)
					}
				}
			})
		}
		group.Wait()
		if t.Failed() {
			t.Log(stderr.String())
		}
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("the status is %d: %s", status, stderr.String())
		}
	})
}

// askAda asks as ada, with the password that the tests give her.
func askAda(t *testing.T, address string) (body string) {
	request, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	request.SetBasicAuth("ada", "correct horse")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return string(content)
}

func TestFewerConnectionsThanAskedForAreSaidSo(t *testing.T) {
	dbtest.EachConfigured(t, func(string) []string { return []string{"--max-connections=10"} }, func(t *testing.T, server *dbtest.Server) {
		t.Setenv("MYSQL_DSN", server.DSN)
		if status, _, stderr := run(t, "", "migrate"); status != 0 {
			t.Fatal(stderr)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var stdout, stderr screen
		ended := make(chan int, 1)
		go func() {
			ended <- cli.Run(ctx, []string{"serve", "--listen", "127.0.0.1:0"}, strings.NewReader(""), &stdout, &stderr, nil)
		}()
		await(t, func() string { return graphQLAddress.FindString(stdout.String()) })
		if !strings.Contains(stderr.String(), "connections=5 asked=16 max_connections=10") {
			t.Errorf("got %s", stderr.String())
		}
		stop()
		<-ended
	})
}
