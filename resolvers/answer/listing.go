package answer

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"aiusage/collation"
	"aiusage/usage"
)

// Include says of which ranges rows are listed: of the report's, of the one that it is
// compared with, or of either.
type Include string

// The values of Include. An empty one is Current.
const (
	Current    Include = "CURRENT"
	OfPrevious Include = "PREVIOUS"
	OfEither   Include = "BOTH"
)

// Filter leaves rows out. Rows that are left out count in the totals all the same.
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

// Comparison is what rows are compared with, as it is asked for.
type Comparison struct {
	usage.Comparison
	// Range is another range that says of which kind it is, or nil.
	Range *usage.TypedRange
}

// Choice says which rows of a report are listed.
type Choice struct {
	Include Include
	// Compare is what rows of OfPrevious and OfEither, and orders, are compared with.
	Compare usage.Comparison
	Filter  Filter
	// fault is why there is no such comparison, or nil.
	fault error
}

// ChoiceOf returns the choice that the arguments of a list make.
func ChoiceOf(filter *Filter, include Include, compare *Comparison) Choice {
	choice := Choice{Include: include}
	if filter != nil {
		choice.Filter = *filter
	}
	if compare != nil {
		choice.Compare, choice.fault = compare.To(compare.Range)
		choice.Compare = choice.Compare.Normal()
	}
	return choice
}

// IsPlain tells whether the choice is of all rows that the report has.
func (c Choice) IsPlain() bool {
	return c.fault == nil && !c.compares() && c.Filter.Search == "" && c.Filter.Minimum == nil && c.Filter.Named == nil
}

// compares tells whether rows of the comparison are listed.
func (c Choice) compares() bool { return c.Include == OfPrevious || c.Include == OfEither }

// text is the same for choices that choose the same.
func (c Choice) text() string {
	text := fmt.Sprintf("%q", c.Filter.Search)
	if c.Filter.Minimum != nil {
		text += fmt.Sprintf(" %s>=%d", c.Filter.Minimum.Measure, c.Filter.Minimum.Value)
	}
	if c.Filter.Named != nil {
		text += fmt.Sprintf(" named=%v", *c.Filter.Named)
	}
	if c.compares() {
		text += fmt.Sprintf(" %s %#v", c.Include, c.Compare)
	}
	return text
}

// check tells whether rows can be chosen so. The error is an InvalidArgument.
func (c Choice) check() error {
	if c.fault != nil {
		return c.fault
	}
	return usage.CheckSearch(c.Filter.Search)
}

// line is a row before it is shown: whose it is, how much in the report's range, and which
// row of the report's it is, or none (-1) where it is of the comparison only.
type line struct {
	subject usage.Subject
	amount  usage.Usage
	at      int
}

// listing is rows that are listed together, in the order of their ids.
type listing struct {
	report *Report
	level  usage.Level
	lines  []line
	names  *names
}

// choose returns the rows of a level that are chosen.
func (r *Report) choose(ctx context.Context, level usage.Level, choice Choice) (*listing, error) {
	if err := choice.check(); err != nil {
		return nil, err
	}
	chosen := &listing{report: r, level: level, lines: r.lines(level)}
	chosen.names = &names{reading: r.reading, subjects: chosen.subjects}
	if choice.compares() {
		with, err := r.Compared(choice.Compare)
		if err != nil {
			return nil, err
		}
		chosen.lines = among(chosen.lines, with, level, choice.Include)
	}
	if err := chosen.filter(ctx, choice.Filter); err != nil {
		return nil, err
	}
	return chosen, nil
}

// lines are the rows of a level.
func (r *Report) lines(level usage.Level) []line {
	if level == usage.ByAccount {
		lines := make([]line, len(r.Report.Accounts))
		for i, row := range r.Report.Accounts {
			lines[i] = line{usage.Subject{AccountID: row.AccountID}, row.Usage, i}
		}
		return lines
	}
	lines := make([]line, len(r.Report.Customers))
	for i, row := range r.Report.Customers {
		lines[i] = line{row.Subject(), row.Usage, i}
	}
	return lines
}

// among returns the rows of a report and of what it is compared with (nil: nothing).
func among(lines []line, with *Report, level usage.Level, include Include) []line {
	if with == nil {
		if include == OfPrevious {
			return nil
		}
		return lines
	}
	if include == OfPrevious {
		compared := with.amounts(level)
		lines = slices.DeleteFunc(slices.Clone(lines), func(l line) bool {
			_, found := compared[l.subject.Trimmed()]
			return !found
		})
	}
	known := make(map[usage.Subject]bool, len(lines))
	for _, l := range lines {
		known[l.subject.Trimmed()] = true
	}
	for _, l := range with.lines(level) {
		if !known[l.subject.Trimmed()] {
			lines = append(lines, line{l.subject, usage.Usage{}, -1})
		}
	}
	slices.SortFunc(lines, func(a, b line) int { return a.subject.Compare(b.subject) })
	return lines
}

// filter leaves rows out.
func (l *listing) filter(ctx context.Context, filter Filter) error {
	keep := func(kept func(line) bool) {
		l.lines = slices.DeleteFunc(slices.Clone(l.lines), func(one line) bool { return !kept(one) })
	}
	if least := filter.Minimum; least != nil {
		keep(func(one line) bool { return least.Measure.of(one.amount) >= least.Value })
	}
	if filter.Search == "" && filter.Named == nil {
		return nil
	}
	known, err := l.names.all(ctx)
	if err != nil {
		return err
	}
	pattern := collation.NewPattern(filter.Search)
	keep(func(one line) bool {
		name, id := known[one.subject], one.subject.AccountID
		if l.level == usage.ByCustomer {
			id = one.subject.CustomerID
		}
		return (filter.Named == nil || *filter.Named == (name != "")) && (pattern.In(id) || pattern.In(name))
	})
	return nil
}

// subjects are those of the rows.
func (l *listing) subjects() []usage.Subject { return subjectsOf(l.lines) }

func subjectsOf(lines []line) []usage.Subject {
	subjects := make([]usage.Subject, len(lines))
	for i, one := range lines {
		subjects[i] = one.subject
	}
	return subjects
}

// accountRow returns a row as a node of a group.
func (l *listing) accountRow(one line, group *group) AccountUsage {
	if one.at < 0 {
		return AccountUsage{&usage.AccountUsage{AccountID: one.subject.AccountID}, group}
	}
	return AccountUsage{&l.report.Report.Accounts[one.at], group}
}

// customerRow returns a row as a node of a group.
func (l *listing) customerRow(one line, group *group) CustomerUsage {
	if one.at < 0 {
		return CustomerUsage{&usage.SubjectUsage{AccountID: one.subject.AccountID, CustomerID: one.subject.CustomerID}, group}
	}
	return CustomerUsage{&l.report.Report.Customers[one.at], group}
}

// customersOf returns the rows of an account's customers.
func (l *listing) customersOf(account string) []line {
	begin := sort.Search(len(l.lines), func(i int) bool { return l.lines[i].subject.AccountID >= account })
	end := begin + sort.Search(len(l.lines)-begin, func(i int) bool { return strings.Compare(l.lines[begin+i].subject.AccountID, account) > 0 })
	return l.lines[begin:end]
}
