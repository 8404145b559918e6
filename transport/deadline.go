package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// An answer has one deadline for everything: what is read, how it is put together, and how
// it is taken. Whoever has not got a byte when it is over is told so. Whoever has got some
// loses the connection, so that they do not take a part for the whole.

// errorPatience is how long a caller may take to accept the error that the time was up.
const errorPatience = 5 * time.Second

// bounded returns the context of an answer that may take timeout; 0 means no bound.
func bounded(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// isLate tells whether the time of an answer is up. It looks at the clock, as a context
// may end some time later.
func isLate(ctx context.Context) bool {
	deadline, isBounded := ctx.Deadline()
	return isBounded && !time.Now().Before(deadline)
}

// inTime returns an answer, or that it came too late.
func inTime(ctx context.Context, executor graphql.GraphExecutor, operation *graphql.OperationContext, answer *graphql.Response) *graphql.Response {
	if !isLate(ctx) || saysSo(answer) {
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

// writeBy has what is written fail from the deadline of a context on. Over HTTP/2 this ends
// the stream at that time, so it must not be said before something is written.
func writeBy(ctx context.Context, w http.ResponseWriter) {
	deadline, isBounded := ctx.Deadline()
	if !isBounded {
		return
	}
	if isLate(ctx) {
		deadline = time.Now().Add(errorPatience)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(deadline) // a recorder in tests cannot
}

// failing remembers that something could not be written.
type failing struct {
	http.ResponseWriter
	err error
}

func (f *failing) Write(data []byte) (int, error) {
	n, err := f.ResponseWriter.Write(data)
	f.err = errors.Join(f.err, err)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (f *failing) Unwrap() http.ResponseWriter { return f.ResponseWriter }

type cutKey struct{}

// abort has the connection of a request cut when it has been served. gqlgen would make an
// answer of a panic here.
func abort(r *http.Request) {
	if aborted, ok := r.Context().Value(cutKey{}).(*bool); ok {
		*aborted = true
	}
}

// serveOrCut serves a request, and cuts its connection where that was asked for.
func serveOrCut(next http.Handler, w http.ResponseWriter, r *http.Request) {
	var aborted bool
	next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), cutKey{}, &aborted)))
	if aborted {
		panic(http.ErrAbortHandler)
	}
}
