package transport

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// subscriptionField is the extension by which the events of a subscription are answers as
// the specification has them (section 6.4.4). gqlgen leaves the subscription's own field
// out of the paths of errors, and writes null for it where it cannot be null.
type subscriptionField struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
} = subscriptionField{}

// ExtensionName names the extension to gqlgen.
func (subscriptionField) ExtensionName() string { return "SubscriptionField" }

// Validate finds nothing wrong with any schema.
func (subscriptionField) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation answers the events of a subscription.
func (subscriptionField) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	respond := next(ctx)
	if operation.Operation.Operation != ast.Subscription {
		return respond
	}
	fields := graphql.CollectFields(operation, operation.Operation.SelectionSet, nil)
	if len(fields) != 1 {
		return respond // it is not valid
	}
	root := &graphql.FieldContext{Object: "Subscription", Field: fields[0]}
	name, _ := json.Marshal(fields[0].Alias) // a text can be marshaled
	empty := "{" + string(name) + ":null}"
	return func(ctx context.Context) *graphql.Response {
		answer := respond(graphql.WithFieldContext(ctx, root))
		if answer != nil && string(answer.Data) == empty && fields[0].Definition.Type.NonNull {
			answer.Data = nil
		}
		return answer
	}
}
