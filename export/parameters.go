package export

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"aiusage/handwritten"
	"aiusage/listing"
	"aiusage/usage"
)

// Parameters are a request while it is put together of words, which are the same at every
// door: those of GraphQL in upper or lower case, with - for _, and without AI_.
type Parameters struct {
	Options
	request   Request
	direction listing.OrderDirection
	measure   listing.Measure
	minimum   *int64
	ordered   bool
}

// word is what a value is called.
type word[T any] struct {
	text  string
	value T
}

var (
	levels     = []word[usage.Level]{{"customer", usage.ByCustomer}, {"account", usage.ByAccount}}
	measures   = []word[listing.Measure]{{"minutes", listing.Minutes}, {"seconds", listing.Seconds}, {"sessions", listing.Sessions}}
	directions = []word[listing.OrderDirection]{{"asc", listing.Ascending}, {"desc", listing.Descending}}
	includes   = []word[listing.Include]{{"current", listing.Current}, {"previous", listing.OfPrevious}, {"both", listing.OfEither}}
	shifts     = []word[usage.Shift]{{"period", usage.ByPeriod}, {"week", usage.ByWeek}, {"month", usage.ByMonth}, {"year", usage.ByYear}}
	// orders by what has a size go by the largest first unless a direction says otherwise.
	orders = []word[listing.Order]{
		{"id", listing.Order{Field: listing.ByID, Direction: listing.Ascending}},
		{"name", listing.Order{Field: listing.ByName, Direction: listing.Ascending}},
		{"minutes", largest(listing.OrderField(listing.Minutes))},
		{"seconds", largest(listing.OrderField(listing.Seconds))},
		{"sessions", largest(listing.OrderField(listing.Sessions))},
		{"share", largest(listing.ByShare)},
		{"previous", largest(listing.ByPrevious)},
		{"change", largest(listing.ByChange)},
		{"change-relative", largest(listing.ByRelativeChange)},
	}
)

func largest(field listing.OrderField) listing.Order {
	return listing.Order{Field: field, Direction: listing.Descending}
}

// setters are all parameters beside those of the report itself. Each puts its value, which is
// not empty, where it belongs.
var setters = map[usage.Argument]func(p *Parameters, value string) error{
	usage.ArgGranularity: func(p *Parameters, value string) error {
		step := usage.Step(usage.InCapitals(value))
		if !slices.Contains(usage.Steps, step) {
			return NotKnown(usage.ArgGranularity, value, usage.Steps)
		}
		p.request.Series = step
		return nil
	},
	ArgColumns: func(p *Parameters, value string) error { p.Columns = strings.Split(value, ","); return nil },
	ArgLevel:   func(p *Parameters, value string) error { return set(&p.request.Level, ArgLevel, value, levels) },
	ArgTop: func(p *Parameters, value string) (err error) {
		if p.request.Top, err = strconv.Atoi(value); err != nil || p.request.Top < 1 {
			return NotKnown(ArgTop, value, []string{"a number from 1 on"})
		}
		return nil
	},
	ArgOrder: func(p *Parameters, value string) error {
		p.ordered = true
		return set(&p.request.Order, ArgOrder, value, orders)
	},
	ArgDirection:    func(p *Parameters, value string) error { return set(&p.direction, ArgDirection, value, directions) },
	ArgMeasure:      func(p *Parameters, value string) error { return set(&p.measure, ArgMeasure, value, measures) },
	ArgInclude:      func(p *Parameters, value string) error { return set(&p.request.Include, ArgInclude, value, includes) },
	usage.ArgSearch: func(p *Parameters, value string) error { p.request.Filter.Search = value; return nil },
	ArgMinimum: func(p *Parameters, value string) error {
		least, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return NotKnown(ArgMinimum, value, []string{"a whole number of 64 bits"})
		}
		p.minimum = &least
		return nil
	},
	ArgNamed: func(p *Parameters, value string) error {
		named, err := isTrue(ArgNamed, value)
		p.request.Filter.Named = &named
		return err
	},
	ArgNames:    func(p *Parameters, value string) error { return setTrue(&p.request.Names, ArgNames, value) },
	ArgPrevious: func(p *Parameters, value string) error { return setTrue(&p.request.Previous, ArgPrevious, value) },
	usage.ArgShift: func(p *Parameters, value string) error {
		return set(&p.request.Compare.Shift, usage.ArgShift, value, shifts)
	},
	usage.ArgElapsed: func(p *Parameters, value string) error {
		return setTrue(&p.request.Compare.Elapsed, usage.ArgElapsed, value)
	},
	ArgCompareFrom: func(p *Parameters, value string) error { p.request.Compare.StartDate = value; return nil },
	ArgCompareTo:   func(p *Parameters, value string) error { p.request.Compare.EndDate = value; return nil },
	ArgComparedTo: func(p *Parameters, value string) error {
		period := usage.Period(usage.InCapitals(value))
		if !slices.Contains(usage.Periods, period) {
			return NotKnown(ArgComparedTo, value, usage.Periods)
		}
		p.request.Compare.Period = period
		return nil
	},
	ArgSpreadsheet: func(p *Parameters, value string) error { return setTrue(&p.Spreadsheet, ArgSpreadsheet, value) },
}

// Arguments are the parameters that Set takes.
func Arguments() []usage.Argument {
	var arguments []usage.Argument
	for argument := range setters {
		arguments = append(arguments, argument)
	}
	slices.Sort(arguments)
	return arguments
}

// Set takes a parameter of Arguments. An empty value is as if it were not there. The error is
// an InvalidArgument that names the parameter.
func (p *Parameters) Set(argument usage.Argument, value string) error {
	if value == "" {
		return nil
	}
	return setters[argument](p, value)
}

// Request returns what the parameters ask for. The error is an InvalidArgument that names the
// parameter which does not go with the others.
func (p *Parameters) Request() (Request, error) {
	request, err := p.request.WithColumns(p.Columns)
	if err != nil {
		return request, err
	}
	if request.Top > 0 && !p.ordered {
		request.Order = largest(listing.OrderField(listing.Minutes))
	}
	if p.direction != "" {
		if !p.ordered {
			return request, usage.Invalid(ArgDirection, "%s is about an %s", ArgDirection, ArgOrder).Accepting(values(textsOf(orders))...)
		}
		request.Order.Direction = p.direction
	}
	if p.minimum != nil {
		request.Filter.Minimum = &listing.Minimum{Measure: cmp.Or(p.measure, listing.Minutes), Value: *p.minimum}
	}
	ordersByMeasure := request.Order.Compares() || request.Order.Field == listing.ByShare
	if p.measure != "" && p.minimum == nil && !ordersByMeasure {
		return request, usage.Invalid(ArgMeasure, "%s is what %s is counted in, and an order by share, previous or change is of; neither is asked for", ArgMeasure, ArgMinimum)
	}
	if ordersByMeasure {
		request.Order.Measure = p.measure
	}
	if compare := &request.Compare; compare.StartDate != "" || compare.EndDate != "" {
		compare.StartsBy, compare.EndsBy = ArgCompareFrom, ArgCompareTo
	}
	return request, request.Check()
}

// set puts the value of a word where it belongs.
func set[T any](into *T, argument usage.Argument, sent string, words []word[T]) error {
	plain := strings.TrimPrefix(usage.Spelled(sent), "ai-")
	for _, one := range words {
		if one.text == plain {
			*into = one.value
			return nil
		}
	}
	return NotKnown(argument, sent, textsOf(words))
}

// setTrue puts whether something is on where it belongs.
func setTrue(into *bool, argument usage.Argument, sent string) (err error) {
	*into, err = isTrue(argument, sent)
	return err
}

func isTrue(argument usage.Argument, sent string) (bool, error) {
	switch strings.ToLower(sent) {
	case "1", "true":
		return true, nil
	case "0", "false":
		return false, nil
	}
	return false, NotKnown(argument, sent, []string{"1", "0", "true", "false"})
}

// NotKnown is the error that a value is none of those that a parameter takes, and which was meant most likely.
func NotKnown[T ~string](argument usage.Argument, sent string, accepted []T) error {
	at := slices.Index(textsIn(accepted), handwritten.Nearest(sent, textsIn(accepted)))
	if at < 0 {
		return usage.Invalid(argument, "%s %s is not known", argument, usage.Sent(sent)).Accepting(values(accepted)...)
	}
	return usage.Invalid(argument, "%s %s is not known; did you mean %s?", argument, usage.Sent(sent), accepted[at]).Accepting(values(accepted)...)
}

func textsOf[T any](words []word[T]) []string {
	texts := make([]string, len(words))
	for i, one := range words {
		texts[i] = one.text
	}
	return texts
}

func textsIn[T ~string](some []T) []string {
	texts := make([]string, len(some))
	for i, one := range some {
		texts[i] = string(one)
	}
	return texts
}

func values[T ~string](some []T) []any {
	all := make([]any, len(some))
	for i, one := range some {
		all[i] = one
	}
	return all
}
