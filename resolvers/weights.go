package resolvers

import (
	"aiusage/graph"
	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// How long lists are taken to be, to bound how they are nested in lists. How long they are is
// known once they have been read, and then counted (answer.SpendRows). What an answer will
// take is estimated by lengths that have been seen (estimate.go).
const (
	someAccounts           = 50
	someCustomers          = 1000
	someCustomersOfAccount = 20
	// A plan has at most so many runs of sums, and spans of sessions beside them.
	somePieces = 5
	someSpans  = 2
)

// points is how many points series are taken to have.
var points = map[usage.Step]int{usage.QuarterHourly: 2880, usage.Hourly: 720, usage.Daily: 365, usage.Weekly: 53, usage.Monthly: 24, usage.Yearly: 10}

// lengths are those of lists.
type lengths struct {
	accounts, customers, customersOfAccount int
	points                                  func(usage.Step) int
}

// someLengths are those that lists are taken to have of which nothing is known.
var someLengths = lengths{someAccounts, someCustomers, someCustomersOfAccount, func(step usage.Step) int { return points[step] }}

// weights returns how many values the fields with lists count for, where these are so long.
func weights(of lengths) (c graph.ComplexityRoot) {
	series := series(of.points)
	c.AIUsage.AccountUsage = rows(of.accounts)
	c.AIUsage.CustomerUsage = rows(of.customers)
	c.AIUsage.Series = series
	c.AIUsage.AccountUsageConnection = pageOfRows
	c.AIUsage.CustomerUsageConnection = pageOfRows
	c.AIUsage.Drivers = drivers(of.points)
	c.AIAccountUsage.CustomerUsage = rows(of.customersOfAccount)
	c.AIAccountUsage.Series = series
	c.AICustomerUsage.Series = series
	c.AIUsage.SessionsConnection = pageOfSessions
	c.AIAccountUsage.SessionsConnection = pageOfSessions
	c.AICustomerUsage.SessionsConnection = pageOfSessions
	c.AIUsagePoint.SessionsConnection = pageOfSessions
	c.Query.Accounts = func(below int, _ *string, first *int32, _ *string, last *int32, _ *string) int {
		return page(below, first, last)
	}
	c.Query.Customers = func(below int, _, _ *string, first *int32, _ *string, last *int32, _ *string) int {
		return page(below, first, last)
	}
	c.Account.Customers = func(below int, _ *string, first *int32, _ *string, last *int32, _ *string) int {
		return page(below, first, last)
	}
	c.Query.Nodes = func(below int, ids []string) int { return 1 + len(ids)*below }
	c.AIUsagePlan.Pieces = list(somePieces)
	c.AIUsagePlan.Sessions = list(someSpans)
	c.Viewer.Accounts = list(someAccounts)
	return c
}

func list(length int) func(int) int { return func(below int) int { return 1 + length*below } }

// rows weighs a list of rows, however they are chosen.
func rows(length int) func(int, *answer.Filter, answer.Include, *answer.Comparison) int {
	return func(below int, _ *answer.Filter, _ answer.Include, _ *answer.Comparison) int { return 1 + length*below }
}

// pageOfRows weighs a connection of rows.
func pageOfRows(below int, first *int32, _ *string, last *int32, _ *string, _ answer.Order, _ *answer.Filter, _ answer.Include, _ *answer.Comparison) int {
	return page(below, first, last)
}

// pageOfSessions weighs a connection of sessions.
func pageOfSessions(below int, first *int32, _ *string, last *int32, _ *string) int {
	return page(below, first, last)
}

// series weighs a series: each of its points is read, whether it is shown or not, and what
// is selected of it is written.
func series(points func(usage.Step) int) func(int, usage.Step, bool) int {
	return func(below int, step usage.Step, _ bool) int { return 1 + points(step)*(1+below) }
}

// drivers weighs the parts of a change: as many as are named, and the points that are added up
// for both ranges.
func drivers(points func(usage.Step) int) func(int, int32, usage.Dimension, answer.Measure, *answer.Comparison) int {
	return func(below int, first int32, by usage.Dimension, _ answer.Measure, _ *answer.Comparison) int {
		weight := page(below, &first, nil)
		if step := by.Step(); step != "" {
			weight += 2 * points(step)
		}
		return weight
	}
}

// page weighs a connection. A size that is refused later weighs nothing.
func page(below int, first, last *int32) int {
	size := answer.DefaultPageSize
	if first != nil {
		size = int(*first)
	} else if last != nil {
		size = int(*last)
	}
	return 1 + max(0, min(size, answer.MaxPageSize))*below
}
