package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"

	"aiusage/admission"
	"aiusage/observe"
	"aiusage/usage"
)

// A batch is a list of requests in one body, as Apollo's and urql's links send it, and its answer
// the list of their answers, in their order. Neither the specification nor a draft has it. A
// batch must not be a way around a limit: what they bound is counted over all of its requests,
// which are answered one after the other, and the time and the values of an answer are those of
// all answers.

// maxBatch is the most requests of a batch.
const maxBatch = 10

// BatchExtension is an extension that holds the answers to a batch together.
type BatchExtension interface {
	graphql.HandlerExtension
	// BatchContext returns the context of all of its operations.
	BatchContext(ctx context.Context) context.Context
}

// batchOf returns the requests of a body that is a list of them.
func batchOf(body []byte) ([]json.RawMessage, *refusal) {
	var requests []json.RawMessage
	if err := json.Unmarshal(body, &requests); err != nil {
		_, refused := objectOf(body)
		return nil, refused
	}
	if len(requests) == 0 || len(requests) > maxBatch {
		return nil, badRequest(fmt.Sprintf("the batch has %d requests; send from 1 to %d", len(requests), maxBatch))
	}
	return requests, nil
}

// answerBatch answers the requests of a batch.
func (o overHTTP) answerBatch(ctx context.Context, w http.ResponseWriter, r *http.Request, executor graphql.GraphExecutor, requests []json.RawMessage) {
	hold, err := o.batch(ctx)
	if err != nil {
		WriteError(ctx, w, usage.AsError(err))
		return
	}
	defer hold.Release()
	observe.From(ctx).Switched(http.StatusOK)
	ctx = withAllowance(ctx, &allowance{})
	for _, extension := range o.batches {
		ctx = extension.BatchContext(ctx)
	}
	var answers bytes.Buffer
	for i, one := range requests {
		answers.WriteByte("[,"[min(i, 1)])
		o.answerOne(ctx, &answers, r, executor, one)
	}
	answers.WriteByte(']')
	if r.Context().Err() != nil {
		return // the caller went away
	}
	if answers.Len() <= admission.FreeBytes {
		hold.Release() // how fast it is taken is the caller's to say
	}
	writeBy(ctx, w)
	w.Header().Set("Content-Type", applicationJSON+"; charset=utf-8")
	Compressing(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(answers.Bytes()) })).ServeHTTP(w, r)
}

// answerOne answers one request of a batch. It has a record of its own.
func (o overHTTP) answerOne(ctx context.Context, answers *bytes.Buffer, r *http.Request, executor graphql.GraphExecutor, body json.RawMessage) {
	started, begin := graphql.Now(), answers.Len()
	ctx, ended := observe.Operation(graphql.StartOperationTrace(ctx))
	defer func() {
		observe.From(ctx).Sent(answers.Len() - begin)
		ended()
	}()
	fail := func(errs gqlerror.List) {
		seeErrors(ctx, errs)
		writeErrorList(answers, errs)
	}
	document, refused := objectOf(body)
	var asked *request
	if refused == nil {
		asked, refused = requestFromDocument(document)
	}
	if refused != nil {
		fail(gqlerror.List{codedError(badRequestCode, refused.message)})
		return
	}
	if err := allowanceOf(ctx).countTokens(asked.Query, o.persisted.reader.limits.Tokens); err != nil {
		fail(gqlerror.List{err})
		return
	}
	asked.Headers = r.Header
	asked.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}
	operation, errs := o.persisted.open(ctx, executor, asked)
	seeOperation(ctx, asked, operation)
	switch {
	case errs != nil:
		fail(present(ctx, executor, operation, errs).Errors)
	case operation.Operation.Operation != ast.Query:
		fail(gqlerror.List{codedError(badRequestCode, "a batch is of queries; send a subscription by itself, to be answered by a stream")})
	default:
		answer, turn, err := o.execute(ctx, executor, operation)
		if err != nil {
			fail(present(ctx, executor, operation, gqlerror.List{gqlerror.Wrap(err)}).Errors)
			return
		}
		// Not held until all are written: who holds bytes must not wait for more. All answers
		// together are no larger than one may be.
		defer turn.End()
		if answer == nil {
			answers.WriteString("null") // the caller went away before it began
			return
		}
		seeErrors(ctx, answer.Errors)
		writeAnswer(answers, answer)
	}
}

// allowance is what the requests of a batch have asked for so far. A nil one counts nothing.
type allowance struct {
	mu         sync.Mutex
	tokens     int
	asked      size
	complexity int
}

// left returns the limits without what has been asked for. Those that are no sums stay.
func (a *allowance) left(limits Limits) Limits {
	if a == nil {
		return limits
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	limits.Aliases -= a.asked.aliases
	limits.RootFields -= a.asked.roots
	limits.Fields -= a.asked.fields
	limits.Complexity -= a.complexity
	return limits
}

// spend counts an operation that is within the limits.
func (a *allowance) spend(asked size, complexity int) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked, a.complexity = a.asked.and(asked), sum(a.complexity, complexity)
}

// countTokens counts those of a document, before anything is made of them.
func (a *allowance) countTokens(text string, limit int) *gqlerror.Error {
	tokens := lexer.New(&ast.Source{Input: text})
	for {
		token, err := tokens.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return nil // what cannot be read is told by whoever reads it
		}
		if a.tokens++; a.tokens > limit {
			return tooLargeError("tokens", "the documents of the batch have more than %d tokens together", limit)
		}
	}
}
