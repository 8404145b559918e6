// Package export reads the rows of a usage report, with what belongs to them, and
// writes them for programs and spreadsheets: CSV, JSON and NDJSON of the same rows
// under the same names, which are those of the GraphQL schema's fields.
//
// Rows are read and written one after the other. What is kept in memory is the report
// and, for a series, at most usage.MaxPointsTogether points.
//
// # Numbers
//
// Whole numbers are written with all their digits, in JSON as numbers. They have up
// to 64 bits; a reader that makes floating-point numbers of them, as JavaScript does,
// has them exactly up to 9,007,199,254,740,991.
package export

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"aiusage/usage"
)

// Row is a row of an export.
type Row struct {
	AccountID, CustomerID string
	// Names are empty where there is none, and where they were not asked for.
	AccountName, CustomerName string
	// From and To bound a point of a series, in the report's time zone. Partial: it was
	// not over when it was read.
	From, To time.Time
	Partial  bool
	usage.Usage
	// Previous is the subject's usage in the range just before.
	Previous usage.Usage
}

// Request is what rows are to have, and which there are.
type Request struct {
	// Level is what rows are of: customers (with a row of each account for what belongs to
	// none), or accounts.
	Level usage.Level
	// Names: the names of accounts and customers.
	Names bool
	// Series, if not empty, makes a row for each step of time.
	Series usage.Step
	// Previous: the usage in the range just before. Not together with Series.
	Previous bool
	// Top bounds the subjects, 0 for all.
	Top int
	// Order is that of the subjects.
	Order Order
}

// Order is what subjects are ordered by.
type Order string

// The orders: by account and customer id, or by an amount, the largest first.
const (
	ByID       Order = ""
	ByMinutes  Order = "minutes"
	BySeconds  Order = "seconds"
	BySessions Order = "sessions"
)

// Result is a report and the rows that were asked for.
type Result struct {
	*usage.Report
	// Previous is the report for the range just before, nil where nobody asked.
	Previous *usage.Report
	// Rows are read while they are ranged over, once and before the snapshot is closed. An error ends them.
	Rows iter.Seq2[Row, error]
	// Buckets are the steps of time of a series, the same for all rows.
	Buckets []usage.Range
}

// Read reads a report and its rows in one snapshot. The query is within the scope of
// whoever asks. Errors about the request are InvalidArgument, and come before any row.
//
// The snapshot is closed as soon as all has been read, so that whoever takes rows slowly
// does not hold it; whoever opened it has to close it all the same.
func Read(ctx context.Context, snapshot usage.Snapshot, query usage.Query, request Request) (*Result, error) {
	if request.Previous && request.Series != "" {
		return nil, usage.Errorf(usage.InvalidArgument, "a series has no usage of the time before; ask for one of the two")
	}
	query.Level = request.Level
	report, err := snapshot.Report(ctx, query)
	if err != nil {
		return nil, err
	}
	r := &reading{ctx: ctx, snapshot: snapshot, query: query, request: request, report: report}
	r.subjects = request.pick(subjectsOf(report))
	if err := r.readPrevious(); err != nil {
		return nil, err
	}
	if err := r.readNames(); err != nil {
		return nil, err
	}
	if request.Series == "" {
		return &Result{report, r.previous, r.rows, nil}, snapshot.Close()
	}
	buckets, err := r.readBuckets()
	if err != nil {
		return nil, err
	}
	r.buckets = buckets
	return &Result{report, nil, r.points, buckets}, nil
}

// subjectsOf returns the rows of a report at its level.
func subjectsOf(report *usage.Report) []usage.SubjectUsage {
	if report.Query.Level == usage.ByCustomer {
		return report.Subjects
	}
	rows := make([]usage.SubjectUsage, len(report.Accounts))
	for i, account := range report.Accounts {
		rows[i] = usage.SubjectUsage{AccountID: account.AccountID, Usage: account.Usage}
	}
	return rows
}

// pick returns the subjects that were asked for, in their order.
func (r Request) pick(subjects []usage.SubjectUsage) []usage.SubjectUsage {
	if amount := r.Order.amount(); amount != nil {
		subjects = slices.Clone(subjects)
		slices.SortStableFunc(subjects, func(a, b usage.SubjectUsage) int { return cmp.Compare(amount(b.Usage), amount(a.Usage)) })
	}
	if r.Top > 0 && r.Top < len(subjects) {
		subjects = subjects[:r.Top]
	}
	return subjects
}

// amount returns what an order goes by, nil for ids.
func (o Order) amount() func(usage.Usage) int64 {
	switch o {
	case ByMinutes:
		return func(u usage.Usage) int64 { return u.Minutes }
	case BySeconds:
		return func(u usage.Usage) int64 { return u.Seconds }
	case BySessions:
		return func(u usage.Usage) int64 { return u.Sessions }
	}
	return nil
}

// reading is an export while it is read.
type reading struct {
	ctx      context.Context
	snapshot usage.Snapshot
	query    usage.Query
	request  Request
	report   *usage.Report
	subjects []usage.SubjectUsage
	previous *usage.Report
	buckets  []usage.Range
	// before are the amounts of previous, names those of accounts and customers, by
	// the ids as tables compare them.
	before map[usage.Subject]usage.Usage
	names  map[usage.Subject]string
}

func (r *reading) readPrevious() (err error) {
	if !r.request.Previous {
		return nil
	}
	query := r.query
	var ok bool
	if query.Range, ok = r.query.Range.Previous(r.query.Zone); !ok {
		return usage.Errorf(usage.InvalidArgument, "only a range with a start and an end has a time before it to compare with")
	}
	if r.previous, err = r.snapshot.Report(r.ctx, query); err != nil {
		return err
	}
	before := subjectsOf(r.previous)
	r.before = make(map[usage.Subject]usage.Usage, len(before))
	for _, row := range before {
		r.before[row.Subject().Trimmed()] = row.Usage
	}
	return nil
}

func (r *reading) readNames() error {
	if !r.request.Names {
		return nil
	}
	wanted := map[usage.Subject]bool{}
	for _, row := range r.subjects {
		wanted[row.Subject()], wanted[usage.Subject{AccountID: row.AccountID}] = true, true
	}
	var subjects []usage.Subject
	for subject := range wanted {
		subjects = append(subjects, subject)
	}
	slices.SortFunc(subjects, usage.Subject.Compare)
	found, err := r.snapshot.Names(r.ctx, subjects)
	if err != nil {
		return err
	}
	r.names = make(map[usage.Subject]string, len(found))
	for subject, name := range found {
		r.names[subject.Trimmed()] = name
	}
	return nil
}

// row returns the row of a subject, without its amounts.
func (r *reading) row(subject usage.Subject) Row {
	row := Row{AccountID: subject.AccountID, CustomerID: subject.CustomerID}
	row.AccountName = r.names[usage.Subject{AccountID: subject.AccountID}.Trimmed()]
	if subject.CustomerID != "" {
		row.CustomerName = r.names[subject.Trimmed()]
	}
	return row
}

// rows yields a row for each subject.
func (r *reading) rows(yield func(Row, error) bool) {
	for _, subject := range r.subjects {
		row := r.row(subject.Subject())
		row.Usage, row.Previous = subject.Usage, r.before[subject.Subject().Trimmed()]
		if !yield(row, nil) {
			return
		}
	}
}
