package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the layout of the house: which rooms each room may look into.
// Tests may look further.
var mayImport = map[string][]string{
	"usage":                   {},
	"collation":               {},
	"observe":                 {},
	"observe/metrics":         {"observe"},
	"observe/audit":           {"observe"},
	"observe/traces":          {"observe"},
	"admission":               {"usage", "observe"},
	"observe/monitoring":      {},
	"failure":                 {"usage"},
	"auth":                    {"usage", "failure", "observe"},
	"db/migrations":           {},
	"db/column":               {"usage"},
	"db/where":                {"usage", "db/column"},
	"db/member":               {},
	"db/pool":                 {"usage", "db/member"},
	"db/extent":               {"usage", "db/pool", "db/column"},
	"db/phase":                {"usage", "db/pool", "db/column", "db/extent"},
	"db/schema":               {"usage", "db/pool", "db/where", "db/phase", "db/migrations"},
	"db/sums":                 {"usage", "db/pool", "db/where", "db/column"},
	"db/check":                {"usage", "db/pool", "db/where", "db/column", "db/extent", "db/phase", "db/sums"},
	"db/rollup":               {"usage", "db/member", "db/pool", "db/where", "db/column", "db/extent", "db/phase", "db/schema", "db/sums", "db/check"},
	"db/memory":               {},
	"db/mirror":               {"usage", "db/pool", "db/column", "db/memory"},
	"db/subjects":             {"usage", "db/pool", "db/memory", "db/sums"},
	"db/read":                 {"usage", "collation", "db/member", "db/pool", "db/where", "db/column", "db/extent", "db/phase", "db/sums", "db/mirror", "db/subjects"},
	"db/write":                {"usage", "db/pool", "db/where", "db/column", "db/phase", "db/schema"},
	"db/identity":             {"usage", "auth", "db/pool"},
	"db/inspect":              {"usage", "db/member", "db/pool"},
	"db":                      {"usage", "db/pool", "db/phase", "db/schema", "db/sums", "db/check", "db/rollup", "db/read", "db/write", "db/identity", "db/inspect"},
	"sample":                  {"usage"},
	"archive":                 {"usage"},
	"importer":                {"usage"},
	"handwritten":             {},
	"importer/presets":        {"handwritten", "importer"},
	"listing":                 {"usage", "collation"},
	"export":                  {"usage", "listing", "handwritten"},
	"resolvers/answer":        {"usage", "listing", "observe", "admission"},
	"graph":                   {"usage", "listing", "resolvers/answer"},
	"watch":                   {"usage"},
	"status":                  {},
	"resolvers/selection":     {"usage"},
	"resolvers/flat":          {"usage", "listing", "resolvers/answer", "resolvers/selection"},
	"resolvers":               {"usage", "listing", "admission", "auth", "graph", "watch", "resolvers/answer", "resolvers/flat", "resolvers/selection"},
	"mcp":                     {"usage", "listing", "admission", "failure", "observe", "handwritten", "export", "resolvers", "resolvers/answer"},
	"transport":               {"usage", "admission", "failure", "observe", "watch"},
	"legacy/contract":         {"usage"},
	"legacy/request":          {"usage", "legacy/contract"},
	"legacy/answer":           {"usage", "failure", "auth", "legacy/contract"},
	"legacy/session":          {"usage", "auth", "legacy/contract", "legacy/request", "legacy/answer"},
	"legacy":                  {"usage", "admission", "failure", "observe", "auth", "legacy/contract", "legacy/request", "legacy/answer", "legacy/session"},
	"legacy/compare":          {"usage", "legacy/request", "legacy/answer"},
	"legacy/dotnet":           {"legacy/contract"},
	"web":                     {},
	"gateway":                 {"usage", "admission", "failure", "observe", "observe/metrics", "observe/audit", "observe/traces", "auth", "export", "handwritten", "graph", "resolvers", "mcp", "transport", "watch", "legacy", "web", "status"},
	"bench":                   {"usage", "auth", "db", "sample", "gateway"},
	"bench/overload":          {"usage", "auth", "db"},
	"bench/load":              {"usage", "db", "importer", "sample"},
	"bench/mutants":           {},
	"cli":                     {"usage", "admission", "observe", "observe/metrics", "observe/audit", "observe/traces", "auth", "db", "db/inspect", "sample", "archive", "importer", "importer/presets", "handwritten", "export", "graph", "resolvers", "legacy/answer", "legacy/compare", "gateway", "status"},
	"faults":                  {},
	"clusters":                {},
	"packaging/systemd":       {},
	"packaging/container":     {},
	"packaging/debian":        {},
	"":                        {"cli"},
	"internal/dbtest":         {"db/member"},
	"internal/dbtest/engines": {"internal/dbtest"},
	"internal/dbtest/tables":  {"db", "db/pool"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestImportsRunDownwards(t *testing.T) {
	output, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(output))
	for {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		room := roomOf(p.ImportPath)
		allowed, known := mayImport[room]
		if !known {
			t.Errorf("%s is not in the layout of the house", p.ImportPath)
		}
		for _, imported := range p.Imports {
			if imported != "aiusage" && !strings.HasPrefix(imported, "aiusage/") {
				if room == "usage" && (strings.Contains(imported, ".") || imported == "net" || strings.HasPrefix(imported, "net/")) {
					t.Errorf("usage imports %s, but is to need nothing but the standard library, and to know of no network", imported)
				}
				continue
			}
			if !slices.Contains(allowed, roomOf(imported)) {
				t.Errorf("%s imports %s, against the layout of the house", p.ImportPath, imported)
			}
		}
	}
}

// roomOf returns the path of a package within the module.
func roomOf(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, "aiusage"), "/")
}

// The embedded database and Vitess' planner have hundreds of dependencies; the gateway has few.
func TestTheGatewayDoesNotDependOnTheEmbeddedDatabase(t *testing.T) {
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"dolthub", "vitess.io"} {
			if strings.Contains(string(content), name) {
				t.Errorf("%s names %s", file, name)
			}
		}
	}
	output, err := exec.Command("go", "list", "-deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(output), "dolthub") {
		t.Error("a package depends on the embedded database")
	}
}
