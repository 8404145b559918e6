package transport_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"aiusage/transport"
)

// What cannot be read is answered by what is wrong, where, and what to do.
func TestDocumentsThatCannotBeReadAreToldWhy(t *testing.T) {
	handler := newHandler(t, emptyReport, transport.Options{})
	for query, says := range map[string]string{
		"{}":                              "the document cannot be read at line 1, column 2: there is nothing between { and }; select at least one field",
		"{viewer{}}":                      "line 1, column 9: there is nothing between { and }",
		"{viewer(){name}}":                "line 1, column 9: there is nothing between ( and ); leave them out",
		"query(){viewer{name}}":           "there is nothing between ( and )",
		"{viewer{name}} %":                "line 1, column 16: the character '%' has no meaning here",
		"{viewer{name}}\n ä":              "line 2, column 2: the character 'ä' has no meaning here",
		"{viewer{näme}}":                  "the character 'ä' has no meaning here",
		"{aiUsage(accountId:'x'){asOf}}":  "did you mean to use a double quote",
		"{aiUsage(accountId:\"x){asOf}}":  "Unterminated string",
		"{aiUsage(accountId:\"\\q\"){x}}": "Invalid character escape sequence",
		"{accounts(first:01){nodes}}":     "Invalid number, unexpected digit after 0",
		"{viewer{name}":                   "found the end of the document; is a closing } or ) missing?",
		"{viewer":                         "found the end of the document; is a closing } or ) missing?",
		"viewer":                          `Unexpected Name \"viewer\"`,
		"{viewer{name}}}":                 "line 1, column 15: Unexpected }",
		"{viewer @}":                      "Expected Name, found }",
		"fragment F on Viewer{name}":      "the document has no operation; write one, such as { viewer { name } }",
		"# nothing":                       "the document has no operation",
		"query{viewer{name\u0000}}":       `Cannot contain the invalid character \"\\u0000\"`,
		"\u200b{viewer{name}}":            "has no meaning here",
	} {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		got := send(t, handler, "POST", "/", string(body)).Body.String()
		if !strings.Contains(got, says) || strings.Contains(got, "Invalid>") || strings.Contains(got, "EOF>") {
			t.Errorf("%s\ngot  %s\nwant %s", query, got, says)
		}
		if over := send(t, handler, "GET", "/?query="+url.QueryEscape(query), "").Body.String(); over != got {
			t.Errorf("%s by GET\ngot  %s\nwant %s", query, over, got)
		}
	}
}

func TestOperationsThatCannotBeChosenAreToldWhy(t *testing.T) {
	handler := newHandler(t, emptyReport, transport.Options{})
	for request, says := range map[string]string{
		`{"query":"query A{viewer{name}} query B{viewer{name}}"}`:                     `the document has 2 operations; say in operationName which one to execute: A, B`,
		`{"query":"query A{viewer{name}} query B{viewer{name}}","operationName":"C"}`: `the document has no operation with the name \"C\"; it has A, B`,
		`{"query":"{viewer{name}}","operationName":"A"}`:                              `the document has no operation with the name \"A\", only one without a name; leave operationName out`,
	} {
		if got := send(t, handler, "POST", "/", request).Body.String(); !strings.Contains(got, says) || !strings.Contains(got, "GRAPHQL_VALIDATION_FAILED") {
			t.Errorf("%s\ngot  %s\nwant %s", request, got, says)
		}
	}
}

func TestBodiesThatAreNoRequestAreToldWhy(t *testing.T) {
	handler := newHandler(t, emptyReport, transport.Options{})
	for body, says := range map[string]string{
		"":                                      `the body is empty; send an object such as {\"query\": \"{ viewer { name } }\"}`,
		" \n":                                   "the body is empty",
		"[" + ask:                               "the body is not JSON: unexpected end of JSON input",
		" [ ] ":                                 "the batch has 0 requests; send from 1 to 10",
		"\ufeff" + ask:                          "the body begins with a byte order mark (U+FEFF), which JSON has not; send it without",
		"{aiUsage{asOf}}":                       "the body is not JSON: invalid character 'a' looking for beginning of object key string (after 2 bytes)",
		ask + ask:                               "the body is not JSON: invalid character '{' after top-level value",
		ask[:len(ask)-1]:                        "the body is not JSON: unexpected end of JSON input",
		`"query"`:                               "the body is a string, not an object such as",
		"null":                                  "the body is null, not an object such as",
		"5":                                     "the body is a number, not an object such as",
		`{"query":5}`:                           "query is a number, not a string",
		`{"query":{}}`:                          "query is an object, not a string",
		`{"operationName":"A"}`:                 "the query is missing",
		`{"query":"{x}","variables":[]}`:        "variables is a list, not an object",
		`{"query":"{x}","variables":"{\"a\"}"}`: "variables is a string, not an object; it may have been encoded twice",
		`{"query":"{x}","extensions":true}`:     "extensions is a truth value, not an object",
	} {
		got := send(t, handler, "POST", "/", body)
		if got.Code != 400 || !strings.Contains(got.Body.String(), says) || !strings.Contains(got.Body.String(), `"code":"BAD_REQUEST"`) {
			t.Errorf("%s\ngot  %d %s\nwant %s", body, got.Code, got.Body, says)
		}
	}
}
