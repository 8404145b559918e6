package resolvers_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"

	"aiusage/auth"
	"aiusage/resolvers"
	"aiusage/transport"
	"aiusage/usage"
)

// drawn are the types whose fields are drawn.
var drawn = []string{
	"AIUsage", "AIAccountUsageConnection", "AICustomerUsageConnection", "AIAccountUsageEdge", "AICustomerUsageEdge", "AIUsageTotals",
	"AIAccountUsage", "AICustomerUsage", "Account", "Customer", "AIUsagePoint", "AIUsagePlan", "AIUsagePlanPiece", "AIUsageSpan",
}

// selectable are the drawn types with all their fields, but for those that hold values of other
// types; a field with a type has fields of its own.
var selectable = func() map[string]map[string]string {
	schema := resolvers.New(readerFunc(nil), resolvers.Options{}).Schema().Schema()
	types := map[string]map[string]string{}
	for _, typeName := range drawn {
		types[typeName] = map[string]string{"__typename": ""}
		for _, field := range schema.Types[typeName].Fields {
			switch below := schema.Types[field.Type.Name()]; {
			case below.IsLeafType():
				types[typeName][field.Name] = ""
			case slices.Contains(drawn, below.Name) && !ownReports[typeName+"."+field.Name]:
				types[typeName][field.Name] = below.Name
			}
		}
	}
	return types
}()

// ownReports are reports below rows, which are read anew.
var ownReports = map[string]bool{"Account.usage": true, "Customer.usage": true}

// argumentsOf are the arguments that a field may be given.
var argumentsOf = map[string][]string{
	"share":                   {"", "(of:SESSIONS)", "(of:AI_SECONDS)", "(of:$measure)"},
	"accountUsage":            {"", "(include:BOTH)", "(filter:{search:\"A\"})", "(filter:{minimum:{value:3},named:$yes})", "(include:PREVIOUS,compare:{shift:WEEK,elapsed:$yes})", "(include:BOTH,compare:{range:{period:TODAY}})", "(compare:{range:{days:{from:\"x\"}}})"},
	"customerUsage":           {"", "(include:BOTH,compare:$compare)", "(filter:$filter)", "(filter:{named:false,minimum:{measure:SESSIONS,value:\"1\"}})"},
	"previous":                {"", "(shift:WEEK)", "(shift:$shift)", "(elapsed:$yes)", "(shift:MONTH,elapsed:true)"},
	"compareTo":               {"(range:{days:{from:\"2026-02-01\"}})", "(range:{instants:{to:\"2026-02-01\"}})", "(range:{period:LAST_MONTH})", "", "(startDate:\"2026-02-01\")", "(period:LAST_MONTH)", "(startDate:\"x\")", "(period:TODAY,endDate:\"2026-02-01\")"},
	"accountUsageConnection":  {"", "(first:2)", "(last:1,orderBy:{field:AI_MINUTES})", "(orderBy:{field:CHANGE,measure:SESSIONS},include:BOTH)"},
	"customerUsageConnection": {"", "(first:1,orderBy:{field:SESSIONS,direction:DESC})", "(last:3)", "(orderBy:{field:NAME},filter:{search:\"a\"})"},
	"series":                  {"(granularity:DAY)", "(granularity:WEEK,fillZero:false)", "(granularity:MONTH,fillZero:$yes)", "(granularity:HOUR)"},
}

// drawSelection draws fields of a type, renamed, skipped, repeated and in fragments.
func drawSelection(t *rapid.T, typeName string, fragments *[]string, depth int) string {
	names := rapid.SliceOfN(rapid.SampledFrom(sortedKeys(selectable[typeName])), 1, 5).Draw(t, "fields of "+typeName)
	var text strings.Builder
	for _, name := range names {
		below := ""
		if inner := selectable[typeName][name]; inner != "" {
			if inner == typeName && depth > 1 {
				continue
			}
			below = drawSelection(t, inner, fragments, depth+1)
		}
		directive := rapid.SampledFrom([]string{"", "", "", "@skip(if:false)", "@include(if:$yes)", "@skip(if:$yes)"}).Draw(t, "directive")
		alias := ""
		if rapid.IntRange(0, 3).Draw(t, "aliased") == 0 {
			// The same alias must not stand for two fields, so it names its field.
			alias = fmt.Sprintf("x%d_%s:", rapid.IntRange(0, 1).Draw(t, "alias"), name)
		}
		arguments := ""
		if choices := argumentsOf[name]; choices != nil {
			choice := rapid.IntRange(0, len(choices)-1).Draw(t, "arguments")
			arguments, alias = choices[choice], fmt.Sprintf("%s%d_%d:", name, choice, rapid.IntRange(0, 1).Draw(t, "alias"))
		}
		fmt.Fprintf(&text, "%s%s%s%s%s ", alias, name, arguments, directive, below)
	}
	fields := text.String()
	if fields == "" {
		fields = "__typename"
	}
	switch rapid.IntRange(0, 4).Draw(t, "fragment") {
	case 0:
		return fmt.Sprintf("{__typename ...on %s{%s}}", typeName, fields)
	case 1:
		name := fmt.Sprintf("F%d", len(*fragments))
		*fragments = append(*fragments, fmt.Sprintf("fragment %s on %s{%s}", name, typeName, fields))
		return "{..." + name + "}"
	}
	return "{" + fields + "}"
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func drawReport(t *rapid.T) *usage.Report {
	ids := rapid.OneOf(rapid.StringN(1, 8, 64), rapid.SampledFrom(odd))
	var subjects []usage.SubjectUsage
	overflowing := rapid.IntRange(0, 9).Draw(t, "overflowing")
	for i := range rapid.IntRange(0, 6).Draw(t, "rows") {
		amount := usage.Usage{Minutes: rapid.Int64Range(0, 1000).Draw(t, "minutes"), Seconds: rapid.Int64().Draw(t, "seconds"), Sessions: 1}
		if i == overflowing {
			amount.Minutes = math.MaxInt32 + 1
		}
		subjects = append(subjects, usage.SubjectUsage{AccountID: ids.Draw(t, "account"), CustomerID: ids.Draw(t, "customer"), Usage: amount})
	}
	query := usage.Query{Zone: time.FixedZone("Test/Zone", 3600)}
	if rapid.Bool().Draw(t, "bounded") {
		query.Range.From = time.Date(2026, 3, 1, 0, 0, 0, 123456000, time.UTC)
	}
	slices.SortFunc(subjects, func(a, b usage.SubjectUsage) int {
		return cmp.Or(strings.Compare(a.AccountID, b.AccountID), strings.Compare(a.CustomerID, b.CustomerID))
	})
	plan := usage.Plan{Edges: []usage.Edge{{Range: query.Range}}}
	if !query.Range.From.IsZero() {
		plan = usage.Compose([]usage.Range{query.Range}, usage.Sums{Grains: usage.Grains})
	}
	report := usage.NewReport(query, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), subjects).ReadBy(usage.FromRollups, plan)
	if rapid.Bool().Draw(t, "dropped") {
		report.RetainedFrom = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return report
}

// handlers returns a handler with the extension and one without, over read.
func handlers(read readerFunc) (flat, ordinary http.Handler) {
	resolver := resolvers.New(read, resolvers.Options{})
	flatly := transport.Options{Extensions: resolver.Extensions()}
	ordinarily := transport.Options{Extensions: []graphql.HandlerExtension{resolvers.Readings{Resolver: resolver}}}
	return transport.New(resolver.Schema(), flatly), transport.New(resolver.Schema(), ordinarily)
}

func send(ctx context.Context, handler http.Handler, body []byte) string {
	request := httptest.NewRequestWithContext(auth.NewContext(ctx, auth.Operator), "POST", "/", strings.NewReader(string(body)))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Body.String()
}

// Whatever is selected from whatever report, the two ways give the same bytes.
func TestFlatWritesTheBytesOfTheOrdinaryWay(t *testing.T) {
	var report *usage.Report
	var reads atomic.Int64
	flat, ordinary := handlers(func(context.Context, usage.Query) (*usage.Report, error) {
		reads.Add(1)
		return report, nil
	})
	rapid.Check(t, func(rt *rapid.T) {
		report = drawReport(rt)
		var fragments []string
		selection := drawSelection(rt, "AIUsage", &fragments, 0)
		query := "query($yes:Boolean!,$measure:AIUsageMeasure=AI_SECONDS,$shift:AIUsageShift=YEAR,$compare:AIUsageComparison,$filter:AIUsageFilter){aiUsage" + selection + " used:__typename@include(if:$yes) measured:aiUsage@skip(if:$yes){accountUsage{share(of:$measure) previous(shift:$shift){sessions}} customerUsage(compare:$compare,filter:$filter){sessions}}}" + strings.Join(fragments, "")
		body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{
			"yes": true, "compare": map[string]any{"shift": "MONTH", "elapsed": false}, "filter": map[string]any{"search": "é", "minimum": map[string]any{"value": 2}},
		}, "extensions": map[string]any{"int64": rapid.SampledFrom([]string{"text", "number"}).Draw(rt, "numbers")}})
		if err != nil {
			rt.Fatal(err)
		}
		reads.Store(0)
		want := send(t.Context(), ordinary, body)
		if strings.Contains(want, "GRAPHQL_VALIDATION_FAILED") {
			rt.Fatalf("the test drew a query that is not valid: %s\n%s", query, want)
		}
		wantReads := reads.Swap(0)
		got := send(t.Context(), flat, body)
		if got != want && !bothInError(got, want) {
			rt.Fatalf("%s\ngot  %s\nwant %s", query, got, want)
		}
		if got := reads.Load(); got != wantReads {
			rt.Fatalf("%d reports were read, not %d", got, wantReads)
		}
	})
}

// bothInError tells whether two answers have the same data, and errors. Errors of
// several rows come in any order, and not all of them are shown.
func bothInError(one, other string) bool {
	var a, b struct{ Data, Errors json.RawMessage }
	return json.Unmarshal([]byte(one), &a) == nil && json.Unmarshal([]byte(other), &b) == nil &&
		a.Errors != nil && b.Errors != nil && string(a.Data) == string(b.Data)
}

func TestFlatLeavesErrorsToTheOrdinaryWay(t *testing.T) {
	query := []byte(`{"query":"{aiUsage(startDate:\"2026-03-01\"){timeZone} again:aiUsage{timeZone}}"}`)
	for name, read := range map[string]readerFunc{
		"an error": func(_ context.Context, query usage.Query) (*usage.Report, error) {
			if query.Range.From.IsZero() {
				return usage.NewReport(query, time.Now(), nil), nil
			}
			return nil, usage.Errorf(usage.Unavailable, "away")
		},
		"a panic": func(_ context.Context, query usage.Query) (*usage.Report, error) {
			if query.Range.From.IsZero() {
				return usage.NewReport(query, time.Now(), nil), nil
			}
			panic("fault")
		},
		"a fault": func(_ context.Context, query usage.Query) (*usage.Report, error) {
			if query.Range.From.IsZero() {
				return usage.NewReport(query, time.Now(), nil), nil
			}
			return nil, errors.New("fault")
		},
	} {
		flat, ordinary := handlers(read)
		want := send(t.Context(), ordinary, query)
		if got := send(t.Context(), flat, query); got != want || !strings.Contains(got, `"path":["aiUsage"]`) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

// What turns out not to be plain has been read, and is handed on.
func TestFlatReadsNothingTwice(t *testing.T) {
	var reads atomic.Int64
	flat, ordinary := handlers(func(_ context.Context, query usage.Query) (*usage.Report, error) {
		if reads.Add(1); query.AccountID != "" {
			return nil, usage.Errorf(usage.Unavailable, "away")
		}
		return withBigRow(context.Background(), query)
	})
	for _, asked := range []string{"{aiUsage{accountUsage{aiMinutes}}}", `{aiUsage(accountId:\"away\"){timeZone}}`} {
		for _, handler := range []http.Handler{flat, ordinary} {
			reads.Store(0)
			if got := send(t.Context(), handler, []byte(`{"query":"`+asked+`"}`)); reads.Load() != 1 || !strings.Contains(got, `"errors"`) {
				t.Errorf("%s: %d reports were read\n%s", asked, reads.Load(), got)
			}
		}
	}
}

// Arguments that it does not understand are not taken for absent.
func TestFlatLeavesArgumentsThatItDoesNotUnderstand(t *testing.T) {
	flat, ordinary := handlers(withBigRow)
	for _, arguments := range []string{
		`range:{days:{from:\"2026-03-01T10:00:00Z\"}}`, `range:{period:TODAY},startDate:\"2026-03-01\"`, `range:{instants:{to:\"2026-03-01\"}}`,
	} {
		body := []byte(`{"query":"{aiUsage(` + arguments + `){timeZone totals{sessions}}}"}`)
		if got, want := send(t.Context(), flat, body), send(t.Context(), ordinary, body); got != want || !strings.Contains(got, `"errors"`) {
			t.Errorf("%s\ngot  %s\nwant %s", arguments, got, want)
		}
	}
}

// Ids may be numbers, in the document and as variables, and of any length; texts may not.
func TestFlatReadsNumbersAsTheOrdinaryWayDoes(t *testing.T) {
	flat, ordinary := handlers(func(_ context.Context, query usage.Query) (*usage.Report, error) {
		return usage.NewReport(query, time.Now(), []usage.SubjectUsage{{AccountID: query.AccountID + "/" + query.CustomerID, Usage: usage.Usage{Sessions: 1}}}), nil
	})
	for body, want := range map[string]string{
		`{"query":"{aiUsage(accountId:5,customerId:7){accountUsage{accountId}}}"}`:                                                  `"5/7"`,
		`{"query":"query($a:ID,$c:ID){aiUsage(accountId:$a,customerId:$c){accountUsage{accountId}}}","variables":{"a":5,"c":null}}`: `"5/"`,
		`{"query":"query($s:String){aiUsage(startDate:$s){accountUsage{accountId}}}","variables":{"s":20261101}}`:                   `GRAPHQL_VALIDATION_FAILED`,
		`{"query":"{aiUsage(accountId:99999999999999999999){accountUsage{accountId}}}"}`:                                            `"99999999999999999999/"`,
		`{"query":"query($a:ID){aiUsage(accountId:$a){accountUsage{accountId}}}","variables":{"a":99999999999999999999}}`:           `"99999999999999999999/"`,
		`{"query":"query($a:ID=99999999999999999999){aiUsage(accountId:$a){accountUsage{accountId}}}","variables":{}}`:              `"99999999999999999999/"`,
		`{"query":"query($a:ID){aiUsage(accountId:$a){accountUsage{accountId}}}","variables":{"a":1.5e1}}`:                          `"15/"`,
	} {
		want, ordinarily, flatly := want, send(t.Context(), ordinary, []byte(body)), send(t.Context(), flat, []byte(body))
		if flatly != ordinarily || !strings.Contains(flatly, want) {
			t.Errorf("%s\nflat     %s\nordinary %s", body, flatly, ordinarily)
		}
	}
}

// The arguments arrive as the usual path passes them, variables and defaults too.
func TestFlatPassesArguments(t *testing.T) {
	var asked []usage.Query
	flat, ordinary := handlers(func(_ context.Context, query usage.Query) (*usage.Report, error) {
		asked = append(asked, query)
		return usage.NewReport(query, time.Now(), nil), nil
	})
	body := []byte(`{"query":"query($a:ID,$z:String=\"Asia/Tokyo\"){aiUsage(accountId:$a,customerId:null,startDate:\"2026-03-01\",timeZone:$z){timeZone}}","variables":{"a":"x"}}`)
	send(t.Context(), flat, body)
	send(t.Context(), ordinary, body)
	if len(asked) != 2 || asked[0].AccountID != "x" || asked[0].Zone.String() != "Asia/Tokyo" ||
		!asked[0].Range.From.Equal(asked[1].Range.From) || asked[0].AccountID != asked[1].AccountID || asked[0].CustomerID != "" {
		t.Errorf("got %+v", asked)
	}
}

// An empty list of ids is asked for as such, in the document and as a variable, and not as every id.
func TestFlatTakesAnEmptyListForNone(t *testing.T) {
	none := func(ids []string) bool { return ids != nil && len(ids) == 0 }
	var asked []usage.Query
	flat, ordinary := handlers(func(_ context.Context, query usage.Query) (*usage.Report, error) {
		asked = append(asked, query)
		return usage.NewReport(query, time.Now(), nil), nil
	})
	for _, body := range []string{
		`{"query":"{aiUsage(accountIds:[],customerIds:[]){id}}"}`,
		`{"query":"query($a:[ID!],$c:[ID!]){aiUsage(accountIds:$a,customerIds:$c){id}}","variables":{"a":[],"c":[]}}`,
		`{"query":"query($a:[ID!]=[],$c:[ID!]=[]){aiUsage(accountIds:$a,customerIds:$c){id}}"}`,
	} {
		asked = nil
		if got, want := send(t.Context(), flat, []byte(body)), send(t.Context(), ordinary, []byte(body)); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", body, got, want)
		}
		for _, query := range asked {
			if !none(query.AccountIDs) || !none(query.CustomerIDs) || !none(query.Accounts) {
				t.Errorf("%s asked for %+v", body, query)
			}
		}
		if len(asked) != 2 {
			t.Errorf("%s: %d reports were read", body, len(asked))
		}
	}
}

func BenchmarkLargeLists(b *testing.B) {
	for _, rows := range []int{1_000, 10_000, 100_000} {
		subjects := make([]usage.SubjectUsage, rows)
		for i := range subjects {
			subjects[i] = usage.SubjectUsage{AccountID: fmt.Sprintf("account-%d", i/50), CustomerID: fmt.Sprintf("customer-%d", i), Usage: usage.Usage{Minutes: int64(i), Seconds: int64(i), Sessions: 1}}
		}
		report := usage.NewReport(usage.Query{Zone: time.UTC}, time.Now(), subjects)
		flat, ordinary := handlers(func(context.Context, usage.Query) (*usage.Report, error) { return report, nil })
		body, identified := []byte(`{"query":"{aiUsage{customerUsage{accountId customerId aiMinutes}}}"}`), []byte(`{"query":"{aiUsage{customerUsage{id accountId customerId aiMinutes}}}"}`)
		b.Run(fmt.Sprintf("%d/flat with ids", rows), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				send(b.Context(), flat, identified)
			}
		})
		for name, handler := range map[string]http.Handler{"flat": flat, "ordinary": ordinary} {
			b.Run(fmt.Sprintf("%d/%s", rows, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					send(b.Context(), handler, body)
				}
			})
		}
	}
}
