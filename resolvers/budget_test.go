//go:build !race

package resolvers_test

// What an answer may have at most takes ten times as long to reach with the race detector, which
// sees the same ways in smaller answers.

import (
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/resolvers"
	"aiusage/transport"
	"aiusage/watch"
)

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
