package gateway_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"aiusage/internal/dbtest"
)

// The caches of the clients that frontends use tell the gateway's objects apart by their ids:
// nothing is asked for twice, and none has a warning. The client of MCP holds the tools to
// their schemas, and their numbers to GraphQL's.
func TestClientsOfNPM(t *testing.T) {
	const folder = "clients"
	if _, err := os.Stat(folder + "/node_modules/@modelcontextprotocol/sdk"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the clients are not installed; run make clients")
		}
		t.Skip("the clients are not installed; run make clients")
	}
	store := fill(t, dbtest.One(t))
	name(t, store)
	s := start(t, store)
	for _, program := range []string{"apollo", "urql", "relay", "mcp"} {
		t.Run(program, func(t *testing.T) {
			output, err := exec.CommandContext(t.Context(), "node", folder+"/"+program+".mjs", s.url, "ada", password).CombinedOutput()
			t.Log(strings.TrimSpace(string(output)))
			if err != nil {
				t.Error(err)
			}
		})
	}
}
