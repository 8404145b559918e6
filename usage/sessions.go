package usage

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// SessionsQuery asks for single sessions: those of a query, in the order of their starts.
type SessionsQuery struct {
	Query
	// SessionIDs are the ids of those that are asked for, wherever they are; nil means all, a page
	// at a time.
	SessionIDs []string
	// After and Before are places, of which the page is after and before; nil is no bound.
	After, Before *SessionPlace
	// Limit is how many there are at most: the first ones, or the last ones where it is Backward.
	Limit    int
	Backward bool
}

// ListedSession is a session as it is by itself.
type ListedSession struct {
	// Session has a zero StartedAt where its start is no instant.
	Session
	// Minutes are its AI minutes, as they are added up.
	Minutes int64
	Place   SessionPlace
}

// RoundedUp is by how many seconds rounding up to whole minutes has made the session longer.
func (s ListedSession) RoundedUp() int64 {
	return plus(60*s.Minutes, negated(s.DurationSeconds))
}

// SessionPlace is the place of a session in the order of starts. Those that start at the same
// time are ordered by their keys.
type SessionPlace struct {
	// Start is the start as the database writes it, since it need not be an instant. It is empty
	// where there is none.
	Start string `json:"t"`
	// Key is the id of the session in hexadecimal digits, which every engine orders alike.
	Key string `json:"i"`
}

// Compare compares two places.
func (p SessionPlace) Compare(other SessionPlace) int {
	return cmp.Or(strings.Compare(p.Start, other.Start), strings.Compare(p.Key, other.Key))
}

// placeForm is the form of a start.
const placeForm = "2006-01-02 15:04:05.999999"

// StartedAt is the instant of a place, unless it is none.
func (p SessionPlace) StartedAt() (time.Time, bool) {
	at, err := time.Parse(placeForm, p.Start)
	return at, err == nil && !at.Before(Earliest)
}

// Around returns the instants from and to which all starts lie that are written as that of the
// place: the same one twice, or where the start is none, whole seconds between which it is stored. A zero
// one is no bound, as both are where there is no start. It tells whether the start can be read at all.
func (p SessionPlace) Around() (from, to time.Time, ok bool) {
	if at, is := p.StartedAt(); is {
		return at, at, true
	}
	if p.Start == "" {
		return time.Time{}, time.Time{}, true
	}
	const date = "0000-00-00"
	if len(p.Start) < len(date) || !matches(p.Start[:len(date)], date) {
		return time.Time{}, time.Time{}, false
	}
	part := func(from, to int) int { n, _ := strconv.Atoi(p.Start[from:to]); return n }
	year, month, day := part(0, 4), time.Month(part(5, 7)), part(8, 10)
	next := time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC) // a day that the month does not have
	switch {
	case month == 0:
		next = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	case day == 0:
		next = time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	}
	if !next.After(Earliest) {
		return time.Time{}, Earliest, true
	}
	return next.Add(-time.Second), next, true // a whole second, which servers do not round to the column's precision
}

// CheckSessions returns nil unless a query's sessions have been dropped, some of them at least.
// asked is its range in the normal form. The error is an InvalidArgument.
func (r Retention) CheckSessions(query Query, asked Range) error {
	if !asked.From.Before(r.Kept) {
		return nil
	}
	argument := query.StartsBy
	if asked.From.IsZero() {
		argument = cmp.Or(query.EndsBy, ArgStartDate)
	}
	when := r.Kept.Format(time.RFC3339)
	err := Errorf(InvalidArgument, "single sessions from before %s (retainedFrom) have been dropped, and cannot be listed any more", when)
	err.Argument = argument
	if asked.To.IsZero() || asked.To.After(r.Kept) {
		err.Accepting("a start at or after " + when)
	}
	return err
}
