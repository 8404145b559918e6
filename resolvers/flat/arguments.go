package flat

import (
	"context"
	"maps"

	"aiusage/listing"
	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// The arguments of reports, lists and comparisons, as they are once they have been coerced.
// What is of another kind, or not known here, is left to the usual path.

// members are the arguments of a field, or the fields of an input object.
type members struct {
	// values are those that nobody has asked for yet.
	values map[string]any
	wrong  bool
}

func membersOf(values map[string]any) *members { return &members{values: maps.Clone(values)} }

// understood tells whether all members that there are have been asked for, as what they are.
func (m *members) understood() bool { return !m.wrong && len(m.values) == 0 }

// valueOf returns a member, and what is none where it is absent or null.
func valueOf[T any](m *members, name string) (value T) {
	given := m.values[name]
	delete(m.values, name)
	if given != nil {
		var fits bool
		value, fits = given.(T)
		m.wrong = m.wrong || !fits
	}
	return value
}

// textsOf returns a member that is a list of texts, and nil where it is absent or null. An empty
// list stays one: as a literal it comes as a nil slice.
func textsOf(m *members, name string) []string {
	if m.values[name] == nil {
		delete(m.values, name)
		return nil
	}
	list := valueOf[[]any](m, name)
	texts := make([]string, len(list))
	for i, item := range list {
		text, fits := item.(string)
		texts[i], m.wrong = text, m.wrong || !fits
	}
	return texts
}

// RequestOf returns the arguments of aiUsage as a request.
func RequestOf(arguments map[string]any) (usage.Request, bool) {
	m := membersOf(arguments)
	request := usage.Request{
		AccountID: valueOf[string](m, "accountId"), CustomerID: valueOf[string](m, "customerId"),
		Among:     &usage.Among{AccountIDs: textsOf(m, "accountIds"), CustomerIDs: textsOf(m, "customerIds")},
		StartDate: valueOf[string](m, "startDate"), EndDate: valueOf[string](m, "endDate"),
		TimeZone: valueOf[string](m, "timeZone"), Period: usage.Period(valueOf[string](m, "period")),
	}
	request, err := request.In(rangeOf(m))
	return request, m.understood() && err == nil
}

// rangeOf returns a member that is a typed range.
func rangeOf(m *members) *usage.TypedRange {
	given := valueOf[map[string]any](m, "range")
	if given == nil {
		return nil
	}
	typed := &usage.TypedRange{}
	of := membersOf(given)
	ends := func(name string) *usage.Ends {
		given := valueOf[map[string]any](of, name)
		if given == nil {
			return nil
		}
		both := membersOf(given)
		found := &usage.Ends{From: optionalOf[string](both, "from"), To: optionalOf[string](both, "to")}
		m.wrong = m.wrong || !both.understood()
		return found
	}
	typed.Days, typed.Instants, typed.Period = ends("days"), ends("instants"), optionalOf[usage.Period](of, "period")
	m.wrong = m.wrong || !of.understood()
	return typed
}

// optionalOf returns a member that is a text, and nil where it is absent or null.
func optionalOf[T ~string](m *members, name string) *T {
	if m.values[name] == nil {
		delete(m.values, name)
		return nil
	}
	text := T(valueOf[string](m, name))
	return &text
}

// comparisonOf returns the comparison of some arguments.
func comparisonOf(arguments map[string]any) (usage.Comparison, bool) {
	m := membersOf(arguments)
	comparison := usage.Comparison{
		Shift: usage.Shift(valueOf[string](m, "shift")), Elapsed: valueOf[bool](m, "elapsed"),
		StartDate: valueOf[string](m, "startDate"), EndDate: valueOf[string](m, "endDate"), Period: usage.Period(valueOf[string](m, "period")),
	}
	return comparison, m.understood()
}

// comparisonTo returns the comparison of some arguments, of which one may be a typed range.
func comparisonTo(arguments map[string]any) (usage.Comparison, bool) {
	m := membersOf(arguments)
	typed := rangeOf(m)
	comparison, understood := comparisonOf(m.values)
	comparison, err := comparison.To(typed)
	return comparison, understood && !m.wrong && err == nil
}

// filterOf returns the filter of some arguments.
func filterOf(arguments map[string]any) (filter listing.Filter, understood bool) {
	m := membersOf(arguments)
	filter.Search = valueOf[string](m, "search")
	if m.values["named"] != nil {
		named := valueOf[bool](m, "named")
		filter.Named = &named
	}
	delete(m.values, "named")
	given := valueOf[map[string]any](m, "minimum")
	if given == nil {
		return filter, m.understood()
	}
	least := membersOf(given)
	filter.Minimum = &listing.Minimum{Measure: listing.Measure(valueOf[string](least, "measure"))}
	if filter.Minimum.Measure == "" {
		filter.Minimum.Measure = listing.Minutes
	}
	var err error
	filter.Minimum.Value, err = answer.UnmarshalInt64(context.Background(), valueOf[any](least, "value"))
	return filter, m.understood() && least.understood() && err == nil
}

// choiceOf returns the choice of rows that some arguments make.
func choiceOf(arguments map[string]any) (answer.Choice, bool) {
	m := membersOf(arguments)
	compare, comparesWell := comparisonTo(valueOf[map[string]any](m, "compare"))
	filter, filtersWell := filterOf(valueOf[map[string]any](m, "filter"))
	choice := answer.ChoiceOf(&filter, listing.Include(valueOf[string](m, "include")), &answer.Comparison{Comparison: compare})
	return choice, m.understood() && comparesWell && filtersWell
}
