package resolvers_test

import (
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"aiusage/db"
	"aiusage/usage"
)

// model answers what the gateway is asked by looking at every session.
type model struct {
	sessions []usage.Session
	names    map[usage.Subject]string
}

// question is what a document asks about one report.
type question struct {
	accountID, customerID   string
	accountIDs, customerIDs []string // nil: all
	span                    usage.Range
	zone                    *time.Location
	customers               bool // whether rows are of customers
	scope                   []string
	filter                  filter
	include                 string
	compare                 comparison
	order                   order
}

type filter struct {
	search  string
	measure string // "" for no minimum
	least   int64
	named   *bool
}

type comparison struct {
	shift   string
	elapsed bool
	dates   []string // startDate and endDate
	period  string
}

type order struct {
	field, direction, measure string
}

// in returns the sessions in a range of those that a question is about.
func (m *model) in(q question, span usage.Range) (found []usage.Session) {
	for _, s := range m.sessions {
		in := func(ids []string, id string) bool { return ids == nil || slices.Contains(ids, id) }
		switch {
		case q.accountID != "" && s.AccountID != q.accountID, q.customerID != "" && s.CustomerID != q.customerID,
			!in(q.accountIDs, s.AccountID), !in(q.customerIDs, s.CustomerID), !in(q.scope, s.AccountID),
			s.StartedAt.Before(span.From), !span.To.IsZero() && !s.StartedAt.Before(span.To):
			continue
		}
		found = append(found, s)
	}
	return found
}

// amounts adds up what is in a range of those that a question is about, by whose it is.
func (m *model) amounts(q question, span usage.Range) map[usage.Subject]usage.Usage {
	found := map[usage.Subject]usage.Usage{}
	for _, s := range m.in(q, span) {
		whose := usage.Subject{AccountID: s.AccountID}
		if q.customers {
			if whose.CustomerID = s.CustomerID; whose.CustomerID == "" {
				continue
			}
		}
		found[whose] = found[whose].Plus(s.Usage())
	}
	return found
}

func measured(measure string, amount usage.Usage) int64 {
	switch measure {
	case "AI_SECONDS":
		return amount.Seconds
	case "SESSIONS":
		return amount.Sessions
	}
	return amount.Minutes
}

// folded is a text without accents and case, by another way than the gateway's.
func folded(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// row is a row as the documents of the test ask for it.
type row struct {
	subject     usage.Subject
	name        string
	now, before usage.Usage
	hasBefore   bool
}

// rows returns the rows of a question in their order; with is the range that is compared with.
func (m *model) rows(q question, with *usage.Range) []row {
	now, before := m.amounts(q, q.span), map[usage.Subject]usage.Usage{}
	if with != nil {
		before = m.amounts(q, *with)
	}
	whose := map[usage.Subject]bool{}
	if q.include != "PREVIOUS" {
		for subject := range now {
			whose[subject] = true
		}
	}
	if q.include != "CURRENT" {
		for subject := range before {
			whose[subject] = true
		}
	}
	var rows []row
	for subject := range whose {
		one := row{subject, m.names[subject], now[subject], before[subject], with != nil}
		id := subject.AccountID
		if q.customers {
			id = subject.CustomerID
		}
		if q.filter.measure != "" && measured(q.filter.measure, one.now) < q.filter.least ||
			q.filter.named != nil && *q.filter.named != (one.name != "") ||
			!strings.Contains(folded(id), folded(q.filter.search)) && !strings.Contains(folded(one.name), folded(q.filter.search)) {
			continue
		}
		rows = append(rows, one)
	}
	total := int64(0)
	all := q
	all.customers = false
	for _, amount := range m.amounts(all, q.span) {
		total += measured(q.order.measure, amount)
	}
	collator := collate.New(language.Und, collate.Numeric)
	// rank returns the value of a row as a fraction, or that it has none.
	rank := func(one row) (value *big.Rat) {
		a, b := measured(q.order.measure, one.now), measured(q.order.measure, one.before)
		switch q.order.field {
		case "SHARE":
			if total == 0 {
				return nil
			}
			return big.NewRat(a, total)
		case "PREVIOUS":
			value = big.NewRat(b, 1)
		case "CHANGE":
			value = big.NewRat(a-b, 1)
		case "CHANGE_RELATIVE":
			if b == 0 {
				return nil
			}
			value = big.NewRat(a-b, b)
		default:
			return big.NewRat(measured(q.order.field, one.now), 1)
		}
		if !one.hasBefore {
			return nil
		}
		return value
	}
	slices.SortFunc(rows, func(x, y row) int {
		sign, byID := 1, x.subject.Compare(y.subject)
		if q.order.direction == "DESC" {
			sign = -1
		}
		switch q.order.field {
		case "ID":
			return sign * byID
		case "NAME":
			if (x.name == "") != (y.name == "") {
				return map[bool]int{true: 1, false: -1}[x.name == ""]
			}
			return cmp.Or(sign*collator.CompareString(x.name, y.name), byID)
		}
		a, b := rank(x), rank(y)
		switch {
		case a == nil && b == nil:
			return byID
		case a == nil:
			return 1
		case b == nil:
			return -1
		}
		return cmp.Or(sign*a.Cmp(b), byID)
	})
	return rows
}

// span returns the range that a question is compared with.
func (c comparison) span(t *testing.T, q question, asOf time.Time) *usage.Range {
	t.Helper()
	of := usage.Comparison{Shift: usage.Shift(c.shift), Elapsed: c.elapsed, Period: usage.Period(c.period)}
	if c.dates != nil {
		of.StartDate, of.EndDate = c.dates[0], c.dates[1]
	}
	with, found, err := of.Of(usage.Query{Range: q.span, Zone: q.zone}, asOf, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return nil
	}
	return &with.Range
}

// written is an input object of a comparison.
func (c comparison) written() map[string]any {
	object := map[string]any{}
	if c.shift != "" {
		object["shift"] = c.shift
	}
	if c.elapsed {
		object["elapsed"] = true
	}
	if c.dates != nil {
		object["startDate"], object["endDate"] = c.dates[0], c.dates[1]
	}
	if c.period != "" {
		object["period"] = c.period
	}
	return object
}

func (f filter) written() map[string]any {
	object := map[string]any{}
	if f.search != "" {
		object["search"] = f.search
	}
	if f.measure != "" {
		object["minimum"] = map[string]any{"measure": f.measure, "value": f.least}
	}
	if f.named != nil {
		object["named"] = *f.named
	}
	return object
}

var modelNames = []string{"Ärztehaus Süd", "arztehaus nord", "Bäckerei 10", "Bäckerei 9", "BÄCKEREI 9", "Zoo", "Иван и сыновья", "Acme"}

// newModel makes up sessions of some accounts and customers, who come and go by the month.
func newModel(draw *rand.Rand, now time.Time) *model {
	m := &model{names: map[usage.Subject]string{}}
	accounts := []string{"a", "A", "b-1", "é", "konto 5", "z"}
	for i := range 400 {
		s := usage.Session{SessionID: fmt.Sprint(i), AccountID: accounts[draw.IntN(len(accounts))], DurationSeconds: draw.Int64N(400)}
		if draw.IntN(5) > 0 {
			s.CustomerID = fmt.Sprintf("%cunde-%d", "Kk"[draw.IntN(2)], draw.IntN(4))
		}
		s.StartedAt = now.Add(-time.Duration(draw.Int64N(int64(100 * 24 * time.Hour)))).Truncate(time.Millisecond)
		if month := int(s.StartedAt.Month()); (month+len(s.AccountID)+len(s.CustomerID)+int(s.AccountID[0]))%3 == 0 {
			continue // they did not use it in that month
		}
		m.sessions = append(m.sessions, s)
	}
	for _, s := range m.sessions {
		for _, whose := range []usage.Subject{{AccountID: s.AccountID}, {AccountID: s.AccountID, CustomerID: s.CustomerID}} {
			if _, known := m.names[whose]; !known {
				m.names[whose] = append(modelNames, "", "", "")[draw.IntN(len(modelNames)+3)]
			}
		}
	}
	return m
}

func (m *model) write(t *testing.T, store *db.Store) {
	t.Helper()
	if _, err := store.WriteSessions(t.Context(), m.sessions); err != nil {
		t.Fatal(err)
	}
	var accounts []usage.Account
	var customers []usage.Customer
	for whose, name := range m.names {
		if name == "" {
			continue
		}
		if whose.CustomerID == "" {
			accounts = append(accounts, usage.Account{AccountID: whose.AccountID, Name: name})
		} else {
			customers = append(customers, usage.Customer{AccountID: whose.AccountID, CustomerID: whose.CustomerID, Name: name})
		}
	}
	if _, err := store.WriteAccounts(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	if _, err := store.WriteCustomers(t.Context(), customers); err != nil {
		t.Fatal(err)
	}
}
