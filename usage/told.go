package usage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Argument is an argument of a request. Its text is the name that GraphQL has for
// it; each door says how it is called there (Names).
type Argument string

// The arguments of a request for usage. ArgAIMinutes is a field of the answer, which
// is at fault where a sum does not fit in it.
const (
	ArgAccountID   Argument = "accountId"
	ArgCustomerID  Argument = "customerId"
	ArgAccountIDs  Argument = "accountIds"
	ArgCustomerIDs Argument = "customerIds"
	ArgStartDate   Argument = "startDate"
	ArgEndDate     Argument = "endDate"
	ArgTimeZone    Argument = "timeZone"
	ArgPeriod      Argument = "period"
	ArgGranularity Argument = "granularity"
	ArgSearch      Argument = "search"
	ArgAIMinutes   Argument = "aiMinutes"
	ArgShift       Argument = "shift"
	ArgElapsed     Argument = "elapsed"
	ArgID          Argument = "id"
	ArgRange       Argument = "range"
	ArgBy          Argument = "by"
)

// Sent is a value as a caller sent it. It is shown in quotes, cut to a length that
// fits a message.
type Sent string

// maxShown is how much of a value that was sent is shown, in bytes.
const maxShown = 64

// String returns the value in quotes.
func (s Sent) String() string {
	text := string(s)
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return strconv.Quote(text)
}

// Text is a text about arguments: a format of package fmt with its values, of which
// each door writes those of the types Argument and Period in its own way.
type Text struct {
	Format string
	Values []any
}

// Textf makes a Text.
func Textf(format string, values ...any) Text { return Text{format, values} }

// anyDate is the type of AnyDate.
type anyDate struct{}

// AnyDate stands in Error.Accepted for every form of a date: those of DateForms and
// those that a door takes besides.
var AnyDate anyDate

// Names are how a door spells what errors are about. The zero value has the names
// of GraphQL.
type Names struct {
	// Arguments are the names of arguments. One that is not among them keeps the name
	// that it has in GraphQL.
	Arguments map[Argument]string
	// Spell returns the door's spelling of an enumeration's value, such as LAST_MONTH;
	// nil keeps that of GraphQL.
	Spell func(value string) string
	// DateForms are the forms of dates, by example, that the door takes beyond DateForms.
	DateForms []string
}

// Spelled returns the value of an enumeration as doors beside GraphQL write it: last-month for
// LAST_MONTH.
func Spelled(value string) string { return strings.ToLower(strings.ReplaceAll(value, "_", "-")) }

// InCapitals returns a word of such a door, in upper or lower case, as GraphQL writes it.
func InCapitals(word string) string { return strings.ToUpper(strings.ReplaceAll(word, "-", "_")) }

// Told is an error in the words of one door.
type Told struct {
	// Argument is the name of the argument at fault, or empty when no single one is.
	Argument string
	// Message is one sentence: what was wrong and where.
	Message string
	// Accepted lists what would be accepted instead, if that can be said.
	Accepted []string
}

// String returns the message followed by what would be accepted.
func (t Told) String() string {
	if len(t.Accepted) == 0 {
		return t.Message
	}
	return t.Message + "; accepted: " + strings.Join(t.Accepted, ", ")
}

// In returns the error in the words of the door that has the names.
func (e *Error) In(names Names) Told {
	told := Told{Argument: names.argument(e.Argument), Message: e.Message}
	if len(e.Values) > 0 {
		told.Message = names.text(Text{e.Message, e.Values})
	}
	for _, form := range e.Accepted {
		if _, dates := form.(anyDate); dates {
			told.Accepted = append(append(told.Accepted, DateForms...), names.DateForms...)
			continue
		}
		told.Accepted = append(told.Accepted, fmt.Sprint(names.value(form)))
	}
	return told
}

func (n Names) text(t Text) string {
	values := make([]any, len(t.Values))
	for i, value := range t.Values {
		values[i] = n.value(value)
	}
	return fmt.Sprintf(t.Format, values...)
}

// value returns a value as it is written at the door.
func (n Names) value(value any) any {
	switch value := value.(type) {
	case Argument:
		return n.argument(value)
	case Period:
		return n.spell(string(value))
	case Step:
		return n.spell(string(value))
	case Text:
		return n.text(value)
	}
	return value
}

func (n Names) argument(argument Argument) string {
	if name, ok := n.Arguments[argument]; ok {
		return name
	}
	return string(argument)
}

func (n Names) spell(value string) string {
	if n.Spell == nil {
		return value
	}
	return n.Spell(value)
}

// dependsOnDoor tells whether any of the values is written otherwise at another door.
func dependsOnDoor(values []any) bool {
	return slices.ContainsFunc(values, func(value any) bool {
		switch value.(type) {
		case Argument, Period, Step, Text:
			return true
		}
		return false
	})
}
