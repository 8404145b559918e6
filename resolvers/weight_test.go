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
	for query, reads := range map[string]struct{ series, reports int64 }{
		`{aiUsage(` + year + `){` + times(48, "a%d:"+daily) + `}}`:                                                          {1, 0},
		`{aiUsage(` + year + `){` + times(48, "a%d:"+daily) + ` accountUsageConnection(first:1){totalCount}}}`:              {1, 1},
		`{aiUsage(` + year + `){` + times(20, "a%d:accountUsage{"+daily+"}") + `}}`:                                         {1, 1},
		`{aiUsage(` + year + `){` + times(20, "a%d:accountUsageConnection(first:3){nodes{"+daily+"}}") + `}}`:               {1, 1},
		`{aiUsage(` + year + `){` + times(9, "a%d:accountUsageConnection(first:3){nodes{customerUsage{"+daily+"}}}") + `}}`: {1, 1},
		`{` + times(20, "a%d:aiUsage("+year+"){"+daily+"}") + `}`:                                                           {1, 0},
		`{` + times(20, "a%d:aiUsage("+year+"){"+daily+" accountUsageConnection(first:2){nodes{"+daily+"}}}") + `}`:         {2, 1},
		`{aiUsage(` + year + `){` + times(3, "a%d:previous{"+daily+"}") + `}}`:                                              {1, 2},
		`{aiUsage(` + year + `){h:series(granularity:HOUR){from} ` + daily + ` previous{` + daily + `}}}`:                   {3, 2},
		`{aiUsage(` + year + `){` + times(48, "a%d:drivers(first:%[1]d,by:HOUR_OF_DAY){previous}") + `}}`:                   {2, 2},
		`{aiUsage(` + year + `){` + hourly + ` drivers(by:HOUR_OF_DAY,of:SESSIONS){largest{hour previous}}}}`:               {3, 2},
		`{aiUsage(` + year + `){` + times(48, "a%d:drivers(first:%[1]d,by:CUSTOMER){previous}") + `}}`:                      {0, 2},
	} {
		w := newWide(4, 2, 12)
		answer, _ := answerOf(t, w, query)
		if strings.Contains(answer, `"errors"`) || w.series.Load() != reads.series || w.reports.Load() != reads.reports {
			t.Errorf("%s\n%d series and %d reports were read: %.300s", query, w.series.Load(), w.reports.Load(), answer)
		}
	}
}

// Of a report of which only series and sessions are selected, and what its query says, nothing else is read.
func TestAReportIsReadWhereItIsSelected(t *testing.T) {
	of := func(selected string, fragments ...string) string {
		return `query($no:Boolean=false){aiUsage(` + year + `){` + daily + selected + `} __typename@include(if:$no)}` + strings.Join(fragments, "")
	}
	const its, whole = ` fragment its on AIUsage{timeZone}`, ` fragment whole on AIUsage{...its totals{sessions}}`
	for document, reports := range map[string]int64{
		of(``):                                0,
		of(` id from to timeZone __typename`): 0,
		of(` ...its ...on AIUsage{to} ...on Node{id}`, its):                     0,
		of(` totals@skip(if:true){sessions}`):                                   0,
		of(` asOf@include(if:$no)`):                                             0,
		of(` asOf`):                                                             1,
		of(` retainedFrom`):                                                     1,
		of(` plan{source}`):                                                     1,
		of(` ...whole`, its, whole):                                             1,
		of(` ...on AIUsage{totals{id}}`):                                        1,
		of(` accountUsage{accountId}`):                                          1,
		of(` sessionsConnection{pageInfo{endCursor}}`):                          0,
		of(` drivers(by:ACCOUNT){change}`):                                      2,
		of(` previous{` + daily + `}`):                                          2,
		`{aiUsage(` + year + `){timeZone}}`:                                     1,
		`{aiUsage(` + year + `){sessionsConnection{pageInfo{endCursor}}}}`:      0,
		`{aiUsage(` + year + `){sessionsConnection{pageInfo{endCursor}} asOf}}`: 1,
	} {
		w := newWide(4, 2, 12)
		answer, _ := answerOf(t, w, document)
		if strings.Contains(answer, `"errors"`) || w.reports.Load() != reports {
			t.Errorf("%s\n%d reports were read: %.300s", document, w.reports.Load(), answer)
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
