package answer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/listing"
	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// database is one that records what it is asked, and fails for months.
type database struct {
	mu     sync.Mutex
	asked  []string
	closed bool
}

func (d *database) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, fmt.Sprintf(format, args...))
}

func (d *database) Report(_ context.Context, query usage.Query) (*usage.Report, error) {
	d.note("report")
	return usage.NewReport(query, time.Now(), []usage.SubjectUsage{
		{AccountID: "a", CustomerID: "x", Usage: usage.Usage{Sessions: 1}},
		{AccountID: "a", CustomerID: "y", Usage: usage.Usage{Sessions: 1}},
		{AccountID: "b", CustomerID: "x", Usage: usage.Usage{Sessions: 1}},
	}), nil
}

func (d *database) Series(_ context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	d.note("series %s %d %d", query.Step, query.Level, len(query.Subjects))
	if query.Step == usage.Monthly {
		return nil, errors.New("no months")
	}
	set := usage.NewSeriesSet(query, []usage.Range{query.Range})
	for i, subject := range []usage.Subject{{AccountID: "a"}, {AccountID: "b"}, {AccountID: "a", CustomerID: "x"}, {AccountID: "a", CustomerID: "y"}, {AccountID: "b", CustomerID: "x"}} {
		if err := set.Add(subject, 0, usage.Usage{Minutes: int64(i)}); err != nil {
			return nil, err
		}
	}
	return set, nil
}

func (d *database) Names(_ context.Context, subjects []usage.Subject) (map[usage.Subject]string, error) {
	d.note("names %d", len(subjects))
	return map[usage.Subject]string{{AccountID: "a"}: "A", {AccountID: "b", CustomerID: "x"}: "X"}, nil
}

func (d *database) Sessions(_ context.Context, query usage.SessionsQuery) ([]usage.ListedSession, error) {
	d.note("sessions %d", query.Limit)
	return []usage.ListedSession{{Session: usage.Session{SessionID: "s", AccountID: "a "}}}, nil
}

func (d *database) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return nil
}

// begin returns a reading of one day's report.
func begin(t *testing.T, d *database) (*answer.Reading, *answer.Report) {
	t.Helper()
	reading := answer.NewReading(t.Context(), time.Minute, answer.NewKept(), func(context.Context) usage.Snapshot { return d })
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	report, err := reading.Report(usage.Query{Zone: time.UTC, Range: usage.Range{From: day, To: day.AddDate(0, 0, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	return reading, report
}

// accountsOf and customersOf return all rows.
func accountsOf(t *testing.T, report *answer.Report) []answer.AccountUsage {
	t.Helper()
	rows, err := report.AccountRows(t.Context(), answer.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func customersOf(t *testing.T, account answer.AccountUsage) []answer.CustomerUsage {
	t.Helper()
	rows, err := account.CustomerRows(t.Context(), answer.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Whoever asks, and however many at the same time, each list is read once for each
// granularity; every row gets its own, and an error is that of its granularity.
func TestListsAreReadOnce(t *testing.T) {
	d := &database{}
	reading, report := begin(t, d)
	defer reading.Close()
	var all sync.WaitGroup
	for i, account := range accountsOf(t, report) {
		all.Go(func() {
			points, err := account.Series(t.Context(), usage.Daily, true)
			if err != nil || len(points) != 1 || points[0].Minutes != int64(i) {
				t.Errorf("account %d: got %+v, %v", i, points, err)
			}
			if _, err := account.Series(t.Context(), usage.Monthly, true); err == nil {
				t.Error("got months")
			}
			if name, err := account.Account().Name(t.Context()); err != nil || (name == nil) != (i == 1) {
				t.Errorf("account %d is named %v, %v", i, name, err)
			}
		})
		for j, customer := range customersOf(t, account) {
			all.Go(func() {
				points, err := customer.Series(t.Context(), usage.Daily, true)
				if err != nil || len(points) != 1 || points[0].Minutes != int64(2+2*i+j) {
					t.Errorf("customer %d of account %d: got %+v, %v", j, i, points, err)
				}
				if _, err := customer.Customer().Name(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	slices.Sort(d.asked)
	got := strings.Join(d.asked, ", ")
	// The names of both lists may be asked for at once.
	if names := strings.Count(got, "names"); names < 1 || names > 2 {
		t.Errorf("names were read %d times: %s", names, got)
	}
	if want := "report, series DAY 0 0, series DAY 1 0, series MONTH 1 0"; !strings.HasSuffix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A page is read for its rows only.
func TestAPageIsReadForItsRows(t *testing.T) {
	d := &database{}
	reading, report := begin(t, d)
	defer reading.Close()
	first := int32(1)
	page, err := report.AccountUsageConnection(t.Context(), &first, nil, nil, nil, listing.Order{Field: listing.ByID, Direction: listing.Descending}, nil, listing.Current, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range page.Nodes {
		if _, err := row.Series(t.Context(), usage.Daily, true); err != nil {
			t.Error(err)
		}
		for _, customer := range customersOf(t, row) {
			if _, err := customer.Series(t.Context(), usage.Daily, true); err != nil {
				t.Error(err)
			}
		}
	}
	if got, want := strings.Join(d.asked, ", "), "report, series DAY 1 1, series DAY 0 1"; got != want || page.Nodes[0].AccountID != "b" {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAReadingEnds(t *testing.T) {
	d := &database{}
	reading, _ := begin(t, d)
	if err := reading.Close(); err != nil || !d.closed {
		t.Errorf("got %v, closed %v", err, d.closed)
	}
	if err := reading.Close(); err != nil {
		t.Errorf("again: got %v", err)
	}
	// One that was never used opens nothing.
	unused := answer.NewReading(t.Context(), 0, answer.NewKept(), func(context.Context) usage.Snapshot {
		t.Error("it was opened")
		return d
	})
	if err := unused.Close(); err != nil {
		t.Error(err)
	}
	if _, err := unused.Report(usage.Query{}); err == nil {
		t.Error("a closed reading read")
	}
	// Whoever asks may go away.
	ctx, cancel := context.WithCancel(t.Context())
	gone := &database{}
	left := answer.NewReading(ctx, 0, answer.NewKept(), func(context.Context) usage.Snapshot { return gone })
	if _, err := left.Report(usage.Query{Zone: time.UTC}); err != nil {
		t.Fatal(err)
	}
	cancel()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		gone.mu.Lock()
		closed := gone.closed
		gone.mu.Unlock()
		if closed {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the database stays open")
		}
	}
}

// brokenDatabase panics when it is closed.
type brokenDatabase struct{ database }

func (*brokenDatabase) Close() error { panic("broken") }

// A reading is closed by a goroutine when its time is up. A panic there is left to Close,
// where it has somebody to be told.
func TestAPanicAsTheTimeIsUpIsLeftToClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		reading := answer.NewReading(ctx, 0, answer.NewKept(), func(context.Context) usage.Snapshot { return &brokenDatabase{} })
		if _, err := reading.Report(usage.Query{Zone: time.UTC}); err != nil {
			t.Fatal(err)
		}
		cancel()
		synctest.Wait()
		if err := usage.Safely(reading.Close); err == nil || !strings.Contains(err.Error(), "broken") {
			t.Errorf("got %v", err)
		}
	})
}

// Where opening the database panics, whoever asks next gets an error, and closing is no
// second fault.
func TestAPanicAsTheDatabaseIsOpenedIsTheOnlyOne(t *testing.T) {
	reading := answer.NewReading(t.Context(), 0, answer.NewKept(), func(context.Context) usage.Snapshot { panic("broken") })
	ask := func() error {
		return usage.Safely(func() error {
			_, err := reading.Report(usage.Query{Zone: time.UTC})
			return err
		})
	}
	if err := ask(); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("first: got %v", err)
	}
	if err := ask(); err == nil || strings.Contains(err.Error(), "panic") {
		t.Errorf("then: got %v", err)
	}
	if err := usage.Safely(reading.Close); err != nil {
		t.Errorf("closing: got %v", err)
	}
}

// A database may take another id for the one that is asked for, and spell an account in its own way.
func TestOnlyTheSessionThatIsAskedForIsFound(t *testing.T) {
	d := &database{}
	reading, report := begin(t, d)
	defer reading.Close()
	found, err := report.SessionsConnection(t.Context(), nil, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, session := range map[string]usage.ListedSession{
		"":        {Session: usage.Session{SessionID: "s", AccountID: "a"}},
		"case":    {Session: usage.Session{SessionID: "S", AccountID: "a"}},
		"account": {Session: usage.Session{SessionID: "s", AccountID: "b"}},
	} {
		node := found.Nodes[0]
		node.ListedSession = &session
		identity, is := answer.Identify(node.ID())
		if !is {
			t.Fatalf("%s is no id", node.ID())
		}
		if got, err := reading.LookUp(t.Context(), identity)(); err != nil || (got != nil) != (name == "") {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

// What is looked up before a result is asked for is read together, however late each of them is.
func TestLookUpsAreReadTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in which no time passes before they wait
		d := &database{}
		reading, report := begin(t, d)
		defer reading.Close()
		reading.Finding(d)
		listed, err := report.SessionsConnection(t.Context(), nil, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		d.asked = nil
		var results []func() (answer.Node, error)
		for _, id := range []string{"s", "t", "u"} {
			node := listed.Nodes[0]
			node.ListedSession = &usage.ListedSession{Session: usage.Session{SessionID: id, AccountID: "a"}}
			for _, one := range []answer.Node{node, answer.Account{AccountID: id}, answer.Customer{AccountID: "a", CustomerID: id}} {
				identity, is := answer.Identify(string(one.AppendID(nil)))
				if !is {
					t.Fatalf("%s is no id", one.AppendID(nil))
				}
				results = append(results, reading.LookUp(t.Context(), identity))
			}
		}
		found := 0
		for _, result := range results {
			node, err := result()
			if err != nil {
				t.Error(err)
			}
			if node != nil {
				found++
			}
		}
		slices.Sort(d.asked)
		if want := []string{"accounts 3", "customers 3", "sessions 3"}; !slices.Equal(d.asked, want) || found != 3 {
			t.Errorf("%d were found by %v, want 3 by %v", found, d.asked, want)
		}
	})
}

func (d *database) FindAccounts(_ context.Context, search usage.Search) ([]usage.Account, error) {
	d.note("accounts %d", len(search.Only))
	return []usage.Account{{AccountID: "s"}}, nil
}

func (d *database) FindCustomers(_ context.Context, search usage.Search) ([]usage.Customer, error) {
	d.note("customers %d", len(search.Only))
	return []usage.Customer{{AccountID: "a", CustomerID: "s"}}, nil
}
