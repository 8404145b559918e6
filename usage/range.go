package usage

import (
	"fmt"
	"strings"
	"time"
)

// Range is the half-open span of instants [From, To). A session belongs to the
// range that holds its start. The zero From means from the beginning, the zero
// To without end.
type Range struct{ From, To time.Time }

// DateForms are the forms of startDate and endDate, by example.
var DateForms = []string{
	"2026-03-31 (a day in the time zone, inclusive)",
	"2026-03-31T10:00:00Z or 2026-03-31T10:00:00+02:00 (an instant; the end is exclusive)",
	"2026-03-31T10:00 (the same, in the time zone)",
}

// ParseRange reads startDate and endDate, each of which may be empty.
//
//   - A day such as 2026-03-01 is a calendar day in the zone and is inclusive at
//     both ends: as an end it means until the next day begins.
//   - A date and time with Z or an offset (RFC 3339, up to nanoseconds) is an
//     instant: inclusive as a start, exclusive as an end.
//   - A date and time without an offset is read in the zone, then likewise.
//
// Wall clock times that the zone skips or repeats resolve as described at
// wallClock.in. Nothing is clamped or guessed: a day that does not exist, any
// other form and an end before the start are InvalidArgument errors that name
// the argument. An end after the year 9999 (UTC) is no end, and a start there is the last
// nanosecond of that year, from which on no session starts.
func ParseRange(startDate, endDate string, zone *time.Location) (Range, error) {
	return parseRange(ArgStartDate, ArgEndDate, startDate, endDate, zone)
}

// parseRange is ParseRange with the names of the arguments.
func parseRange(startsBy, endsBy Argument, startDate, endDate string, zone *time.Location) (Range, error) {
	start, err := parseBound(startsBy, startDate, zone)
	if err != nil {
		return Range{}, err
	}
	end, err := parseBound(endsBy, endDate, zone)
	if err != nil {
		return Range{}, err
	}
	span := Range{From: start.begin, To: end.end}
	if endDate != "" && !span.To.After(time.Time{}) {
		span.To = time.Time{}.Add(1) // the zero time would mean that there is no end
	}
	if span.To.After(Latest) {
		span.To = time.Time{} // no session starts later, so this is no end
	}
	if span.From.After(Latest) {
		span.From = afterLatest // nor from here on, and this can be written
	}
	if startDate != "" && endDate != "" && end.begin.Before(start.begin) && !end.end.After(start.begin) {
		return Range{}, Invalid(endsBy, "%s %s is before %s %s", endsBy, Sent(endDate), startsBy, Sent(startDate))
	}
	return span, nil
}

// bound is what one date argument stands for: a day from begin to end, or one
// instant as both.
type bound struct{ begin, end time.Time }

// parseBound reads one date argument in any accepted form.
func parseBound(argument Argument, text string, zone *time.Location) (bound, error) {
	if text == "" {
		return bound{}, nil
	}
	date, clock, hasClock := cutClock(text)
	day, err := parseDay(date)
	if err != nil {
		return bound{}, BadDate(argument, text, err)
	}
	if !hasClock {
		return bound{begin: day.in(zone), end: day.nextDay().in(zone)}, nil
	}
	instant, err := parseInstant(day, clock, zone)
	if err != nil {
		return bound{}, BadDate(argument, text, err)
	}
	return bound{begin: instant, end: instant}, nil
}

// ParseInstant reads a date and time as parseBound does, for a session's start:
// RFC 3339, or a date and time separated by "T" or one space, without an offset
// in the zone. A bare day is not an instant.
func ParseInstant(text string, zone *time.Location) (time.Time, error) {
	date, clock, hasClock := cutClock(text)
	if !hasClock {
		date, clock, hasClock = strings.Cut(text, " ")
	}
	if !hasClock {
		return time.Time{}, fmt.Errorf("it has no time of day")
	}
	day, err := parseDay(date)
	if err != nil {
		return time.Time{}, err
	}
	return parseInstant(day, clock, zone)
}

// cutClock separates a date from the time of day after it. RFC 3339 allows a
// lower-case "t".
func cutClock(text string) (date, clock string, found bool) {
	if i := strings.IndexAny(text, "Tt"); i >= 0 {
		return text[:i], text[i+1:], true
	}
	return text, "", false
}

// parseDay reads YYYY-MM-DD, years 0001 to 9999.
func parseDay(text string) (wallClock, error) {
	if !matches(text, "0000-00-00") {
		return wallClock{}, errForm
	}
	year, month, day := number(text[0:4]), number(text[5:7]), number(text[8:10])
	if year == 0 {
		return wallClock{}, fmt.Errorf("there is no year 0")
	}
	midnight := wallClockAt(year, time.Month(month), day, 0, 0, 0, 0)
	if y, m, d := midnight.utc.Date(); y != year || int(m) != month || d != day {
		return wallClock{}, fmt.Errorf("the day %s does not exist", text)
	}
	return midnight, nil
}

// parseInstant reads the time of day after a date: hh:mm, hh:mm:ss or
// hh:mm:ss.f with one to nine digits, and after that Z, an offset or nothing.
func parseInstant(day wallClock, text string, zone *time.Location) (time.Time, error) {
	clock, offset, hasOffset, err := cutOffset(text)
	if err != nil {
		return time.Time{}, err
	}
	clock, fraction, hasFraction := strings.Cut(clock, ".")
	var second int
	switch {
	case matches(clock, "00:00:00"):
		second = number(clock[6:8])
	case matches(clock, "00:00") && !hasFraction && !hasOffset:
	default:
		return time.Time{}, errForm
	}
	nanosecond, err := parseFraction(fraction, hasFraction)
	if err != nil {
		return time.Time{}, err
	}
	hour, minute := number(clock[0:2]), number(clock[3:5])
	if hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, fmt.Errorf("the time of day %s does not exist", clock)
	}
	year, month, date := day.utc.Date()
	wall := wallClockAt(year, month, date, hour, minute, second, nanosecond)
	if hasOffset {
		return wall.utc.Add(-offset), nil
	}
	return wall.in(zone), nil
}

// cutOffset separates "Z" or "±hh:mm" from the end of a time of day.
func cutOffset(text string) (clock string, offset time.Duration, found bool, err error) {
	if clock, zulu := strings.CutSuffix(strings.ToUpper(text), "Z"); zulu {
		return clock, 0, true, nil
	}
	sign := strings.LastIndexAny(text, "+-")
	if sign < 0 {
		return text, 0, false, nil
	}
	if !matches(text[sign+1:], "00:00") {
		return "", 0, false, errForm
	}
	hours, minutes := number(text[sign+1:sign+3]), number(text[sign+4:sign+6])
	if hours > 23 || minutes > 59 {
		return "", 0, false, fmt.Errorf("the offset %s does not exist", text[sign:])
	}
	offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if text[sign] == '-' {
		offset = -offset
	}
	return text[:sign], offset, true, nil
}

// parseFraction reads the digits after the decimal point of a second, as nanoseconds.
func parseFraction(digits string, present bool) (int, error) {
	if !present {
		return 0, nil
	}
	const nine = "000000000"
	if len(digits) == 0 || len(digits) > len(nine) || !matches(digits, nine[:len(digits)]) {
		return 0, errForm
	}
	return number(digits + nine[len(digits):]), nil
}

// errForm says that a text has none of the accepted forms.
var errForm = fmt.Errorf("it has none of the accepted forms")

// BadDate makes the error for a date argument that cannot be read.
func BadDate(argument Argument, text string, reason error) error {
	return Invalid(argument, "%s %s cannot be read: %v", argument, Sent(text), reason).Accepting(AnyDate)
}

// matches tells whether text has the pattern's length, a digit wherever the
// pattern has "0" and the pattern's own character elsewhere.
func matches(text, pattern string) bool {
	if len(text) != len(pattern) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] == '0' {
			if text[i] < '0' || text[i] > '9' {
				return false
			}
		} else if text[i] != pattern[i] {
			return false
		}
	}
	return true
}

// number reads a text that matches has found to hold only digits.
func number(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}
