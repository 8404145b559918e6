package listing

import (
	"cmp"
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

// Normal returns the order without what makes no difference to it.
func (o Order) Normal() Order {
	if o.Field == "" {
		o.Field = ByID // null is the default order
	}
	if o.Direction == "" {
		o.Direction = Ascending
	}
	if o.Measure == "" {
		o.Measure = Minutes
	}
	if o.Field != ByShare && !o.Compares() {
		o.Measure = ""
	}
	return o
}

// Compares tells whether the order is by a comparison.
func (o Order) Compares() bool {
	return o.Field == ByPrevious || o.Field == ByChange || o.Field == ByRelativeChange
}

// Position is where a row is in an order: by a value, a fraction, a name or its ids alone.
type Position struct {
	AccountID, CustomerID string
	// Value is what the row is ordered by, and of Base where that is a fraction. None says
	// that it has no value.
	Value, Base int64
	None        bool
	// Name is the row's name, where rows are ordered by it.
	Name string
	// key is what names are compared by.
	key string
}

// Positions tell the positions of rows in an order.
type Positions struct {
	Order
	total    int64
	compared map[usage.Subject]usage.Usage
	names    Names
	keys     *collation.Keys // of the names, where these are ordered by
}

// Positions returns the positions of rows of a report with a total. compared are the amounts of what it is compared with,
// by ids that are trimmed, nil where there is no comparison; the order needs them if it Compares.
// names are needed where it is by name.
func (o Order) Positions(total usage.Usage, compared map[usage.Subject]usage.Usage, names Names) *Positions {
	p := &Positions{Order: o, total: o.Measure.Of(total), compared: compared, names: names}
	if o.Field == ByName {
		p.keys = collation.NewKeys()
	}
	return p
}

// of returns the position of a row.
func (p *Positions) of(one Line) Position {
	at := Position{AccountID: one.Subject.AccountID, CustomerID: one.Subject.CustomerID}
	now := p.Measure.Of(one.Amount)
	var amount usage.Usage // of the comparison
	if p.compared != nil {
		amount = p.compared[one.Subject.Trimmed()]
	}
	before := p.Measure.Of(amount)
	switch p.Field {
	case ByID:
	case ByName:
		at.Name = p.names(one.Subject)
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
		at.Value, at.None = p.Measure.Of(one.Amount.Minus(amount)), p.compared == nil
	case ByRelativeChange:
		at.Value, at.Base = p.Measure.Of(one.Amount.Minus(amount)), max(before, -before)
		at.None = at.Base <= 0
	default:
		at.Value = Measure(p.Field).Of(one.Amount)
	}
	if at.None {
		at.Value, at.Base = 0, 0
	}
	return at
}

// Sort returns the positions of rows, and the rows by their index, in the order.
func (p *Positions) Sort(lines []Line) (places []Position, rows []int) {
	places, rows = make([]Position, len(lines)), make([]int, len(lines))
	for i, one := range lines {
		places[i], rows[i] = p.of(one), i
	}
	if p.Field != ByID || p.Direction != Ascending { // which is that of a listing
		slices.SortFunc(rows, func(i, j int) int { return p.compare(places[i], places[j]) })
	}
	return places, rows
}

// Between returns where sorted rows begin that are after a position, and where those end that
// are before another. nil is no position.
func (p *Positions) Between(places []Position, rows []int, after, before *Position) (begin, end int) {
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

// at returns a position that may come from elsewhere.
func (p *Positions) at(from Position) Position {
	if p.keys != nil {
		from.key = p.keys.Of(from.Name)
	}
	return from
}

// compare compares two positions. Ids decide between equal values, and follow the
// direction only where they are what is ordered by.
func (o Order) compare(a, b Position) int {
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
