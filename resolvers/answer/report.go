package answer

import (
	"context"
	"sort"
	"sync"
	"time"

	"aiusage/usage"
)

// Report is a usage report as a node of an answer.
type Report struct {
	*usage.Report
	reading *Reading

	rows struct {
		once      sync.Once
		accounts  []AccountUsage
		customers []CustomerUsage
	}
	previous struct {
		once   sync.Once
		report *Report
		err    error
	}
}

// Node returns a report as a node, which reads what is asked below it in the
// reading. Without a reading (nil) it can only tell what the report itself has.
func (r *Reading) Node(report *usage.Report) *Report {
	if r == nil {
		return &Report{Report: report}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.nodes[report] == nil {
		r.nodes[report] = &Report{Report: report, reading: r}
	}
	return r.nodes[report]
}

// lists makes the rows.
func (r *Report) lists() {
	r.rows.once.Do(func() {
		accounts := newGroup(r, usage.ByAccount, nil)
		r.rows.accounts = make([]AccountUsage, len(r.Report.Accounts))
		for i := range r.Report.Accounts {
			r.rows.accounts[i] = AccountUsage{&r.Report.Accounts[i], accounts}
		}
		customers := newGroup(r, usage.ByCustomer, nil)
		customers.accountNames, accounts.below.group = accounts.accountNames, customers
		r.rows.customers = make([]CustomerUsage, len(r.Report.Customers))
		for i := range r.Report.Customers {
			r.rows.customers[i] = CustomerUsage{&r.Report.Customers[i], customers}
		}
	})
}

// AccountUsage returns the rows of the accounts.
func (r *Report) AccountUsage() []AccountUsage {
	r.lists()
	return r.rows.accounts
}

// CustomerUsage returns the rows of the customers.
func (r *Report) CustomerUsage() []CustomerUsage {
	r.lists()
	return r.rows.customers
}

// customersOf returns the rows of an account's customers.
func (r *Report) customersOf(account string) []usage.SubjectUsage {
	rows := r.Report.Customers
	begin := sort.Search(len(rows), func(i int) bool { return rows[i].AccountID >= account })
	end := begin
	for end < len(rows) && rows[end].AccountID == account {
		end++
	}
	return rows[begin:end]
}

// Series returns the usage of the whole report over time.
func (r *Report) Series(ctx context.Context, granularity usage.Step, fillZero bool) ([]Point, error) {
	return newGroup(r, usage.Together, nil).series(ctx, usage.Subject{}, granularity, fillZero)
}

// Previous returns the report for the range just before, or nil where there is
// none.
func (r *Report) Previous() (*Report, error) {
	r.previous.once.Do(func() {
		query := r.Query
		query.StartsBy, query.EndsBy = "", ""
		var ok bool
		if query.Range, ok = query.Range.Previous(query.Zone); ok {
			r.previous.report, r.previous.err = r.reading.Report(query)
		}
	})
	return r.previous.report, r.previous.err
}

// RetainedFrom is the instant from which single sessions are kept, in the report's time
// zone, or nil where all of them are.
func (r *Report) RetainedFrom() *time.Time { return r.Query.Show(r.Report.RetainedFrom) }

// Plan says how the report was read.
func (r *Report) Plan() *Plan { return &Plan{r.Report} }

// Plan is how a report was read, as a node.
type Plan struct{ report *usage.Report }

// Source says what usage is read from.
func (p *Plan) Source() usage.Source { return p.report.Source }

// Pieces are the runs of sums.
func (p *Plan) Pieces() []Piece {
	pieces := make([]Piece, len(p.report.Plan.Pieces))
	for i, piece := range p.report.Plan.Pieces {
		pieces[i] = Piece{grains[piece.Grain], p.span(piece.Range)}
	}
	return pieces
}

// Sessions are the spans whose sessions were read one by one.
func (p *Plan) Sessions() []Span {
	spans := make([]Span, len(p.report.Plan.Edges))
	for i, edge := range p.report.Plan.Edges {
		spans[i] = p.span(edge)
	}
	return spans
}

func (p *Plan) span(r usage.Range) Span {
	return Span{p.report.Query.Show(r.From), p.report.Query.Show(r.To)}
}

// grains are the names of the grains in the schema.
var grains = map[usage.Grain]usage.Step{usage.Hour: usage.Hourly, usage.Day: usage.Daily, usage.Month: usage.Monthly}

// Piece is a run of neighbouring sums of one grain.
type Piece struct {
	Grain usage.Step
	Span
}

// Span is a span of time, with nil for an open end.
type Span struct{ From, To *time.Time }

// Point is a point of a series.
type Point struct {
	From, To time.Time
	// Partial tells whether it was not over when the report was read.
	Partial bool
	usage.Usage
}
