package transport_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// Documents that are unusual or wrong in themselves get the verdict of graphql-js as well.
func TestUnusualDocumentsGetTheVerdictOfGraphQLJS(t *testing.T) {
	d := openDoors(t)
	for _, query := range []string{
		`"about" query Q {viewer{name}}`,
		`"about" {viewer{name}}`,
		`query($v:Int){accounts(first:$v){nodes{name}}} fragment F($v:Int) on Viewer{name}`,
		`{...F viewer{name}} fragment F($v:Int) on Query{a:viewer{name}}`,
		"\ufeff{viewer{name}}",
		"{viewer\ufeff{name}}",
		`{accounts(search:"\u{1F600}"){nodes{name}}}`,
		`{accounts(search:"\uD83D\uDE00"){nodes{name}}}`,
		`{accounts(first:1a){nodes{name}}}`,
		`{accounts(first:1.){nodes{name}}}`,
		`{accounts(first:-){nodes{name}}}`,
		`{accounts(first:1 first:1){nodes{name}}}`,
		`{aiUsage{accountUsageConnection(orderBy:{field:ID,field:ID}){totalCount}}}`,
		`{viewer @deprecated{name}}`,
		`query @skip(if:true){viewer{name}}`,
		`{viewer{name @skip(if:true) @skip(if:true)}}`,
		`{viewer{name @skip}}`,
		`{viewer{name @skip(unless:true)}}`,
		`{viewer{name @nothing}}`,
		`query($v:Int @skip(if:true)){accounts(first:$v){nodes{name}}}`,
		`query($v:Int,$v:Int){accounts(first:$v){nodes{name}}}`,
		`query($v:[Int]){accounts(first:$v){nodes{name}}}`,
		`{viewer{... @defer{name}}}`,
		`{viewer{... @defer(if:{}){name}}}`,
		`query($v:Boolean=true){viewer{... @defer(if:$v){name}}}`,
		`{viewer{... @defer(label:5){name}}}`,
		`{viewer{... @stream{name}}}`,
		`{viewer @defer{name}}`,
		`{__typename}`,
		`subscription{__typename}`,
		`subscription{a:aiUsageChanged{asOf} b:aiUsageChanged{asOf}}`,
		`mutation{x}`,
		`{__type(name:"Query"){fields(includeDeprecated:null){name}}}`,
		`query($v:Boolean=true){__type(name:"Query"){fields(includeDeprecated:$v){name}}}`,
		`{a:aiUsage{asOf} a:viewer{name}}`,
		`{aiUsage{series(granularity:DAY){from} series(granularity:HOUR){from}}}`,
		`{aiUsage{...{asOf}}}`,
		`{aiUsage{... on Viewer{name}}}`,
		`{viewer{name{x}}}`,
		`{viewer}`,
		`query A{viewer{name}} query A{viewer{name}}`,
		`{viewer{name}} query A{viewer{name}}`,
		`{viewer{name}} fragment F on Viewer{name}`,
		`query($v:Nothing){viewer{name}}`,
		`{accounts(search:"""a\"""b"""){nodes{name}}}`,
		"{accounts(search:\"a\nb\"){nodes{name}}}",
		`{viewer{name}} type X{a:Int}`,
		`{viewer{name}} extend type Query{a:Int}`,
		`{viewer{true}}`,
		`{viewer{null:name}}`,
		`query query{viewer{name}}`,
		`query on{viewer{name}}`,
		`fragment on on Viewer{name} {viewer{...on}}`,
		`{viewer{... {name}}}`,
		`{aiUsage(accountId:$v){asOf}}`,
		`query($v:ID=$w,$w:ID){aiUsage(accountId:$v){asOf}}`,
		`{accounts(first:0x1){nodes{name}}}`,
		`{accounts(first:00){nodes{name}}}`,
		`{accounts(first:+1){nodes{name}}}`,
		`{accounts(first:1_000){nodes{name}}}`,
		`{viewer{name}}#x`,
		`{viewer{name},,,}`,
		`{viewer{name;}}`,
		`query($__x:Int){accounts(first:$__x){nodes{name}}}`,
	} {
		request, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		way := byPost
		if strings.HasPrefix(query, "subscription") {
			way = bySocket
		}
		t.Run(query, func(t *testing.T) {
			if d.judge(t, way, string(request)) == notComparable {
				t.Error("it cannot be compared")
			}
		})
	}
}

// The field of a subscription cannot depend on a condition for the gateway, whatever
// graphql-js, which is older than that rule, finds when it executes the rest.
func TestAConditionalSubscriptionCannotBeCompared(t *testing.T) {
	d := openDoors(t)
	for _, request := range []string{
		`{"query":"subscription{aiUsageChanged @skip(if:false){asOf}}"}`,
		`{"query":"subscription($v:Boolean=false){aiUsageChanged @skip(if:false){asOf ...F @skip(if:$v)}} fragment F on AIUsage{id:asOf}","variables":{"v":null}}`,
	} {
		for _, way := range []int{byEvents, bySocket} {
			if d.judge(t, way, request) != notComparable {
				t.Errorf("%s is taken for comparable", request)
			}
		}
	}
}
