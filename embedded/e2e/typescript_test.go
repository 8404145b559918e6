package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The example for frontends gets its answer, by documents and by their names.
// `make typescript` generates what it needs.
func TestTheTypeScriptExampleWorks(t *testing.T) {
	folder, err := filepath.Abs("../../docs/typescript")
	if err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(folder, "src", "generated", "persisted-documents.json")
	if _, err := os.Stat(manifest); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the types of the example are not generated; run make typescript")
		}
		t.Skip("the types of the example are not generated; run make typescript")
	}
	g := serve(t, t.TempDir(), "--persisted-documents", manifest)
	run := func(settings []string, name string, arguments ...string) (string, error) {
		example := exec.CommandContext(t.Context(), name, arguments...)
		example.Dir = folder
		example.Env = append(environment(), "AIUSAGE_URL="+g.graphQL, "AIUSAGE_USER="+g.user)
		example.Env = append(example.Env, settings...)
		output, err := example.CombinedOutput()
		return string(output), err
	}
	password := "AIUSAGE_PASSWORD=" + g.password
	output, err := run([]string{password}, "npm", "start")
	if err != nil || !strings.Contains(output, " AI minutes in ") {
		t.Fatalf("npm start: %v\n%s", err, output)
	}
	output, err = run([]string{password, "AIUSAGE_PERSISTED=1"}, "node", "build/main.js")
	if err != nil || !strings.Contains(output, " AI minutes in ") {
		t.Errorf("with documents named: %v\n%s", err, output)
	}
	output, err = run([]string{password, "AIUSAGE_TIME_ZONE=Nowhere"}, "node", "build/main.js")
	if err == nil || !strings.Contains(output, "accepted: an IANA name") {
		t.Errorf("in no time zone: %v\n%s", err, output)
	}
	output, err = run([]string{"AIUSAGE_PASSWORD=wrong"}, "node", "build/main.js")
	if err == nil || !strings.Contains(output, "Sign in: ") {
		t.Errorf("with a wrong password: %v\n%s", err, output)
	}
}
