package importer

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/itchyny/timefmt-go"
)

// StartFormat is a pattern of dates and times in the language of strftime, such as
// %m/%d/%Y %H:%M:%S.
type StartFormat struct {
	pattern string
	// steps read most texts of most patterns. There may be none.
	steps dateSteps
	// absolute: it has an offset, or counts from 1970.
	absolute bool
}

// ParseStartFormat checks that a pattern says enough to be an instant.
func ParseStartFormat(pattern string) (*StartFormat, error) {
	if strings.Contains(pattern, "%Z") || strings.Contains(pattern, "%+") {
		return nil, errors.New("names of zones mean different things at different places; use %z for an offset, or none and the time zone of the import")
	}
	f := &StartFormat{pattern: pattern}
	probe := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	text := timefmt.Format(probe, pattern)
	here, errHere := timefmt.ParseInLocation(text, pattern, time.UTC)
	there, errThere := timefmt.ParseInLocation(text, pattern, time.FixedZone("", 3600))
	f.absolute = errHere == nil && errThere == nil && here.Equal(there)
	if at, err := f.parse(text, time.UTC); err != nil || !at.Equal(probe) && !at.Equal(probe.Truncate(time.Minute)) {
		return nil, fmt.Errorf("%q is no pattern of dates and times; accepted: %%m/%%d/%%Y %%H:%%M:%%S, %%d.%%m.%%Y %%I:%%M:%%S %%p, %%Y%%m%%d%%H%%M%%S%%z", pattern)
	}
	for missing, other := range map[string]time.Time{
		"a year": probe.AddDate(1, 0, 0), "a month": probe.AddDate(0, 1, 0), "a day": probe.AddDate(0, 0, 1),
		"an hour": probe.Add(time.Hour), "AM and PM (%p)": probe.Add(12 * time.Hour), "a minute": probe.Add(time.Minute),
	} {
		if timefmt.Format(other, pattern) == text {
			return nil, fmt.Errorf("%q is without %s", pattern, missing)
		}
	}
	f.steps = newDateSteps(pattern, maybeShort) // what is checked above is how the library reads it
	return f, nil
}

// parse reads an instant, in the zone where the pattern has no offset.
func (f *StartFormat) parse(text string, zone *time.Location) (time.Time, error) {
	if at, ok := f.steps.read(text); ok {
		return onTheWall(at, zone)
	}
	at, err := timefmt.ParseInLocation(text, f.pattern, time.UTC)
	if err != nil {
		return time.Time{}, fmt.Errorf("it is not written as %s", f.pattern)
	}
	// The library takes 30 February for 2 March.
	var buffer [64]byte
	if again := timefmt.AppendFormat(buffer[:0], at, f.pattern); string(again) != text && f.bareDate(string(again)) != f.bareDate(text) {
		return time.Time{}, fmt.Errorf("there is no such day or time (as %s)", f.pattern)
	}
	if f.absolute {
		return at, nil
	}
	return onTheWall(at, zone)
}

// bareDate is a date without what one pattern reads in several spellings: case,
// spaces and zeros around numbers, and how an offset is written.
func (f *StartFormat) bareDate(text string) string {
	if at := strings.LastIndexAny(text, "+-"); at > 10 && strings.Contains(f.pattern, "z") {
		text = text[:at] // an offset, which was read as it stands
	}
	text = strings.TrimSuffix(text, "Z")
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		words[i] = strings.Trim(word, "0")
	}
	return strings.Join(words, " ")
}
