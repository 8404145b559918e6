package transport_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/transport"
	"aiusage/usage"
)

func emptyAnswers() (*usage.Report, error) {
	return usage.NewReport(usage.Query{Zone: time.UTC}, time.Time{}, nil), nil
}

// batch sends requests in one body, and returns their answers.
func batch(t *testing.T, handler *transport.Handler, requests ...string) []string {
	t.Helper()
	got := send(t, handler, "POST", "/", "["+strings.Join(requests, ",")+"]")
	var answers []json.RawMessage
	if err := json.Unmarshal(got.Body.Bytes(), &answers); err != nil || got.Code != 200 || len(answers) != len(requests) {
		t.Fatalf("got %d %s", got.Code, got.Body)
	}
	texts := make([]string, len(answers))
	for i, one := range answers {
		texts[i] = string(one)
	}
	return texts
}

func asking(document string) string {
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// Each request of a batch is answered as it is by itself, in its place.
func TestABatchIsAnsweredInOrder(t *testing.T) {
	handler := newHandler(t, emptyAnswers, transport.Options{})
	requests := []string{
		asking(`{aiUsage{timeZone}}`), asking(`{nothing}`), `5`, `{}`, asking(`{`), asking(`{a:aiUsage(startDate:"x"){asOf} b:aiUsage{timeZone}}`),
		`{"query":"query($z:String){aiUsage(timeZone:$z){timeZone}}","variables":{"z":null},"extensions":{"int64":"text"}}`,
		asking(`query A{aiUsage{timeZone}} query B{__typename}`), `{"query":"query A{aiUsage{timeZone}} query B{__typename}","operationName":"B"}`, asking(`{aiUsage{totals{sessions}}}`),
	}
	answers := batch(t, handler, requests...)
	for i, request := range requests {
		if want := strings.TrimSpace(send(t, handler, "POST", "/", request).Body.String()); answers[i] != want {
			t.Errorf("%s\ngot  %s\nwant %s", request, answers[i], want)
		}
	}
	if got := batch(t, handler, asking(`subscription{aiUsageChanged{asOf}}`), asking(`{__typename}`)); !strings.Contains(got[0], `"BAD_REQUEST"`) || strings.Contains(got[0], "data") || got[1] != `{"data":{"__typename":"Query"}}` {
		t.Errorf("with a subscription: %v", got)
	}
	persisted := `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}`
	if got := batch(t, handler, persisted, strings.Replace(persisted, "{", `{"query":"{__typename}",`, 1), persisted); !strings.Contains(got[0], "PERSISTED_QUERY_NOT_FOUND") || got[1] != got[2] || !strings.Contains(got[2], "Query") {
		t.Errorf("persisted: %v", got)
	}
}

// What the limits bound, they bound for the whole batch; what is within them is answered beside
// what is beyond.
func TestTheLimitsAreThoseOfAWholeBatch(t *testing.T) {
	fields := func(n int, alias string) string {
		var document strings.Builder
		for i := range n {
			fmt.Fprintf(&document, alias+" ", i)
		}
		return document.String()
	}
	for name, c := range map[string]struct {
		limits transport.Limits
		one    string
		says   string
	}{
		"root fields": {transport.Limits{RootFields: 5}, "{" + fields(2, "a%d:__typename") + "}", "more than 1 fields at its root"},
		"aliases":     {transport.Limits{Aliases: 5}, "{aiUsage{" + fields(2, "a%d:timeZone") + "}}", "more than 1 aliases"},
		"fields":      {transport.Limits{Fields: 7}, "{aiUsage{timeZone from}}", "more than 1 fields"},
		"complexity":  {transport.Limits{Complexity: 120}, "{aiUsage{accountUsage{minutes}}}", "more than 16"},
		"tokens":      {transport.Limits{Tokens: 16}, "{aiUsage{timeZone}}", "more than 16 tokens together"},
	} {
		handler := newHandler(t, emptyAnswers, transport.Options{Limits: c.limits})
		got := batch(t, handler, asking(c.one), asking(c.one), asking(c.one), asking(`{__typename}`))
		if strings.Contains(got[0]+got[1], "errors") || !strings.Contains(got[2], c.says) || name != "tokens" && strings.Contains(got[3], "errors") {
			t.Errorf("%s: %s", name, got)
		}
	}
	many := slices.Repeat([]string{asking(`{__typename}`)}, 11)
	if got := send(t, newHandler(t, emptyAnswers, transport.Options{}), "POST", "/", "["+strings.Join(many, ",")+"]"); got.Code != 400 || !strings.Contains(got.Body.String(), "the batch has 11 requests") {
		t.Errorf("eleven: %d %s", got.Code, got.Body)
	}
}

// The fields of an operation are counted as they are answered: fragments that ask for the same
// field are one field.
func TestRootFieldsAreCountedMerged(t *testing.T) {
	document, fragments := "{", ""
	for i := range 25 {
		document += fmt.Sprintf("...F%d ", i)
		fragments += fmt.Sprintf("fragment F%d on Query{aiUsage{f%d:timeZone}}", i, i)
	}
	handler := newHandler(t, emptyAnswers, transport.Options{})
	if got := send(t, handler, "POST", "/", asking(document+"}"+fragments)).Body.String(); strings.Contains(got, "errors") || strings.Count(got, "UTC") != 25 {
		t.Errorf("got %s", got)
	}
	apart := strings.ReplaceAll(fragments, "{aiUsage", "{%aiUsage")
	for i := range 25 {
		apart = strings.Replace(apart, "%", fmt.Sprintf("a%d:", i), 1)
	}
	if got := send(t, handler, "POST", "/", asking(document+"}"+apart)).Body.String(); !strings.Contains(got, "more than 20 fields at its root") {
		t.Errorf("got %s", got)
	}
}

// HEAD is GET without its answer; what would go on is refused.
func TestHeadIsAnsweredAsGet(t *testing.T) {
	handler := newHandler(t, emptyAnswers, transport.Options{})
	for target, status := range map[string]int{
		"/?query={__typename}": 200,
		"/":                    400,
		"/?query=subscription{aiUsageChanged{asOf}}":    406,
		"/?query={__typename}&documentId=sha256:nobody": 400,
	} {
		for _, accept := range []string{"application/json", "text/event-stream"} {
			got, get := send(t, handler, "HEAD", target, "", "Accept", accept), send(t, handler, "GET", target, "", "Accept", "application/json")
			if got.Code != status || get.Code != status || got.Header().Get("Content-Type") != get.Header().Get("Content-Type") {
				t.Errorf("%s (%s): got %d %s, GET %d %s", target, accept, got.Code, got.Header().Get("Content-Type"), get.Code, get.Header().Get("Content-Type"))
			}
		}
	}
}
