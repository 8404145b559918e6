package transport_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"aiusage/graph"
	"aiusage/transport"
	"aiusage/usage"
)

func emptyReport() (*usage.Report, error) {
	return usage.NewReport(usage.Query{Zone: time.UTC}, time.Time{}, nil), nil
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// object writes JSON with members by turns.
func object(t *testing.T, members ...any) string {
	t.Helper()
	all := map[string]any{}
	for i := 0; i < len(members); i += 2 {
		all[members[i].(string)] = members[i+1]
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func automatic(hash string) map[string]any {
	return map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}
}

func expectAnswer(t *testing.T, what string, handler http.Handler, method, target, body, says string) {
	t.Helper()
	if answer := send(t, handler, method, target, body).Body.String(); !strings.Contains(answer, says) {
		t.Errorf("%s: got %.300s, want %s", what, answer, says)
	}
}

const (
	zoneQuery  = `{aiUsage{timeZone}}`
	zoneAnswer = `{"data":{"aiUsage":{"timeZone":"UTC"}}}`
)

func TestAutomaticPersistedQueries(t *testing.T) {
	handler := newHandler(t, emptyReport, transport.Options{})
	named := object(t, "extensions", automatic(hash(zoneQuery)))
	expectAnswer(t, "not known yet", handler, "POST", "/", named, `"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}`)
	expectAnswer(t, "another hash", handler, "POST", "/", object(t, "query", zoneQuery, "extensions", automatic(hash("x"))), `"BAD_REQUEST"`)
	expectAnswer(t, "sent with its hash", handler, "POST", "/", object(t, "query", zoneQuery, "extensions", automatic(hash(zoneQuery))), zoneAnswer)
	expectAnswer(t, "known", handler, "POST", "/", named, zoneAnswer)
	extensions := url.QueryEscape(object(t, "persistedQuery", automatic(hash(zoneQuery))["persistedQuery"]))
	expectAnswer(t, "known, by GET", handler, "GET", "/?extensions="+extensions, "", zoneAnswer)

	const wrong = `{nonsense}`
	expectAnswer(t, "not valid", handler, "POST", "/", object(t, "query", wrong, "extensions", automatic(hash(wrong))), "VALIDATION")
	expectAnswer(t, "what is not valid is not kept", handler, "POST", "/", object(t, "extensions", automatic(hash(wrong))), "NOT_FOUND")
	for _, extension := range []any{"text", map[string]any{"version": 2, "sha256Hash": "x"}, map[string]any{"version": 1}, map[string]any{"version": 1, "sha256Hash": 5}} {
		expectAnswer(t, "an extension that is none", handler, "POST", "/", object(t, "extensions", map[string]any{"persistedQuery": extension}), `"BAD_REQUEST"`)
	}
	if stats := handler.Stats(); stats.PersistedHits != 2 || stats.PersistedMisses != 2 {
		t.Errorf("got %+v", stats)
	}
}

func manifest(t *testing.T, content string) *transport.Documents {
	t.Helper()
	documents, err := transport.ReadDocuments(graph.NewExecutableSchema(graph.Config{}), transport.Limits{}, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return documents
}

func TestRegisteredDocuments(t *testing.T) {
	const named = `query Zone{aiUsage{timeZone}}`
	for form, content := range map[string]string{
		"of Apollo":                  `{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"zone-1","name":"Zone","type":"query","body":"` + named + `"}]}`,
		"by hash, as codegen's":      `{"zone-1":"` + named + `"}`,
		"by hash with its algorithm": `{"sha256:` + hash(named) + `":"` + named + `","zone-1":"` + named + `"}`,
	} {
		for _, only := range []bool{false, true} {
			handler := newHandler(t, emptyReport, transport.Options{Documents: manifest(t, content), OnlyDocuments: only})
			for _, id := range []string{"zone-1", "sha256:" + hash(named)} {
				expectAnswer(t, form, handler, "POST", "/", object(t, "documentId", id), zoneAnswer)
				expectAnswer(t, form+", by GET", handler, "GET", "/?documentId="+url.QueryEscape(id), "", zoneAnswer)
			}
			for _, id := range []string{"zone-1", hash(named)} {
				expectAnswer(t, form+", as Apollo names it", handler, "POST", "/", object(t, "extensions", automatic(id)), zoneAnswer)
			}
			expectAnswer(t, "its text", handler, "POST", "/", object(t, "query", named), zoneAnswer)
			expectAnswer(t, "unknown", handler, "POST", "/", object(t, "documentId", "zone-2"), `"PERSISTED_QUERY_NOT_FOUND"`)
			expectAnswer(t, "both", handler, "POST", "/", object(t, "documentId", "zone-1", "query", named), `"BAD_REQUEST"`)
			other := zoneAnswer
			if only {
				other = `"PERSISTED_DOCUMENT_REQUIRED"`
			}
			expectAnswer(t, "another text", handler, "POST", "/", object(t, "query", zoneQuery), other)
			expectAnswer(t, "another text with its hash", handler, "POST", "/", object(t, "query", zoneQuery, "extensions", automatic(hash(zoneQuery))), other)
		}
	}
}

func TestDocumentsThatCannotBeUsedAreNamed(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{})
	for content, says := range map[string]string{
		`{"zone":"{nonsense}"}`: "the document zone cannot be used",
		`{"zone":"{"}`:          "the document zone cannot be used",
		`{"zone":""}`:           "the document zone cannot be used",
		`{"zone":"{` + repeat(21, "a%d:aiUsage{asOf} ") + `}"}`:       "more than 20 fields at its root",
		`{"zone":"{aiUsage{` + strings.Repeat("asOf ", 1400) + `}}"}`: "too often",
		`{"sha256:00":"{aiUsage{asOf}}"}`:                             "its own is sha256:" + hash("{aiUsage{asOf}}"),
		`[]`:                                                          "neither an apollo",
		`null`:                                                        "neither an apollo",
		`{"zone":1}`:                                                  "neither an apollo",
		`{"format":"other","version":1,"operations":[]}`:                                                                                                `"other", version 1`,
		`{"format":"apollo-persisted-query-manifest","version":2,"operations":[]}`:                                                                      "version 2",
		`{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"a","body":"{aiUsage{asOf}}"},{"id":"a","body":"{aiUsage{to}}"}]}`: "two with the id a",
	} {
		if _, err := transport.ReadDocuments(schema, transport.Limits{}, []byte(content)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.80s: got %v", content, err)
		}
	}
}
