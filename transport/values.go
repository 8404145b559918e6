package transport

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// coercion turns the values of variables into those of their types, by the rules of
// input coercion (GraphQL specification, October 2021 and September 2025, sections
// 3.5, 3.9 to 3.12 and 6.1.2) as graphql-js understands them. gqlparser's own takes
// an enum in any letter case, texts for numbers and integers of 64 bits.
type coercion struct{ types }

// variables returns the values of an operation's variables: those given, and the
// defaults of the others. One without either is absent. The operation must be valid.
// The errors say what is accepted, one for each variable.
func (c coercion) variables(operation *ast.OperationDefinition, given map[string]any) (map[string]any, gqlerror.List) {
	values := map[string]any{}
	var errs gqlerror.List
	for _, variable := range operation.VariableDefinitions {
		name, at := variable.Variable, place{what: "variable", path: "$" + variable.Variable}
		value, present := given[name]
		var err *gqlerror.Error
		switch {
		case present:
			values[name], err = c.value(variable.Type, value, at)
		case variable.DefaultValue != nil:
			// It was found valid with the document, so it can be read.
			values[name], _ = variable.DefaultValue.Value(nil)
		case variable.Type.NonNull:
			err = c.refuse(variable.Type, at, "is missing")
		}
		if err != nil {
			err.Locations = []gqlerror.Location{{Line: variable.Position.Line, Column: variable.Position.Column}}
			errs = append(errs, err)
		}
	}
	return values, errs
}

// value coerces a value of JSON. at names its place. Only the first fault is told:
// a list may have many thousands.
func (c coercion) value(t *ast.Type, value any, at place) (any, *gqlerror.Error) {
	definition := c.schema.Types[t.Name()]
	switch {
	case value == nil && t.NonNull:
		return nil, c.refuse(t, at, "cannot be null")
	case value == nil:
		return nil, nil
	case t.Elem != nil:
		return c.list(t, value, at)
	case definition.Kind == ast.InputObject:
		return c.object(t, definition, value, at)
	}
	if coerced, fits := leaf(definition, value); fits {
		return coerced, nil
	}
	return nil, c.refuse(t, at, "cannot be "+shown(value))
}

// list coerces a list, of which one value is a list as well.
func (c coercion) list(t *ast.Type, value any, at place) (any, *gqlerror.Error) {
	items, isList := value.([]any)
	if !isList {
		item, err := c.value(t.Elem, value, at)
		return []any{item}, err
	}
	coerced := make([]any, len(items))
	for i, item := range items {
		var err *gqlerror.Error
		if coerced[i], err = c.value(t.Elem, item, at.item(i)); err != nil {
			return nil, err
		}
	}
	return coerced, nil
}

// object coerces an input object. Fields that are absent and have a default stay so:
// resolvers are given the default.
func (c coercion) object(t *ast.Type, definition *ast.Definition, value any, at place) (any, *gqlerror.Error) {
	members, isObject := value.(map[string]any)
	if !isObject {
		return nil, c.refuse(t, at, "cannot be "+shown(value))
	}
	coerced := map[string]any{}
	for _, field := range definition.Fields {
		member, present := members[field.Name]
		var err *gqlerror.Error
		switch below := at.field(field.Name); {
		case present:
			coerced[field.Name], err = c.value(field.Type, member, below)
		case field.Type.NonNull && field.DefaultValue == nil:
			err = c.refuse(field.Type, below, "is missing")
		}
		if err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if definition.Fields.ForName(name) == nil {
			return nil, c.refuse(t, at, "has no field "+cut(name))
		}
	}
	if definition.Directives.ForName("oneOf") != nil && !one(coerced) {
		return nil, c.refuse(t, at, "has not exactly one field that is not null")
	}
	return coerced, nil
}

func one(members map[string]any) bool {
	for _, value := range members {
		return len(members) == 1 && value != nil
	}
	return false
}

// leaf coerces a value of JSON, not null, to that of a scalar or an enum. Scalars of
// the schema's own take any.
func leaf(definition *ast.Definition, value any) (coerced any, fits bool) {
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	switch {
	case definition.Kind == ast.Enum:
		return text, isText && definition.EnumValues.ForName(text) != nil
	case definition.Name == "String":
		return text, isText
	case definition.Name == "Boolean":
		_, isTruth := value.(bool)
		return value, isTruth
	case definition.Name == "Int":
		whole, fits := wholeNumber(number)
		return int64(whole), isNumber && fits && whole >= math.MinInt32 && whole <= math.MaxInt32
	case definition.Name == "Float":
		float, err := number.Float64()
		return float, isNumber && err == nil
	case definition.Name == "ID" && isNumber:
		return idOf(number)
	case definition.Name == "ID":
		return text, isText
	}
	return value, true
}

// wholeNumber reads a number without a fraction, however it is written (2, 2.0, 0.2e1).
func wholeNumber(number json.Number) (whole float64, fits bool) {
	whole, err := number.Float64()
	return whole, err == nil && whole == math.Trunc(whole)
}

// idOf returns the text of an id that was sent as a number. All its digits count,
// also where a floating-point number would round them.
func idOf(number json.Number) (text string, fits bool) {
	whole, fits := wholeNumber(number)
	if !fits {
		return "", false
	}
	if strings.ContainsAny(string(number), ".eE") {
		return strconv.FormatFloat(whole, 'f', 0, 64), true
	}
	return string(number), true
}

// types tells what the input types of a schema accept.
type types struct {
	schema *ast.Schema
	// hidden keeps to itself what callers have not named: enum values and fields.
	hidden bool
}

// place is where a value is, such as "argument orderBy.field of accountUsageConnection".
type place struct{ what, path, of string }

func (p place) String() string { return p.what + " " + p.path + p.of }

// field returns the place of a field of an input object.
func (p place) field(name string) place {
	p.path += "." + name
	return p
}

// item returns the place of an item of a list.
func (p place) item(index int) place {
	p.path += "[" + strconv.Itoa(index) + "]"
	return p
}

// refuse says what is wrong with a value at a place, of which a type is expected, and
// what is accepted there instead.
func (t types) refuse(expected *ast.Type, at place, wrong string) *gqlerror.Error {
	accepted := t.accepted(expected)
	return &gqlerror.Error{
		Message:    fmt.Sprintf("%s of type %s %s: accepted is %s", at, expected, wrong, strings.Join(accepted, ", ")),
		Extensions: map[string]any{"code": validationFailed, "argument": at.path, "accepted": accepted},
	}
}

// validationFailed is the code of a document or of variables that are not valid.
const validationFailed = "GRAPHQL_VALIDATION_FAILED"

// accepted lists what a type takes.
func (t types) accepted(expected *ast.Type) []string {
	definition := t.schema.Types[expected.Name()]
	switch {
	case expected.Elem != nil:
		return []string{"a list of " + expected.Elem.String()}
	case t.hidden && definition.Kind == ast.Enum:
		return []string{"one of its values"}
	case t.hidden && definition.Kind == ast.InputObject:
		return []string{"an object"}
	case definition.Kind == ast.Enum:
		var names []string
		for _, value := range definition.EnumValues {
			names = append(names, value.Name)
		}
		return names
	case definition.Kind == ast.InputObject:
		var fields []string
		for _, field := range definition.Fields {
			fields = append(fields, field.Name+": "+field.Type.String())
		}
		return []string{"{" + strings.Join(fields, ", ") + "}"}
	}
	if words, builtIn := acceptedScalars[definition.Name]; builtIn {
		return []string{words}
	}
	return []string{"a value of " + definition.Name}
}

var acceptedScalars = map[string]string{
	"Int":     "a whole number of 32 bits (-2147483648 to 2147483647)",
	"Float":   "a number",
	"String":  "a text in quotes",
	"Boolean": "true or false",
	"ID":      "a text in quotes or a whole number",
}

// shown writes a value of JSON for an error.
func shown(value any) string {
	switch value := value.(type) {
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	case string:
		return strconv.Quote(cut(value))
	}
	return cut(fmt.Sprint(value))
}

// longestShown is how much of one value an error repeats, in bytes.
const longestShown = 60

func cut(text string) string { return cutTo(text, longestShown) }
