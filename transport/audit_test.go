package transport_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/transport"
	"aiusage/usage"
)

// The public audits of the specification pass, all of them. `make test` installs
// what they need.
func TestAudits(t *testing.T) {
	if _, err := os.Stat("audits/node_modules/graphql-http"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the audits are not installed; run make audits")
		}
		t.Skip("the audits are not installed; run make audits")
	}
	read := readerFunc(func() (*usage.Report, error) {
		return usage.NewReport(usage.Query{Zone: time.UTC}, time.Time{}, nil), nil
	})
	handler := newHandler(t, read, transport.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Operator)))
	}))
	defer server.Close()
	output, err := exec.CommandContext(t.Context(), "node", "audits/run.mjs", server.URL).CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		t.Error(err)
	}
}
