package resolvers_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// shapes is a process of graphql-js, the reference implementation, that executes documents on
// data that have been answered. It is nil where graphql-js is not installed.
type shapes struct {
	t        *testing.T
	requests io.Writer
	results  *bufio.Reader
}

// newShapes starts graphql-js with the schema.
func newShapes(t *testing.T) *shapes {
	t.Helper()
	const audits = "../transport/audits/"
	if _, err := os.Stat(audits + "node_modules/graphql"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("graphql-js is not installed; run make audits")
		}
		t.Log("graphql-js is not installed; run make audits")
		return nil
	}
	node := exec.Command("node", audits+"shape.mjs", "../schema.graphqls")
	node.Stderr = os.Stderr
	requests, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	results, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		requests.Close()
		if err := node.Wait(); err != nil {
			t.Errorf("graphql-js: %v", err)
		}
	})
	return &shapes{t, requests, bufio.NewReader(results)}
}

// of says how the shape of what has been answered differs from what graphql-js makes of it, or
// nothing: its members and their order, its lists and its nulls.
func (s *shapes) of(query string, variables map[string]any, data *fields) string {
	s.t.Helper()
	if s == nil {
		return ""
	}
	answered := asJSON(data, false)
	head, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(s.requests, "%s,\"data\":%s}\n", strings.TrimSuffix(string(head), "}"), answered); err != nil {
		s.t.Fatal(err)
	}
	line, err := s.results.ReadString('\n')
	if err != nil {
		s.t.Fatal(err)
	}
	result, _ := ordered(json.NewDecoder(strings.NewReader(line))).(*fields)
	if errors := at(result, "errors"); errors != nil {
		return shownValue(errors)
	}
	if got, want := asJSON(at(result, "data"), true), asJSON(data, true); got != want {
		return fmt.Sprintf("%s\nand not\n%s", got, want)
	}
	return ""
}

// asJSON writes what was read by ordered, or its shape, in which a leaf is one like another.
func asJSON(value any, shape bool) string {
	switch value := value.(type) {
	case *fields:
		members := make([]string, len(value.names))
		for i, name := range value.names {
			members[i] = fmt.Sprintf("%q:%s", name, asJSON(value.values[name], shape))
		}
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		items := make([]string, len(value))
		for i, item := range value {
			items[i] = asJSON(item, shape)
		}
		return "[" + strings.Join(items, ",") + "]"
	case nil:
		return "null"
	}
	if shape {
		return "1"
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it has been read
	}
	return string(text)
}
