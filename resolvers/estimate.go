package resolvers

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"aiusage/graph"
	"aiusage/resolvers/answer"
	"aiusage/resolvers/flat"
	"aiusage/resolvers/selection"
	"aiusage/usage"
)

// Estimate returns about how many bytes the answer to an operation takes, before any of it is
// read: the rows of its reports, and the values that are written of them. It is asked to let
// answers begin that fit into memory together, and not to refuse any: what it has wrong is
// found out once rows have been read (admission.Take).
func (r *Resolver) Estimate(ctx context.Context, operation *graphql.OperationContext) (bytes int64) {
	if operation == nil || operation.Operation == nil {
		return 0
	}
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Query", "Subscription"}) {
		if field.Name == "aiUsage" || field.Name == "aiUsageChanged" { // others are of pages, which are short
			bytes += r.estimateReport(ctx, operation, field)
		}
	}
	return bytes
}

// estimateReport estimates one report, and all that is selected below it.
func (r *Resolver) estimateReport(ctx context.Context, operation *graphql.OperationContext, field graphql.CollectedField) int64 {
	request, _ := flat.RequestOf(field.ArgumentMap(operation.Variables))
	query, err := request.Query(r.zone, time.Now())
	if err != nil {
		return 0 // it is refused
	}
	of := r.sizes.of(ctx, query)
	whole := *field.Field
	whole.SelectionSet = selection.Merged(operation, field.Selections, "AIUsage")
	schema := graph.NewExecutableSchema(graph.Config{Complexity: weights(lengths{of.accounts, of.customers, of.ofAccount, pointsIn(query.Range)})})
	values := complexity.Calculate(ctx, schema, &ast.OperationDefinition{SelectionSet: ast.SelectionSet{&whole}}, operation.Variables)
	way := answer.Flat
	if isPlain, _ := flat.IsPlain(operation, field.Selections); !isPlain {
		way = answer.Objects
	}
	return of.rowsAt(selection.LevelOf(operation, field.Selections))*rowBytes + answer.BytesOf(values, way)
}

// EstimateRequests is Estimate for reports that are written as they are: of each customer.
func (r *Resolver) EstimateRequests(ctx context.Context, requests []usage.Request) (bytes int64) {
	for _, request := range requests {
		narrowed := usage.Query{AccountID: request.AccountID, CustomerID: request.CustomerID}
		bytes += r.sizes.of(ctx, narrowed).rowsAt(usage.ByCustomer) * rowBytes
	}
	return bytes
}

// exportedBytes is what a row of an export takes besides, for its names and what it is compared
// with, and pointBytes what a point of a series does.
const (
	exportedBytes = 2 * rowBytes
	pointBytes    = 50
)

// EstimateExport is Estimate for an export, whose series are read part by part.
func (r *Resolver) EstimateExport(ctx context.Context, query usage.Query, step usage.Step) int64 {
	rows := r.sizes.of(ctx, query).rowsAt(query.Level)
	bytes := rows * (rowBytes + exportedBytes)
	if step != "" {
		bytes += min(usage.MaxPointsTogether, rows*int64(pointsIn(query.Range)(step))) * pointBytes
	}
	return bytes
}
