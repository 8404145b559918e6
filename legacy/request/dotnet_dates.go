package request

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"aiusage/legacy/contract"
)

// dotNetDates returns the forms of dates that .NET's DateTime.Parse takes with the
// invariant culture, in which numbers stand with the month first:
//
//	2026-3-31  2026/3/31  2026.3.31    3/31/2026  3-31-2026  3.31.2026
//	31 Mar 2026  31-Mar-2026  31/Mar/2026  31 Mar, 2026  31. March 2026
//	Mar 31 2026  March 31, 2026  Mar. 31, 2026  Mar-31-2026  2026 Mar 31  2026-Mar-31
//
// The day of the week may stand before, and must be the right one. A time may follow
// after white space or a comma: 17:00, 17:00:00, 17:00:00.5, 5:00 PM, 5 PM; and after
// that Z, GMT or an offset such as +2, +02, +0200 or +02:00, of at most 14 hours. After
// "T", the year is in front and the time has all its digits (2026-3-31T17:00:00+0200).
//
// What .NET takes besides is left out on purpose: years of two digits and dates
// without a year, which mean something else each year; months without a day and
// times without a date; dates with a zone and no time, which may be meant as a day
// or as an instant; 13:00 PM and 0:00 AM; and what only a parser could love: the time before the
// date, several separators in one date, blanks or commas between numbers, 1Mar2026,
// eras, #…#, the day of the week at the end.
//
// They take ten milliseconds to compile, which is for the first date that needs them and not for
// each command that starts.
var dotNetDates = sync.OnceValue(func() (forms []*regexp.Regexp) {
	const (
		year, month, day = `(?P<year>\d{4})`, `(?P<month>\d{1,2})`, `(?P<day>\d{1,2})`
		name             = `(?P<name>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)`
		weekday          = `(?:(?P<weekday>Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)(?:,` + white + `*|` + white + `+))?`
		fraction         = `(?:\.(?P<fraction>\d{1,9}))?`
		offset           = white + `*(?P<zone>Z|[+-]\d{1,2}:\d{1,2}|[+-]\d{1,4})`
		// The hour alone is an hour only with AM or PM, which translate sees to.
		clock = `(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})` + fraction + `)?)?(?:` + white + `*(?P<half>[AP]M))?` +
			`(?:` + offset + `|` + white + `+(?P<gmt>GMT))?`
		long = `T(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})` + fraction + `)?(?:` + offset + `)?`
	)
	dates := []string{
		name + `\.?` + white + `+` + day + `,` + white + `*` + year,
		day + `\.?` + white + `+` + name + `(?:,` + white + `*|` + white + `+)` + year,
	}
	for _, separator := range []string{`-`, `/`, `\.`} {
		dates = append(dates, year+separator+month+separator+day, month+separator+day+separator+year)
	}
	for _, separator := range []string{white + `+`, `-`, `/`} {
		dates = append(dates, day+separator+name+separator+year, name+separator+day+separator+year, year+separator+name+separator+day)
	}
	for _, date := range dates {
		forms = append(forms, regexp.MustCompile(`(?i)^`+weekday+date+`(?:(?:`+white+`+|,`+white+`*)`+clock+`)?$`))
	}
	for _, separator := range []string{`-`, `/`} {
		forms = append(forms, regexp.MustCompile(`(?i)^`+year+separator+month+separator+day+long+`$`))
	}
	return forms
})

// white is what may stand between the parts of a date. Newer .NET writes a narrow
// no-break space before AM and PM.
const white = `[ \t\x{A0}\x{202F}]`

// dateParts are the parts of a date by the names of the groups in dotNetDates.
type dateParts map[string]string

// translate puts the parts together as usage.ParseRange takes them.
func (p dateParts) translate() (string, error) {
	date, err := p.date()
	if err != nil || p["hour"] == "" {
		return date, err
	}
	clock, err := p.clock()
	if err != nil {
		return "", err
	}
	zone, err := p.zone()
	return date + "T" + clock + zone, err
}

func (p dateParts) date() (string, error) {
	year, month, day := digits(p["year"]), digits(p["month"]), digits(p["day"])
	if p["name"] != "" {
		named, err := time.Parse("Jan", p["name"][:3])
		if err != nil {
			return "", err
		}
		month = int(named.Month())
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if year == 0 || date.Year() != year || int(date.Month()) != month || date.Day() != day {
		return "", fmt.Errorf("the day %04d-%02d-%02d does not exist", year, month, day)
	}
	if name := p["weekday"]; name != "" && !strings.EqualFold(name[:3], date.Weekday().String()[:3]) {
		return "", fmt.Errorf("the day is a %s", date.Weekday())
	}
	return date.Format(time.DateOnly), nil
}

func (p dateParts) clock() (string, error) {
	hour, minute, second := digits(p["hour"]), digits(p["minute"]), digits(p["second"])
	half := contract.Lower(p["half"])
	if half == "" && p["minute"] == "" || half != "" && (hour < 1 || hour > 12) {
		return "", errNoTime
	}
	if half != "" {
		hour %= 12
		if half == "pm" {
			hour += 12
		}
	}
	if hour > 23 || minute > 59 || second > 59 {
		return "", errNoTime
	}
	clock := fmt.Sprintf("%02d:%02d:%02d", hour, minute, second)
	if p["fraction"] != "" {
		clock += "." + p["fraction"]
	}
	return clock, nil
}

var errNoTime = fmt.Errorf("the time of day does not exist")

// zone returns the offset as ±hh:mm, or Z. One without a colon has hours of one or
// two digits, and then minutes.
func (p dateParts) zone() (string, error) {
	text := p["zone"]
	switch {
	case text == "" && p["gmt"] == "":
		return "", nil
	case text == "" || contract.Lower(text) == "z":
		return "Z", nil
	}
	hours, minutes, colon := strings.Cut(text[1:], ":")
	if !colon && len(hours) > 2 {
		hours, minutes = hours[:len(hours)-2], hours[len(hours)-2:]
	}
	if digits(minutes) > 59 || digits(hours)*60+digits(minutes) > 14*60 {
		return "", fmt.Errorf("the offset %s does not exist", text)
	}
	return fmt.Sprintf("%s%02d:%02d", text[:1], digits(hours), digits(minutes)), nil
}

// digits reads at most four digits; none are 0.
func digits(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
