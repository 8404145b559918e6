package transport_test

import (
	"fmt"
	"strings"
	"testing"
)

// Null that reaches what cannot be null is an error of that field. The rest is answered,
// and nothing is logged: the caller is at fault.
func TestNullsThatCannotBeAreErrorsOfTheirField(t *testing.T) {
	d := openDoors(t)
	for request, want := range map[string]string{
		`{"query":"query($v:AIUsageMeasure=SESSIONS){viewer{name} aiUsage{accountUsage{accountId share(of:$v)}}}","variables":{"v":null}}`: `{"errors":[{"message":"argument of of share of type AIUsageMeasure! cannot be null, which $v is; leave the variable out to have the default",` +
			`"path":["aiUsage","accountUsage",0,"share"],"locations":[{"line":1,"column":85}],"extensions":{"argument":"of","code":"GRAPHQL_VALIDATION_FAILED"}}],` +
			`"data":{"viewer":{"name":"operator"},"aiUsage":{"accountUsage":[{"accountId":"x","share":null}]}}}`,
		`{"query":"query($v:Boolean=true){viewer{accounts{name}} aiUsage{previous{asOf @include(if:$v)} to}}","variables":{"v":null}}`: `{"errors":[{"message":"argument if of @include of type Boolean! cannot be null, which $v is; leave the variable out to have the default",` +
			`"path":["aiUsage","previous"],"locations":[{"line":1,"column":78}],"extensions":{"argument":"if","code":"GRAPHQL_VALIDATION_FAILED"}}],` +
			`"data":{"viewer":{"accounts":null},"aiUsage":{"previous":null,"to":null}}}`,
		// Nothing else of a report that is not read by gqlgen's own way is lost.
		`{"query":"query($v:Boolean=true){aiUsage(startDate:null){timeZone ...@skip(if:true){asOf @include(if:$v)}}}","variables":{"v":null}}`: `{"data":{"aiUsage":{"timeZone":"UTC"}}}`,
		// As a whole, where the operation itself selects it.
		`{"query":"query($v:Boolean=true){viewer{name} aiUsage @include(if:$v){to}}","variables":{"v":null}}`: `{"errors":[{"message":"argument if of @include of type Boolean! cannot be null, which $v is; leave the variable out to have the default",` +
			`"locations":[{"line":1,"column":54}],"extensions":{"argument":"if","code":"GRAPHQL_VALIDATION_FAILED"}}]}`,
		`{"query":"query($v:Boolean=true){aiUsage{a:plan{source} a:plan{...F}}} fragment F on AIUsagePlan{pieces{grain} s:source @skip(if:$v)}","variables":{"v":null}}`: `{"errors":[{"message":"argument if of @skip of type Boolean! cannot be null, which $v is; leave the variable out to have the default",` +
			`"path":["aiUsage","a"],"locations":[{"line":1,"column":117}],"extensions":{"argument":"if","code":"GRAPHQL_VALIDATION_FAILED"}}],"data":{"aiUsage":null}}`,
	} {
		if _, got := d.send(t, byPost, request); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", request, got, want)
		}
	}
	if log := d.records.take(); log != "" {
		t.Errorf("logged %s", log)
	}
}

// An event with an error in what cannot be null has null for its field.
func TestAnEventWithoutItsFieldHasNullForIt(t *testing.T) {
	d := openDoors(t)
	_, got := d.send(t, bySocket, `{"query":"subscription($v:Boolean=true){a:aiUsageChanged{totals{sessions @skip(if:$v)}}}","variables":{"v":null}}`)
	if !strings.Contains(got, `"path":["a","totals"]`) || !strings.HasSuffix(got, `"data":{"a":null}}`) {
		t.Errorf("got %s", got)
	}
}

// Absent is not null: the default of the place counts, and that of the variable before.
func TestDefaultsStandForWhatIsAbsent(t *testing.T) {
	d := openDoors(t)
	for request, cursor := range map[string]string{
		`{"query":"query($d:OrderDirection){aiUsage{accountUsageConnection(orderBy:{field:SESSIONS,direction:$d}){pageInfo{endCursor}}}}"}`:                                  `SESSIONS ASC`,
		`{"query":"query($d:OrderDirection=DESC){aiUsage{accountUsageConnection(orderBy:{field:SESSIONS,direction:$d}){pageInfo{endCursor}}}}"}`:                             `SESSIONS DESC`,
		`{"query":"query($o:AIUsageOrder={field:SESSIONS}){aiUsage{accountUsageConnection(orderBy:$o){pageInfo{endCursor}}}}"}`:                                              `SESSIONS ASC`,
		`{"query":"query($o:AIUsageOrder){aiUsage{accountUsageConnection(orderBy:$o){pageInfo{endCursor}}}}","variables":{"o":{"field":"SESSIONS"}}}`:                        `SESSIONS ASC`,
		`{"query":"query($o:AIUsageOrder){aiUsage{accountUsageConnection(orderBy:$o){pageInfo{endCursor}}}}"}`:                                                               `ID ASC`,
		`{"query":"query($o:AIUsageOrder={field:SESSIONS}){aiUsage{accountUsageConnection(orderBy:$o){pageInfo{endCursor}}}}","variables":{"o":null}}`:                       `ID ASC`,
		`{"query":"{aiUsage{accountUsageConnection(orderBy:null){pageInfo{endCursor}}}}"}`:                                                                                   `ID ASC`,
		`{"query":"query($d:OrderDirection!){aiUsage{accountUsageConnection(orderBy:{field:SESSIONS,direction:$d}){pageInfo{endCursor}}}}","variables":{"d":"DESC"}}`:        `SESSIONS DESC`,
		`{"query":"query($o:[AIUsageOrder]){aiUsage{accountUsageConnection(orderBy:{field:SESSIONS}){pageInfo{endCursor @skip(if:false)}}} __typename @skip(if:true)}"}`:     ``,
		`{"query":"query($n:Int=2){aiUsage{accountUsageConnection(first:$n,orderBy:{field:SESSIONS}){pageInfo{endCursor}}}}","variables":{"n":null}}`:                        `SESSIONS ASC`,
		`{"query":"query($n:Int){aiUsage{accountUsageConnection(first:$n,orderBy:{field:SESSIONS,direction:DESC}){pageInfo{endCursor}}}}","variables":{"n":2.0,"other":{}}}`: `SESSIONS DESC`,
	} {
		_, answer := d.send(t, byPost, request)
		if got := orderOf(t, d, answer); got != cursor {
			t.Errorf("%s\ngot  %s, %s\nwant %s", request, got, answer, cursor)
		}
	}
}

// orderOf returns the order whose cursors an answer has, or "" where there is none.
func orderOf(t *testing.T, d *doors, answer string) string {
	t.Helper()
	_, text, found := strings.Cut(answer, `"endCursor":"`)
	if !found {
		return ""
	}
	cursor, _, _ := strings.Cut(text, `"`)
	for _, order := range []string{"ID ASC", "SESSIONS ASC", "SESSIONS DESC"} {
		field, direction, _ := strings.Cut(order, " ")
		_, other := d.send(t, byPost, `{"query":"{aiUsage{accountUsageConnection(orderBy:{field:`+field+`,direction:`+direction+`}){pageInfo{endCursor}}}}"}`)
		if strings.Contains(other, cursor) {
			return order
		}
	}
	return "another"
}

// null is the default order: a cursor of the one fits the other.
func TestACursorOfNoOrderFitsTheDefaultOne(t *testing.T) {
	d := openDoors(t)
	orders := []string{"", "orderBy:null", "orderBy:{field:ID}", "orderBy:{field:ID,direction:ASC}"}
	for _, connection := range []string{"accountUsageConnection", "customerUsageConnection"} {
		for _, first := range orders {
			_, answer := d.send(t, byPost, `{"query":"{aiUsage{c:`+connection+`(first:1,`+first+`){pageInfo{endCursor}}}}"}`)
			_, cursor, _ := strings.Cut(answer, `"endCursor":"`)
			cursor, _, _ = strings.Cut(cursor, `"`)
			for _, second := range orders {
				_, got := d.send(t, byPost, `{"query":"{aiUsage{c:`+connection+`(first:1,after:\"`+cursor+`\",`+second+`){totalCount}}}"}`)
				if cursor == "" || got != `{"data":{"aiUsage":{"c":{"totalCount":1}}}}` {
					t.Errorf("%s, then %s: got %s, %s", first, second, answer, got)
				}
			}
		}
	}
}

// The error of each row of a list has the path of that row.
func TestEachRowHasAnErrorOfItsOwn(t *testing.T) {
	d := serveFaulty(t, "nowhere")
	_, got := d.send(t, byPost, `{"query":"query($v:AIUsageMeasure=SESSIONS){aiUsage{accountUsage{share(of:$v)}}}","variables":{"v":null}}`)
	for row := range 3 {
		if path := fmt.Sprintf(`"path":["aiUsage","accountUsage",%d,"share"]`, row); strings.Count(got, path) != 1 {
			t.Errorf("row %d: got %s", row, got)
		}
	}
}
