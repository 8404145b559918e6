package transport_test

import (
	"encoding/json"
	"strings"
	"testing"

	"aiusage/transport"
)

// operationCase is an operation with the verdict of graphql-js 16.15, which
// TestNamedOperations asks for it again where it is installed.
type operationCase struct {
	name, query, variables string
	accepted               bool
}

func operationCases() []operationCase {
	var all []operationCase
	add := func(accepted bool, name, query string, variables ...string) {
		all = append(all, operationCase{name, query, strings.Join(variables, ""), accepted})
	}
	const page, order = `query($v:Int){aiUsage{accountUsageConnection(first:$v){totalCount}}}`, `query($o:AIUsageOrder){aiUsage{accountUsageConnection(orderBy:$o){totalCount}}}`
	add(false, "an object as the condition of a directive", `{viewer{name} aiUsage{asOf @include(if:{})}}`)
	add(false, "an object as a condition below a list", `{viewer{name} aiUsage{accountUsage{accountId @skip(if:{})}}}`)
	add(false, "a list as a condition", `{viewer{name @skip(if:[])} aiUsage{asOf}}`)
	add(false, "null as a condition", `{viewer{name @skip(if:null)}}`)
	add(false, "a text as a condition", `{viewer{name @skip(if:"true")}}`)
	add(false, "null by a variable as a condition", `query($v:Boolean=true){viewer{name} aiUsage{asOf @include(if:$v)}}`, `{"v":null}`)
	add(true, "a default as a condition", `query($v:Boolean=true){viewer{name} aiUsage{asOf @include(if:$v)}}`)
	add(true, "null by a variable beyond what is skipped", `query($v:Boolean=true){viewer{name} aiUsage{asOf @skip(if:true) @include(if:$v) to}}`, `{"v":null}`)
	add(true, "null by a variable in a fragment that is skipped", `query($v:Boolean=true){viewer{name} aiUsage{to ... @skip(if:true) {asOf @include(if:$v)}}}`, `{"v":null}`)
	add(false, "null by a variable in a fragment", `query($v:Boolean=true){viewer{name} aiUsage{...F}} fragment F on AIUsage{to asOf @include(if:$v)}`, `{"v":null}`)
	add(false, "null by a variable in the second of two fields of one name", `query($v:Boolean=true){viewer{name} aiUsage{to} aiUsage{asOf @include(if:$v)}}`, `{"v":null}`)
	add(false, "null by a variable for fillZero", `query($v:Boolean=true){aiUsage{series(granularity:DAY,fillZero:$v){from}}}`, `{"v":null}`)
	add(false, "null by a variable for of", `query($v:AIUsageMeasure=SESSIONS){aiUsage{accountUsage{share(of:$v)}}}`, `{"v":null}`)
	add(false, "null by a variable within orderBy", `query($v:OrderDirection=DESC){aiUsage{accountUsageConnection(orderBy:{field:ID,direction:$v}){totalCount}}}`, `{"v":null}`)
	add(true, "a variable that is absent within orderBy", `query($v:OrderDirection){aiUsage{accountUsageConnection(orderBy:{field:ID,direction:$v}){totalCount}}}`)
	add(false, "null by a variable for a name", `query($v:String="Query"){__type(name:$v){name}}`, `{"v":null}`)
	add(false, "an enum in another case", `{aiUsage{accountUsage{share(of:sessions)}}}`)
	add(false, "a text for an enum", `{aiUsage{accountUsage{share(of:"SESSIONS")}}}`)
	add(false, "an enum in another case by a variable", `query($v:AIUsageMeasure!){aiUsage{accountUsage{share(of:$v)}}}`, `{"v":"sessions"}`)
	add(false, "an enum in another case within a variable", order, `{"o":{"field":"AI_MINUTES","direction":"desc"}}`)
	add(true, "an order by a variable", order, `{"o":{"field":"AI_MINUTES","direction":"DESC"}}`)
	add(true, "an order without its direction", order, `{"o":{"field":"AI_MINUTES"}}`)
	add(true, "null for an order", order, `{"o":null}`)
	add(false, "an order without its field", order, `{"o":{"direction":"DESC"}}`)
	add(false, "null within an order", order, `{"o":{"field":"ID","direction":null}}`)
	add(false, "an unknown field of an order", order, `{"o":{"field":"ID","dir":"ASC"}}`)
	add(false, "__typename of an order", order, `{"o":{"field":"ID","__typename":"AIUsageOrder"}}`)
	add(false, "a text for an order", order, `{"o":"ID"}`)
	add(false, "a list for an order", order, `{"o":[{"field":"ID"}]}`)
	add(false, "an object for an enum within an order", order, `{"o":{"field":{}}}`)
	add(false, "a literal order without its field", `{aiUsage{accountUsageConnection(orderBy:{}){totalCount}}}`)
	add(false, "a literal order with an unknown field", `{aiUsage{accountUsageConnection(orderBy:{field:ID,dir:ASC}){totalCount}}}`)
	add(false, "a number beyond 32 bits", `{accounts(first:2147483648){nodes{name}}}`)
	add(false, "a negative number beyond 32 bits", `{accounts(first:-2147483649){nodes{name}}}`)
	add(false, "a number beyond 64 bits", `{accounts(first:99999999999999999999){nodes{name}}}`)
	add(false, "a number with a fraction", `{accounts(first:1.0){nodes{name}}}`)
	add(false, "a text for a number", `{accounts(first:"2"){nodes{name}}}`)
	add(false, "an object for a number", `{accounts(first:{}){nodes{name}}}`)
	add(false, "a list for a number", `{accounts(first:[]){nodes{name}}}`)
	add(false, "a list with a number for a number", `{accounts(first:[1]){nodes{name}}}`)
	add(false, "a number for a text", `{accounts(search:5){nodes{name}}}`)
	add(false, "an object for an id", `{aiUsage(accountId:{}){asOf}}`)
	add(true, "a number beyond 64 bits for an id", `{aiUsage(accountId:99999999999999999999){asOf}}`)
	add(false, "a fraction for an id", `{aiUsage(accountId:1.5){asOf}}`)
	add(true, "2.0 by a variable", page, `{"v":2.0}`)
	add(true, "1e1 by a variable", page, `{"v":1e1}`)
	add(true, "the largest number by a variable, which resolvers refuse", page, `{"v":2147483647}`)
	add(false, "1.5 by a variable", page, `{"v":1.5}`)
	add(false, "2147483648 by a variable", page, `{"v":2147483648}`)
	add(false, "1e400 by a variable", page, `{"v":1e400}`)
	add(false, "a text for a number by a variable", page, `{"v":"2"}`)
	add(false, "a truth for a number by a variable", page, `{"v":true}`)
	add(false, "a list for a number by a variable", page, `{"v":[1]}`)
	add(false, "a number for a text by a variable", `query($v:String){accounts(search:$v){nodes{name}}}`, `{"v":5}`)
	add(false, "a number for a truth by a variable", `query($v:Boolean!){viewer{name @skip(if:$v)}}`, `{"v":1}`)
	add(true, "a number for an id by a variable", `query($v:ID){aiUsage(accountId:$v){asOf}}`, `{"v":5}`)
	add(true, "1e1 for an id by a variable", `query($v:ID){aiUsage(accountId:$v){asOf}}`, `{"v":1e1}`)
	add(false, "a truth for an id by a variable", `query($v:ID){aiUsage(accountId:$v){asOf}}`, `{"v":true}`)
	add(false, "a variable that is required and missing", `query($v:AIUsageGranularity!){aiUsage{series(granularity:$v){from}}}`)
	add(false, "a variable that is required and null", `query($v:AIUsageGranularity!){aiUsage{series(granularity:$v){from}}}`, `{"v":null}`)
	add(false, "a default of the wrong kind", `query($v:Int="2"){accounts(first:$v){nodes{name}}}`)
	add(false, "a default beyond 32 bits", `query($v:Int=2147483648){accounts(first:$v){nodes{name}}}`)
	add(false, "a default that is null where null cannot be", `query($v:Int!=null){accounts(first:$v){nodes{name}}}`)
	add(true, "variables that nobody has declared", `{viewer{name}}`, `{"v":{}}`)
	add(false, "a variable of another type", `query($v:String){accounts(first:$v){nodes{name}}}`, `{"v":null}`)
	add(false, "null by a variable in a subscription", `subscription($v:AIUsageGranularity=DAY){aiUsageChanged{series(granularity:$v){from}}}`, `{"v":null}`)
	return all
}

func (c operationCase) request(t *testing.T) string {
	t.Helper()
	query, err := json.Marshal(c.query)
	if err != nil {
		t.Fatal(err)
	}
	if c.variables == "" {
		return `{"query":` + string(query) + "}"
	}
	return `{"query":` + string(query) + `,"variables":` + c.variables + "}"
}

// Each of these is accepted or refused as graphql-js does it, by every door.
func TestNamedOperations(t *testing.T) {
	d := openDoors(t)
	for _, c := range operationCases() {
		request := c.request(t)
		if verdict := d.oracle.ask(t, request); (verdict.Stage == "") != c.accepted {
			t.Errorf("%s: graphql-js says %+v", c.name, verdict)
		}
		for way := range ways {
			if strings.HasPrefix(c.query, "subscription") {
				way = bySocket
			}
			if d.judge(t, way, request) == notComparable && c.name != "the largest number by a variable, which resolvers refuse" {
				t.Errorf("%s cannot be compared", c.name)
			}
		}
	}
}

// What is refused says where, what its type is and what is accepted.
func TestRefusalsSayWhereAndWhatIsAccepted(t *testing.T) {
	handler := newHandler(t, filled{}.readerFunc, transport.Options{})
	for request, says := range map[string]string{
		`{"query":"query($o:AIUsageOrder){aiUsage{accountUsageConnection(orderBy:$o){totalCount}}}","variables":{"o":{"field":"ID","direction":"desc"}}}`: `"message":"variable $o.direction of type OrderDirection! cannot be \"desc\": accepted is ASC, DESC","locations":[{"line":1,"column":7}],"extensions":{"accepted":["ASC","DESC"],"argument":"$o.direction","code":"GRAPHQL_VALIDATION_FAILED"}`,
		`{"query":"query($o:AIUsageOrder!){aiUsage{accountUsageConnection(orderBy:$o){totalCount}}}","variables":{"o":{"direction":"ASC"}}}`:              `variable $o.field of type AIUsageOrderField! is missing: accepted is ID, AI_MINUTES, AI_SECONDS, SESSIONS`,
		`{"query":"query($o:AIUsageOrder!){aiUsage{accountUsageConnection(orderBy:$o){totalCount}}}","variables":{"o":{"field":"ID","dir":1}}}`:           `variable $o of type AIUsageOrder! has no field dir: accepted is {field: AIUsageOrderField!, direction: OrderDirection!, measure: AIUsageMeasure}`,
		`{"query":"query($n:Int){accounts(first:$n){nodes{name}}}","variables":{"n":2147483648}}`:                                                         `variable $n of type Int cannot be 2147483648: accepted is a whole number of 32 bits`,
		`{"query":"query($n:Int!){accounts(first:$n){nodes{name}}}"}`:                                                                                     `variable $n of type Int! is missing`,
		`{"query":"query($n:Int!){accounts(first:$n){nodes{name}}}","variables":{"n":null}}`:                                                              `variable $n of type Int! cannot be null`,
		`{"query":"query($n:Int=\"x\"){accounts(first:$n){nodes{name}}}"}`:                                                                                `default $n of type Int cannot be \"x\"`,
		`{"query":"{aiUsage{asOf @include(if:{})}}"}`:                                                                                                     `"message":"argument if of @include of type Boolean! cannot be an object: accepted is true or false","locations":[{"line":1,"column":27}],"extensions":{"accepted":["true or false"],"argument":"if","code"`,
		`{"query":"{aiUsage{accountUsageConnection(orderBy:{field:id}){totalCount}}}"}`:                                                                   `argument orderBy.field of accountUsageConnection of type AIUsageOrderField! cannot be id`,
	} {
		if got := send(t, handler, "POST", "/", request).Body.String(); !strings.Contains(got, says) {
			t.Errorf("%s\ngot  %s\nwant %s", request, got, says)
		}
	}
}

// Where the schema is hidden, errors do not tell values and fields that were not sent.
func TestRefusalsKeepAHiddenSchema(t *testing.T) {
	handler := newHandler(t, filled{}.readerFunc, transport.Options{HideSchema: true})
	for request, secret := range map[string]string{
		`{"query":"query($o:AIUsageOrder){aiUsage{accountUsageConnection(orderBy:$o){totalCount}}}","variables":{"o":{"field":"x"}}}`:        "AI_MINUTES",
		`{"query":"query($o:AIUsageOrder){aiUsage{accountUsageConnection(orderBy:$o){totalCount}}}","variables":{"o":{"field":"ID","x":1}}}`: "direction",
		`{"query":"{aiUsage{accountUsageConnection(orderBy:{field:ID,x:1}){totalCount}}}"}`:                                                  "direction",
		`{"query":"{aiUsage{accountUsage{share(of:x)}}}"}`:                                                                                   "AI_MINUTES",
	} {
		got := send(t, handler, "POST", "/", request).Body.String()
		if !strings.Contains(got, "GRAPHQL_VALIDATION_FAILED") || strings.Contains(got, secret) {
			t.Errorf("%s\ngot %s", request, got)
		}
	}
}
