package transport

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/admission"
	"aiusage/observe"
	"aiusage/usage"
)

// overHTTP carries GraphQL over HTTP, as the draft specification of that name
// (https://graphql.github.io/graphql-over-http/draft/) has it. gqlgen's own
// transports answer 422 where it wants 200 or 400, send "data": null with
// requests that were never executed, ignore quality values in Accept, take
// whatever follows the JSON document and repeat an unreadable body.
type overHTTP struct {
	persisted *persisted
	streams   *streams
	// timeout bounds an answer; 0 means no bound.
	timeout time.Duration
	turns   Turns
	batch   func(context.Context) (*admission.Hold, error)
	// conditions tell whether an answer is still the same; nil means that nobody can.
	conditions Conditions
	// batches hold the answers to a batch together.
	batches []BatchExtension
}

var _ graphql.Transport = overHTTP{}

// Supports takes every request that is not a WebSocket's.
func (overHTTP) Supports(r *http.Request) bool { return !IsWebSocket(r) }

// Do answers one request.
func (o overHTTP) Do(w http.ResponseWriter, r *http.Request, executor graphql.GraphExecutor) {
	preferred := negotiate(r.Header.Values("Accept"))
	w.Header().Set("Content-Type", preferred.single+"; charset=utf-8")
	w.Header().Add("Vary", "Accept")
	observe.From(r.Context()).At(doorHTTP, "")
	started := graphql.Now()
	asked, batch, refused := readRequest(r)
	if refused != nil {
		refused.write(r.Context(), w)
		return
	}
	if batch != nil {
		ctx, cancel := usage.Bounded(r.Context(), o.timeout)
		defer cancel()
		o.answerBatch(ctx, w, r, executor, batch)
		return
	}
	asked.Headers = r.Header
	asked.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}

	ctx, cancel := usage.Bounded(r.Context(), o.timeout)
	defer cancel()
	operation, errs := o.persisted.open(ctx, executor, asked)
	seeOperation(ctx, asked, operation)
	mayStream := r.Method != http.MethodHead // which has no answer that could go on
	streamed := mayStream && preferred.prefersStream()
	if errs == nil && !isQuery(operation) {
		streamed = streamed || mayStream && operation.Operation.Operation == ast.Subscription && preferred.takesStream()
		if refused := refuseOperation(r.Method, operation.Operation.Operation, streamed); refused != nil {
			refused.write(r.Context(), w)
			return
		}
	}
	switch {
	case streamed:
		o.streams.serveEvents(w, r, executor, operation, errs)
	case errs != nil:
		// The status of a request that was understood as HTTP but not as GraphQL
		// is the one thing in which the two media types differ.
		status := http.StatusOK
		if preferred.single == graphQLResponse {
			status = http.StatusBadRequest
		}
		writeErrors(ctx, w, status, present(r.Context(), executor, operation, errs).Errors)
	default:
		ctx, visit := o.visit(ctx, r, operation, asked, preferred.single)
		validator, err := o.current(ctx, r, visit)
		if validator != "" {
			WriteNotModified(w, validator)
			return
		}
		var answer *graphql.Response
		var turn *admission.Turn
		if err == nil {
			answer, turn, err = o.execute(ctx, executor, operation)
		}
		if err != nil {
			WriteError(ctx, w, usage.AsError(err))
			return
		}
		defer turn.End()
		if answer == nil {
			return // the caller went away before it began
		}
		if visit != nil && len(answer.Errors) == 0 {
			if validator := visit.Validator(); validator != "" {
				SetValidator(w.Header(), validator)
			}
		}
		seeErrors(ctx, answer.Errors)
		writeBy(ctx, w)
		Compressing(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeAnswer(w, answer)
		})).ServeHTTP(w, r)
	}
}

// execute answers an operation in its turn. The turn rests: how fast the answer is taken is the
// caller's to say. It ends when the answer is no longer in memory. The answer is nil where the
// caller went away before it began.
func (o overHTTP) execute(ctx context.Context, executor graphql.GraphExecutor, operation *graphql.OperationContext) (*graphql.Response, *admission.Turn, error) {
	turn, err := o.turns(ctx, operation)
	if err != nil {
		return nil, nil, err
	}
	ctx, span := traceOperation(ctx, operation)
	defer span.End()
	respond, ctx := executor.DispatchOperation(admission.NewContext(ctx, turn), operation)
	answer := inTime(ctx, executor, operation, respond(ctx))
	turn.Rest(held(answer))
	if answer != nil {
		traceErrors(span, answer.Errors)
	}
	return answer, turn, nil
}

// held is how many bytes stay in memory of an answer that has been put together.
func held(answer *graphql.Response) int64 {
	if answer == nil {
		return 0
	}
	return int64(len(answer.Data))
}

// visit begins an answer that its caller may ask for again, or returns nil.
func (o overHTTP) visit(ctx context.Context, r *http.Request, operation *graphql.OperationContext, asked *request, mediaType string) (context.Context, Visit) {
	if o.conditions == nil || r.Method == http.MethodPost {
		return ctx, nil
	}
	return o.conditions.Visit(ctx, operation, asked.Variables, mediaType)
}

// current returns the validator of what a caller has, where the answer would be the same.
func (o overHTTP) current(ctx context.Context, r *http.Request, visit Visit) (validator string, err error) {
	validators := Validators(r)
	if visit == nil || validators == nil {
		return "", nil
	}
	turn, err := o.turns(ctx, nil)
	if err != nil {
		return "", err
	}
	defer turn.End()
	return visit.Current(ctx, validators), nil
}

// refuseOperation says which kinds of operation may not be sent in a way, if so.
func refuseOperation(method string, kind ast.Operation, streamed bool) *refusal {
	switch {
	case kind == ast.Mutation && method != http.MethodPost:
		return &refusal{http.StatusMethodNotAllowed, "GET can only query; send this operation by POST", http.MethodPost}
	case kind == ast.Subscription && !streamed:
		return &refusal{status: http.StatusNotAcceptable,
			message: "a subscription is answered by a stream: send Accept: text/event-stream, or use a WebSocket with graphql-transport-ws"}
	}
	return nil
}

// writeAnswer writes what an operation resolved to. The data are JSON already;
// encoding/json would check and copy every byte of them once more.
func writeAnswer(w io.Writer, answer *graphql.Response) {
	io.WriteString(w, "{")
	if len(answer.Errors) > 0 {
		io.WriteString(w, `"errors":`)
		writeJSON(w, atMost(fieldErrorsShown, answer.Errors))
		io.WriteString(w, ",")
	}
	io.WriteString(w, `"data":`)
	if answer.Data == nil {
		io.WriteString(w, "null")
	}
	w.Write(answer.Data)
	if len(answer.Extensions) > 0 {
		io.WriteString(w, `,"extensions":`)
		writeJSON(w, answer.Extensions)
	}
	io.WriteString(w, "}")
}

// writeJSON writes a document that can be marshaled.
func writeJSON(w io.Writer, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		panic(err) // errors and extensions hold nothing but JSON values
	}
	w.Write(body) // fails only when the caller has gone
}

// writeErrors answers a request that was not executed: without any data, not
// even null.
func writeErrors(ctx context.Context, w http.ResponseWriter, status int, errs gqlerror.List) {
	seeErrors(ctx, errs)
	w.WriteHeader(status)
	writeErrorList(w, errs)
}

func writeErrorList(w io.Writer, errs gqlerror.List) {
	writeJSON(w, map[string]any{"errors": errs})
}
