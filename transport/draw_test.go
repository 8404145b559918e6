package transport_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// draw makes up an operation for a schema out of bytes: a document in which each
// argument, directive and input field may have a value of the wrong kind, and
// variables that may not fit.
type draw struct {
	schema *ast.Schema
	bytes  []byte

	variables   []string // their definitions
	values      []string // members of the JSON object of variables
	fragments   []string
	inputObject int // how deep in input objects it is
	// calm is set below fields that may be null, where graphql-js, whose data are made
	// up, would come to what the gateway does not.
	calm bool
}

// pick returns one of 0 … n-1, and 0 when there are no bytes left.
func (d *draw) pick(n int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	first := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(first) % n
}

func (d *draw) of(choices ...string) string { return choices[d.pick(len(choices))] }

// request returns the operation as the JSON of a request.
func (d *draw) request() (request string, kind ast.Operation) {
	kind, root, head := ast.Query, d.schema.Query, "query"
	if d.pick(6) == 5 && d.schema.Subscription != nil {
		kind, root, head = ast.Subscription, d.schema.Subscription, "subscription"
	}
	var fields []string
	count := 1
	if kind == ast.Query {
		count += d.pick(3)
	} else if d.pick(16) == 15 {
		count++
	}
	for i := range count {
		fields = append(fields, fmt.Sprintf("r%d: %s", i, d.field(root, 4)))
	}
	selections := strings.Join(fields, " ")
	operation := d.of("", "", "", "One")
	if operation != "" {
		head += " " + operation
	}
	if len(d.variables) > 0 {
		head += "(" + strings.Join(d.variables, " ") + ")"
	}
	document := head + " {" + selections + "} " + strings.Join(d.fragments, " ")
	query, err := json.Marshal(document)
	if err != nil {
		panic(err) // a text can be marshaled
	}
	request = `{"query":` + string(query) + `,"variables":{` + strings.Join(d.values, ",") + "}"
	if d.pick(12) == 11 {
		request += `,"operationName":` + d.of("null", `"One"`, `"Two"`)
	}
	return request + "}", kind
}

// field makes up a field of a type, with arguments, directives and selections.
func (d *draw) field(parent *ast.Definition, depth int) string {
	fields := slices.DeleteFunc(slices.Clone(parent.Fields), func(f *ast.FieldDefinition) bool {
		return depth <= 1 && !d.schema.Types[f.Type.Name()].IsLeafType()
	})
	if len(fields) == 0 {
		return "__typename"
	}
	field := fields[d.pick(len(fields))]
	text := field.Name + d.arguments(field.Arguments) + d.directives()
	definition := d.schema.Types[field.Type.Name()]
	if definition.IsLeafType() {
		return text
	}
	before := d.calm
	d.calm = d.calm || !field.Type.NonNull || strings.HasPrefix(definition.Name, "__")
	defer func() { d.calm = before }()
	return text + " {" + d.selections(definition, depth-1) + "}"
}

func (d *draw) selections(definition *ast.Definition, depth int) string {
	var all []string
	for range 1 + d.pick(2) {
		one := fmt.Sprintf("a%d: %s", len(d.values)+len(all)+len(d.fragments)+depth*10, d.field(definition, depth))
		switch d.pick(8) {
		case 6:
			one = "... on " + definition.Name + d.directives() + " {" + one + "}"
		case 7:
			name := fmt.Sprintf("F%d", len(d.fragments))
			d.fragments = append(d.fragments, "fragment "+name+" on "+definition.Name+" {"+one+"}")
			one = "..." + name + d.directives()
		}
		all = append(all, one)
	}
	return "__typename " + strings.Join(all, " ")
}

// arguments makes up arguments: required ones nearly always.
func (d *draw) arguments(definitions ast.ArgumentDefinitionList) string {
	var given []string
	for _, definition := range definitions {
		required := definition.Type.NonNull && definition.DefaultValue == nil
		if chance := d.pick(32); required && chance != 31 || !required && chance < 8 {
			given = append(given, definition.Name+": "+d.value(definition.Type, definition.Name))
		}
	}
	if d.pick(250) == 249 {
		given = append(given, "nothing: 1")
	}
	if len(given) == 0 {
		return ""
	}
	return "(" + strings.Join(given, ", ") + ")"
}

func (d *draw) directives() string {
	names := d.of("", "", "", "", "", "include", "skip", "include skip")
	if d.calm {
		return ""
	}
	text := ""
	for name := range strings.FieldsSeq(names) {
		condition := d.schema.Directives[name].Arguments[0]
		text += " @" + name + "(if: " + d.value(condition.Type, "if") + ")"
	}
	return text
}

// value makes up a literal or a variable for a place of a type.
func (d *draw) value(t *ast.Type, name string) string {
	switch n := d.pick(16); {
	case n < 7:
		return d.fitting(t, name)
	case n == 7:
		return d.wrong(t)
	}
	return d.variable(t, name)
}

// fitting is a literal of a type.
func (d *draw) fitting(t *ast.Type, name string) string {
	if t.Elem != nil {
		return "[" + d.fitting(t.Elem, name) + "]"
	}
	definition := d.schema.Types[t.NamedType]
	switch {
	case definition.Kind == ast.Enum:
		return definition.EnumValues[d.pick(len(definition.EnumValues))].Name
	case definition.Kind == ast.InputObject:
		defer func() { d.inputObject-- }()
		if d.inputObject++; d.inputObject > 2 {
			return "{}"
		}
		var members []string
		for _, field := range definition.Fields {
			if field.Type.NonNull && field.DefaultValue == nil && d.pick(8) != 7 || d.pick(3) == 2 {
				members = append(members, field.Name+": "+d.value(field.Type, field.Name))
			}
		}
		if d.pick(30) == 29 {
			members = append(members, "nothing: 1")
		}
		return "{" + strings.Join(members, ", ") + "}"
	}
	return d.of(fittingScalars(definition.Name, name)...)
}

// fittingScalars are values that the gateway itself takes, mostly.
func fittingScalars(scalar, name string) []string {
	switch {
	case scalar == "Int":
		return []string{"1", "2", "7", "2147483647", "-2147483648"}
	case scalar == "Boolean":
		return []string{"true", "false"}
	case scalar == "Float":
		return []string{"1", "1.5", "-2e3"}
	case scalar == "ID":
		return []string{`"x"`, "5", "-1", "12345678901234567890", `""`}
	case name == "startDate":
		return []string{`"2026-03-01"`, `""`}
	case name == "endDate":
		return []string{`"2026-03-31"`, `""`}
	case name == "timeZone":
		return []string{`"Europe/Berlin"`, `""`}
	case name == "name":
		return []string{`"Query"`, `"AIUsageOrder"`}
	}
	return []string{`"x"`, `""`, `"""x"""`}
}

// wrong is a literal that may not be of a type.
func (d *draw) wrong(t *ast.Type) string {
	literals := []string{
		"null", "{}", "[]", "[null]", "[[1]]", "1", "-0", "1.0", "1e1", "2147483648", "-2147483649", "99999999999999999999", `"2"`, `""`,
		`"true"`, "true", "nothing", "asc", `"ASC"`, "{field: ID}", "{field: id}", `{field: "ID"}`, "{if: true}", "[ASC]", "ASC", "HOUR", "hour",
	}
	if definition := d.schema.Types[t.Name()]; definition.Kind == ast.Enum {
		literals = append(literals, strings.ToLower(definition.EnumValues[0].Name), `"`+definition.EnumValues[0].Name+`"`)
	}
	return d.of(literals...)
}

// variable makes up a variable for a place of a type, which need not suit it.
func (d *draw) variable(t *ast.Type, name string) string {
	variable := fmt.Sprintf("v%d", len(d.variables))
	declared, withDefault := *t, d.pick(4) == 3
	switch d.pick(24) {
	case 20:
		declared.NonNull = !t.NonNull
	case 21:
		declared.NonNull = true
	case 22:
		declared = ast.Type{Elem: t, NonNull: d.pick(2) == 1}
	case 23:
		declared = ast.Type{NamedType: d.of("Int", "String", "Boolean", "ID", "Float", "OrderDirection", "AIUsageOrder", "DateTime", "Nothing", "Query")}
	case 0, 1, 2, 3, 4, 5: // null may come where it cannot be
		declared.NonNull, withDefault = false, t.NonNull || withDefault
	}
	definition := "$" + variable + ": " + declared.String()
	if known := d.schema.Types[declared.Name()]; known != nil && known.IsInputType() {
		place := len(d.variables)
		d.variables = append(d.variables, "")
		switch {
		case withDefault && d.pick(16) == 15:
			definition += " = " + d.wrong(&declared)
		case withDefault:
			definition += " = " + d.constant(&declared, name)
		}
		d.variables[place] = definition
	} else {
		d.variables = append(d.variables, definition)
	}
	if value := d.json(&declared, name); value != "" {
		d.values = append(d.values, `"`+variable+`":`+value)
	}
	return "$" + variable
}

// constant is fitting without variables.
func (d *draw) constant(t *ast.Type, name string) string {
	variables, values := len(d.variables), len(d.values)
	text := d.fitting(t, name)
	if len(d.variables) > variables { // an input object had one
		d.variables, d.values = d.variables[:variables], d.values[:values]
		return "{field: AI_MINUTES}"
	}
	return text
}

// json is the value of a variable, "" where it has none.
func (d *draw) json(t *ast.Type, name string) string {
	switch n := d.pick(12); {
	case n < 2 && !t.NonNull || n == 2:
		return ""
	case n < 4 && !t.NonNull && !d.calm || n == 4 && !d.calm:
		return "null"
	case n == 5:
		return d.of(
			"{}", "[]", "[null]", "[[1]]", "1", "-0", "1.0", "2.0", "1e1", "1.5", "2147483647", "2147483648", "-2147483649", "1e400",
			"12345678901234567890", "0.1e1", `"2"`, `""`, `"true"`, "true", "false", `"asc"`, `"ASC"`, `"Desc"`, `["ASC"]`, `{"field":"ID"}`,
			`{"field":"id"}`, `{"field":"ID","direction":"desc"}`, `{"field":"ID","direction":null}`, `{"direction":"ASC"}`,
			`{"field":"ID","nothing":1}`, `{"field":"ID","__typename":"x"}`, `{"field":{}}`, `{"field":["ID"]}`, `"hour"`, `"HOUR"`, `"sessions"`)
	}
	return d.fittingJSON(t, name)
}

func (d *draw) fittingJSON(t *ast.Type, name string) string {
	if t.Elem != nil {
		return "[" + d.fittingJSON(t.Elem, name) + "]"
	}
	definition := d.schema.Types[t.NamedType]
	switch {
	case definition == nil:
		return "1"
	case definition.Kind == ast.Enum:
		return `"` + definition.EnumValues[d.pick(len(definition.EnumValues))].Name + `"`
	case definition.Kind == ast.InputObject:
		var members []string
		if d.inputObject++; d.inputObject < 3 {
			for _, field := range definition.Fields {
				if field.Type.NonNull || d.pick(3) == 2 {
					if value := d.json(field.Type, field.Name); value != "" {
						members = append(members, `"`+field.Name+`":`+value)
					}
				}
			}
		}
		d.inputObject--
		return "{" + strings.Join(members, ",") + "}"
	}
	return strings.ReplaceAll(d.of(fittingScalars(definition.Name, name)...), `"""`, `"`)
}
