package read

import (
	"slices"
	"time"

	"aiusage/db/where"
	"aiusage/usage"
)

const (
	// spansOfAGrid is how many spans of one grid a condition has. A server looks at each of
	// them for every row, so beyond that their buckets are named, and found by halving the
	// list.
	spansOfAGrid = 16
	// maxNamed bounds the buckets that one condition names.
	maxNamed = 5000
)

// inPieces returns conditions, of which a sum in one of the pieces meets one: at most one
// of each of the groups that are to be asked for together. named has every bucket named,
// where the server can then go to one account in each of them, and would have to read
// those of everybody in a span.
func inPieces(pieces []usage.Piece, named bool) (groups [][]where.Conditions) {
	var first []where.Conditions
	for len(pieces) > 0 {
		code := pieces[0].Grid.Code()
		end := slices.IndexFunc(pieces, func(piece usage.Piece) bool { return piece.Grid.Code() != code })
		if end < 0 {
			end = len(pieces)
		}
		of := pieces[:end]
		pieces = pieces[end:]
		spans := joined(of)
		var starts []time.Time
		if named || len(spans) > spansOfAGrid {
			starts = buckets(of)
		}
		if starts == nil {
			var one where.Conditions
			one.Add("grain = ?", code)
			one.AddSpans("bucket", spans)
			first = append(first, one)
			continue
		}
		for some := range slices.Chunk(starts, maxNamed) {
			var one where.Conditions
			one.Add("grain = ?", code)
			one.Add("bucket IN ("+where.Placeholders(len(some), 1)+")", where.Args(some)...)
			if len(starts) <= maxNamed {
				first = append(first, one)
			} else {
				groups = append(groups, []where.Conditions{one})
			}
		}
	}
	if len(first) > 0 {
		groups = append(groups, first)
	}
	return groups
}

// joined returns the spans of pieces of one grid, with neighbours as one.
func joined(pieces []usage.Piece) []usage.Range {
	var spans []usage.Range
	for _, piece := range pieces {
		if last := len(spans) - 1; last >= 0 && spans[last].To.Equal(piece.From) {
			spans[last].To = piece.To
			continue
		}
		spans = append(spans, piece.Range)
	}
	return spans
}

// maxBuckets bounds the buckets of a grid that are named at all.
const maxBuckets = 200_000

// buckets returns the starts of the buckets of pieces, or nil where there are too many or
// an end is open.
func buckets(pieces []usage.Piece) []time.Time {
	var starts []time.Time
	for _, piece := range pieces {
		its := piece.Buckets(maxBuckets - len(starts))
		if its == nil {
			return nil
		}
		starts = append(starts, its...)
	}
	return starts
}
