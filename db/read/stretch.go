package read

import (
	"aiusage/db/where"
	"aiusage/usage"
)

// addPieces adds the condition that a rollup is in one of the pieces.
//
// Where one account is asked for, every bucket is named: the server can then go
// to the account in each bucket, where in a range of buckets it would have to
// read those of everybody.
func addPieces(conditions *where.Conditions, pieces []usage.Piece, named bool) {
	var alternatives []where.Conditions
	for _, one := range stretches(pieces) {
		alternatives = append(alternatives, one.conditions(named))
	}
	conditions.AddAny(alternatives)
}

// addHours adds the condition that a change is of an hour in one of the spans, which must
// have no open ends.
func addHours(conditions *where.Conditions, spans []usage.Range) {
	pieces := make([]usage.Piece, len(spans))
	for i, span := range spans {
		pieces[i] = usage.Piece{Grain: usage.Hour, Range: span}
	}
	var alternatives []where.Conditions
	for _, one := range stretches(pieces) {
		var in where.Conditions
		one.add(&in, "hour")
		alternatives = append(alternatives, in)
	}
	conditions.AddAny(alternatives)
}

// stretch is a run of pieces of one grain with short gaps between them, as midnights that
// are within an hour make in the hours of a daily series. A server looks at every span
// that is named for every row, so that hundreds of them would take longer than the rows;
// buckets in a list are found by halving it.
type stretch struct {
	usage.Piece
	pieces []usage.Piece
	// gaps are the buckets that belong to none of the pieces.
	gaps []any
}

// maxGap is how many buckets a short gap has.
const maxGap = 4

// stretches joins pieces, as far as that can be.
func stretches(pieces []usage.Piece) []stretch {
	var all []stretch
	for _, piece := range pieces {
		if last := len(all) - 1; last < 0 || !all[last].take(piece) {
			all = append(all, stretch{Piece: piece, pieces: []usage.Piece{piece}})
		}
	}
	return all
}

// take makes a piece part of the stretch, unless it is of another grain or too far behind.
func (s *stretch) take(piece usage.Piece) bool {
	if piece.Grain != s.Grain || s.To.IsZero() || piece.From.Before(s.To) {
		return false
	}
	var gap []any
	for at := s.To; at.Before(piece.From); at = s.Grain.Next(at) {
		if gap = append(gap, at); len(gap) > maxGap {
			return false
		}
	}
	if len(s.gaps)+len(gap) > maxNamed {
		return false
	}
	s.To, s.gaps, s.pieces = piece.To, append(s.gaps, gap...), append(s.pieces, piece)
	return true
}

// conditions are those that a rollup is in the stretch.
func (s *stretch) conditions(named bool) where.Conditions {
	var in where.Conditions
	in.Add("grain = ?", s.Grain)
	if starts := s.starts(); named && starts != nil {
		in.Add("bucket IN ("+where.Placeholders(len(starts), 1)+")", starts...)
		return in
	}
	s.add(&in, "bucket")
	return in
}

// add adds the condition that a column is in the stretch.
func (s *stretch) add(in *where.Conditions, column string) {
	in.AddSpans(column, []usage.Range{s.Range})
	if len(s.gaps) > 0 {
		in.Add(column+" NOT IN ("+where.Placeholders(len(s.gaps), 1)+")", s.gaps...)
	}
}

// starts returns the buckets of the stretch to be named, or nil.
func (s *stretch) starts() []any {
	if s.From.IsZero() || s.To.IsZero() {
		return nil
	}
	var starts []any
	for _, piece := range s.pieces {
		for at := range piece.Buckets() {
			if len(starts) == maxNamed {
				return nil
			}
			starts = append(starts, at)
		}
	}
	return starts
}
