package main

import (
	"cmp"
	"context"
	"slices"

	"aiusage/db"
	"aiusage/usage"
)

// ask asks the store. The rows of the answer, which no caller would ask for in this
// form, are put together afterwards, so that they are in no measurement.
func (q question) ask(ctx context.Context, store *db.Store, query usage.Query, who population) (rows func() []row, err error) {
	if q.document == dashboard {
		report, err := askDashboard(ctx, store, query)
		return func() []row { return reportRows(report, q.level) }, err
	}
	if q.daily {
		set, err := store.Series(ctx, usage.SeriesQuery{Query: query, Step: usage.Daily, Level: q.level})
		return func() []row { return seriesRows(set, who) }, err
	}
	report, err := store.Report(ctx, query)
	return func() []row { return reportRows(report, q.level) }, err
}

// askDashboard asks what the document named dashboard needs, in one snapshot.
func askDashboard(ctx context.Context, store *db.Store, query usage.Query) (*usage.Report, error) {
	snapshot := store.Snapshot(ctx)
	defer snapshot.Close()
	report, err := snapshot.Report(ctx, query)
	if err != nil {
		return nil, err
	}
	before := query
	before.Range = usage.Range{From: query.Range.From.In(query.Zone).AddDate(0, -1, 0), To: query.Range.From}
	if _, err := snapshot.Report(ctx, before); err != nil {
		return nil, err
	}
	if _, err := snapshot.Series(ctx, usage.SeriesQuery{Query: query, Step: usage.Daily}); err != nil {
		return nil, err
	}
	largest := slices.Clone(report.Customers)
	slices.SortFunc(largest, func(a, b usage.SubjectUsage) int { return cmp.Compare(b.Minutes, a.Minutes) })
	var subjects []usage.Subject
	for _, customer := range largest[:min(10, len(largest))] {
		subjects = append(subjects, customer.Subject())
	}
	if _, err := snapshot.Series(ctx, usage.SeriesQuery{Query: query, Step: usage.Weekly, Level: usage.ByCustomer, Subjects: subjects}); err != nil {
		return nil, err
	}
	for _, account := range report.Accounts {
		subjects = append(subjects, usage.Subject{AccountID: account.AccountID})
	}
	_, err = snapshot.Names(ctx, subjects)
	return report, err
}

func reportRows(report *usage.Report, level usage.Level) (rows []row) {
	switch level {
	case usage.Together:
		rows = []row{{Usage: report.Totals}}
	case usage.ByAccount:
		for _, account := range report.Accounts {
			rows = append(rows, row{account: account.AccountID, Usage: account.Usage})
		}
	default:
		for _, subject := range report.Subjects {
			rows = append(rows, row{account: subject.AccountID, customer: subject.CustomerID, Usage: subject.Usage})
		}
	}
	return ordered(rows)
}

func seriesRows(set *usage.SeriesSet, who population) (rows []row) {
	add := func(subject usage.Subject) {
		for _, point := range set.Of(subject) {
			rows = append(rows, row{subject.AccountID, subject.CustomerID, dateOf(point.From, set.Query.Zone), point.Usage})
		}
	}
	switch set.Query.Level {
	case usage.Together:
		add(usage.Subject{})
	case usage.ByAccount:
		for _, account := range who.accounts {
			add(usage.Subject{AccountID: account})
		}
	default:
		for i, account := range who.accounts {
			add(usage.Subject{AccountID: account})
			for _, customer := range who.customers[i] {
				add(usage.Subject{AccountID: account, CustomerID: customer})
			}
		}
	}
	return ordered(rows)
}
