package transport_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"aiusage/usage"
)

// Each of these once cost a server seconds or megabytes. That they are refused
// by counting shows in that nothing is read; how fast that is, no test can say.
func TestWhatAsksForTooMuchIsRefusedBeforeAnythingIsRead(t *testing.T) {
	doubling := "query{...f0}"
	for i := range 26 {
		doubling += fmt.Sprintf("fragment f%d on Query{...f%d ...f%d}", i, i+1, i+1)
	}
	doubling += "fragment f26 on Query{aiUsage{asOf}}"
	for name, c := range map[string]struct{ query, says string }{
		"a field repeated 10,000 times": {"{" + strings.Repeat("aiUsage{asOf} ", 10_000) + "}", "token"},
		"fragments that double":         {doubling, "OPERATION_TOO_LARGE"},
		"aliases of reports":            {"{" + repeat(21, "a%d:aiUsage{asOf} ") + "}", "OPERATION_TOO_LARGE"},
		"aliases of fields":             {"{aiUsage{" + repeat(51, "a%d:asOf ") + "}}", "OPERATION_TOO_LARGE"},
		"depth":                         {"{__type(name:\"Query\"){" + strings.Repeat("ofType{", 20) + "name" + strings.Repeat("}", 20) + "}}", "OPERATION_TOO_LARGE"},
		"unknown fields":                {"{" + repeat(400, "f%d ") + "}", "and 391 more errors"},
		"unknown directives":            {"{aiUsage{asOf " + strings.Repeat("@d ", 600) + "}}", "more errors"},
		"a literal of 5 MB":             {"{aiUsage(accountId:\"" + strings.Repeat("x", 5<<20) + "\"){asOf}}", "too large"},
		"commas of 2 MB":                {"{aiUsage{asOf}" + strings.Repeat(",", 2<<20) + "}", "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(map[string]string{"query": c.query})
			if err != nil {
				t.Fatal(err)
			}
			_, answer, _ := post(t, func() (*usage.Report, error) {
				t.Error("something was read")
				return nil, errors.New("read")
			}, string(body))
			if !strings.Contains(answer, c.says) || len(answer) > 4000 {
				t.Errorf("got %d bytes: %.500s", len(answer), answer)
			}
		})
	}
}

// repeat writes n fields whose names are numbered.
func repeat(n int, format string) string {
	var fields strings.Builder
	for i := range n {
		fmt.Fprintf(&fields, format, i)
	}
	return fields.String()
}

// The query that GraphiQL and code generators begin with is within the limits.
func TestIntrospectionIsWithinTheLimits(t *testing.T) {
	const typeRef = `fragment T on __Type{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name}}}}}}}}`
	query := `query IntrospectionQuery{__schema{description queryType{name}mutationType{name}subscriptionType{name}
		types{kind name description fields(includeDeprecated:true){name description args{name description type{...T}defaultValue}type{...T}isDeprecated deprecationReason}
		inputFields{name description type{...T}defaultValue}interfaces{...T}enumValues(includeDeprecated:true){name description isDeprecated deprecationReason}possibleTypes{...T}}
		directives{name description locations args{name description type{...T}defaultValue}}}}` + typeRef
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	_, answer, _ := post(t, nil, string(body))
	if strings.Contains(answer, `"errors"`) || !strings.Contains(answer, `"AICustomerUsage"`) {
		t.Errorf("got %.500s", answer)
	}
}
