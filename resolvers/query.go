package resolvers

import (
	"context"

	"aiusage/usage"
)

type queryResolver struct{ *Resolver }

// AiUsage resolves Query.aiUsage, unless Flat has done so already.
func (r queryResolver) AiUsage(ctx context.Context, accountID, customerID, startDate, endDate, timeZone *string) (*usage.Report, error) {
	if result, done := ctx.Value(foundKey{}).(found); done {
		return result.again()
	}
	return r.Report(ctx, usage.Request{
		AccountID:  text(accountID),
		CustomerID: text(customerID),
		StartDate:  text(startDate),
		EndDate:    text(endDate),
		TimeZone:   text(timeZone),
	})
}

// text returns the value of an optional argument; absent, null and empty are the same.
func text(argument *string) string {
	if argument == nil {
		return ""
	}
	return *argument
}
