package transport

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// hiddenSchemaRules are the rules of validation where nobody may see the schema:
// introspection is not valid, and no error suggests a name that was not sent.
// gqlgen itself replaces two of the rules that suggest.
func hiddenSchemaRules() *rules.Rules {
	set := rules.NewDefaultRules()
	for _, silent := range []core.Rule{
		rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	} {
		set.RemoveRule(strings.TrimSuffix(silent.Name, "WithoutSuggestions"))
		set.AddRule(silent.Name, silent.RuleFunc)
	}
	set.AddRule("NoIntrospection", refuseIntrospection)
	return set
}

func refuseIntrospection(observers *core.Events, addError core.AddErrFunc) {
	observers.OnField(func(_ *core.Walker, field *ast.Field) {
		if field.Name == "__schema" || field.Name == "__type" {
			addError(core.Message("the schema is not shown here"), core.At(field.Position))
		}
	})
}
