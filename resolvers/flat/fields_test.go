package flat

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// table is a shape of any type.
type table interface {
	describe() (typeName string, fieldNames []string)
}

func (s shape[T]) describe() (string, []string) {
	return s.typeName, slices.Collect(maps.Keys(s.fields))
}

var tables = []table{reports, totals, accounts, customers, accountEdges, customerEdges, namedAccounts, namedCustomers, points, plans, pieces, spans}

// leftOut are fields of types with a table that are left to the usual path, and why.
var leftOut = map[string]string{
	"AIUsage.accountUsageConnection":     pages,
	"AIUsage.customerUsageConnection":    pages,
	"AIUsage.sessionsConnection":         pages,
	"AIAccountUsage.sessionsConnection":  pages,
	"AICustomerUsage.sessionsConnection": pages,
	"AIUsagePoint.sessionsConnection":    pages,
	"Account.customers":                  pages,
	"AIUsage.drivers":                    "a few rows, which are ranked as they are read",
	"Account.usage":                      ownReport,
	"Customer.usage":                     ownReport,
}

const (
	pages     = "pages are short, and keep reports for the next one; their rows are written as lists"
	ownReport = "a report of its own, below a row"
)

// missing returns the fields of a schema that are in no table and not left out, and those of
// tables and of leftOut that the schema does not have.
func missing(schema *ast.Schema) (fields []string) {
	known := map[string]bool{}
	for field := range leftOut {
		known[field] = true
	}
	types := map[string]bool{}
	for _, one := range tables {
		typeName, names := one.describe()
		types[typeName] = true
		for _, name := range names {
			known[typeName+"."+name] = true
		}
	}
	for typeName := range types {
		for _, field := range schema.Types[typeName].Fields {
			if name := typeName + "." + field.Name; !known[name] {
				fields = append(fields, name)
			} else {
				delete(known, name)
			}
		}
	}
	return slices.Sorted(slices.Values(append(fields, slices.Collect(maps.Keys(known))...)))
}

// schemaOf returns the schema, changed.
func schemaOf(t *testing.T, change func(text string) string) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: change(string(text))})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestEachFieldIsInATableOrLeftOut(t *testing.T) {
	unchanged := func(text string) string { return text }
	if fields := missing(schemaOf(t, unchanged)); len(fields) > 0 {
		t.Errorf("in the schema and in no table of fields.go, or the other way: %v", fields)
	}
}

// The test above says so when a field comes, whichever type it is of, and when one goes.
func TestAFieldThatComesOrGoesIsTold(t *testing.T) {
	for _, one := range tables {
		typeName, names := one.describe()
		begin := regexp.MustCompile(`(?m)^type ` + typeName + `\b[^{]*\{`)
		added := schemaOf(t, func(text string) string { return begin.ReplaceAllString(text, "$0\n  another: Int!\n") })
		if fields := missing(added); !slices.Equal(fields, []string{typeName + ".another"}) {
			t.Errorf("%s: got %v", typeName, fields)
		}
		gone := schemaOf(t, func(text string) string { return text })
		of := gone.Types[typeName]
		of.Fields = slices.DeleteFunc(of.Fields, func(field *ast.FieldDefinition) bool { return field.Name == names[0] })
		if fields := missing(gone); !slices.Equal(fields, []string{typeName + "." + names[0]}) {
			t.Errorf("%s without %s: got %v", typeName, names[0], fields)
		}
	}
}

// Lists and objects are written past gqlgen only where what they hold has a table, so a type
// without one costs what the usual path does: such types are below the fields that are left out.
func TestEachTypeBelowAPlainFieldHasATable(t *testing.T) {
	schema := schemaOf(t, func(text string) string { return text })
	have := map[string]bool{}
	for _, one := range tables {
		typeName, _ := one.describe()
		have[typeName] = true
	}
	for typeName := range have {
		for _, field := range schema.Types[typeName].Fields {
			below := schema.Types[field.Type.Name()]
			if leftOut[typeName+"."+field.Name] == "" && below.IsCompositeType() && !have[below.Name] {
				t.Errorf("%s.%s is a %s, which has no table", typeName, field.Name, below.Name)
			}
		}
	}
}
