package resolvers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/resolvers"
	"aiusage/usage"
)

func TestNothingIsReadWithoutARole(t *testing.T) {
	resolver := resolvers.New(readerFunc(func(context.Context, usage.Query) (*usage.Report, error) {
		t.Error("the database was read")
		return nil, nil
	}), resolvers.Options{})
	for _, ctx := range []context.Context{t.Context(), auth.NewContext(t.Context(), auth.Principal{Name: "bob"})} {
		if _, err := resolver.Report(ctx, usage.Request{}); err == nil {
			t.Error("got no error")
		}
	}
}

func TestDaysAreThoseOfTheDefaultZone(t *testing.T) {
	berlin, err := usage.LoadZone("timeZone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	resolver := resolvers.New(readerFunc(func(_ context.Context, query usage.Query) (*usage.Report, error) {
		return usage.NewReport(query, time.Time{}, nil), nil
	}), resolvers.Options{Zone: berlin})
	ctx := auth.NewContext(t.Context(), auth.Operator)
	for zone, want := range map[string]string{"": "2026-02-28T23:00:00Z", "Asia/Tokyo": "2026-02-28T15:00:00Z"} {
		report, err := resolver.Report(ctx, usage.Request{StartDate: "2026-03-01", TimeZone: zone})
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Query.Range.From.UTC().Format(time.RFC3339); got != want {
			t.Errorf("%q: got %s, want %s", zone, got, want)
		}
	}
}

func TestAReportTakesNoLongerThanTheLimit(t *testing.T) {
	resolver := resolvers.New(readerFunc(func(ctx context.Context, _ usage.Query) (*usage.Report, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}), resolvers.Options{Limit: time.Millisecond})
	_, err := resolver.Report(auth.NewContext(t.Context(), auth.Operator), usage.Request{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
