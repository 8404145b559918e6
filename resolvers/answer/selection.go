package answer

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"aiusage/listing"
	"aiusage/usage"
)

// Comparison is what rows are compared with, as it is asked for.
type Comparison struct {
	usage.Comparison
	// Range is another range that says of which kind it is, or nil.
	Range *usage.TypedRange
}

// Choice says which rows of a report are listed.
type Choice struct {
	Include listing.Include
	// Compare is what rows of the other range, and orders, are compared with.
	Compare usage.Comparison
	Filter  listing.Filter
	// fault is why there is no such comparison, or nil.
	fault error
}

// ChoiceOf returns the choice that the arguments of a list make.
func ChoiceOf(filter *listing.Filter, include listing.Include, compare *Comparison) Choice {
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
	return c.fault == nil && !c.Include.Compares() && c.Filter.IsNone()
}

// text is the same for choices that choose the same.
func (c Choice) text() string {
	text := c.Filter.Text()
	if c.Include.Compares() {
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

// selection is rows that are listed together, in the order of their ids.
type selection struct {
	report *Report
	level  usage.Level
	lines  []listing.Line
	names  *names
}

// choose returns the rows of a level that are chosen.
func (r *Report) choose(ctx context.Context, level usage.Level, choice Choice) (*selection, error) {
	if err := choice.check(); err != nil {
		return nil, err
	}
	rows := &selection{report: r, level: level, lines: r.lines(level)}
	rows.names = &names{reading: r.reading, subjects: rows.subjects}
	if choice.Include.Compares() {
		with, err := r.Compared(choice.Compare)
		if err != nil {
			return nil, err
		}
		var compared []listing.Line
		if with != nil {
			compared = with.lines(level)
		}
		rows.lines = listing.Among(rows.lines, compared, choice.Include)
	}
	rows.lines = choice.Filter.WithMinimum(rows.lines)
	if choice.Filter.NeedsNames() {
		known, err := rows.names.all(ctx)
		if err != nil {
			return nil, err
		}
		rows.lines = choice.Filter.WithNames(rows.lines, level, nameIn(known))
	}
	return rows, nil
}

// nameIn returns the names that a map has.
func nameIn(known map[usage.Subject]string) listing.Names {
	return func(subject usage.Subject) string { return known[subject] }
}

// lines are the rows of a level.
func (r *Report) lines(level usage.Level) []listing.Line {
	if level == usage.ByAccount {
		lines := make([]listing.Line, len(r.Report.Accounts))
		for i, row := range r.Report.Accounts {
			lines[i] = listing.Line{Subject: usage.Subject{AccountID: row.AccountID}, Amount: row.Usage, At: i}
		}
		return lines
	}
	lines := make([]listing.Line, len(r.Report.Customers))
	for i, row := range r.Report.Customers {
		lines[i] = listing.Line{Subject: row.Subject(), Amount: row.Usage, At: i}
	}
	return lines
}

// subjects are those of the rows.
func (s *selection) subjects() []usage.Subject { return subjectsOf(s.lines) }

func subjectsOf(lines []listing.Line) []usage.Subject {
	subjects := make([]usage.Subject, len(lines))
	for i, one := range lines {
		subjects[i] = one.Subject
	}
	return subjects
}

// accountRow returns a row as a node of a group.
func (s *selection) accountRow(one listing.Line, group *group) AccountUsage {
	if one.At < 0 {
		return AccountUsage{&usage.AccountUsage{AccountID: one.Subject.AccountID}, group}
	}
	return AccountUsage{&s.report.Report.Accounts[one.At], group}
}

// customerRow returns a row as a node of a group.
func (s *selection) customerRow(one listing.Line, group *group) CustomerUsage {
	if one.At < 0 {
		return CustomerUsage{&usage.SubjectUsage{AccountID: one.Subject.AccountID, CustomerID: one.Subject.CustomerID}, group}
	}
	return CustomerUsage{&s.report.Report.Customers[one.At], group}
}

// positions reads what an order needs of the rows.
func (s *selection) positions(ctx context.Context, order listing.Order, compare usage.Comparison) (*listing.Positions, error) {
	var compared map[usage.Subject]usage.Usage
	if order.Compares() {
		with, err := s.report.Compared(compare)
		if err != nil {
			return nil, err
		}
		if with != nil {
			compared = with.amounts(s.level)
		}
	}
	var known map[usage.Subject]string
	if order.Field == listing.ByName {
		var err error
		if known, err = s.names.all(ctx); err != nil {
			return nil, err
		}
	}
	return order.Positions(s.report.Totals, compared, nameIn(known)), nil
}

// customersOf returns the rows of an account's customers.
func (s *selection) customersOf(account string) []listing.Line {
	begin := sort.Search(len(s.lines), func(i int) bool { return s.lines[i].Subject.AccountID >= account })
	end := begin + sort.Search(len(s.lines)-begin, func(i int) bool { return strings.Compare(s.lines[begin+i].Subject.AccountID, account) > 0 })
	return s.lines[begin:end]
}
