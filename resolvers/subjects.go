package resolvers

import (
	"context"

	"aiusage/auth"
	"aiusage/graph"
	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// What is asked of an account or a customer, wherever it is in an answer.

type accountResolver struct{ *Resolver }

// Account returns the resolvers of accounts.
func (r *Resolver) Account() graph.AccountResolver { return accountResolver{r} }

type customerResolver struct{ *Resolver }

// Customer returns the resolvers of customers.
func (r *Resolver) Customer() graph.CustomerResolver { return customerResolver{r} }

// Customers resolves Account.customers.
func (accountResolver) Customers(_ context.Context, account *answer.Account, search *string, first *int32, after *string, last *int32, before *string) (*answer.CustomerConnection, error) {
	id, err := usage.FilterID(usage.ArgAccountID, account.AccountID)
	if err != nil {
		return nil, err
	}
	asked, err := answer.PageArguments{First: first, Last: last, After: after, Before: before}.Search(answer.ListOfCustomers, id, given(search))
	if err != nil {
		return nil, err
	}
	return account.Customers(asked)
}

// Usage resolves Account.usage.
func (r accountResolver) Usage(ctx context.Context, account *answer.Account, startDate, endDate, timeZone *string, period *usage.Period, span *usage.TypedRange) (*answer.Report, error) {
	return r.usageOf(ctx, requestOf(&account.AccountID, nil, nil, nil, startDate, endDate, timeZone, period), span, account.Reading(), account.Usage)
}

// Usage resolves Customer.usage.
func (r customerResolver) Usage(ctx context.Context, customer *answer.Customer, startDate, endDate, timeZone *string, period *usage.Period, span *usage.TypedRange) (*answer.Report, error) {
	return r.usageOf(ctx, requestOf(&customer.AccountID, &customer.CustomerID, nil, nil, startDate, endDate, timeZone, period), span, customer.Reading(), customer.Usage)
}

// usageOf reads a report of one of a list, by what reads it for all of them, or goes on with
// the one that the pages below the field continue.
func (r *Resolver) usageOf(ctx context.Context, request usage.Request, span *usage.TypedRange, reading *answer.Reading, read func(usage.Query) (*answer.Report, error)) (*answer.Report, error) {
	query, err := r.queryOf(ctx, request, span)
	if err != nil {
		return nil, err
	}
	// What is read together is within the scope; what is kept for the next page goes by it.
	return r.reportOf(ctx, reading, query, func(query usage.Query) (*answer.Report, error) {
		principal, _ := auth.FromContext(ctx)
		accounts, err := principal.Sees()
		if err != nil {
			return nil, err
		}
		return read(query.Within(accounts))
	})
}
