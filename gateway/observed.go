package gateway

import (
	"context"
	"fmt"
	"strings"
	"time"

	"aiusage/failure"
	"aiusage/observe"
	"aiusage/resolvers"
	"aiusage/usage"
)

var _ resolvers.Reader = observed{}

// observed is a store that has the visits of its contexts see what they read. It is below
// the scope of who asks, so queries have theirs.
type observed struct{ Store }

// stated is a snapshot that can name the state of the database that it shows
// (read.Snapshot.State).
type stated interface {
	State(context.Context) (state string, asOf, now time.Time, err error)
}

// Report reads a report in a snapshot, if it is for a visit, because the state that it shows
// is part of the validator.
func (o observed) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	if visitOf(ctx) == nil {
		return asking(ctx, "usage.Report", func(ctx context.Context) (*usage.Report, error) {
			report, err := o.Store.Report(ctx, query)
			sawReport(ctx, report)
			return report, err
		})
	}
	snapshot := o.Snapshot(ctx)
	defer snapshot.Close()
	return snapshot.Report(ctx, query)
}

// FindAccounts finds what no validator stands for.
func (o observed) FindAccounts(ctx context.Context, search usage.Search) ([]usage.Account, error) {
	visitOf(ctx).spoil()
	return asking(ctx, "usage.FindAccounts", func(ctx context.Context) ([]usage.Account, error) { return o.Store.FindAccounts(ctx, search) })
}

// FindCustomers finds what no validator stands for.
func (o observed) FindCustomers(ctx context.Context, search usage.Search) ([]usage.Customer, error) {
	visitOf(ctx).spoil()
	return asking(ctx, "usage.FindCustomers", func(ctx context.Context) ([]usage.Customer, error) { return o.Store.FindCustomers(ctx, search) })
}

// Snapshot opens a state of the database.
func (o observed) Snapshot(ctx context.Context) usage.Snapshot {
	snapshot := usage.Snapshot(planned{o.Store.Snapshot(ctx)})
	if v := visitOf(ctx); v != nil {
		return &observedSnapshot{Snapshot: snapshot, visit: v}
	}
	return snapshot
}

// planned notes how reports and series were put together.
type planned struct{ usage.Snapshot }

func (p planned) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	return asking(ctx, "usage.Report", func(ctx context.Context) (*usage.Report, error) {
		report, err := p.Snapshot.Report(ctx, query)
		sawReport(ctx, report)
		return report, err
	})
}

// Series is a part of a trace, as sessions and names are.
func (p planned) Series(ctx context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	return asking(ctx, "usage.Series", func(ctx context.Context) (*usage.SeriesSet, error) {
		set, err := p.Snapshot.Series(ctx, query)
		if err == nil {
			sawPlan(ctx, set.Source, set.Plan, len(set.Buckets))
		}
		return set, err
	})
}

func (p planned) Sessions(ctx context.Context, query usage.SessionsQuery) ([]usage.ListedSession, error) {
	return asking(ctx, "usage.Sessions", func(ctx context.Context) ([]usage.ListedSession, error) { return p.Snapshot.Sessions(ctx, query) })
}

func (p planned) Names(ctx context.Context, subjects []usage.Subject) (map[usage.Subject]string, error) {
	return asking(ctx, "usage.Names", func(ctx context.Context) (map[usage.Subject]string, error) { return p.Snapshot.Names(ctx, subjects) })
}

// asking asks the database something that is a part of a trace by itself.
func asking[T any](ctx context.Context, what string, ask func(context.Context) (T, error)) (T, error) {
	ctx, span := observe.Begin(ctx, what)
	defer span.End()
	answer, err := ask(ctx)
	if err != nil {
		span.Fail(failure.GraphQLCode(usage.AsError(err).Code))
	}
	return answer, err
}

// State names the state of the database, where the snapshot can.
func (p planned) State(ctx context.Context) (state string, asOf, now time.Time, err error) {
	if snapshot, ok := p.Snapshot.(stated); ok {
		return snapshot.State(ctx)
	}
	return "", time.Time{}, time.Time{}, nil
}

// sawReport notes how a report was put together. It may be nil.
func sawReport(ctx context.Context, report *usage.Report) {
	if report != nil {
		sawPlan(ctx, report.Source, report.Plan, 0)
	}
}

// sawPlan notes how usage was put together: so many points of a series, or that of a report.
func sawPlan(ctx context.Context, source usage.Source, plan usage.Plan, points int) {
	observe.From(ctx).Planned(func() string {
		by := levelNames[plan.Level]
		if points > 0 {
			by += fmt.Sprintf(" in %d points", points)
		}
		return fmt.Sprintf("%s by %s: %d pieces, %d spans of sessions, %d kept", strings.ToLower(string(source)), by,
			len(plan.Pieces), len(plan.Edges), len(plan.Kept))
	})
}

// levelNames are for the log.
var levelNames = map[usage.Level]string{usage.ByCustomer: "customer", usage.ByAccount: "account", usage.Together: "total"}

func (v *visit) spoil() {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.spoiled = true
}

// observedSnapshot has a visit see what is read.
type observedSnapshot struct {
	usage.Snapshot
	visit *visit
	// named tells whether the visit has been told the state; it is the visit's to guard.
	named bool
}

func (s *observedSnapshot) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	report, err := s.Snapshot.Report(ctx, query)
	if err == nil {
		s.saw(ctx, query, nil, report.AsOf)
	}
	return report, err
}

func (s *observedSnapshot) Series(ctx context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	set, err := s.Snapshot.Series(ctx, query)
	if err == nil {
		s.saw(ctx, query.Query, set.Buckets, set.AsOf)
	}
	return set, err
}

func (s *observedSnapshot) Names(ctx context.Context, subjects []usage.Subject) (map[usage.Subject]string, error) {
	names, err := s.Snapshot.Names(ctx, subjects)
	s.visit.mu.Lock()
	defer s.visit.mu.Unlock()
	if len(subjects) > maxNames {
		s.visit.spoiled = true
	} else {
		s.visit.sawNames(namesOf(subjects, names))
	}
	return names, err
}

// Sessions are what no validator stands for: two that change places leave all sums as they are.
func (s *observedSnapshot) Sessions(ctx context.Context, query usage.SessionsQuery) ([]usage.ListedSession, error) {
	s.visit.spoil()
	return s.Snapshot.Sessions(ctx, query)
}

// saw notes what an answer has been read from. A snapshot shows one state from its first
// report on, so that it has to be named once.
func (s *observedSnapshot) saw(ctx context.Context, query usage.Query, buckets []usage.Range, asOf time.Time) {
	v := s.visit
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.sawQuery(query) != nil {
		v.spoiled = true
	}
	v.sawPoints(buckets, asOf)
	if v.spoiled || s.named {
		return
	}
	s.named = true
	state := ""
	if snapshot, ok := s.Snapshot.(stated); ok {
		state, _, _, _ = snapshot.State(ctx) // without it, there is no validator
	}
	v.sawState(state)
}
