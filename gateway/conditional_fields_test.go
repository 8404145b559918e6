package gateway

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	schema "aiusage/graph"
)

// operationOf reads the only operation of a document.
func operationOf(t *testing.T, document string) *graphql.OperationContext {
	t.Helper()
	parsed, err := gqlparser.LoadQueryWithRules(schema.NewExecutableSchema(schema.Config{}).Schema(), document, rules.NewDefaultRules())
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return &graphql.OperationContext{RawQuery: document, Doc: parsed, Operation: parsed.Operations[0]}
}

// One field or argument that a validator does not stand for is enough for an operation to have
// none, however it is selected.
func TestWhichOperationsHaveAValidator(t *testing.T) {
	for document, want := range map[string]bool{
		`{aiUsage{totals{sessions}}}`: true,
		`{__typename aiUsage(accountIds:["a"],startDate:"2026-03-01"){__typename asOf totals{aiMinutes}}}`:                        true,
		`{aiUsage{accountUsageConnection(first:1,orderBy:{field:NAME},filter:{search:"a"}){edges{cursor node{share}}}}}`:          true,
		`{aiUsage{...{totals{sessions}}...on AIUsage{from}...R}}fragment R on AIUsage{to series(granularity:DAY){partial}}`:       true,
		`{node(id:"x"){id ...on AIUsage{id totals{id sessions}}}}`:                                                                true,
		`{aiUsage{accountUsage{id account{id usage(period:TODAY){id totals{sessions}}}}}}`:                                        true,
		`{aiUsage(period:LAST_MONTH){drivers(first:3,by:ACCOUNT,of:SESSIONS){change largest{account{name} status} rest{count}}}}`: true,
		`{aiUsage(period:LAST_MONTH){drivers(by:ACCOUNT,compare:{elapsed:true}){change}}}`:                                        false,
		`{aiUsage(period:LAST_MONTH){totals{sessions} sessionsConnection{pageInfo{hasNextPage}}}}`:                                false,
		`{account(accountId:"x"){id}}`:                                                                      false,
		`{node(id:"x"){...on Account{customers{nodes{name}}}}}`:                                             false,
		`{aiUsage{plan{source}}}`:                                                                           false,
		`{aiUsage{totals{sessions}}accounts{nodes{name}}}`:                                                  false,
		`{aiUsage{totals{sessions}plan{source}}}`:                                                           false,
		`{aiUsage{plan{source}totals{sessions}}}`:                                                           false,
		`{aiUsage{totals{sessions}accountUsageConnection(first:1,after:"x"){nodes{share}}}}`:                false,
		`{aiUsage{accountUsageConnection(after:"x",first:1){nodes{share}}}}`:                                false,
		`{aiUsage{previous(elapsed:true){totals{sessions}}}}`:                                               false,
		`{aiUsage{...{plan{source}}totals{sessions}}}`:                                                      false,
		`{aiUsage{...on AIUsage{totals{sessions}plan{source}}}}`:                                            false,
		`{aiUsage{...R totals{sessions}}}fragment R on AIUsage{from plan{source}}`:                          false,
		`{...Q}fragment Q on Query{aiUsage{...R}}fragment R on AIUsage{accountUsage{compareTo{aiMinutes}}}`: false,
		`{__schema{queryType{name}}}`:                                                                       false,
		`{aiUsage{totals{sessions}}__type(name:"Query"){name}}`:                                             false,
		`subscription{aiUsageChanged{totals{sessions}}}`:                                                    false,
	} {
		operation := operationOf(t, document)
		if got := isConditional(operation); got != want {
			t.Errorf("%s: got %v", document, got)
		}
	}
}

// The fields that validators stand for are those of the schema, with arguments of theirs.
func TestConditionalFieldsAreInTheSchema(t *testing.T) {
	known := map[string]ast.ArgumentDefinitionList{}
	for _, definition := range schema.NewExecutableSchema(schema.Config{}).Schema().Types {
		for _, field := range definition.Fields {
			known[definition.Name+"."+field.Name] = field.Arguments
		}
	}
	for field, arguments := range conditionalFields {
		defined, is := known[field]
		if !is {
			t.Errorf("there is no field %s", field)
		}
		for _, argument := range strings.Fields(arguments) {
			if defined.ForName(argument) == nil {
				t.Errorf("%s has no argument %s", field, argument)
			}
		}
	}
}
