package transport

import (
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// literals is the rule "Values of Correct Type" (specification, section 5.6.1) with
// graphql-js' verdict. gqlparser's own takes {} for every scalar and enum, and
// integers of any size.
type literals struct{ types }

// observe checks the arguments of fields and directives, and the defaults of variables.
func (l literals) observe(observers *core.Events, addError core.AddErrFunc) {
	report := func(err *gqlerror.Error) {
		if err != nil {
			addError(func(to *gqlerror.Error) {
				to.Message, to.Locations, to.Extensions = err.Message, err.Locations, err.Extensions
			})
		}
	}
	arguments := func(definitions ast.ArgumentDefinitionList, given ast.ArgumentList, of string) {
		for _, argument := range given {
			if definition := definitions.ForName(argument.Name); definition != nil {
				report(l.check(definition.Type, argument.Value, place{"argument", argument.Name, " of " + of}))
			}
		}
	}
	observers.OnField(func(_ *core.Walker, field *ast.Field) {
		if field.Definition != nil {
			arguments(field.Definition.Arguments, field.Arguments, field.Name)
		}
	})
	observers.OnDirective(func(_ *core.Walker, directive *ast.Directive) {
		if directive.Definition != nil {
			arguments(directive.Definition.Arguments, directive.Arguments, "@"+directive.Name)
		}
	})
	observers.OnVariable(func(_ *core.Walker, variable *ast.VariableDefinition) {
		if variable.Definition != nil && variable.Definition.IsInputType() && variable.DefaultValue != nil {
			report(l.check(variable.Type, variable.DefaultValue, place{"default", "$" + variable.Variable, ""}))
		}
	})
}

// check says what is wrong with a literal, if anything. Variables in it have a rule of
// their own.
func (l literals) check(t *ast.Type, value *ast.Value, at place) *gqlerror.Error {
	definition := l.schema.Types[t.Name()]
	switch {
	case value.Kind == ast.Variable:
		return nil
	case value.Kind == ast.NullValue && t.NonNull:
		return l.wrong(t, value, at, "cannot be null")
	case value.Kind == ast.NullValue:
		return nil
	case t.Elem != nil && value.Kind == ast.ListValue:
		for i, child := range value.Children {
			if err := l.check(t.Elem, child.Value, at.item(i)); err != nil {
				return err
			}
		}
		return nil
	case t.Elem != nil: // one value is a list as well
		return l.check(t.Elem, value, at)
	case definition.Kind == ast.InputObject:
		return l.object(t, definition, value, at)
	case !isLeaf(definition, value):
		return l.wrong(t, value, at, "cannot be "+written(value))
	}
	return nil
}

func (l literals) object(t *ast.Type, definition *ast.Definition, value *ast.Value, at place) *gqlerror.Error {
	if value.Kind != ast.ObjectValue {
		return l.wrong(t, value, at, "cannot be "+written(value))
	}
	for _, field := range definition.Fields {
		if field.Type.NonNull && field.DefaultValue == nil && value.Children.ForName(field.Name) == nil {
			return l.wrong(field.Type, value, at.field(field.Name), "is missing")
		}
	}
	for _, child := range value.Children {
		field := definition.Fields.ForName(child.Name)
		if field == nil {
			return l.wrong(t, value, at, "has no field "+cut(child.Name))
		}
		if err := l.check(field.Type, child.Value, at.field(child.Name)); err != nil {
			return err
		}
	}
	if definition.Directives.ForName("oneOf") != nil &&
		(len(value.Children) != 1 || value.Children[0].Value.Kind == ast.NullValue) {
		return l.wrong(t, value, at, "has not exactly one field that is not null")
	}
	return nil
}

// wrong is refuse with the place in the document.
func (l literals) wrong(t *ast.Type, value *ast.Value, at place, what string) *gqlerror.Error {
	err := l.refuse(t, at, what)
	if value.Position != nil {
		err.Locations = []gqlerror.Location{{Line: value.Position.Line, Column: value.Position.Column}}
	}
	return err
}

// isLeaf tells whether a literal, not null, is one of a scalar or an enum.
func isLeaf(definition *ast.Definition, value *ast.Value) bool {
	isText := value.Kind == ast.StringValue || value.Kind == ast.BlockValue
	switch {
	case definition.Kind == ast.Enum:
		return value.Kind == ast.EnumValue && definition.EnumValues.ForName(value.Raw) != nil
	case definition.Name == "String":
		return isText
	case definition.Name == "Boolean":
		return value.Kind == ast.BooleanValue
	case definition.Name == "Int":
		_, err := strconv.ParseInt(value.Raw, 10, 32)
		return value.Kind == ast.IntValue && err == nil
	case definition.Name == "Float":
		number, err := strconv.ParseFloat(value.Raw, 64)
		return (value.Kind == ast.IntValue || value.Kind == ast.FloatValue) && err == nil && !math.IsInf(number, 0)
	case definition.Name == "ID":
		return isText || value.Kind == ast.IntValue
	}
	return true
}

// written writes a literal for an error.
func written(value *ast.Value) string {
	switch value.Kind {
	case ast.ListValue:
		return "a list"
	case ast.ObjectValue:
		return "an object"
	case ast.StringValue, ast.BlockValue:
		return strconv.Quote(cut(value.Raw))
	}
	return cut(value.Raw)
}

// plainLiterals rewrites the literals of a valid document as gqlgen can read them: a
// number for an ID or of 64 bits becomes the text that it stands for, and a whole number for a
// Float one with a fraction. gqlgen reads whole numbers of 64 bits, and panics at larger ones.
func plainLiterals(schema *ast.Schema, document *ast.QueryDocument) {
	observers := &core.Events{}
	observers.OnValue(func(_ *core.Walker, value *ast.Value) {
		switch {
		case value.Kind != ast.IntValue || value.Definition == nil:
		case value.Definition.Name == "ID", value.Definition.Name == "Int64":
			value.Kind = ast.StringValue
		case value.Definition.Name == "Float":
			value.Kind = ast.FloatValue
		}
	})
	core.Walk(schema, document, observers)
}
