package gateway_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"aiusage/db"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/observe/metrics"
)

// families are what has been counted, by name, without those of Go and the process.
func families(t *testing.T, from *metrics.Metrics) map[string]*dto.MetricFamily {
	t.Helper()
	gathered, err := from.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*dto.MetricFamily{}
	for _, family := range gathered {
		if strings.HasPrefix(family.GetName(), "aiusage_") {
			found[family.GetName()] = family
		}
	}
	return found
}

// labelsOf returns the values of each label of a family.
func labelsOf(family *dto.MetricFamily) map[string]map[string]bool {
	values := map[string]map[string]bool{}
	for _, one := range family.Metric {
		for _, pair := range one.Label {
			if values[pair.GetName()] == nil {
				values[pair.GetName()] = map[string]bool{}
			}
			values[pair.GetName()][pair.GetValue()] = true
		}
	}
	return values
}

// measuredService is a gateway whose database is observed.
func measuredService(t *testing.T, dsn string) (*service, *metrics.Metrics) {
	t.Helper()
	measured := metrics.New()
	store, err := db.Open(dsn, db.Options{Observer: measured.Statement})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	measured.Register(metrics.Database{
		Version:     store.SchemaVersion,
		Connections: func() metrics.Connections { return metrics.Connections{Max: store.PoolStats().MaxOpenConnections} },
	})
	measured.Register(metrics.Readers{
		Used:        func() bool { return true },
		Connections: func() metrics.Connections { return metrics.Connections{Max: 1} },
	})
	return start(t, store, func(c *gateway.Config) {
		c.Metrics = measured
		c.Rollups = func(context.Context) (gateway.RollupHealth, error) {
			return gateway.RollupHealth{Phase: "raw", Replica: gateway.ReplicaHealth{Follows: true, Known: true}}, nil
		}
	}), measured
}

var documented = regexp.MustCompile("(?m)^\\| `(aiusage_[a-z_]+)` \\| (counter|gauge|histogram) \\| ([^|]*)\\|")

// Once every door has answered, each metric of the manual is there with its type and its
// labels, and no other; and all of them are as Prometheus wants them.
func TestEveryMetricIsDocumentedAndThere(t *testing.T) {
	dsn := dbtest.One(t)
	fill(t, dsn)
	s, measured := measuredService(t, dsn)
	for _, door := range doors {
		s.ask(t, "ada", door.method, door.path, "application/json", door.body)
	}
	s.ask(t, "ada", "GET", "/export/usage.csv", "", "")
	s.ask(t, "ada", "POST", "/graphql", "application/json", `{"query":"{`+strings.Repeat("a{", 30)+`"}`)
	s.ask(t, "ada", "POST", "/graphql", "application/json", `{"query":"{`+strings.Repeat("a ", 2000)+`}"}`)
	s.ask(t, "ada", "POST", "/graphql", "application/json", `{"query":"{aiUsage{accountUsage{account{name}}}}"}`)
	s.listen(t, "ada", "subscription { aiUsageChanged { totals { sessions } } }")()
	converse(t, s.url, http.Header{"X-Request-Id": {"socket"}}, `{"type":"connection_init"}`)
	linesOf(t, s.log, "socket", 1, isRequest)
	// What takes rollups, or a full disk, is tested where those are.
	measured.Folded(1, 1)
	measured.Corrected(1)
	manual, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	there := families(t, measured)
	for _, row := range documented.FindAllStringSubmatch(string(manual), -1) {
		family := there[row[1]]
		delete(there, row[1])
		if family == nil {
			t.Errorf("%s is not there", row[1])
			continue
		}
		if kind := strings.ToLower(family.GetType().String()); kind != row[2] {
			t.Errorf("%s is a %s", row[1], kind)
		}
		labels := slices.Sorted(maps.Keys(labelsOf(family)))
		want := slices.DeleteFunc(strings.FieldsFunc(row[3], func(r rune) bool { return strings.ContainsRune("`, ", r) }), func(s string) bool { return s == "" })
		if slices.Sort(want); !slices.Equal(labels, want) {
			t.Errorf("%s has the labels %q, and the manual %q", row[1], labels, want)
		}
		if row[2] == "histogram" && (len(family.Metric[0].Histogram.Bucket) == 0 || family.Metric[0].Histogram.Schema == nil) {
			t.Errorf("%s is not both classic and native", row[1])
		}
	}
	for name := range there {
		t.Errorf("%s is not in the manual", name)
	}
	all, err := measured.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(all).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
	for label, values := range map[string][]string{
		"door":      {"graphql", "legacy", "export", "page", "probe", "metrics"},
		"status":    {"200"},
		"operation": {"GetAIUsage", "csv", "(none)"},
	} {
		for _, value := range values {
			if !labelsOf(families(t, measured)["aiusage_requests_total"])[label][value] {
				t.Errorf("no request has %s=%q", label, value)
			}
		}
	}
	limits := labelsOf(families(t, measured)["aiusage_limits_reached_total"])["limit"]
	if !limits["tokens"] {
		t.Errorf("limits: %v", limits)
	}
	if rows := families(t, measured)["aiusage_sql_rows_total"]; !labelsOf(rows)["statement"]["identity.users"] || labelsOf(rows)["statement"]["other"] {
		t.Errorf("statements: %v", labelsOf(rows))
	}
}

// Whatever callers make up, there are only so many series.
func TestHostileNamesMakeNoSeries(t *testing.T) {
	dsn := dbtest.One(t)
	fill(t, dsn)
	s, measured := measuredService(t, dsn)
	ask := func(from, to int) {
		for i := from; i < to; i++ {
			name := fmt.Sprintf("n%d", i)
			s.ask(t, "ada", "POST", "/graphql", "application/json", fmt.Sprintf(`{"query":"{nothing}","operationName":"bad%d"}`, i))
			s.ask(t, "ada", "POST", "/graphql", "application/json", fmt.Sprintf(`{"query":"query %s {__typename}"}`, name))
			s.ask(t, "ada", "POST", "/graphql", "application/json", fmt.Sprintf(`{"query":"query %s {__typename}"}`, name), "Accept", "text/event-stream")
			s.ask(t, "ada", "GET", "/"+name+"/reply/"+name, "", "")
			s.ask(t, "ada", "GET", "/auth/"+name, "", "")
			s.ask(t, "ada", "GET", "/export/usage."+name, "", "")
			s.ask(t, "ada", name, "/"+name, "", "")
			s.ask(t, name, "GET", "/ai/usage."+name, "", "", "Authorization", name, "X-Request-Id", name)
			linesOf(t, s.log, name, 1, isRequest)
		}
	}
	series := func() (number int, operations map[string]bool) {
		for name, family := range families(t, measured) {
			if !strings.HasPrefix(name, "aiusage_sql_") { // of which there are as many as functions
				number += len(family.Metric)
			}
		}
		return number, labelsOf(families(t, measured)["aiusage_requests_total"])["operation"]
	}
	ask(0, 60)
	before, operations := series()
	for name := range operations {
		if strings.HasPrefix(name, "bad") {
			t.Errorf("%q was never executed, and has series", name)
		}
	}
	if !operations["n0"] || !operations["(other)"] || operations["n59"] || len(operations) > 60 {
		t.Errorf("%d operations: %v", len(operations), operations)
	}
	ask(60, 120)
	if after, _ := series(); after > before {
		t.Errorf("%d series became %d", before, after)
	}
}
