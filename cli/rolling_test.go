package cli_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

// balancer returns HAProxy's configuration: that of the manual, at other addresses, and naming
// in each answer the gateway that it is from.
func balancer(t *testing.T, listen string, gateways []string) []byte {
	t.Helper()
	page, err := os.ReadFile("../docs/operations/restarting.md")
	if err != nil {
		t.Fatal(err)
	}
	_, config, found := strings.Cut(string(page), "```\n")
	config, _, ended := strings.Cut(config, "```")
	for manual, here := range map[string]string{"bind :8080": "bind " + listen, "one 10.0.0.1:8080": "one " + gateways[0], "two 10.0.0.2:8080": "two " + gateways[1]} {
		found = found && ended && strings.Count(config, manual) == 1
		config = strings.Replace(config, manual, here, 1)
	}
	if !found {
		t.Fatalf("the manual's configuration is not as it was:\n%s", config)
	}
	return []byte(config + "  http-response set-header X-Gateway %s\n")
}

// Two gateways behind a proxy are restarted one after the other, while callers that keep their
// connections and others that do not ask by both doors: not one request is lost.
func TestARollingRestartLosesNothing(t *testing.T) {
	proxy, err := exec.LookPath("haproxy")
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("no haproxy on the PATH (Debian: haproxy)")
	} else if err != nil {
		t.Fatal(err)
	}
	dbtest.ServerInTurn(t, 0, func(t *testing.T, dsn string) {
		t.Setenv("MYSQL_DSN", dsn)
		for _, prepare := range [][]string{{"migrate"}, {"user", "add", "ada", "--role", "SystemAdministrator"}} {
			if status, _, stderr := run(t, "correct horse\n", prepare...); status != 0 {
				t.Fatal(stderr)
			}
		}
		gateways := []string{dbtest.FreeAddress(t), dbtest.FreeAddress(t)}
		behind := "http://" + dbtest.FreeAddress(t)
		config := filepath.Join(t.TempDir(), "haproxy.cfg")
		if err := os.WriteFile(config, balancer(t, strings.TrimPrefix(behind, "http://"), gateways), 0o600); err != nil {
			t.Fatal(err)
		}
		running := exec.Command(proxy, "-db", "-f", config)
		running.Stderr = os.Stderr
		if err := running.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { running.Process.Kill(); running.Wait() }()

		begin := func(address string) (end func()) {
			ctx, stop := context.WithCancel(t.Context())
			var stdout, stderr screen
			ended := make(chan int, 1)
			go func() {
				ended <- cli.Run(ctx, []string{"serve", "--listen", address, "--drain", "1s"}, strings.NewReader(""), &stdout, &stderr, nil)
			}()
			await(t, func() string {
				if status, body := got(t, "GET", "http://"+address+"/readyz"); status == 200 {
					return body
				}
				return ""
			})
			return func() {
				stop()
				if status := <-ended; status != 0 {
					t.Errorf("%s ended with %d: %s", address, status, stderr.String())
				}
			}
		}
		ends := []func(){begin(gateways[0]), begin(gateways[1])}
		await(t, func() string {
			if status, body := got(t, "GET", behind+"/readyz"); status == 200 {
				return body
			}
			return ""
		})

		answered := map[string]*atomic.Int64{"one": {}, "two": {}}
		over := make(chan struct{})
		var callers sync.WaitGroup
		for i := range 8 {
			callers.Go(func() {
				client := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
				defer client.CloseIdleConnections()
				for path := []string{"/ai/usage", "/graphql"}[i/2%2]; ; {
					select {
					case <-over:
						return
					default:
					}
					// A POST, which a client does not send again by itself.
					request, err := http.NewRequestWithContext(t.Context(), "POST", behind+path, strings.NewReader(`{"query":"{viewer{name}}"}`))
					if err != nil {
						t.Error(err)
						return
					}
					request.SetBasicAuth("ada", "correct horse")
					request.Header.Set("Content-Type", "application/json")
					response, err := client.Do(request)
					if err != nil {
						t.Errorf("%s: lost: %v", path, err)
						continue
					}
					body, err := io.ReadAll(response.Body)
					response.Body.Close()
					if response.StatusCode != 200 || err != nil {
						t.Errorf("%s: got %d %s, %v", path, response.StatusCode, body, err)
					}
					if by := answered[response.Header.Get("X-Gateway")]; by != nil {
						by.Add(1)
					}
				}
			})
		}
		// Each has to be answering again before the other one leaves.
		answers := func(by string) {
			t.Helper()
			enough := answered[by].Load() + 100
			await(t, func() string {
				if answered[by].Load() >= enough {
					return by
				}
				return ""
			})
		}
		answers("one")
		answers("two")
		for i, other := range []string{"two", "one"} {
			ends[i]()
			answers(other)
			ends[i] = begin(gateways[i])
			answers([]string{"one", "two"}[i])
		}
		close(over)
		callers.Wait()
		for _, end := range ends {
			end()
		}
		t.Logf("%d and %d requests, two restarts", answered["one"].Load(), answered["two"].Load())
	})
}
