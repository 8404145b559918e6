package resolvers_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// documentDrawer makes up documents of a schema, and the values that they need. It prefers what it
// has drawn least.
type documentDrawer struct {
	drawer
	schema *ast.Schema
	days   []string // to ask for
	known  *world
	drawn  seen
	given  seen // of arguments
	thin   seen // what is told of the fields of a document by reached

	declared  []string // the variables of a document
	variables map[string]any
	fragments []string
	// told are the forms of the fields of a document, by their names: those that are alike have
	// one name in an answer.
	told map[string][]string
	size int
	// literal tells that a document has no variables.
	literal bool
}

// enum is a value of an enum.
type enum string

// cursorVariable begins the names of variables for cursors. They are given cursors once there
// are some.
const cursorVariable = "cursor"

// document returns a document and its variables.
func (d *documentDrawer) document() (text string, variables map[string]any) {
	d.begin()
	var roots []string
	for range 1 + d.IntN(2) {
		roots = append(roots, d.field("Query", 7, ""))
	}
	return d.whole(strings.Join(roots, " ")), d.variables
}

// whole returns a query of what has been drawn, with its fragments and variables.
func (d *documentDrawer) whole(roots string) string {
	text := "{" + roots + "}" + strings.Join(d.fragments, "")
	if len(d.declared) > 0 {
		text = "query(" + strings.Join(d.declared, ",") + ")" + text
	}
	return text
}

// begin forgets the last document.
func (d *documentDrawer) begin() {
	d.declared, d.variables, d.fragments, d.told, d.size, d.thin, d.literal = nil, map[string]any{}, nil, map[string][]string{}, 0, seen{}, false
}

// again returns a document that reads by their ids some of what has been answered with one.
func (d *documentDrawer) again() (text string, variables map[string]any) {
	d.begin()
	ids := []any{}
	for range 1 + d.IntN(12) {
		ids = append(ids, d.scalar("ID", "ids"))
	}
	d.variables["ids"], d.declared = ids, append(d.declared, "$ids:[ID!]!")
	return d.whole("nodes(ids:$ids)" + d.nodes(d.schema.Types["Node"], 3)), d.variables
}

// subscription returns one, without variables.
func (d *documentDrawer) subscription() string {
	d.begin()
	d.literal = true
	return "subscription{" + d.field("Subscription", 5, "") + "}" + strings.Join(d.fragments, "")
}

// rarely tells apart what is drawn now and then only.
func (d *documentDrawer) rarely(of int) bool { return d.IntN(of) == 0 }

// least returns one of some names, which has been drawn least of a few, or below which there is what
// documents have reached least.
func (d *documentDrawer) least(place string, names []string) string {
	best := among(d.drawer, names...)
	for range 3 {
		if other := among(d.drawer, names...); d.interest(place+other) < d.interest(place+best) {
			best = other
		}
	}
	d.drawn[place+best]++
	return best
}

// interest is lower for what has been drawn less, and for fields below which there is what few
// documents have reached.
func (d *documentDrawer) interest(name string) int {
	typeName, fieldName, _ := strings.Cut(name, ".")
	definition := d.schema.Types[typeName]
	if definition == nil || definition.Kind != ast.Object {
		return d.drawn[name]
	}
	if _, known := d.thin[name]; !known {
		d.thin[name] = d.reached(definition.Fields.ForName(fieldName), name, 2)
	}
	return d.drawn[name] + 3*d.thin[name]
}

// reached is in how many documents there was a field, or what is below it and was in the fewest.
func (d *documentDrawer) reached(field *ast.FieldDefinition, name string, depth int) int {
	least, below := d.known.reached[name], d.schema.Types[field.Type.Name()]
	if depth == 0 || below.Kind != ast.Object || notDrawn[below.Name] != "" {
		return least
	}
	for _, one := range below.Fields {
		least = min(least, d.reached(one, below.Name+"."+one.Name, depth-1))
	}
	return least
}

// heavy are fields of which an answer may have very many values.
var heavy = map[string]bool{"series": true, "sessionsConnection": true, "usage": true, "drivers": true, "customers": true}

// field returns a field of a type with what is below it, at most so deep.
func (d *documentDrawer) field(typeName string, depth int, prefix string) string {
	var names []string
	for _, field := range d.schema.Types[typeName].Fields {
		leaf := d.schema.Types[field.Type.Name()].IsLeafType()
		if strings.HasPrefix(field.Name, "__") || !leaf && (depth < 2 || d.size > 60) || heavy[field.Name] && d.size > 40 {
			continue
		}
		names = append(names, field.Name)
	}
	if len(names) == 0 {
		return "__typename"
	}
	name := d.least(typeName+".", names)
	if typeName == "Query" && !d.rarely(3) { // below which most of the graph is
		name = "aiUsage"
	}
	field := d.schema.Types[typeName].Fields.ForName(name)
	d.size++
	arguments := d.arguments(typeName, field)
	form := name + arguments
	if d.rarely(12) {
		form += "#again"
	}
	at := slices.Index(d.told[name], form)
	if at < 0 {
		at = len(d.told[name])
		d.told[name] = append(d.told[name], form)
	}
	alias := prefix
	if prefix != "" {
		alias += name
	}
	if at > 0 {
		alias = fmt.Sprintf("%s%s%d", prefix, name, at)
	}
	if alias != "" {
		alias += ":"
	}
	text := alias + name + arguments
	if typeName != "Subscription" { // whose field depends on no condition
		text += d.directive()
	}
	if below := d.schema.Types[field.Type.Name()]; !below.IsLeafType() {
		text += d.selections(below, depth-1)
	}
	return text
}

// selections returns what is selected of a type.
func (d *documentDrawer) selections(of *ast.Definition, depth int) string {
	switch {
	case of.Kind == ast.Interface:
		return d.nodes(of, depth)
	case of.Name == "AIUsagePlan":
		return wholePlan
	case of.Name == "AIUsageDrivers" && !d.rarely(3):
		return wholeDrivers
	}
	var all []string
	if of.Name == "AIUsage" {
		all = append(all, "asOf") // by which it is known what is compared with
	}
	if strings.HasSuffix(of.Name, "Connection") && d.rarely(2) {
		all = append(all, "pageInfo{startCursor endCursor}") // to go on from
	}
	for range 2 + d.IntN(4) {
		all = append(all, d.field(of.Name, depth, ""))
	}
	if d.rarely(8) {
		all = append(all, "__typename"+d.directive())
	}
	if d.rarely(4) {
		cut := d.IntN(len(all))
		all = append(all[:cut:cut], d.fragment(of.Name, all[cut:]))
	}
	return "{" + strings.Join(all, " ") + "}"
}

// wholePlan is all that a plan says, without which it cannot be held to anything.
const wholePlan = "{source level pieces{grain timeZone sign from to} sessions{sign from to} kept{sign from to}}"

// wholeDrivers is nearly all that is told of drivers, whose fields say little by themselves.
const wholeDrivers = "{by of current previous change largest{account{name} customer{customerId} hour weekday status current previous change} rest{count current previous change}}"

// fragment returns some selections of a type as a fragment.
func (d *documentDrawer) fragment(typeName string, selections []string) string {
	text := "{" + strings.Join(selections, " ") + "}"
	if slices.Contains(selections, "asOf") {
		return "..." + text
	}
	switch d.IntN(3) {
	case 0:
		name := fmt.Sprintf("F%d", len(d.fragments))
		d.fragments = append(d.fragments, "fragment "+name+" on "+typeName+text)
		return "..." + name + d.directive()
	case 1:
		return "..." + d.directive() + text
	}
	return "...on " + typeName + d.directive() + text
}

// nodes returns what is selected of whatever has an id. What may be of several types has names of
// its own for each, as those must not meet.
func (d *documentDrawer) nodes(of *ast.Definition, depth int) string {
	all := []string{"__typename", "id"}
	possible := d.schema.GetPossibleTypes(of)
	for range 1 + d.IntN(4) {
		one := possible[d.IntN(len(possible))]
		text := d.field(one.Name, depth-1, strings.ToLower(one.Name)+"_")
		if one.Name == "AIUsage" {
			text = "asOf " + text
		}
		all = append(all, "...on "+one.Name+"{"+text+"}")
	}
	if d.rarely(3) {
		all = append(all, "...on Node{id}")
	}
	return "{" + strings.Join(all, " ") + "}"
}

func (d *documentDrawer) directive() string {
	if !d.rarely(10) {
		return ""
	}
	name, value := among(d.drawer, "include", "skip"), d.IntN(3) > 0
	if name == "skip" {
		value = !value
	}
	text := fmt.Sprint(value)
	if !d.literal && d.rarely(2) {
		text = d.variable(ast.NonNullNamedType("Boolean", nil), value)
	}
	return "@" + name + "(if:" + text + ")"
}

// variable declares a variable with a value.
func (d *documentDrawer) variable(of *ast.Type, value any) string {
	name := fmt.Sprintf("v%d", len(d.declared))
	declared := "$" + name + ":" + of.String()
	if value != nil && d.rarely(6) {
		declared += "=" + written(value) // its default, and not given
	} else {
		d.variables[name] = value
	}
	d.declared = append(d.declared, declared)
	return "$" + name
}

func (d *documentDrawer) arguments(typeName string, field *ast.FieldDefinition) string {
	values := d.values(field.Arguments, typeName+"."+field.Name)
	var given []string
	for _, definition := range field.Arguments {
		value, is := values[definition.Name]
		if !is {
			continue
		}
		d.given.value(d.schema, typeName+"."+field.Name+"."+definition.Name, definition.Type, value)
		text := written(value)
		switch name := definition.Name; {
		case d.literal:
		case name == "after" || name == "before":
			variable := fmt.Sprintf("%s%d", cursorVariable, len(d.declared))
			d.declared = append(d.declared, "$"+variable+":String")
			d.variables[variable] = value
			text = "$" + variable
		case d.rarely(3):
			text = d.variable(definition.Type, value)
		}
		given = append(given, definition.Name+":"+text)
	}
	if len(given) == 0 {
		return ""
	}
	return "(" + strings.Join(given, ",") + ")"
}

// alternatives are arguments that mostly do not go together, and what is given of them.
var alternatives = [][][]string{
	{{"shift", "elapsed"}, {}, {}, {"shift"}, {"elapsed"}, {"shift", "elapsed"}},
	{{"startDate", "endDate", "period", "range"}, {}, {"startDate", "endDate"}, {"startDate", "endDate"}, {"startDate"}, {"endDate"}, {"period"}, {"period"}, {"range"}, {"range"}},
	{{"first", "last"}, {}, {"first"}, {"first"}, {"last"}},
	{{"search", "minimum", "named"}, {"search"}, {"minimum"}, {"minimum"}, {"named"}, {"minimum", "named"}},
}

// seldom are arguments that leave little to see, with how seldom they are given.
var seldom = map[string]int{"accountId": 9, "customerId": 9, "accountIds": 9, "customerIds": 9, "search": 6, "filter": 4}

// values makes up the arguments of a field, or the members of an input object.
func (d *documentDrawer) values(definitions ast.ArgumentDefinitionList, place string) map[string]any {
	given := map[string]bool{}
	for _, definition := range definitions {
		required := definition.Type.NonNull && definition.DefaultValue == nil
		given[definition.Name] = required || d.rarely(cmp.Or(seldom[definition.Name], 3)) || d.given[place+"."+definition.Name] == 0 && d.rarely(3)
	}
	for _, some := range alternatives {
		if definitions.ForName(some[0][0]) == nil || d.rarely(20) {
			continue
		}
		for _, name := range some[0] {
			given[name] = false
		}
		if place == "AIUsageComparison" && (given["shift"] || given["elapsed"]) {
			continue
		}
		for _, name := range among(d.drawer, some[1:]...) {
			given[name] = definitions.ForName(name) != nil
		}
	}
	values := map[string]any{}
	for _, definition := range definitions {
		if !given[definition.Name] {
			continue
		}
		if value := d.value(definition.Type, definition.Name); value != nil || !definition.Type.NonNull {
			values[definition.Name] = value
		}
	}
	for _, ends := range [][2]string{{"startDate", "endDate"}, {"from", "to"}} {
		from, _ := values[ends[0]].(string)
		to, _ := values[ends[1]].(string)
		if to != "" && to < from && !d.rarely(8) { // which would be no time at all
			values[ends[0]], values[ends[1]] = to, from
		}
	}
	return values
}

// value makes up a value for a place.
func (d *documentDrawer) value(of *ast.Type, name string) any {
	if !of.NonNull && d.rarely(15) {
		return nil
	}
	if of.Elem != nil {
		items := []any{}
		for range d.IntN(5) {
			items = append(items, d.value(of.Elem, name))
		}
		return items
	}
	switch definition := d.schema.Types[of.NamedType]; {
	case definition.Kind == ast.Enum:
		var all []string
		for _, value := range definition.EnumValues {
			all = append(all, value.Name)
		}
		if definition.Name == "AIUsageGranularity" && !d.rarely(4) {
			all = slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, "HOUR") })
		}
		return enum(d.least(definition.Name+".", all))
	case definition.Kind == ast.InputObject:
		return d.inputObject(definition)
	}
	return d.scalar(of.NamedType, name)
}

func (d *documentDrawer) inputObject(definition *ast.Definition) any {
	if definition.Directives.ForName("oneOf") != nil {
		var all []string
		for _, field := range definition.Fields {
			all = append(all, field.Name)
		}
		one := definition.Fields.ForName(d.least(definition.Name+".", all))
		required := *one.Type
		required.NonNull = true
		return map[string]any{one.Name: d.value(&required, one.Name)}
	}
	var members ast.ArgumentDefinitionList
	for _, field := range definition.Fields {
		members = append(members, &ast.ArgumentDefinition{Name: field.Name, Type: field.Type, DefaultValue: field.DefaultValue})
	}
	return d.values(members, definition.Name)
}

func (d *documentDrawer) scalar(typeName, name string) any {
	nasty := d.rarely(25)
	switch name {
	case "first", "last":
		if nasty {
			return among(d.drawer, int64(-1), 10_001, 1_001)
		}
		return int64(d.IntN(6))
	case "after", "before":
		return nil // until there is one
	case "accountId", "accountIds":
		return d.id([]string{"new", "A ", "none"}, graphAccounts, nasty)
	case "customerId", "customerIds":
		return d.id([]string{"new", "none", "Kunde-1  "}, graphCustomers, nasty)
	case "id", "ids":
		if kinds := slices.Sorted(maps.Keys(d.known.idsOf)); len(kinds) > 0 && !nasty {
			return among(d.drawer, d.known.idsOf[among(d.drawer, kinds...)]...)
		}
		return among(d.drawer, "x", "", "AQ")
	case "search":
		if nasty {
			return strings.Repeat("x", 256)
		}
		return among(d.drawer, "", "u", "ARZT", "Kunde-1", "e", "сын", "9", "nothing", "\u0301")
	case "timeZone":
		if nasty {
			return among(d.drawer, "Mars/Base", "Local")
		}
		return among(d.drawer, "UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Chatham", "Antarctica/Troll", "")
	}
	switch typeName {
	case "Boolean":
		return d.rarely(2)
	case "Int64":
		return among[any](d.drawer, int64(1), int64(1), int64(2), int64(2), int64(3), int64(0), int64(61), int64(70_000_000), "2", "1")
	case "Date":
		return among(d.drawer, d.days...)
	case "DateTime":
		return d.instant()
	}
	if nasty {
		return among(d.drawer, "x", "2026-02-30", "2026-03-01T25:00")
	}
	return among(d.drawer, among(d.drawer, d.days...), among(d.drawer, d.days...), d.instant(), among(d.drawer, d.days...)+"T10:15", "")
}

func (d *documentDrawer) id(others, ids []string, nasty bool) string {
	if nasty {
		return among(d.drawer, strings.Repeat("x", 65), "", "none")
	}
	if d.rarely(6) {
		return among(d.drawer, others...)
	}
	return among(d.drawer, ids...)
}

func (d *documentDrawer) instant() string {
	day := among(d.drawer, d.days...)
	return day + among(d.drawer, "T00:00:00Z", "T01:00:00.123Z", "T02:15:00+02:00", "T22:30:00-03:30", "T23:59:59.9999Z", "T01:30:00+01:00")
}

// written is a value as a literal.
func written(value any) string {
	switch value := value.(type) {
	case []any:
		var items []string
		for _, item := range value {
			items = append(items, written(item))
		}
		return "[" + strings.Join(items, ",") + "]"
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			members = append(members, name+":"+written(value[name]))
		}
		return "{" + strings.Join(members, ",") + "}"
	case enum:
		return string(value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts and numbers can be written
	}
	return string(text)
}

// daysAround are days to ask about: those of a week in which clocks are changed, and some before now.
func daysAround(now time.Time) []string {
	days := []string{"2026-03-07", "2026-03-08", "2026-03-09", "2026-03-28", "2026-03-29", "2026-03-30", "2026-04-01", "2026-04-05", "2026-04-06"}
	for _, ago := range []int{0, 1, 7, 20, 31, 45, 60, -5} {
		days = append(days, now.AddDate(0, 0, -ago).Format("2006-01-02"))
	}
	return days
}
