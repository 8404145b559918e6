package usage

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPeriods(t *testing.T) {
	// A Sunday, a quarter of an hour before the day ends in Berlin and the clocks
	// there have been put forward.
	now := time.Date(2026, 3, 29, 21, 45, 0, 0, time.UTC)
	zone, err := LoadZone("timeZone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for period, want := range map[Period][2]string{
		Today:       {"2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		Yesterday:   {"2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00"},
		ThisWeek:    {"2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		LastWeek:    {"2026-03-16T00:00:00+01:00", "2026-03-23T00:00:00+01:00"},
		ThisMonth:   {"2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"},
		LastMonth:   {"2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00"},
		ThisQuarter: {"2026-01-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"},
		LastQuarter: {"2025-10-01T00:00:00+02:00", "2026-01-01T00:00:00+01:00"},
		ThisYear:    {"2026-01-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00"},
		LastYear:    {"2025-01-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00"},
		Last7Days:   {"2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		Last30Days:  {"2026-02-28T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		Last90Days:  {"2025-12-30T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
	} {
		got, err := period.Range(now, zone)
		if err != nil {
			t.Errorf("%s: %v", period, err)
		}
		if from, to := got.From.In(zone).Format(time.RFC3339), got.To.In(zone).Format(time.RFC3339); from != want[0] || to != want[1] {
			t.Errorf("%s: got %s to %s, want %s to %s", period, from, to, want[0], want[1])
		}
	}
	if _, err := Period("FORTNIGHT").Range(now, zone); err == nil {
		t.Error("an unknown period was taken")
	}
}

func TestEveryPeriodIsKnownAndHoldsOrPrecedesNow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := drawZone(t)
		now := time.UnixMilli(rapid.Int64Range(-3e12, 4e12).Draw(t, "now")).UTC()
		period := rapid.SampledFrom(Periods).Draw(t, "period")
		r, err := period.Range(now, zone)
		if err != nil {
			t.Fatal(err)
		}
		past := period == Yesterday || len(period) > 5 && period[:5] == "LAST_" && period != Last7Days && period != Last30Days && period != Last90Days
		if holds := !now.Before(r.From) && now.Before(r.To); holds == past || past && r.To.After(now) {
			t.Fatalf("%s at %v in %v is %v", period, now, zone, r)
		}
	})
}

func TestAPeriodGoesWithoutDates(t *testing.T) {
	for _, request := range []Request{
		{Period: Today, StartDate: "2026-03-01"},
		{Period: Today, EndDate: "2026-03-01"},
		{Period: "FORTNIGHT"},
	} {
		_, err := request.Query(nil, time.Now())
		coded, ok := errors.AsType[*Error](err)
		if !ok || coded.Code != InvalidArgument || coded.Argument != "period" || len(coded.Accepted) == 0 {
			t.Errorf("%+v: got %v", request, err)
		}
	}
	query, err := Request{Period: LastMonth, TimeZone: "Asia/Tokyo"}.Query(nil, time.Date(2026, 2, 28, 15, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if got := query.Range.From.Format(time.RFC3339); got != "2026-01-31T15:00:00Z" {
		t.Errorf("got %s", got)
	}
}

func TestThePreviousRange(t *testing.T) {
	for _, c := range []struct{ start, end, zone, want string }{
		{"2026-03-01", "2026-03-31", "Europe/Berlin", "2026-02-01T00:00:00+01:00 2026-03-01T00:00:00+01:00"},
		{"2026-01-01", "2026-12-31", "UTC", "2025-01-01T00:00:00Z 2026-01-01T00:00:00Z"},
		{"2026-01-01", "2026-03-31", "UTC", "2025-10-01T00:00:00Z 2026-01-01T00:00:00Z"},
		// A week over the change of the clocks is compared with a whole week.
		{"2026-03-23", "2026-03-29", "Europe/Berlin", "2026-03-16T00:00:00+01:00 2026-03-23T00:00:00+01:00"},
		{"2026-03-29", "2026-03-29", "Europe/Berlin", "2026-03-28T00:00:00+01:00 2026-03-29T00:00:00+01:00"},
		{"2026-03-30", "2026-03-30", "Europe/Berlin", "2026-03-29T00:00:00+01:00 2026-03-30T00:00:00+02:00"},
		{"2026-03-01T10:00", "2026-03-01T11:30", "UTC", "2026-03-01T08:30:00Z 2026-03-01T10:00:00Z"},
		// Samoa had no 30 December 2011.
		{"2011-12-31", "2011-12-31", "Pacific/Apia", "2011-12-29T00:00:00-10:00 2011-12-31T00:00:00+14:00"},
	} {
		zone, err := LoadZone("timeZone", c.zone)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRange(c.start, c.end, zone)
		if err != nil {
			t.Fatal(err)
		}
		previous, ok := r.Previous(zone)
		if got := previous.From.In(zone).Format(time.RFC3339) + " " + previous.To.In(zone).Format(time.RFC3339); !ok || got != c.want {
			t.Errorf("%s to %s in %s: got %s, want %s", c.start, c.end, c.zone, got, c.want)
		}
	}
	// Longer than a time.Duration.
	long := Range{time.Date(1500, 1, 1, 0, 0, 1, 5, time.UTC), time.Date(2000, 1, 1, 0, 0, 0, 2, time.UTC)}
	if previous, ok := long.Previous(time.UTC); !ok || long.From.Unix()-previous.From.Unix() != long.To.Unix()-long.From.Unix() || previous.From.Nanosecond() != 8 {
		t.Errorf("got %v", previous)
	}
	for _, r := range []Range{{}, {From: time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Now()}, {From: time.Now()}, {To: time.Now()}, {time.Unix(5, 0), time.Unix(5, 0)}} {
		if previous, ok := r.Previous(time.UTC); ok {
			t.Errorf("%v: got %v", r, previous)
		}
	}
}

// The previous range meets the range, lies before it and is not empty, whatever
// the calendar.
func TestThePreviousRangeMeetsTheRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := drawZone(t)
		period := rapid.SampledFrom(Periods).Draw(t, "period")
		r, err := period.Range(time.UnixMilli(rapid.Int64Range(-3e12, 4e12).Draw(t, "now")).UTC(), zone)
		if err != nil {
			t.Fatal(err)
		}
		if previous, ok := r.Previous(zone); !ok || !previous.To.Equal(r.From) || !previous.From.Before(previous.To) {
			t.Fatalf("%v in %v: got %v", r, zone, previous)
		}
	})
}
