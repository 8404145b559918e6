package read

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/where"
	"aiusage/usage"
)

// daily are pieces of days, each from one day of spring to another.
func daily(ends ...int) (pieces []usage.Piece) {
	for i := 0; i < len(ends); i += 2 {
		pieces = append(pieces, usage.Piece{Grid: usage.Grid{Grain: usage.Day, Calendar: usage.UTCCalendar}, Edge: days(ends[i], ends[i+1])})
	}
	return pieces
}

// apartBy are so many days, with one between two of them.
func apartBy(count int) (ends []int) {
	for i := range count {
		ends = append(ends, 2*i, 2*i+1)
	}
	return ends
}

// Pieces are asked for by their spans as long as these are few, and by their buckets otherwise or
// where they are to be; so many buckets that one condition does not name them are asked for apart.
func TestPiecesAreAskedForBySpanOrByBucket(t *testing.T) {
	month := usage.Piece{Grid: usage.Grid{Grain: usage.Month, Calendar: usage.UTCCalendar}, Edge: days(0, 31)}
	open := usage.Piece{Grid: usage.Grid{Grain: usage.Month, Calendar: usage.UTCCalendar}, Edge: usage.Edge{Range: usage.Range{To: spring}}}
	for what, c := range map[string]struct {
		pieces []usage.Piece
		named  bool
		// groups are, for each of those, its grids, each with how many spans or -buckets it names.
		groups [][]int
	}{
		"none":                       {nil, false, nil},
		"a span":                     {daily(0, 3), false, [][]int{{1}}},
		"neighbours":                 {daily(0, 3, 3, 5), false, [][]int{{1}}},
		"spans apart":                {daily(0, 3, 4, 5), false, [][]int{{2}}},
		"of two grids":               {append(daily(0, 3, 4, 5), month), false, [][]int{{2, 1}}},
		"as many spans as there may": {daily(apartBy(spansOfAGrid)...), false, [][]int{{spansOfAGrid}}},
		"more spans":                 {daily(apartBy(spansOfAGrid + 1)...), false, [][]int{{-spansOfAGrid - 1}}},
		"buckets":                    {daily(0, 3, 4, 5), true, [][]int{{-4}}},
		"as many buckets as one has": {daily(0, maxNamed), true, [][]int{{-maxNamed}}},
		"more buckets":               {append(daily(0, maxNamed+1), month), true, [][]int{{-maxNamed}, {-1}, {-1}}},
		"without an end":             {append(daily(0, 2), open), true, [][]int{{-2, 1}}},
	} {
		groups := inPieces(c.pieces, c.named)
		var got [][]int
		for _, group := range groups {
			var grids []int
			for _, one := range group {
				if text := one.String(); strings.Contains(text, "bucket IN") {
					grids = append(grids, 1-strings.Count(text, "?"))
				} else {
					grids = append(grids, 1+strings.Count(text, " OR "))
				}
			}
			got = append(got, grids)
		}
		if !slices.EqualFunc(got, c.groups, slices.Equal) {
			t.Errorf("%s: got %v, want %v", what, got, c.groups)
		}
	}
	var one where.Conditions
	for _, group := range inPieces(append(daily(0, 3), month), false) {
		one.AddAny(group)
	}
	if want := []any{2, spring, spring.AddDate(0, 0, 3), 3, spring, spring.AddDate(0, 0, 31)}; !slices.Equal(one.Args, want) {
		t.Errorf("got %v, want %v", one.Args, want)
	}
}

// Buckets are named by where they begin, all of them or none.
func TestBucketsOfPieces(t *testing.T) {
	if got := buckets(daily(0, 2, 5, 6)); !slices.Equal(got, []time.Time{spring, spring.AddDate(0, 0, 1), spring.AddDate(0, 0, 5)}) {
		t.Errorf("got %v", got)
	}
	quarters := usage.Piece{Grid: usage.Grid{Grain: usage.QuarterHour}, Edge: days(0, maxBuckets/96)}
	if got := buckets([]usage.Piece{quarters}); len(got) != maxBuckets/96*96 {
		t.Errorf("%d are named", len(got))
	}
	if got := buckets([]usage.Piece{quarters, {Grid: quarters.Grid, Edge: days(5000, 5001)}}); got != nil {
		t.Errorf("%d are named", len(got))
	}
	all := named(daily(0, 2, 5, 6), 3)
	if want := []bucket{{2, "2026-03-01 00:00:00"}, {2, "2026-03-02 00:00:00"}, {2, "2026-03-06 00:00:00"}}; !slices.Equal(all, want) {
		t.Errorf("got %v, want %v", all, want)
	}
	if got := named(daily(0, 2, 5, 6), 2); got != nil {
		t.Errorf("got %v", got)
	}
}

// Single sessions are read by so many spans at a time, of which neighbours are one.
func TestEdgesAreReadByTheirSpans(t *testing.T) {
	q := &question{}
	for i := range 20 {
		q.plan.Edges = append(q.plan.Edges, days(3*i, 3*i+1), days(3*i+1, 3*i+2))
	}
	s := &statement{}
	q.addEdges(s)
	if len(s.parts) != 2 || strings.Count(s.String(), "?") != len(s.args) {
		t.Fatalf("%d parts with %d arguments: %s", len(s.parts), len(s.args), s)
	}
	for i, want := range []int{edgesTogether, 20 - edgesTogether} {
		if got := strings.Count(s.parts[i], "started_at >= ?"); got != want {
			t.Errorf("part %d has %d spans, want %d", i, got, want)
		}
	}
	if got := s.args[len(s.args)-1]; got != any(spring.AddDate(0, 0, 59)) {
		t.Errorf("the last one ends %v", got)
	}
	if !strings.Contains(s.parts[1], "32 + TIMESTAMPDIFF") || strings.Contains(s.parts[0], "32 + ") {
		t.Errorf("the second part does not begin with the 33rd edge: %s", s.parts[1])
	}
}

// The index of a span is found by halving the runs of spans that are alike, and by a division within one.
func TestIndexOfASpan(t *testing.T) {
	hours := func(from, to int) (spans []usage.Range) {
		for ; from < to; from++ {
			spans = append(spans, usage.Range{From: spring.Add(time.Duration(from) * time.Hour), To: spring.Add(time.Duration(from+1) * time.Hour)})
		}
		return spans
	}
	spans := slices.Concat(hours(0, 3), []usage.Range{days(2, 3).Range}, hours(96, 98))
	got, args := indexOf("c", usage.BucketRuns(spans), 5)
	const want = "IF(c < ?, 5 + TIMESTAMPDIFF(SECOND, ?, c) DIV CAST(3600 AS SIGNED), IF(c < ?, 8, 9 + TIMESTAMPDIFF(SECOND, ?, c) DIV CAST(3600 AS SIGNED)))"
	if begins := []any{spring.AddDate(0, 0, 2), spring, spring.AddDate(0, 0, 4), spring.AddDate(0, 0, 4)}; got != want || !slices.Equal(args, begins) {
		t.Errorf("got %s of %v", got, args)
	}
}

// Changes are added up together only where all of them count once in the first point.
func TestWhatCountsOnceInTheFirstPoint(t *testing.T) {
	one := usage.Share{Times: 1}
	for what, c := range map[string]struct {
		summed []usage.Edge
		want   bool
	}{
		"once": {[]usage.Edge{days(0, 1, one)}, true}, "taken away": {[]usage.Edge{days(0, 1, usage.Share{Times: -1})}, false}, "twice": {[]usage.Edge{days(0, 1, usage.Share{Times: 2})}, false},
		"in the second": {[]usage.Edge{days(0, 1, usage.Share{Point: 1, Times: 1})}, false}, "in two": {[]usage.Edge{days(0, 1, one, usage.Share{Point: 1, Times: 1})}, false},
		"two spans": {[]usage.Edge{days(0, 1, one), days(2, 3, one)}, false}, "none": {nil, false},
	} {
		if got := (&question{plan: usage.Plan{Summed: c.summed}}).countsOnce(); got != c.want {
			t.Errorf("%s: %v", what, got)
		}
	}
}
