package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// reader finds the operations that are to be executed: it reads documents, or
// remembers them, and coerces variables.
type reader struct {
	types
	limits     Limits
	registered *Documents
	// read are the documents that were used lately, by text.
	read *cache[*ast.QueryDocument]
}

// documentMemory is the most bytes of parsed documents that are kept.
const documentMemory = 32 << 20

// newReader estimates the memory of documents: a token of one or two characters becomes
// a node of some hundred bytes; what is longer is mostly text.
func newReader(known types, limits Limits, registered *Documents) *reader {
	return &reader{known, limits, registered, newCache(documentMemory, func(text string, _ *ast.QueryDocument) int {
		return len(text) + 100*min(len(text), 4000)
	})}
}

// document returns the document with a text, ready to be executed.
func (r *reader) document(ctx context.Context, text string) (*ast.QueryDocument, gqlerror.List) {
	if r.registered != nil {
		if document, registered := r.registered.parsed[text]; registered {
			return document, nil
		}
	}
	if document, known := r.read.Get(ctx, text); known {
		return document, nil
	}
	document, errs := prepare(r.types, r.limits, text)
	if errs == nil {
		r.read.Add(ctx, text, document)
	}
	return document, errs
}

// open prepares an operation to be executed. What it returns with errors can be given
// to the executor's DispatchError.
func (r *reader) open(ctx context.Context, executor graphql.GraphExecutor, asked *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	refused := &graphql.OperationContext{RawQuery: asked.Query, OperationName: asked.OperationName}
	document, errs := r.document(ctx, asked.Query)
	if errs != nil {
		return refused, errs
	}
	operation, err := choose(document, asked.OperationName)
	if err != nil {
		return refused, gqlerror.List{err}
	}
	variables, errs := coercion{r.types}.variables(operation, asked.Variables)
	if errs != nil {
		return refused, errs
	}
	asked.Variables = variables // gqlgen coerces them once more, which changes nothing
	opened, errs := executor.CreateOperationContext(withDocument(ctx, document), asked)
	if errs != nil {
		return opened, errs
	}
	if err := refuseNulls(opened); err != nil {
		return opened, gqlerror.List{err}
	}
	return opened, nil
}

// fromReader hands gqlgen the document that was read for a request, so that it reads
// none itself. It is a graphql.Cache.
type fromReader struct{}

// Get returns the document of the request.
func (fromReader) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	return documentOf(ctx)
}

// Add is never called, as there always is a document.
func (fromReader) Add(context.Context, string, *ast.QueryDocument) {}
