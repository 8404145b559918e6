package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompareTellsWhereTheHostsDiffer(t *testing.T) {
	answer := func(minutes string) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if name, password, _ := r.BasicAuth(); name != "ada" || password != "secret" {
				t.Errorf("credentials: got %q, %q", name, password)
			}
			w.Header().Set("Content-Type", "application/json")
			id := r.URL.Query().Get("accountId")
			body := `{"accountUsage":[{"accountId":"` + id + `","aiMinutes":1}]}`
			if id == "b" {
				body = strings.Replace(body, "1}", minutes+"}", 1)
			}
			io.WriteString(w, body)
		}))
		t.Cleanup(server.Close)
		return server
	}
	old, now := answer("2"), answer("3")
	t.Setenv("AIUSAGE_OLD_CREDENTIALS", "ada:secret")
	t.Setenv("AIUSAGE_NEW_CREDENTIALS", "ada:secret")
	const requests = `{"path":"/ai/usage?accountId=a"}` + "\n" + `{"path":"/ai/usage?accountId=b"}` + "\n" + `{"path":"/auth/logout"}` + "\n"
	file := filepath.Join(t.TempDir(), "requests.ndjson")
	if err := os.WriteFile(file, []byte(requests), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := run(t, "", "legacy", "compare", "--old", old.URL, "--new", now.URL, "--requests", file, "--rate", "1000")
	want := "line 2: GET /ai/usage?accountId=b\n  account \"b\": 2, now 3\n" +
		"2 requests: 1 the same, 1 different, 0 failed; 1 skipped, which are not for the operation\n"
	if status != 1 || stdout != want || stderr != "aiusage: 1 of 2 requests are answered differently or not at all\n" {
		t.Errorf("got %d\n%s\n%s", status, stdout, stderr)
	}

	status, stdout, _ = run(t, requests, "legacy", "compare", "--old", old.URL, "--new", now.URL, "--requests", "-", "--rate", "1000", "--format", "json")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if status != 1 || len(lines) != 2 || lines[0] != `{"line":2,"method":"GET","path":"/ai/usage?accountId=b","differences":[{"what":"account \"b\"","old":"2","new":"3"}]}` ||
		lines[1] != `{"summary":{"requests":2,"same":1,"different":1,"failed":0,"skipped":1}}` {
		t.Errorf("got %d\n%s", status, stdout)
	}

	if status, stdout, stderr := run(t, requests, "legacy", "compare", "--old", old.URL, "--new", old.URL, "--requests", "-", "--rate", "1000"); status != 0 || !strings.HasPrefix(stdout, "2 requests: 2 the same") || stderr != "" {
		t.Errorf("the same host twice: got %d\n%s\n%s", status, stdout, stderr)
	}
	if status, _, stderr := run(t, "", "legacy", "compare", "--old", old.URL, "--new", now.URL, "--requests", file+"x"); status != 1 || !strings.Contains(stderr, "no such file") {
		t.Errorf("no file: got %d %s", status, stderr)
	}
	if status, _, stderr := run(t, "", "legacy", "compare", "--old", old.URL); status != 2 || !strings.Contains(stderr, "--new") {
		t.Errorf("a flag is missing: got %d %s", status, stderr)
	}
}
