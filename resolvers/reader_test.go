package resolvers_test

import (
	"context"
	"slices"
	"time"

	"aiusage/usage"
)

// readerFunc is a database whose reports a test makes up, and which has nothing else.
type readerFunc func(context.Context, usage.Query) (*usage.Report, error)

func (f readerFunc) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	return f(ctx, query)
}

// Series makes up usage of some subjects, and fails where there are too many points.
func (f readerFunc) Series(_ context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	span := query.Range
	if span.From.IsZero() || span.To.IsZero() {
		span = usage.Range{From: noon, To: noon.AddDate(0, 0, 3)}
	}
	if span.To.Sub(span.From) > 50*24*time.Hour {
		return nil, usage.Errorf(usage.InvalidArgument, "too long")
	}
	buckets, err := usage.Buckets(span, query.Step, query.Zone)
	if err != nil {
		return nil, err
	}
	set := usage.NewSeriesSet(query, buckets)
	set.AsOf = noon.Add(30 * time.Hour)
	for i, subject := range used {
		// Whoever else is asked for at the same time, or whether all are.
		if query.Subjects != nil && subject != (usage.Subject{}) && !slices.Contains(query.Subjects, subject) {
			continue
		}
		if err := set.Add(subject, i%len(buckets), usage.Usage{Minutes: int64(i), Seconds: 1, Sessions: 1}); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// used are those with usage over time: everybody, and some accounts with customers.
var used = func() (subjects []usage.Subject) {
	for _, account := range odd {
		for _, customer := range append([]string{""}, odd...) {
			subjects = append(subjects, usage.Subject{AccountID: account, CustomerID: customer})
		}
	}
	return append(subjects, usage.Subject{})
}()

// odd are ids that are written in some way of their own.
var odd = []string{"a", `"`, "\\", "\u2028", "<&>", "\x01\t\n", "é😀"}

// Names names some.
func (f readerFunc) Names(_ context.Context, subjects []usage.Subject) (map[usage.Subject]string, error) {
	names := map[usage.Subject]string{}
	for _, subject := range subjects {
		// Whoever else is asked for at the same time.
		if text := subject.AccountID + "/" + subject.CustomerID; (int(text[0])+len(text))%2 == 0 {
			names[subject] = "name \"" + subject.AccountID + subject.CustomerID
		}
	}
	return names, nil
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
