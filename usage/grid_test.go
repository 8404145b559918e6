package usage

import (
	"math/rand/v2"
	"testing"
	"time"
)

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

// What is drawn by days of the week is by those of the zone's clocks, wherever they begin.
func TestDaysOfTheWeekBeginWithTheClocks(t *testing.T) {
	moscow := zone(t, "Europe/Moscow")
	for day := range 30 {
		begin := wallClockAt(1900, 1, 1+day, 0, 0, 0, 0).in(moscow) // 1 January was a Monday
		if got := WeekdayDimension.partOf(begin, moscow); got != day%7+1 {
			t.Errorf("%s is of day %d", begin, got)
		}
	}
}

// Days that are cut, repeated or left out, and the last day of a leap year after the end of the zone's file.
func TestDaysOfACalendarByExample(t *testing.T) {
	for _, c := range []struct{ zone, from, to string }{
		// A minute after midnight the clocks went back to 23:01 of the day before.
		{"America/St_Johns", "2006-10-28T02:30:00Z", "2006-10-31T03:30:00Z"},
		{"Pacific/Apia", "2011-12-28T10:00:00Z", "2012-01-02T10:00:00Z"},
		{"Pacific/Kwajalein", "1993-08-19T12:00:00Z", "1993-08-23T12:00:00Z"},
		{"America/Sao_Paulo", "2018-11-03T03:00:00Z", "2018-11-06T02:00:00Z"},
		{"Europe/Berlin", "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"},
		{"America/New_York", "2040-12-30T05:00:00Z", "2041-01-02T05:00:00Z"},
		{"Asia/Kolkata", "2026-02-28T18:30:00Z", "2026-03-02T18:30:00Z"},
	} {
		day := Grid{Day, Calendar{1, zone(t, c.zone)}}
		for _, bucket := range cut(t, c.from, c.to, Daily, day.Calendar.Zone) {
			for at := bucket.From; at.Before(bucket.To); at = at.Add(10 * time.Minute) {
				floor, next := day.Floor(at), day.Next(at)
				if !floor.Equal(bucket.From) || !next.Equal(bucket.To) || floor.Location() != time.UTC || next.Location() != time.UTC {
					t.Fatalf("%s in %s: got %v to %v, want %s", at, c.zone, floor, next, written(bucket))
				}
			}
		}
	}
}

// Zones have the same number where their clocks have shown the same since 1970.
func TestZonesWithTheSameDays(t *testing.T) {
	east, west := time.FixedZone("east", 3600), time.FixedZone("west", -3600)
	for _, c := range []struct {
		a, b *time.Location
		same bool
	}{
		{time.UTC, zone(t, "Etc/UTC"), true},
		{zone(t, "Asia/Kolkata"), zone(t, "Asia/Calcutta"), true},
		{zone(t, "Europe/Berlin"), zone(t, "Arctic/Longyearbyen"), true},
		{zone(t, "Europe/London"), zone(t, "Europe/Dublin"), true}, // what is summer time in one is standard time in the other
		{zone(t, "Europe/Berlin"), zone(t, "Europe/Paris"), false},
		{zone(t, "America/New_York"), zone(t, "America/Toronto"), false}, // the same offsets in the same order, at other instants
		{east, west, false}, {east, time.UTC, false},
	} {
		if got := ZoneRules(c.a) == ZoneRules(c.b); got != c.same {
			t.Errorf("%s and %s: got %v", c.a, c.b, got)
		}
	}
}

// Each grid of each calendar has a number of its own, and those of UTC keep theirs.
func TestGridsHaveNumbers(t *testing.T) {
	seen := map[int]Grid{}
	for no := range 20 {
		for _, grain := range []Grain{Day, Month} {
			grid := Grid{grain, Calendar{no, time.UTC}}
			if other, found := seen[grid.Code()]; found {
				t.Errorf("%+v and %+v have the number %d", grid, other, grid.Code())
			}
			seen[grid.Code()] = grid
			if no == 0 && grid.Code() != int(grain) {
				t.Errorf("the %s of UTC has the number %d", grain, grid.Code())
			}
		}
	}
	for _, grain := range []Grain{QuarterHour, Hour} {
		grid := Grid{grain, Calendar{3, time.FixedZone("", 3600)}}
		at := time.Date(2026, 3, 1, 10, 44, 0, 0, time.UTC)
		if _, found := seen[grid.Code()]; found || grid.Code() != int(grain) || !grid.Floor(at).Equal(grain.Floor(at)) || !grid.Next(at).Equal(grain.Next(at)) {
			t.Errorf("the %s of a calendar are not those of UTC", grain)
		}
	}
}
