package gateway_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

// run runs a command on a database and returns what it printed.
func run(t *testing.T, dsn, input string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	status = cli.Run(t.Context(), append(args, "--dsn", dsn), strings.NewReader(input), &out, &log, nil)
	evidence.add(strings.Join(args[:2], " ")+" in "+t.Name(), log.String())
	return status, out.String(), log.String()
}

func TestTheCommandsForUsersAndKeys(t *testing.T) {
	dsn := dbtest.One(t)
	store := fill(t, dsn)
	s := start(t, store)
	const sessions = `{"data":{"aiUsage":{"totals":{"sessions":1}}}}`
	do := func(want int, input string, args ...string) (string, string) {
		t.Helper()
		status, stdout, stderr := run(t, dsn, input, args...)
		if status != want {
			t.Fatalf("%v: status %d\n%s%s", args, status, stdout, stderr)
		}
		return stdout, stderr
	}
	_, log := do(0, password+"\n", "user", "add", "Cyd", "--role", "AccountAdministrator", "--account", "acc-2")
	for _, want := range []string{"msg=audit", "event=user-add", "who=operator", `from="command line"`, "outcome=ok", "user=cyd", "accounts=[acc-2]"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	if got := s.query(t, "cyd", `{aiUsage{totals{sessions}}}`); got.body != sessions {
		t.Errorf("a user with an account: got %s", got.body)
	}
	do(0, "", "user", "access", "cyd", "--role", "AccountAdministrator", "--account", "acc-1", "--account", "acc-2")
	if list, _ := do(0, "", "user", "list"); !strings.Contains(list, "cyd  AccountAdministrator of acc-1, acc-2") || !strings.Contains(list, "bob  no role") {
		t.Errorf("the list:\n%s", list)
	}
	do(1, password+"\n", "user", "add", "dan", "--account", "acc-1")
	do(1, password+"\n", "user", "add", "dan", "--role", "AccountAdministrator")
	do(1, password+"\n", "user", "add", "dan", "--role", "Root")

	printed, log := do(0, "", "key", "create", "billing export", "--role", "AccountAdministrator", "--account", "acc-2", "--expires", "2999-01-01")
	key := secret(strings.TrimSpace(printed))
	if !regexp.MustCompile(`^aiu_[a-z2-7]{8}_[a-z2-7]{26}$`).MatchString(key) || !strings.Contains(log, "event=key-create") {
		t.Errorf("the key: got %q\n%s", printed, log)
	}
	ask := func() answer {
		return s.ask(t, "", "POST", "/graphql", "application/json", usageQuery, "Authorization", "Bearer "+key)
	}
	if got := ask(); got.body != sessions {
		t.Errorf("by the key: got %d %s", got.status, got.body)
	}
	id := strings.Split(key, "_")[1]
	list, _ := do(0, "", "key", "list")
	if !regexp.MustCompile(id+`  billing export  AccountAdministrator of acc-2  expires 2999-01-01T00:00:00Z  used \d{4}-`).MatchString(list) ||
		strings.Contains(list, key) {
		t.Errorf("the list:\n%s", list)
	}
	do(0, "", "key", "revoke", id)
	if got := ask(); got.status != 401 {
		t.Errorf("by the revoked key: got %d %s", got.status, got.body)
	}
	if list, _ := do(0, "", "key", "list"); !strings.Contains(list, "revoked 20") {
		t.Errorf("the list:\n%s", list)
	}
	do(1, "", "key", "revoke", "nothing")
	do(1, "", "key", "create", "x", "--role", "SystemAdministrator", "--expires", "2020-01-01")
	do(1, "", "key", "create", "x", "--role", "SystemAdministrator", "--expires", "tomorrow")
	do(2, "", "key", "create", "x")
}

// The flags of serve reach what they are for.
func TestServeWithTLSAndTokens(t *testing.T) {
	dsn := dbtest.One(t)
	fill(t, dsn)
	folder := t.TempDir()
	certFile, keyFile, secretFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"), filepath.Join(folder, "secret")
	writeCertificate(t, certFile, keyFile, "gateway", time.Now())
	writeFile(t, secretFile, []byte(tokenSecret+"\n"), time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	stdout, log := &buffer{}, &buffer{}
	ended := make(chan int, 1)
	reader, writer := io.Pipe()
	go func() {
		ended <- cli.Run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--dsn", dsn, "--tls-cert", certFile, "--tls-key", keyFile,
			"--jwt-secret-file", secretFile, "--jwt-audience", "aiusage", "--introspection", "open"},
			strings.NewReader(""), io.MultiWriter(stdout, writer), log, nil)
		writer.Close()
	}()
	url := awaitURL(reader)
	go io.Copy(io.Discard, reader)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	for authorization, want := range map[string]int{
		"Bearer " + token(t, tokenSecret, "SystemAdministrator"): 200, "Bearer x.y.z": 401, "": 401,
	} {
		request, err := http.NewRequest("GET", url+"/ai/usage", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", authorization)
		response, err := client.Do(request)
		if err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%.10s: got %d, want %d", authorization, response.StatusCode, want)
		}
	}
	if response, err := client.Get(url + "/graphiql"); err != nil || response.StatusCode != 200 && response.StatusCode != 503 { // 503 where the pages are not built
		t.Errorf("the open page: got %v, %v", response, err)
	}
	cancel()
	if status := <-ended; status != 0 {
		t.Errorf("status %d\n%s", status, log)
	}
	evidence.add("the log of "+t.Name(), log.String())
}

// awaitURL reads the welcome until it names the address of the legacy door.
func awaitURL(welcome io.Reader) string {
	var text strings.Builder
	address := regexp.MustCompile(`Legacy +(https?://\S+)/ai/usage`)
	chunk := make([]byte, 4096)
	for {
		n, err := welcome.Read(chunk)
		text.Write(chunk[:n])
		if found := address.FindStringSubmatch(text.String()); found != nil {
			return found[1]
		}
		if err != nil {
			return ""
		}
	}
}
