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
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: peekDocument(r)}, maxIntrospectionTokens)
	if err != nil || len(document.Operations) == 0 {
		return false
	}
	walk := schemaWalk{fragments: document.Fragments}
	for _, operation := range document.Operations {
		if operation.Operation != ast.Query || !selectsSchemaOnly(operation.SelectionSet) || !walk.walk(operation.SelectionSet, 0) {
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

// What a request for the schema may ask for at most. Tools ask for the fields'
// arguments of all types: three lists within each other. Each further one
// multiplies the answer by the size of the schema.
const (
	maxSchemaLists      = 4
	maxSchemaSelections = 5000
)

// schemaLists are the fields of introspection that are lists.
var schemaLists = map[string]bool{
	"types": true, "fields": true, "args": true, "inputFields": true, "interfaces": true,
	"possibleTypes": true, "enumValues": true, "directives": true,
}

// schemaWalk follows the selections of a document, through its fragments.
type schemaWalk struct {
	fragments ast.FragmentDefinitionList
	seen      int
}

// walk follows selections within so many lists, and returns whether they ask for no
// more than tools do.
func (w *schemaWalk) walk(selections ast.SelectionSet, lists int) (modest bool) {
	for _, selection := range selections {
		if w.seen++; w.seen > maxSchemaSelections {
			return false
		}
		inner, within := ast.SelectionSet(nil), lists
		switch selection := selection.(type) {
		case *ast.Field:
			inner = selection.SelectionSet
			if schemaLists[selection.Name] {
				within++
			}
		case *ast.InlineFragment:
			inner = selection.SelectionSet
		case *ast.FragmentSpread:
			if fragment := w.fragments.ForName(selection.Name); fragment != nil {
				inner = fragment.SelectionSet
			}
		}
		if within > maxSchemaLists || !w.walk(inner, within) {
			return false
		}
	}
	return true
}

// peekDocument returns the GraphQL document of a request, or nothing, and leaves the
// body to be read by the next.
func peekDocument(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
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
