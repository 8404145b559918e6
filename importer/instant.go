package importer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aiusage/usage"
)

// parseInstant reads an instant of a column. Digits beyond the millisecond are
// cut, as the database would otherwise round them, perhaps into the next day.
func parseInstant(column, text string, in *forms) (time.Time, error) {
	if text == "" {
		return time.Time{}, errors.New(column + " is missing")
	}
	at, err := in.instant(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %s cannot be read: %w", column, excerpt(text), err)
	}
	at = at.UTC().Truncate(time.Millisecond)
	if at.Before(usage.Earliest) || at.After(usage.Latest) {
		return time.Time{}, fmt.Errorf("%s %s is not in the years %d to %d (UTC)",
			column, excerpt(text), usage.Earliest.Year(), usage.Latest.Year())
	}
	return at, nil
}

// acceptedInstants are forms by example.
const acceptedInstants = "accepted: 2026-03-31T10:00:00Z, 2026-03-31T10:00:00.250+02:00, 2026-03-31 10:00:00 (in the import's time zone), " +
	"1774951200 (seconds, milliseconds or microseconds since 1970), Tue, 31 Mar 2026 10:00:00 +0000, Mar 31, 2026 10:00:00 AM; " +
	"--started-format for others"

// instant reads an instant in one of the forms that mean the same everywhere, or
// in the one that the caller gave.
func (f *forms) instant(text string) (time.Time, error) {
	if strings.TrimSpace(text) != text {
		return time.Time{}, errors.New("it begins or ends with white space")
	}
	if f.startedFormat != nil {
		return f.startedFormat.parse(text, f.zone)
	}
	if isDigits(text[:1]) && !strings.Contains(text, "-") {
		if at, ok := epoch(text); ok {
			return at, nil
		}
	}
	if at, ok := mailDate(text); ok {
		return at, nil
	}
	if at, ok := f.spelled.read(text); ok {
		return onTheWall(at, f.zone)
	}
	if f.restated {
		if at, ok := f.withOffset(text); ok {
			return at, nil
		}
	}
	at, err := usage.ParseInstant(text, f.zone)
	if err == nil {
		return at, nil
	}
	if at, ok := f.withOffset(text); ok {
		f.restated = true
		return at, nil
	}
	if at, ok, wrong := f.named(text); wrong != nil {
		return time.Time{}, wrong
	} else if ok {
		f.spelled.remember(text)
		return at, nil
	}
	if ambiguous(text) {
		return time.Time{}, errors.New("nobody can tell the day from the month; say which is which with --started-format '%m/%d/%Y %H:%M:%S'")
	}
	return time.Time{}, fmt.Errorf("%w; %s", err, acceptedInstants)
}

// epoch reads the time since 1970 in seconds, milliseconds, microseconds or
// nanoseconds, which are told apart by the number of digits: those of the years
// 1973 to 2286. Others could be dates without separators.
func epoch(text string) (time.Time, bool) {
	whole, fraction, hasFraction := strings.Cut(text, ".")
	if !isDigits(whole) || hasFraction && !isDigits(fraction) {
		return time.Time{}, false
	}
	number, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	switch len(whole) {
	case 9, 10:
		milliseconds, _ := strconv.ParseInt((fraction + "000")[:3], 10, 64) // digits
		return time.UnixMilli(number*1000 + milliseconds), true
	case 12, 13:
		return time.UnixMilli(number), true
	case 15, 16:
		return time.UnixMicro(number), true
	case 18, 19:
		return time.Unix(0, number), true
	}
	return time.Time{}, false
}

// withOffset reads an instant with an offset that is not written as RFC 3339 has it, or is.
func (f *forms) withOffset(text string) (time.Time, bool) {
	standard, ok := standardOffset(text)
	if !ok {
		return time.Time{}, false
	}
	at, err := usage.ParseInstant(standard, f.zone)
	return at, err == nil
}

// standardOffset writes the offset at the end of a text as RFC 3339 has it: of
// "UTC", "GMT", "+0000", "+00" and with a space before.
func standardOffset(text string) (string, bool) {
	for _, name := range []string{"UTC", "GMT", "Z"} {
		if clock, found := strings.CutSuffix(text, name); found {
			return strings.TrimSuffix(clock, " ") + "Z", true
		}
	}
	sign := strings.LastIndexAny(text, "+-")
	if sign < len("2006-01-02T") { // it is of the date
		return "", false
	}
	clock, digits := strings.TrimSuffix(text[:sign], " "), text[sign+1:]
	switch {
	case len(digits) == 2 && isDigits(digits):
		digits += ":00"
	case len(digits) == 4 && isDigits(digits):
		digits = digits[:2] + ":" + digits[2:]
	}
	return clock + text[sign:sign+1] + digits, true
}

// namedLayouts have the month by its name. The day of the week is looked at apart.
var (
	layoutsWithOffset = []string{"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700"}
	layoutsOfWalls    = []string{
		"Jan 2 2006 15:04:05", "Jan 2 2006 15:04", "Jan 2 2006 3:04:05 PM", "Jan 2 2006 3:04 PM",
		"January 2 2006 15:04:05", "January 2 2006 15:04", "January 2 2006 3:04:05 PM", "January 2 2006 3:04 PM",
		"2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2 January 2006 15:04:05", "2 January 2006 15:04",
	}
)

// zonesOfMail are the zones with names that RFC 5322 gives a meaning (section 4.3).
var zonesOfMail = map[string]string{
	"UT": "+0000", "UTC": "+0000", "GMT": "+0000", "Z": "+0000",
	"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500",
	"MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
}

// mailDate reads a date of a mail as nearly all programs write it: with the day of
// the week, two digits of the day and an offset. What is another form, or wrong,
// is left to others. Reading it as one of many forms takes several times as long.
func mailDate(text string) (time.Time, bool) {
	const form, months = "Mon, 02 Jan 2006 15:04:05 ", "JanFebMarAprMayJunJulAugSepOctNovDec"
	if len(text) <= len(form) || text[3:5] != ", " || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
		text[19] != ':' || text[22] != ':' || text[25] != ' ' {
		return time.Time{}, false
	}
	offset, ok := mailOffset(text[26:])
	if !ok {
		return time.Time{}, false
	}
	month := strings.Index(months, text[8:11])
	var numbers [5]int
	for i, digits := range [...]string{text[5:7], text[12:16], text[17:19], text[20:22], text[23:25]} {
		for _, c := range []byte(digits) {
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
			numbers[i] = numbers[i]*10 + int(c-'0')
		}
	}
	day, year, hour, minute, second := numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
	at := time.Date(year, time.Month(month/3+1), day, hour, minute, second, 0, time.UTC)
	exists := month >= 0 && month%3 == 0 && at.Day() == day && hour < 24 && minute < 60 && second < 60
	return at.Add(-offset), exists && at.Weekday().String()[:3] == text[:3]
}

// mailOffset reads the offset of a date of a mail: GMT, or hours and minutes as in +0130.
func mailOffset(text string) (offset time.Duration, ok bool) {
	if text == "GMT" {
		return 0, true
	}
	if len(text) != 5 || text[0] != '+' && text[0] != '-' || !isDigits(text[1:]) {
		return 0, false
	}
	hours, minutes := 10*time.Duration(text[1]-'0')+time.Duration(text[2]-'0'), 10*time.Duration(text[3]-'0')+time.Duration(text[4]-'0')
	offset = hours*time.Hour + minutes*time.Minute
	if text[0] == '-' {
		offset = -offset
	}
	return offset, hours < 24 && minutes < 60
}

// named reads dates of mails (RFC 5322) and others with the name of the month.
func (f *forms) named(text string) (at time.Time, ok bool, wrong error) {
	rest, weekday := cutWeekday(strings.ReplaceAll(text, "\u202f", " ")) // before AM, in some locales
	words := strings.Fields(strings.ReplaceAll(rest, ",", " "))
	if len(words) < 4 {
		return time.Time{}, false, nil
	}
	if offset, known := zonesOfMail[words[len(words)-1]]; known {
		words[len(words)-1] = offset
	}
	rest = strings.Join(words, " ")
	day, ok := parseAny(layoutsWithOffset, rest)
	if at = day; !ok {
		if day, ok = parseAny(layoutsOfWalls, rest); !ok {
			return time.Time{}, false, nil
		}
		var err error
		if at, err = onTheWall(day, f.zone); err != nil {
			return time.Time{}, false, err
		}
	}
	if weekday != "" && !strings.HasPrefix(day.Weekday().String(), weekday) {
		return time.Time{}, false, fmt.Errorf("the day is a %s", day.Weekday())
	}
	return at, true, nil
}

func parseAny(layouts []string, text string) (time.Time, bool) {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// cutWeekday separates the name of a day, such as "Tue, ", from a date.
func cutWeekday(text string) (rest, weekday string) {
	name, rest, found := strings.Cut(text, ",")
	for day := time.Sunday; found && day <= time.Saturday; day++ {
		if name == day.String() || name == day.String()[:3] {
			return rest, name
		}
	}
	return text, ""
}

// onTheWall returns the instant at which a clock in the zone shows what one in UTC
// shows at the given one, by the rules of all dates.
func onTheWall(shown time.Time, zone *time.Location) (time.Time, error) {
	if year := shown.Year(); year >= 1 && year <= 9999 {
		return usage.ShownIn(shown, zone), nil
	}
	return usage.ParseInstant(shown.Format("2006-01-02T15:04:05.999999999"), zone)
}

// ambiguous tells whether a text begins with a date like 11/25/2026 or 25.11.2026.
func ambiguous(text string) bool {
	at := strings.IndexAny(text, "/.-")
	if at < 1 || at > 2 {
		return false
	}
	next := strings.IndexByte(text[at+1:], text[at])
	return next >= 1 && next <= 2 && isDigits(text[:at]) && isDigits(text[at+1:at+1+next])
}
