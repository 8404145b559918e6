package transport_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/transport"
	"aiusage/usage"
)

// exchange is a request and what must come of it.
type exchange struct {
	name, method, target string
	contentType, accept  string
	body                 string
	headers              []string

	status    int
	mediaType string
	shows     string
}

func (c exchange) run(t *testing.T, handler http.Handler) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(auth.NewContext(t.Context(), auth.Operator), c.method, c.target, strings.NewReader(c.body))
	if c.contentType != "" {
		request.Header.Set("Content-Type", c.contentType)
	}
	if c.accept != "" {
		request.Header.Set("Accept", c.accept)
	}
	for i := 0; i < len(c.headers); i += 2 {
		request.Header.Set(c.headers[i], c.headers[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

func TestGraphQLOverHTTP(t *testing.T) {
	read := readerFunc(func() (*usage.Report, error) {
		return usage.NewReport(usage.Query{Zone: time.UTC}, time.Time{}, nil), nil
	})
	handler := newHandler(t, read, transport.Options{})
	const (
		plain  = "application/json; charset=utf-8"
		newer  = "application/graphql-response+json; charset=utf-8"
		query  = `{"query":"{aiUsage{timeZone}}"}`
		answer = `{"data":{"aiUsage":{"timeZone":"UTC"}}}`
		wrong  = `{"query":"{nonsense}"}`
	)
	post := func(name, body, accept string, status int, mediaType, shows string) exchange {
		return exchange{name: name, method: "POST", target: "/", contentType: "application/json",
			accept: accept, body: body, status: status, mediaType: mediaType, shows: shows}
	}
	for _, c := range []exchange{
		post("a query", query, "", 200, plain, answer),
		post("any type", query, "*/*", 200, plain, answer),
		post("a type that is not offered", query, "text/html", 200, plain, answer),
		post("the newer type", query, "application/graphql-response+json", 200, newer, answer),
		post("equally liked, the first", query, "application/graphql-response+json, application/json", 200, newer, answer),
		post("by quality", query, "application/json;q=0.5, application/graphql-response+json;q=0.9", 200, newer, answer),
		post("refused by quality", query, "application/graphql-response+json;q=0, application/json;q=0.1", 200, plain, answer),
		post("not valid, plain type", wrong, "application/json", 200, plain, "GRAPHQL_VALIDATION_FAILED"),
		post("not valid, newer type", wrong, "application/graphql-response+json", 400, newer, "GRAPHQL_VALIDATION_FAILED"),
		post("not GraphQL", `{"query":"{"}`, "application/json", 200, plain, "GRAPHQL_PARSE_FAILED"),
		post("empty", "", "", 400, plain, "the body is empty"),
		post("null", "null", "", 400, plain, "the body is null"),
		post("an empty batch", "[]", "", 400, plain, "send from 1 to 10"),
		post("a batch", "["+query+"]", "application/graphql-response+json", 200, plain, "["+answer+"]"),
		post("more than one document", query+query, "", 400, plain, "the body is not JSON"),
		post("not UTF-8", "{\"query\":\"{aiUsage(accountId:\\\"\xff\\\"){timeZone}}\"}", "", 400, plain, "UTF-8"),
		post("no query", `{"qeury":"{__typename}"}`, "", 400, plain, "query is missing"),
		post("a query that is no text", `{"query":1}`, "", 400, plain, "query is a number, not a string"),
		post("variables that are a list", `{"query":"{__typename}","variables":[]}`, "", 400, plain, "variables is a list, not an object"),
		post("members that are null", `{"query":"{__typename}","variables":null,"operationName":null,"extensions":null}`, "", 200, plain, `"Query"`),
		post("too large", `{"query":"`+strings.Repeat(" ", 2<<20)+`"}`, "", 413, plain, "too large"),
		{name: "no type", method: "POST", target: "/", body: query, status: 415, mediaType: plain, shows: "application/json"},
		{name: "a form", method: "POST", target: "/", contentType: "application/x-www-form-urlencoded", body: "query={__typename}", status: 415, mediaType: plain, shows: "application/json"},
		{name: "another charset", method: "POST", target: "/", contentType: "application/json; charset=latin1", body: query, status: 415, mediaType: plain, shows: "utf-8"},
		{name: "compressed", method: "POST", target: "/", contentType: "application/json", headers: []string{"Content-Encoding", "gzip"}, body: query, status: 415, mediaType: plain, shows: "plain"},
		{name: "by GET", method: "GET", target: "/?query=%7BaiUsage%7BtimeZone%7D%7D", status: 200, mediaType: plain, shows: answer},
		{name: "by GET, with variables", method: "GET", target: "/?query=query(%24z:String)%7BaiUsage(timeZone:%24z)%7BtimeZone%7D%7D&variables=%7B%22z%22:%22UTC%22%7D", status: 200, mediaType: plain, shows: answer},
		{name: "by GET, a percent that is not escaped", method: "GET", target: `/?query=query(%24z:String)%7BaiUsage(timeZone:%24z)%7BtimeZone%7D%7D&variables={"z":"100%"}`, status: 400, mediaType: plain, shows: "the query string cannot be read"},
		{name: "by GET, a semicolon that is not escaped", method: "GET", target: `/?query=query(%24z:String)%7BaiUsage(timeZone:%24z)%7BtimeZone%7D%7D&variables={"z":"A;B"}`, status: 400, mediaType: plain, shows: "the query string cannot be read"},
		{name: "by GET, variables twice", method: "GET", target: "/?query=%7B__typename%7D&variables=%7B%7D&variables=%7B%7D", status: 400, mediaType: plain, shows: "variables is given 2 times; give it once"},
		{name: "by GET, a document twice", method: "GET", target: "/?query=%7B__typename%7D&query=%7B__typename%7D", status: 400, mediaType: plain, shows: "query is given 2 times; give it once"},
		{name: "by GET, no UTF-8 in a document", method: "GET", target: "/?query=%7B__typename%7D%23%FF", status: 400, mediaType: plain, shows: "query is not valid UTF-8"},
		{name: "by GET, no UTF-8 in variables", method: "GET", target: "/?query=%7B__typename%7D&variables=%7B%22z%22:%22%FF%22%7D", status: 400, mediaType: plain, shows: "variables is not valid UTF-8"},
		{name: "by GET, parameters of other names", method: "GET", target: "/?_=1&_=2&query=%7BaiUsage%7BtimeZone%7D%7D", status: 200, mediaType: plain, shows: answer},
		{name: "by GET, variables that are no JSON", method: "GET", target: "/?query=%7B__typename%7D&variables=%7B", status: 400, mediaType: plain, shows: "variables is not JSON"},
		{name: "by GET, no query", method: "GET", target: "/", status: 400, mediaType: plain, shows: "query is missing"},
		{name: "another method", method: "PUT", target: "/", status: 405, mediaType: plain, shows: "POST or GET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.run(t, handler)
			body := got.Body.String()
			if got.Code != c.status || got.Header().Get("Content-Type") != c.mediaType || !strings.Contains(body, c.shows) {
				t.Errorf("got %d %s %.300s\nwant %d %s with %s", got.Code, got.Header().Get("Content-Type"), body, c.status, c.mediaType, c.shows)
			}
			if !strings.Contains(c.shows, answer) && c.shows != `"Query"` && strings.Contains(body, `"data"`) {
				t.Errorf("a request that was not executed has data: %s", body)
			}
			if c.status == 405 && got.Header().Get("Allow") != "GET, HEAD, POST" {
				t.Errorf("Allow: got %q", got.Header().Get("Allow"))
			}
		})
	}
}

// Whatever it is asked for with, an answer is whole.
func TestDeferIsAnsweredAtOnce(t *testing.T) {
	read := func() (*usage.Report, error) {
		return usage.NewReport(usage.Query{Zone: time.UTC}, time.Time{}, []usage.SubjectUsage{{AccountID: "acc-1"}}), nil
	}
	handler := newHandler(t, read, transport.Options{Documents: manifest(t, `{"deferred":"{aiUsage(period:TODAY){...@defer{timeZone}}}"}`)})
	const series = `{"data":{"aiUsage":{"accountUsage":[{"accountId":"acc-1","series":[]}]}}}`
	for range 2 { // the second time from the cache
		for query, want := range map[string]string{
			`{aiUsage{...@defer(label:"a"){timeZone}}}`:                                                                                               `{"data":{"aiUsage":{"timeZone":"UTC"}}}`,
			`{aiUsage(period:TODAY){accountUsage{accountId ...@defer{series(granularity:DAY){aiMinutes}}}}}`:                                          series,
			`{aiUsage(period:TODAY){accountUsage{accountId ...f @defer}}} fragment f on AIAccountUsage{series(granularity:DAY){aiMinutes}}`:           series,
			`query($x:Boolean!){...@defer(if:$x){aiUsage(period:TODAY){accountUsage{accountId ...{...@defer{series(granularity:DAY){aiMinutes}}}}}}}`: series,
		} {
			body := object(t, "query", query, "variables", map[string]any{"x": true})
			got := send(t, handler, "POST", "/", body, "Accept", "multipart/mixed;deferSpec=20220824, application/json")
			if got.Body.String() != want || got.Header().Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("%s: got %v %s", query, got.Header(), got.Body)
			}
		}
	}
	expectAnswer(t, "registered", handler, "POST", "/", `{"documentId":"deferred"}`, `{"data":{"aiUsage":{"timeZone":"UTC"}}}`)
}
