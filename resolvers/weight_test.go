package resolvers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/auth"
	"aiusage/resolvers"
	"aiusage/transport"
	"aiusage/usage"
	"aiusage/watch"
)

// wide is a database with rows of many customers, and points in every bucket of each.
type wide struct {
	readerFunc
	rows []usage.SubjectUsage
	// sparse has usage in the first bucket only.
	sparse                  bool
	reports, series, points atomic.Int64
}

// newWide has so many accounts, with so many customers each.
func newWide(accounts, customers int, minutes int64) *wide {
	w := &wide{}
	for a := range accounts {
		for c := range customers {
			w.rows = append(w.rows, usage.SubjectUsage{AccountID: fmt.Sprintf("account-%03d", a), CustomerID: fmt.Sprintf("customer-%05d", c),
				Usage: usage.Usage{Minutes: minutes, Seconds: 60 * minutes, Sessions: 1}})
		}
	}
	w.readerFunc = func(_ context.Context, query usage.Query) (*usage.Report, error) {
		w.reports.Add(1)
		return usage.NewReport(query, noon, w.rows), nil
	}
	return w
}

func (w *wide) Snapshot(context.Context) usage.Snapshot { return w }

func (w *wide) Series(_ context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	w.series.Add(1)
	span := query.Range
	if span.From.IsZero() {
		span = usage.Range{From: noon, To: noon.AddDate(1, 0, 0)}
	}
	buckets, err := query.Buckets(span)
	if err != nil {
		return nil, err
	}
	set := usage.NewSeriesSet(query, buckets)
	subjects := query.Subjects
	if query.Level == usage.Together {
		subjects = []usage.Subject{{}}
	} else if subjects == nil {
		report := usage.NewReport(query.Query, noon, w.rows)
		for _, row := range report.Customers {
			if query.Level == usage.ByCustomer {
				subjects = append(subjects, usage.Subject{AccountID: row.AccountID, CustomerID: row.CustomerID})
			}
		}
		for _, row := range report.Accounts {
			if query.Level == usage.ByAccount {
				subjects = append(subjects, usage.Subject{AccountID: row.AccountID})
			}
		}
	}
	for _, subject := range subjects {
		for bucket := range buckets {
			if w.sparse && bucket > 0 {
				break
			}
			if err := set.Add(subject, bucket, usage.Usage{Minutes: 12, Seconds: 700, Sessions: 3}); err != nil {
				return nil, err
			}
		}
	}
	w.points.Add(int64(set.Points()))
	return set, nil
}

// answerOf asks a gateway over a database, and returns what the answer is and how many
// bytes were allocated for it.
func answerOf(t testing.TB, w *wide, query string) (answer string, allocated uint64) {
	t.Helper()
	resolver := resolvers.New(w, resolvers.Options{})
	handler := transport.New(resolver.Schema(), transport.Options{Extensions: resolver.Extensions()})
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	answer = send(t.Context(), handler, body)
	runtime.ReadMemStats(&after)
	return answer, after.TotalAlloc - before.TotalAlloc
}

// times writes a text for each of n aliases, with their numbers in it.
func times(n int, format string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, format+" ", i)
	}
	return text.String()
}

const (
	year      = `startDate:"2025-01-01",endDate:"2025-12-31"`
	allPoint  = `{from to partial aiMinutes aiSeconds sessions}`
	allTotals = `{aiMinutes aiSeconds sessions}`
	allRow    = `{accountId account{accountId name} customerId customer{accountId customerId name} aiMinutes aiSeconds sessions share previous` + allTotals + `}`
	daily     = `series(granularity:DAY)` + allPoint
	hourly    = `series(granularity:HOUR)` + allPoint
)

const mb = 1 << 20

// What people ask for is answered, in memory that is a few times the answer.
func TestHonestQuestionsAreWithinTheBudget(t *testing.T) {
	for name, c := range map[string]struct {
		accounts, customers int
		query               string
		most                uint64
	}{
		"a dashboard": {20, 10, `{aiUsage(` + year + `){totals` + allTotals + ` ` + daily + ` previous{totals` + allTotals + ` ` + daily + `}
			accountUsageConnection(first:20,orderBy:{field:AI_MINUTES,direction:DESC}){nodes{account{name} aiMinutes share ` + daily + ` previous` + allTotals + `
			customerUsage{customer{name} aiMinutes share ` + daily + ` previous` + allTotals + `}}}}}`, 250 * mb},
		"the days of 50 accounts":             {50, 1, `{aiUsage(` + year + `){accountUsage{account{name} aiMinutes ` + daily + `}}}`, 50 * mb},
		"10,000 customers":                    {10, 1000, `{aiUsage(` + year + `){customerUsage` + allRow + `}}`, 60 * mb},
		"10,000 customers as a page":          {10, 1000, `{aiUsage(` + year + `){customerUsageConnection(first:10000){nodes` + allRow + `}}}`, 80 * mb},
		"100,000 rows":                        {100, 1000, `{aiUsage(` + year + `){customerUsage` + allRow + `}}`, 500 * mb},
		"the hours of a year for 20 accounts": {20, 1, `{aiUsage(` + year + `){accountUsage{` + hourly + `}}}`, 300 * mb},
	} {
		t.Run(name, func(t *testing.T) {
			answer, allocated := answerOf(t, newWide(c.accounts, c.customers, 12), c.query)
			t.Logf("%.1f MB answered, %.1f MB allocated", float64(len(answer))/mb, float64(allocated)/mb)
			if strings.Contains(answer, `"errors"`) {
				t.Errorf("got %.300s", answer)
			}
			if allocated > c.most {
				t.Errorf("%d MB were allocated, more than %d", allocated/mb, c.most/mb)
			}
		})
	}
}

// The answers to a batch are within the budget of one answer together.
func TestABatchIsWithinTheBudgetOfAnAnswer(t *testing.T) {
	resolver := resolvers.New(newWide(100, 1000, 12), resolvers.Options{})
	handler := transport.New(resolver.Schema(), transport.Options{Extensions: resolver.Extensions()})
	body, err := json.Marshal(slices.Repeat([]map[string]string{{"query": `{aiUsage{customerUsage` + allRow + `}}`}}, 2))
	if err != nil {
		t.Fatal(err)
	}
	var answers []struct{ Errors []struct{ Message string } }
	if err := json.Unmarshal([]byte(send(t.Context(), handler, body)), &answers); err != nil || len(answers) != 2 || len(answers[0].Errors) > 0 {
		t.Fatalf("got %v, %v", answers, err)
	}
	if len(answers[1].Errors) == 0 || !strings.Contains(answers[1].Errors[0].Message, "more than 2000000 values") {
		t.Errorf("got %v", answers[1].Errors)
	}
}

// Each way to multiply what is read or written ends at the budget of the answer as a whole.
func TestNoWayToMultiplyPassesTheBudget(t *testing.T) {
	for name, c := range map[string]struct {
		accounts, customers int
		minutes             int64
		query, argument     string
		most                uint64
	}{
		"aliases of a series of pages":      {20, 1, 12, `{aiUsage(` + year + `){accountUsageConnection(first:20){nodes{` + times(11, "a%d:"+hourly) + `}}}}`, "granularity", 500 * mb},
		"aliases of a series of rows":       {20, 1, 12, `{aiUsage(` + year + `){accountUsage{` + times(11, "a%d:"+hourly) + `}}}`, "granularity", 500 * mb},
		"aliases of a series of edges":      {20, 1, 12, `{aiUsage(` + year + `){accountUsageConnection(first:20){edges{node{` + times(11, "a%d:"+hourly) + `}}}}}`, "granularity", 500 * mb},
		"series of all granularities":       {100, 1, 12, `{aiUsage(` + year + `){accountUsage{h:` + hourly + ` d:` + daily + ` w:series(granularity:WEEK){from}}}}`, "granularity", 500 * mb},
		"aliases of a list":                 {100, 1000, 12, `{aiUsage{` + times(12, "a%d:customerUsage"+allRow) + `}}`, "first", 500 * mb},
		"aliases of reports":                {100, 1000, 12, `{` + times(12, "a%d:aiUsage{customerUsage"+allRow+"}") + `}`, "first", 500 * mb},
		"aliases of pages":                  {100, 1000, 12, `{aiUsage{` + times(16, "a%d:customerUsageConnection(first:10000){nodes"+allRow+"}") + `}}`, "first", 900 * mb},
		"edges and nodes":                   {100, 1000, 12, `{aiUsage{` + times(7, "a%d:customerUsageConnection(first:10000){nodes"+allRow+"edges{cursor node"+allRow+"}}") + `}}`, "first", 900 * mb},
		"aliases of lists within lists":     {100, 1000, 12, `{aiUsage{` + times(3, "a%d:accountUsage{"+times(3, "c%[1]d:customerUsage"+allRow)+"}") + `}}`, "first", 500 * mb},
		"reports before reports":            {20, 10, 12, `{aiUsage(` + year + `){` + strings.Repeat(`accountUsage{`+hourly+`} previous{`, 10) + `asOf` + strings.Repeat("}", 10) + `}}`, "granularity", 500 * mb},
		"series of many rows":               {10, 1000, 12, `{aiUsage(` + year + `){customerUsage{series(granularity:DAY){aiMinutes}}}}`, "granularity", 50 * mb},
		"points without usage":              {100, 1000, 12, `{aiUsage(` + year + `){customerUsage{series(granularity:MONTH,fillZero:false){aiMinutes}}}}`, "granularity", 150 * mb},
		"rows that gqlgen has to write":     {100, 1000, 1 << 40, `{aiUsage{customerUsage` + allRow + `}}`, "first", 500 * mb},
		"aliases in fragments":              {100, 1000, 12, `{aiUsage{...f}} fragment f on AIUsage{` + times(12, "a%d:customerUsage{...g}") + `} fragment g on AICustomerUsage` + allRow, "first", 500 * mb},
		"aliases of the fields of a list":   {100, 1000, 12, `{aiUsage{customerUsage{` + times(45, "a%d:accountId") + `}}}`, "first", 100 * mb},
		"errors of rows that gqlgen writes": {100, 1000, 1 << 40, `{aiUsage{customerUsage{aiMinutes}}}`, "first", 100 * mb},
		"aliases of drivers":                {100, 1000, 12, `{aiUsage(` + year + `){` + times(4, "a%d:drivers(first:10000,by:CUSTOMER){largest{account{accountId} customer{customerId} status current previous change}}") + `}}`, "first", 500 * mb},
		"what is nested in rows of a list":  {100, 1000, 12, `{aiUsage{customerUsage{` + times(12, "a%d:customer{accountId account{accountId}}") + `}}}`, "first", 100 * mb},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWide(c.accounts, c.customers, c.minutes)
			answer, allocated := answerOf(t, w, c.query)
			t.Logf("%.1f MB answered, %.1f MB allocated, %d points read", float64(len(answer))/mb, float64(allocated)/mb, w.points.Load())
			if !strings.Contains(answer, `"argument":"`+c.argument+`","code":"BAD_USER_INPUT"`) || len(answer) > 40*mb { // what is within the budget is answered
				t.Errorf("got %d bytes: %.500s", len(answer), answer)
			}
			if allocated > c.most {
				t.Errorf("%d MB were allocated, more than %d", allocated/mb, c.most/mb)
			}
		})
	}
}

// What is too much is refused before it is read, where the range says how much it is.
func TestTooManyPointsAreNotRead(t *testing.T) {
	w := newWide(10, 1000, 12)
	answer, _ := answerOf(t, w, `{aiUsage(`+year+`){customerUsage{series(granularity:DAY){aiMinutes}}}}`)
	if !strings.Contains(answer, "too many points") || w.series.Load() != 0 {
		t.Errorf("%d series were read for %.200s", w.series.Load(), answer)
	}
}

// Where the range says nothing, they are counted once they have been read.
func TestPointsOfOpenRangesAreCounted(t *testing.T) {
	w := newWide(2, 1000, 12)
	w.sparse = true
	const few = `customerUsage{series(granularity:DAY,fillZero:false){aiMinutes}}`
	for query, refused := range map[string]bool{
		`{aiUsage{` + few + `}}`: false,
		`{aiUsage{` + few + `} other:aiUsage(timeZone:"Asia/Tokyo"){` + few + `}}`: true,
	} {
		answer, _ := answerOf(t, w, query)
		if got := strings.Contains(answer, "of the request together have too many points"); got != refused {
			t.Errorf("%s: got %.300s", query, answer)
		}
	}
}

// However often the same is asked for under other names, it is read once.
func TestAliasesReadOnce(t *testing.T) {
	for query, series := range map[string]int64{
		`{aiUsage(` + year + `){` + times(48, "a%d:"+daily) + `}}`:                                                          1,
		`{aiUsage(` + year + `){` + times(48, "a%d:"+daily) + ` accountUsageConnection(first:1){totalCount}}}`:              1,
		`{aiUsage(` + year + `){` + times(20, "a%d:accountUsage{"+daily+"}") + `}}`:                                         1,
		`{aiUsage(` + year + `){` + times(20, "a%d:accountUsageConnection(first:3){nodes{"+daily+"}}") + `}}`:               1,
		`{aiUsage(` + year + `){` + times(9, "a%d:accountUsageConnection(first:3){nodes{customerUsage{"+daily+"}}}") + `}}`: 1,
		`{` + times(20, "a%d:aiUsage("+year+"){"+daily+"}") + `}`:                                                           1,
		`{` + times(20, "a%d:aiUsage("+year+"){"+daily+" accountUsageConnection(first:2){nodes{"+daily+"}}}") + `}`:         2,
		`{aiUsage(` + year + `){` + times(3, "a%d:previous{"+daily+"}") + `}}`:                                              1,
		`{aiUsage(` + year + `){h:series(granularity:HOUR){from} ` + daily + ` previous{` + daily + `}}}`:                   3,
		`{aiUsage(` + year + `){` + times(48, "a%d:drivers(first:%[1]d,by:HOUR_OF_DAY){previous}") + `}}`:                   2,
		`{aiUsage(` + year + `){` + hourly + ` drivers(by:HOUR_OF_DAY,of:SESSIONS){largest{hour previous}}}}`:               3,
		`{aiUsage(` + year + `){` + times(48, "a%d:drivers(first:%[1]d,by:CUSTOMER){previous}") + `}}`:                      0,
	} {
		w := newWide(4, 2, 12)
		answer, _ := answerOf(t, w, query)
		reports := int64(1)
		if strings.Contains(query, "previous") {
			reports = 2
		}
		if strings.Contains(answer, `"errors"`) || w.series.Load() != series || w.reports.Load() != reports {
			t.Errorf("%s\n%d series and %d reports were read: %.300s", query, w.series.Load(), w.reports.Load(), answer)
		}
	}
}

// A list of ids is short, and each may be of a report of its own: so many are read for an answer,
// whichever fields they are asked for by, and any number of parts of the same ones.
func TestReportsThatAreReadByIDAreCounted(t *testing.T) {
	resolver := resolvers.New(newWide(2, 2, 12), resolvers.Options{})
	a := api{transport.New(resolver.Schema(), transport.Options{Extensions: resolver.Extensions()})}
	var ids []string
	for year := range 6 {
		found := read[map[string]struct{ ID string }](t, a, `{`+times(20, `a%[1]d:aiUsage(startDate:"20`+fmt.Sprint(10+year)+`-01-01",endDate:"21%02[1]d-01-01"){id}`)+`}`)
		for _, report := range found {
			ids = append(ids, report.ID)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for name, c := range map[string]struct {
		first, second []string
		refused       bool
	}{
		"100 of one list":       {ids[:100], nil, false},
		"100 of two":            {ids[:50], ids[50:100], false},
		"101 of two":            {ids[:50], ids[50:101], true},
		"one, a hundred times":  {slices.Repeat(ids[:1], 100), slices.Repeat(ids[:1], 100), false},
		"as many as there may":  {ids[:100], ids[:1], true},
		"what is no id is none": {ids[:100], []string{"x", ""}, false},
	} {
		answer := a.ask(t, t.Context(), `query($a:[ID!]!,$b:[ID!]!){a:nodes(ids:$a){id} b:nodes(ids:$b){id}}`, "a", append([]string{}, c.first...), "b", append([]string{}, c.second...))
		if refused := strings.Contains(answer, `"argument":"ids","code":"BAD_USER_INPUT"`); refused != c.refused || strings.Contains(answer, "errors") != c.refused {
			t.Errorf("%s: got %.300s", name, answer)
		}
	}
}

// Each event of a subscription has a budget of its own.
func TestEventsHaveABudget(t *testing.T) {
	for selection, refused := range map[string]bool{
		`{customerUsage` + allRow + `}`:                                  false,
		`{` + times(12, "a%d:customerUsage"+allRow) + `}`:                true,
		`{` + times(12, "a%d:customerUsage{accountId customerId}") + `}`: true,
	} {
		resolver := resolvers.New(newWide(100, 1000, 12), resolvers.Options{Watch: watch.Options{Interval: time.Hour}})
		ctx, cancel := context.WithCancel(auth.NewContext(t.Context(), auth.Operator))
		answer := subscribe(t, ctx, resolver, `subscription{aiUsageChanged`+selection+`}`)()
		cancel()
		if got := strings.Contains(answer, "more than 2000000 values"); got != refused {
			t.Errorf("%s: got %d bytes: %.300s", selection, len(answer), answer)
		}
	}
}

// slowNames takes its time for names, and does not look whether anybody waits for them.
type slowNames struct {
	*wide
	take func()
}

func (s slowNames) Snapshot(context.Context) usage.Snapshot { return s }

func (s slowNames) Names(context.Context, []usage.Subject) (map[usage.Subject]string, error) {
	s.take()
	return nil, nil
}

// Whoever has gone is not written for to the end, by either way: allocations stand for the
// work.
func TestWritingStopsWhenNobodyWaits(t *testing.T) {
	for query, most := range map[string]uint64{
		`{aiUsage{customerUsage{customer{name} accountId customerId aiMinutes aiSeconds sessions share}}}`:                               40 * mb,
		`{aiUsage{customerUsageConnection(first:10000){nodes{customer{name} accountId customerId aiMinutes aiSeconds sessions share}}}}`: 30 * mb,
		`{aiUsage{accountUsage{account{name} customerUsage{accountId customerId aiMinutes}}}}`:                                           40 * mb,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		resolver := resolvers.New(slowNames{newWide(100, 1000, 12), cancel}, resolvers.Options{})
		handler := transport.New(resolver.Schema(), transport.Options{Extensions: resolver.Extensions()})
		body, _ := json.Marshal(map[string]string{"query": query})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		answer := send(ctx, handler, body)
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		t.Logf("%.1f MB allocated", float64(allocated)/mb)
		if !strings.Contains(answer, `"code":"CANCELED"`) || len(answer) > 1000 || allocated > most {
			t.Errorf("%s\n%d MB were allocated for %.300s", query, allocated/mb, answer)
		}
	}
}

// An event is bounded in time by itself: the wait for it does not count.
func TestAnEventThatTakesTooLongIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = time.Minute
		var take, polls atomic.Int64
		database := slowNames{newWide(2, 2, 12), func() { time.Sleep(time.Duration(take.Load())) }} // by the clock of the test
		database.readerFunc = func(_ context.Context, query usage.Query) (*usage.Report, error) {
			return usage.NewReport(query, noon, []usage.SubjectUsage{{AccountID: "a", Usage: usage.Usage{Sessions: polls.Add(1)}}}), nil
		}
		resolver := resolvers.New(database, resolvers.Options{Limit: limit, Watch: watch.Options{Interval: time.Hour}})
		ctx, cancel := context.WithCancel(auth.NewContext(t.Context(), auth.Operator))
		defer cancel()
		next := subscribe(t, ctx, resolver, `subscription{aiUsageChanged{accountUsage{accountId account{name}} totals{sessions}}}`)
		for i, late := range []bool{false, true, false} {
			if take.Store(0); late {
				take.Store(int64(2 * limit))
			}
			answer := next()
			if got := strings.Contains(answer, "deadline exceeded"); got != late || strings.Contains(answer, `"accountId"`) == late {
				t.Errorf("event %d: got %s", i, answer)
			}
		}
	})
}

// Points that are read and not shown are counted all the same.
func TestPointsThatAreNotShownCount(t *testing.T) {
	w := newWide(20, 1, 12)
	w.sparse = true
	ask := func(aliases int) string {
		answer, _ := answerOf(t, w, `{aiUsage(`+year+`){accountUsage{`+times(aliases, "a%d:series(granularity:HOUR,fillZero:false){from}")+`}}}`)
		return answer
	}
	if answer := ask(10); strings.Contains(answer, `"errors"`) {
		t.Errorf("got %.300s", answer)
	}
	if answer := ask(13); !strings.Contains(answer, "too many points") {
		t.Errorf("got %.300s", answer)
	}
}

// What is tried by one way and then written by the other counts once, so that the error is
// the right one.
func TestAnErrorOfARowIsToldWhereItIs(t *testing.T) {
	w := newWide(16, 1000, 12)
	w.rows[len(w.rows)-1].Usage.Minutes = 1 << 40
	answer, _ := answerOf(t, w, `{aiUsage{customerUsage`+allRow+`}}`)
	if !strings.Contains(answer, `"path":["aiUsage","customerUsage",15999,"aiMinutes"]`) || !strings.Contains(answer, `"code":"OUT_OF_RANGE"`) {
		t.Errorf("got %.300s", answer)
	}
}

// Lists that are not of a report count as well.
func TestOtherListsCount(t *testing.T) {
	var accounts []string
	for i := range 10_000 {
		accounts = append(accounts, fmt.Sprint(i))
	}
	ctx := auth.NewContext(t.Context(), auth.Principal{Name: "many", Roles: []string{auth.AccountAdministrator}, Accounts: accounts})
	resolver := resolvers.New(newWide(1, 1, 12), resolvers.Options{})
	handler := transport.New(resolver.Schema(), transport.Options{Extensions: resolver.Extensions()})
	for aliases, refused := range map[int]bool{1: false, 7: true} {
		body, _ := json.Marshal(map[string]string{"query": `{viewer{` + times(aliases, "a%d:accounts{accountId}") + `}}`})
		request := httptest.NewRequestWithContext(ctx, "POST", "/", bytes.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if got := strings.Contains(recorder.Body.String(), "more than 2000000 values"); got != refused {
			t.Errorf("%d aliases: got %.300s", aliases, recorder.Body)
		}
	}
}
