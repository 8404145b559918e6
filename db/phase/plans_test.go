package phase

import (
	"errors"
	"testing"
	"time"

	"aiusage/usage"
)

// A state that is read again has plans of its own, and so does one that does without rollups.
func TestPlansOfAStateAreItsOwn(t *testing.T) {
	state := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}, plans: newPlans()}
	query := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC}, Step: usage.Daily}
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	span := usage.Range{From: begin, To: begin.AddDate(0, 0, 3)}
	if plan, _, err := state.Plan(query, span); err != nil || len(plan.Pieces) == 0 {
		t.Fatalf("%d pieces, %v", len(plan.Pieces), err)
	}
	if plan, _, err := state.WithoutRollups().Plan(query, span); err != nil || len(plan.Pieces) != 0 {
		t.Errorf("%d pieces of sums are read without the rollups, %v", len(plan.Pieces), err)
	}
}

// What is kept is bounded, and a series of very many points puts no others out.
func TestKeptPlansAreBounded(t *testing.T) {
	state := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}, plans: newPlans()}
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for hours := range 400 {
		query := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC}, Step: usage.Hourly}
		if _, _, err := state.Plan(query, usage.Range{From: begin, To: begin.Add(time.Duration(hours+1) * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	points := func() (sum int) {
		for _, item := range state.plans.kept.Items() {
			sum += len(item.Value().buckets)
		}
		return sum
	}
	before := points()
	if before == 0 || before > maxKeptPoints {
		t.Errorf("%d points are kept", before)
	}
	many := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC}, Step: usage.Hourly}
	if _, _, err := state.Plan(many, usage.Range{From: begin, To: begin.AddDate(1, 0, 0)}); err != nil {
		t.Fatal(err)
	}
	if after := points(); after != before {
		t.Errorf("%d points are kept after a year of hours, and were %d before", after, before)
	}
}

func load(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := usage.LoadZone(usage.ArgTimeZone, name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// A plan is made once, of a series that is not too long. What cannot be planned is not kept,
// and neither are reports.
func TestAPlanIsMadeOnce(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	series := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC}, Step: usage.Hourly}
	for _, test := range []struct {
		name   string
		query  usage.SeriesQuery
		points int
		err    error
		want   int
	}{
		{"a series", series, 24, nil, 1},
		{"as long as may be", series, maxPointsOfOne, nil, 1},
		{"longer", series, maxPointsOfOne + 1, nil, 3},
		{"a fault", series, 0, errors.New("cannot be planned"), 3},
		{"a report", usage.SeriesQuery{Query: series.Query}, 1, nil, 3},
	} {
		made, kept := 0, newPlans()
		for range 3 {
			got, err := kept.of(test.query, usage.Range{From: begin, To: begin.AddDate(0, 0, 1)}, func() (cutting, error) {
				made++
				return cutting{buckets: make([]usage.Range, test.points)}, test.err
			})
			if err != test.err || len(got.buckets) != test.points {
				t.Errorf("%s: %d points, %v", test.name, len(got.buckets), err)
			}
		}
		if made != test.want {
			t.Errorf("%s: planned %d times, want %d", test.name, made, test.want)
		}
	}
}
