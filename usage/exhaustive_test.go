//go:build !race

package usage

// What tries many cases and only computes takes ten times as long with the race detector.

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever is asked, and whatever it is composed of, each instant counts once in the point
// that it is in, and in no other. Instants around every bound there is are tried one by one.
func TestAPlanCountsEachInstantOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 800 {
		d := draw(t, random)
		plan := Compose(d.points, d.sums)
		if !ordered(plan.Edges) || !ordered(plan.Summed) {
			t.Fatalf("%s: overlapping or empty: %+v", d.name, plan)
		}
		var bounds []time.Time
		for _, span := range slices.Concat(plan.Edges, plan.Summed) {
			bounds = append(bounds, span.From, span.To)
		}
		for _, point := range d.points {
			bounds = append(bounds, point.From, point.To)
		}
		for _, piece := range plan.Pieces {
			bounds = append(bounds, piece.From, piece.To)
			if !ordered(spansOf(plan, piece.Grid.Code())) {
				t.Fatalf("%s: overlapping or empty: %+v", d.name, plan)
			}
			if !piece.Grid.Floor(piece.From).Equal(piece.From) || !piece.Grid.Floor(piece.To).Equal(piece.To) {
				t.Fatalf("%s: %+v does not begin and end with a bucket", d.name, piece)
			}
			switch {
			case !d.sums.Until.IsZero() && piece.To.After(d.sums.Until):
				t.Fatalf("%s: %+v is beyond what may be read", d.name, piece)
			case piece.Grid.Grain == QuarterHour && piece.From.Before(d.sums.HoursUntil):
				t.Fatalf("%s: there are no quarter-hours for %+v", d.name, piece)
			case piece.From.Before(d.sums.HoursUntil) && !Hour.Floor(piece.From).Equal(piece.From):
				t.Fatalf("%s: %+v begins within an hour", d.name, piece)
			case piece.Grid.Grain < Day && piece.Grid.Calendar != UTCCalendar:
				t.Fatalf("%s: %+v has hours of a calendar", d.name, piece)
			case !slices.Contains(d.sums.Grains, piece.Grid.Grain) || !slices.Contains(d.sums.Calendars, piece.Grid.Calendar):
				t.Fatalf("%s: there is no %+v", d.name, piece)
			}
		}
		for range 20 {
			bounds = append(bounds, d.points[random.IntN(len(d.points))].From.Add(time.Duration(random.IntN(1e6))*time.Second))
		}
		if len(bounds) > 300 {
			random.Shuffle(len(bounds), func(i, j int) { bounds[i], bounds[j] = bounds[j], bounds[i] })
			bounds = bounds[:300]
		}
		for _, bound := range bounds {
			for _, at := range []time.Time{bound.Add(-time.Millisecond), bound, bound.Add(time.Millisecond)} {
				want := map[int]int{}
				for i, point := range d.points {
					if !at.Before(point.From) && at.Before(point.To) {
						want[i] = 1
					}
				}
				if got := counted(plan, at); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("%s: %v counts %v, want %v\n%+v", d.name, at, got, want, plan)
				}
			}
		}
	}
}

// Whatever is proposed is answered when it is asked, in the form in which it is proposed.
func TestEachWayOutIsAnswered(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	kept := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	zones := []string{"UTC", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Adelaide", "America/New_York", "America/St_Johns"}
	steps := []Step{"", QuarterHourly, Hourly, Daily, Weekly, Monthly, Yearly}
	ways := 0
	for range 3000 {
		at := func() string {
			return kept.Add(time.Duration(random.IntN(60*24*4)-50*24*4) * 15 * time.Minute).Format(time.RFC3339)
		}
		request := Request{StartDate: at(), EndDate: at(), TimeZone: zones[random.IntN(len(zones))]}
		if request.EndDate <= request.StartDate {
			continue
		}
		step := steps[random.IntN(len(steps))]
		coded, refused := errors.AsType[*Error](checked(t, request, step, kept))
		if !refused {
			continue
		}
		for _, way := range coded.In(Names{}).Accepted {
			instead := request
			words := strings.Fields(way)
			for i, word := range words[:len(words)-1] {
				switch word {
				case "from", "after":
					instead.StartDate = words[i+1]
				case "to":
					instead.EndDate = words[i+1]
				case "timeZone":
					instead.TimeZone = words[i+1]
				}
			}
			if instead == request {
				t.Fatalf("%q cannot be read", way)
			}
			if err := checked(t, instead, step, kept); err != nil {
				t.Fatalf("%+v %s is refused: %v\nand so is %q: %v", request, step, coded, way, err)
			}
			ways++
		}
	}
	if ways < 1000 {
		t.Errorf("only %d ways out", ways)
	}
}

// A range is moved to where the clocks of the zone show the same, for whatever clocks and
// whatever month: found by looking at every minute there.
func TestARangeIsShiftedOnTheCalendar(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kolkata"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		bounds := rapid.Custom(func(t *rapid.T) time.Time {
			day := rapid.IntRange(0, 60*366).Draw(t, "day") // since 1975
			clock := civilOf(time.Date(1975, 1, 1+day, 0, 0, 0, 0, time.UTC))
			if rapid.Bool().Draw(t, "with a time") {
				clock.minute = rapid.IntRange(0, 24*60-1).Draw(t, "minute")
			}
			return shownFirst(clock, zone)
		})
		rapid.Check(t, func(t *rapid.T) {
			r := Range{bounds.Draw(t, "from"), bounds.Draw(t, "to")}
			if rapid.Bool().Draw(t, "short") {
				r.To = r.From.Add(time.Duration(rapid.IntRange(1, 40*24*60).Draw(t, "minutes")) * time.Minute)
			}
			if !r.From.Before(r.To) {
				return
			}
			if rapid.IntRange(0, 3).Draw(t, "ends with a month") == 0 {
				end := civilOf(r.To.In(zone))
				if r.To = shownFirst(civil{end.year, end.month, 1, 0}, zone); !r.From.Before(r.To) {
					return
				}
			}
			shift := rapid.SampledFrom(shifts).Draw(t, "shift")
			bound := func(at time.Time, isEnd bool) time.Time {
				clock := civilOf(at.In(zone))
				if midnight := (civil{clock.year, clock.month, clock.day, 0}); shownFirst(midnight, zone).Equal(at) {
					clock = midnight // the first instant of a day, whatever the clocks show then
				}
				if isEnd && clock.day == 1 && clock.minute == 0 && civilOf(r.From.In(zone)).day != 1 && shift != ByWeek {
					// The last day of a month is moved as the day that it is, and the end is behind it.
					last := civilOf(time.Date(clock.year, time.Month(clock.month), 0, 0, 0, 0, 0, time.UTC))
					moved := countedBack(last, shift, false)
					return shownFirst(civilOf(time.Date(moved.year, time.Month(moved.month), moved.day+1, 0, 0, 0, 0, time.UTC)), zone)
				}
				return shownFirst(countedBack(clock, shift, isEnd), zone)
			}
			want := Range{bound(r.From, false), bound(r.To, true)}
			if !want.From.Before(want.To) {
				want.To = want.From.Add(r.To.Sub(r.From))
			}
			got, ok := r.Shifted(shift, zone)
			if !ok || !got.From.Equal(want.From) || !got.To.Equal(want.To) {
				t.Fatalf("%v to %v in %s by a %s:\ngot  %v\nwant %v", r.From.In(zone), r.To.In(zone), zone, shift, got, want)
			}
		})
	}
}

// In every zone the days and months of a calendar are those that a series has, without a
// gap and without an overlap, whatever the zone's clocks have done, but that they are whole
// quarter-hours.
func TestCalendarsHaveTheDaysOfSeries(t *testing.T) {
	random, within := rand.New(rand.NewPCG(1, 2)), 0
	for _, name := range []string{"Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "America/St_Johns", "Asia/Gaza", "America/Goose_Bay", "Africa/Cairo", "Pacific/Kwajalein", "America/Juneau", "Antarctica/Casey", "Europe/Amsterdam", "Africa/Monrovia", "Asia/Manila"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for grain, step := range map[Grain]Step{Day: Daily, Month: Monthly} {
			grid := Grid{grain, Calendar{1, zone}}
			for range 15 {
				from := grid.Floor(time.Date([]int{1000, 1840, 1900}[random.IntN(3)]+random.IntN(150), time.Month(1+random.IntN(12)), 1+random.IntN(28), random.IntN(24), random.IntN(60), 0, 0, time.UTC))
				buckets, err := Buckets(Range{grid.begin(from), from.AddDate(1, 0, 0)}, step, zone)
				if err != nil {
					t.Fatal(err)
				}
				for _, bucket := range buckets[:len(buckets)-1] {
					if !QuarterHour.Floor(bucket.From).Equal(bucket.From) {
						within++
					}
					bucket = Range{QuarterHour.Ceil(bucket.From), QuarterHour.Ceil(bucket.To)}
					middle := bucket.From.Add(bucket.To.Sub(bucket.From) / 2)
					for _, at := range []time.Time{bucket.From, middle, bucket.To.Add(-time.Nanosecond)} {
						if got := grid.Floor(at); !got.Equal(bucket.From) {
							t.Fatalf("%s of %s in %s begins %v, in a series %v", grain, at, name, got, bucket.From)
						}
						if got := grid.Next(at); !got.Equal(bucket.To) {
							t.Fatalf("%s of %s in %s ends %v, in a series %v", grain, at, name, got, bucket.To)
						}
					}
					if !grid.Ceil(bucket.From).Equal(bucket.From) || !grid.Ceil(middle).Equal(bucket.To) {
						t.Fatalf("%s of %s in %s is rounded up to %v", grain, middle, name, grid.Ceil(middle))
					}
				}
			}
		}
	}
	if within == 0 {
		t.Error("no day began within a quarter-hour")
	}
}
