package usage

import (
	"fmt"
	"sort"
	"time"
)

// Step is the size of a series' buckets in the time zone of its query.
type Step string

// The steps. A week begins on Monday (ISO 8601).
const (
	Hourly  Step = "HOUR"
	Daily   Step = "DAY"
	Weekly  Step = "WEEK"
	Monthly Step = "MONTH"
)

// Point is the usage of one bucket. Its range is the part of the bucket that is
// in the range of the query.
type Point struct {
	Range
	Usage
}

// Series is usage over time.
type Series struct {
	Query Query
	Step  Step
	AsOf  time.Time
	// Points has every bucket of the range, in order, also those without usage.
	// Ends that the query left open are where the usage begins and ends.
	Points []Point
}

// MostPoints bounds the buckets of a series.
const MostPoints = 10_000

// Buckets cuts a range without open ends into the buckets of a step in a zone.
// The first and the last bucket may be cut. The error is an InvalidArgument when
// there are too many.
func Buckets(r Range, step Step, zone *time.Location) ([]Range, error) {
	var buckets []Range
	for at := r.From; at.Before(r.To); {
		if len(buckets) == MostPoints || (r.To.Unix()-at.Unix())/int64(step.most().Seconds()) > MostPoints {
			return nil, invalid("step", "a series has at most %d points; narrow the range or take a larger step", MostPoints)
		}
		next, err := step.next(at, zone)
		if err != nil {
			return nil, err
		}
		if next.After(r.To) {
			next = r.To
		}
		buckets = append(buckets, Range{at, next})
		at = next
	}
	return buckets, nil
}

// most is more than the length of any bucket.
func (s Step) most() time.Duration {
	const day = 24 * time.Hour
	switch s {
	case Hourly:
		return 2 * time.Hour
	case Daily:
		return 3 * day
	case Weekly:
		return 9 * day
	}
	return 34 * day
}

// next returns where the bucket that holds an instant ends.
func (s Step) next(t time.Time, zone *time.Location) (time.Time, error) {
	if s == Hourly {
		return nextHour(t, zone), nil
	}
	year, month, day := t.In(zone).Date()
	switch s {
	case Daily:
		day++
	case Weekly:
		// Days since Monday, so that the week ends with the Sunday.
		since := (int(t.In(zone).Weekday()) + 6) % 7
		day += 7 - since
	case Monthly:
		month, day = month+1, 1
	default:
		return time.Time{}, invalid("step", "step %s is not a step of a series", quote(string(s)))
	}
	next := wallClockAt(year, month, day, 0, 0, 0, 0).in(zone)
	if !next.After(t) {
		// The zone skipped to behind that midnight: the bucket ends with the next one.
		next = wallClockAt(year, month, day, 0, 0, 0, 0).nextDay().in(zone)
	}
	return next.UTC(), nil
}

// nextHour returns the next full hour on the clocks of a zone. Where they are put
// back by an hour, the repeated hour counts once on each side; where they are
// moved by part of an hour, an hour is cut there.
func nextHour(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	_, offset := local.Zone()
	into := (t.Unix() + int64(offset)) % 3600
	if into < 0 {
		into += 3600
	}
	next := time.Unix(t.Unix()-into+3600, 0).UTC()
	if _, until := local.ZoneBounds(); !until.IsZero() && until.Before(next) {
		return until.UTC()
	}
	return next
}

// SeriesPlan says how a series is put together: what is read, and how finely raw
// sessions have to be told apart.
type SeriesPlan struct {
	Plan
	// Slot is the length, in seconds, of spans of time since 1970 of which none
	// crosses from one bucket of the series into another within an hour. Sums of
	// raw sessions by slot can be given to buckets.
	Slot int64
}

// NewSeriesPlan plans the buckets of a series, which must be neighbours, in order
// and within a normal range. Runs of the same grain are joined.
func NewSeriesPlan(buckets []Range) SeriesPlan {
	plan := SeriesPlan{Slot: 3600}
	for i, bucket := range buckets {
		one := NewPlan(bucket)
		for _, piece := range one.Pieces {
			plan.addPiece(piece)
		}
		for _, edge := range one.Edges {
			plan.addEdge(edge)
		}
		if i > 0 {
			plan.Slot = greatestDivisor(plan.Slot, bucket.From.Unix())
		}
	}
	return plan
}

func (p *SeriesPlan) addPiece(piece Piece) {
	if last := len(p.Pieces) - 1; last >= 0 && p.Pieces[last].Grain == piece.Grain && p.Pieces[last].To.Equal(piece.From) {
		p.Pieces[last].To = piece.To
		return
	}
	p.Pieces = append(p.Pieces, piece)
}

func (p *SeriesPlan) addEdge(edge Range) {
	if last := len(p.Edges) - 1; last >= 0 && p.Edges[last].To.Equal(edge.From) {
		p.Edges[last].To = edge.To
		return
	}
	p.Edges = append(p.Edges, edge)
}

// greatestDivisor is the greatest number that divides both.
func greatestDivisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, -a)
}

// Parts are sums that a series is made of: what happened from an instant on, for
// so short that it belongs to one bucket.
type Parts map[time.Time]Usage

// NewSeries gives the parts to the buckets.
func NewSeries(query Query, step Step, asOf time.Time, buckets []Range, parts Parts) (*Series, error) {
	series := &Series{Query: query, Step: step, AsOf: showIn(asOf, query.Zone), Points: make([]Point, len(buckets))}
	for i, bucket := range buckets {
		series.Points[i].Range = bucket
	}
	for at, part := range parts {
		i := bucketAt(buckets, at)
		if i < 0 {
			if part == (Usage{}) {
				continue
			}
			return nil, fmt.Errorf("usage at %s is in no bucket of the series", at)
		}
		series.Points[i].Usage = series.Points[i].Plus(part)
	}
	return series, nil
}

// bucketAt returns the index of the bucket that holds an instant, or -1. An
// instant before the first bucket, in whose slot that begins, belongs to it.
func bucketAt(buckets []Range, at time.Time) int {
	i := sort.Search(len(buckets), func(i int) bool { return buckets[i].From.After(at) }) - 1
	if i < 0 && len(buckets) > 0 {
		return 0
	}
	if i < 0 || !at.Before(buckets[i].To) {
		return -1
	}
	return i
}
