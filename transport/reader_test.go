package transport_test

import (
	"context"

	"aiusage/usage"
)

// readerFunc is a database with one report.
type readerFunc func() (*usage.Report, error)

func (f readerFunc) Report(context.Context, usage.Query) (*usage.Report, error) { return f() }

func (f readerFunc) Series(context.Context, usage.SeriesQuery) (*usage.SeriesSet, error) {
	return usage.NewSeriesSet(usage.SeriesQuery{}, nil), nil
}

func (f readerFunc) Names(context.Context, []usage.Subject) (map[usage.Subject]string, error) {
	return nil, nil
}

func (f readerFunc) Sessions(context.Context, usage.SessionsQuery) ([]usage.ListedSession, error) {
	return nil, nil
}

func (f readerFunc) FindAccounts(context.Context, usage.Search) ([]usage.Account, error) {
	return nil, nil
}

func (f readerFunc) FindCustomers(context.Context, usage.Search) ([]usage.Customer, error) {
	return nil, nil
}

func (f readerFunc) Snapshot(context.Context) usage.Snapshot { return f }

func (f readerFunc) Close() error { return nil }
