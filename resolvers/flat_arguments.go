package resolvers

import (
	"context"

	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// The arguments of lists and comparisons, as they are once they have been coerced. What is of
// another kind is not understood, and left to the usual path.

// members are the arguments of a field, or the fields of an input object.
type members struct {
	values     map[string]any
	understood bool
}

// valueOf returns a member, and what is none where it is absent or null.
func valueOf[T any](m *members, name string) (value T) {
	if given := m.values[name]; given != nil {
		var fits bool
		if value, fits = given.(T); !fits {
			m.understood = false
		}
	}
	return value
}

// comparisonOf returns the comparison of some arguments.
func comparisonOf(arguments map[string]any) (usage.Comparison, bool) {
	m := &members{arguments, true}
	comparison := usage.Comparison{
		Shift: usage.Shift(valueOf[string](m, "shift")), Elapsed: valueOf[bool](m, "elapsed"),
		StartDate: valueOf[string](m, "startDate"), EndDate: valueOf[string](m, "endDate"), Period: usage.Period(valueOf[string](m, "period")),
	}
	return comparison, m.understood
}

// choiceOf returns the choice of rows that some arguments make.
func choiceOf(arguments map[string]any) (answer.Choice, bool) {
	m := &members{arguments, true}
	compare, understood := comparisonOf(valueOf[map[string]any](m, "compare"))
	filter := &members{valueOf[map[string]any](m, "filter"), true}
	chosen := answer.Filter{Search: valueOf[string](filter, "search")}
	if _, given := filter.values["named"].(bool); given {
		named := valueOf[bool](filter, "named")
		chosen.Named = &named
	} else {
		valueOf[bool](filter, "named")
	}
	if minimum := (&members{valueOf[map[string]any](filter, "minimum"), true}); minimum.values != nil {
		chosen.Minimum = &answer.Minimum{Measure: answer.Measure(valueOf[string](minimum, "measure"))}
		if chosen.Minimum.Measure == "" {
			chosen.Minimum.Measure = answer.Minutes
		}
		var err error
		chosen.Minimum.Value, err = answer.UnmarshalInt64(context.Background(), minimum.values["value"])
		filter.understood = filter.understood && minimum.understood && err == nil
	}
	choice := answer.ChoiceOf(&chosen, answer.Include(valueOf[string](m, "include")), &compare)
	return choice, m.understood && understood && filter.understood
}
