package transport

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/failure"
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
		coded := failure.Log(ctx, log, err, "path", presented.Path.String())
		told := coded.In(graphQLNames)
		presented.Message = told.Message
		presented.Extensions = extensions(coded.Code, told)
		return presented
	}
}

// isRequestError tells whether gqlgen itself refused the request, for example
// because the document is not valid. Such an error has no cause beneath it.
func isRequestError(err error) bool {
	refused, ok := errors.AsType[*gqlerror.Error](err)
	return ok && errors.Unwrap(refused) == nil
}

// badRequestCode is the code of a request that is not one of GraphQL over HTTP.
const badRequestCode = "BAD_REQUEST"

// graphQLNames are the names that package usage has of its own.
var graphQLNames usage.Names

func extensions(code usage.Code, told usage.Told) map[string]any {
	members := map[string]any{"code": failure.GraphQLCode(code)}
	if told.Argument != "" {
		members["argument"] = told.Argument
	}
	if len(told.Accepted) > 0 {
		members["accepted"] = told.Accepted
	}
	return members
}

// WriteError answers a request that never reached GraphQL, such as one without
// credentials, in the form of a GraphQL error. A challenge in the header stays.
func WriteError(ctx context.Context, w http.ResponseWriter, err *usage.Error) {
	seeError(ctx, err)
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
	failure.SetRetryAfter(header, err)
	if err.Code == usage.Unauthenticated && header.Get("WWW-Authenticate") == "" {
		header.Set("WWW-Authenticate", `Basic realm="AI usage", charset="UTF-8"`)
	}
	w.WriteHeader(failure.Status(err.Code))
	w.Write(append(body, '\n'))
}
