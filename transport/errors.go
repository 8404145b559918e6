package transport

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/usage"
)

// presenter returns the function that makes an error of the domain one of
// GraphQL: its code in extensions.code, the argument at fault in
// extensions.argument and the forms it takes in extensions.accepted.
func presenter(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		presented := graphql.DefaultErrorPresenter(ctx, err)
		if isRequestError(err) {
			return presented
		}
		coded := LogFault(ctx, log, err, "path", presented.Path.String())
		told := coded.In(graphQLNames)
		presented.Message = told.Message
		presented.Extensions = extensions(coded.Code, told)
		return presented
	}
}

// LogFault returns err as an error for the caller and writes to the log what only
// an operator can act on: a fault of the gateway, and the cause of an answer that
// could not be given. attributes go with the record.
func LogFault(ctx context.Context, log *slog.Logger, err error, attributes ...any) *usage.Error {
	coded := usage.AsError(err)
	panicked, isPanic := errors.AsType[*usage.Panic](err)
	switch {
	case isPanic && panicked.LogOnce():
		// err may repeat it in part: what callers could see is shortened.
		log.ErrorContext(ctx, "internal error", append([]any{"error", panicked}, attributes...)...)
	case isPanic:
	case coded.Code == usage.Internal && errors.Is(ctx.Err(), context.Canceled):
		// What was under way failed because its caller hung up, in all likelihood.
		log.WarnContext(ctx, "after the caller had gone", append([]any{"error", err}, attributes...)...)
	case coded.Code == usage.Internal:
		log.ErrorContext(ctx, "internal error", append([]any{"error", err}, attributes...)...)
	case coded.Code.Mapping().HTTPStatus >= http.StatusInternalServerError && coded.Cause != nil:
		log.WarnContext(ctx, coded.In(graphQLNames).Message, append([]any{"error", coded.Cause}, attributes...)...)
	}
	return coded
}

// isRequestError tells whether gqlgen itself refused the request, for example
// because the document is not valid. Such an error has no cause beneath it.
func isRequestError(err error) bool {
	refused, ok := errors.AsType[*gqlerror.Error](err)
	return ok && errors.Unwrap(refused) == nil
}

// graphQLNames are the names that package usage has of its own.
var graphQLNames usage.Names

func extensions(code usage.Code, told usage.Told) map[string]any {
	members := map[string]any{"code": code.Mapping().GraphQLCode}
	if told.Argument != "" {
		members["argument"] = told.Argument
	}
	if len(told.Accepted) > 0 {
		members["accepted"] = told.Accepted
	}
	return members
}

// retryAfter is how long a caller should wait when the database is away, in seconds.
const retryAfter = 5

// WriteError answers a request that never reached GraphQL, such as one without
// credentials, in the form of a GraphQL error. A challenge in the header stays.
func WriteError(w http.ResponseWriter, err *usage.Error) {
	told := err.In(graphQLNames)
	body, marshalErr := json.Marshal(map[string]any{
		"errors": []any{map[string]any{"message": told.Message, "extensions": extensions(err.Code, told)}},
	})
	if marshalErr != nil {
		panic(marshalErr) // the members are strings
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "private, no-store")
	switch {
	case err.Code == usage.Unauthenticated && header.Get("WWW-Authenticate") == "":
		header.Set("WWW-Authenticate", `Basic realm="AI usage", charset="UTF-8"`)
	case err.RetryAfter > 0:
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(err.RetryAfter.Seconds()))))
	case err.Code == usage.Unavailable:
		header.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	w.WriteHeader(err.Code.Mapping().HTTPStatus)
	w.Write(append(body, '\n'))
}
