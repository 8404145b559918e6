package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

// engines runs the tests and ends the database servers that they started.
type engines struct{ *testing.M }

func (e engines) Run() int { return dbtest.Main(e.M) }

func TestMain(m *testing.M) {
	testscript.Main(engines{m}, map[string]func(){
		"aiusage": func() {
			os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, nil))
		},
	})
}

// inTurn are the scripts that the engine hardly matters to, such as those about what is in
// files. Each runs on one engine; `make cases` runs all on every engine.
var inTurn = []string{"completion", "errors", "import", "import_doubts", "import_dry_run", "import_forms", "import_presets", "report", "schema", "user"}

// Each script in testdata is a session at a terminal, on every engine but for those inTurn, with a
// database of its own in MYSQL_DSN.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for turn, script := range scripts {
		name := strings.TrimSuffix(filepath.Base(script), ".txtar")
		t.Run(name, func(t *testing.T) {
			run := func(t *testing.T, dsn string) {
				testscript.Run(t, testscript.Params{
					Files: []string{script},
					Cmds:  map[string]func(*testscript.TestScript, bool, []string){"contents": contents},
					Setup: func(env *testscript.Env) error {
						env.Setenv("MYSQL_DSN", dsn)
						env.Setenv("REPOSITORY", repository)
						// The race detector otherwise waits a second at the end of each command.
						env.Setenv("GORACE", "atexit_sleep_ms=0")
						return nil
					},
				})
			}
			if slices.Contains(inTurn, name) {
				dbtest.InTurn(t, turn, run)
				return
			}
			dbtest.Each(t, run)
		})
	}
}
