package usage

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// civil is a date and a minute of the day, as a clock on the wall shows them.
type civil struct {
	year, month, day, minute int
}

func civilOf(t time.Time) civil {
	year, month, day := t.Date()
	return civil{year, int(month), day, t.Hour()*60 + t.Minute()}
}

func (c civil) before(d civil) bool {
	for _, pair := range [][2]int{{c.year, d.year}, {c.month, d.month}, {c.day, d.day}, {c.minute, d.minute}} {
		if pair[0] != pair[1] {
			return pair[0] < pair[1]
		}
	}
	return false
}

// shownFirst looks at every minute of three days for the first at which a clock in the zone
// shows c, or, where none does, the first at which it shows something later.
func shownFirst(c civil, zone *time.Location) time.Time {
	begin := time.Date(c.year, time.Month(c.month), c.day, 0, 0, 0, 0, time.UTC).Add(-36 * time.Hour)
	var later time.Time
	for i := range 3 * 24 * 60 {
		at := begin.Add(time.Duration(i) * time.Minute)
		shown := civilOf(at.In(zone))
		if shown == c {
			return at
		}
		if later.IsZero() && c.before(shown) {
			later = at
		}
	}
	return later
}

// countedBack walks back day by day, or month by month, with a calendar that it writes itself.
func countedBack(c civil, shift Shift, isEnd bool) civil {
	days := func(year, month int) int {
		switch month {
		case 2:
			if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
				return 29
			}
			return 28
		case 4, 6, 9, 11:
			return 30
		}
		return 31
	}
	switch shift {
	case ByWeek:
		for range 7 {
			if c.day--; c.day == 0 {
				if c.month--; c.month == 0 {
					c.year, c.month = c.year-1, 12
				}
				c.day = days(c.year, c.month)
			}
		}
		return c
	case ByMonth:
		if c.month--; c.month == 0 {
			c.year, c.month = c.year-1, 12
		}
	case ByYear:
		c.year--
	}
	if last := days(c.year, c.month); c.day > last && isEnd {
		c.day, c.minute = 1, 0
		if c.month++; c.month == 13 {
			c.year, c.month = c.year+1, 1
		}
	} else if c.day > last {
		c.day = last
	}
	return c
}

var shifts = []Shift{ByWeek, ByMonth, ByYear}

func TestShiftsAndElapsedParts(t *testing.T) {
	const never = "2030-01-01T00:00"
	for _, c := range []struct {
		start, end, zone string
		comparison       Comparison
		asOf, want       string
	}{
		// Every way to count the days of March is compared with the days that February has.
		{"2026-03-01", "2026-03-31", "UTC", Comparison{Shift: ByMonth}, never, "2026-02-01T00:00 2026-03-01T00:00"},
		{"2026-03-01", "2026-03-29", "UTC", Comparison{Shift: ByMonth}, never, "2026-02-01T00:00 2026-03-01T00:00"},
		{"2026-03-31", "2026-03-31", "UTC", Comparison{Shift: ByMonth}, never, "2026-02-28T00:00 2026-03-01T00:00"},
		{"2026-03-30T10:00", "2026-03-31T12:00", "UTC", Comparison{Shift: ByMonth}, never, "2026-02-28T10:00 2026-03-01T00:00"},
		{"2026-02-01", "2026-02-28", "UTC", Comparison{Shift: ByMonth}, never, "2026-01-01T00:00 2026-02-01T00:00"},
		{"2026-02-28", "2026-02-28", "UTC", Comparison{Shift: ByMonth}, never, "2026-01-28T00:00 2026-01-29T00:00"},
		{"2026-02-22", "2026-02-28", "UTC", Comparison{Shift: ByMonth}, never, "2026-01-22T00:00 2026-01-29T00:00"},
		{"2026-04-30", "2026-04-30", "UTC", Comparison{Shift: ByMonth}, never, "2026-03-30T00:00 2026-03-31T00:00"},
		{"2026-03-31", "2026-04-30", "UTC", Comparison{Shift: ByMonth}, never, "2026-02-28T00:00 2026-03-31T00:00"},
		{"2026-01-01", "2026-01-31", "UTC", Comparison{Shift: ByMonth}, never, "2025-12-01T00:00 2026-01-01T00:00"},
		{"2029-02-28", "2029-02-28", "UTC", Comparison{Shift: ByYear}, never, "2028-02-28T00:00 2028-02-29T00:00"},
		{"2028-02-29", "2028-02-29", "UTC", Comparison{Shift: ByYear}, never, "2027-02-28T00:00 2027-03-01T00:00"},
		{"2028-02-01", "2028-02-29", "UTC", Comparison{Shift: ByYear}, never, "2027-02-01T00:00 2027-03-01T00:00"},
		{"2027-02-01", "2027-02-28", "UTC", Comparison{Shift: ByYear}, never, "2026-02-01T00:00 2026-03-01T00:00"},
		// The clocks went forward on 29 March: the hour from 2 to 3 is not there.
		{"2026-04-05T02:00", "2026-04-05T03:00", "Europe/Berlin", Comparison{Shift: ByWeek}, never, "2026-03-29T03:00 2026-03-29T04:00"},
		{"2026-03-29", "2026-03-29", "Europe/Berlin", Comparison{Shift: ByWeek}, never, "2026-03-22T00:00 2026-03-23T00:00"},
		{"2026-03-29T01:30", "2026-03-29T03:30", "Europe/Berlin", Comparison{Shift: ByYear}, never, "2025-03-29T01:30 2025-03-29T03:30"},
		// A day without a midnight.
		{"2018-11-04", "2018-11-04", "America/Sao_Paulo", Comparison{Shift: ByWeek}, never, "2018-10-28T00:00 2018-10-29T00:00"},
		{"2018-11-11", "2018-11-11", "America/Sao_Paulo", Comparison{Shift: ByWeek}, never, "2018-11-04T01:00 2018-11-05T00:00"},
		// A month that runs is compared with the same part of the one before.
		{"2026-11-01", "2026-11-30", "UTC", Comparison{Elapsed: true}, "2026-11-10T12:30", "2026-10-01T00:00 2026-10-10T12:30"},
		{"2026-11-01", "2026-11-30", "UTC", Comparison{}, "2026-11-10T12:30", "2026-10-01T00:00 2026-11-01T00:00"},
		{"2026-11-01", "2026-11-30", "UTC", Comparison{Shift: ByYear, Elapsed: true}, "2026-11-10T12:30", "2025-11-01T00:00 2025-11-10T12:30"},
		{"2026-03-01", "2026-03-31", "UTC", Comparison{Elapsed: true}, "2026-03-30T12:00", "2026-02-01T00:00 2026-03-01T00:00"},
		{"2026-03-01", "2026-03-31", "UTC", Comparison{Elapsed: true}, "2026-03-28T12:00", "2026-02-01T00:00 2026-02-28T12:00"},
		{"2026-04-01", "2026-06-30", "UTC", Comparison{Elapsed: true}, "2026-05-15T08:00", "2026-01-01T00:00 2026-02-15T08:00"},
		{"2026-03-23", "2026-03-29", "Europe/Berlin", Comparison{Elapsed: true}, "2026-03-29T12:00", "2026-03-16T00:00 2026-03-22T12:00"},
		{"2026-03-01T10:00", "2026-03-01T11:30", "UTC", Comparison{Elapsed: true}, "2026-03-01T10:15", "2026-03-01T08:30 2026-03-01T08:45"},
		{"2026-11-01", "2026-11-30", "UTC", Comparison{Elapsed: true}, never, "2026-10-01T00:00 2026-11-01T00:00"},
		{"2026-11-01", "2026-11-30", "UTC", Comparison{Elapsed: true}, "2026-10-10T12:30", "2026-10-01T00:00 2026-10-01T00:00"},
		// In an hour that the clocks show twice, a part may seem to be longer than the whole, or to end before it.
		{"2026-10-25", "2026-10-25T02:45:00+02:00", "Europe/Berlin", Comparison{Shift: ByWeek, Elapsed: true}, "2026-10-25T02:15:00+01:00", "2026-10-18T00:00 2026-10-18T02:45"},
		{"2026-10-25", "2026-10-25T02:15:00+01:00", "Europe/Berlin", Comparison{Shift: ByWeek, Elapsed: true}, "2026-10-25T02:45:00+02:00", "2026-10-18T00:00 2026-10-18T02:15"},
		{"2026-04-05T02:00", "2026-04-05T03:00", "Europe/Berlin", Comparison{Shift: ByWeek, Elapsed: true}, "2026-04-05T03:00", "2026-03-29T03:00 2026-03-29T04:00"},
		// Some days from the first of a month on are as many days before, over a day that Samoa did not have, too.
		{"2026-03-01", "2026-03-14", "UTC", Comparison{}, never, "2026-02-15T00:00 2026-03-01T00:00"},
		{"2026-02-01", "2026-03-14", "UTC", Comparison{Shift: ByPeriod}, never, "2025-12-21T00:00 2026-02-01T00:00"},
		{"2011-12-31", "2011-12-31", "Pacific/Apia", Comparison{}, never, "2011-12-29T00:00 2011-12-31T00:00"},
		// Another range, by the same zone.
		{"2026-11-01", "2026-11-30", "Europe/Berlin", Comparison{StartDate: "2025-01-01", EndDate: "2025-01-31"}, never, "2025-01-01T00:00 2025-02-01T00:00"},
		{"2026-11-01", "2026-11-30", "UTC", Comparison{Period: Yesterday}, "2026-11-10T12:30", "2026-11-09T00:00 2026-11-10T00:00"},
	} {
		zone, err := LoadZone(ArgTimeZone, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRange(c.start, c.end, zone)
		if err != nil {
			t.Fatal(err)
		}
		asOf, err := ParseInstant(c.asOf, zone)
		if err != nil {
			t.Fatal(err)
		}
		query := Query{Range: r, Zone: zone, AccountID: "a", StartsBy: ArgPeriod, EndsBy: ArgPeriod}
		with, ok, err := c.comparison.Of(query, asOf, time.Time{})
		const form = "2006-01-02T15:04"
		if got := with.Range.From.In(zone).Format(form) + " " + with.Range.To.In(zone).Format(form); !ok || err != nil || got != c.want || with.AccountID != "a" {
			t.Errorf("%s to %s in %s, %+v as of %s: got %s, %v, want %s", c.start, c.end, c.zone, c.comparison, c.asOf, got, err, c.want)
		}
		if by := c.comparison.StartDate != ""; (with.StartsBy == ArgStartDate) != by || with.StartsBy == ArgPeriod && c.comparison.Period == "" {
			t.Errorf("%+v: the range comes from %q", c.comparison, with.StartsBy)
		}
	}
}

// What is kept from within an hour on is exact from there on.
func TestTheElapsedPartEndsWhereSessionsAreKept(t *testing.T) {
	r := Range{parse(t, "2026-11-01T00:00:00Z"), parse(t, "2026-12-01T00:00:00Z")}
	for kept, want := range map[string]string{"2026-10-10T12:30:00Z": "2026-10-01 2026-10-10T12:30:00Z", "2026-10-10T12:30:00.001Z": "2026-10-01 2026-10-10T12:00:00Z"} {
		with, _, err := (Comparison{Shift: ByMonth, Elapsed: true}).Of(Query{Range: r, Zone: time.UTC}, parse(t, "2026-11-10T12:30:00Z"), parse(t, kept))
		if err != nil || written(with.Range) != want {
			t.Errorf("kept from %s on: got %s, %v, want %s", kept, written(with.Range), err, want)
		}
	}
}

func TestComparisonsThatMeanTheSame(t *testing.T) {
	for _, c := range []struct{ one, normal Comparison }{
		{Comparison{Shift: ByPeriod}, Comparison{}},
		{Comparison{Shift: ByWeek, Elapsed: true}, Comparison{Shift: ByWeek, Elapsed: true}},
		{Comparison{Another: true}, Comparison{Another: true}},
		{Comparison{StartDate: "2026-03-01"}, Comparison{StartDate: "2026-03-01", Another: true}},
		{Comparison{EndDate: "2026-03-01"}, Comparison{EndDate: "2026-03-01", Another: true}},
		{Comparison{Period: Today}, Comparison{Period: Today, Another: true}},
		// Which is refused, and not taken for one without a shift.
		{Comparison{Shift: ByPeriod, Period: Today}, Comparison{Shift: ByPeriod, Period: Today, Another: true}},
	} {
		if got := c.one.Normal(); got != c.normal {
			t.Errorf("%+v: got %+v", c.one, got)
		}
	}
	day := Range{parse(t, "2011-12-30T10:00:00Z"), parse(t, "2011-12-31T10:00:00Z")} // the 31st in Samoa, which had no 30th
	for _, shift := range []Shift{"", ByPeriod} {
		if got, ok := day.Shifted(shift, zone(t, "Pacific/Apia")); !ok || written(got) != "2011-12-29T10:00:00Z 2011-12-30T10:00:00Z" {
			t.Errorf("by %q: got %s", shift, written(got))
		}
	}
	query := Query{Range: day, Zone: time.UTC, StartsBy: ArgStartDate}
	if with, ok, err := (Comparison{Another: true}).Of(query, day.To, time.Time{}); !ok || err != nil || with.Range != (Range{}) || with.StartsBy != "" {
		t.Errorf("all of time: got %+v, %v", with, err)
	}
}

func TestWhatCannotBeCompared(t *testing.T) {
	day := Range{time.Unix(0, 0), time.Unix(24*60*60, 0)}
	for _, r := range []Range{{}, {From: day.From}, {To: day.To}, {day.From, day.From}} {
		for _, shift := range append(shifts, ByPeriod, "") {
			if with, ok, err := (Comparison{Shift: shift, Elapsed: true}).Of(Query{Range: r, Zone: time.UTC}, day.From, time.Time{}); ok || err != nil {
				t.Errorf("%v by a %s: got %v, %v", r, shift, with.Range, err)
			}
		}
	}
	for _, first := range []Range{{time.Date(1, 1, 5, 0, 0, 0, 0, time.UTC), day.To}, {time.Date(1, 5, 5, 0, 0, 0, 0, time.UTC), day.To}} {
		if got, ok := first.Shifted(ByYear, time.UTC); ok {
			t.Errorf("%v: got %v", first, got)
		}
	}
	for _, comparison := range []Comparison{
		{Shift: ByWeek, StartDate: "2026-01-01"}, {Elapsed: true, Period: Today}, {Shift: ByPeriod, EndDate: "2026-01-01"},
		{StartDate: "x"}, {EndDate: "2026-02-30"}, {Period: Today, StartDate: "2026-01-01"}, {Period: "x"},
	} {
		if _, ok, err := comparison.Of(Query{Range: day, Zone: time.UTC}, day.From, time.Time{}); ok || err == nil || AsError(err).Code != InvalidArgument {
			t.Errorf("%+v: got %v", comparison, err)
		}
	}
}

// The later it gets, the more is compared; never more than the whole, and by the hour where
// sessions have been dropped.
func TestTheElapsedPartGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := drawZone(t)
		now := time.UnixMilli(rapid.Int64Range(0, 2e12).Draw(t, "now")).UTC()
		r, err := rapid.SampledFrom(Periods).Draw(t, "period").Range(now, zone)
		if err != nil {
			t.Fatal(err)
		}
		shift := rapid.SampledFrom(append(shifts, ByPeriod)).Draw(t, "shift")
		whole, ok := r.Shifted(shift, zone)
		if !ok {
			t.Fatalf("%v has nothing before it", r)
		}
		query, last := Query{Range: r, Zone: zone}, whole.From
		for _, hours := range []int{-5, 0, 1, 7, 30, 100, 700, 800, 9000} {
			asOf := r.From.Add(time.Duration(hours)*time.Hour + 1234*time.Millisecond)
			with, _, err := (Comparison{Shift: shift, Elapsed: true}).Of(query, asOf, time.Time{})
			if err != nil || !with.Range.From.Equal(whole.From) || with.Range.To.Before(last) || with.Range.To.After(whole.To) {
				t.Fatalf("%v by a %s as of %v: got %v after %v", r, shift, asOf, with.Range, last)
			}
			last = with.Range.To
			kept, _, err := (Comparison{Shift: shift, Elapsed: true}).Of(query, asOf, now.AddDate(50, 0, 0))
			if err != nil || kept.Range.To.After(last) || last.Sub(kept.Range.To) >= time.Hour ||
				!kept.Range.To.Equal(Hour.Floor(kept.Range.To)) && !kept.Range.To.Equal(whole.To) && !kept.Range.To.Equal(whole.From) {
				t.Fatalf("%v by a %s as of %v, dropped: got %v, not %v", r, shift, asOf, kept.Range, last)
			}
		}
	})
}

// Whole months are compared with whole months where years have other days, and what days are is
// decided in the zone.
func TestMonthsAreComparedWithMonthsInTheZone(t *testing.T) {
	east := time.FixedZone("", 10*3600)
	day := func(year int, month time.Month, day int, zone *time.Location) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, zone).UTC()
	}
	for _, c := range []struct {
		zone       *time.Location
		shift      Shift
		asked      [2][3]int
		comparable [2][3]int
	}{
		{time.UTC, ByYear, [2][3]int{{2025, 2, 1}, {2025, 3, 1}}, [2][3]int{{2024, 2, 1}, {2024, 3, 1}}},
		{east, ByYear, [2][3]int{{2025, 2, 1}, {2025, 3, 1}}, [2][3]int{{2024, 2, 1}, {2024, 3, 1}}},
		{east, ByMonth, [2][3]int{{2026, 3, 1}, {2026, 4, 1}}, [2][3]int{{2026, 2, 1}, {2026, 3, 1}}},
		{east, ByMonth, [2][3]int{{2026, 2, 1}, {2026, 3, 1}}, [2][3]int{{2026, 1, 1}, {2026, 2, 1}}},
		{east, ByYear, [2][3]int{{2025, 2, 2}, {2025, 3, 1}}, [2][3]int{{2024, 2, 2}, {2024, 2, 29}}},
	} {
		span := Range{From: day(c.asked[0][0], time.Month(c.asked[0][1]), c.asked[0][2], c.zone), To: day(c.asked[1][0], time.Month(c.asked[1][1]), c.asked[1][2], c.zone)}
		back := span.back(c.shift, c.zone)
		from, to := back.start(span.From, c.zone), back.end(span.To, c.zone)
		wantFrom, wantTo := day(c.comparable[0][0], time.Month(c.comparable[0][1]), c.comparable[0][2], c.zone), day(c.comparable[1][0], time.Month(c.comparable[1][1]), c.comparable[1][2], c.zone)
		if !from.Equal(wantFrom) || !to.Equal(wantTo) {
			t.Errorf("%v %v: got %v to %v, want %v to %v", c.shift, c.asked, from, to, wantFrom, wantTo)
		}
	}
}
