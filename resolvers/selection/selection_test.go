package selection

import (
	"os"
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

func TestNodesAreThoseOfTheSchema(t *testing.T) {
	text, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	var nodes []string
	for _, one := range schema.PossibleTypes["Node"] {
		nodes = append(nodes, one.Name)
	}
	if !slices.Equal(slices.Sorted(slices.Values(nodes)), slices.Sorted(slices.Values(nodeTypes))) {
		t.Errorf("got %v, the schema has %v", nodeTypes, nodes)
	}
}
