package answer

import (
	"context"
	"slices"

	"aiusage/usage"
)

// Node is what has an id of its own.
type Node interface {
	IsNode()
	// AppendID appends the id to a document.
	AppendID(document []byte) []byte
}

var _ = []Node{(*Report)(nil), (*Totals)(nil), AccountUsage{}, CustomerUsage{}, Point{}, Account{}, Customer{}, (*Viewer)(nil), Session{}}

// IsNode says that it has an id.
func (*Report) IsNode() {}

// IsNode says that it has an id.
func (*Totals) IsNode() {}

// IsNode says that it has an id.
func (AccountUsage) IsNode() {}

// IsNode says that it has an id.
func (CustomerUsage) IsNode() {}

// IsNode says that it has an id.
func (Point) IsNode() {}

// IsNode says that it has an id.
func (Account) IsNode() {}

// IsNode says that it has an id.
func (Customer) IsNode() {}

// IsNode says that it has an id.
func (*Viewer) IsNode() {}

func idOf(node Node) string { return string(node.AppendID(nil)) }

// ID is the id of the report.
func (r *Report) ID() string { return idOf(r) }

// AppendID appends the id.
func (r *Report) AppendID(document []byte) []byte {
	return r.identified(document, part{kind: ofReport})
}

// identified appends the id of a part of the report.
func (r *Report) identified(document []byte, of part) []byte {
	r.ids.once.Do(func() { r.ids.prefixes = prefixesOf(r.Query) })
	return r.ids.prefixes.append(document, of)
}

// Totals are an amount of use, as a node.
type Totals struct {
	usage.Usage
	report *Report
	part   part
}

// ID is the id of the amount.
func (t *Totals) ID() string { return idOf(t) }

// AppendID appends the id.
func (t *Totals) AppendID(document []byte) []byte { return t.report.identified(document, t.part) }

// WholeTotals are the totals of the report.
func (r *Report) WholeTotals() *Totals {
	return &Totals{r.Report.Totals, r, part{kind: ofTotals}}
}

// totalsOf are what a report has of a subject of a level, which may be nothing.
func (r *Report) totalsOf(level usage.Level, subject usage.Subject) *Totals {
	of := part{kind: ofAccountTotals, subject: subject}
	if level == usage.ByCustomer {
		of.kind = ofCustomerTotals
	}
	return &Totals{r.amounts(level)[subject.Trimmed()], r, of}
}

// ID is the id of the row.
func (a AccountUsage) ID() string { return idOf(a) }

// AppendID appends the id.
func (a AccountUsage) AppendID(document []byte) []byte {
	return a.group.report.identified(document, part{kind: ofAccountRow, subject: a.subject()})
}

// PartWithoutCustomer is the part of the row that belongs to no customer.
func (a AccountUsage) PartWithoutCustomer() *Totals {
	return &Totals{a.AccountUsage.WithoutCustomer, a.group.report, part{kind: ofWithoutCustomer, subject: a.subject()}}
}

// ID is the id of the row.
func (c CustomerUsage) ID() string { return idOf(c) }

// AppendID appends the id.
func (c CustomerUsage) AppendID(document []byte) []byte {
	return c.group.report.identified(document, part{kind: ofCustomerRow, subject: c.subject()})
}

// ID is the id of the point.
func (p Point) ID() string { return idOf(p) }

// AppendID appends the id.
func (p Point) AppendID(document []byte) []byte {
	of := p.of.part()
	of.from = p.From.UTC()
	return p.of.report.identified(document, of)
}

// points are whose series points are of.
type points struct {
	report  *Report
	level   usage.Level
	subject usage.Subject
	step    usage.Step
}

func (p *points) part() part {
	of := part{kind: ofPoint, subject: p.subject, step: p.step}
	switch p.level {
	case usage.ByAccount:
		of.kind = ofAccountPoint
	case usage.ByCustomer:
		of.kind = ofCustomerPoint
	}
	return of
}

// ID is the id of the account.
func (a Account) ID() string { return idOf(a) }

// AppendID appends the id.
func (a Account) AppendID(document []byte) []byte {
	return named.append(document, part{kind: ofAccount, subject: usage.Subject{AccountID: a.AccountID}})
}

// ID is the id of the customer.
func (c Customer) ID() string { return idOf(c) }

// AppendID appends the id.
func (c Customer) AppendID(document []byte) []byte {
	return named.append(document, part{kind: ofCustomer, subject: usage.Subject{AccountID: c.AccountID, CustomerID: c.CustomerID}})
}

// ID is the id of the viewer.
func (v *Viewer) ID() string { return idOf(v) }

// AppendID appends the id.
func (v *Viewer) AppendID(document []byte) []byte {
	return named.append(document, part{kind: ofViewer, viewer: v.Name})
}

// named are the prefixes of what belongs to no report.
var named = &prefixes{ofAccount: prefixOf(ofAccount, nil), ofCustomer: prefixOf(ofCustomer, nil), ofViewer: prefixOf(ofViewer, nil), ofSession: prefixOf(ofSession, nil)}

// An Identity is what an id stands for, to be looked up.
type Identity struct{ identity }

// Identify returns what an id stands for. Any other text stands for nothing.
func Identify(id string) (Identity, bool) {
	read, err := parseIdentity(id)
	return Identity{read}, err == nil
}

// ArgIDs is the argument of Query.nodes.
const ArgIDs usage.Argument = "ids"

// maxReportsByID bounds the reports that an answer reads by their ids and those of their parts:
// each takes a statement at least, and a list of ids is short.
const maxReportsByID = 100

// CountReportsByID counts reports that are read by ids. The error is an InvalidArgument.
func (r *Reading) CountReportsByID(reports int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reportsByID += reports; r.reportsByID > maxReportsByID {
		return usage.Invalid(ArgIDs, "an answer reads at most %d reports by their ids or those of their parts; ask for fewer at once", maxReportsByID)
	}
	return nil
}

// Query is the query of the report that it is a part of, unless it is an account, a customer or a viewer.
// Its level is what it takes to find it.
func (i Identity) Query() (query usage.Query, ofReport bool) {
	query = i.query
	query.Level = i.kind.level()
	return query, i.kind.hasReport()
}

// Viewer is the name of the viewer that it is about, or empty.
func (i Identity) Viewer() string { return i.viewer }

// Subject is the account or the customer that it is about; empty where it is a report.
func (i Identity) Subject() usage.Subject { return i.subject }

// SameReport is the same text for parts of the same report.
func (i Identity) SameReport() string { return string(reportForm(i.query)) }

// Part names the report and the level that the identity is a part of: what is asked of one of
// those with the same name is read for all of them.
func (i Identity) Part() string { return string(append(reportForm(i.query), byte(i.kind.level()))) }

// In returns the part of the report that the identity's query has, of which so many others are
// asked for together. It is nil where the report is not about that, or has no such point any more.
func (i Identity) In(ctx context.Context, report *Report, together []usage.Subject) (Node, error) {
	if !i.query.About(i.subject) {
		return nil, nil
	}
	level := i.kind.level()
	switch i.kind {
	case ofReport:
		return report, nil
	case ofTotals:
		return report.WholeTotals(), nil
	case ofAccountRow:
		return report.accountRow(i.subject, together), nil
	case ofWithoutCustomer:
		return report.accountRow(i.subject, nil).PartWithoutCustomer(), nil
	case ofCustomerRow:
		return report.customerRow(i.subject, together), nil
	case ofAccountTotals, ofCustomerTotals:
		return report.totalsOf(level, i.subject), nil
	}
	group := newGroup(report, level, nil)
	if level != usage.Together {
		group = report.rowsTogether(level, together)
	}
	points, err := group.series(ctx, i.subject, i.step, true)
	if err != nil {
		return nil, err
	}
	if at := slices.IndexFunc(points, func(p Point) bool { return p.From.Equal(i.from) }); at >= 0 {
		return points[at], nil
	}
	return nil, nil
}

// accountRow returns the row of an account, which may have no usage.
func (r *Report) accountRow(subject usage.Subject, together []usage.Subject) AccountUsage {
	row := &usage.AccountUsage{AccountID: subject.AccountID}
	if at, found := r.rowOf(usage.ByAccount, subject); found {
		row = &r.Report.Accounts[at]
	}
	return AccountUsage{row, r.rowsTogether(usage.ByAccount, together)}
}

// customerRow returns the row of a customer, which may have no usage.
func (r *Report) customerRow(subject usage.Subject, together []usage.Subject) CustomerUsage {
	row := &usage.SubjectUsage{AccountID: subject.AccountID, CustomerID: subject.CustomerID}
	if at, found := r.rowOf(usage.ByCustomer, subject); found {
		row = &r.Report.Customers[at]
	}
	return CustomerUsage{row, r.rowsTogether(usage.ByCustomer, together)}
}

// rowsTogether returns the group of the rows of some subjects, as the report spells them.
func (r *Report) rowsTogether(level usage.Level, subjects []usage.Subject) *group {
	spelled := slices.Clone(subjects)
	for i, subject := range spelled {
		at, found := r.rowOf(level, subject)
		switch {
		case !found:
		case level == usage.ByAccount:
			spelled[i] = usage.Subject{AccountID: r.Report.Accounts[at].AccountID}
		default:
			spelled[i] = r.Report.Customers[at].Subject()
		}
	}
	return r.pageGroup(level, distinct(spelled))
}

// rowOf returns which row of a level is that of a subject.
func (r *Report) rowOf(level usage.Level, subject usage.Subject) (at int, found bool) {
	index := &r.rowsOf[level]
	index.once.Do(func() {
		lines := r.lines(level)
		index.all = make(map[usage.Subject]int, len(lines))
		for i, one := range lines {
			index.all[one.Subject.Trimmed()] = i
		}
	})
	at, found = index.all[subject.Trimmed()]
	return at, found
}
