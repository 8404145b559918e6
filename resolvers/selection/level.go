package selection

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"aiusage/usage"
)

// fieldLevels are the fields below a report that need usage told apart. All others have
// enough in the totals, or in the row that they are of.
var fieldLevels = map[string]usage.Level{
	"customerUsage":           usage.ByCustomer,
	"customerUsageConnection": usage.ByCustomer,
	"withoutCustomer":         usage.ByCustomer,
	"accountUsage":            usage.ByAccount,
	"accountUsageConnection":  usage.ByAccount,
}

// ownReports are the fields below which usage belongs to another report.
var ownReports = map[string]bool{"account": true, "customer": true, "customers": true, "usage": true}

// LevelOf returns how far a report has to tell usage apart for what is selected of it, and
// of the reports below it.
func LevelOf(operation *graphql.OperationContext, selections ast.SelectionSet) usage.Level {
	level := usage.Together
	for _, selection := range selections {
		var directives ast.DirectiveList
		var below ast.SelectionSet
		switch selection := selection.(type) {
		case *ast.Field:
			if directives = selection.Directives; !ownReports[selection.Name] {
				below = selection.SelectionSet
			}
			if its, known := levelOfField(operation, selection); known && included(operation, directives) {
				level = min(level, its)
			}
		case *ast.InlineFragment:
			directives, below = selection.Directives, selection.SelectionSet
		case *ast.FragmentSpread:
			directives = selection.Directives
			if fragment := operation.Doc.Fragments.ForName(selection.Name); fragment != nil {
				below = fragment.SelectionSet
			}
		}
		if level > usage.ByCustomer && len(below) > 0 && included(operation, directives) {
			level = min(level, LevelOf(operation, below))
		}
	}
	return level
}

// levelOfField returns how far usage has to be told apart for a field, if it has to be at all.
func levelOfField(operation *graphql.OperationContext, field *ast.Field) (level usage.Level, known bool) {
	if field.Name == "drivers" && field.Definition != nil {
		by, _ := field.ArgumentMap(operation.Variables)["by"].(string)
		return usage.Dimension(by).Level(), true
	}
	level, known = fieldLevels[field.Name]
	return level, known
}

// readAlone are the fields of a report that are read by themselves, and inQuery those that its query answers.
var (
	readAlone = map[string]bool{"series": true, "sessionsConnection": true}
	inQuery   = map[string]bool{"__typename": true, "id": true, "from": true, "to": true, "timeZone": true}
)

// WithoutReport tells whether nothing is selected of a report but what is read by itself, and what its
// query answers, so that the report need not be read.
func WithoutReport(operation *graphql.OperationContext, selections ast.SelectionSet) bool {
	alone := false
	for _, field := range Fields(operation, selections, "AIUsage") {
		if readAlone[field.Name] {
			alone = true
		} else if !inQuery[field.Name] {
			return false
		}
	}
	return alone
}

// included tells whether the directives of a selection leave it in.
func included(operation *graphql.OperationContext, directives ast.DirectiveList) bool {
	for name, out := range map[string]bool{"skip": true, "include": false} {
		if directive := directives.ForName(name); directive != nil && directive.Definition != nil {
			if condition, given := directive.ArgumentMap(operation.Variables)["if"].(bool); given && condition == out {
				return false
			}
		}
	}
	return true
}
