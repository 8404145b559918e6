package flat

import (
	"context"
	"io"
	"reflect"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"aiusage/resolvers/answer"
	"aiusage/resolvers/selection"
)

// Lists are where an answer gets long. This is where they are counted, before they are
// written, and where those of a report that is not plain as a whole (pages, subscriptions)
// are written past gqlgen where they are.

// rowsBetweenChecks is after how many rows a list is looked whether it is still wanted.
const rowsBetweenChecks = 1024

// maxSameErrors is for how many rows of a list an error is told that all of them have. With
// more rows it is that of the list, which is null in either case.
const maxSameErrors = 100

// InterceptField counts lists and writes those that are plain.
func (Extension) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	// A root field may have been read already, and knows better why it has failed.
	if graphql.GetFieldContext(ctx).Object != "Query" {
		if err := answer.Wanted(ctx); err != nil {
			return nil, err
		}
	}
	result, err := next(ctx)
	if err != nil {
		return nil, err
	}
	switch rows := result.(type) {
	case []answer.AccountUsage:
		return listOf(ctx, accounts, rows, answer.SpendRows)
	case []answer.CustomerUsage:
		return listOf(ctx, customers, rows, answer.SpendRows)
	case []answer.AccountUsageEdge:
		return listOf(ctx, accountEdges, rows, answer.SpendRows)
	case []answer.CustomerUsageEdge:
		return listOf(ctx, customerEdges, rows, answer.SpendRows)
	case []answer.Point:
		return listOf(ctx, points, rows, answer.SpendPoints)
	}
	if list := reflect.ValueOf(result); list.Kind() == reflect.Slice {
		return result, spendObjects(ctx, list.Len(), answer.SpendRows)
	}
	return result, nil
}

// spender counts rows of so many values.
type spender func(ctx context.Context, rows, values int, way answer.Way) error

// listOf returns a list as a document where its selection is plain, and otherwise as it is.
// An operation that is not its document's own is a copy with fields that are errors, which
// only the usual path sees.
func listOf[T any](ctx context.Context, of shape[T], rows []T, spend spender) (any, error) {
	operation, field := graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field
	if selected, flat := plain(operation, of, field.Selections); flat && slices.Contains(operation.Doc.Operations, operation.Operation) {
		width := selection.Values(operation, field.Selections, of.typeName)
		document, failed, ok := attempt(ctx, func(ctx context.Context) ([]byte, bool) {
			if spend(ctx, len(rows), width, answer.Flat) != nil {
				return nil, false
			}
			return selected.writeAll(ctx, nil, rows)
		})
		if err := answer.Wanted(ctx); err != nil {
			return nil, err // what is below the list took too long
		}
		if ok {
			return graphql.WriterFunc(func(w io.Writer) { w.Write(document) }), nil
		}
		if failed != nil && len(rows) > maxSameErrors {
			return nil, failed
		}
	}
	return rows, spendObjects(ctx, len(rows), spend)
}

// spendObjects counts a list that gqlgen writes.
func spendObjects(ctx context.Context, rows int, spend spender) error {
	field := graphql.GetFieldContext(ctx).Field
	width := selection.Values(graphql.GetOperationContext(ctx), field.Selections, field.Definition.Type.Name())
	return spend(ctx, rows, width, answer.Objects)
}

// attempt puts a part of an answer together in a way that may turn out not to do: the
// usual path then comes to the same, and says so. failed is why a series could not be read.
func attempt(ctx context.Context, write func(context.Context) ([]byte, bool)) (document []byte, failed error, ok bool) {
	ctx, attempted := answer.Try(ctx)
	defer func() {
		if recover() != nil {
			ok = false
		}
		if !ok {
			attempted.Forget()
			failed = attempted.Failed()
		}
	}()
	document, ok = write(ctx)
	return document, nil, ok
}
