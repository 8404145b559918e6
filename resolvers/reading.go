package resolvers

import (
	"context"

	"aiusage/resolvers/answer"
)

// Reading begins an answer that is no answer of GraphQL, but made of its nodes. All of it is
// read from one state of the database, within the scope of the context's principal. The context
// that is returned carries it, for the resolvers of Query. It must be closed.
func (r *Resolver) Reading(ctx context.Context) (context.Context, *answer.Reading) {
	reading := answer.NewReading(ctx, r.limit, r.kept, r.reader.Snapshot).Finding(r.reader)
	return answer.NewContext(ctx, reading), reading
}
