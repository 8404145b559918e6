package mcp

import (
	"context"
	"slices"

	"aiusage/export"
	"aiusage/usage"
)

var (
	level = argument{name: export.ArgLevel, kind: "string", words: []string{"account", "customer"},
		says: "What rows are of: account, or customer: each customer, and what belongs to none. Absent: account, or customer where accountId is given."}
	top    = count(export.ArgTop, maxRows, "20", "How many rows are shown at most.")
	search = argument{name: usage.ArgSearch, kind: "string",
		says: "Only rows with this text in their id or name, whatever the case and the accents. At most 255 characters. Totals count all rows."}
	direction = argument{name: export.ArgDirection, kind: "string", words: []string{"asc", "desc"},
		says: "The direction of order. Absent: from the first on for id and name, from the largest on otherwise."}
	measure = argument{name: export.ArgMeasure, kind: "string", words: []string{"minutes", "seconds", "sessions"}, absent: "minutes",
		says: "What changes are counted in: AI minutes, seconds or sessions."}
)

var usageReport = tool{
	name: "usage_report", title: "Usage in a range",
	says: "How much was used in a range: totals, the largest accounts or customers, and, with granularity, the totals over time. " +
		"For another range beside it ask usage_compare, and for why it has changed usage_drivers.",
	arguments: slices.Concat(span, []argument{accountID, customerID, level, top,
		{name: export.ArgOrder, kind: "string", words: []string{"minutes", "seconds", "sessions", "id", "name"}, absent: "minutes", says: "What rows are ordered by."},
		direction, search,
		{name: usage.ArgGranularity, kind: "string", words: spelledAll(usage.Steps),
			says: "Also the totals over time, in steps of this length in timeZone: at most 100 of them."}}),
	output: schemaOf[Report](),
	ask:    askReport,
}

// Report is the answer of usage_report.
type Report struct {
	About
	Level   string `json:"level" jsonschema:"what rows are of: account or customer"`
	Totals  Amount `json:"totals" jsonschema:"all usage in the range, of all rows that there are"`
	Rows    []Row  `json:"rows" jsonschema:"the rows that are shown, in their order"`
	Counts  Counts `json:"counts" jsonschema:"how many rows there are"`
	LeftOut Rest   `json:"leftOut" jsonschema:"all rows that are not shown, together: rows and leftOut add up to totals"`
	// Series is there where it was asked for.
	Series []Point `json:"series,omitempty" jsonschema:"the totals over time"`
}

// Row is the usage of an account or a customer.
type Row struct {
	Whose
	Amount
}

// Rest is rows that are not shown.
type Rest struct {
	Rows int `json:"rows" jsonschema:"how many they are"`
	Amount
}

// Point is a step of time.
type Point struct {
	From    string `json:"from" jsonschema:"where the step starts, inclusive"`
	To      string `json:"to" jsonschema:"where it ends, exclusive"`
	Partial bool   `json:"partial" jsonschema:"true: it was not over at asOf"`
	Amount
}

func askReport(q *question) (reply, error) {
	request, err := q.rows(given{export.ArgNames: "1", export.ArgTop: top.absent, export.ArgLevel: q.level(), export.ArgOrder: "minutes"},
		export.ArgNames, export.ArgTop, export.ArgLevel, export.ArgOrder, export.ArgDirection, usage.ArgSearch)
	if err != nil {
		return nil, err
	}
	query, err := q.query(request.Level)
	if err != nil {
		return nil, err
	}
	report := &Report{Level: q.level(), Rows: []Row{}}
	return report, q.inSnapshot(query, func(ctx context.Context, snapshot usage.Snapshot) error {
		step := usage.Step(usage.InCapitals(q.given[usage.ArgGranularity]))
		if report.Series, err = readSeries(ctx, snapshot, query, step); err != nil {
			return err
		}
		result, err := export.Read(ctx, snapshot, query, request)
		if err != nil {
			return err
		}
		report.About = q.about(query, result.AsOf, view{request.Order, request.Filter.Search, step})
		return report.take(result)
	})
}

// level is what rows are of.
func (q *question) level() string {
	if asked := q.given[export.ArgLevel]; asked != "" {
		return asked
	}
	if q.given[usage.ArgAccountID] != "" {
		return "customer"
	}
	return "account"
}

// take takes the rows of a result.
func (r *Report) take(result *export.Result) (err error) {
	rest := result.Totals
	for row, err := range result.Rows {
		if err != nil {
			return err
		}
		amount, err := amountOf(row.Usage)
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, Row{whoseIs(row), amount})
	}
	shown, err := fitting(r.Rows)
	if err != nil {
		return err
	}
	r.Rows = r.Rows[:shown]
	for _, row := range r.Rows {
		rest = rest.Minus(usage.Usage{Minutes: row.Minutes, Seconds: row.Seconds, Sessions: row.Sessions})
	}
	r.Counts = Counts{Shown: shown, Matching: result.Found, All: result.All}
	r.LeftOut.Rows = result.All - shown
	if r.LeftOut.Amount, err = amountOf(rest); err != nil {
		return err
	}
	r.Totals, err = amountOf(result.Totals)
	return err
}

func whoseIs(row export.Row) Whose {
	return Whose{row.AccountID, row.AccountName, row.CustomerID, row.CustomerName}
}

// readSeries reads the totals of a query over time, if a step is asked for.
func readSeries(ctx context.Context, snapshot usage.Snapshot, query usage.Query, step usage.Step) ([]Point, error) {
	if step == "" {
		return nil, nil
	}
	query.Level = usage.Together
	set, err := snapshot.Series(ctx, usage.SeriesQuery{Query: query, Step: step})
	if err != nil {
		return nil, err
	}
	if len(set.Buckets) > usage.MaxPointsForModels {
		return nil, usage.Invalid(usage.ArgGranularity, "the range has %d steps of %s %s", len(set.Buckets), usage.ArgGranularity, step).
			Accepting(usage.Textf("at most %d: a larger %s or a shorter range", usage.MaxPointsForModels, usage.ArgGranularity))
	}
	points := []Point{}
	for _, point := range set.Of(usage.Subject{}) {
		amount, err := amountOf(point.Usage)
		if err != nil {
			return nil, err
		}
		points = append(points, Point{*instant(query, point.From), *instant(query, point.To), point.To.After(set.AsOf), amount})
	}
	return points, nil
}

// text implements reply.
func (r *Report) text() string {
	w := &words{}
	w.begin("AI usage", r.About)
	w.line("Total: %v.", r.Totals)
	for i, row := range r.Rows {
		w.line("%d. %s: %v", i+1, row.inWords(r.Level == "customer"), row.Amount)
	}
	w.line("%s. Left out: %d rows with %v.", r.Counts.inWords(r.Level+" rows"), r.LeftOut.Rows, r.LeftOut.Amount)
	for _, point := range r.Series {
		over := ""
		if point.Partial {
			over = " (not over yet)"
		}
		w.line("%s to %s%s: %v", point.From, point.To, over, point.Amount)
	}
	return w.finish(r.About)
}
