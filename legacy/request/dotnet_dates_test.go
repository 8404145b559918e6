package request

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aiusage/legacy/dotnet"
	"aiusage/usage"
)

// date makes up dates: in .NET's forms, in our own, and in neither.
func date(g dotnet.Generator) string {
	two := func(n int) string { return g.Pick(fmt.Sprint(n), fmt.Sprintf("%02d", n), fmt.Sprintf("%02d", n)) }
	number := func(most int) string {
		if g.One(40) {
			return two(g.IntN(100))
		}
		return two(g.IntN(most + 1))
	}
	at := time.Date(1+g.IntN(9999), time.Month(1+g.IntN(12)), 1+g.IntN(28), 0, 0, 0, 0, time.UTC)
	if g.One(2) {
		at = time.Date(2024+g.IntN(4), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	}
	year, month, day := at.Format("2006"), two(int(at.Month())), two(at.Day())
	if g.One(20) {
		year, month, day = g.Pick(year, year[2:], "0000", "12024"), number(13), number(32)
	}
	if g.One(3) {
		month = g.Pick(at.Format("Jan"), at.Format("January"), strings.ToUpper(at.Format("Jan")), at.Format("Jan"), "Mrz", at.Format("Jan")+".")
	}
	separator := g.Pick("-", "-", "/", "/", ".", " ", " ", ", ")
	second := separator
	if g.One(12) {
		second = g.Pick("-", "/", ".", " ", ", ", ",", "")
	}
	parts := [][3]string{{year, month, day}, {month, day, year}, {day, month, year}, {year, day, month}}[min(g.IntN(7), 3)]
	if !strings.ContainsAny(month, "JFMASOND") && g.One(2) {
		parts = [][3]string{{year, month, day}, {month, day, year}}[g.IntN(2)]
	}
	date := parts[0] + separator + parts[1] + second + parts[2]
	if g.One(4) {
		date = at.Format("2006-01-02")
	}
	if g.One(8) {
		date = g.Pick(at.Format("Mon, "), at.Format("Monday "), at.Format("Monday, "), "Mon, ", at.Format("mon ")) + date
	}
	if g.One(3) {
		return date + g.Pick("", "", "", "", "Z", "+01:00", " GMT", ",", " "+at.Format("Mon"))
	}
	clock := number(23)
	if !g.One(8) {
		clock += ":" + number(59)
		if !g.One(3) {
			clock += ":" + number(59)
			if g.One(3) {
				clock += "." + strings.Repeat(g.Pick("1", "9", "0", "5"), 1+g.IntN(9))
			}
		}
	}
	clock += g.Pick("", "", "", " PM", "AM", " am", "\u202fPM", " P", "\u00a0AM")
	clock += g.Pick("", "", "", "Z", " Z", "z", " GMT", "GMT", " UTC", "+02:00", "-0500", " +2", "+230", "-11:45", "+14:00", "+14:30", " -5:00", "+2:60", "+02:0")
	switch {
	case g.One(30):
		return clock + " " + date
	case g.One(30):
		return clock
	}
	return date + g.Pick(" ", " ", " ", "T", "T", "t", "  ", ", ", ",", "\t", "\u00a0", "") + clock
}

// leftOut are the forms that .NET takes and this door leaves out on purpose, as
// dotNetDates lists them.
var leftOut = map[string]*regexp.Regexp{
	"blanks or commas between numbers":    regexp.MustCompile(`\d(, *| +)\d{1,4}(, *| +)\d|^(\w+,? +)?\d+, *\d+[-/.]`),
	"the day between year and month":      regexp.MustCompile(`\d{4}\W+\d{1,2}\W*[a-zA-Z]{3}`),
	"a zone, but no time":                 regexp.MustCompile(`^[^:]*(Z|GMT|[+-]\d\d:\d\d)$`),
	"a comma at the end":                  regexp.MustCompile(`,$`),
	"the day of the week at the end":      regexp.MustCompile(`\d.* (Mon|Tue|Wed|Thu|Fri|Sat|Sun)$`),
	"no year of four digits":              regexp.MustCompile(`^\D*(\d{1,3}[^\d:]+)*\d{1,3}(:|\D*$)`),
	"the time first or alone":             regexp.MustCompile(`^\d{1,2}(:\d|[ \x{A0}\x{202F}]*(?i:[AP]M)\b)`),
	"an hour that AM or PM does not have": regexp.MustCompile(`\b(0|00|1[3-9]|2\d)(:[\d.:]+)?[ \x{A0}\x{202F}]*(?i:[AP]M)`),
	"no day":                              regexp.MustCompile(`^\d{1,2}[-/.]\d{4}$`),
	"a year of five digits":               regexp.MustCompile(`\d{5}`),
	"several separators":                  regexp.MustCompile(`\d-\d+[/., ]+\d|\d/\d+[-., ]+\d|\d\.\d+[-/, ]+\d|\w-\w+[./, ]+\w+\b([^:]|$)|\w/\w+[-., ]+\w+\b([^:]|$)|\w\.\w+[-/, ]+\w+\b([^:]|$)|\w(, *| +)\w+\.?[-/.]+\w`),
	"a dot or comma after a month":        regexp.MustCompile(`[a-zA-Z]{3}(\.|,)[-/., ]`),
	"a month without blanks around it":    regexp.MustCompile(`(?i)\d[a-z]{3}|[a-z]{3},?\d`),
	"a date of dots and a name":           regexp.MustCompile(`\w\.\w+\.\w`),
}

// reasonLeftOut returns why a date is left out.
func reasonLeftOut(text string) string {
	for _, reason := range slices.Sorted(maps.Keys(leftOut)) {
		if leftOut[reason].MatchString(text) {
			return reason
		}
	}
	return ""
}

// TestDatesAsDotNetReads: what is accepted here means what .NET makes of it.
func TestDatesAsDotNetReads(t *testing.T) {
	o := dotnet.Ask(t)
	g := dotnet.NewGenerator(11)
	accepted, reasons := 0, map[string]int{}
	for range 10000 {
		text := date(g)
		translated, err := translateDate(strings.TrimSpace(text))
		var ours usage.Range
		if err == nil {
			ours, err = usage.ParseRange(translated, "", time.UTC)
		}
		verdict, words := o.Ask(t, 'd', dotnet.Hex(text))
		switch {
		case err != nil && verdict == "read":
			reason := reasonLeftOut(text)
			if reasons[reason]++; reason == "" {
				t.Errorf("%q is refused here: %v; .NET: %q", text, err, words)
			}
			continue
		case err != nil:
			continue
		case verdict != "read":
			if !regexp.MustCompile(`(?i)[ap]mz$|\+14:30$`).MatchString(text) { // harmless, and RFC 3339 has such offsets
				t.Errorf("%q is %s here, and nothing to .NET", text, translated)
			}
			continue
		}
		ticks, _ := strconv.ParseInt(words[0], 10, 64)
		if got := ours.From.Unix()*1e7 + int64(ours.From.Nanosecond()+50)/100 + 621355968000000000; got != ticks || (words[1] == "Utc") != hasZone(translated) {
			t.Errorf("%q is %s here, %d to .NET, %s: %d", text, translated, ticks, words[1], got-ticks)
			continue
		}
		accepted++
	}
	t.Logf("%d accepted; left out: %v", accepted, reasons)
	if accepted < 1500 || len(reasons) < 8 {
		t.Errorf("the dates are of few kinds: %d accepted, left out: %v", accepted, reasons)
	}
}

// hasZone tells whether a translated date has a zone.
func hasZone(translated string) bool {
	_, clock, found := strings.Cut(strings.ToUpper(translated), "T")
	return found && strings.ContainsAny(clock, "Zz+-")
}
