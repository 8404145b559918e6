package transport

import (
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/usage"
)

// An answer has one deadline for everything: what is read, how it is put together, and how
// it is taken. Whoever has not got a byte when it is over is told so. Whoever has got some
// loses the connection, so that they do not take a part for the whole.

// errorPatience is how long a caller may take to accept the error that the time was up.
const errorPatience = 5 * time.Second

// inTime returns an answer, or that it came too late.
func inTime(ctx context.Context, executor graphql.GraphExecutor, operation *graphql.OperationContext, answer *graphql.Response) *graphql.Response {
	if !usage.IsLate(ctx) || saysSo(answer) {
		return answer
	}
	return present(ctx, executor, operation, gqlerror.List{gqlerror.Wrap(context.DeadlineExceeded)})
}

// saysSo tells whether an answer is an error and nothing else, as it is where the time was up
// while it was read.
func saysSo(answer *graphql.Response) bool {
	return answer != nil && len(answer.Errors) > 0 && (answer.Data == nil || string(answer.Data) == "null")
}

// isQuery tells whether an operation has one answer.
func isQuery(operation *graphql.OperationContext) bool {
	return operation.Operation.Operation == ast.Query
}

// writeBy has what is written fail from the deadline of a context on, after which net/http
// cuts the connection, or the stream of HTTP/2. That is ended at this time whether or not
// something is being written, so it must not be told before.
func writeBy(ctx context.Context, w http.ResponseWriter) {
	deadline, isBounded := ctx.Deadline()
	if !isBounded {
		return
	}
	if usage.IsLate(ctx) {
		deadline = time.Now().Add(errorPatience)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(deadline) // a recorder in tests cannot
}
