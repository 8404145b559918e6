package usage

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRangesInTheirForms(t *testing.T) {
	const none = ""
	for _, c := range []struct{ name, start, end, from, to string }{
		{"nothing", "", "", none, none},
		{"only a start", "2026-03-01", "", "2026-02-28T23:00:00Z", none},
		{"only an end", "", "2026-03-31", none, "2026-03-31T22:00:00Z"},
		{"a month of days", "2026-03-01", "2026-03-31", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"},
		{"UTC instants", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"},
		{"offsets", "2026-03-01T10:00:00+02:00", "2026-03-01T10:00:00-05:30", "2026-03-01T08:00:00Z", "2026-03-01T15:30:00Z"},
		{"nanoseconds", "2026-03-01T10:00:00.123456789Z", "", "2026-03-01T10:00:00.123456789Z", none},
		{"seven digits, as .NET writes", "2026-03-01T10:00:00.1234567Z", "", "2026-03-01T10:00:00.1234567Z", none},
		{"in the zone, to the minute", "2026-03-01T10:00", "", "2026-03-01T09:00:00Z", none},
		{"in the zone, to the second", "2026-07-01T10:00:30", "", "2026-07-01T08:00:30Z", none},
		{"in the zone, to the millisecond", "2026-03-01T10:00:00.250", "", "2026-03-01T09:00:00.25Z", none},
		{"lower case, as RFC 3339 allows", "2026-03-01t10:00:00z", "", "2026-03-01T10:00:00Z", none},
		{"a day and an instant", "2026-03-01", "2026-03-01T12:00:00Z", "2026-02-28T23:00:00Z", "2026-03-01T12:00:00Z"},
		{"an instant and its day", "2026-03-01T10:00:00Z", "2026-03-01", "2026-03-01T10:00:00Z", "2026-03-01T23:00:00Z"},
		{"empty but in order", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"},
		{"the end of time", "9999-12-31", "9999-12-31", "9999-12-30T23:00:00Z", "9999-12-31T23:00:00Z"},
		{"beyond the end of time", "", "9999-12-31T23:59:59-11:00", none, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			span, err := ParseRange(c.start, c.end, zone(t, "Europe/Berlin"))
			if err != nil {
				t.Fatal(err)
			}
			for _, side := range []struct {
				got  time.Time
				want string
			}{{span.From, c.from}, {span.To, c.to}} {
				if side.want == none {
					if !side.got.IsZero() {
						t.Errorf("got %s, want no bound", side.got)
					}
				} else if !side.got.Equal(instant(t, side.want)) {
					t.Errorf("got %s, want %s", side.got.UTC(), side.want)
				}
			}
		})
	}
}

func TestWhatIsNoRangeNamesItsArgument(t *testing.T) {
	for _, c := range []struct{ start, end, argument, says string }{
		{"2026-02-30", "", "startDate", "2026-02-30 does not exist"},
		{"", "2027-02-29", "endDate", "2027-02-29 does not exist"},
		{"2026-13-01", "", "startDate", "does not exist"},
		{"2026-00-10", "", "startDate", "does not exist"},
		{"0000-01-01", "", "startDate", "no year 0"},
		{"yesterday", "", "startDate", "accepted forms"},
		{"2026-3-1", "", "startDate", "accepted forms"},
		{"2026/03/01", "", "startDate", "accepted forms"},
		{"03/01/2026", "", "startDate", "accepted forms"},
		{"20260301", "", "startDate", "accepted forms"},
		{"2026-03", "", "startDate", "accepted forms"},
		{"1772323200", "", "startDate", "accepted forms"},
		{" 2026-03-01", "", "startDate", "accepted forms"},
		{"2026-03-01 10:00:00", "", "startDate", "accepted forms"},
		{"2026-03-01T", "", "startDate", "accepted forms"},
		{"2026-03-01T10", "", "startDate", "accepted forms"},
		{"2026-03-01T10:00:00 02:00", "", "startDate", "accepted forms"},
		{"2026-03-01T24:00:00Z", "", "startDate", "time of day"},
		{"2026-03-01T10:60:00Z", "", "startDate", "time of day"},
		{"2026-03-01T23:59:60Z", "", "startDate", "time of day"},
		{"2026-03-01T10:00:00+24:00", "", "startDate", "offset"},
		{"2026-03-01T10:00:00+0200", "", "startDate", "accepted forms"},
		{"2026-03-01T10:00:00.Z", "", "startDate", "accepted forms"},
		{"2026-03-01T10:00:00.1234567890Z", "", "startDate", "accepted forms"},
		{"2026-03-01T10:00.5", "", "startDate", "accepted forms"},
		{"2026-03-01T10:00:00[Europe/Berlin]", "", "startDate", "accepted forms"},
		{"٢٠٢٦-٠٣-٠١", "", "startDate", "accepted forms"},
		{"2026-03-02", "2026-03-01", "endDate", "before startDate"},
		{"2026-03-02T10:00:00Z", "2026-03-01", "endDate", "before startDate"},
		{"2026-03-02", "2026-03-01T22:00:00Z", "endDate", "before startDate"},
		{"2026-03-01T10:00:00Z", "2026-03-01T09:59:59.999Z", "endDate", "before startDate"},
	} {
		t.Run(c.start+" "+c.end, func(t *testing.T) {
			_, err := ParseRange(c.start, c.end, zone(t, "Europe/Berlin"))
			coded, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("got %v, want an error", err)
			}
			if coded.Code != InvalidArgument || string(coded.Argument) != c.argument {
				t.Errorf("got %s for %q, want %s for %q", coded.Code, coded.Argument, InvalidArgument, c.argument)
			}
			if !strings.Contains(coded.Error(), c.says) {
				t.Errorf("%q does not say %q", coded.Error(), c.says)
			}
		})
	}
}

func TestALongDateIsNotRepeatedWhole(t *testing.T) {
	_, err := ParseRange(strings.Repeat("9", 100_000), "", time.UTC)
	if err == nil || len(err.Error()) > 500 {
		t.Errorf("the message has %d bytes", len(err.Error()))
	}
}

func TestZones(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "Asia/Kathmandu", "Etc/GMT+5"} {
		if place, err := LoadZone("timeZone", name); err != nil || place.String() != name {
			t.Errorf("%s: got %v, %v", name, place, err)
		}
	}
	for _, name := range []string{"", "Local", "localtime", "Mars/Olympus", "right/UTC", "posix/UTC", "../UTC", "/etc/localtime", "CET+1", "+02:00", "europe/berlin\x00"} {
		_, err := LoadZone("timeZone", name)
		if coded, ok := errors.AsType[*Error](err); !ok || coded.Argument != "timeZone" || coded.Code != InvalidArgument {
			t.Errorf("%q: got %v, want an error for timeZone", name, err)
		}
	}
}

func TestSessionStartsInTheirForms(t *testing.T) {
	for text, want := range map[string]string{
		"2026-03-01T10:00:00Z":      "2026-03-01T10:00:00Z",
		"2026-03-01T10:00:00+02:00": "2026-03-01T08:00:00Z",
		"2026-03-01 10:00:00":       "2026-03-01T09:00:00Z",
		"2026-03-01 10:00:00.123":   "2026-03-01T09:00:00.123Z",
		"2026-03-01T10:00:00":       "2026-03-01T09:00:00Z",
	} {
		at, err := ParseInstant(text, zone(t, "Europe/Berlin"))
		if err != nil || !at.Equal(instant(t, want)) {
			t.Errorf("%s: got %s, %v, want %s", text, at.UTC(), err, want)
		}
	}
	for _, text := range []string{"", "2026-03-01", "2026-02-30 10:00:00", "2026-03-01  10:00:00", "now"} {
		if at, err := ParseInstant(text, time.UTC); err == nil {
			t.Errorf("%q: got %s, want an error", text, at)
		}
	}
}

// A range that begins with the last instant has it, and one that begins later has nothing.
func TestRangesAtTheEndOfTime(t *testing.T) {
	for start, from := range map[string]time.Time{"9999-12-31T23:59:59.999Z": Latest, "9999-12-31T23:59:59.9991Z": Latest.Add(time.Millisecond - 1)} {
		query, err := Request{StartDate: start}.Query(nil, time.Now())
		if err != nil || !query.Range.From.Equal(from) {
			t.Errorf("%s: from %v, %v", start, query.Range.From, err)
		}
	}
}
