package resolvers_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// object is a value of an object type of the schema, as the model has it.
type object struct {
	typeName string
	value    any
}

// arguments are those of a field, coerced; what was not given is absent.
type arguments map[string]any

// resolve returns what a field of a value is: nil, a leaf, an *object or a []any of those.
type resolve func(w *world, value any, a arguments) (any, error)

// refused is an error of a field, by its code.
type refused string

func (r refused) Error() string { return string(r) }

// The codes of fields that are errors.
const (
	badInput        = refused("BAD_USER_INPUT")
	forbidden       = refused("FORBIDDEN")
	unauthenticated = refused("UNAUTHENTICATED")
	outOfRange      = refused("OUT_OF_RANGE")
)

// fields are an object of an answer, in order.
type fields struct {
	names  []string
	values map[string]any
}

func (f *fields) set(name string, value any) {
	if _, known := f.values[name]; !known {
		f.names = append(f.names, name)
	}
	f.values[name] = value
}

// at is a member of an object, or nil.
func at(answer any, name string) any {
	if of, is := answer.(*fields); is && of != nil {
		return of.values[name]
	}
	return nil
}

// execution executes a document over a model, as the specification of GraphQL says (section 6).
type execution struct {
	*world
	document  *ast.QueryDocument
	variables map[string]any
	// drawing tells that nobody has answered yet: of long lists the first items are enough.
	drawing bool
	// errors are those of fields, and nulls are where they end, with how many of errors are below.
	errors []fieldError
	nulls  []nulled
}

type fieldError struct{ path, code string }

// nulled is a place that is null because of one of some errors.
type nulled struct {
	path string
	of   []fieldError
}

// run executes an operation. answer is what the gateway has answered, for what only that can tell.
func (e *execution) run(operation *ast.OperationDefinition, answer any) *fields {
	root := "Query"
	if operation.Operation == ast.Subscription {
		root = "Subscription"
	}
	data, whole := e.selections(&object{root, nil}, []ast.SelectionSet{operation.SelectionSet}, "", answer)
	if !whole {
		return nil
	}
	return data
}

// collected is the fields of one name in an answer.
type collected struct {
	name string
	all  []*ast.Field
}

// collect gathers the fields of selections of an object (section 6.3.2).
func (e *execution) collect(typeName string, sets []ast.SelectionSet) (groups []*collected) {
	byName, spread := map[string]*collected{}, map[string]bool{}
	var add func(ast.SelectionSet)
	add = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				if !e.included(selection.Directives) {
					continue
				}
				if byName[selection.Alias] == nil {
					byName[selection.Alias] = &collected{name: selection.Alias}
					groups = append(groups, byName[selection.Alias])
				}
				byName[selection.Alias].all = append(byName[selection.Alias].all, selection)
			case *ast.InlineFragment:
				if e.included(selection.Directives) && e.applies(selection.TypeCondition, typeName) {
					add(selection.SelectionSet)
				}
			case *ast.FragmentSpread:
				if !e.included(selection.Directives) || spread[selection.Name] {
					continue
				}
				spread[selection.Name] = true
				if fragment := e.document.Fragments.ForName(selection.Name); e.applies(fragment.TypeCondition, typeName) {
					add(fragment.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		add(set)
	}
	return groups
}

func (e *execution) applies(condition, typeName string) bool {
	if condition == "" || condition == typeName {
		return true
	}
	return slices.Contains(e.schema.Types[typeName].Interfaces, condition)
}

func (e *execution) included(directives ast.DirectiveList) bool {
	for _, directive := range directives {
		condition := e.literal(directive.Arguments.ForName("if").Value, nil).(bool)
		if directive.Name == "skip" && condition || directive.Name == "include" && !condition {
			return false
		}
	}
	return true
}

// absent is a variable that was not given.
type absent struct{}

// literal is what a value of a document comes to, where a type is wanted.
func (e *execution) literal(value *ast.Value, wanted *ast.Type) any {
	switch value.Kind {
	case ast.Variable:
		given, known := e.variables[value.Raw]
		if !known {
			return absent{}
		}
		return e.coerced(given, wanted)
	case ast.NullValue:
		return nil
	case ast.IntValue:
		if wanted.Name() == "ID" {
			return value.Raw
		}
		number, _ := strconv.ParseInt(value.Raw, 10, 64)
		return number
	case ast.BooleanValue:
		return value.Raw == "true"
	case ast.ListValue:
		items := []any{}
		for _, child := range value.Children {
			items = append(items, e.literal(child.Value, wanted.Elem))
		}
		return items
	case ast.ObjectValue:
		members := map[string]any{}
		definitions := e.schema.Types[wanted.Name()].Fields
		for _, child := range value.Children {
			if member := e.literal(child.Value, definitions.ForName(child.Name).Type); member != (absent{}) {
				members[child.Name] = member
			}
		}
		return e.withDefaults(members, definitions)
	}
	if wanted != nil && wanted.Name() == "Int64" {
		number, _ := strconv.ParseInt(value.Raw, 10, 64)
		return number
	}
	return value.Raw
}

// coerced is a value of a variable where a type is wanted.
func (e *execution) coerced(given any, wanted *ast.Type) any {
	switch given := given.(type) {
	case []any:
		items := []any{}
		for _, item := range given {
			items = append(items, e.coerced(item, wanted.Elem))
		}
		return items
	case map[string]any:
		definitions, members := e.schema.Types[wanted.Name()].Fields, map[string]any{}
		for name, member := range given {
			members[name] = e.coerced(member, definitions.ForName(name).Type)
		}
		return e.withDefaults(members, definitions)
	case enum:
		return string(given)
	case string:
		if wanted != nil && wanted.Name() == "Int64" {
			number, _ := strconv.ParseInt(given, 10, 64)
			return number
		}
	}
	return given
}

func (e *execution) withDefaults(members map[string]any, definitions ast.FieldList) map[string]any {
	for _, definition := range definitions {
		if _, given := members[definition.Name]; !given && definition.DefaultValue != nil {
			members[definition.Name] = e.literal(definition.DefaultValue, definition.Type)
		}
	}
	return members
}

func (e *execution) argumentsOf(field *ast.Field) arguments {
	a := arguments{}
	for _, definition := range field.Definition.Arguments {
		value := any(absent{})
		if given := field.Arguments.ForName(definition.Name); given != nil {
			value = e.literal(given.Value, definition.Type)
		}
		if value == (absent{}) && definition.DefaultValue != nil {
			value = e.literal(definition.DefaultValue, definition.Type)
		}
		if value != (absent{}) {
			a[definition.Name] = value
		}
	}
	return a
}

// selections executes selections of an object. It tells whether the object is one: where a field
// that cannot be null is in error, it is none.
func (e *execution) selections(of *object, sets []ast.SelectionSet, path string, answer any) (*fields, bool) {
	data, whole := &fields{values: map[string]any{}}, true
	if report, is := of.value.(*report); is && report.asOf.IsZero() {
		text, _ := at(answer, "asOf").(string)
		if report.asOf, _ = time.Parse(time.RFC3339Nano, text); e.drawing {
			report.asOf = e.now // about when it would be read
		}
	}
	groups := e.collect(of.typeName, sets)
	if report, is := of.value.(*report); is {
		report.needs = levelNeeded(groups)
	}
	for _, group := range groups {
		field := group.all[0]
		here := path + "/" + group.name
		if field.Name == "__typename" {
			data.set(group.name, of.typeName)
			continue
		}
		name := of.typeName + "." + field.Name
		e.seen.field(name)
		e.note(name)
		var below []ast.SelectionSet
		for _, one := range group.all {
			below = append(below, one.SelectionSet)
		}
		hint := at(answer, group.name)
		if whole1, value := e.field(name, of, field, below, here, hint); whole1 {
			data.set(group.name, value)
		} else {
			data.set(group.name, nil)
			whole = false
		}
	}
	return data, whole
}

// field executes a field. It tells whether there may be such a value.
func (e *execution) field(name string, of *object, field *ast.Field, below []ast.SelectionSet, path string, answer any) (bool, any) {
	known := modelFields[name]
	if known == nil {
		panic("the model has no field " + name)
	}
	begin, nulls := len(e.errors), len(e.nulls)
	e.placeholders = nil
	for _, argument := range field.Arguments {
		if argument.Value.Kind == ast.Variable && strings.HasPrefix(argument.Value.Raw, cursorVariable) {
			e.placeholders = append(e.placeholders, argument.Value.Raw)
		}
	}
	value, err := known(e.world, of.value, e.argumentsOf(field))
	e.noteValue(name, field.Definition.Type, value, err)
	if err != nil {
		e.errors = append(e.errors, fieldError{path, err.Error()})
	}
	whole := err == nil
	var result any
	if whole {
		result, whole = e.complete(field.Definition.Type, value, below, path, answer)
	}
	if whole {
		return true, result
	}
	if field.Definition.Type.NonNull {
		return false, nil
	}
	e.endAt(path, begin, nulls)
	return true, nil
}

// note notes something that a document has come to.
func (w *world) note(what string) { w.noted[what] = true }

// noteValue notes of which sort the value of a field is.
func (e *execution) noteValue(name string, of *ast.Type, value any, err error) {
	sort := ""
	switch value := value.(type) {
	case nil:
		sort = "null"
	case bool:
		sort = strconv.FormatBool(value)
	case int64:
		sort = map[int]string{-1: "less than 0", 0: "0", 1: "more"}[cmp.Compare(value, 0)]
	case []any:
		sort = map[int]string{0: "none", 1: "one", 2: "some"}[min(len(value), 2)]
	case string:
		if e.schema.Types[of.Name()].Kind == ast.Enum {
			sort = value
		}
	}
	if err != nil {
		sort = err.Error()
	}
	if sort != "" {
		e.note(name + " is " + sort)
	}
}

// endAt says that the errors from begin on have come to null at a path, and to nothing below it.
func (e *execution) endAt(path string, begin, nulls int) {
	e.nulls = append(e.nulls[:nulls:nulls], nulled{path, slices.Clone(e.errors[begin:])})
}

// complete makes a value of a type (section 6.4.3).
func (e *execution) complete(of *ast.Type, value any, below []ast.SelectionSet, path string, answer any) (any, bool) {
	if value == nil {
		if of.NonNull {
			panic(path + " cannot be null in the model")
		}
		return nil, true
	}
	switch value := value.(type) {
	case []any:
		if e.drawing {
			value = value[:min(len(value), 30)]
		}
		answered, _ := answer.([]any)
		items, whole := make([]any, len(value)), true
		for i, one := range value {
			var hint any
			if i < len(answered) {
				hint = answered[i]
			}
			here := fmt.Sprintf("%s/%d", path, i)
			begin, nulls := len(e.errors), len(e.nulls)
			if err, is := one.(error); is {
				e.errors = append(e.errors, fieldError{here, err.Error()})
				e.endAt(here, begin, nulls)
				continue
			}
			item, isWhole := e.complete(of.Elem, one, below, here, hint)
			switch {
			case isWhole:
				items[i] = item
			case of.Elem.NonNull:
				whole = false
			default:
				e.endAt(here, begin, nulls)
			}
		}
		return items, whole
	case *object:
		data, whole := e.selections(value, below, path, answer)
		return data, whole
	case asAnswered, planOf:
		return value, true
	case int64:
		if of.Name() == "Int64" && e.int64AsText {
			return strconv.FormatInt(value, 10), true
		}
	}
	return value, true
}

// seen counts what has been executed and given, by its name in the schema.
type seen map[string]int

func (s seen) field(name string) { s[name]++ }

// value counts the arguments, fields and values of enums in a value for a place.
func (s seen) value(schema *ast.Schema, place string, of *ast.Type, value any) {
	s[place]++
	definition := schema.Types[of.Name()]
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			s.value(schema, place, of.Elem, item)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			s.value(schema, definition.Name+"."+name, definition.Fields.ForName(name).Type, value[name])
		}
	case enum:
		s[definition.Name+"."+string(value)]++
	}
}
