// Package listing chooses rows of reports and puts them in order, alike for every door that
// lists them.
package listing

import (
	"fmt"
	"slices"

	"aiusage/collation"
	"aiusage/usage"
)

// Measure is a number that usage is measured by.
type Measure string

// The measures.
const (
	Minutes  Measure = "AI_MINUTES"
	Seconds  Measure = "AI_SECONDS"
	Sessions Measure = "SESSIONS"
)

// Of returns the number.
func (m Measure) Of(amount usage.Usage) int64 {
	switch m {
	case Seconds:
		return amount.Seconds
	case Sessions:
		return amount.Sessions
	}
	return amount.Minutes
}

// Include says of which ranges rows are listed: of the report's, of the one that it is
// compared with, or of either.
type Include string

// The values of Include. An empty one is Current.
const (
	Current    Include = "CURRENT"
	OfPrevious Include = "PREVIOUS"
	OfEither   Include = "BOTH"
)

// Compares tells whether rows of the comparison are listed.
func (i Include) Compares() bool { return i == OfPrevious || i == OfEither }

// Filter leaves rows out. Rows that are left out count in the totals all the same. The zero
// value leaves none out.
type Filter struct {
	// Search is a text that the id or the name of a row has in it; empty leaves all.
	Search string
	// Minimum is what the usage of a row is at least, or nil.
	Minimum *Minimum
	// Named leaves only rows with a name, or only rows without; nil leaves all.
	Named *bool
}

// Minimum is a least amount.
type Minimum struct {
	Measure Measure
	Value   int64
}

// IsNone tells whether no row is left out.
func (f Filter) IsNone() bool { return f.Minimum == nil && !f.NeedsNames() }

// NeedsNames tells whether the filter looks at names.
func (f Filter) NeedsNames() bool { return f.Search != "" || f.Named != nil }

// Text is the same for filters that leave out the same.
func (f Filter) Text() string {
	text := fmt.Sprintf("%q", f.Search)
	if f.Minimum != nil {
		text += fmt.Sprintf(" %s>=%d", f.Minimum.Measure, f.Minimum.Value)
	}
	if f.Named != nil {
		text += fmt.Sprintf(" named=%v", *f.Named)
	}
	return text
}

// Line is a row before it is shown: whose it is, how much in the report's range, and which
// row of the report's it is, or none (-1) where it is of the comparison only.
type Line struct {
	Subject usage.Subject
	Amount  usage.Usage
	At      int
}

// Names tell the name of a subject, empty where it has none.
type Names func(usage.Subject) string

// Among returns the rows of a report, of which there are lines in the order of their ids, and of what it is compared with,
// whose lines are nil where there is no comparison. The lines themselves are left as they are.
func Among(lines, compared []Line, include Include) []Line {
	if !include.Compares() {
		return lines
	}
	used := subjects(compared)
	if include == OfPrevious {
		lines = keep(lines, func(l Line) bool { return used[l.Subject.Trimmed()] })
	}
	lines = slices.Clone(lines)
	known := subjects(lines)
	for _, l := range compared {
		if !known[l.Subject.Trimmed()] {
			lines = append(lines, Line{l.Subject, usage.Usage{}, -1})
		}
	}
	slices.SortFunc(lines, func(a, b Line) int { return a.Subject.Compare(b.Subject) })
	return lines
}

// subjects are those of lines, trimmed, because two reports may spell them in two ways.
func subjects(lines []Line) map[usage.Subject]bool {
	all := make(map[usage.Subject]bool, len(lines))
	for _, l := range lines {
		all[l.Subject.Trimmed()] = true
	}
	return all
}

// WithMinimum returns the lines that a minimum leaves.
func (f Filter) WithMinimum(lines []Line) []Line {
	if f.Minimum == nil {
		return lines
	}
	return keep(lines, func(one Line) bool { return f.Minimum.Measure.Of(one.Amount) >= f.Minimum.Value })
}

// WithNames returns the lines of a level that a search and Named leave. Rows of accounts are
// found by the account's id, and those of customers by the customer's.
func (f Filter) WithNames(lines []Line, level usage.Level, names Names) []Line {
	if !f.NeedsNames() {
		return lines
	}
	pattern := collation.NewPattern(f.Search)
	return keep(lines, func(one Line) bool {
		name, id := names(one.Subject), one.Subject.AccountID
		if level == usage.ByCustomer {
			id = one.Subject.CustomerID
		}
		return (f.Named == nil || *f.Named == (name != "")) && (pattern.In(id) || pattern.In(name))
	})
}

func keep(lines []Line, kept func(Line) bool) []Line {
	return slices.DeleteFunc(slices.Clone(lines), func(one Line) bool { return !kept(one) })
}
