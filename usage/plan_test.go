package usage

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// ranges draws normal ranges that are not empty, from milliseconds to decades,
// some with open ends.
func ranges() *rapid.Generator[Range] {
	return rapid.Custom(func(t *rapid.T) Range {
		from := Earliest.Add(time.Duration(rapid.Int64Range(1, 400_000).Draw(t, "hour"))*time.Hour).
			AddDate(rapid.IntRange(0, 8950).Draw(t, "years"), 0, 0)
		unit := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Minute, time.Hour, 24 * time.Hour, 24 * 30 * time.Hour}).Draw(t, "unit")
		from = from.Add(time.Duration(rapid.Int64Range(0, 3_600_000).Draw(t, "ms")) * rapid.SampledFrom([]time.Duration{0, time.Millisecond}).Draw(t, "odd start"))
		to := from.Add(time.Duration(rapid.Int64Range(1, 400).Draw(t, "length")) * unit)
		r := Range{from, to}
		switch rapid.IntRange(0, 9).Draw(t, "open") {
		case 0:
			r.From = time.Time{}
		case 1:
			r.To = time.Time{}
		case 2:
			r = Range{}
		}
		r, ok := r.Normal()
		if !ok {
			t.Skip("empty")
		}
		return r
	})
}

// spans returns everything a plan covers, in the order of time.
func spans(p Plan) []Range {
	var all []Range
	for _, piece := range p.Pieces {
		all = append(all, piece.Range)
	}
	all = append(all, p.Edges...)
	slices.SortFunc(all, func(a, b Range) int { return a.From.Compare(b.From) })
	return all
}

func checkCover(t *rapid.T, r Range, plan Plan) {
	at := r.From
	for i, span := range spans(plan) {
		if !span.From.Equal(at) || i > 0 && at.IsZero() {
			t.Fatalf("%v: a gap or an overlap at %v in %v", r, at, plan)
		}
		if span.holdsNothing() {
			t.Fatalf("%v: an empty piece in %v", r, plan)
		}
		at = span.To
	}
	if !at.Equal(r.To) {
		t.Fatalf("%v: %v ends at %v", r, plan, at)
	}
	for _, piece := range plan.Pieces {
		if !openFloor(piece.Grain, piece.From).Equal(piece.From) || !openFloor(piece.Grain, piece.To).Equal(piece.To) {
			t.Fatalf("%v: %v does not begin and end with a bucket", r, piece)
		}
	}
}

func TestAPlanCoversItsRangeWithoutGapOrOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := ranges().Draw(t, "range")
		plan := NewPlan(r)
		checkCover(t, r, plan)
		whole, _ := plan.Whole()
		for _, edge := range plan.Edges {
			if len(plan.Pieces) > 0 && edge.To.Sub(edge.From) >= time.Hour {
				t.Fatalf("%v: the edge %v has a whole hour outside %v", r, edge, whole)
			}
		}
		data := Range{Month.Floor(Earliest.AddDate(rapid.IntRange(0, 8998).Draw(t, "first year"), 3, 0)), time.Time{}}
		data.To = data.From.AddDate(0, rapid.IntRange(1, 500).Draw(t, "months"), 0)
		checkCover(t, r, plan.Bounded(data))
	})
}

// fewest counts the buckets of the best cover by trying all of them, from the end.
func fewest(r Range) int {
	hours := int(r.To.Sub(r.From) / time.Hour)
	best := make([]int, hours+1)
	for i := hours - 1; i >= 0; i-- {
		at := r.From.Add(time.Duration(i) * time.Hour)
		best[i] = 1 + best[i+1]
		for _, grain := range []Grain{Day, Month} {
			next := i + int(grain.Next(at).Sub(at)/time.Hour)
			if grain.Floor(at).Equal(at) && next <= hours {
				best[i] = min(best[i], 1+best[next])
			}
		}
	}
	return best[0]
}

func TestAPlanHasTheFewestBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2024, 1, 1, rapid.IntRange(0, 9000).Draw(t, "from"), 0, 0, 0, time.UTC)
		r := Range{from, from.Add(time.Duration(rapid.IntRange(1, 4000).Draw(t, "hours")) * time.Hour)}
		count := 0
		for _, piece := range NewPlan(r).Pieces {
			count += len(slices.Collect(piece.Buckets()))
		}
		if want := fewest(r); count != want {
			t.Fatalf("%v: %d buckets, %d would do", r, count, want)
		}
	})
}

func TestPlansByExample(t *testing.T) {
	at := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		instant, err := time.Parse("2006-01-02T15:04:05.999", text)
		if err != nil {
			t.Fatal(err)
		}
		return instant
	}
	for _, c := range []struct {
		from, to                   string
		hours, days, months, edges int
	}{
		{"2026-03-01T00:00:00", "2026-04-01T00:00:00", 0, 0, 1, 0},
		{"2026-03-01T00:00:00.001", "2026-04-01T00:00:00.001", 23, 30, 0, 2},
		{"2026-01-31T23:30:00", "2026-03-01T01:15:00", 1, 0, 1, 2},
		{"2026-03-01T10:30:00", "2026-03-01T11:30:00", 0, 0, 0, 1},
		{"2026-03-01T10:30:00", "2026-03-01T12:00:00", 1, 0, 0, 1},
		{"2024-02-28T22:00:00", "2024-03-02T00:00:00", 2, 2, 0, 0},
		{"9999-12-31T23:59:59.999", "", 0, 0, 0, 1},
	} {
		plan := NewPlan(Range{at(c.from), at(c.to)})
		counts := map[Grain]int{}
		for _, piece := range plan.Pieces {
			counts[piece.Grain] += len(slices.Collect(piece.Buckets()))
		}
		if counts[Hour] != c.hours || counts[Day] != c.days || counts[Month] != c.months || len(plan.Edges) != c.edges {
			t.Errorf("%s to %s: got %v", c.from, c.to, plan)
		}
	}
	if plan := NewPlan(Range{}); len(plan.Pieces) != 1 || plan.Pieces[0].Grain != Month || len(plan.Edges) != 0 {
		t.Errorf("everything: got %v", plan)
	}
}
