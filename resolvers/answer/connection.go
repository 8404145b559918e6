package answer

import (
	"context"
	"fmt"

	"aiusage/listing"
	"aiusage/usage"
)

// MaxPageSize bounds the rows of a page.
const MaxPageSize = 10_000

// AccountUsageConnection is a page of accounts' rows.
type AccountUsageConnection struct {
	Edges      []AccountUsageEdge
	Nodes      []AccountUsage
	PageInfo   PageInfo
	TotalCount int32
}

// AccountUsageEdge is an account's row with its cursor.
type AccountUsageEdge struct {
	Cursor string
	Node   AccountUsage
}

// CustomerUsageConnection is a page of customers' rows.
type CustomerUsageConnection struct {
	Edges      []CustomerUsageEdge
	Nodes      []CustomerUsage
	PageInfo   PageInfo
	TotalCount int32
}

// CustomerUsageEdge is a customer's row with its cursor.
type CustomerUsageEdge struct {
	Cursor string
	Node   CustomerUsage
}

// AccountUsageConnection returns a page of the accounts' rows.
func (r *Report) AccountUsageConnection(ctx context.Context, first *int32, after *string, last *int32, before *string, orderBy listing.Order,
	filter *listing.Filter, include listing.Include, compare *Comparison) (*AccountUsageConnection, error) {
	page, err := r.page(ctx, usage.ByAccount, PageArguments{first, last, after, before}, orderBy, ChoiceOf(filter, include, compare))
	if err != nil {
		return nil, err
	}
	connection := &AccountUsageConnection{PageInfo: page.info, TotalCount: int32(page.total)}
	for i, row := range page.rows {
		node := page.selection.accountRow(row, page.group)
		connection.Nodes = append(connection.Nodes, node)
		connection.Edges = append(connection.Edges, AccountUsageEdge{page.cursors[i], node})
	}
	return connection, nil
}

// CustomerUsageConnection returns a page of the customers' rows.
func (r *Report) CustomerUsageConnection(ctx context.Context, first *int32, after *string, last *int32, before *string, orderBy listing.Order,
	filter *listing.Filter, include listing.Include, compare *Comparison) (*CustomerUsageConnection, error) {
	page, err := r.page(ctx, usage.ByCustomer, PageArguments{first, last, after, before}, orderBy, ChoiceOf(filter, include, compare))
	if err != nil {
		return nil, err
	}
	connection := &CustomerUsageConnection{PageInfo: page.info, TotalCount: int32(page.total)}
	for i, row := range page.rows {
		node := page.selection.customerRow(row, page.group)
		connection.Nodes = append(connection.Nodes, node)
		connection.Edges = append(connection.Edges, CustomerUsageEdge{page.cursors[i], node})
	}
	return connection, nil
}

// page is a page of rows with their cursors.
type page struct {
	selection *selection
	rows      []listing.Line
	group     *group
	cursors   []string
	total     int
	info      PageInfo
}

// page cuts a page out of the rows of a level. A report of which there are other pages is
// kept for them, and so is what it is compared with.
func (r *Report) page(ctx context.Context, level usage.Level, arguments PageArguments, order listing.Order, choice Choice) (*page, error) {
	order = order.Normal()
	belonging := r.belonging(level, order, choice)
	after, err := cursorOf(belonging, argAfter, arguments.After)
	if err != nil {
		return nil, err
	}
	before, err := cursorOf(belonging, argBefore, arguments.Before)
	if err != nil {
		return nil, err
	}
	if _, _, err := arguments.size(MaxPageSize); err != nil {
		return nil, err
	}
	chosen, err := r.choose(ctx, level, choice)
	if err != nil {
		return nil, err
	}
	positions, err := chosen.positions(ctx, order, choice.Compare)
	if err != nil {
		return nil, err
	}
	places, rows := positions.Sort(chosen.lines)
	begin, end := positions.Between(places, rows, after.position(), before.position())
	from, to, err := arguments.window(begin, end, MaxPageSize)
	if err != nil {
		return nil, err
	}
	result := &page{selection: chosen, total: len(rows)}
	for _, i := range rows[from:to] {
		result.cursors = append(result.cursors, cursorAt(places[i], belonging, r.ReadAt).text())
		result.rows = append(result.rows, chosen.lines[i])
	}
	result.group = r.pageGroup(level, subjectsOf(result.rows))
	result.info = pageInfo(result.cursors, from > 0, to < len(rows))
	if to-from < len(rows) {
		r.keep(order.Compares() || choice.Include.Compares(), choice.Compare)
	}
	return result, nil
}

// keep keeps the report for its next page and, where that matters, what it is compared with.
func (r *Report) keep(compares bool, compare usage.Comparison) {
	r.reading.kept.keep(r.Report)
	if !compares {
		return
	}
	if with, err := r.Compared(compare); err == nil && with != nil {
		r.reading.kept.keep(with.Report)
	}
}

// belonging names the list that cursors of a page belong to: the same rows in the same order,
// for whoever asks.
func (r *Report) belonging(level usage.Level, order listing.Order, choice Choice) string {
	query := r.Query
	compare := ""
	if order.Compares() {
		compare = fmt.Sprintf("%#v", choice.Compare)
	}
	return belongingOf(level, query.AccountID, query.CustomerID, query.AccountIDs, query.CustomerIDs,
		query.Range.From.UTC().String(), query.Range.To.UTC().String(), query.Zone.String(),
		order.Field, order.Direction, order.Measure, choice.text(), compare)
}
