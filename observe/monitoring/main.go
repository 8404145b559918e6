// Monitoring writes what operators give to Prometheus and Grafana: rules with alerts, and a
// dashboard. They are made here so that a test can hold their metrics to those that there are.
//
//	go run ./observe/monitoring
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// folder is where the files are, from the root of the repository.
const folder = "docs/operations"

func main() {
	for name, content := range files() {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// files are what is written, by name.
func files() map[string][]byte {
	rules, err := yaml.Marshal(ruleFile())
	if err != nil {
		panic(err) // texts and numbers
	}
	var dashboard bytes.Buffer
	encoder := json.NewEncoder(&dashboard)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(usageDashboard()); err != nil {
		panic(err)
	}
	return map[string][]byte{
		"prometheus-rules.yml":   append([]byte("# Written by go run ./observe/monitoring.\n"), rules...),
		"grafana-dashboard.json": dashboard.Bytes(),
	}
}
