package transport_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// oracle is a process of graphql-js, the reference implementation, that says what it
// makes of operations.
type oracle struct {
	mu       sync.Mutex
	requests io.Writer
	verdicts *bufio.Reader
}

// verdict is what graphql-js makes of an operation.
type verdict struct {
	// Stage is where it was refused: parse, validate, variables or execute; "" where
	// it was not.
	Stage, Message string
	// Path is the field that is an error, where it was refused in execution.
	Path []any
}

// newOracle starts graphql-js with a schema, or skips the test where it is not installed.
func newOracle(tb testing.TB, schema string) *oracle {
	tb.Helper()
	if _, err := os.Stat("audits/node_modules/graphql"); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatal("graphql-js is not installed; run make audits")
		}
		tb.Skip("graphql-js is not installed; run make audits")
	}
	file := filepath.Join(tb.TempDir(), "schema.graphqls")
	// graphql-js 16 does not know @defer by itself.
	schema += "\ndirective @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT\n"
	if err := os.WriteFile(file, []byte(schema), 0o600); err != nil {
		tb.Fatal(err)
	}
	node := exec.Command("node", "audits/verdict.mjs", file)
	node.Stderr = os.Stderr
	requests, err := node.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	verdicts, err := node.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := node.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		requests.Close()
		if err := node.Wait(); err != nil {
			tb.Errorf("graphql-js: %v", err)
		}
	})
	return &oracle{requests: requests, verdicts: bufio.NewReader(verdicts)}
}

// ask returns the verdict on a request in JSON, as it is sent to the gateway.
func (o *oracle) ask(tb testing.TB, request string) (answer verdict) {
	tb.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := io.WriteString(o.requests, request+"\n"); err != nil {
		tb.Fatal(err)
	}
	line, err := o.verdicts.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &answer)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return answer
}
