package phase

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"aiusage/db/column"
	"aiusage/usage"
)

// Every instant of a range is read once: from sums where these may be read or sessions were
// dropped, and from sessions otherwise. Instants are tried one by one.
func TestAPlanReadsEachInstantOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	begin := time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)
	at := func() time.Time { return begin.Add(time.Duration(random.IntN(20*24*4)) * 15 * time.Minute) }
	const steps = 25 * 24 * 4
	refused := 0
	for range 3000 {
		state := &State{Phase: []Phase{Ready, Raw, Filling}[random.IntN(3)]}
		span := usage.Range{From: at(), To: at()}
		if !span.From.Before(span.To) {
			continue
		}
		if random.IntN(2) == 0 {
			kept := usage.Hour.Floor([]time.Time{at(), at(), span.From, span.To}[random.IntN(4)])
			state.RawFrom = sql.NullTime{Time: kept, Valid: true}
		}
		if random.IntN(8) == 0 {
			span.From = time.Time{}
		}
		if random.IntN(8) == 0 {
			span.To = time.Time{}
		}
		query := usage.SeriesQuery{Query: usage.Query{Zone: time.FixedZone("", []int{0, 3600*5 + 1800}[random.IntN(2)])}}
		query.StartsBy, query.EndsBy = usage.ArgStartDate, usage.ArgEndDate
		if !span.From.IsZero() && !span.To.IsZero() && random.IntN(2) == 0 {
			query.Step = []usage.Step{usage.Hourly, usage.Daily, usage.Monthly}[random.IntN(3)]
		}
		plan, buckets, err := state.Plan(query, span)
		name := fmt.Sprintf("%s, sessions from %v, %v in %d buckets", state.Phase, state.RawFrom, span, len(buckets))
		if coded, ok := errors.AsType[*usage.Error](err); ok && coded.Code == usage.InvalidArgument && state.RawFrom.Valid {
			refused++
			if coded.Argument == "" || len(coded.Accepted) == 0 && span.To.After(state.RawFrom.Time) {
				t.Fatalf("%s: no advice: %v", name, err)
			}
			if !slices.ContainsFunc(buckets, func(b usage.Range) bool { return cutsDroppedHour(b, state.RawFrom.Time) }) {
				t.Fatalf("%s: refused though no bucket cuts an hour that was dropped: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, one := range slices.Concat(plan.Edges, spansOf(plan.Pieces)) {
			if !one.To.IsZero() && !one.From.Before(one.To) {
				t.Fatalf("%s: %v, in which there is nothing, is read: %+v", name, one, plan)
			}
		}
		for i := range steps {
			instant := begin.Add(time.Duration(i-2*24*4) * 15 * time.Minute)
			dropped := state.RawFrom.Valid && instant.Before(state.RawFrom.Time)
			sums, sessions := 0, 0
			for _, piece := range plan.Pieces {
				sums += holds(piece.Range, instant)
			}
			for _, edge := range plan.Edges {
				sessions += holds(edge, instant)
			}
			want := holds(span, instant)
			switch {
			case sums+sessions != want:
				t.Fatalf("%s: %v is read %d times from sums and %d from sessions: %+v", name, instant, sums, sessions, plan)
			case dropped && sessions > 0:
				t.Fatalf("%s: the sessions of %v have been dropped: %+v", name, instant, plan)
			case state.Phase != Ready && !dropped && sums > 0:
				t.Fatalf("%s: %v is read from sums: %+v", name, instant, plan)
			}
		}
		if want := state.Phase == Ready || len(plan.Pieces) > 0; (state.Source(plan) == usage.FromRollups) != want {
			t.Fatalf("%s: read from %s: %+v", name, state.Source(plan), plan)
		}
	}
	if refused < 100 {
		t.Errorf("only %d were refused", refused)
	}
}

// cutsDroppedHour tells whether a bucket begins or ends within an hour without sessions.
func cutsDroppedHour(bucket usage.Range, kept time.Time) bool {
	cuts := func(at time.Time) bool {
		return !at.IsZero() && at.Before(kept) && !usage.Hour.Floor(at).Equal(at)
	}
	return cuts(bucket.From) || cuts(bucket.To)
}

func spansOf(pieces []usage.Piece) (spans []usage.Range) {
	for _, piece := range pieces {
		spans = append(spans, piece.Range)
	}
	return spans
}

func holds(span usage.Range, at time.Time) int {
	if at.Before(span.From) || !span.To.IsZero() && !at.Before(span.To) {
		return 0
	}
	return 1
}

// A statement names at most so many spans of sessions; beyond that it reads all in between.
func TestAPlanOfManyEdgesIsOne(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	zone := time.FixedZone("", 5*3600+1800)
	for days, want := range map[int]int{maxEdges - 1: maxEdges - 1, maxEdges: maxEdges, maxEdges + 1: 1} {
		span := usage.Range{From: begin, To: begin.AddDate(0, 0, days)}
		query := usage.SeriesQuery{Query: usage.Query{Zone: zone}, Step: usage.Daily}
		plan, _, err := (&State{Phase: Ready}).Plan(query, span)
		if err != nil || len(plan.Edges) != want {
			t.Errorf("%d days: %d edges, %v", days, len(plan.Edges), err)
		}
		if want == 1 {
			// The first midnight is at 18:30 of the first day, the last one of the last day.
			edge := usage.Range{From: begin.Add(18 * time.Hour), To: span.To.Add(-5 * time.Hour)}
			pieces := []usage.Piece{{Grain: usage.Hour, Range: usage.Range{From: begin, To: edge.From}}, {Grain: usage.Hour, Range: usage.Range{From: edge.To, To: span.To}}}
			if plan.Edges[0] != edge || !slices.Equal(plan.Pieces, pieces) {
				t.Errorf("%d days: %+v", days, plan)
			}
		}
		kept := sql.NullTime{Time: begin.AddDate(0, 0, 1), Valid: true}
		if _, _, err := (&State{Phase: Ready, RawFrom: kept}).Plan(query, span); err == nil {
			t.Errorf("%d days: a midnight within an hour that was dropped is not refused", days)
		}
		// Nothing cuts the hour that was dropped, and no more sessions are read than from the first cut on.
		kept.Time = begin.Add(time.Hour)
		if _, _, err := (&State{Phase: Ready, RawFrom: kept}).Plan(query, span); err != nil {
			t.Errorf("%d days from an hour that was dropped: %v", days, err)
		}
		kept.Time = begin
		if _, _, err := (&State{Phase: Ready, RawFrom: kept}).Plan(query, span); err != nil {
			t.Errorf("%d days: nothing was dropped, and %v", days, err)
		}
	}
}

// A range without buckets, which is one without usage, reads nothing: its span has no ends.
func TestAPlanOfNoBucketsReadsNothing(t *testing.T) {
	for _, phase := range []Phase{Ready, Filling, Raw} {
		for _, kept := range []sql.NullTime{{}, {Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Valid: true}} {
			plan, _, err := (&State{Phase: phase, RawFrom: kept}).Plan(usage.SeriesQuery{Query: usage.Query{Zone: time.UTC}, Step: usage.Daily}, usage.Range{})
			if err != nil || len(plan.Edges)+len(plan.Pieces) != 0 {
				t.Errorf("%s, sessions from %v: %+v, %v", phase, kept, plan, err)
			}
		}
	}
}

// What is undated is counted where a range has no ends, once.
func TestPiecesOfAllOfTime(t *testing.T) {
	month := func(m time.Month) time.Time { return time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC) }
	state := &State{Phase: Ready, data: usage.Range{From: month(2), To: month(5)}}
	plan := func(span usage.Range) []usage.Piece {
		plan, _, err := state.Plan(usage.SeriesQuery{}, span)
		if err != nil {
			t.Fatal(err)
		}
		return state.Pieces(plan)
	}
	undated := usage.Piece{Grain: usage.Month, Range: usage.Range{From: column.Undated, To: usage.Month.Next(column.Undated)}}
	if pieces := plan(usage.Range{}); !slices.Contains(pieces, undated) || len(pieces) != 4 {
		t.Errorf("all of time: %+v", pieces)
	}
	for name, span := range map[string]usage.Range{"an end": {To: month(4)}, "a start": {From: month(3)}, "both": {From: month(3), To: month(4)}} {
		if pieces := plan(span); slices.Contains(pieces, undated) || len(pieces) == 0 {
			t.Errorf("%s: %+v", name, pieces)
		}
	}
	hour := usage.Range{From: month(3), To: month(3).Add(time.Minute)}
	if pieces := plan(hour); len(pieces) != 0 {
		t.Errorf("within an hour: %+v", pieces)
	}
	state.data = usage.Range{}
	if pieces := plan(usage.Range{}); len(pieces) != 1 || pieces[0].Range != (usage.Range{}) {
		t.Errorf("without data: %+v", pieces)
	}
}

func TestAStateIsKnownByItsToken(t *testing.T) {
	ready := &State{Phase: Ready, Generation: 5}
	for name, other := range map[string]*State{
		"another generation":  {Phase: Ready, Generation: 6},
		"raw":                 {Phase: Raw, Generation: 5},
		"filling":             {Phase: Filling, Generation: 5},
		"another correction":  {Phase: Ready, Generation: 5, Corrections: 1},
		"without the rollups": ready.WithoutRollups(),
	} {
		if ready.Is(other) || other.Is(ready) {
			t.Errorf("%s is the same", name)
		}
	}
	if filling := (&State{Phase: Filling, Generation: 5}); filling.Is(&State{Phase: Raw, Generation: 5}) || filling.Token() == ready.Token() {
		t.Error("filling is taken for raw or ready")
	}
	if !ready.Is(&State{Phase: Ready, Generation: 5, Reason: "whatever"}) {
		t.Error("a reason makes another state")
	}
	if got := ready.WithoutRollups(); got.Token() != ready.Token() || got.Phase != Raw {
		t.Errorf("without the rollups: %+v", got)
	}
	kept := sql.NullTime{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Valid: true}
	if got := (&State{Phase: Ready, RawFrom: kept}).WithoutRollups(); got.RawFrom != kept {
		t.Errorf("without the rollups, what was dropped is not known: %+v", got)
	}
	seen := map[int64]bool{}
	for range 1000 {
		generation := NewGeneration()
		if generation <= 0 || seen[generation] {
			t.Fatalf("the generation is %d", generation)
		}
		seen[generation] = true
	}
}
