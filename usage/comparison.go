package usage

import "time"

// Shift is how far back the range is that a range is compared with.
type Shift string

// The shifts. ByPeriod is to the time just before (Range.Previous); the others are on the
// calendar of the time zone.
const (
	ByPeriod Shift = "PERIOD"
	ByWeek   Shift = "WEEK"
	ByMonth  Shift = "MONTH"
	ByYear   Shift = "YEAR"
)

// Comparison says what a report is compared with: a range some way back, or another one
// by its dates or its name. The zero value is the time just before.
type Comparison struct {
	// Shift is empty for ByPeriod.
	Shift Shift
	// Elapsed compares the part of a range that has elapsed with the same part before.
	Elapsed bool
	// StartDate, EndDate and Period are as those of Request, and together with neither of
	// the others. Another says that they are meant even where none is given, for all of time.
	StartDate, EndDate string
	Period             Period
	Another            bool
	// StartsBy and EndsBy are as those of Request.
	StartsBy, EndsBy Argument
}

// Normal returns the comparison in the form that is the same for all that mean the same.
func (c Comparison) Normal() Comparison {
	c.Another = c.Another || c.StartDate != "" || c.EndDate != "" || c.Period != ""
	if c.Shift == ByPeriod && !c.Another {
		c.Shift = ""
	}
	return c
}

// Of returns the query of what a query's report is compared with, which was read at an
// instant and of which single sessions are kept from another on (zero: all of them).
// There is none where the range has no start or no end, is empty, or would reach back
// before the year 1. The error is an InvalidArgument.
func (c Comparison) Of(query Query, asOf, retainedFrom time.Time) (with Query, ok bool, err error) {
	with = query
	if c = c.Normal(); c.Another {
		if c.Shift != "" || c.Elapsed {
			return Query{}, false, Invalid(ArgShift, "%s and %s are about the range of the report; they cannot go together with %s, %s or %s",
				ArgShift, ArgElapsed, ArgStartDate, ArgEndDate, ArgPeriod).Accepting("either of them")
		}
		request := Request{StartDate: c.StartDate, EndDate: c.EndDate, Period: c.Period, StartsBy: c.StartsBy, EndsBy: c.EndsBy}
		with.StartsBy, with.EndsBy = request.endsBy()
		with.Range, err = request.span(query.Zone, asOf)
		return with, err == nil, err
	}
	with.StartsBy, with.EndsBy = "", ""
	if with.Range, ok = query.Range.Shifted(c.Shift, query.Zone); !ok || !c.Elapsed || !asOf.Before(query.Range.To) {
		return with, ok, nil
	}
	elapsed := query.Range.back(c.Shift, query.Zone).end(asOf, query.Zone)
	if elapsed.Before(retainedFrom) {
		elapsed = Hour.Floor(elapsed) // what was dropped is known by the hour
	}
	if elapsed.Before(with.Range.From) {
		elapsed = with.Range.From
	}
	if elapsed.Before(with.Range.To) {
		with.Range.To = elapsed
	}
	return with, true, nil
}

// Shifted returns the range some way back on the calendar of a zone, whose clocks show the
// same there. A range with an open end has none, nor has an empty one, or one that would
// reach back before the year 1.
//
// A month may not have a day: a start on such a day is on the last day of that month, and
// an end there is the end of that month. So the 31st of March becomes the 28th of February,
// and so do the 29th and the 30th. The end of a month stays one where the range begins on the
// first of a month; otherwise its last day is moved as any other: the 28th of February becomes
// the 28th of January.
func (r Range) Shifted(shift Shift, zone *time.Location) (shifted Range, ok bool) {
	if shift == ByPeriod || shift == "" {
		return r.Previous(zone)
	}
	if r.From.IsZero() || r.To.IsZero() || !r.From.Before(r.To) {
		return Range{}, false
	}
	back := r.back(shift, zone)
	shifted = Range{back.start(r.From, zone), back.end(r.To, zone)}
	if !shifted.From.Before(shifted.To) {
		// The clocks are put forward or back here or there, within the range.
		shifted.To = shifted.From.Add(r.To.Sub(r.From))
	}
	return shifted, shifted.From.Year() > 0
}

// distance is a way back: on the calendar, or of elapsed time.
type distance struct {
	months, days int
	// byLastDay has the end of a month moved by the month's last day.
	byLastDay   bool
	seconds     int64
	nanoseconds int
}

// back returns how far back a shift of a range is, which has both ends and is not empty.
func (r Range) back(shift Shift, zone *time.Location) distance {
	switch shift {
	case ByWeek:
		return distance{days: 7}
	case ByMonth:
		return distance{months: 1, byLastDay: r.From.In(zone).Day() > 1}
	case ByYear:
		return distance{months: 12, byLastDay: r.From.In(zone).Day() > 1}
	}
	if !BeginsDay(r.From, zone) || !BeginsDay(r.To, zone) {
		// A time.Duration ends after 292 years.
		return distance{seconds: r.To.Unix() - r.From.Unix(), nanoseconds: r.To.Nanosecond() - r.From.Nanosecond()}
	}
	year, month, day := r.From.In(zone).Date()
	toYear, toMonth, toDay := r.To.In(zone).Date()
	if day == 1 && toDay == 1 {
		return distance{months: (toYear-year)*12 + int(toMonth-month)}
	}
	return distance{days: calendarDays(r, zone)}
}

// start moves an instant at which a range starts.
func (d distance) start(t time.Time, zone *time.Location) time.Time { return d.move(t, zone, false) }

// end moves an instant at which a range ends.
func (d distance) end(t time.Time, zone *time.Location) time.Time { return d.move(t, zone, true) }

func (d distance) move(t time.Time, zone *time.Location, isEnd bool) time.Time {
	if d.months == 0 && d.days == 0 {
		return time.Unix(t.Unix()-d.seconds, int64(t.Nanosecond()-d.nanoseconds)).UTC()
	}
	local := t.In(zone)
	year, month, day := local.Date()
	clock := wallClockOf(local)
	if dayBegins(year, month, day, zone).Equal(t) {
		if isEnd && d.byLastDay && day == 1 {
			last := min(daysIn(year, month-1), daysIn(year, month-1-time.Month(d.months)))
			return dayBegins(year, month-1-time.Month(d.months), last+1, zone)
		}
		clock = wallClockAt(year, month, day, 0, 0, 0, 0) // the day may begin later than others
	}
	hour, minute, second := clock.utc.Clock()
	month -= time.Month(d.months)
	if days := daysIn(year, month); day > days {
		if isEnd {
			return dayBegins(year, month+1, 1-d.days, zone)
		}
		day = days
	}
	return wallClockAt(year, month, day-d.days, hour, minute, second, clock.utc.Nanosecond()).in(zone).UTC()
}

// daysIn counts the days of a month, which may lie outside of its year.
func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
