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
	set.AddRule("SubscriptionsWithoutConditions", refuseConditions)
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

// refuseConditions is what the specification of September 2025 adds to the rule "Single
// Root Field" (section 5.2.4.1). Without its field a subscription has no events, and
// gqlgen panics.
func refuseConditions(observers *core.Events, addError core.AddErrFunc) {
	observers.OnOperation(func(_ *core.Walker, operation *ast.OperationDefinition) {
		if operation.Operation != ast.Subscription {
			return
		}
		if found := conditionIn(operation.SelectionSet, map[string]bool{}); found != nil {
			addError(core.Message("the field of a subscription cannot depend on @%s; leave it out", found.Name), core.At(found.Position))
		}
	})
}

// conditionIn returns the first @skip or @include on selections and on the fragments
// among them, each of which is looked into once.
func conditionIn(selections ast.SelectionSet, seen map[string]bool) *ast.Directive {
	for _, selection := range selections {
		for _, directive := range directivesOf(selection) {
			if directive.Name == "skip" || directive.Name == "include" {
				return directive
			}
		}
		var below ast.SelectionSet
		switch selection := selection.(type) {
		case *ast.InlineFragment:
			below = selection.SelectionSet
		case *ast.FragmentSpread:
			if selection.Definition != nil && !seen[selection.Name] {
				seen[selection.Name] = true
				below = selection.Definition.SelectionSet
			}
		}
		if found := conditionIn(below, seen); found != nil {
			return found
		}
	}
	return nil
}

func refuseIntrospection(observers *core.Events, addError core.AddErrFunc) {
	observers.OnField(func(_ *core.Walker, field *ast.Field) {
		if field.Name == "__schema" || field.Name == "__type" {
			addError(core.Message("the schema is not shown here"), core.At(field.Position))
		}
	})
}
