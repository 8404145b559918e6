package transport

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/failure"
	"aiusage/observe"
	"aiusage/usage"
)

// The doors of GraphQL, as metrics and the log name them.
const (
	doorHTTP      = "graphql"
	doorEvents    = "events"
	doorWebSocket = "websocket"
)

// isLimit has the names of the limits on documents.
var isLimit = map[string]bool{
	"tokens": true, "depth": true, "aliases": true, "root_fields": true, "fields": true, "complexity": true,
	"name_length": true, "comparisons": true,
}

// seeOperation notes what a request asks for, whether or not it may be executed.
func seeOperation(ctx context.Context, asked *request, operation *graphql.OperationContext) {
	document, kind, name := "", "", asked.OperationName
	if asked.Query != "" {
		document = hashOf(asked.Query)
	}
	if operation.Operation != nil {
		kind, name = string(operation.Operation.Operation), operation.Operation.Name
	}
	observe.From(ctx).Asks(name, kind, document)
}

// traceOperation begins the part of a trace that an operation is. Neither its text nor its
// variables are in it.
func traceOperation(ctx context.Context, operation *graphql.OperationContext) (context.Context, *observe.Span) {
	kind, name := string(operation.Operation.Operation), operation.Operation.Name
	ctx, span := observe.Begin(ctx, strings.TrimSuffix(kind+" "+name, " "))
	if span != nil {
		span.Text("graphql.operation.type", kind)
		span.Text("graphql.operation.name", name)
		span.Text("aiusage.graphql.document_hash", hashOf(operation.RawQuery))
	}
	return ctx, span
}

// traceErrors marks an operation as failed by its first error, if there is one.
func traceErrors(span *observe.Span, errs gqlerror.List) {
	if len(errs) > 0 {
		code, _ := errs[0].Extensions["code"].(string)
		span.Fail(code)
	}
}

// seeErrors notes the errors of an answer, and the limits that they are about.
func seeErrors(ctx context.Context, errs gqlerror.List) {
	record := observe.From(ctx)
	for _, err := range errs {
		if code, ok := err.Extensions["code"].(string); ok {
			record.Failed(code)
		}
		if isLimit[err.Rule] { // other rules are those of GraphQL
			record.Limited(err.Rule)
		}
	}
}

// seeError notes an error that is the whole answer.
func seeError(ctx context.Context, err *usage.Error) {
	observe.From(ctx).Failed(failure.GraphQLCode(err.Code))
}
