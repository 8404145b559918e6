package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"aiusage/usage"
)

// No panic in a goroutine that serves a caller may end the process. gqlgen recovers
// around each resolver and each element of a list. The rest is here: what surrounds
// root fields, which gqlgen calls in goroutines of its own and recovers only below it;
// what comes before execution; and the goroutines of streams.

// rootGuard is the extension that makes an error of a panic in what surrounds a root
// field. It must be the first of those that do.
type rootGuard struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.RootFieldInterceptor
} = rootGuard{}

// ExtensionName names the extension to gqlgen.
func (rootGuard) ExtensionName() string { return "RootGuard" }

// Validate finds nothing wrong with any schema.
func (rootGuard) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField makes null and an error of a panic.
func (rootGuard) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	return guardRoot(ctx, next)
}

func guardRoot(ctx context.Context, next graphql.RootResolver) (answer graphql.Marshaler) {
	defer func() {
		if fault := recover(); fault != nil {
			root := graphql.GetRootFieldContext(ctx)
			ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: root.Object, Field: root.Field})
			graphql.AddError(ctx, usage.Recovered(fault))
			answer = graphql.Null
		}
	}()
	return next(ctx)
}
