package mcp

import (
	"context"
	"slices"

	"aiusage/export"
	"aiusage/usage"
)

var usageCompare = tool{
	name: "usage_compare", title: "Usage in two ranges",
	says: "How much was used in a range and in another one: totals, and the accounts or customers that changed most, those included that have begun or stopped. " +
		"Absent another choice, it is the time of the same length just before.",
	arguments: slices.Concat(span, comparison, []argument{accountID, customerID, level, top,
		{name: export.ArgOrder, kind: "string", absent: "change", says: "What rows are ordered by. change is in measure and has its sign: desc has growth first, asc what has shrunk. For the size of changes, ask usage_drivers.",
			words: []string{"change", "change-relative", "previous", "minutes", "seconds", "sessions", "id", "name"}},
		direction, measure, search}),
	output: schemaOf[Compare](),
	ask:    askCompare,
}

// Compare is the answer of usage_compare.
type Compare struct {
	About
	ComparedWith Span          `json:"comparedWith" jsonschema:"the other range"`
	Level        string        `json:"level" jsonschema:"what rows are of: account or customer"`
	Totals       InBoth        `json:"totals" jsonschema:"all usage in the ranges, of all rows that there are"`
	Rows         []ComparedRow `json:"rows" jsonschema:"the rows that are shown, in their order"`
	Counts       Counts        `json:"counts" jsonschema:"how many rows there are in either range"`
	LeftOut      ComparedRest  `json:"leftOut" jsonschema:"all rows that are not shown, together: rows and leftOut add up to totals"`
}

// InBoth is usage in two ranges. Its name is that of no field of its own, which would hide that from schemas where it is embedded.
type InBoth struct {
	Current  Amount `json:"current" jsonschema:"the usage in the range"`
	Previous Amount `json:"previous" jsonschema:"the usage in the range that it is compared with"`
	Change   Amount `json:"change" jsonschema:"current less previous"`
}

// ComparedRow is an account or a customer in two ranges.
type ComparedRow struct {
	Whose
	Status string `json:"status" jsonschema:"begun (sessions only in the range), stopped (only in the other one) or continued"`
	InBoth
}

// ComparedRest is rows that are not shown.
type ComparedRest struct {
	Rows int `json:"rows" jsonschema:"how many they are"`
	InBoth
}

// changeOf returns the change from one amount to another, or an OutOfRange error.
func changeOf(current, previous usage.Usage) (change InBoth, err error) {
	if change.Current, err = amountOf(current); err != nil {
		return change, err
	}
	if change.Previous, err = amountOf(previous); err != nil {
		return change, err
	}
	change.Change, err = amountOf(current.Minus(previous))
	return change, err
}

func askCompare(q *question) (reply, error) {
	if q.given[export.ArgMeasure] != "" && !slices.Contains([]string{"", "change", "change-relative", "previous"}, q.given[export.ArgOrder]) {
		return nil, usage.Invalid(export.ArgMeasure, "%s is what an %s by change or previous is counted in; %s is %s",
			export.ArgMeasure, export.ArgOrder, export.ArgOrder, q.given[export.ArgOrder])
	}
	request, err := q.rows(given{export.ArgNames: "1", export.ArgPrevious: "1", export.ArgInclude: "both",
		export.ArgTop: top.absent, export.ArgLevel: q.level(), export.ArgOrder: "change"},
		slices.Concat([]usage.Argument{export.ArgNames, export.ArgPrevious, export.ArgInclude, export.ArgTop, export.ArgLevel, export.ArgOrder,
			export.ArgDirection, export.ArgMeasure, usage.ArgSearch}, namesOf(comparison))...)
	if err != nil {
		return nil, err
	}
	query, err := q.query(request.Level)
	if err != nil {
		return nil, err
	}
	compare := &Compare{Level: q.level(), Rows: []ComparedRow{}}
	return compare, q.inSnapshot(query, func(ctx context.Context, snapshot usage.Snapshot) error {
		result, err := export.Read(ctx, snapshot, query, request)
		if err != nil {
			return err
		}
		compare.About = q.about(query, result.AsOf, view{order: request.Order, search: request.Filter.Search})
		compare.ComparedWith = spanOf(result.Previous.Query)
		return compare.take(result)
	})
}

func namesOf(arguments []argument) []usage.Argument {
	all := make([]usage.Argument, len(arguments))
	for i, one := range arguments {
		all[i] = one.name
	}
	return all
}

// take takes the rows of a result.
func (c *Compare) take(result *export.Result) (err error) {
	var rows []export.Row
	for row, err := range result.Rows {
		if err != nil {
			return err
		}
		change, err := changeOf(row.Usage, row.Previous)
		if err != nil {
			return err
		}
		c.Rows, rows = append(c.Rows, ComparedRow{whoseIs(row), statusOf(row), change}), append(rows, row)
	}
	shown, err := fitting(c.Rows)
	if err != nil {
		return err
	}
	c.Rows = c.Rows[:shown]
	current, previous := result.Totals, result.Previous.Totals
	for _, row := range rows[:shown] {
		current, previous = current.Minus(row.Usage), previous.Minus(row.Previous)
	}
	c.Counts = Counts{Shown: shown, Matching: result.Found, All: result.All}
	c.LeftOut.Rows = result.All - shown
	if c.LeftOut.InBoth, err = changeOf(current, previous); err != nil {
		return err
	}
	c.Totals, err = changeOf(result.Totals, result.Previous.Totals)
	return err
}

func statusOf(row export.Row) string {
	switch {
	case row.Previous.Sessions == 0:
		return "begun"
	case row.Sessions == 0:
		return "stopped"
	}
	return "continued"
}

// text implements reply.
func (c *Compare) text() string {
	w := &words{}
	w.begin("AI usage", c.About)
	w.line("Compared with %s to %s.", end(c.ComparedWith.From), end(c.ComparedWith.To))
	w.line("Total: %s.", c.Totals.inWords())
	for i, row := range c.Rows {
		w.line("%d. %s (%s): %s", i+1, row.Whose.inWords(c.Level == "customer"), row.Status, row.InBoth.inWords())
	}
	w.line("%s. Left out: %d rows with %s.", c.Counts.inWords(c.Level+" rows"), c.LeftOut.Rows, c.LeftOut.InBoth.inWords())
	return w.finish(c.About)
}
