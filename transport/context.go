package transport

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"
)

// What travels in the context of a request.
type (
	lifetimeKey  struct{}
	allowanceKey struct{}
	documentKey  struct{}
)

// WithLifetime returns a context for requests whose streams end with a Lifetime.
func WithLifetime(ctx context.Context, lifetime *Lifetime) context.Context {
	return context.WithValue(ctx, lifetimeKey{}, lifetime)
}

// lifetimeOf returns the Lifetime of a request, which never ends where the server
// has none.
func lifetimeOf(ctx context.Context) *Lifetime {
	if lifetime, ok := ctx.Value(lifetimeKey{}).(*Lifetime); ok {
		return lifetime
	}
	return NewLifetime()
}

// withAllowance returns a context for the requests of a batch.
func withAllowance(ctx context.Context, spent *allowance) context.Context {
	return context.WithValue(ctx, allowanceKey{}, spent)
}

// allowanceOf returns what the requests of a batch have asked for, or nil outside a batch.
func allowanceOf(ctx context.Context) *allowance {
	spent, _ := ctx.Value(allowanceKey{}).(*allowance)
	return spent
}

// withDocument returns a context for an operation whose document has been read.
func withDocument(ctx context.Context, document *ast.QueryDocument) context.Context {
	return context.WithValue(ctx, documentKey{}, document)
}

// documentOf returns the document that has been read.
func documentOf(ctx context.Context) (*ast.QueryDocument, bool) {
	document, ok := ctx.Value(documentKey{}).(*ast.QueryDocument)
	return document, ok
}
