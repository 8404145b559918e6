package transport_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"aiusage/transport"
	"aiusage/usage"
)

// attack is a request that costs a server without limits seconds or megabytes.
type attack struct {
	name string
	// query is the document, or body the whole body.
	query, body string
	// says is part of the answer.
	says string
}

func attacks() []attack {
	doubling := "query{...f0}"
	for i := range 26 {
		doubling += fmt.Sprintf("fragment f%d on Query{...f%d ...f%d}", i, i+1, i+1)
	}
	doubling += "fragment f26 on Query{aiUsage{asOf}}"
	return []attack{
		{name: "a field repeated 10,000 times", query: "{" + strings.Repeat("aiUsage{asOf} ", 10_000) + "}", says: "token limit"},
		{name: "a field repeated as often as tokens allow", query: "{aiUsage{" + strings.Repeat("asOf ", 1490) + "totals{nothing}}}", says: "same fields too often"},
		{name: "a field repeated 200 times", query: "{aiUsage{" + strings.Repeat("asOf ", 200) + "totals{nothing}}}", says: "VALIDATION"},
		{name: "1,000 fields of many names", query: "{aiUsage{" + strings.Repeat(repeat(26, "a%d "), 40) + "}}", says: "and 1031 more errors"},
		{name: "10,000 aliases", query: "{aiUsage{" + repeat(10_000, "a%d:asOf ") + "}}", says: "token limit"},
		{name: "aliases of fields", query: "{aiUsage{" + repeat(51, "a%d:asOf ") + "}}", says: "more than 50 aliases"},
		{name: "aliases of reports", query: "{" + repeat(21, "a%d:aiUsage{asOf} ") + "}", says: "more than 20 fields at its root"},
		{name: "fragments that double 26 times", query: doubling, says: "more than 20000 fields and fragments"},
		{name: "many fields in fragments that are spread 19,000 times", query: spreadOften(), says: "more than 2000 fields"},
		{name: "fragments that contain themselves", query: "{...a} fragment a on Query{...b} fragment b on Query{...a}", says: "VALIDATION"},
		{name: "30 fragments, each spread in all before it", query: manyFragments(30), says: "more than"},
		{name: "levels of fields", query: "{__type(name:\"Query\"){" + strings.Repeat("ofType{", 20) + "name" + strings.Repeat("}", 20) + "}}", says: "more than 20 levels"},
		{name: "490 levels of fragments", query: "{" + strings.Repeat("...{", 490) + "nothing" + strings.Repeat("}", 490) + "}", says: "VALIDATION"},
		{name: "long lists within long lists", query: `{aiUsage{accountUsage{customerUsage{series(granularity:HOUR){from to partial aiMinutes aiSeconds sessions}}}}}`, says: "could hold"},
		{name: "long pages within long lists", query: `{aiUsage{accountUsageConnection(first:1000){nodes{customerUsage{series(granularity:DAY){aiMinutes}}}}}}`, says: "could hold"},
		{name: "levels of introspection", query: "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}", says: "introspection depth"},
		{name: "400 unknown fields", query: "{" + repeat(400, "f%d ") + "}", says: "and 391 more errors"},
		{name: "1,400 unknown fields with long names", query: "{" + repeat(1400, strings.Repeat("x", 96)+"%04d ") + "}", says: "more errors"},
		{name: "600 unknown directives", query: "{aiUsage{asOf " + strings.Repeat("@d ", 600) + "}}", says: "more errors"},
		{name: "400 operations", query: repeat(400, "query q%d{x}"), says: "token limit"},
		{name: "700 levels of a list", query: "{aiUsage(accountId:" + strings.Repeat("[", 700) + strings.Repeat("]", 700) + "){asOf}}", says: "VALIDATION"},
		{name: "an unknown name of 200 KB", query: "{" + strings.Repeat("x", 200_000) + "}", says: "more than 100 characters"},
		{name: "an unknown argument of 200 KB", query: "{aiUsage(" + strings.Repeat("x", 200_000) + ":1){asOf}}", says: "more than 100 characters"},
		{name: "an unknown type of 200 KB", query: "{...f} fragment f on " + strings.Repeat("x", 200_000) + "{asOf}", says: "more than 100 characters"},
		{name: "an operation name of 200 KB", body: `{"query":"query a{aiUsage{asOf}} query b{aiUsage{asOf}}","operationName":"` + strings.Repeat("x", 200_000) + `"}`, says: "…"},
		{name: "a text of 200 KB where no text belongs", query: "{aiUsage(accountId:" + strings.Repeat("x", 200_000) + "){asOf}}", says: "…"},
		{name: "a text of 5 MB", query: "{aiUsage(accountId:\"" + strings.Repeat("x", 5<<20) + "\"){asOf}}", says: "body is too large"},
		{name: "2 MB of commas", query: "{aiUsage{asOf}" + strings.Repeat(",", 2<<20) + "}", says: "body is too large"},
		{name: "200 KB of commas", query: "{nothing" + strings.Repeat(",", 200_000) + "}", says: "VALIDATION"},
		{name: "variables of 100,000 levels", body: `{"query":"{aiUsage{asOf}}","variables":{"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}}", says: "exceeded max depth"},
		{name: "variables of the wrong type", body: `{"query":"query($x:ID){aiUsage(accountId:$x){asOf}}","variables":{"x":[` + strings.Repeat("1,", 100_000) + `1]}}`, says: "VALIDATION"},
		{name: "an id of 200 KB", body: `{"query":"query($x:ID){aiUsage(accountId:$x){asOf}}","variables":{"x":"` + strings.Repeat("x", 200_000) + `"}}`, says: "BAD_USER_INPUT"},
		{name: "a batch of requests", body: "[" + strings.TrimSuffix(strings.Repeat(ask+",", 5_000), ",") + "]", says: "send from 1 to 10"},
	}
}

// spreadOften writes 20 reports of 17 levels, each of which spreads the same fields eight times.
func spreadOften() string {
	var document strings.Builder
	document.WriteString("{" + repeat(20, "a%d:aiUsage{...l0} ") + "} fragment f on AIUsage{id asOf from to timeZone retainedFrom}")
	for level := range 17 {
		fmt.Fprintf(&document, "fragment l%d on AIUsage{%s previous{...l%d}}", level, strings.Repeat("...f ", 8), level+1)
	}
	document.WriteString("fragment l17 on AIUsage{id}")
	return document.String()
}

// manyFragments writes n fragments, each of which spreads all after it.
func manyFragments(n int) string {
	var document strings.Builder
	document.WriteString("{...f0}")
	for i := range n {
		fmt.Fprintf(&document, "fragment f%d on Query{aiUsage{asOf}", i)
		for j := i + 1; j < n; j++ {
			fmt.Fprintf(&document, "...f%d ", j)
		}
		document.WriteString("}")
	}
	return document.String()
}

// repeat writes n fields whose names are numbered.
func repeat(n int, format string) string {
	var fields strings.Builder
	for i := range n {
		fmt.Fprintf(&fields, format, i)
	}
	return fields.String()
}

func (a attack) request(t *testing.T) string {
	t.Helper()
	if a.body != "" {
		return a.body
	}
	body, err := json.Marshal(map[string]string{"query": a.query})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// A dashboard's question is within the limits: accounts, their customers, and the
// days of each.
func TestSeriesOfCustomersOfAccountsAreWithinTheLimits(t *testing.T) {
	const query = `{aiUsage(period:LAST_30_DAYS){accountUsage{account{name} aiMinutes series(granularity:DAY){from aiMinutes sessions}
		customerUsage{customer{name} aiMinutes series(granularity:DAY,fillZero:true){from to partial aiMinutes aiSeconds sessions}}}}}`
	answer := send(t, newHandler(t, emptyReport, transport.Options{}), "POST", "/", attack{query: query}.request(t)).Body.String()
	if strings.Contains(answer, `"errors"`) {
		t.Errorf("got %.500s", answer)
	}
}

// What an attack may cost: allocations stand for the work, because they can be
// counted. An ordinary query makes some hundreds.
const (
	maxAllocations = 120_000
	longestAnswer  = 8000
)

func TestWhatAsksForTooMuchIsRefusedBeforeAnythingIsRead(t *testing.T) {
	handler := newHandler(t, func() (*usage.Report, error) {
		t.Error("something was read")
		return nil, errors.New("read")
	}, transport.Options{})
	for _, attack := range attacks() {
		t.Run(attack.name, func(t *testing.T) {
			body := attack.request(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			started := time.Now()
			answer := send(t, handler, "POST", "/graphql", body).Body.String()
			took := time.Since(started)
			runtime.ReadMemStats(&after)
			allocations := after.Mallocs - before.Mallocs
			t.Logf("%-50s %8d bytes sent, %5d answered, %6d allocations, %v", attack.name, len(body), len(answer), allocations, took.Round(10*time.Microsecond))
			if !strings.Contains(answer, attack.says) || len(answer) > longestAnswer {
				t.Errorf("got %d bytes: %.500s", len(answer), answer)
			}
			if allocations > maxAllocations {
				t.Errorf("%d allocations", allocations)
			}
		})
	}
}

// BenchmarkAttacks shows what refusing costs.
func BenchmarkAttacks(b *testing.B) {
	for _, attack := range attacks() {
		b.Run(strings.ReplaceAll(attack.name, " ", "-"), func(b *testing.B) {
			t := &testing.T{}
			handler, body := newHandler(t, nil, transport.Options{}), attack.request(t)
			for b.Loop() {
				send(b, handler, "POST", "/graphql", body)
			}
		})
	}
}

func TestEachLimitCanBeSet(t *testing.T) {
	const query = `{"query":"{a:aiUsage{totals{sessions}} b:aiUsage{asOf}}"}`
	never := func() (*usage.Report, error) {
		t.Error("it was run")
		return nil, errors.New("run")
	}
	for says, limits := range map[string]transport.Limits{
		"body is too large":              {Body: 10},
		"token limit of 5":               {Tokens: 5},
		"more than 2 levels":             {Depth: 2},
		"more than 1 aliases":            {Aliases: 1},
		"more than 1 fields at its root": {RootFields: 1},
		"more than 4 fields":             {Fields: 4},
		"hold 5 values, more than 4":     {Complexity: 4},
	} {
		answer := send(t, newHandler(t, never, transport.Options{Limits: limits}), "POST", "/", query).Body.String()
		if !strings.Contains(answer, says) || strings.Contains(answer, `"data"`) {
			t.Errorf("%+v: got %s", limits, answer)
		}
	}
}

// collocated writes an operation of n widgets, each with a fragment of its own that asks for the
// same: what is in format, in which the number of the widget is [1].
func collocated(n int, format string) string {
	return "{" + repeat(n, "...W%d ") + "}" + repeat(n, "fragment W%[1]d on Query{"+format+"}")
}

// What several fragments ask for in the same way is one field, in all that is counted; what has a
// name of its own is counted by itself.
func TestFieldsOfOneNameCountOnce(t *testing.T) {
	const widget = `aiUsage(period:TODAY){now:totals{sessions} accountUsage{accountId}}`
	limits := transport.Limits{RootFields: 1, Aliases: 1, Fields: 5, Complexity: 104}
	for name, c := range map[string]struct {
		query, says string
	}{
		"one":                              {collocated(1, widget), ""},
		"8 alike":                          {collocated(8, widget), ""},
		"one spread 8 times":               {"{" + strings.Repeat("...W ", 8) + "} fragment W on Query{" + widget + "}", ""},
		"in fragments of fragments":        {`{...A ...B} fragment A on Query{...B ...on Query{` + widget + `}} fragment B on Query{aiUsage(period:TODAY){...C} ` + widget + `} fragment C on AIUsage{...D ...D} fragment D on AIUsage{now:totals{...on AIUsageTotals{sessions}}}`, ""},
		"a field of its own below":         {collocated(2, `aiUsage(period:TODAY){now:totals{sessions} accountUsage{accountId} a%[1]d:asOf}`), "more than 1 aliases"},
		"another field below":              {`{...A ...B} fragment A on Query{` + widget + `} fragment B on Query{aiUsage(period:TODAY){asOf}}`, "more than 5 fields"},
		"a report of its own":              {collocated(2, `a%[1]d:aiUsage(period:TODAY){asOf}`), "more than 1 aliases"},
		"another root field":               {`{...A ...B} fragment A on Query{aiUsage{asOf}} fragment B on Query{viewer{name}}`, "more than 1 fields at its root"},
		"another list below":               {`{aiUsage(period:TODAY){accountUsage{accountId sessions}}}`, ""},
		"more values below":                {`{...A ...B} fragment A on Query{aiUsage{accountUsage{accountId sessions}}} fragment B on Query{aiUsage{accountUsage{minutes}}}`, "could hold"},
		"of several types, each by itself": {`{node(id:"x"){...on AIUsage{id} ...on Account{id} ...on Customer{id}}}`, ""},
		"one more type":                    {`{node(id:"x"){...on AIUsage{id} ...on Account{id} ...on Customer{id} ...on Viewer{id} ...on AISession{id}}}`, "more than 5 fields"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := send(t, newHandler(t, emptyReport, transport.Options{Limits: limits}), "POST", "/", attack{query: c.query}.request(t)).Body.String()
			if refused := strings.Contains(answer, "OPERATION_TOO_LARGE"); refused != (c.says != "") || !strings.Contains(answer, c.says) {
				t.Errorf("%s\ngot %.500s", c.query, answer)
			}
		})
	}
}

// The widgets of a page, with a fragment each, are within the limits together.
func TestManyCollocatedFragmentsAreWithinTheLimits(t *testing.T) {
	for name, query := range map[string]string{
		"a fragment each":     collocated(50, `aiUsage(period:TODAY){totals{sessions aiMinutes}}`),
		"one fragment in all": "{" + repeat(50, "...W%d ") + "}" + repeat(50, "fragment W%d on Query{aiUsage{...F}}") + "fragment F on AIUsage{" + strings.Repeat("from to timeZone retainedFrom totals{id aiMinutes aiSeconds sessions} ", 6) + "}",
	} {
		answer := send(t, newHandler(t, emptyReport, transport.Options{}), "POST", "/", attack{query: query}.request(t)).Body.String()
		if strings.Contains(answer, `"errors"`) {
			t.Errorf("%s: got %.500s", name, answer)
		}
	}
}

func TestAHiddenSchemaIsNotToldByErrors(t *testing.T) {
	open, hidden := newHandler(t, nil, transport.Options{}), newHandler(t, nil, transport.Options{HideSchema: true})
	for query, secret := range map[string]string{
		`{aiUsag{asOf}}`:                                               "aiUsage",
		`{aiUsage}`:                                                    "{ ... }",
		`{aiUsage{totals{aiMinute}}}`:                                  "aiMinutes",
		`{aiUsage(acountId:\"1\"){asOf}}`:                              "accountId",
		`{aiUsage{asOf @skip(iff:true)}}`:                              "Did you mean",
		`{aiUsage{...f}} fragment f on AIUsag{asOf}`:                   `\"AIUsage\"`,
		`{__schema{queryType{name}}}`:                                  `"Query"`,
		`{...f} fragment f on Query{x:__type(name:\"AIUsage\"){name}}`: `"AIUsage"`,
	} {
		body := `{"query":"` + query + `"}`
		if answer := send(t, open, "POST", "/", body).Body.String(); !strings.Contains(answer, secret) {
			t.Errorf("%s: where the schema is open, got %s", query, answer)
		}
		if answer := send(t, hidden, "POST", "/", body).Body.String(); strings.Contains(answer, secret) || !strings.Contains(answer, "GRAPHQL_VALIDATION_FAILED") {
			t.Errorf("%s: where the schema is hidden, got %s", query, answer)
		}
	}
	if answer := send(t, hidden, "POST", "/", `{"query":"{__typename}"}`); answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), `"Query"`) {
		t.Errorf("__typename: got %s", answer.Body)
	}
}

// The query that GraphiQL and code generators begin with is within the limits.
func TestIntrospectionIsWithinTheLimits(t *testing.T) {
	const typeRef = `fragment T on __Type{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name}}}}}}}}`
	query := `query IntrospectionQuery{__schema{description queryType{name}mutationType{name}subscriptionType{name}
		types{kind name description fields(includeDeprecated:true){name description args{name description type{...T}defaultValue}type{...T}isDeprecated deprecationReason}
		inputFields{name description type{...T}defaultValue}interfaces{...T}enumValues(includeDeprecated:true){name description isDeprecated deprecationReason}possibleTypes{...T}}
		directives{name description locations args{name description type{...T}defaultValue}}}}` + typeRef
	answer := send(t, newHandler(t, nil, transport.Options{}), "POST", "/", attack{query: query}.request(t)).Body.String()
	if strings.Contains(answer, `"errors"`) || !strings.Contains(answer, `"AICustomerUsage"`) {
		t.Errorf("got %.500s", answer)
	}
}
