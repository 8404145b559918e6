// Package resolvers answers GraphQL queries. Report is the one resolver of usage
// reports: the GraphQL field calls it, and the legacy door and the command line
// are handed it as a function, so that no door can give another answer.
package resolvers

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"aiusage/admission"
	"aiusage/auth"
	"aiusage/graph"
	"aiusage/resolvers/answer"
	"aiusage/resolvers/flat"
	"aiusage/usage"
	"aiusage/watch"
)

// Reader reads from where sessions are recorded.
type Reader interface {
	Report(ctx context.Context, query usage.Query) (*usage.Report, error)
	FindAccounts(ctx context.Context, search usage.Search) ([]usage.Account, error)
	FindCustomers(ctx context.Context, search usage.Search) ([]usage.Customer, error)
	Snapshot(ctx context.Context) usage.Snapshot
}

// Options tune resolvers. The zero value will do.
type Options struct {
	// Zone is where days without a time zone are understood. nil means UTC.
	Zone *time.Location
	// Limit bounds how long an answer may take. 0 means as long as the caller waits.
	Limit time.Duration
	// Watch bounds live updates.
	Watch watch.Options
	// Turn waits until something that takes about so many bytes may be read for live updates.
	// The context's principal is who asks. nil lets all be read at once.
	Turn func(ctx context.Context, bytes int64) (*admission.Turn, error)
	// Customers returns how many customers there may be, or 0 where nobody knows. It may be nil.
	Customers func() int
}

// Resolver is the root of all resolvers.
type Resolver struct {
	reader scoped
	zone   *time.Location
	limit  time.Duration
	kept   *answer.Kept
	hub    *watch.Hub[*usage.Report]
	events *events
	sizes  *sizes
	turn   func(context.Context, int64) (*admission.Turn, error)
	// callers bounds what one caller listens to.
	callers *callers
}

var _ graph.ResolverRoot = (*Resolver)(nil)

// New returns resolvers that read from reader.
func New(reader Reader, options Options) *Resolver {
	if options.Turn == nil {
		options.Turn = func(context.Context, int64) (*admission.Turn, error) { return nil, nil }
	}
	sizes := newSizes(options.Customers)
	return &Resolver{
		reader:  scoped{sized{reader, sizes}},
		sizes:   sizes,
		turn:    options.Turn,
		zone:    options.Zone,
		limit:   options.Limit,
		kept:    answer.NewKept(),
		hub:     watch.New[*usage.Report](options.Watch),
		events:  &events{open: map[*usage.Report]*event{}},
		callers: &callers{reports: map[string]map[string]int{}},
	}
}

// Schema returns the schema, answered by these resolvers. A server needs
// Extensions beside it.
func (r *Resolver) Schema() graphql.ExecutableSchema {
	return graph.NewExecutableSchema(graph.Config{Resolvers: r, Complexity: weights(someLengths)})
}

// Listeners returns how much live updates do just now.
func (r *Resolver) Listeners() watch.Stats { return r.hub.Stats() }

// Report answers a request for a usage report. It is a usage.Reporter. The
// context must carry a principal, who sees their accounts only.
func (r *Resolver) Report(ctx context.Context, request usage.Request) (*usage.Report, error) {
	query, err := request.Query(r.zone, time.Now())
	if err != nil {
		return nil, err
	}
	ctx, cancel := usage.Bounded(ctx, r.limit)
	defer cancel()
	return r.reader.Report(ctx, query)
}

// Snapshot opens one state of the database, within the scope of the principal whom the
// contexts of its questions carry. It must be closed.
func (r *Resolver) Snapshot(ctx context.Context) usage.Snapshot { return r.reader.Snapshot(ctx) }

// Extensions are what a GraphQL server needs beside the schema to use these
// resolvers, in their order.
func (r *Resolver) Extensions() []graphql.HandlerExtension {
	return []graphql.HandlerExtension{Readings{r}, flat.Extension{Report: r.Report, ReportWith: r.reportWith, Zone: r.zone}}
}

// Readings is a gqlgen extension that gives each answer a reading, and ends it
// with the answer.
type Readings struct{ *Resolver }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
} = Readings{}

// ExtensionName names the extension to gqlgen.
func (Readings) ExtensionName() string { return "Readings" }

// Validate finds nothing wrong with any schema.
func (Readings) Validate(graphql.ExecutableSchema) error { return nil }

// BatchContext has the answers to a batch count their values together.
func (e Readings) BatchContext(ctx context.Context) context.Context {
	return answer.WithBudget(ctx, e.Resolver.limit)
}

// InterceptOperation gives each answer of an operation a reading.
func (e Readings) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	r := e.Resolver
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		return interceptSubscription(ctx, r.limit, next)
	}
	respond := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		ctx, reading := r.Reading(ctx)
		defer reading.Close()
		if !answer.HasBudget(ctx) {
			ctx = answer.WithBudget(ctx, r.limit)
		}
		return respond(ctx)
	}
}

// interceptSubscription releases each event when it has been answered.
func interceptSubscription(ctx context.Context, limit time.Duration, next graphql.OperationHandler) graphql.ResponseHandler {
	pace := answer.NewPace()
	respond := next(answer.WithPace(ctx, pace))
	return func(ctx context.Context) *graphql.Response {
		pace.Want()
		defer pace.End()
		return respond(answer.WithBudget(ctx, limit))
	}
}

// viewer returns who is asking.
func viewer(ctx context.Context, reading *answer.Reading) (*answer.Viewer, error) {
	principal, ok := auth.FromContext(ctx)
	if !ok {
		return nil, auth.ErrNoCredentials
	}
	accounts, err := principal.Sees()
	if err != nil {
		accounts = []string{} // they see nothing, and may know so
	}
	return reading.Viewer(principal.Name, principal.Roles, accounts), nil
}

// Query returns the resolvers of the query type.
func (r *Resolver) Query() graph.QueryResolver { return queryResolver{r} }
