package resolvers_test

import (
	"context"

	"aiusage/usage"
)

// readerFunc is a database whose reports a test makes up, and which has nothing else.
type readerFunc func(context.Context, usage.Query) (*usage.Report, error)

func (f readerFunc) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	return f(ctx, query)
}

func (f readerFunc) Series(_ context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	return usage.NewSeriesSet(query, nil), nil
}

func (f readerFunc) Names(context.Context, []usage.Subject) (map[usage.Subject]string, error) {
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
