package importer

import (
	"strings"
	"time"
	"unicode/utf8"
)

// dateSteps read dates and times by a pattern of strftime that consists of numbers,
// names and texts between them, as most patterns do. That takes a fraction of the time
// that the library for all patterns needs. What they do not read, or might not read as
// the library does, is left to it.
type dateSteps []dateStep

// dateStep reads a text that is given, or a field.
type dateStep struct {
	text string
	// field is a letter of strftime, 0 for a text.
	field byte
	// digits are how many a number has at most.
	digits int
	// short: it may have fewer.
	short bool
	// padded: there may be a space in place of the first one.
	padded bool
}

// fieldDigits are the fields that are numbers.
var fieldDigits = map[byte]int{'Y': 4, 'y': 2, 'm': 2, 'd': 2, 'H': 2, 'I': 2, 'M': 2, 'S': 2, 'f': 6}

// composites stand for several steps each.
var composites = strings.NewReplacer("%F", "%Y-%m-%d", "%T", "%H:%M:%S", "%X", "%H:%M:%S", "%R", "%H:%M", "%D", "%m/%d/%y", "%x", "%m/%d/%y", "%r", "%I:%M:%S %p", "%v", "%e-%b-%Y", "%%", "%%")

// maybeShort are the fields whose numbers are read by the library with fewer digits, where
// they can be told from what is around them.
const maybeShort = "mdHIMSf"

// newDateSteps returns the steps of a pattern, nil if it has others. The numbers of some
// fields may be short.
func newDateSteps(pattern, short string) dateSteps {
	var steps dateSteps
	pattern = composites.Replace(pattern)
	for pattern != "" {
		at := strings.IndexByte(pattern, '%')
		if at != 0 {
			if at < 0 {
				at = len(pattern)
			}
			steps, pattern = append(steps, dateStep{text: pattern[:at]}), pattern[at:]
			continue
		}
		if len(pattern) == 1 {
			return nil
		}
		step := newDateStep(pattern[1])
		if step == (dateStep{}) {
			return nil
		}
		steps, pattern = append(steps, step), pattern[2:]
	}
	for i := range steps {
		steps[i].short = steps[i].field != 0 && strings.IndexByte(short, steps[i].field) >= 0 &&
			(i == 0 || steps[i-1].separates(true)) && (i == len(steps)-1 || steps[i+1].separates(false))
	}
	if !steps.tell() {
		return nil
	}
	return steps
}

func newDateStep(letter byte) dateStep {
	step := dateStep{field: letter}
	switch letter {
	case '%':
		return dateStep{text: "%"}
	case 'a', 'b', 'B', 'p':
		return step
	case 'h':
		step.field = 'b'
		return step
	case 'P':
		step.field = 'p'
		return step
	case 'e', 'k', 'l':
		step.field, step.padded = map[byte]byte{'e': 'd', 'k': 'H', 'l': 'I'}[letter], true
	}
	if step.digits = fieldDigits[step.field]; step.digits == 0 {
		return dateStep{}
	}
	return step
}

// separates tells whether a step is a text without a letter or digit next to a number
// after it, or before it.
func (s dateStep) separates(after bool) bool {
	if s.text == "" {
		return false
	}
	next := s.text[0]
	if after {
		next = s.text[len(s.text)-1]
	}
	return next < utf8.RuneSelf && !('0' <= next && next <= '9' || 'a' <= next|0x20 && next|0x20 <= 'z')
}

// tell tells whether the steps have a year, a month, a day, an hour and a minute, each
// field once and in one form.
func (s dateSteps) tell() bool {
	has := map[byte]int{}
	for _, step := range s {
		has[step.field]++
	}
	one := func(fields string) bool {
		count := 0
		for _, field := range []byte(fields) {
			count += has[field]
		}
		return count == 1
	}
	atMostOne := func(fields string) bool {
		return !strings.ContainsFunc(fields, func(r rune) bool { return has[byte(r)] > 1 })
	}
	return one("Yy") && one("mbB") && one("d") && one("HI") && one("M") && has['I'] == has['p'] && atMostOne("Sfa")
}

const (
	monthNames   = "janfebmaraprmayjunjulaugsepoctnovdec"
	weekdayNames = "sunmontuewedthufrisat"
)

// read reads a text. It is not ok if the text is written in any other way, or is no date.
func (s dateSteps) read(text string) (at time.Time, ok bool) {
	var year, month, day, hour, minute, second, nanosecond int
	afternoon, weekday := -1, -1
	for i := range s {
		step := &s[i]
		if step.field == 0 {
			if text, ok = strings.CutPrefix(text, step.text); !ok {
				return time.Time{}, false
			}
			continue
		}
		var value int
		if value, text, ok = step.take(text); !ok {
			return time.Time{}, false
		}
		switch step.field {
		case 'Y':
			year = value
		case 'y':
			year = 2000 + value
			if value >= 69 {
				year -= 100
			}
		case 'm', 'b', 'B':
			month = value
		case 'd':
			day = value
		case 'H', 'I':
			hour = value
		case 'p':
			afternoon = value
		case 'M':
			minute = value
		case 'S':
			second = value
		case 'f':
			nanosecond = value * 1000
		case 'a':
			weekday = value
		}
	}
	if afternoon >= 0 {
		if hour < 1 || hour > 12 {
			return time.Time{}, false
		}
		hour = hour%12 + 12*afternoon
	}
	if text != "" || year == 0 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	at = time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, time.UTC)
	return at, at.Day() == day && (weekday < 0 || int(at.Weekday()) == weekday)
}

// take takes the value of a field from the beginning of a text.
func (s *dateStep) take(text string) (value int, rest string, ok bool) {
	switch s.field {
	case 'b':
		value, ok = nameAt(monthNames, text)
		return value + 1, text[min(len(text), 3):], ok
	case 'B':
		if value, ok = nameAt(monthNames, text); !ok {
			return 0, text, false
		}
		name := time.Month(value + 1).String()
		if len(text) < len(name) || !strings.EqualFold(text[:len(name)], name) {
			return 0, text, false
		}
		return value + 1, text[len(name):], true
	case 'a':
		value, ok = nameAt(weekdayNames, text)
		return value, text[min(len(text), 3):], ok
	case 'p':
		if len(text) < 2 || text[1]|0x20 != 'm' || text[0]|0x20 != 'a' && text[0]|0x20 != 'p' {
			return 0, text, false
		}
		if text[0]|0x20 == 'p' {
			value = 1
		}
		return value, text[2:], true
	}
	if s.padded && s.short {
		text = strings.TrimPrefix(text, " ")
	}
	at := 0
	for at < len(text) && at < s.digits && '0' <= text[at] && text[at] <= '9' {
		value = value*10 + int(text[at]-'0')
		at++
	}
	if at == 0 || at < s.digits && !s.short {
		return 0, text, false
	}
	if s.field == 'f' {
		for i := at; i < s.digits; i++ {
			value *= 10
		}
	}
	return value, text[at:], true
}

// nameAt returns the number of the name of three letters that a text begins with, in
// any case.
func nameAt(names, text string) (number int, ok bool) {
	if len(text) < 3 {
		return 0, false
	}
	for at := 0; at < len(names); at += 3 {
		if text[0]|0x20 == names[at] && text[1]|0x20 == names[at+1] && text[2]|0x20 == names[at+2] {
			return at / 3, true
		}
	}
	return 0, false
}
