package answer

import (
	"cmp"
	"slices"
	"sort"

	"aiusage/usage"
)

// Order is an order of rows. Rows that are equal in it are ordered by id.
type Order struct {
	Field     OrderField
	Direction OrderDirection
}

// OrderField is what rows are ordered by: ID, or a measure.
type OrderField string

// ByID orders by account id, then customer id.
const ByID OrderField = "ID"

// OrderDirection is the direction of an order.
type OrderDirection string

// The directions.
const (
	Ascending  OrderDirection = "ASC"
	Descending OrderDirection = "DESC"
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
func (r *Report) AccountUsageConnection(first *int32, after *string, last *int32, before *string, orderBy Order) (*AccountUsageConnection, error) {
	rows := r.Report.Accounts
	page, err := r.page(len(rows), func(i int) (usage.Subject, usage.Usage) {
		return usage.Subject{AccountID: rows[i].AccountID}, rows[i].Usage
	}, PageArguments{first, last, after, before}, orderBy)
	if err != nil {
		return nil, err
	}
	group := r.pageGroup(usage.ByAccount, page.subjects)
	connection := &AccountUsageConnection{PageInfo: page.info, TotalCount: int32(len(rows))}
	for i, row := range page.rows {
		node := AccountUsage{&rows[row], group}
		connection.Nodes = append(connection.Nodes, node)
		connection.Edges = append(connection.Edges, AccountUsageEdge{page.cursors[i], node})
	}
	return connection, nil
}

// CustomerUsageConnection returns a page of the customers' rows.
func (r *Report) CustomerUsageConnection(first *int32, after *string, last *int32, before *string, orderBy Order) (*CustomerUsageConnection, error) {
	rows := r.Report.Customers
	page, err := r.page(len(rows), func(i int) (usage.Subject, usage.Usage) {
		return usage.Subject{AccountID: rows[i].AccountID, CustomerID: rows[i].CustomerID}, rows[i].Usage
	}, PageArguments{first, last, after, before}, orderBy)
	if err != nil {
		return nil, err
	}
	group := r.pageGroup(usage.ByCustomer, page.subjects)
	connection := &CustomerUsageConnection{PageInfo: page.info, TotalCount: int32(len(rows))}
	for i, row := range page.rows {
		node := CustomerUsage{&rows[row], group}
		connection.Nodes = append(connection.Nodes, node)
		connection.Edges = append(connection.Edges, CustomerUsageEdge{page.cursors[i], node})
	}
	return connection, nil
}

// page is a page of rows: their indices, subjects and cursors.
type page struct {
	rows     []int
	subjects []usage.Subject
	cursors  []string
	info     PageInfo
}

// page cuts a page out of count rows, of which row returns each. A report of which
// there are other pages is kept for them.
func (r *Report) page(count int, row func(int) (usage.Subject, usage.Usage), arguments PageArguments, order Order) (*page, error) {
	if order == (Order{}) { // null is the default order
		order = Order{ByID, Ascending}
	}
	places := make([]cursor, count)
	for i := range places {
		subject, amount := row(i)
		places[i] = order.place(subject, amount)
	}
	rows := make([]int, count)
	for i := range rows {
		rows[i] = i
	}
	if order != (Order{ByID, Ascending}) { // which is that of the report
		slices.SortFunc(rows, func(i, j int) int { return order.compare(places[i], places[j]) })
	}
	begin, end := 0, count
	after, err := order.cursor(argAfter, arguments.After)
	if err != nil {
		return nil, err
	}
	if after != nil {
		begin = sort.Search(count, func(i int) bool { return order.compare(places[rows[i]], *after) > 0 })
	}
	before, err := order.cursor(argBefore, arguments.Before)
	if err != nil {
		return nil, err
	}
	if before != nil {
		end = sort.Search(count, func(i int) bool { return order.compare(places[rows[i]], *before) >= 0 })
	}
	from, to, err := arguments.window(begin, end, MaxPageSize)
	if err != nil {
		return nil, err
	}
	result := &page{rows: rows[from:to], subjects: []usage.Subject{}}
	for _, i := range result.rows {
		place := places[i]
		place.AsOf = r.AsOf.UnixMilli()
		result.cursors = append(result.cursors, place.text())
		result.subjects = append(result.subjects, usage.Subject{AccountID: place.AccountID, CustomerID: place.CustomerID})
	}
	result.info = pageInfo(result.cursors, from > 0, to < count)
	if to-from < count {
		r.reading.kept.keep(r.Report)
	}
	return result, nil
}

// place returns the place of a row in the order.
func (o Order) place(subject usage.Subject, amount usage.Usage) cursor {
	place := cursor{Field: o.Field, Direction: o.Direction, AccountID: subject.AccountID, CustomerID: subject.CustomerID}
	if o.Field != ByID {
		place.Value = Measure(o.Field).of(amount)
	}
	return place
}

// compare compares two places. Ids decide between equal values, and follow the
// direction only where they are what is ordered by.
func (o Order) compare(a, b cursor) int {
	byID := cmp.Or(cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.CustomerID, b.CustomerID))
	byField := cmp.Compare(a.Value, b.Value)
	if o.Field == ByID {
		byField = byID
	}
	if o.Direction == Descending {
		byField = -byField
	}
	return cmp.Or(byField, byID)
}

// cursor reads a cursor of this order.
func (o Order) cursor(argument usage.Argument, text *string) (*cursor, error) {
	place, err := parseCursor(argument, text)
	if err == nil && place != nil && (place.Field != o.Field || place.Direction != o.Direction) {
		err = usage.Invalid(argument, "%s comes from another order than the one in %s", argument, argOrderBy).Accepting(acceptedCursor)
	}
	return place, err
}
