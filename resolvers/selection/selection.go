// Package selection says what is selected below a field of a document, fragments and directives
// applied: which fields, how far usage has to be told apart for them, and how many values they
// come to.
package selection

import (
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// nodeTypes are the types with an id.
var nodeTypes = []string{"AIUsage", "AIUsageTotals", "AIAccountUsage", "AICustomerUsage", "AIUsagePoint", "Account", "Customer", "Viewer", "AISession"}

// Fields returns the fields that are selected of a value of a type, in their order.
func Fields(operation *graphql.OperationContext, selections ast.SelectionSet, typeName string) []graphql.CollectedField {
	types := []string{typeName}
	if slices.Contains(nodeTypes, typeName) {
		types = append(types, "Node")
	}
	return graphql.CollectFields(operation, selections, types)
}

// Merged returns the fields that are selected of a value of a type with all that is below them,
// each as an answer has it.
func Merged(operation *graphql.OperationContext, selections ast.SelectionSet, typeName string) (merged ast.SelectionSet) {
	for _, field := range Fields(operation, selections, typeName) {
		one := *field.Field
		if one.SelectionSet = nil; len(field.Selections) > 0 {
			one.SelectionSet = Merged(operation, field.Selections, field.Definition.Type.Name())
		}
		merged = append(merged, &one)
	}
	return merged
}

// idValues is how many more values an id counts for than others: it is longer.
const idValues = 5

// Values returns how many values a selection has, without those of lists below it.
func Values(operation *graphql.OperationContext, selections ast.SelectionSet, typeName string) int {
	values := 0
	for _, field := range Fields(operation, selections, typeName) {
		values++
		if field.Name == "id" {
			values += idValues
		}
		if field.Definition != nil && field.Definition.Type.Elem == nil {
			values += Values(operation, field.Selections, field.Definition.Type.Name())
		}
	}
	return values
}
