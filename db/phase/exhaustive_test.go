//go:build !race

package phase

// What tries many cases and only computes takes ten times as long with the race detector.

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"aiusage/usage"
)

// Every instant of a range is read once: from sums where these may be read or sessions were
// dropped, from what was kept of these, and from sessions otherwise. Instants are tried one
// by one.
func TestAPlanReadsEachInstantOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	begin := time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)
	at := func() time.Time { return begin.Add(time.Duration(random.IntN(20*24*4)) * 15 * time.Minute) }
	const steps = 25 * 24 * 4
	refused, fromKept := 0, 0
	for range 2000 {
		state := &State{
			Set: []Set{Levels, Levels, Hours}[random.IntN(3)], Phase: []Phase{Ready, Raw, Filling}[random.IntN(3)], Believed: true,
			Calendars: []usage.Calendar{usage.UTCCalendar, {No: 1, Zone: time.FixedZone("", []int{3600, 3600*5 + 1800}[random.IntN(2)])}}, Accounts: 10,
		}
		if state.Set == Hours {
			state.Calendars = state.Calendars[:1]
		}
		span := usage.Range{From: at(), To: at()}
		if !span.From.Before(span.To) {
			continue
		}
		if random.IntN(2) == 0 {
			kept := usage.Hour.Floor([]time.Time{at(), at(), span.From, span.To}[random.IntN(4)])
			state.RawFrom = sql.NullTime{Time: kept, Valid: true}
			if random.IntN(3) == 0 {
				state.QuartersFrom = sql.NullTime{Time: usage.Hour.Floor(at()), Valid: true}
			}
		}
		if random.IntN(8) == 0 {
			span.From = time.Time{}
		}
		if random.IntN(8) == 0 {
			span.To = time.Time{}
		}
		query := usage.SeriesQuery{Query: usage.Query{Zone: time.FixedZone("", []int{0, 3600*5 + 1800}[random.IntN(2)])}}
		query.Level = []usage.Level{usage.ByCustomer, usage.ByAccount, usage.Together}[random.IntN(3)]
		query.StartsBy, query.EndsBy = usage.ArgStartDate, usage.ArgEndDate
		if !span.From.IsZero() && !span.To.IsZero() && random.IntN(2) == 0 {
			query.Step = []usage.Step{usage.Hourly, usage.Daily, usage.Monthly}[random.IntN(3)]
		}
		plan, buckets, err := state.Plan(query, span)
		name := fmt.Sprintf("%v %s, level %d, sessions from %v, quarters from %v, %v in %d buckets of %v", state.Set, state.Phase, query.Level, state.RawFrom, state.QuartersFrom, span, len(buckets), query.Zone)
		unit := func(at time.Time) time.Duration {
			if state.Set == Hours || at.Before(state.QuartersFrom.Time) {
				return time.Hour
			}
			return 15 * time.Minute
		}
		cuts := func(bucket usage.Range) bool {
			for _, bound := range []time.Time{bucket.From, bucket.To} {
				if !bound.IsZero() && bound.Before(state.RawFrom.Time) && !bound.Truncate(unit(bound)).Equal(bound) {
					return true
				}
			}
			return false
		}
		if coded, ok := errors.AsType[*usage.Error](err); ok && coded.Code == usage.InvalidArgument && state.RawFrom.Valid {
			refused++
			if coded.Argument == "" || len(coded.Accepted) == 0 && span.To.After(state.RawFrom.Time) {
				t.Fatalf("%s: no advice: %v", name, err)
			}
			if !slices.ContainsFunc(buckets, cuts) {
				t.Fatalf("%s: refused though no bucket cuts a sum of what was dropped: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fromKept += len(plan.Kept)
		if len(plan.Kept) > 0 && (state.Set == Hours || plan.Level != usage.ByCustomer) {
			t.Fatalf("%s: nothing was kept beside its sums: %+v", name, plan)
		}
		for i := range steps {
			instant := begin.Add(time.Duration(i-2*24*4) * 15 * time.Minute)
			dropped := state.RawFrom.Valid && instant.Before(state.RawFrom.Time)
			count := map[int]int{}
			add := func(spans []usage.Edge) (any bool) {
				for _, share := range usage.At(spans, instant) {
					count[share.Point] += share.Times
					any = true
				}
				return any
			}
			sums := false
			for _, piece := range plan.Pieces {
				sums = add([]usage.Edge{piece.Edge}) || sums
			}
			sessions, kept := add(plan.Edges), add(plan.Kept)
			for point, bucket := range buckets {
				if got, want := count[point], holds(bucket, instant); got != want {
					t.Fatalf("%s: %v counts %d times in point %d, want %d: %+v", name, instant, got, point, want, plan)
				}
			}
			switch {
			case dropped && sessions:
				t.Fatalf("%s: the sessions of %v have been dropped: %+v", name, instant, plan)
			case !dropped && kept:
				t.Fatalf("%s: the sessions of %v have not been dropped: %+v", name, instant, plan)
			case state.Phase != Ready && !dropped && sums:
				t.Fatalf("%s: %v is read from sums: %+v", name, instant, plan)
			}
		}
		if want := state.Phase == Ready || len(plan.Pieces) > 0; (state.Source(plan) == usage.FromRollups) != want {
			t.Fatalf("%s: read from %s: %+v", name, state.Source(plan), plan)
		}
	}
	if refused < 50 || fromKept < 50 {
		t.Errorf("only %d were refused, and %d spans read from what was kept", refused, fromKept)
	}
}

// Whatever was asked before, a plan is the one that would have been made anew: of few queries
// that differ in one thing or another, in any order.
func TestKeptPlansAreThoseMadeAnew(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	begin := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	berlin, kolkata := load(t, "Europe/Berlin"), load(t, "Asia/Kolkata")
	dropped := sql.NullTime{Time: begin.AddDate(0, 0, 8), Valid: true}
	for _, state := range []*State{
		{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar, {No: 1, Zone: berlin}}, Accounts: 40_000},
		{Phase: Ready, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}, Accounts: 3, RawFrom: dropped, QuartersFrom: dropped},
		{Phase: Raw, Calendars: []usage.Calendar{usage.UTCCalendar}},
	} {
		anew := *state
		state.plans = newPlans()
		for range 1500 {
			var query usage.SeriesQuery
			query.Zone = []*time.Location{time.UTC, berlin, kolkata}[random.IntN(3)]
			query.Step = []usage.Step{"", usage.Hourly, usage.Daily}[random.IntN(3)]
			query.Level = []usage.Level{usage.Together, usage.ByAccount, usage.ByCustomer}[random.IntN(3)]
			query.StartsBy, query.EndsBy = usage.ArgStartDate, usage.ArgEndDate
			switch random.IntN(5) {
			case 0:
				query.AccountID = "one"
			case 1:
				query.Accounts = []string{"one", "other"}
			case 2:
				query.Subjects = []usage.Subject{{AccountID: "one"}}
			case 3:
				query.CustomerID = "somebody"
			}
			in := []*time.Location{time.UTC, query.Zone}[random.IntN(2)] // instants are told in any zone
			span := usage.Range{From: begin.AddDate(0, 0, random.IntN(2)).In(in), To: begin.AddDate(0, 0, 5+5*random.IntN(3)).In(in)}
			plan, buckets, err := state.Plan(query, span)
			wantPlan, wantBuckets, wantErr := anew.Plan(query, span)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) || !reflect.DeepEqual(plan, wantPlan) || !reflect.DeepEqual(buckets, wantBuckets) {
				t.Fatalf("%+v of %v: %d edges, %d buckets, %v; made anew %d edges, %d buckets, %v",
					query, span, len(plan.Edges), len(buckets), err, len(wantPlan.Edges), len(wantBuckets), wantErr)
			}
		}
		if metrics := state.plans.kept.Metrics(); metrics.Hits == 0 || metrics.Insertions == 0 {
			t.Errorf("no plan was kept: %+v", metrics)
		}
	}
}
