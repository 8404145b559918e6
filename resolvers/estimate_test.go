package resolvers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"aiusage/admission"
	"aiusage/auth"
	"aiusage/resolvers"
	"aiusage/transport"
	"aiusage/usage"
)

// newExact is a wide database whose reports tell usage apart as far as they are asked to.
func newExact(accounts, customers int) *wide {
	w := newWide(accounts, customers, 1234)
	w.readerFunc = func(_ context.Context, query usage.Query) (*usage.Report, error) {
		rows := w.rows
		if query.Level != usage.ByCustomer {
			rows = newWide(map[usage.Level]int{usage.ByAccount: accounts, usage.Together: 1}[query.Level], 1, 1234).rows
		}
		return usage.NewReport(query, noon, rows), nil
	}
	return w
}

// estimating is a gateway over a database that notes what answers were estimated at.
func estimating(w *wide, options resolvers.Options) (ask func(ctx context.Context, query string) (answer string, estimated int64)) {
	resolver := resolvers.New(w, options)
	var last atomic.Int64
	handler := transport.New(resolver.Schema(), transport.Options{Extensions: resolver.Extensions(),
		Turns: func(ctx context.Context, operation *graphql.OperationContext) (*admission.Turn, error) {
			last.Store(resolver.Estimate(ctx, operation))
			return nil, nil
		}})
	return func(ctx context.Context, query string) (string, int64) {
		body, _ := json.Marshal(map[string]string{"query": query})
		request := httptest.NewRequestWithContext(ctx, "POST", "/", bytes.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		return answer.Body.String(), last.Load()
	}
}

func as(ctx context.Context, role string, accounts ...string) context.Context {
	return auth.NewContext(ctx, auth.Principal{Name: "somebody", Roles: []string{role}, Accounts: accounts})
}

// Once reports have been read, an answer is estimated at no less than its own bytes, of which
// it takes twice as many while it is put together, and at no more than a few times that.
func TestAnswersAreEstimatedAtWhatTheyTake(t *testing.T) {
	w := newExact(50, 40)
	ask := estimating(w, resolvers.Options{})
	ctx := as(t.Context(), auth.SystemAdministrator)
	const amounts = `aiMinutes aiSeconds sessions`
	ask(ctx, `{ aiUsage { customerUsage { accountId } } }`)
	for name, query := range map[string]string{
		"customers":          `{ aiUsage { customerUsage { accountId customerId ` + amounts + ` } } }`,
		"accounts":           `{ aiUsage { accountUsage { accountId ` + amounts + ` } } }`,
		"nested":             `{ aiUsage { accountUsage { accountId customerUsage { accountId customerId ` + amounts + ` } } } }`,
		"two reports":        `{ a: aiUsage { customerUsage { customerId ` + amounts + ` } } b: aiUsage(startDate: "2020-01-01") { customerUsage { customerId ` + amounts + ` } } }`,
		"a page":             `{ aiUsage { customerUsageConnection(first: 100) { nodes { accountId customerId ` + amounts + ` } } } }`,
		"drivers":            `{ aiUsage(startDate: "2026-03-01", endDate: "2026-03-31") { drivers(first: 100, by: CUSTOMER) { largest { account { accountId } customer { customerId } current previous change } } } }`,
		"drivers in time":    `{ aiUsage(startDate: "2026-03-01", endDate: "2026-03-31") { drivers(first: 24, by: HOUR_OF_DAY) { largest { hour current previous change } } } }`,
		"in several places":  `{ aiUsage { customerUsage { accountId customerId } customerUsage { ` + amounts + ` } } }`,
		"of many widgets":    `{ ` + times(40, "...W%d") + ` } ` + times(40, `fragment W%d on Query { aiUsage { customerUsage { accountId customerId `+amounts+` } } }`),
		"by gqlgen":          `{ aiUsage { asOf customerUsage { accountId customerId ` + amounts + ` } } }`,
		"a series":           `{ aiUsage(startDate: "2026-03-01", endDate: "2026-03-10") { series(granularity: HOUR, fillZero: true) { from to ` + amounts + ` } } }`,
		"series of accounts": `{ aiUsage(startDate: "2026-03-01", endDate: "2026-03-31") { accountUsage { accountId series(granularity: DAY, fillZero: true) { from ` + amounts + ` } } } }`,
	} {
		answer, estimated := ask(ctx, query)
		if strings.Contains(answer, `"errors"`) {
			t.Fatalf("%s: %.200s", name, answer)
		}
		if length := int64(len(answer)); estimated < length || estimated > 20*length+500*2000 { // the rows of a report that a page is cut of
			t.Errorf("%s: %d bytes were estimated at %d", name, length, estimated)
		}
	}
}

// What is narrowed to little is little, however much there is: it must not wait for what is
// large.
func TestSmallQuestionsAreEstimatedAtLittle(t *testing.T) {
	w := newExact(100, 100)
	ask := estimating(w, resolvers.Options{Customers: func() int { return 100_000 }})
	all, some := as(t.Context(), auth.SystemAdministrator), as(t.Context(), auth.AccountAdministrator, "account-001", "account-002")
	const rows = `customerUsage { accountId customerId aiMinutes aiSeconds sessions }`
	large := `{ aiUsage { ` + rows + ` } }`
	if _, estimated := ask(all, large); estimated < 20*admission.FreeBytes {
		t.Errorf("before anything was read, all customers are estimated at %d", estimated)
	}
	for name, query := range map[string]string{
		"one day":       `{ aiUsage(startDate: "2026-03-01", endDate: "2026-03-01") { totals { aiMinutes } accountUsage { accountId aiMinutes } series(granularity: HOUR) { aiMinutes } } }`,
		"an account":    `{ aiUsage(accountId: "account-001") { ` + rows + ` } }`,
		"two accounts":  `{ aiUsage(accountIds: ["account-001", "account-002"]) { ` + rows + ` } }`,
		"a customer":    `{ aiUsage(customerId: "customer-00001") { ` + rows + ` series(granularity: DAY) { aiMinutes } } }`,
		"two customers": `{ aiUsage(customerIds: ["customer-00001", "customer-00002"]) { ` + rows + ` } }`,
		"a page":        `{ aiUsage { accountUsageConnection(first: 20) { nodes { accountId aiMinutes } } } }`,
		"no usage":      `{ viewer { name } accounts { nodes { accountId } } }`,
		"nonsense":      `{ aiUsage(startDate: "2026-02-30") { ` + rows + ` } }`,
	} {
		if _, estimated := ask(all, query); estimated > admission.FreeBytes {
			t.Errorf("%s is estimated at %d", name, estimated)
		}
	}
	if _, estimated := ask(some, large); estimated > admission.FreeBytes {
		t.Errorf("what somebody asks about the two accounts that they may see is estimated at %d", estimated)
	}
}

// A report that has more rows than was known is counted as what it takes, and remembered.
func TestSizesAreLearned(t *testing.T) {
	w := newExact(100, 100)
	resolver := resolvers.New(w, resolvers.Options{})
	ctx := as(t.Context(), auth.SystemAdministrator)
	every := []usage.Request{{}}
	before := resolver.EstimateRequests(ctx, every)
	control := admission.New(admission.Options{})
	turn, err := control.Enter(ctx, "somebody", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer turn.End()
	for range 2 {
		if _, err := resolver.Report(admission.NewContext(ctx, turn), usage.Request{}); err != nil {
			t.Fatal(err)
		}
	}
	if stats := control.Stats(); stats.Bytes != admission.UnforeseenBytes {
		t.Errorf("two reports of 10,000 customers were let in as something small, and %d bytes are set aside", stats.Bytes)
	}
	after := resolver.EstimateRequests(ctx, every)
	if twice := resolver.EstimateRequests(ctx, append(every, every...)); after != 10_100*200 || after <= before || twice != 2*after {
		t.Errorf("a report is estimated at %d, then at %d, and two at %d", before, after, twice)
	}
	one, series := resolver.EstimateExport(ctx, usage.Query{AccountID: "account-001"}, ""), resolver.EstimateExport(ctx, usage.Query{AccountID: "account-001"}, usage.Daily)
	if one != 101*600 || series != one+101*365*50 {
		t.Errorf("an export is estimated at %d, and one by days at %d", one, series)
	}
	for i := range 2000 { // of so many who may see different things
		resolver.EstimateRequests(as(ctx, auth.AccountAdministrator, fmt.Sprint(i)), every)
		if _, err := resolver.Report(as(ctx, auth.AccountAdministrator, fmt.Sprint(i)), usage.Request{}); err != nil {
			t.Fatal(err)
		}
	}
	if again := resolver.EstimateRequests(ctx, every); again >= after {
		t.Errorf("all scopes are remembered: %d", again)
	}
}
