package usage

import (
	"testing"
	"time"
)

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
