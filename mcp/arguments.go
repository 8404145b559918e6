package mcp

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/jsonschema-go/jsonschema"

	"aiusage/export"
	"aiusage/handwritten"
	"aiusage/usage"
)

// argument is something that a tool takes. What it says is also what is held to.
type argument struct {
	name usage.Argument
	// kind is that of JSON schema: string, integer or boolean.
	kind string
	says string
	// words are all values there are, in lower case; nil for any text.
	words []string
	// max is the largest number, from 1 on.
	max int
	// absent is the value where none is given, if that is always the same.
	absent     string
	isRequired bool
}

// names are what errors call arguments and values here: the names of GraphQL, and words in
// lower case.
var names = usage.Names{Spell: usage.Spelled}

func spelledAll[T ~string](values []T) []string {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = usage.Spelled(string(value))
	}
	return words
}

// The names of arguments beside those of reports and exports.
const (
	argFirst usage.Argument = "first"
	argAfter usage.Argument = "after"
)

// span are the arguments of a range, and of whose usage.
var span = []argument{
	{name: usage.ArgPeriod, kind: "string", words: spelledAll(usage.Periods), absent: "last-30-days",
		says: "The range by its name, on the calendar of timeZone. Weeks begin on Monday; this-month and the like count to their end, and last-7-days includes today. Not together with startDate and endDate."},
	{name: usage.ArgStartDate, kind: "string",
		says: "Where the range starts: a day such as 2026-03-01 in timeZone, an instant such as 2026-03-01T10:00:00Z or with an offset, or a time such as 2026-03-01T10:00 in timeZone. Inclusive. Together with endDate."},
	{name: usage.ArgEndDate, kind: "string",
		says: "Where the range ends, in the forms of startDate. A day is inclusive: 2026-03-31 means until the end of that day. An instant is exclusive."},
	{name: usage.ArgTimeZone, kind: "string",
		says: "The time zone of days and periods, as an IANA name such as Europe/Berlin. Absent, that of the gateway, which the answer names."},
}

var (
	accountID  = argument{name: usage.ArgAccountID, kind: "string", says: "Only the account with this id. find_accounts finds ids by names."}
	customerID = argument{name: usage.ArgCustomerID, kind: "string",
		says: "Only the customer with this id. It needs accountId beside it, as an id is that of a customer within an account."}
)

// comparison are the arguments that say what a range is compared with.
var comparison = []argument{
	{name: usage.ArgShift, kind: "string", words: []string{"period", "week", "month", "year"}, absent: "period",
		says: "How far back the range is that is compared with: period is the time of the same length just before; week, month and year are on the calendar."},
	{name: usage.ArgElapsed, kind: "boolean",
		says: "true: of a range that is not over yet, compare only the part that has elapsed, with the same part before."},
	{name: export.ArgCompareFrom, kind: "string", says: "Where another range starts that is compared with instead, in the forms of startDate. Not together with shift or elapsed."},
	{name: export.ArgCompareTo, kind: "string", says: "Where that other range ends, in the forms of endDate."},
	{name: export.ArgComparedTo, kind: "string", words: spelledAll(usage.Periods), says: "Or the other range by its name, as in period."},
}

// count is an argument that says how much is shown.
func count(name usage.Argument, max int, absent, says string) argument {
	return argument{name: name, kind: "integer", max: max, absent: absent, says: says}
}

// inputSchema returns the schema of arguments.
func inputSchema(arguments []argument) *jsonschema.Schema {
	schema := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}}}
	for _, one := range arguments {
		schema.Properties[string(one.name)] = one.schema()
		schema.PropertyOrder = append(schema.PropertyOrder, string(one.name))
		if one.isRequired {
			schema.Required = append(schema.Required, string(one.name))
		}
	}
	return schema
}

func (a argument) schema() *jsonschema.Schema {
	schema := &jsonschema.Schema{Type: a.kind, Description: a.says}
	for _, word := range a.words {
		schema.Enum = append(schema.Enum, word)
	}
	if a.kind == "integer" {
		least, most := 1.0, float64(a.max)
		schema.Minimum, schema.Maximum = &least, &most
		schema.Default = json.RawMessage(a.absent)
	} else if a.absent != "" {
		schema.Default, _ = json.Marshal(a.absent)
	}
	return schema
}

// given are values by the names of arguments, as text. What was not given is not there, and
// null and an empty text are as if they were not given.
type given map[usage.Argument]string

// number returns a number, which has been held to its bounds or is what stands for none.
func (g given) number(of argument) int {
	text := g[of.name]
	if text == "" {
		text = of.absent
	}
	number, _ := strconv.Atoi(text)
	return number
}

// read reads the arguments of a call. Every error is InvalidArgument, and names the argument at
// fault where it can.
func read(arguments []argument, document json.RawMessage) (given, error) {
	values := given{}
	if len(bytes.TrimSpace(document)) > 0 {
		if err := readObject(document, func(name string, value jsontext.Value) error {
			at := slices.IndexFunc(arguments, func(one argument) bool { return string(one.name) == name })
			if at < 0 {
				return unknown(name, arguments)
			}
			text, err := arguments[at].read(value)
			if text != "" {
				values[arguments[at].name] = text
			}
			return err
		}); err != nil {
			return nil, err
		}
	}
	for _, one := range arguments {
		if one.isRequired && values[one.name] == "" {
			return nil, usage.Invalid(one.name, "%s is needed", one.name).Accepting(anyOf(one.words)...)
		}
	}
	return values, nil
}

// readObject hands on the members of an object. Names that are given twice are an error, as is what is not Unicode.
func readObject(document []byte, take func(name string, value jsontext.Value) error) error {
	unreadable := usage.Errorf(usage.InvalidArgument, "the arguments cannot be read").Accepting("an object of JSON, with each name once")
	if jsontext.Value(document).Kind() == jsontext.KindNull {
		return nil
	}
	if !jsontext.Value(document).IsValid() || jsontext.Value(document).Kind() != jsontext.KindBeginObject {
		return unreadable
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(document))
	if _, err := decoder.ReadToken(); err != nil {
		return unreadable
	}
	for decoder.PeekKind() != jsontext.KindEndObject {
		name, err := decoder.ReadToken()
		if err != nil {
			return unreadable
		}
		member := name.String()
		value, err := decoder.ReadValue()
		if err != nil {
			return unreadable
		}
		if err := take(member, value); err != nil {
			return err
		}
	}
	return nil
}

// kinds are the kinds of values, in words.
var kinds = map[string]string{"string": "a text", "integer": "a whole number", "boolean": "true or false"}

// read returns a value as text.
func (a argument) read(value jsontext.Value) (string, error) {
	text := string(value)
	switch value.Kind() {
	case jsontext.KindNull:
		return "", nil
	case jsontext.KindString:
		if a.kind == "string" {
			unquoted, err := jsontext.AppendUnquote(nil, value)
			if err != nil {
				return "", usage.Invalid(a.name, "%s cannot be read", a.name)
			}
			return a.word(string(unquoted))
		}
	case jsontext.KindTrue, jsontext.KindFalse:
		if a.kind == "boolean" {
			return text, nil
		}
	case jsontext.KindNumber:
		if a.kind == "integer" {
			return text, a.checkNumber(text)
		}
	}
	accepted := []any{kinds[a.kind]}
	if a.kind == "integer" {
		accepted = a.numbers()
	}
	return "", usage.Invalid(a.name, "%s is not %s", a.name, kinds[a.kind]).Accepting(accepted...)
}

// word returns a text, or the word that it is, in any case.
func (a argument) word(text string) (string, error) {
	if a.words == nil || text == "" {
		return text, nil
	}
	plain := usage.Spelled(text)
	for _, word := range a.words {
		if plain == word || plain == "ai-"+word { // AI_MINUTES in GraphQL
			return word, nil
		}
	}
	return "", export.NotKnown(a.name, text, a.words)
}

func (a argument) checkNumber(text string) error {
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > a.max {
		return usage.Invalid(a.name, "%s is %s", a.name, usage.Sent(text)).Accepting(a.numbers()...)
	}
	return nil
}

func (a argument) numbers() []any {
	return []any{"a whole number from 1 to " + strconv.Itoa(a.max)}
}

// unknown refuses a name, and says which was meant, most likely.
func unknown(name string, arguments []argument) error {
	known := make([]string, len(arguments))
	for i, one := range arguments {
		known[i] = string(one.name)
	}
	meant := ""
	if best := handwritten.Nearest(name, known); best != "" {
		meant = "; did you mean " + best + "?"
	}
	return usage.Errorf(usage.InvalidArgument, "there is no argument %s%s", usage.Sent(name), meant).Accepting(anyOf(known)...)
}

func anyOf(words []string) []any {
	all := make([]any, len(words))
	for i, word := range words {
		all[i] = word
	}
	return all
}
