package answer

import (
	"context"

	"aiusage/listing"
	"aiusage/usage"
)

// AccountUsage is the row of an account, as a node.
type AccountUsage struct {
	*usage.AccountUsage
	group *group
}

func (a AccountUsage) subject() usage.Subject { return usage.Subject{AccountID: a.AccountID} }

// Account returns the account.
func (a AccountUsage) Account() Account {
	return Account{AccountID: a.AccountID, names: a.group.accountNames}
}

// CustomerUsage resolves AIAccountUsage.customerUsage.
func (a AccountUsage) CustomerUsage(ctx context.Context, filter *listing.Filter, include listing.Include, compare *Comparison) ([]CustomerUsage, error) {
	return a.CustomerRows(ctx, ChoiceOf(filter, include, compare))
}

// CustomerRows returns the rows of the account's customers that are chosen.
func (a AccountUsage) CustomerRows(ctx context.Context, choice Choice) ([]CustomerUsage, error) {
	if !choice.IsPlain() {
		chosen, group, err := a.group.chosen(ctx, choice)
		if err != nil {
			return nil, err
		}
		rows := []CustomerUsage{}
		for _, one := range chosen.customersOf(a.AccountID) {
			rows = append(rows, chosen.customerRow(one, group))
		}
		return rows, nil
	}
	customers := a.group.customers()
	found := a.group.report.customersOf(a.AccountID)
	rows := make([]CustomerUsage, len(found))
	for i := range found {
		rows[i] = CustomerUsage{&found[i], customers}
	}
	return rows, nil
}

// Series returns the account's usage over time.
func (a AccountUsage) Series(ctx context.Context, granularity usage.Step, fillZero bool) ([]Point, error) {
	return a.group.series(ctx, a.subject(), granularity, fillZero)
}

// Previous returns the account's usage in the range some way back, or nil.
func (a AccountUsage) Previous(shift usage.Shift, elapsed bool) (*Totals, error) {
	return a.Compared(usage.Comparison{Shift: shift, Elapsed: elapsed})
}

// Compared returns the account's usage in what the report is compared with, or nil.
func (a AccountUsage) Compared(comparison usage.Comparison) (*Totals, error) {
	with, err := a.group.report.Compared(comparison)
	return a.group.compared(a.subject(), with, err)
}

// Share returns the row's part of the report's total, or nil when that is 0.
func (a AccountUsage) Share(of listing.Measure) *float64 { return a.group.share(a.Usage, of) }

// CustomerUsage is the row of a customer, as a node.
type CustomerUsage struct {
	*usage.SubjectUsage
	group *group
}

func (c CustomerUsage) subject() usage.Subject {
	return usage.Subject{AccountID: c.AccountID, CustomerID: c.CustomerID}
}

// Account returns the customer's account.
func (c CustomerUsage) Account() Account {
	return Account{AccountID: c.AccountID, names: c.group.accountNames}
}

// Customer returns the customer.
func (c CustomerUsage) Customer() Customer {
	return Customer{AccountID: c.AccountID, CustomerID: c.CustomerID, names: c.group.customerNames, accountNames: c.group.accountNames}
}

// Series returns the customer's usage over time.
func (c CustomerUsage) Series(ctx context.Context, granularity usage.Step, fillZero bool) ([]Point, error) {
	return c.group.series(ctx, c.subject(), granularity, fillZero)
}

// Previous returns the customer's usage in the range some way back, or nil.
func (c CustomerUsage) Previous(shift usage.Shift, elapsed bool) (*Totals, error) {
	return c.Compared(usage.Comparison{Shift: shift, Elapsed: elapsed})
}

// Compared returns the customer's usage in what the report is compared with, or nil.
func (c CustomerUsage) Compared(comparison usage.Comparison) (*Totals, error) {
	with, err := c.group.report.Compared(comparison)
	return c.group.compared(c.subject(), with, err)
}

// Share returns the row's part of the report's total, or nil when that is 0.
func (c CustomerUsage) Share(of listing.Measure) *float64 { return c.group.share(c.Usage, of) }
