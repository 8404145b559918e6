package phase

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

// march is the midnight of UTC that begins a day of March, or of the months after it.
func march(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC) }

func since(at time.Time) sql.NullTime { return sql.NullTime{Time: at, Valid: true} }

// planned plans a query that has to be one that can be answered.
func (state *State) planned(t *testing.T, query usage.SeriesQuery, span usage.Range) usage.Plan {
	t.Helper()
	plan, _, err := state.Plan(query, span)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// grains are those of the sums that a plan reads, with the numbers of their calendars.
func grains(plan usage.Plan) string {
	var all []string
	for _, piece := range plan.Pieces {
		all = append(all, fmt.Sprintf("%s%d", piece.Grid.Grain, piece.Grid.Calendar.No))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// The sums of a level are read for what can be told apart by them: of everybody, whose range is
// not narrowed, of accounts, or of customers, whatever else is asked for.
func TestAPlanReadsTheSumsOfALevel(t *testing.T) {
	ready := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}}
	hours := &State{Set: Hours, Phase: Ready, Believed: true, Calendars: ready.Calendars}
	for name, test := range map[string]struct {
		query usage.Query
		want  usage.Level
		raw   usage.Level
	}{
		"everybody":                {usage.Query{Level: usage.Together}, usage.Together, usage.Together},
		"an account":               {usage.Query{Level: usage.Together, AccountID: "a"}, usage.ByAccount, usage.ByAccount},
		"a scope":                  {usage.Query{Level: usage.Together, Accounts: []string{}}, usage.ByAccount, usage.ByAccount},
		"accounts":                 {usage.Query{Level: usage.ByAccount}, usage.ByAccount, usage.ByAccount},
		"customers":                {usage.Query{Level: usage.ByCustomer}, usage.ByCustomer, usage.ByCustomer},
		"customers of an account":  {usage.Query{Level: usage.ByCustomer, AccountID: "a"}, usage.ByCustomer, usage.ByCustomer},
		"a customer":               {usage.Query{Level: usage.Together, CustomerID: "c"}, usage.ByCustomer, usage.ByCustomer},
		"some customers":           {usage.Query{Level: usage.Together, CustomerIDs: []string{}}, usage.ByCustomer, usage.ByCustomer},
		"accounts with a customer": {usage.Query{Level: usage.ByAccount, CustomerID: "c"}, usage.ByCustomer, usage.ByCustomer},
	} {
		query, span := usage.SeriesQuery{Query: test.query}, usage.Range{From: march(1), To: march(3)}
		query.Zone = time.UTC
		if got := ready.planned(t, query, span); got.Level != test.want || grains(got) != "day0" || len(got.Edges) != 0 {
			t.Errorf("%s: level %d of %s, %d edges", name, got.Level, grains(got), len(got.Edges))
		}
		if got := ready.WithoutRollups().planned(t, query, span); got.Level != test.raw || len(got.Pieces) != 0 {
			t.Errorf("%s, of sessions: level %d of %s", name, got.Level, grains(got))
		}
		if got := hours.planned(t, query, span); got.Level != usage.ByCustomer || grains(got) != "day0" {
			t.Errorf("%s, by hour: level %d of %s", name, got.Level, grains(got))
		}
	}
}

// Rows of an answer are narrowed like a range of one account is.
func TestAPlanOfRowsReadsTheSumsOfAccounts(t *testing.T) {
	state := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}}
	query := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC, Level: usage.Together}, Subjects: []usage.Subject{{AccountID: "a"}}}
	if got := state.planned(t, query, usage.Range{From: march(1), To: march(3)}); got.Level != usage.ByAccount {
		t.Errorf("level %d", got.Level)
	}
}

// Days and months are those of the calendar in which a range begins and ends.
func TestAPlanReadsDaysOfItsZone(t *testing.T) {
	zone := time.FixedZone("", 3600)
	state := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar, {No: 4, Zone: zone}}}
	query := usage.SeriesQuery{Query: usage.Query{Zone: zone, Level: usage.ByAccount}}
	plan := state.planned(t, query, usage.Range{From: march(1).Add(-time.Hour), To: march(3).Add(-time.Hour)})
	if grains(plan) != "day4" || len(plan.Edges) != 0 {
		t.Errorf("got %+v", plan)
	}
}

// Quarter-hours are read from when there are any on.
func TestAPlanReadsQuarterHoursWhereThereAreAny(t *testing.T) {
	query := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC, Level: usage.ByAccount}}
	span := usage.Range{From: march(1).Add(45 * time.Minute), To: march(1).Add(105 * time.Minute)}
	for from, want := range map[sql.NullTime]int{{}: 0, since(march(1)): 0, since(march(1).Add(time.Hour)): 1, since(march(2)): 2} {
		state := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}, QuartersFrom: from}
		plan := state.planned(t, query, span)
		if len(plan.Edges) != want {
			t.Errorf("quarter-hours from %v: %d spans of sessions, want %d: %+v", from, len(plan.Edges), want, plan)
		}
	}
}

// With many spans of sessions, the sessions of all of them are of the level that was asked for.
func TestAPlanOfManyEdgesHasItsLevel(t *testing.T) {
	state := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}}
	query := usage.SeriesQuery{Query: usage.Query{Zone: time.FixedZone("", 7*60), Level: usage.ByAccount}, Step: usage.Daily}
	span := usage.Range{From: march(1).Add(-7 * time.Minute), To: march(1 + maxEdges).Add(-7 * time.Minute)}
	if plan := state.planned(t, query, span); len(plan.Pieces) != 0 || plan.Level != usage.ByAccount {
		t.Errorf("level %d, %d pieces, %d edges", plan.Level, len(plan.Pieces), len(plan.Edges))
	}
	// Nothing of them has been dropped when what is kept begins where they do.
	state.RawFrom = since(span.From)
	if plan := state.planned(t, query, span); len(plan.Pieces) != 0 {
		t.Errorf("%d pieces are read though there are all sessions", len(plan.Pieces))
	}
	state.RawFrom = since(span.From.Add(time.Millisecond))
	if _, _, err := state.Plan(query, span); err == nil {
		t.Error("sessions are read that have been dropped")
	}
}

// In place of quarter-hours and hours of very many accounts, days and sessions are read where
// there are these.
func TestAPlanOfManyAccountsReadsDays(t *testing.T) {
	state := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}, Accounts: maxLookUps}
	query := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC, Level: usage.ByAccount}}
	span := usage.Range{From: march(1).Add(-5 * time.Hour), To: march(10)}
	for kept, want := range map[sql.NullTime]string{{}: "day0", since(march(-90)): "day0", since(span.From): "day0", since(span.From.Add(time.Hour)): "day0 hour0"} {
		state.RawFrom = kept
		plan := state.planned(t, query, span)
		if grains(plan) != want || (len(plan.Edges) == 0) != (want != "day0") || plan.Level != usage.ByAccount {
			t.Errorf("sessions from %v: %s of level %d, %+v", kept, grains(plan), plan.Level, plan.Edges)
		}
	}
}

// Too many points are refused each time, whether sessions have been dropped or not.
func TestTooManyPointsAreRefusedEachTime(t *testing.T) {
	query := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC}, Step: usage.Hourly}
	for _, kept := range []sql.NullTime{{}, since(march(1))} {
		for _, kind := range []Set{Levels, Hours} {
			state := &State{Set: kind, Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}, RawFrom: kept, plans: newPlans()}
			for range 2 {
				_, buckets, err := state.Plan(query, usage.Range{From: march(1), To: march(1).Add((usage.MaxPoints + 1) * time.Hour)})
				if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Argument != usage.ArgGranularity || len(buckets) != 0 {
					t.Errorf("%v, sessions from %v: %d buckets, %v", kind, kept, len(buckets), err)
				}
			}
		}
	}
}

// Where a range cuts a sum of what was dropped, the nearest one that does not is named: to the
// hour where there are no quarter-hours.
func TestTheNearestRangeIsOfTheSumsThereAre(t *testing.T) {
	quarter := usage.Range{From: march(1).Add(15 * time.Minute), To: march(20)}
	for _, test := range []struct {
		name  string
		state State
		span  usage.Range
		want  string
	}{
		{"by hour", State{Set: Hours}, quarter, "from 2026-03-01T00:00:00Z"},
		{"hours of before", State{Set: Levels, QuartersFrom: since(march(2))}, quarter, "from 2026-03-01T00:00:00Z"},
		{"quarter-hours", State{Set: Levels}, usage.Range{From: march(1).Add(16 * time.Minute), To: march(20)}, "from 2026-03-01T00:15:00Z"},
	} {
		state := test.state
		state.Phase, state.Believed, state.Calendars, state.RawFrom = Ready, true, []usage.Calendar{usage.UTCCalendar}, since(march(10))
		query := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC, StartsBy: usage.ArgStartDate, EndsBy: usage.ArgEndDate}}
		_, _, err := state.Plan(query, test.span)
		coded, ok := errors.AsType[*usage.Error](err)
		if !ok || coded.Argument != usage.ArgStartDate || len(coded.Accepted) == 0 || !strings.Contains(fmt.Sprint(coded.Accepted[0]), test.want) {
			t.Errorf("%s: got %+v", test.name, err)
		}
	}
}

// What is advised can be answered: where the nearest range has too many points, it is not named.
func TestARangeOfTooManyPointsIsNotAdvised(t *testing.T) {
	state := &State{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}, RawFrom: since(march(10)), QuartersFrom: since(march(10))}
	query := usage.SeriesQuery{Query: usage.Query{Zone: time.FixedZone("Kathmandu", 5*3600+45*60), StartsBy: usage.ArgStartDate, EndsBy: usage.ArgEndDate}, Step: usage.Hourly}
	for points, refused := range map[int]bool{usage.MaxPoints - 1: false, usage.MaxPoints: true} {
		// Hours begin at a quarter past there, so that midnight is in one more than the start is.
		span := usage.Range{From: march(1).Add(20 * time.Minute), To: march(1).Add(15*time.Minute + time.Duration(points)*time.Hour)}
		_, buckets, err := state.Plan(query, span)
		coded, ok := errors.AsType[*usage.Error](err)
		if len(buckets) != points || !ok {
			t.Fatalf("%d points, %v", len(buckets), err)
		}
		advised := fmt.Sprint(coded.Accepted)
		if strings.Contains(advised, "the nearest exact range") && refused {
			t.Errorf("%d points: %s", points, advised)
		}
	}
}
