package export

import (
	"slices"
	"strings"

	"aiusage/listing"
	"aiusage/usage"
)

// What the values of a request are called, beside the arguments of a report.
const (
	ArgColumns     usage.Argument = "columns"
	ArgOrder       usage.Argument = "order"
	ArgDirection   usage.Argument = "direction"
	ArgMeasure     usage.Argument = "measure"
	ArgMinimum     usage.Argument = "minimum"
	ArgNamed       usage.Argument = "named"
	ArgInclude     usage.Argument = "include"
	ArgLevel       usage.Argument = "level"
	ArgNames       usage.Argument = "names"
	ArgPrevious    usage.Argument = "previous"
	ArgTop         usage.Argument = "top"
	ArgSpreadsheet usage.Argument = "spreadsheet"
	ArgCompareFrom usage.Argument = "compareStartDate"
	ArgCompareTo   usage.Argument = "compareEndDate"
	ArgComparedTo  usage.Argument = "comparePeriod"
)

// ErrNothingBefore says that there is nothing to compare a range with.
var ErrNothingBefore = usage.Errorf(usage.InvalidArgument, "only a range with a start and an end has a time before it to compare with")

// Request is what rows are to have, and which there are.
type Request struct {
	// Level is what rows are of: customers (with a row of each account for what belongs to
	// none), or accounts.
	Level usage.Level
	// Names: the names of accounts and customers.
	Names bool
	// Series, if not empty, makes a row for each step of time.
	Series usage.Step
	// Previous: the usage in the range that the report is compared with. Not together with Series.
	Previous bool
	// Compare is what the report is compared with, by Previous, Include and Order.
	Compare usage.Comparison
	// Include and Filter say which subjects there are, and Order in which order. Its zero
	// value is that of the ids.
	Include listing.Include
	Filter  listing.Filter
	Order   listing.Order
	// Top bounds the subjects, 0 for all.
	Top int
}

// Compares tells whether a request needs what the report is compared with.
func (r Request) Compares() bool { return r.Previous || r.Include.Compares() || r.Order.Compares() }

// Check tells what of a request does not go together. The error is an InvalidArgument.
func (r Request) Check() error {
	if r.Previous && r.Series != "" {
		return usage.Invalid(ArgPrevious, "%s and %s cannot go together: a row of a series has no usage of the time before", ArgPrevious, usage.ArgGranularity)
	}
	compare := r.Compare.Normal()
	if compare.Another && (compare.Shift != "" || compare.Elapsed) {
		return usage.Invalid(usage.ArgShift, "%s and %s are about the range of the report; they cannot go together with %s, %s or %s",
			usage.ArgShift, usage.ArgElapsed, ArgCompareFrom, ArgCompareTo, ArgComparedTo).Accepting("either of them")
	}
	if compare != (usage.Comparison{}) && !r.Compares() {
		at := ArgComparedTo
		if !compare.Another {
			at = usage.ArgElapsed
			if compare.Shift != "" {
				at = usage.ArgShift
			}
		}
		return usage.Invalid(at, "nothing is compared; %s goes together with %s, with %s, or with an %s by a comparison", at, ArgPrevious, ArgInclude, ArgOrder)
	}
	return usage.CheckSearch(r.Filter.Search)
}

// WithColumns returns the request with what columns need, which are written instead of all.
// The error is an InvalidArgument.
func (r Request) WithColumns(columns []string) (Request, error) {
	for i, name := range columns {
		r.Names = r.Names || strings.HasSuffix(name, "Name")
		r.Previous = r.Previous || strings.HasPrefix(name, "previous")
		if slices.Contains(columns[:i], name) {
			return r, usage.Invalid(ArgColumns, "%s has %s twice", ArgColumns, usage.Sent(name))
		}
	}
	known := r.Columns()
	for _, name := range columns {
		if slices.Contains(known, name) {
			continue
		}
		withSteps := Request{Level: r.Level, Series: usage.Daily}
		if slices.Contains(withSteps.Columns(), name) {
			return r, usage.Invalid(ArgColumns, "the column %s is that of a step of time, which %s asks for", name, usage.ArgGranularity).Accepting(values(known)...)
		}
		return r, NotKnown(ArgColumns, name, Request{Level: r.Level, Names: true, Previous: r.Series == "", Series: r.Series}.Columns())
	}
	return r, nil
}
