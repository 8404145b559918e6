package importer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/itchyny/timefmt-go"
	"pgregory.net/rapid"

	"aiusage/usage"
)

// mustReadAlike fails if the steps of a pattern read a text differently from the library.
func mustReadAlike(t testing.TB, format *StartFormat, text string) {
	t.Helper()
	got, ok := format.steps.read(text)
	if !ok {
		return
	}
	slowly := *format
	slowly.steps = nil
	want, err := slowly.parse(text, time.UTC)
	if err != nil || !got.Equal(want) {
		t.Fatalf("%q as %s is read as %v, by the library as %v, %v", text, format.pattern, got, want, err)
	}
}

// FuzzStartFormat holds that dates are read by steps only as the library reads them.
func FuzzStartFormat(f *testing.F) {
	for _, pattern := range []string{
		"%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%Y%m%d%H%M%S", "%H:%M:%S %d-%m-%Y", "%e-%b-%y %T.%f", "%a, %d %B %Y %R", "%l:%M%P %D",
		"%d%%%m%%%Y %k h %M", "%FT%TZ", "%v %r", "%d.%m.%Y %H:%M %d", "%Y-%m-%d %H:%M %p", "%s", "%c",
	} {
		for _, text := range []string{
			timefmt.Format(time.Date(2026, 3, 4, 5, 6, 7, 250e6, time.UTC), pattern), timefmt.Format(time.Date(1970, 12, 31, 12, 0, 0, 0, time.UTC), pattern),
			"30.02.2026 10:00:00", "1:2:3 4-5-2026", "7/1/2026 1:05:09 pm", "7/1/2026 13:05:09 PM", "0/0/0000 0:0:0 AM", "5-mAR-69 1:2:3.04", "Wed, 5 March 2026 10:00",
		} {
			f.Add(pattern, text)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if format, err := ParseStartFormat(pattern); err == nil {
			mustReadAlike(t, format, text)
		}
	})
}

// partsOfPatterns are those of patterns that may have steps, and some that have none.
var partsOfPatterns = []string{"%Y", "%y", "%m", "%b", "%B", "%d", "%e", "%H", "%I", "%k", "%l", "%M", "%S", "%p", "%f", "%a", "%F", "%T", "%R", "%D", "%r", "%v", "%%", "%h", "%z", "%j", "%n"}

func TestStepsReadAsTheLibraryDoes(t *testing.T) {
	separators := rapid.SampledFrom([]string{" ", "/", "-", ".", ":", "", "T", "0", " a ", "é", ", ", "+"})
	part := rapid.SampledFrom(partsOfPatterns)
	mostly := rapid.SampledFrom([]string{"%d.%m.%Y %H:%M:%S", "%m/%d/%y %I:%M %p", "%b %e, %Y %l:%M:%S.%f %p", "%H%M%S %d-%m-%Y", "%a %d %B %Y %R", "%Y%m%d%H%M"})
	rapid.Check(t, func(rt *rapid.T) {
		pattern := mostly.Draw(rt, "pattern")
		if rapid.Bool().Draw(rt, "any") {
			pattern = ""
			for range rapid.IntRange(3, 9).Draw(rt, "parts") {
				pattern += part.Draw(rt, "part") + separators.Draw(rt, "separator")
			}
		}
		format, err := ParseStartFormat(pattern)
		if err != nil {
			return
		}
		at := time.UnixMilli(rapid.Int64Range(usage.Earliest.UnixMilli(), usage.Latest.UnixMilli()).Draw(rt, "at")).UTC()
		text := timefmt.Format(at, pattern)
		mustReadAlike(t, format, text)
		mustReadAlike(t, format, strings.ToLower(text))
		mustReadAlike(t, format, strings.NewReplacer("01", "1", "02", "2", "05", "5", "09", "9", "00", "0").Replace(text))
		mustReadAlike(t, format, strings.NewReplacer("28", "31", "27", "30", "12", "13", "23", "24", "59", "60").Replace(text))
		place := rapid.IntRange(0, len(text)).Draw(rt, "place")
		mustReadAlike(t, format, text[:place]+rapid.SampledFrom([]string{"0", "1", "9", " ", "-", "a", ":"}).Draw(rt, "more")+text[place:])
		if place < len(text) {
			mustReadAlike(t, format, text[:place]+text[place+1:])
		}
	})
}

// The patterns that most files have are read by steps.
func TestMostPatternsHaveSteps(t *testing.T) {
	for _, pattern := range []string{
		"%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%Y%m%d%H%M%S", "%d-%b-%Y %T", "%F %T.%f", "%D %R", "%e/%m/%y %k:%M", "%x %l:%M %P", "%a %d %B %Y %H.%M", "%v %r", "%h %d %% %Y %X",
	} {
		format, err := ParseStartFormat(pattern)
		if err != nil {
			t.Fatal(pattern, err)
		}
		for day := range 400 {
			want := time.Date(2024, 1, 1, 23, 58, 0, 0, time.UTC).AddDate(0, 0, day).Add(time.Duration(day) * 7 * time.Minute)
			text := timefmt.Format(want, pattern)
			if got, ok := format.steps.read(text); !ok || !got.Equal(want) {
				t.Fatalf("%q as %s: %v, %v", text, pattern, got, ok)
			}
		}
	}
	for text, pattern := range map[string]string{"7/1/2026 1:05:09 pm": "%m/%d/%Y %I:%M:%S %p", "1.7.2026 13:5:9": "%d.%m.%Y %H:%M:%S"} {
		if got, ok := newDateSteps(pattern, maybeShort).read(text); !ok || got.Format(time.DateTime)[11:] != "13:05:09" {
			t.Errorf("%q as %s: %v, %v", text, pattern, got, ok)
		}
	}
}

// A dash in a date is no sign of an offset.
func TestShortNumbersBesideDashes(t *testing.T) {
	for _, pattern := range []string{"%H:%M:%S %d-%m-%Y", "%H:%M:%S %d-%m-%Y%n"} {
		format, err := ParseStartFormat(pattern)
		if err != nil {
			t.Fatal(err)
		}
		at, err := format.parse("1:2:3 4-5-2026"+strings.Repeat(" ", strings.Count(pattern, "%n")), time.UTC)
		if want := time.Date(2026, 5, 4, 1, 2, 3, 0, time.UTC); err != nil || !at.Equal(want) {
			t.Errorf("%s: %v, %v", pattern, at, err)
		}
	}
}

// Dates with the month by its name are read alike, whatever those before were like.
func TestSpelledDatesAreReadAlike(t *testing.T) {
	berlin, err := usage.LoadZone("timeZone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var layouts []string
	for _, month := range []string{"Jan", "January"} {
		for _, day := range []string{month + " 2, 2006 ", month + " 02, 2006, ", month + " 2 2006 ", "2 " + month + " 2006 ", "Mon, 2 " + month + " 2006 ", "2  " + month + " 2006 "} {
			for _, clock := range []string{"03:04:05 PM", "3:04 PM", "3:04:05 pm", "15:04:05", "15:04", "15:4:5", "15:04:05.000", "15:04:05 MST"} {
				layouts = append(layouts, day+clock)
			}
		}
	}
	read := func(f *forms, text string) string {
		at, err := f.instant(text)
		return fmt.Sprint(at.UTC(), err)
	}
	for i, before := range layouts {
		f := &forms{zone: berlin}
		read(f, time.Date(2026, 9, 12, 13, 14, 15, 0, time.UTC).Format(before))
		for j := i % 5; j < len(layouts); j += 5 {
			layout := layouts[j]
			at := time.Date(2026, time.Month(1+(i+j)%12), 1+(i*7+j)%28, (i+j)%24, j%60, i%60, 0, time.UTC)
			text := at.Format(layout)
			for _, text := range []string{text, strings.Replace(text, "PM", "pM", 1), strings.Replace(text, " 2", " 32", 1), strings.ToUpper(text)} {
				if got, want := read(f, text), read(&forms{zone: berlin}, text); got != want {
					t.Fatalf("after %q, %q is %s, alone it is %s", before, text, got, want)
				}
			}
		}
	}
}

func TestSpelledDatesAreRemembered(t *testing.T) {
	f := &forms{zone: time.UTC}
	for _, layout := range []string{"Jan 2, 2006 03:04:05 PM", "January 2, 2006, 3:04 PM", "2 Jan 2006 15:04", "Jan 2 2006 15:04:05"} {
		for day := range 400 {
			want := time.Date(2024, 1, 1, 23, 58, 0, 0, time.UTC).AddDate(0, 0, day)
			if at, err := f.instant(want.Format(layout)); err != nil || !at.Equal(want) {
				t.Fatal(at, err)
			}
			if _, ok := f.spelled.read(want.Format(layout)); !ok {
				t.Fatalf("%q is not read by the steps of the one before", want.Format(layout))
			}
		}
	}
}
