package usage

import (
	"slices"
	"sort"
	"time"
)

// Source is what usage is read from.
type Source string

const (
	// FromRollups: sums by quarter-hour, hour, day and month, and what lies beside them.
	FromRollups Source = "ROLLUPS"
	// FromSessions: the sessions alone, because there are no sums.
	FromSessions Source = "SESSIONS"
)

// Plan says how an answer is put together: from which sums, and from which single sessions
// where it begins or ends within what there is a sum of. A report is one point, a series
// one for each of its buckets. What is told twice, once to be added and once to be taken
// away, is how days of one time zone are made of those of another.
type Plan struct {
	// Level is whose sums are read.
	Level Level
	// Pieces are runs of buckets, by grid and then in the order of time. Those of one grid
	// do not overlap.
	Pieces []Piece
	// Edges are the spans whose sessions are read one by one, in order and apart.
	Edges []Edge
	// Kept are the spans, in order and apart, that are read from what was kept of sessions
	// when these were dropped.
	Kept []Edge
	// Summed are the spans that the pieces come to: changes that are not in the sums yet
	// belong to the points of the span that they are in.
	Summed []Edge
	// Undated tells that sessions without a readable start count, too.
	Undated bool
}

// Piece is a run of neighbouring buckets of one grid. Each of them has the same shares.
type Piece struct {
	Grid Grid
	Edge
}

// Edge is a span of time with what it is a part of. A zero From is an open end, and so is
// a To after Latest.
type Edge struct {
	Range
	Shares []Share
}

// Share says how often something counts in a point: once, or once to be taken away (-1).
type Share struct{ Point, Times int }

// manyYears is more than what a limit of buckets is for.
const manyYears = 1000

// Buckets returns the starts of a piece's buckets, at most limit, or nil when there are
// more or an end is open.
func (p Piece) Buckets(limit int) []time.Time {
	if p.From.IsZero() || p.To.Year()-p.From.Year() > manyYears {
		return nil
	}
	var starts []time.Time
	for at := p.From; at.Before(p.To); at = p.Grid.Next(at) {
		if len(starts) == limit {
			return nil
		}
		starts = append(starts, at)
	}
	return starts
}

// Within cuts a piece at the ends of the months in which there is data, as far as that is
// known. What lies beyond is expected to be empty but counts if it is not.
func (p Piece) Within(data Range) []Piece {
	var pieces []Piece
	rest := p
	for _, at := range []time.Time{p.Grid.Floor(data.From), p.Grid.Ceil(data.To)} {
		if rest.From.Before(at) && at.Before(rest.To) && !data.From.IsZero() {
			before := rest
			before.To, rest.From = at, at
			pieces = append(pieces, before)
		}
	}
	return append(pieces, rest)
}

// At returns the shares of the span that an instant is in, of spans that are in order and
// apart, or nil.
func At(spans []Edge, at time.Time) []Share {
	if i := Find(spans, at); i >= 0 {
		return spans[i].Shares
	}
	return nil
}

// Find returns which of some spans, in order and apart, an instant is in, or -1.
func Find(spans []Edge, at time.Time) int {
	i := sort.Search(len(spans), func(i int) bool { return spans[i].From.After(at) }) - 1
	if i >= 0 && at.Before(spans[i].To) {
		return i
	}
	return -1
}

// apart cuts spans that may overlap into spans that do not, in order: what several had is
// in each of them. Neighbours with the same shares are joined, and those that count for
// nothing are left out.
func apart(spans []Edge) []Edge {
	slices.SortStableFunc(spans, func(a, b Edge) int { return a.From.Compare(b.From) })
	if spans = alike(spans); areApart(spans) {
		return joinedSpans(spans)
	}
	var cuts []time.Time
	for _, span := range spans {
		cuts = append(cuts, span.From, span.To)
	}
	slices.SortFunc(cuts, time.Time.Compare)
	cuts = slices.CompactFunc(cuts, time.Time.Equal)
	var result []Edge
	var open []Edge
	for i := 0; i+1 < len(cuts); i++ {
		from, to := cuts[i], cuts[i+1]
		open = slices.DeleteFunc(open, func(span Edge) bool { return !span.To.After(from) })
		for len(spans) > 0 && !spans[0].From.After(from) {
			open, spans = append(open, spans[0]), spans[1:]
		}
		result = append(result, Edge{Range{from, to}, together(open)})
	}
	return joinedSpans(result)
}

// alike makes one of neighbours that are the same span, as the tails on both sides of a
// bound are.
func alike(spans []Edge) []Edge {
	result := make([]Edge, 0, len(spans))
	for _, span := range spans {
		if last := len(result) - 1; last >= 0 && result[last].From.Equal(span.From) && result[last].To.Equal(span.To) {
			result[last].Shares = together([]Edge{result[last], span})
			continue
		}
		result = append(result, span)
	}
	return result
}

// areApart tells whether spans in order do not overlap.
func areApart(spans []Edge) bool {
	for i := 1; i < len(spans); i++ {
		if spans[i].From.Before(spans[i-1].To) {
			return false
		}
	}
	return true
}

// joinedSpans joins neighbours with the same shares, and leaves out what counts for
// nothing, of spans that are in order and apart.
func joinedSpans(spans []Edge) []Edge {
	result := spans[:0]
	for _, span := range spans {
		if len(span.Shares) == 0 {
			continue
		}
		if last := len(result) - 1; last >= 0 && result[last].To.Equal(span.From) && slices.Equal(result[last].Shares, span.Shares) {
			result[last].To = span.To
			continue
		}
		result = append(result, span)
	}
	return result
}

// together adds up the shares of spans, in the order of their points.
func together(spans []Edge) []Share {
	var shares []Share
	for _, span := range spans {
		for _, share := range span.Shares {
			at := slices.IndexFunc(shares, func(one Share) bool { return one.Point == share.Point })
			if at < 0 {
				shares = append(shares, share)
			} else {
				shares[at].Times += share.Times
			}
		}
	}
	shares = slices.DeleteFunc(shares, func(share Share) bool { return share.Times == 0 })
	slices.SortFunc(shares, func(a, b Share) int { return a.Point - b.Point })
	return shares
}

// Normal returns the range with the same sessions whose bounds have the precision
// of a session's start, a millisecond, and which is open where no session starts
// beyond. It tells whether any session can be in it.
func (r Range) Normal() (normal Range, ok bool) {
	if !r.To.IsZero() && !ceilMillisecond(r.To).After(Earliest) {
		return Range{}, false
	}
	if from := ceilMillisecond(r.From); from.After(Earliest) {
		normal.From = from
	}
	if to := ceilMillisecond(r.To); !to.After(Latest) {
		normal.To = to
	}
	if r.To.IsZero() {
		normal.To = time.Time{}
	}
	return normal, !normal.holdsNothing()
}

// holdsNothing tells whether no session can be in the range.
func (r Range) holdsNothing() bool {
	return r.From.After(Latest) || !r.To.IsZero() && !r.From.Before(r.To)
}

// ceilMillisecond rounds a bound up to the precision of a session's start. For
// values of that precision, "at or after t" and "before t" mean the same before
// and after the rounding; rounding down they would not.
func ceilMillisecond(t time.Time) time.Time {
	floor := t.Truncate(time.Millisecond)
	if floor.Equal(t) {
		return floor.UTC()
	}
	return floor.Add(time.Millisecond).UTC()
}

// FineBuckets is how many buckets that are shorter than a day a plan reads.
func (p *Plan) FineBuckets() (count int) {
	for _, piece := range p.Pieces {
		if piece.Grid.Grain < Day {
			count += bucketsIn(piece.Grid.Grain, piece.Range)
		}
	}
	return count
}

// AddMonth adds the sum of a month of UTC to the only point of a plan, all of whose time it
// is part of already.
func (p *Plan) AddMonth(month time.Time) {
	p.Pieces = append(p.Pieces, Piece{Grid{Month, UTCCalendar}, Edge{Range{month, Month.Next(month)}, []Share{{0, 1}}}})
}

// KeepBefore has what lies before the sessions that are kept read from what was kept of the
// others, as far as that can be.
func (p *Plan) KeepBefore(retention Retention) {
	var edges []Edge
	for _, edge := range p.Edges {
		dropped := edge
		if !edge.From.Before(retention.Kept) || retention.cuts(edge.From) || retention.cuts(edge.To) || edge.From.IsZero() {
			edges = append(edges, edge)
			continue
		}
		if edge.To.After(retention.Kept) {
			dropped.To, edge.From = retention.Kept, retention.Kept
			edges = append(edges, edge)
		}
		p.Kept = append(p.Kept, dropped)
	}
	p.Edges = edges
}
