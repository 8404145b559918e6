package transport

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// rulesFor returns the rules of validation. Where the schema is hidden, introspection
// is not valid, and no error suggests a name that was not sent.
func rulesFor(known types) *rules.Rules {
	set := rules.NewDefaultRules()
	set.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, literals{known}.observe)
	set.AddRule("OneFieldOfSubscriptions", oneField)
	if !known.hidden {
		return set
	}
	for _, silent := range []core.Rule{
		rules.FieldsOnCorrectTypeRuleWithoutSuggestions,
		rules.ScalarLeafsRuleWithoutSuggestions,
		rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRuleWithoutSuggestions,
	} {
		set.ReplaceRule(strings.TrimSuffix(silent.Name, "WithoutSuggestions"), silent.RuleFunc)
	}
	set.AddRule("NoIntrospection", refuseIntrospection)
	return set
}

// oneField is the rule "Single Root Field" (section 5.2.4.1) with what the specification of
// September 2025 adds: the field cannot depend on a condition, without which there would
// be no events. gqlparser's takes fields of one name under two, and gqlgen panics at either.
func oneField(observers *core.Events, addError core.AddErrFunc) {
	observers.OnOperation(func(_ *core.Walker, operation *ast.OperationDefinition) {
		if operation.Operation != ast.Subscription {
			return
		}
		root := rootFields{names: map[string]bool{}, fragments: map[string]bool{}}
		root.add(operation.SelectionSet)
		if root.condition != nil {
			addError(core.Message("the field of a subscription cannot depend on @%s; leave it out", root.condition.Name), core.At(root.condition.Position))
		}
		if len(root.names) > 1 {
			addError(core.Message("a subscription has one field at its root, not %d; begin one for each", len(root.names)), core.At(operation.Position))
		}
	})
}

// rootFields are what an operation selects, fragments included, each of which is looked
// into once.
type rootFields struct {
	names, fragments map[string]bool
	condition        *ast.Directive
}

func (r *rootFields) add(selections ast.SelectionSet) {
	for _, selection := range selections {
		for _, directive := range directivesOf(selection) {
			if directive.Name == "skip" || directive.Name == "include" {
				r.condition = directive
			}
		}
		switch selection := selection.(type) {
		case *ast.Field:
			r.names[selection.Alias] = true
		case *ast.InlineFragment:
			r.add(selection.SelectionSet)
		case *ast.FragmentSpread:
			if selection.Definition != nil && !r.fragments[selection.Name] {
				r.fragments[selection.Name] = true
				r.add(selection.Definition.SelectionSet)
			}
		}
	}
}

func refuseIntrospection(observers *core.Events, addError core.AddErrFunc) {
	observers.OnField(func(_ *core.Walker, field *ast.Field) {
		if field.Name == "__schema" || field.Name == "__type" {
			addError(core.Message("the schema is not shown here"), core.At(field.Position))
		}
	})
}
