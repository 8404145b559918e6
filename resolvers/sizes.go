package resolvers

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"aiusage/admission"
	"aiusage/auth"
	"aiusage/usage"
)

// rowBytes is what a row of a report takes in memory, with its ids, while it is read and kept
// for an answer.
const rowBytes = 200

// sized is a Reader that learns how many rows reports have, and counts what they take. It is
// below the scope of who asks.
type sized struct {
	Reader
	sizes *sizes
}

func (s sized) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	report, err := s.Reader.Report(ctx, query)
	return s.sizes.count(ctx, report, err)
}

func (s sized) Snapshot(ctx context.Context) usage.Snapshot {
	return sizedSnapshot{s.Reader.Snapshot(ctx), s.sizes}
}

type sizedSnapshot struct {
	usage.Snapshot
	sizes *sizes
}

func (s sizedSnapshot) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	report, err := s.Snapshot.Report(ctx, query)
	return s.sizes.count(ctx, report, err)
}

// sizes are the most rows that reports have had so far, for each who may see the same. It is
// safe for concurrent use.
type sizes struct {
	// customers returns how many customers there may be, 0 where nobody knows.
	customers func() int

	mu   sync.Mutex
	seen map[string]extent
}

// extent is how many rows a report has at most.
type extent struct{ accounts, customers, ofAccount int }

// rowsAt returns how many rows a report has that tells usage apart so far.
func (e extent) rowsAt(level usage.Level) int64 {
	switch level {
	case usage.ByCustomer:
		return int64(e.customers + e.accounts)
	case usage.ByAccount:
		return int64(e.accounts)
	}
	return 1
}

// maxScopes bounds how many different scopes are remembered. Beyond it, all are forgotten and
// learned anew.
const maxScopes = 1000

func newSizes(customers func() int) *sizes {
	if customers == nil {
		customers = func() int { return 0 }
	}
	return &sizes{customers: customers, seen: map[string]extent{}}
}

// scopeOf names what a principal may see.
func scopeOf(ctx context.Context) (scope string, accounts []string) {
	principal, _ := auth.FromContext(ctx)
	accounts, _ = principal.Sees() // who may see nothing reads nothing
	if accounts == nil {
		return "all", nil
	}
	return "of " + strings.Join(accounts, "\x00"), accounts
}

// count learns from a report, and has its rows counted as what an answer takes.
func (s *sizes) count(ctx context.Context, report *usage.Report, err error) (*usage.Report, error) {
	if err != nil {
		return nil, err
	}
	found := extent{accounts: len(report.Accounts), customers: len(report.Subjects)}
	for i := 0; i < len(report.Subjects); {
		from, account := i, report.Subjects[i].AccountID
		for i < len(report.Subjects) && report.Subjects[i].AccountID == account {
			i++
		}
		found.ofAccount = max(found.ofAccount, i-from)
	}
	scope, _ := scopeOf(ctx)
	s.mu.Lock()
	known, isKnown := s.seen[scope]
	if !isKnown && len(s.seen) >= maxScopes {
		clear(s.seen)
	}
	s.seen[scope] = extent{max(known.accounts, found.accounts), max(known.customers, found.customers), max(known.ofAccount, found.ofAccount)}
	s.mu.Unlock()
	return report, admission.Take(ctx, int64(found.customers+found.accounts)*rowBytes)
}

// of returns how many rows a report about a query has, as far as can be told: by what has been
// read for those who may see the same, and by how far the query is narrowed.
func (s *sizes) of(ctx context.Context, query usage.Query) extent {
	scope, visible := scopeOf(ctx)
	s.mu.Lock()
	known, all := s.seen[scope], s.seen["all"]
	s.mu.Unlock()
	// What has not been read yet is taken to be what it is for all, or what documents are bounded by.
	ofAccount := firstKnown(known.ofAccount, all.ofAccount, someCustomersOfAccount)
	customers := firstKnown(known.customers, all.customers, s.customers(), someCustomers)
	if scope == "all" {
		customers = max(customers, s.customers())
	}
	found := extent{firstKnown(known.accounts, all.accounts, someAccounts), customers, ofAccount}
	if visible != nil && known == (extent{}) {
		found = found.within(len(visible))
	}
	if narrowed := len(query.AccountIDs); narrowed > 0 {
		found = found.within(narrowed)
	}
	if query.AccountID != "" {
		found = found.within(1)
	}
	if narrowed := len(query.CustomerIDs); narrowed > 0 {
		found.accounts, found.customers = min(found.accounts, narrowed), min(found.customers, narrowed)
	}
	if query.CustomerID != "" {
		found.accounts, found.customers = min(found.accounts, 1), min(found.customers, 1)
	}
	found.ofAccount = min(found.ofAccount, found.customers)
	return found
}

// within returns the extent of so many accounts of it.
func (e extent) within(accounts int) extent {
	return extent{min(e.accounts, accounts), min(e.customers, accounts*e.ofAccount), e.ofAccount}
}

func firstKnown(numbers ...int) int {
	at := slices.IndexFunc(numbers, func(n int) bool { return n > 0 })
	return numbers[max(0, at)]
}

// shortest is the shortest time that a step takes.
var shortest = map[usage.Step]time.Duration{
	usage.QuarterHourly: 15 * time.Minute, usage.Hourly: time.Hour, usage.Daily: 23 * time.Hour, usage.Weekly: 167 * time.Hour,
	usage.Monthly: 28*24*time.Hour - time.Hour, usage.Yearly: 365 * 24 * time.Hour,
}

// pointsIn returns how many points a series over a range has at most, by step.
func pointsIn(within usage.Range) func(usage.Step) int {
	return func(step usage.Step) int {
		if within.From.IsZero() || within.To.IsZero() || shortest[step] == 0 {
			return points[step]
		}
		return int(min(usage.MaxPoints, 2+within.To.Sub(within.From)/shortest[step]))
	}
}
