package usage

import (
	"iter"
	"time"
)

// Source is what usage is read from.
type Source string

const (
	// FromRollups: sums by hour, day and month, and single sessions within an hour.
	FromRollups Source = "ROLLUPS"
	// FromSessions: the sessions alone, because there are no sums.
	FromSessions Source = "SESSIONS"
)

// Plan says how a range is put together: from buckets that hold sums already,
// and from single sessions where the range begins or ends within an hour.
type Plan struct {
	// Pieces are runs of buckets, in the order of time.
	Pieces []Piece
	// Edges are the spans whose sessions have to be read one by one.
	Edges []Range
}

// Piece is a run of neighbouring buckets of one grain. A zero From or To is an
// open end: all buckets before or after.
type Piece struct {
	Grain Grain
	Range
}

// NewPlan cuts a range into the fewest buckets and edges that cover it exactly:
// months, then the days beside them, then the hours beside those, then less than
// an hour of single sessions at each end. Open ends belong to the months. The
// range must be normal (Range.Normal) and not empty.
func NewPlan(r Range) Plan {
	whole := Range{openCeil(Hour, r.From), openFloor(Hour, r.To)}
	if whole.holdsNothing() {
		return Plan{Edges: []Range{r}}
	}
	plan := Plan{Pieces: cover(nil, whole, Month)}
	if !r.From.Equal(whole.From) {
		plan.Edges = append(plan.Edges, Range{r.From, whole.From})
	}
	if !r.To.Equal(whole.To) {
		plan.Edges = append(plan.Edges, Range{whole.To, r.To})
	}
	return plan
}

// cover appends the pieces of a range that begins and ends on the hour, using
// buckets no coarser than the grain.
func cover(pieces []Piece, r Range, grain Grain) []Piece {
	if grain == Hour {
		return append(pieces, Piece{Hour, r})
	}
	inner := Range{openCeil(grain, r.From), openFloor(grain, r.To)}
	if inner.holdsNothing() {
		return cover(pieces, r, grain-1)
	}
	if !r.From.Equal(inner.From) {
		pieces = cover(pieces, Range{r.From, inner.From}, grain-1)
	}
	pieces = append(pieces, Piece{grain, inner})
	if !r.To.Equal(inner.To) {
		pieces = cover(pieces, Range{inner.To, r.To}, grain-1)
	}
	return pieces
}

// Whole returns the span that the pieces cover, from the first to the last, and
// whether there are any.
func (p Plan) Whole() (Range, bool) {
	if len(p.Pieces) == 0 {
		return Range{}, false
	}
	return Range{p.Pieces[0].From, p.Pieces[len(p.Pieces)-1].To}, true
}

// Spans returns the spans that the pieces cover, in order. Neighbours are joined;
// what lies between two spans belongs to the edges.
func (p Plan) Spans() []Range {
	var spans []Range
	for _, piece := range p.Pieces {
		if last := len(spans) - 1; last >= 0 && spans[last].To.Equal(piece.From) {
			spans[last].To = piece.To
			continue
		}
		spans = append(spans, piece.Range)
	}
	return spans
}

// Bounded cuts the open ends off the months in which there is data, as far as
// that is known: what lies beyond becomes a piece of its own, which is expected
// to be empty but counts if it is not. data must begin and end with a month.
func (p Plan) Bounded(data Range) Plan {
	bounded := Plan{Edges: p.Edges}
	for _, piece := range p.Pieces {
		rest := piece.Range
		split := func(at time.Time) {
			if !at.IsZero() && !at.After(Latest) && rest.From.Before(at) && (rest.To.IsZero() || at.Before(rest.To)) {
				bounded.Pieces = append(bounded.Pieces, Piece{piece.Grain, Range{rest.From, at}})
				rest.From = at
			}
		}
		if piece.From.IsZero() {
			split(data.From)
		}
		if piece.To.IsZero() {
			split(data.To)
		}
		bounded.Pieces = append(bounded.Pieces, Piece{piece.Grain, rest})
	}
	return bounded
}

// Buckets returns the starts of the piece's buckets, which must have no open end.
func (p Piece) Buckets() iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for at := p.From; at.Before(p.To) && yield(at); at = p.Grain.Next(at) {
		}
	}
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

// openCeil and openFloor round a bound, leaving an open one open.
func openCeil(grain Grain, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return grain.Ceil(t)
}

func openFloor(grain Grain, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return grain.Floor(t)
}
