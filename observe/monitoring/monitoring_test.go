package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTheFilesAreCurrent(t *testing.T) {
	for name, content := range files() {
		if got := read(t, filepath.Join(folder, name)); got != string(content) {
			t.Errorf("%s is not what go run ./observe/monitoring writes", name)
		}
	}
}

var (
	documented = regexp.MustCompile("(?m)^\\| `(aiusage_\\w+)` \\| (\\w+) \\| ([^|]*)\\|")
	named      = regexp.MustCompile(`(?:^|[^:\w])(aiusage_\w+)`)
	parts      = regexp.MustCompile(`_(bucket|sum|count)$`)
	label      = regexp.MustCompile("`(\\w+)`")
	selector   = regexp.MustCompile(`(aiusage_\w+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`(\w+)[=!]~?"([^"]*)"`)
)

// No expression names a metric or a label that the manual does not have, which is held to what
// the gateway measures.
func TestMetricsAndLabelsAreThoseThatThereAre(t *testing.T) {
	manual := read(t, "docs/metrics.md")
	labels := map[string][]string{}
	types := map[string]string{}
	for _, row := range documented.FindAllStringSubmatch(manual, -1) {
		types[row[1]] = row[2]
		for _, found := range label.FindAllStringSubmatch(row[3], -1) {
			labels[row[1]] = append(labels[row[1]], found[1])
		}
	}
	if len(types) < 40 {
		t.Fatalf("the manual has %d metrics", len(types))
	}
	known := func(name string) (string, bool) {
		if _, ok := types[name]; ok {
			return name, true
		}
		base := parts.ReplaceAllString(name, "")
		return base, types[base] == "histogram"
	}
	seen := 0
	for file, content := range files() {
		text := strings.ReplaceAll(string(content), `\"`, `"`)
		for _, found := range named.FindAllStringSubmatch(text, -1) {
			if _, ok := known(found[1]); !ok {
				t.Errorf("%s: there is no metric %s", file, found[1])
			}
			seen++
		}
		for _, found := range selector.FindAllStringSubmatch(text, -1) {
			metric, _ := known(found[1])
			for _, m := range matcher.FindAllStringSubmatch(found[2], -1) {
				if m[1] != "instance" && m[1] != "job" && !slices.Contains(labels[metric], m[1]) {
					t.Errorf("%s: %s has no label %s", file, found[1], m[1])
				}
				for _, value := range strings.Split(m[2], "|") {
					if m[1] != "instance" && m[1] != "job" && m[1] != "code" && !strings.Contains(manual, "`"+value+"`") {
						t.Errorf("%s: %s of %s is never %s", file, m[1], found[1], value)
					}
				}
			}
		}
	}
	if seen < 35 {
		t.Errorf("only %d metrics are named", seen)
	}
}

// Each alert has a page with the same name, which says what it means and what to do, and each page
// an alert; and the rules are tested, each of them firing once.
func TestEachAlertHasItsPageAndItsTest(t *testing.T) {
	var pages, alerts []string
	entries, err := os.ReadDir(filepath.Join(root, folder, "alerts"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		pages = append(pages, strings.TrimSuffix(entry.Name(), ".md"))
	}
	var tests struct {
		Tests []struct {
			Rules []struct {
				Name   string `yaml:"alertname"`
				Alerts []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		} `yaml:"tests"`
	}
	content, err := os.ReadFile("testdata/rules_test.yml")
	if err == nil {
		err = yaml.Unmarshal(content, &tests)
	}
	if err != nil {
		t.Fatal(err)
	}
	fires, rests := map[string]bool{}, map[string]bool{}
	for _, test := range tests.Tests {
		for _, rule := range test.Rules {
			fires[rule.Name] = fires[rule.Name] || len(rule.Alerts) > 0
			rests[rule.Name] = rests[rule.Name] || len(rule.Alerts) == 0
		}
	}
	for _, group := range ruleFile().Groups {
		for _, rule := range group.Rules {
			if rule.Alert == "" {
				continue
			}
			alerts = append(alerts, rule.Alert)
			if !fires[rule.Alert] || !rests[rule.Alert] {
				t.Errorf("%s: fires in a test: %v, and does not: %v", rule.Alert, fires[rule.Alert], rests[rule.Alert])
			}
			page := read(t, rule.Annotations["runbook"])
			for _, heading := range []string{"# " + rule.Alert + "\n", "## What it means\n", "## What to do\n"} {
				if !strings.Contains(page, heading) {
					t.Errorf("the page of %s has no %q", rule.Alert, strings.TrimSpace(heading))
				}
			}
		}
	}
	slices.Sort(alerts)
	if !slices.Equal(alerts, pages) {
		t.Errorf("alerts %v, pages %v", alerts, pages)
	}
}

// Prometheus takes the rules, and they fire when they should.
func TestTheRulesFire(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("no promtool on the PATH (Debian: prometheus)")
	} else if err != nil {
		t.Fatal(err)
	}
	// A panel's expression is one that could be recorded, once Grafana has filled it in.
	var shown group
	filled := strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*")
	for i, p := range panelsInOrder {
		for j, q := range p.queries {
			shown.Rules = append(shown.Rules, rule{Record: fmt.Sprintf("panel_%d_%d", i, j), Expr: filled.Replace(q.expr)})
		}
	}
	shown.Name = "panels"
	panels := filepath.Join(t.TempDir(), "panels.yml")
	content, err := yaml.Marshal(rules{[]group{shown}})
	if err == nil {
		err = os.WriteFile(panels, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "rules", filepath.Join(root, folder, "prometheus-rules.yml")}, {"check", "rules", panels}, {"test", "rules", "testdata/rules_test.yml"}} {
		if output, err := exec.Command(promtool, args...).CombinedOutput(); err != nil || bytes.Contains(output, []byte("FAILED")) {
			t.Errorf("promtool %v: %v\n%s", args, err, output)
		}
	}
}

// Panels have their own places and names, and every chart has something to show.
func TestPanelsHaveTheirPlaces(t *testing.T) {
	places := map[string]bool{}
	for i, p := range panelsInOrder {
		model := p.model(i)
		place := fmt.Sprint(model["gridPos"])
		if places[place] || places[p.title] || len(p.queries) == 0 || p.about == "" {
			t.Errorf("%s: %v", p.title, model)
		}
		places[place], places[p.title] = true, true
	}
}
