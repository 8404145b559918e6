package answer

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"sort"
	"strings"

	"aiusage/collation"
	"aiusage/usage"
)

// Order is an order of rows. Rows that are equal in it are ordered by id, and those that have
// no value in it come last, in either direction.
type Order struct {
	Field     OrderField
	Direction OrderDirection
	// Measure is what ByShare and the orders by a comparison are of; empty is Minutes.
	Measure Measure
}

// OrderField is what rows are ordered by: a measure, or one of these.
type OrderField string

// The orders beside those by a measure.
const (
	ByID             OrderField = "ID"
	ByName           OrderField = "NAME"
	ByShare          OrderField = "SHARE"
	ByPrevious       OrderField = "PREVIOUS"
	ByChange         OrderField = "CHANGE"
	ByRelativeChange OrderField = "CHANGE_RELATIVE"
)

// OrderDirection is the direction of an order.
type OrderDirection string

// The directions.
const (
	Ascending  OrderDirection = "ASC"
	Descending OrderDirection = "DESC"
)

// normal returns the order without what makes no difference to it.
func (o Order) normal() Order {
	if o.Field == "" {
		o.Field = ByID // null is the default order
	}
	if o.Direction == "" {
		o.Direction = Ascending
	}
	if o.Measure == "" {
		o.Measure = Minutes
	}
	if o.Field != ByShare && !o.compares() {
		o.Measure = ""
	}
	return o
}

// compares tells whether the order is by a comparison.
func (o Order) compares() bool {
	return o.Field == ByPrevious || o.Field == ByChange || o.Field == ByRelativeChange
}

// position is where a row is in an order: by a value, a fraction or a key.
type position struct {
	cursor
	key string
}

// positions tells the positions of rows in an order.
type positions struct {
	Order
	total    int64
	compared map[usage.Subject]usage.Usage // nil where there is no comparison
	names    map[usage.Subject]string
	keys     *collation.Keys // of the names, where these are ordered by
}

// positions reads what the order needs of a listing's rows.
func (l *listing) positions(ctx context.Context, order Order, compare usage.Comparison) (*positions, error) {
	p := &positions{Order: order, total: order.Measure.of(l.report.Totals)}
	if order.compares() {
		with, err := l.report.Compared(compare)
		if err != nil {
			return nil, err
		}
		if with != nil {
			p.compared = with.amounts(l.level)
		}
	}
	if order.Field == ByName {
		p.keys = collation.NewKeys()
		var err error
		if p.names, err = l.names.all(ctx); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// of returns the position of a row.
func (p *positions) of(one line) position {
	at := position{cursor: cursor{AccountID: one.subject.AccountID, CustomerID: one.subject.CustomerID}}
	now := p.Measure.of(one.amount)
	var amount usage.Usage // of the comparison
	if p.compared != nil {
		amount = p.compared[one.subject.Trimmed()]
	}
	before := p.Measure.of(amount)
	switch p.Field {
	case ByID:
	case ByName:
		at.Name = p.names[one.subject]
		at.None, at.key = at.Name == "", p.keys.Of(at.Name)
	case ByShare:
		// Shares are ordered as what they are shares of, where the whole is more than nothing.
		if at.Value = now; p.total < 0 {
			at.Value = -now
		}
		at.None = p.total == 0
	case ByPrevious:
		at.Value, at.None = before, p.compared == nil
	case ByChange:
		at.Value, at.None = p.Measure.of(one.amount.Minus(amount)), p.compared == nil
	case ByRelativeChange:
		at.Value, at.Base = p.Measure.of(one.amount.Minus(amount)), max(before, -before)
		at.None = at.Base <= 0
	default:
		at.Value = Measure(p.Field).of(one.amount)
	}
	if at.None {
		at.Value, at.Base = 0, 0
	}
	return at
}

// sort returns the positions of rows, and the rows by their index, in the order.
func (p *positions) sort(lines []line) (places []position, rows []int) {
	places, rows = make([]position, len(lines)), make([]int, len(lines))
	for i, one := range lines {
		places[i], rows[i] = p.of(one), i
	}
	if p.Field != ByID || p.Direction != Ascending { // which is that of a listing
		slices.SortFunc(rows, func(i, j int) int { return p.compare(places[i], places[j]) })
	}
	return places, rows
}

// between returns where sorted rows begin that are after a cursor, and where those end that
// are before another. nil is no cursor.
func (p *positions) between(places []position, rows []int, after, before *cursor) (begin, end int) {
	end = len(rows)
	if after != nil {
		at := p.at(*after)
		begin = sort.Search(len(rows), func(i int) bool { return p.compare(places[rows[i]], at) > 0 })
	}
	if before != nil {
		at := p.at(*before)
		end = sort.Search(len(rows), func(i int) bool { return p.compare(places[rows[i]], at) >= 0 })
	}
	return begin, end
}

// at returns the position that a cursor names.
func (p *positions) at(c cursor) position {
	at := position{cursor: c}
	if p.keys != nil {
		at.key = p.keys.Of(c.Name)
	}
	return at
}

// compare compares two positions. Ids decide between equal values, and follow the
// direction only where they are what is ordered by.
func (o Order) compare(a, b position) int {
	byID := cmp.Or(strings.Compare(a.AccountID, b.AccountID), strings.Compare(a.CustomerID, b.CustomerID))
	if a.None != b.None {
		if a.None {
			return 1
		}
		return -1
	}
	var byField int
	switch o.Field {
	case ByID:
		byField = byID
	case ByName:
		byField = strings.Compare(a.key, b.key)
	case ByRelativeChange:
		byField = compareFractions(a.Value, a.Base, b.Value, b.Base)
	default:
		byField = cmp.Compare(a.Value, b.Value)
	}
	if o.Direction == Descending {
		byField = -byField
	}
	return cmp.Or(byField, byID)
}

// compareFractions compares a/b with c/d, whose denominators are 0 or more. It is exact.
func compareFractions(a, b, c, d int64) int {
	if sign := cmp.Compare(cmp.Compare(a, 0), cmp.Compare(c, 0)); sign != 0 || a == 0 {
		return sign
	}
	size := func(n int64) uint64 { return uint64(max(n, -n)) } // the least number stays what it is, which is its size
	high, low := bits.Mul64(size(a), uint64(d))
	otherHigh, otherLow := bits.Mul64(size(c), uint64(b))
	larger := cmp.Or(cmp.Compare(high, otherHigh), cmp.Compare(low, otherLow))
	if a < 0 {
		return -larger
	}
	return larger
}
