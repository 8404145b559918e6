package read

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"aiusage/usage"
)

// A stretch holds the buckets of its pieces and no others, whether they are named or not.
func TestStretchesHoldWhatTheirPiecesHold(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	joined := 0
	for range 200 {
		var pieces []usage.Piece
		for at, i := begin, 0; i < 8; i++ {
			grain := usage.Grains[random.IntN(10)/8] // mostly hours, some days
			from := grain.Ceil(at.Add(time.Duration(random.IntN(8)) * time.Hour))
			to := from
			for range 1 + random.IntN(5) {
				to = grain.Next(to)
			}
			pieces, at = append(pieces, usage.Piece{Grain: grain, Range: usage.Range{From: from, To: to}}), to
		}
		all := stretches(pieces)
		for _, grain := range usage.Grains[:2] {
			for at := begin; at.Before(begin.AddDate(0, 0, 60)); at = grain.Next(at) {
				within := func(piece usage.Piece) bool {
					return piece.Grain == grain && !at.Before(piece.From) && at.Before(piece.To)
				}
				want := slices.ContainsFunc(pieces, within)
				held := slices.ContainsFunc(all, func(s stretch) bool { return within(s.Piece) && !slices.Contains(s.gaps, any(at)) })
				named := slices.ContainsFunc(all, func(s stretch) bool { return s.Grain == grain && slices.Contains(s.starts(), any(at)) })
				if held != want || named != want {
					t.Fatalf("%s %v: held %v, named %v, want %v: %+v", grain, at, held, named, want, pieces)
				}
			}
		}
		joined += len(pieces) - len(all)
	}
	if joined < 200 {
		t.Errorf("only %d pieces were joined", joined)
	}
}

// Midnights within an hour make one stretch of a series, however long that is.
func TestASeriesOfDaysIsOneStretch(t *testing.T) {
	begin := time.Date(2025, 1, 1, 18, 30, 0, 0, time.UTC)
	buckets, err := usage.Buckets(usage.Range{From: begin, To: begin.AddDate(1, 0, 0)}, usage.Daily, time.FixedZone("", 5*3600+1800))
	if err != nil {
		t.Fatal(err)
	}
	plan := usage.NewSeriesPlan(buckets)
	if all := stretches(plan.Pieces); len(plan.Pieces) != 365 || len(all) != 1 || len(all[0].gaps) != 364 {
		t.Errorf("%d pieces are %d stretches", len(plan.Pieces), len(all))
	}
	far := []usage.Piece{{Grain: usage.Hour, Range: usage.Range{From: begin.Add(30 * time.Minute), To: begin.Add(90 * time.Minute)}},
		{Grain: usage.Hour, Range: usage.Range{From: begin.Add(90*time.Minute + (maxGap+1)*time.Hour), To: begin.AddDate(0, 0, 1)}}}
	if all := stretches(far); len(all) != 2 {
		t.Errorf("pieces that are far from each other are %d stretches", len(all))
	}
	for name, ends := range map[string]usage.Range{"a start": {To: far[0].To}, "an end": {From: far[0].From}} {
		if all := stretches([]usage.Piece{{Grain: usage.Hour, Range: ends}}); all[0].starts() != nil {
			t.Errorf("without %s: buckets can be named", name)
		}
	}
}
