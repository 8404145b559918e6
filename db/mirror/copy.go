package mirror

import (
	"cmp"
	"database/sql"
	"math"
	"slices"
	"sort"
	"time"

	"aiusage/usage"
)

// Copy is a copy of the sessions of one state of the table. It is not changed any more.
type Copy struct {
	hash string
	// subjects are in order, and the sessions of subjects[i] are those from firsts[i] to
	// firsts[i+1], in the order of their starts.
	subjects []usage.Subject
	firsts   []int
	// starts are microseconds since 1970, or undated. minutes and seconds are those of the
	// sessions.
	starts, minutes, seconds []int64
}

// undated is the start of a session that cannot be read: before all others.
const undated = math.MinInt64

// Each hands over what there is of each subject in each span of a plan, which must be one of
// sessions alone, with the shares of the span.
func (c *Copy) Each(query usage.Query, plan usage.Plan, do func(subject usage.Subject, shares []usage.Share, amount usage.Usage) error) error {
	fits := wanted(query)
	for i, subject := range c.subjects {
		if !fits(subject) {
			continue
		}
		subject = query.Level.Of(subject)
		at, end := c.dated(i)
		if first := c.firsts[i]; plan.Undated && first < at {
			if err := c.hand(first, at, subject, []usage.Share{{Point: 0, Times: 1}}, do); err != nil {
				return err
			}
		}
		edges := plan.Edges
		for at < end {
			next := time.UnixMicro(c.starts[at])
			edges = edges[sort.Search(len(edges), func(i int) bool { return edges[i].To.After(next) }):]
			if len(edges) == 0 {
				break
			}
			first := c.from(at, end, edges[0].From)
			at = c.from(first, end, edges[0].To)
			if first == at {
				continue // the next session is behind this span
			}
			if err := c.hand(first, at, subject, edges[0].Shares, do); err != nil {
				return err
			}
		}
	}
	return nil
}

// hand adds up sessions, which must fit in 64 bits, and hands over the sum.
func (c *Copy) hand(from, to int, subject usage.Subject, shares []usage.Share, do func(usage.Subject, []usage.Share, usage.Usage) error) error {
	var sum usage.Usage
	for i := from; i < to; i++ {
		sum = sum.Plus(usage.Usage{Minutes: c.minutes[i], Seconds: c.seconds[i], Sessions: 1})
	}
	if err := sum.Fits(); err != nil {
		return err
	}
	return do(subject, shares, sum)
}

// dated returns where the sessions of a subject begin that have a start, and where they end.
func (c *Copy) dated(subject int) (first, end int) {
	first, end = c.firsts[subject], c.firsts[subject+1]
	return first + sort.Search(end-first, func(i int) bool { return c.starts[first+i] != undated }), end
}

// Span returns the hours from the first session that a query asks for to the last, whatever
// its range. It is zero when there is none.
func (c *Copy) Span(query usage.Query) usage.Range {
	fits := wanted(query)
	first, last := int64(math.MaxInt64), int64(undated)
	for i, subject := range c.subjects {
		if fits(subject) {
			if at, end := c.dated(i); at < end {
				first, last = min(first, c.starts[at]), max(last, c.starts[end-1])
			}
		}
	}
	if last == undated {
		return usage.Range{}
	}
	return usage.Range{From: usage.Hour.Floor(time.UnixMicro(first).UTC()), To: usage.Hour.Next(time.UnixMicro(last).UTC())}
}

// from returns the first session at or after an instant, of those from at to end.
func (c *Copy) from(at, end int, t time.Time) int {
	micros := t.UnixMicro()
	return at + sort.Search(end-at, func(i int) bool { return c.starts[at+i] >= micros })
}

// wanted returns whether a query asks for a subject.
func wanted(query usage.Query) func(usage.Subject) bool {
	accounts, customers := setOf(query.Accounts), setOf(query.CustomerIDs)
	return func(subject usage.Subject) bool {
		return (accounts == nil || accounts[subject.AccountID]) &&
			(query.AccountID == "" || subject.AccountID == query.AccountID) &&
			(customers == nil || usage.TrimID(subject.CustomerID) != "" && customers[subject.CustomerID]) &&
			(query.CustomerID == "" || usage.TrimID(query.CustomerID) != "" && subject.CustomerID == query.CustomerID)
	}
}

// setOf returns some ids as a set, and nil for nil.
func setOf(ids []string) map[string]bool {
	if ids == nil {
		return nil
	}
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// making is a copy that is being made.
type making struct {
	Copy
	most     int
	numbers  map[string]map[string]int
	sessions []session
}

type session struct {
	subject                 int
	start, minutes, seconds int64
}

func newMaking(most int) *making { return &making{most: most, numbers: map[string]map[string]int{}} }

// add adds a session.
func (m *making) add(account, customer []byte, start sql.NullInt64, amount usage.Usage) {
	customers := m.numbers[string(account)]
	if customers == nil {
		customers = map[string]int{}
		m.numbers[string(account)] = customers
	}
	number, known := customers[string(customer)]
	if !known {
		number = len(m.subjects)
		customers[string(customer)] = number
		m.subjects = append(m.subjects, usage.Subject{AccountID: string(account), CustomerID: string(customer)})
	}
	if !start.Valid {
		start.Int64 = undated
	}
	m.sessions = append(m.sessions, session{number, start.Int64, amount.Minutes, amount.Seconds})
}

// copy returns the copy, or nil where there are too many sessions.
func (m *making) copy() *Copy {
	if len(m.sessions) > m.most {
		return nil
	}
	slices.SortFunc(m.sessions, func(a, b session) int {
		return cmp.Or(m.subjects[a.subject].Compare(m.subjects[b.subject]), cmp.Compare(a.start, b.start))
	})
	made := Copy{hash: m.hash}
	last := -1
	for _, one := range m.sessions {
		if one.subject != last {
			last = one.subject
			made.subjects, made.firsts = append(made.subjects, m.subjects[last]), append(made.firsts, len(made.starts))
		}
		made.starts, made.minutes, made.seconds = append(made.starts, one.start), append(made.minutes, one.minutes), append(made.seconds, one.seconds)
	}
	made.firsts = append(made.firsts, len(made.starts))
	return &made
}
