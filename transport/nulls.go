package transport

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// A variable whose type may be null can stand where null may not, if it or the place
// has a default (specification, section 5.8.5). Given null all the same, the field is
// an error (section 6.4.1). gqlgen would take false, 0 or "" for it, and panics where
// it is the condition of a directive. So an operation that null reaches in this way is
// executed as a copy, in which directives have been applied already and the fields in
// question are marked. Such operations are rare, and a copy costs little.

// refusals are why fields of a copy are errors.
type refusals struct {
	// fields are errors because of their arguments.
	fields map[*ast.Field]*gqlerror.Error
	// marks make errors of the fields in whose selections they are. Fields of one name
	// are executed as the first of them, with the selections of all.
	marks map[ast.Selection]*gqlerror.Error
}

// refuseNulls has an operation executed with the errors of nulls that reach what
// cannot be null. The error is that of the operation as a whole.
func refuseNulls(operation *graphql.OperationContext) *gqlerror.Error {
	if !anyNull(operation.Variables) {
		return nil
	}
	binding := binding{variables: operation.Variables, refused: refusals{map[*ast.Field]*gqlerror.Error{}, map[ast.Selection]*gqlerror.Error{}}}
	selections, err := binding.bind(operation.Operation.SelectionSet)
	if err != nil {
		return err
	}
	if !binding.reached {
		return nil
	}
	bound := *operation.Operation
	bound.SelectionSet = selections
	operation.Operation = &bound
	// What answers root fields in a way of its own would not see the marks.
	operation.RootResolverMiddleware = guardRoot
	inner := operation.ResolverMiddleware
	operation.ResolverMiddleware = func(ctx context.Context, next graphql.Resolver) (any, error) {
		if err := binding.refused.of(graphql.GetFieldContext(ctx).Field); err != nil {
			return nil, err
		}
		return inner(ctx, next)
	}
	return nil
}

func anyNull(variables map[string]any) bool {
	for _, value := range variables {
		if value == nil {
			return true
		}
	}
	return false
}

// of returns why a field is an error, if it is. Each caller gets an error of its own.
func (r refusals) of(field graphql.CollectedField) error {
	found := r.fields[field.Field]
	for _, selection := range field.Selections {
		if found == nil {
			found = r.marks[selection]
		}
	}
	if found == nil {
		return nil
	}
	own := *found
	return &own
}

// binding makes the copy of an operation.
type binding struct {
	variables map[string]any
	refused   refusals
	// reached tells whether null has reached anything that it must not.
	reached bool
}

// bind copies selections, fragments included, without those that directives exclude.
// The error is that of whatever has these selections.
func (b *binding) bind(selections ast.SelectionSet) (ast.SelectionSet, *gqlerror.Error) {
	var bound ast.SelectionSet
	for _, selection := range selections {
		included, err := b.included(directivesOf(selection))
		if err != nil {
			return nil, err
		}
		if !included {
			continue
		}
		switch selection := selection.(type) {
		case *ast.Field:
			bound = append(bound, b.field(selection))
		case *ast.InlineFragment:
			copied := *selection
			copied.Directives = nil
			if copied.SelectionSet, err = b.bind(selection.SelectionSet); err != nil {
				return nil, err
			}
			bound = append(bound, &copied)
		case *ast.FragmentSpread:
			fragment := selection.Definition
			below, err := b.bind(fragment.SelectionSet)
			if err != nil {
				return nil, err
			}
			bound = append(bound, &ast.InlineFragment{
				TypeCondition: fragment.TypeCondition, SelectionSet: below,
				ObjectDefinition: selection.ObjectDefinition, Position: selection.Position,
			})
		}
	}
	return bound, nil
}

// field copies a field. Where it is an error, the copy has nothing that cannot be
// executed, for it would be looked at before the mark is.
func (b *binding) field(field *ast.Field) *ast.Field {
	copied := *field
	copied.Directives, copied.Arguments = nil, nil
	for _, argument := range field.Arguments {
		definition := field.Definition.Arguments.ForName(argument.Name)
		if name := b.reaches(definition.Type, argument.Value); name != "" {
			b.refused.fields[&copied] = b.refuse(place{"argument", argument.Name, " of " + field.Name}, definition.Type, name, argument.Position)
			continue
		}
		copied.Arguments = append(copied.Arguments, argument)
	}
	below, err := b.bind(field.SelectionSet)
	if err != nil {
		mark := &ast.Field{ // with what a validated one has, for whoever looks at selections
			Alias: "__typename", Name: "__typename", Position: field.Position,
			Definition:       &ast.FieldDefinition{Name: "__typename", Type: ast.NamedType("String", nil)},
			ObjectDefinition: &ast.Definition{Kind: ast.Object, Name: field.Definition.Type.Name()},
		}
		b.refused.marks[mark] = err
		below = ast.SelectionSet{mark}
	}
	copied.SelectionSet = below
	return &copied
}

// included tells whether @skip and @include let a selection in.
func (b *binding) included(directives ast.DirectiveList) (bool, *gqlerror.Error) {
	included := true
	for _, name := range []string{"skip", "include"} {
		directive := directives.ForName(name)
		if directive == nil {
			continue
		}
		argument := directive.Arguments.ForName("if")
		expected := directive.Definition.Arguments.ForName("if").Type
		// Null reaches gqlgen's own reading of @include also where @skip decides.
		if variable := b.reaches(expected, argument.Value); variable != "" && included {
			return false, b.refuse(place{"argument", "if", " of @" + name}, expected, variable, argument.Position)
		}
		// It is a valid literal, or a variable that has been coerced.
		if condition, _ := argument.Value.Value(b.variables); condition == (name == "skip") {
			included = false
		}
	}
	return included, nil
}

// reaches returns the variable by which null reaches a place that cannot be null, or "".
func (b *binding) reaches(expected *ast.Type, value *ast.Value) string {
	if value.Kind == ast.Variable {
		if given, present := b.variables[value.Raw]; present && given == nil && expected.NonNull {
			b.reached = true
			return value.Raw
		}
		return ""
	}
	for _, child := range value.Children {
		below := expected.Elem
		if value.Kind == ast.ObjectValue {
			below = value.Definition.Fields.ForName(child.Name).Type
		}
		if below == nil {
			continue
		}
		if variable := b.reaches(below, child.Value); variable != "" {
			return variable
		}
	}
	return ""
}

func (b *binding) refuse(at place, expected *ast.Type, variable string, position *ast.Position) *gqlerror.Error {
	err := codedError(validationFailed, fmt.Sprintf("%s of type %s cannot be null, which $%s is; leave the variable out to have the default", at, expected, variable))
	err.Extensions["argument"] = at.path
	if position != nil {
		err.Locations = []gqlerror.Location{{Line: position.Line, Column: position.Column}}
	}
	return err
}

func directivesOf(selection ast.Selection) ast.DirectiveList {
	switch selection := selection.(type) {
	case *ast.Field:
		return selection.Directives
	case *ast.InlineFragment:
		return selection.Directives
	case *ast.FragmentSpread:
		return selection.Directives
	}
	return nil
}
