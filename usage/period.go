package usage

import "time"

// Period is a range of time by its name.
type Period string

// The periods. A week begins on Monday (ISO 8601), a quarter with January, April,
// July or October. The current day, week and so on count to their end, and the
// last so many days include the current one.
const (
	Today       Period = "TODAY"
	Yesterday   Period = "YESTERDAY"
	ThisWeek    Period = "THIS_WEEK"
	LastWeek    Period = "LAST_WEEK"
	ThisMonth   Period = "THIS_MONTH"
	LastMonth   Period = "LAST_MONTH"
	ThisQuarter Period = "THIS_QUARTER"
	LastQuarter Period = "LAST_QUARTER"
	ThisYear    Period = "THIS_YEAR"
	LastYear    Period = "LAST_YEAR"
	Last7Days   Period = "LAST_7_DAYS"
	Last30Days  Period = "LAST_30_DAYS"
	Last90Days  Period = "LAST_90_DAYS"
)

// Periods are all periods.
var Periods = []Period{
	Today, Yesterday, ThisWeek, LastWeek, ThisMonth, LastMonth, ThisQuarter, LastQuarter,
	ThisYear, LastYear, Last7Days, Last30Days, Last90Days,
}

// Range returns the period around an instant on the calendar of a zone. The error
// is an InvalidArgument for what is not a period.
func (p Period) Range(now time.Time, zone *time.Location) (Range, error) {
	year, month, day := now.In(zone).Date()
	// from and to give the range as days of the current month, which may lie
	// outside of it.
	days := func(from, to int) (Range, error) {
		return Range{dayBegins(year, month, from, zone), dayBegins(year, month, to, zone)}, nil
	}
	months := func(from, count time.Month) (Range, error) {
		return Range{dayBegins(year, from, 1, zone), dayBegins(year, from+count, 1, zone)}, nil
	}
	monday := day - sinceMonday(now, zone)
	quarter := month - (month-1)%3
	switch p {
	case Today:
		return days(day, day+1)
	case Yesterday:
		return days(day-1, day)
	case ThisWeek:
		return days(monday, monday+7)
	case LastWeek:
		return days(monday-7, monday)
	case ThisMonth:
		return months(month, 1)
	case LastMonth:
		return months(month-1, 1)
	case ThisQuarter:
		return months(quarter, 3)
	case LastQuarter:
		return months(quarter-3, 3)
	case ThisYear:
		return months(1, 12)
	case LastYear:
		return months(1-12, 12)
	case Last7Days:
		return days(day-6, day+1)
	case Last30Days:
		return days(day-29, day+1)
	case Last90Days:
		return days(day-89, day+1)
	}
	accepted := make([]any, len(Periods))
	for i, period := range Periods {
		accepted[i] = period
	}
	return Range{}, Invalid(ArgPeriod, "%s %s is not a period this gateway knows", ArgPeriod, Sent(p)).Accepting(accepted...)
}

// Previous returns the range just before this one, to compare with: as many
// calendar months where both bounds are first days of months in the zone,
// otherwise as many days where both are beginnings of days, otherwise as much
// elapsed time. A range with an open end has none, nor has an empty one, or one that
// would reach back before the year 1.
func (r Range) Previous(zone *time.Location) (previous Range, ok bool) {
	if r.From.IsZero() || r.To.IsZero() || !r.From.Before(r.To) {
		return Range{}, false
	}
	back := r.back(ByPeriod, zone)
	from := r.From
	for ; !from.Before(r.From); back.days++ { // again over a day that the zone skipped
		from = back.start(r.From, zone)
	}
	return Range{from, r.From}, from.Year() > 0
}

// calendarDays counts the days of a range that begins and ends with a day.
func calendarDays(r Range, zone *time.Location) int {
	date := func(t time.Time) time.Time {
		year, month, day := t.In(zone).Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	return int((date(r.To).Unix() - date(r.From).Unix()) / (24 * 60 * 60))
}

// dayBegins returns the first instant of a day in a zone.
func dayBegins(year int, month time.Month, day int, zone *time.Location) time.Time {
	return wallClockAt(year, month, day, 0, 0, 0, 0).in(zone).UTC()
}

// BeginsDay tells whether an instant is the first one of a day in a zone.
func BeginsDay(t time.Time, zone *time.Location) bool {
	year, month, day := t.In(zone).Date()
	return dayBegins(year, month, day, zone).Equal(t)
}

// sinceMonday counts the days since the week began.
func sinceMonday(t time.Time, zone *time.Location) int { return (int(t.In(zone).Weekday()) + 6) % 7 }
