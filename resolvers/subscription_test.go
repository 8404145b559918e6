package resolvers_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"aiusage/auth"
	"aiusage/internal/dbtest"
	"aiusage/resolvers"
	"aiusage/usage"
	"aiusage/watch"
)

// soon is how often these tests poll.
const soon = 5 * time.Millisecond

// subscribe begins an operation and returns what gives its answers, one after the
// other, and an empty text at the end.
func subscribe(t *testing.T, ctx context.Context, resolver *resolvers.Resolver, query string) func() string {
	t.Helper()
	exec := executor.New(resolver.Schema())
	for _, one := range resolver.Extensions() {
		exec.Use(one)
	}
	ctx = graphql.StartOperationTrace(ctx)
	operation, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if errs != nil {
		t.Fatal(errs)
	}
	respond, ctx := exec.DispatchOperation(ctx, operation)
	return func() string {
		response := respond(ctx)
		if response == nil {
			return ""
		}
		return string(response.Data) + response.Errors.Error()
	}
}

func TestListenersGetTheReportWheneverItChanges(t *testing.T) {
	var minutes, reads atomic.Int64
	minutes.Store(1)
	resolver := resolvers.New(readerFunc(func(_ context.Context, query usage.Query) (*usage.Report, error) {
		reads.Add(1)
		return usage.NewReport(query, time.Now(), []usage.SubjectUsage{{AccountID: "a", Usage: usage.Usage{Minutes: minutes.Load(), Sessions: 1}}}), nil
	}), resolvers.Options{Watch: watch.Options{Interval: soon}})
	ctx, cancel := context.WithCancel(auth.NewContext(t.Context(), auth.Operator))
	defer cancel()
	var listeners []func() string
	for range 20 {
		listeners = append(listeners, subscribe(t, ctx, resolver, `subscription{aiUsageChanged{totals{aiMinutes}}}`))
	}
	for change := int64(1); change <= 3; change++ {
		want := fmt.Sprintf(`{"aiUsageChanged":{"totals":{"aiMinutes":%d}}}`, change)
		for i, next := range listeners {
			if got := next(); got != want {
				t.Fatalf("listener %d got %s, want %s", i, got, want)
			}
		}
		minutes.Add(1)
	}
	if stats := resolver.Listeners(); stats.Keys != 1 || stats.Listeners != 20 || stats.Polls != reads.Load() {
		t.Errorf("got %+v and %d reads", stats, reads.Load())
	}
	cancel()
	for _, next := range listeners {
		for next() != "" { // a change may be under way
		}
	}
}

// Who may see something else does not share, and who may see nothing is refused.
func TestListenersSeeWhatTheyMaySee(t *testing.T) {
	resolver := resolvers.New(readerFunc(func(_ context.Context, query usage.Query) (*usage.Report, error) {
		var subjects []usage.SubjectUsage
		for _, account := range []string{"a", "b"} {
			if query.Accounts == nil || query.Accounts[0] == account {
				subjects = append(subjects, usage.SubjectUsage{AccountID: account, Usage: usage.Usage{Sessions: 1}})
			}
		}
		return usage.NewReport(query, time.Now(), subjects), nil
	}), resolvers.Options{Watch: watch.Options{Interval: soon}})
	for accounts, want := range map[string]string{
		"":  `{"aiUsageChanged":{"accountUsage":[{"accountId":"a"},{"accountId":"b"}]}}`,
		"a": `{"aiUsageChanged":{"accountUsage":[{"accountId":"a"}]}}`,
		"b": `{"aiUsageChanged":{"accountUsage":[{"accountId":"b"}]}}`,
	} {
		principal := auth.Operator
		if accounts != "" {
			principal = auth.Principal{Name: "x", Roles: []string{auth.AccountAdministrator}, Accounts: []string{accounts}}
		}
		next := subscribe(t, auth.NewContext(t.Context(), principal), resolver, `subscription{aiUsageChanged{accountUsage{accountId}}}`)
		if got := next(); got != want {
			t.Errorf("%q got %s, want %s", accounts, got, want)
		}
	}
	nobody := auth.NewContext(t.Context(), auth.Principal{Name: "bob"})
	next := subscribe(t, nobody, resolver, `subscription{aiUsageChanged{totals{sessions}}}`)
	if got := next(); !strings.Contains(got, "is required") {
		t.Errorf("got %s", got)
	}
}

// What is below the report is of the same state as the report, in every event, and
// no event leaves a connection behind.
func TestAllPartsOfAnEventAgree(t *testing.T) {
	dbtest.Any(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		resolver := resolvers.New(store, resolvers.Options{Watch: watch.Options{Interval: soon}})
		ctx, cancel := context.WithCancel(auth.NewContext(t.Context(), auth.Operator))
		defer cancel()
		next := subscribe(t, ctx, resolver, `subscription{aiUsageChanged(startDate:"2026-03-01",endDate:"2026-03-01"){totals{aiMinutes} series(granularity:DAY){aiMinutes}}}`)
		for i := range 20 { // more than there are connections
			want := fmt.Sprintf(`{"aiUsageChanged":{"totals":{"aiMinutes":%d},"series":[{"aiMinutes":%d}]}}`, i, i)
			if got := next(); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			write(t, store, fmt.Sprint("a", i), 1)
		}
	})
}

// What an account and a customer have is asked for in events as in answers.
func TestEventsHaveWhatBelongsToAccounts(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 1, 2)
	write(t, store, "b", 4)
	resolver := resolvers.New(store, resolvers.Options{Watch: watch.Options{Interval: time.Hour}})
	next := subscribe(t, auth.NewContext(t.Context(), auth.Operator), resolver,
		`subscription{aiUsageChanged{accountUsage{account{usage{totals{aiMinutes}} customers(first:1){nodes{customerId usage{totals{aiMinutes}}}}}}}}`)
	want := `{"aiUsageChanged":{"accountUsage":[{"account":{"usage":{"totals":{"aiMinutes":3}},"customers":{"nodes":[{"customerId":"c0","usage":{"totals":{"aiMinutes":1}}}]}}},` +
		`{"account":{"usage":{"totals":{"aiMinutes":4}},"customers":{"nodes":[{"customerId":"c0","usage":{"totals":{"aiMinutes":4}}}]}}}]}}`
	if got := next(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// One caller cannot take the places of everybody, and gets them back.
func TestOneCallerListensToSomeReportsOnly(t *testing.T) {
	resolver := resolvers.New(readerFunc(func(_ context.Context, query usage.Query) (*usage.Report, error) {
		return usage.NewReport(query, time.Now(), nil), nil
	}), resolvers.Options{Watch: watch.Options{Interval: soon}})
	ask := func(ctx context.Context, account int) string {
		return subscribe(t, ctx, resolver, fmt.Sprintf(`subscription{aiUsageChanged(accountId:"a%d"){totals{sessions}}}`, account))()
	}
	ctx, cancel := context.WithCancel(auth.NewContext(t.Context(), auth.Operator))
	for i := range 20 {
		for range 2 { // the same again is not another one
			if got := ask(ctx, i); !strings.Contains(got, `"sessions":0`) {
				t.Fatalf("%d: got %s", i, got)
			}
		}
	}
	if got := ask(ctx, 20); !strings.Contains(got, "already") {
		t.Errorf("got %s", got)
	}
	other := auth.NewContext(t.Context(), auth.Principal{Name: "other", Roles: auth.Operator.Roles})
	if got := ask(other, 20); !strings.Contains(got, `"sessions":0`) {
		t.Errorf("somebody else got %s", got)
	}
	cancel()
	again := auth.NewContext(t.Context(), auth.Operator)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if got := ask(again, 20); strings.Contains(got, `"sessions":0`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the places are not given back")
		}
	}
}

// Who is not ready for an event holds nothing open for it.
func TestAnEventIsReadWhenItIsWanted(t *testing.T) {
	var version, series atomic.Int64
	resolver := resolvers.New(countingReader{&version, &series}, resolvers.Options{Watch: watch.Options{Interval: soon}})
	next := subscribe(t, auth.NewContext(t.Context(), auth.Operator), resolver,
		`subscription{aiUsageChanged(startDate:"2026-03-01",endDate:"2026-03-01"){series(granularity:DAY){aiMinutes}}}`)
	if got := next(); !strings.Contains(got, "aiMinutes") {
		t.Fatalf("got %s", got)
	}
	reads := series.Load()
	version.Add(1)
	time.Sleep(20 * soon)
	if got := series.Load(); got != reads {
		t.Errorf("%d series were read for an event that nobody waited for", got-reads)
	}
	if got := next(); !strings.Contains(got, `"aiMinutes":1`) {
		t.Errorf("got %s", got)
	}
}

// However many listeners there are, what is below a report is read once a change,
// or a few times where they are not told at the same time.
func TestListenersShareWhatIsReadBelow(t *testing.T) {
	var version, series atomic.Int64
	database := countingReader{&version, &series}
	resolver := resolvers.New(database, resolvers.Options{Watch: watch.Options{Interval: 50 * time.Millisecond}})
	ctx := auth.NewContext(t.Context(), auth.Operator)
	const listeners = 50
	results := make(chan string)
	for range listeners {
		next := subscribe(t, ctx, resolver, `subscription{aiUsageChanged(startDate:"2026-03-01",endDate:"2026-03-01"){series(granularity:DAY){aiMinutes}}}`)
		go func() {
			for range 3 {
				results <- next()
			}
		}()
	}
	for change := range 3 {
		for range listeners {
			if got := <-results; !strings.HasPrefix(got, `{"aiUsageChanged":{"series":[{"aiMinutes":`) {
				t.Fatalf("change %d: got %s", change, got)
			}
		}
		version.Add(1)
	}
	if reads := series.Load(); reads < 3 || reads > listeners {
		t.Errorf("%d listeners read the series %d times for 3 changes", listeners, reads)
	}
}

// countingReader is a database whose usage is a version number, and which counts
// the series that are read.
type countingReader struct{ version, series *atomic.Int64 }

func (r countingReader) Report(_ context.Context, query usage.Query) (*usage.Report, error) {
	return usage.NewReport(query, time.Now(), []usage.SubjectUsage{{AccountID: "a", Usage: usage.Usage{Minutes: r.version.Load(), Sessions: 1}}}), nil
}

func (r countingReader) Series(_ context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	r.series.Add(1)
	set := usage.NewSeriesSet(query, []usage.Range{query.Range})
	return set, set.Add(usage.Subject{}, 0, usage.Usage{Minutes: r.version.Load(), Sessions: 1})
}

func (r countingReader) Names(context.Context, []usage.Subject) (map[usage.Subject]string, error) {
	return nil, nil
}

func (countingReader) Sessions(context.Context, usage.SessionsQuery) ([]usage.ListedSession, error) {
	return nil, nil
}

func (r countingReader) FindAccounts(context.Context, usage.Search) ([]usage.Account, error) {
	return nil, nil
}

func (r countingReader) FindCustomers(context.Context, usage.Search) ([]usage.Customer, error) {
	return nil, nil
}

func (r countingReader) Snapshot(context.Context) usage.Snapshot { return r }

func (r countingReader) Close() error { return nil }
