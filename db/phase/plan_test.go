package phase

import (
	"database/sql"
	"reflect"
	"slices"
	"testing"
	"time"

	"aiusage/db/column"
	"aiusage/usage"
)

func holds(span usage.Range, at time.Time) int {
	if at.Before(span.From) || !span.To.IsZero() && !at.Before(span.To) {
		return 0
	}
	return 1
}

// A statement names at most so many spans of sessions; beyond that it reads all in between,
// unless some of them have been dropped.
func TestAPlanOfManyEdgesIsOne(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	zone := time.FixedZone("", 5*3600+1800)
	for days, want := range map[int]bool{maxEdges - 2: false, maxEdges - 1: false, maxEdges: true, maxEdges + 10: true} {
		span := usage.Range{From: begin.Add(-5*time.Hour - 30*time.Minute), To: begin.AddDate(0, 0, days).Add(-5*time.Hour - 30*time.Minute)}
		query := usage.SeriesQuery{Query: usage.Query{Zone: zone}, Step: usage.Daily}
		state := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}}
		plan, _, err := state.Plan(query, span)
		if err != nil || (len(plan.Pieces) == 0) != want || want && (len(plan.Edges) != days || plan.Edges[0].From != span.From) {
			t.Errorf("%d days: %d pieces and %d edges, %v", days, len(plan.Pieces), len(plan.Edges), err)
		}
		state.RawFrom = sql.NullTime{Time: begin.AddDate(0, 0, 1), Valid: true}
		if plan, _, err := state.Plan(query, span); err != nil || len(plan.Pieces) == 0 || len(plan.Kept) != 2 {
			t.Errorf("%d days, some dropped: %d pieces, %+v, %v", days, len(plan.Pieces), plan.Kept, err)
		}
	}
}

// All accounts by quarter-hours and hours are looked up one by one, so with many of them
// their sessions are read instead, where there are any.
func TestAPlanOfManyAccountsReadsDaysAndSessions(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	query := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC, Level: usage.ByAccount}}
	span := usage.Range{From: begin.Add(-5 * time.Hour), To: begin.AddDate(0, 0, 9)}
	state := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}, Accounts: maxLookUps / 5}
	fine := func(query usage.SeriesQuery) bool {
		plan, _, err := state.Plan(query, span)
		if err != nil {
			t.Fatal(err)
		}
		return plan.FineBuckets() > 0
	}
	if !fine(query) {
		t.Error("as many look-ups as there may be are not made")
	}
	if state.Accounts++; fine(query) {
		t.Error("more look-ups are made")
	}
	one, scoped, rows, everybody := query, query, query, query
	one.AccountID, scoped.Accounts, rows.Subjects, everybody.Level = "a", []string{"a", "b"}, []usage.Subject{{AccountID: "a"}}, usage.Together
	for name, other := range map[string]usage.SeriesQuery{"one": one, "a scope": scoped, "rows": rows, "everybody": everybody} {
		if !fine(other) {
			t.Errorf("%s is read from sessions", name)
		}
	}
	if state.RawFrom = (sql.NullTime{Time: begin, Valid: true}); !fine(query) {
		t.Error("sessions that have been dropped are read")
	}
}

// A range without buckets, which is one without usage, reads nothing: its span has no ends.
func TestAPlanOfNoBucketsReadsNothing(t *testing.T) {
	for _, phase := range []Phase{Ready, Filling, Raw} {
		for _, kept := range []sql.NullTime{{}, {Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Valid: true}} {
			plan, _, err := (&State{Phase: phase, Believed: true, RawFrom: kept}).Plan(usage.SeriesQuery{Query: usage.Query{Zone: time.UTC}, Step: usage.Daily}, usage.Range{})
			if err != nil || len(plan.Edges)+len(plan.Pieces) != 0 || plan.Undated {
				t.Errorf("%s, sessions from %v: %+v, %v", phase, kept, plan, err)
			}
		}
	}
}

// What is undated is counted where a range has no ends, once: from its sums and the changes
// to these, or from sessions.
func TestWhatIsUndatedCountsInAllOfTime(t *testing.T) {
	month := func(m time.Month) time.Time { return time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC) }
	undated := usage.Piece{Grid: usage.Grid{Grain: usage.Month, Calendar: usage.UTCCalendar}, Edge: usage.Edge{Range: usage.Range{From: column.Undated, To: usage.Month.Next(column.Undated)}, Shares: []usage.Share{{Point: 0, Times: 1}}}}
	for _, phase := range []Phase{Ready, Filling} {
		state := &State{Phase: phase, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}}
		for name, span := range map[string]usage.Range{"all": {}, "an end": {To: month(4)}, "a start": {From: month(3)}, "both": {From: month(3), To: month(4)}} {
			plan, _, err := state.Plan(usage.SeriesQuery{}, span)
			if err != nil {
				t.Fatal(err)
			}
			all := name == "all"
			if plan.Undated != all {
				t.Errorf("%s, %s: undated %v", phase, name, plan.Undated)
			}
			summed := slices.ContainsFunc(plan.Pieces, func(piece usage.Piece) bool { return reflect.DeepEqual(piece, undated) })
			if want := all && phase == Ready; summed != want {
				t.Errorf("%s, %s: %+v", phase, name, plan)
			}
		}
	}
}

func TestAStateIsKnownByItsToken(t *testing.T) {
	ready := &State{Phase: Ready, Generation: 5, Believed: true}
	for name, other := range map[string]*State{
		"another generation":  {Phase: Ready, Generation: 6, Believed: true},
		"not believed":        {Phase: Ready, Generation: 5},
		"raw":                 {Phase: Raw, Generation: 5},
		"filling":             {Phase: Filling, Generation: 5},
		"another correction":  {Phase: Ready, Generation: 5, Corrections: 1, Believed: true},
		"without the rollups": ready.WithoutRollups(),
	} {
		if ready.Is(other) || other.Is(ready) {
			t.Errorf("%s is the same", name)
		}
	}
	if filling := (&State{Phase: Filling, Generation: 5}); filling.Is(&State{Phase: Raw, Generation: 5}) || filling.Token() == ready.Token() {
		t.Error("filling is taken for raw or ready")
	}
	if !ready.Is(&State{Phase: Ready, Generation: 5, Reason: "whatever", Believed: true}) {
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
