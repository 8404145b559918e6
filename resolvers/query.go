package resolvers

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"aiusage/auth"
	"aiusage/resolvers/answer"
	"aiusage/resolvers/flat"
	"aiusage/resolvers/selection"
	"aiusage/usage"
)

type queryResolver struct{ *Resolver }

// AiUsage resolves Query.aiUsage, unless the fast path has read it already.
func (r queryResolver) AiUsage(ctx context.Context, accountID, customerID *string, accountIDs, customerIDs []string, startDate, endDate, timeZone *string, period *usage.Period, span *usage.TypedRange) (*answer.Report, error) {
	reading, err := answer.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	if report, done, err := flat.Found(ctx); done {
		return report, err
	}
	query, err := r.queryOf(ctx, requestOf(accountID, customerID, accountIDs, customerIDs, startDate, endDate, timeZone, period), span)
	if err != nil {
		return nil, err
	}
	return r.reportOf(ctx, reading, query, func(query usage.Query) (*answer.Report, error) {
		return r.reportWith(ctx, reading, query, graphql.GetFieldContext(ctx).Field.Selections)
	})
}

// reportWith reads the report of a query, unless nothing of it is selected that has to be read.
func (r *Resolver) reportWith(ctx context.Context, reading *answer.Reading, query usage.Query, selections ast.SelectionSet) (*answer.Report, error) {
	if !selection.WithoutReport(graphql.GetOperationContext(ctx), selections) {
		return reading.Report(query)
	}
	query, err := auth.Restrict(ctx, query)
	if err != nil {
		return nil, err
	}
	return reading.Unread(query), nil
}

// queryOf returns the query of a field about usage, as fine as what is selected below it needs.
func (r *Resolver) queryOf(ctx context.Context, request usage.Request, span *usage.TypedRange) (usage.Query, error) {
	request, err := request.In(span)
	if err != nil {
		return usage.Query{}, err
	}
	query, err := request.Query(r.zone, time.Now())
	query.Level = selection.LevelOf(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field.Selections)
	return query, err
}

// reportOf returns the report that the pages below the field continue, or else reads that of the
// query.
func (r *Resolver) reportOf(ctx context.Context, reading *answer.Reading, query usage.Query, read func(usage.Query) (*answer.Report, error)) (*answer.Report, error) {
	if report, err := r.continued(ctx, query); report != nil || err != nil {
		return reading.Continued(report), err
	}
	return read(query)
}

// requestOf returns the arguments of a question as a request. Absent, null and
// empty are the same.
func requestOf(accountID, customerID *string, accountIDs, customerIDs []string, startDate, endDate, timeZone *string, period *usage.Period) usage.Request {
	return usage.Request{
		AccountID:  given(accountID),
		CustomerID: given(customerID),
		Among:      &usage.Among{AccountIDs: accountIDs, CustomerIDs: customerIDs},
		StartDate:  given(startDate),
		EndDate:    given(endDate),
		TimeZone:   given(timeZone),
		Period:     given(period),
	}
}

// given returns the value of an optional argument.
func given[T ~string](argument *T) T {
	if argument == nil {
		return ""
	}
	return *argument
}

// continued returns the report that all pages asked for below the field continue, or nil
// when they do not continue the same one, or it is not kept any more. Nobody is shown a page
// of an older report because of somebody else's cursor.
func (r *Resolver) continued(ctx context.Context, query usage.Query) (*usage.Report, error) {
	operation := graphql.GetOperationContext(ctx)
	var report *usage.Report
	for _, field := range selection.Fields(operation, graphql.GetFieldContext(ctx).Field.Selections, "AIUsage") {
		if field.Name != "accountUsageConnection" && field.Name != "customerUsageConnection" {
			continue
		}
		arguments := field.ArgumentMap(operation.Variables)
		place, _ := arguments["after"].(string)
		if place == "" {
			place, _ = arguments["before"].(string)
		}
		if place == "" {
			return nil, nil
		}
		restricted, err := auth.Restrict(ctx, query)
		if err != nil {
			return nil, err
		}
		found := r.kept.Find(restricted, place)
		if found == nil || report != nil && found != report {
			return nil, nil
		}
		report = found
	}
	return report, nil
}

// Accounts resolves Query.accounts.
func (r queryResolver) Accounts(ctx context.Context, search *string, first *int32, after *string, last *int32, before *string) (*answer.AccountConnection, error) {
	asked, err := answer.PageArguments{First: first, Last: last, After: after, Before: before}.Search(answer.ListOfAccounts, "", given(search))
	if err != nil {
		return nil, err
	}
	reading, err := answer.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := usage.Bounded(ctx, r.limit)
	defer cancel()
	found, err := r.reader.FindAccounts(ctx, asked)
	if err != nil {
		return nil, err
	}
	return reading.Accounts(asked, found), nil
}

// Customers resolves Query.customers.
func (r queryResolver) Customers(ctx context.Context, accountID, search *string, first *int32, after *string, last *int32, before *string) (*answer.CustomerConnection, error) {
	account, err := usage.FilterID(usage.ArgAccountID, given(accountID))
	if err != nil {
		return nil, err
	}
	asked, err := answer.PageArguments{First: first, Last: last, After: after, Before: before}.Search(answer.ListOfCustomers, account, given(search))
	if err != nil {
		return nil, err
	}
	reading, err := answer.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := usage.Bounded(ctx, r.limit)
	defer cancel()
	found, err := r.reader.FindCustomers(ctx, asked)
	if err != nil {
		return nil, err
	}
	return reading.Customers(asked, found), nil
}

// Viewer resolves Query.viewer.
func (r queryResolver) Viewer(ctx context.Context) (*answer.Viewer, error) {
	reading, err := answer.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	return viewer(ctx, reading)
}
