package resolvers

import (
	"context"

	"aiusage/graph"
	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// Comparisons have an argument of a name that a method of a node cannot have for a parameter.

type (
	reportResolver        struct{}
	accountUsageResolver  struct{}
	customerUsageResolver struct{}
)

// AIUsage returns the resolvers of reports.
func (*Resolver) AIUsage() graph.AIUsageResolver { return reportResolver{} }

// AIAccountUsage returns the resolvers of accounts' rows.
func (*Resolver) AIAccountUsage() graph.AIAccountUsageResolver { return accountUsageResolver{} }

// AICustomerUsage returns the resolvers of customers' rows.
func (*Resolver) AICustomerUsage() graph.AICustomerUsageResolver { return customerUsageResolver{} }

// CompareTo resolves AIUsage.compareTo.
func (reportResolver) CompareTo(_ context.Context, report *answer.Report, startDate, endDate *string, period *usage.Period, span *usage.TypedRange) (*answer.Report, error) {
	comparison, err := comparedTo(startDate, endDate, period).To(span)
	if err != nil {
		return nil, err
	}
	return report.Compared(comparison)
}

// CompareTo resolves AIAccountUsage.compareTo.
func (accountUsageResolver) CompareTo(_ context.Context, row *answer.AccountUsage, startDate, endDate *string, period *usage.Period, span *usage.TypedRange) (*answer.Totals, error) {
	comparison, err := comparedTo(startDate, endDate, period).To(span)
	if err != nil {
		return nil, err
	}
	return row.Compared(comparison)
}

// CompareTo resolves AICustomerUsage.compareTo.
func (customerUsageResolver) CompareTo(_ context.Context, row *answer.CustomerUsage, startDate, endDate *string, period *usage.Period, span *usage.TypedRange) (*answer.Totals, error) {
	comparison, err := comparedTo(startDate, endDate, period).To(span)
	if err != nil {
		return nil, err
	}
	return row.Compared(comparison)
}

// comparedTo is the comparison with a range by its dates or its name.
func comparedTo(startDate, endDate *string, period *usage.Period) usage.Comparison {
	return usage.Comparison{Another: true, StartDate: given(startDate), EndDate: given(endDate), Period: given(period)}
}
