// Package transport serves GraphQL over HTTP: which requests are taken, how much
// one of them may ask for, and how errors look.
package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
)

// Options are how GraphQL is served. The zero value will do.
type Options struct {
	Limits Limits
	// HideSchema refuses introspection to everybody and keeps errors from
	// suggesting names.
	HideSchema bool
	// Extensions run after the handler's own limits.
	Extensions []graphql.HandlerExtension
	// Log receives every error without a code, once. nil discards them.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.withDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// New returns a handler that answers GraphQL queries by POST and GET. It shows
// callers "internal error" for every error without a code.
func New(schema graphql.ExecutableSchema, options Options) http.Handler {
	options = options.withDefaults()
	server := handler.New(schema)
	server.AddTransport(overHTTP{})
	server.SetParserTokenLimit(options.Limits.Tokens)
	documents := newDocumentCache()
	server.SetQueryCache(documents)
	server.SetDisableSuggestion(options.HideSchema)
	if options.HideSchema {
		server.SetValidationRulesFn(hiddenSchemaRules)
	}
	server.Use(limiter{options.Limits, schema, documents})
	server.Use(extension.Introspection{})
	for _, one := range options.Extensions {
		server.Use(one)
	}
	server.SetErrorPresenter(presenter(options.Log))
	server.SetRecoverFunc(func(_ context.Context, fault any) error {
		return fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, no-store")
		r.Body = http.MaxBytesReader(w, r.Body, int64(options.Limits.Body))
		server.ServeHTTP(w, r)
	})
}

// documentMemory is the most bytes of parsed documents that are kept.
const documentMemory = 32 << 20

// newDocumentCache keeps parsed documents. A token of one or two characters
// becomes a node of some hundred bytes; what is longer is mostly text.
func newDocumentCache() *cache[*ast.QueryDocument] {
	return newCache(documentMemory, func(text string, _ *ast.QueryDocument) int {
		return len(text) + 100*min(len(text), 4000)
	})
}
