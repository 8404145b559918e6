package answer

import (
	"context"
	"sort"
	"sync"
	"time"

	"aiusage/listing"
	"aiusage/usage"
)

// Report is a usage report as a node of an answer.
type Report struct {
	*usage.Report
	reading *Reading
	// continued tells that the report was kept with a page, which is gone on from.
	continued bool

	rows struct {
		once      sync.Once
		accounts  []AccountUsage
		customers []CustomerUsage
	}
	// compared are the reports that this one has been compared with so far.
	compared struct {
		sync.Mutex
		with map[usage.Comparison]*compared
	}
	// amountsOf are those of each subject, with their ids trimmed, by level.
	amountsOf [2]struct {
		once sync.Once
		all  map[usage.Subject]usage.Usage
	}
	// family is what the report is a part of, if it is.
	family membershipOf
	// rowsOf are which row is that of each subject, by level.
	rowsOf [2]struct {
		once sync.Once
		all  map[usage.Subject]int
	}
	// ids are the beginnings of the ids of the report and its parts.
	ids struct {
		once     sync.Once
		prefixes *prefixes
	}
}

// compared is what a report has been compared with.
type compared struct {
	once   sync.Once
	report *Report
	err    error
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

// Continued returns a report that was kept with a page as a node. What it was compared with
// was kept, too.
func (r *Reading) Continued(report *usage.Report) *Report {
	node := r.Node(report)
	r.mu.Lock()
	defer r.mu.Unlock()
	node.continued = true
	return node
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

// AccountUsage resolves AIUsage.accountUsage.
func (r *Report) AccountUsage(ctx context.Context, filter *listing.Filter, include listing.Include, compare *Comparison) ([]AccountUsage, error) {
	return r.AccountRows(ctx, ChoiceOf(filter, include, compare))
}

// AccountRows returns the rows of the accounts that are chosen.
func (r *Report) AccountRows(ctx context.Context, choice Choice) ([]AccountUsage, error) {
	if choice.IsPlain() {
		r.lists()
		return r.rows.accounts, nil
	}
	chosen, err := r.choose(ctx, usage.ByAccount, choice)
	if err != nil {
		return nil, err
	}
	group, rows := r.pageGroup(usage.ByAccount, chosen.subjects()), make([]AccountUsage, len(chosen.lines))
	for i, one := range chosen.lines {
		rows[i] = chosen.accountRow(one, group)
	}
	return rows, nil
}

// CustomerUsage resolves AIUsage.customerUsage.
func (r *Report) CustomerUsage(ctx context.Context, filter *listing.Filter, include listing.Include, compare *Comparison) ([]CustomerUsage, error) {
	return r.CustomerRows(ctx, ChoiceOf(filter, include, compare))
}

// CustomerRows returns the rows of the customers that are chosen.
func (r *Report) CustomerRows(ctx context.Context, choice Choice) ([]CustomerUsage, error) {
	if choice.IsPlain() {
		r.lists()
		return r.rows.customers, nil
	}
	chosen, err := r.choose(ctx, usage.ByCustomer, choice)
	if err != nil {
		return nil, err
	}
	group, rows := r.pageGroup(usage.ByCustomer, chosen.subjects()), make([]CustomerUsage, len(chosen.lines))
	for i, one := range chosen.lines {
		rows[i] = chosen.customerRow(one, group)
	}
	return rows, nil
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

// Previous returns the report for the range some way back, or nil where there is none.
func (r *Report) Previous(shift usage.Shift, elapsed bool) (*Report, error) {
	return r.Compared(usage.Comparison{Shift: shift, Elapsed: elapsed})
}

// Compared returns the report that this one is compared with, or nil where there is none.
// It is read once, and from what was kept with a page that is gone on from.
func (r *Report) Compared(comparison usage.Comparison) (*Report, error) {
	comparison = comparison.Normal()
	r.compared.Lock()
	if r.compared.with == nil {
		r.compared.with = map[usage.Comparison]*compared{}
	}
	one := r.compared.with[comparison]
	if one == nil {
		one = &compared{}
		r.compared.with[comparison] = one
	}
	r.compared.Unlock()
	one.once.Do(func() {
		query, found, err := comparison.Of(r.Query, r.AsOf, r.Report.RetainedFrom)
		if err != nil || !found {
			one.err = err
			return
		}
		if r.continued {
			if report := r.reading.kept.at(query, r.ReadAt); report != nil {
				one.report = r.reading.Node(report)
				return
			}
		}
		one.report, one.err = r.read(query)
	})
	return one.report, one.err
}

// read reads the report of another range, together with those of the whole family.
func (r *Report) read(query usage.Query) (*Report, error) {
	if r.family.family == nil {
		return r.reading.Report(query)
	}
	return r.family.report(r.family.subject, query)
}

// amounts returns the usage of each subject of a level, with its ids trimmed, because two
// reports may spell them in two ways.
func (r *Report) amounts(level usage.Level) map[usage.Subject]usage.Usage {
	amounts := &r.amountsOf[level]
	amounts.once.Do(func() {
		lines := r.lines(level)
		amounts.all = make(map[usage.Subject]usage.Usage, len(lines))
		for _, one := range lines {
			amounts.all[one.Subject.Trimmed()] = one.Amount
		}
	})
	return amounts.all
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

// Level is whose sums were read.
func (p *Plan) Level() Level { return levels[p.report.Plan.Level] }

// Pieces are the runs of sums.
func (p *Plan) Pieces() []Piece {
	pieces := make([]Piece, len(p.report.Plan.Pieces))
	for i, piece := range p.report.Plan.Pieces {
		pieces[i] = Piece{grains[piece.Grid.Grain], piece.Grid.Calendar.Zone.String(), p.span(piece.Edge)}
	}
	return pieces
}

// Sessions are the spans whose sessions were read one by one.
func (p *Plan) Sessions() []Span { return p.spans(p.report.Plan.Edges) }

// Kept are the spans that were read from what was kept of dropped sessions.
func (p *Plan) Kept() []Span { return p.spans(p.report.Plan.Kept) }

func (p *Plan) spans(edges []usage.Edge) []Span {
	spans := make([]Span, len(edges))
	for i, edge := range edges {
		spans[i] = p.span(edge)
	}
	return spans
}

func (p *Plan) span(edge usage.Edge) Span {
	span := Span{From: p.report.Query.Show(edge.From), Sign: 1}
	if !edge.To.After(usage.Latest) {
		span.To = p.report.Query.Show(edge.To)
	}
	if len(edge.Shares) > 0 {
		span.Sign = int32(edge.Shares[0].Times)
	}
	return span
}

// grains are the names of the grains in the schema.
var grains = map[usage.Grain]usage.Step{
	usage.QuarterHour: usage.QuarterHourly, usage.Hour: usage.Hourly, usage.Day: usage.Daily, usage.Month: usage.Monthly,
}

// Level is whose sums there are, in the schema.
type Level string

// levels are the names of the levels in the schema.
var levels = map[usage.Level]Level{usage.ByCustomer: "CUSTOMER", usage.ByAccount: "ACCOUNT", usage.Together: "EVERYBODY"}

// Piece is a run of neighbouring sums of one grain, on the calendar of a time zone.
type Piece struct {
	Grain    usage.Step
	TimeZone string
	Span
}

// Span is a span of time, with nil for an open end. Sign is 1 where it was added and -1
// where it was taken away.
type Span struct {
	From, To *time.Time
	Sign     int32
}

// Point is a point of a series.
type Point struct {
	From, To time.Time
	// Partial tells whether it was not over when the report was read.
	Partial bool
	usage.Usage
	// of is the series that it belongs to.
	of *points
}
