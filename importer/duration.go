package importer

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"aiusage/usage"
)

// parseDuration reads a duration and rounds what is left of a second up, once, as
// docs/words.md has it. A plain number is in seconds, or in milliseconds where the
// files say so; the other forms name their units.
func parseDuration(text string, in *forms) (int64, error) {
	if text == "" {
		return 0, errors.New("duration_seconds is missing")
	}
	if in.semicolons && (threeDigits(text, ".") || threeDigits(text, ",")) {
		return 0, fmt.Errorf("duration_seconds %s cannot be read: in a file with semicolons, nobody can tell what separates thousands", excerpt(text))
	}
	seconds, ok := plainDuration(text, in.milliseconds)
	if !ok {
		seconds, ok = unitDuration(strings.TrimPrefix(text, "-"))
	}
	switch {
	case !ok:
		return 0, fmt.Errorf("duration_seconds %s cannot be read; accepted: 90, 90.5, 1,200, 00:01:30, 1m30s, PT1M30S", excerpt(text))
	case text[0] == '-' && seconds != 0:
		return 0, fmt.Errorf("duration_seconds %s is negative", excerpt(text))
	case seconds > usage.MaxDurationSeconds:
		return 0, fmt.Errorf("duration_seconds %s is more than %d", excerpt(text), int64(usage.MaxDurationSeconds))
	}
	return seconds, nil
}

// tooMuch is a number of seconds that is more than any duration, and with which
// sums do not overflow.
const tooMuch = math.MaxInt64 / 8

// plainDuration reads a number without a unit: 90, 90.5, 1.2e3, 1,200.
func plainDuration(text string, milliseconds bool) (seconds int64, ok bool) {
	number, ok := ceiling(strings.TrimPrefix(text, "-"))
	if ok && milliseconds {
		number = (number + 999) / 1000 // rounding up twice is rounding up once
	}
	return number, ok
}

// ceiling reads a number that is not negative and rounds it up to the whole.
// Commas may only separate thousands, so 90,5 is none.
func ceiling(text string) (int64, bool) {
	mantissa, exponent, scientific := cutExponent(text)
	units, fraction, hasFraction := strings.Cut(mantissa, ".")
	if strings.IndexByte(units, ',') >= 0 {
		var ok bool
		if units, ok = withoutSeparators(units); !ok || scientific {
			return 0, false
		}
	}
	if !isDigits(units) || hasFraction && !isDigits(fraction) {
		return 0, false
	}
	if scientific {
		power, err := strconv.Atoi(exponent)
		const most = 30
		if err != nil || power < -most || power > most {
			return 0, false
		}
		units, fraction = shift(units, fraction, power)
	}
	number := whole(units)
	if strings.Trim(fraction, "0") != "" {
		number++
	}
	return number, true
}

func cutExponent(text string) (mantissa, exponent string, found bool) {
	at := strings.IndexByte(text, 'e')
	if at < 0 {
		at = strings.IndexByte(text, 'E')
	}
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+1:], true
}

// shift moves the decimal point of a number.
func shift(whole, fraction string, power int) (string, string) {
	if power >= 0 {
		fraction += strings.Repeat("0", max(power-len(fraction), 0))
		return whole + fraction[:power], fraction[power:]
	}
	whole = strings.Repeat("0", max(1-power-len(whole), 0)) + whole
	at := len(whole) + power
	return whole[:at], whole[at:] + fraction
}

// withoutSeparators takes out commas that separate thousands.
func withoutSeparators(text string) (string, bool) {
	first := strings.IndexByte(text, ',')
	if first < 1 || first > 3 || text[0] == '0' || strings.Count(text, ",")*4 != len(text)-first {
		return "", false
	}
	for at := first; at < len(text); at += 4 {
		if text[at] != ',' {
			return "", false
		}
	}
	return strings.ReplaceAll(text, ",", ""), true
}

// threeDigits tells whether a number has a sign, point or comma, before its last three digits and no other, as
// thousands have where the other sign is that of decimals.
func threeDigits(text, sign string) bool {
	whole, fraction, found := strings.Cut(text, sign)
	return found && len(fraction) == 3 && len(whole) <= 3 && isDigits(whole) && isDigits(fraction)
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// unitDuration reads the forms that name their units.
func unitDuration(text string) (seconds int64, ok bool) {
	switch {
	case strings.HasPrefix(text, "P"):
		return isoDuration(text[1:])
	case strings.Contains(text, ":"):
		return clockDuration(text)
	}
	// Go's own form, such as 1h2m3.5s, which cannot have a sign here.
	length, err := time.ParseDuration(text)
	if err != nil || strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		return 0, false
	}
	return roundUp(length), true
}

// roundUp rounds a length up to the whole second.
func roundUp(length time.Duration) int64 {
	seconds := int64(length / time.Second)
	if length%time.Second > 0 {
		seconds++
	}
	return seconds
}

// clockDuration reads hours, minutes and seconds: 00:01:30, 1:05:09.25. With two
// numbers only, nobody can tell minutes from hours.
func clockDuration(text string) (seconds int64, ok bool) {
	hour, rest, _ := strings.Cut(text, ":")
	minute, rest, hasSeconds := strings.Cut(rest, ":")
	second, fraction, hasFraction := strings.Cut(rest, ".")
	if !hasSeconds || !isDigits(hour) || !isUpTo59(minute) || !isUpTo59(second) || hasFraction && !isDigits(fraction) {
		return 0, false
	}
	seconds = min(whole(hour), tooMuch/3600)*3600 + whole(minute)*60 + whole(second)
	if strings.Trim(fraction, "0") != "" {
		seconds++
	}
	return seconds, true
}

// whole returns the number that digits write, and of more than any duration tooMuch.
func whole(digits string) int64 {
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || number > tooMuch {
		return tooMuch
	}
	return number
}

// isUpTo59 tells whether a text is a number of minutes or seconds in two digits.
func isUpTo59(text string) bool { return len(text) == 2 && isDigits(text) && text[0] < '6' }

// isoDuration reads what follows the P of a duration of ISO 8601 in days, hours,
// minutes and seconds: T1M30.5S. Months and years have no length.
func isoDuration(text string) (seconds int64, ok bool) {
	days, rest, hasTime := strings.Cut(text, "T")
	if hasTime && rest == "" || text == "" {
		return 0, false
	}
	for _, unit := range []struct {
		text   *string
		letter string
		length int64
	}{{&days, "D", 86400}, {&rest, "H", 3600}, {&rest, "M", 60}, {&rest, "S", 1}} {
		number, after, found := strings.Cut(*unit.text, unit.letter)
		if !found {
			continue
		}
		count, good := whole(number), isDigits(number)
		if unit.letter == "S" && !good {
			count, good = isoSeconds(number)
		}
		if !good {
			return 0, false
		}
		seconds += min(count, tooMuch/unit.length) * unit.length
		*unit.text = after
	}
	return seconds, days == "" && rest == ""
}

// isoSeconds reads a number of seconds with a fraction. The standard prefers a comma there.
func isoSeconds(text string) (int64, bool) {
	number := strings.Replace(text, ",", ".", 1)
	if strings.ContainsAny(number, "eE") {
		return 0, false
	}
	return ceiling(number)
}
