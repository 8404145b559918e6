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
	"context"
	"iter"
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
	// Previous is the subject's usage in the range that the report is compared with.
	Previous usage.Usage
}

// Result is a report and the rows that were asked for.
type Result struct {
	*usage.Report
	// Previous is the report that it is compared with, nil where nobody asked.
	Previous *usage.Report
	// All is how many subjects there are in the ranges that were asked for, Found how many of
	// them the filter leaves, and Shown how many of those were chosen.
	All, Found, Shown int
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
	if err := request.Check(); err != nil {
		return nil, err
	}
	query.Level = request.Level
	report, err := snapshot.Report(ctx, query)
	if err != nil {
		return nil, err
	}
	r := &reading{ctx: ctx, snapshot: snapshot, query: query, request: request, report: report}
	if err := r.readPrevious(); err != nil {
		return nil, err
	}
	subjects, all, found, err := r.choose()
	if err != nil {
		return nil, err
	}
	r.subjects = subjects
	result := &Result{Report: report, Previous: r.previous, All: all, Found: found, Shown: len(subjects), Rows: r.rows}
	if request.Series == "" {
		return result, snapshot.Close()
	}
	if r.buckets, err = r.readBuckets(); err != nil {
		return nil, err
	}
	result.Rows, result.Buckets = r.points, r.buckets
	return result, nil
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

// row returns the row of a subject, without its amounts.
func (r *reading) row(subject usage.Subject) Row {
	row := Row{AccountID: subject.AccountID, CustomerID: subject.CustomerID}
	if !r.request.Names {
		return row
	}
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
