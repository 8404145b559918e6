package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// What a request for the schema may have at most. GraphiQL's has 2 KB and some
// 200 tokens.
const (
	maxIntrospectionBody   = 32 << 10
	maxIntrospectionTokens = 1000
)

// asksForSchemaOnly tells whether a GraphQL request selects nothing but
// introspection, so that it can be answered to anybody where the schema is no
// secret. What cannot be told for sure is taken for more than that. The body can
// be read again afterwards.
func asksForSchemaOnly(r *http.Request) bool {
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: documentOf(r)}, maxIntrospectionTokens)
	if err != nil || len(document.Operations) == 0 {
		return false
	}
	for _, operation := range document.Operations {
		if operation.Operation != ast.Query || !selectsSchemaOnly(operation.SelectionSet) {
			return false
		}
	}
	return true
}

// selectsSchemaOnly tells whether each of the selections on the query type is a
// field of introspection. Fragments there are unusual, and taken for more.
func selectsSchemaOnly(selections ast.SelectionSet) bool {
	for _, selection := range selections {
		field, ok := selection.(*ast.Field)
		if !ok || field.Name != "__schema" && field.Name != "__type" && field.Name != "__typename" {
			return false
		}
	}
	return len(selections) > 0
}

// documentOf returns the GraphQL document of a request, or nothing.
func documentOf(r *http.Request) string {
	if r.Method == http.MethodGet {
		return r.URL.Query().Get("query")
	}
	read, err := io.ReadAll(io.LimitReader(r.Body, maxIntrospectionBody+1))
	rest := io.MultiReader(bytes.NewReader(read), failing{err}, r.Body)
	r.Body = struct {
		io.Reader
		io.Closer
	}{rest, r.Body}
	var request struct {
		Query string `json:"query"`
	}
	if err != nil || len(read) > maxIntrospectionBody || !strings.Contains(string(read), "__") ||
		json.Unmarshal(read, &request) != nil {
		return ""
	}
	return request.Query
}

// failing is a reader that has an error, if there is one, and nothing else.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil && !errors.Is(f.err, io.EOF) {
		return 0, f.err
	}
	return 0, io.EOF
}
