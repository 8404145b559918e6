package usage

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// days at which a clock is changed around midnight, or that never were. Each
// expectation was taken from the IANA database with zdump, not from this code.
func TestADayBeginsAtItsFirstInstant(t *testing.T) {
	for _, c := range []struct {
		name, zone, day, from, to string
	}{
		{"ordinary day", "Europe/Berlin", "2026-03-01", "2026-02-28T23:00:00Z", "2026-03-01T23:00:00Z"},
		{"23 hours, gap at 2", "Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		{"25 hours, repeat at 2", "Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"23 hours in New York", "America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},
		{"half an hour at Lord Howe", "Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"},
		{"no midnight in Beirut", "Asia/Beirut", "2022-03-27", "2022-03-26T22:00:00Z", "2022-03-27T21:00:00Z"},
		{"midnight ends the day twice in Beirut", "Asia/Beirut", "2022-10-29", "2022-10-28T21:00:00Z", "2022-10-29T22:00:00Z"},
		{"no midnight in Cairo", "Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z", "2024-04-26T21:00:00Z"},
		{"25 hours in Cairo", "Africa/Cairo", "2024-10-31", "2024-10-30T21:00:00Z", "2024-10-31T22:00:00Z"},
		{"no midnight in Santiago", "America/Santiago", "2024-09-08", "2024-09-08T04:00:00Z", "2024-09-09T03:00:00Z"},
		{"25 hours in Santiago", "America/Santiago", "2024-04-06", "2024-04-06T03:00:00Z", "2024-04-07T04:00:00Z"},
		{"no midnight in Asuncion", "America/Asuncion", "2023-10-01", "2023-10-01T04:00:00Z", "2023-10-02T03:00:00Z"},
		{"25 hours in Asuncion", "America/Asuncion", "2024-03-23", "2024-03-23T03:00:00Z", "2024-03-24T04:00:00Z"},
		{"no midnight in Havana", "America/Havana", "2024-03-10", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z"},
		{"midnight twice in Havana: from the first", "America/Havana", "2024-11-03", "2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z"},
		{"a day that Samoa left out", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		{"the day before it", "Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"},
		{"the day after it", "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"},
		{"fourteen hours ahead", "Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z", "2026-01-01T10:00:00Z"},
		{"offset with seconds", "Europe/Amsterdam", "1900-01-01", "1899-12-31T23:40:28Z", "1900-01-01T23:40:28Z"},
		{"leap day", "UTC", "2028-02-29", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"},
		{"end of a short month", "UTC", "2026-02-28", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"end of a year", "UTC", "2026-12-31", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"far past", "UTC", "0001-01-02", "0001-01-02T00:00:00Z", "0001-01-03T00:00:00Z"},
		{"far future, with daylight saving", "Europe/Berlin", "9998-07-01", "9998-06-30T22:00:00Z", "9998-07-01T22:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			span, err := ParseRange(c.day, c.day, zone(t, c.zone))
			if err != nil {
				t.Fatal(err)
			}
			if !span.From.Equal(instant(t, c.from)) || !span.To.Equal(instant(t, c.to)) {
				t.Errorf("%s in %s is [%s, %s), want [%s, %s)", c.day, c.zone,
					span.From.UTC().Format(time.RFC3339), span.To.UTC().Format(time.RFC3339), c.from, c.to)
			}
		})
	}
}

func TestAWallClockTimeThatIsSkippedOrRepeated(t *testing.T) {
	for _, c := range []struct{ name, zone, text, want string }{
		{"skipped: the instant of the skip", "Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00:00Z"},
		{"just before the skip", "Europe/Berlin", "2026-03-29T01:59:59.999", "2026-03-29T00:59:59.999Z"},
		{"just after the skip", "Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00:00Z"},
		{"repeated: the first", "Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z"},
		{"after the repeat", "Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00:00Z"},
		{"repeated in New York", "America/New_York", "2026-11-01T01:15:30", "2026-11-01T05:15:30Z"},
		{"skipped in Lord Howe", "Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30:00Z"},
		{"skipped midnight", "America/Havana", "2024-03-10T00:30", "2024-03-10T05:00:00Z"},
		{"in a day that never was", "Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			span, err := ParseRange(c.text, c.text, zone(t, c.zone))
			if err != nil {
				t.Fatal(err)
			}
			if want := instant(t, c.want); !span.From.Equal(want) || !span.To.Equal(want) {
				t.Errorf("%s in %s is %s, want %s", c.text, c.zone, span.From.UTC(), c.want)
			}
		})
	}
}

// Whatever a zone does, consecutive days meet: nothing is counted twice or not
// at all. 2011 and 2024 have the days of the tests above.
func TestDaysFollowEachOtherWithoutGapOrOverlap(t *testing.T) {
	for _, name := range []string{
		"UTC", "Europe/Berlin", "America/New_York", "Asia/Beirut", "Africa/Cairo", "America/Santiago",
		"America/Asuncion", "America/Havana", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia",
		"Africa/Casablanca", "Asia/Tehran", "Antarctica/Troll", "Asia/Kathmandu",
	} {
		place := zone(t, name)
		for _, year := range []int{1987, 2011, 2024, 2026} {
			day := wallClockAt(year, 1, 1, 0, 0, 0, 0)
			before := day.in(place)
			for range 366 {
				day = day.nextDay()
				begin := day.in(place)
				if length := begin.Sub(before); length < 0 || length > 49*time.Hour {
					t.Fatalf("%s: the day before %s lasts %s", name, day.utc.Format(time.DateOnly), length)
				}
				if shown := wallClockOf(begin); shown.utc.Before(day.utc) {
					t.Fatalf("%s: the clock shows %s when %s begins", name, shown.utc, day.utc)
				}
				if shown := wallClockOf(begin.Add(-time.Nanosecond)); !shown.utc.Before(day.utc) {
					t.Fatalf("%s: the clock shows %s before %s begins", name, shown.utc, day.utc)
				}
				before = begin
			}
		}
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	place, err := LoadZone("timeZone", name)
	if err != nil {
		t.Fatal(err)
	}
	return place
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Far in the future, time.Time.ZoneBounds is wrong on the last day of leap years.
func TestEveryDayBeginsInAnyYear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := drawZone(t)
		year := rapid.IntRange(1, 9999).Draw(t, "year")
		month, day := time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 31).Draw(t, "day")
		begin := dayBegins(year, month, day, zone)
		wanted := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if got := begin.In(zone).Format(time.DateOnly); got != wanted && zone.String() != "Pacific/Apia" {
			t.Fatalf("%s begins at %v in %v", wanted, begin, zone)
		}
		if last := begin.Add(-time.Second).In(zone).Format(time.DateOnly); last >= wanted {
			t.Fatalf("%s began before %v in %v", wanted, begin, zone)
		}
	})
	for year := 2036; year < 2120; year++ {
		for _, name := range someZones {
			zone, err := LoadZone("timeZone", name)
			if err != nil {
				t.Fatal(err)
			}
			begin := dayBegins(year, 12, 31, zone).In(zone)
			if got, want := begin.Format("2006-01-02 15:04"), fmt.Sprintf("%d-12-31 00:00", year); got != want {
				t.Errorf("in %s, %s begins at %s", name, want, got)
			}
			hours, err := Buckets(Range{begin, begin.AddDate(0, 0, 1)}, Hourly, zone)
			if err != nil || len(hours) != 24 {
				t.Errorf("%v in %s has %d hours, %v", begin, name, len(hours), err)
			}
		}
	}
}

// What a clock in UTC shows does not depend on the location that the instant is told in.
func TestShownInIsOfWhatUTCShows(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	if got, want := ShownIn(at.In(berlin), berlin), at.Add(-2*time.Hour); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
