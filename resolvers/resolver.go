// Package resolvers answers GraphQL queries. Report is the one resolver of usage
// reports: the GraphQL field calls it, and the legacy door and the command line
// are handed it as a function, so that no door can give another answer.
package resolvers

import (
	"context"
	"time"

	"aiusage/graph"
	"aiusage/usage"
)

// Reader reads usage reports from where sessions are recorded.
type Reader interface {
	Report(ctx context.Context, query usage.Query) (*usage.Report, error)
}

// Resolver is the root of all resolvers.
type Resolver struct {
	reader scoped
	zone   *time.Location
	limit  time.Duration
}

var _ graph.ResolverRoot = (*Resolver)(nil)

// New returns resolvers that read from reader, understand days without a time
// zone in zone, and wait for an answer no longer than limit (0: as long as the
// caller does).
func New(reader Reader, zone *time.Location, limit time.Duration) *Resolver {
	return &Resolver{reader: scoped{reader}, zone: zone, limit: limit}
}

// Report answers a request for a usage report. It is a usage.Reporter. The
// context must carry a principal, who sees their accounts only.
func (r *Resolver) Report(ctx context.Context, request usage.Request) (*usage.Report, error) {
	query, err := request.Query(r.zone)
	if err != nil {
		return nil, err
	}
	if r.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.limit)
		defer cancel()
	}
	return r.reader.Report(ctx, query)
}

// Query returns the resolvers of the query type.
func (r *Resolver) Query() graph.QueryResolver { return queryResolver{r} }
