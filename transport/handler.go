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
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
)

// The most one request may ask for.
const (
	// maxBody is the most bytes of a body.
	maxBody = 1 << 20
	// maxTokens is the most tokens of a document. Validation takes a time that
	// grows with their square, and nothing else stands before it.
	maxTokens = 1500
	// cachedDocuments is how many parsed documents are kept.
	cachedDocuments = 100
)

// New returns a handler that answers GraphQL queries by POST and GET. It writes
// every error without a code to the log, once, and shows callers "internal error".
// Extensions run after the handler's own limits.
func New(schema graphql.ExecutableSchema, log *slog.Logger, extensions ...graphql.HandlerExtension) http.Handler {
	server := handler.New(schema)
	server.AddTransport(overHTTP{})
	server.SetParserTokenLimit(maxTokens)
	server.SetQueryCache(lru.New[*ast.QueryDocument](cachedDocuments))
	server.Use(defaultLimits)
	server.Use(extension.Introspection{})
	for _, one := range extensions {
		server.Use(one)
	}
	server.SetErrorPresenter(presenter(log))
	server.SetRecoverFunc(func(_ context.Context, fault any) error {
		return fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		server.ServeHTTP(w, r)
	})
}
