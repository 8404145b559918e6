package usage

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// parse reads an instant; an empty text is none.
func parse(t *testing.T, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	return instant(t, text)
}

// written writes ranges as "from to", without what all have in common.
func written(ranges ...Range) string {
	var all []string
	for _, r := range ranges {
		for _, at := range []time.Time{r.From, r.To} {
			switch at = at.UTC(); {
			case at.IsZero():
				all = append(all, "-")
			default:
				all = append(all, strings.TrimSuffix(at.Format("2006-01-02T15:04:05.999Z"), "T00:00:00Z"))
			}
		}
	}
	return strings.Join(all, " ")
}

func TestTheNormalFormOfARange(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"", "", "- -"},
		{"2026-03-01T00:00:00.0001Z", "2026-03-01T00:00:00.0011Z", "2026-03-01T00:00:00.001Z 2026-03-01T00:00:00.002Z"},
		{"2026-03-01T00:00:00.001Z", "2026-03-01T00:00:00.002Z", "2026-03-01T00:00:00.001Z 2026-03-01T00:00:00.002Z"},
		{"2026-03-01T00:00:00.0001Z", "2026-03-01T00:00:00.0009Z", "nothing"},
		{"1000-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "- 2026-03-01"},
		{"0999-12-31T23:59:59.9999Z", "2026-03-01T00:00:00Z", "- 2026-03-01"},
		{"1000-01-01T00:00:00.0001Z", "2026-03-01T00:00:00Z", "1000-01-01T00:00:00.001Z 2026-03-01"},
		{"", "1000-01-01T00:00:00Z", "nothing"},
		{"", "0999-12-31T23:59:59.9999Z", "nothing"},
		{"", "1000-01-01T00:00:00.0001Z", "- 1000-01-01T00:00:00.001Z"},
		{"2026-03-01T00:00:00Z", "", "2026-03-01 -"},
		{"2026-03-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-03-01 9999-12-31T23:59:59.999Z"},
		{"2026-03-01T00:00:00Z", "9999-12-31T23:59:59.9991Z", "2026-03-01 -"},
		{"9999-12-31T23:59:59.999Z", "", "9999-12-31T23:59:59.999Z -"},
		{"9999-12-31T23:59:59.9991Z", "", "nothing"},
		{"9999-12-31T23:59:59-14:00", "", "nothing"},
		{"2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z", "nothing"},
	} {
		got := "nothing"
		normal, ok := Range{parse(t, c.from), parse(t, c.to)}.Normal()
		if ok {
			got = written(normal)
		}
		if got != c.want {
			t.Errorf("%s to %s: got %s, want %s", c.from, c.to, got, c.want)
		}
		if normal.From.Location() != time.UTC || normal.To.Location() != time.UTC {
			t.Errorf("%s to %s: got %v, not in UTC", c.from, c.to, normal)
		}
	}
	berlin := zone(t, "Europe/Berlin")
	if r, _ := (Range{noonIn(berlin), noonIn(berlin).Add(time.Nanosecond)}).Normal(); r.From.Location() != time.UTC || r.To.Location() != time.UTC {
		t.Errorf("got %v, not in UTC", r)
	}
}

func noonIn(zone *time.Location) time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, zone) }

// Instants are the same wherever they are shown.
func TestBucketsAndRangesDoNotDependOnHowInstantsAreShown(t *testing.T) {
	honolulu, newYork := zone(t, "Pacific/Honolulu"), zone(t, "America/New_York")
	at := time.Date(2026, 3, 1, 2, 20, 0, 0, time.UTC)
	for grain, want := range map[Grain]string{Hour: "2026-03-01T02:00:00Z", Day: "2026-03-01", Month: "2026-03-01"} {
		for _, shown := range []*time.Location{time.UTC, honolulu, newYork} {
			if got := strings.Fields(written(Range{From: grain.Floor(at.In(shown))}))[0]; got != want {
				t.Errorf("%s in %s: got %s, want %s", grain, shown, got, want)
			}
		}
	}
	for _, c := range []struct{ from, to, want string }{
		{"2026-03-02", "2026-03-06", "2026-02-25T05:00:00Z 2026-03-02T05:00:00Z"},
		{"2026-03-01", "2026-03-31", "2026-02-01T05:00:00Z 2026-03-01T05:00:00Z"},
		{"2026-03-01", "2026-03-01T12:00", "2026-02-28T17:00:00Z 2026-03-01T05:00:00Z"},
		{"2026-03-01T12:00", "2026-03-02", "2026-02-28T05:00:00Z 2026-03-01T17:00:00Z"},
	} {
		r, err := ParseRange(c.from, c.to, newYork)
		if err != nil {
			t.Fatal(err)
		}
		for _, shown := range []*time.Location{newYork, time.UTC, honolulu} {
			previous, ok := Range{r.From.In(shown), r.To.In(shown)}.Previous(newYork)
			if got := written(previous); !ok || got != c.want {
				t.Errorf("before %s to %s, shown in %s: got %s, want %s", c.from, c.to, shown, got, c.want)
			}
		}
	}
	// Three days over the change of the clocks, shown where it is another day at one end only.
	london := zone(t, "Europe/London")
	r, err := ParseRange("2026-03-29", "2026-03-31", london)
	if err != nil {
		t.Fatal(err)
	}
	previous, _ := Range{r.From.UTC(), r.To.UTC()}.Previous(london)
	if got, want := written(previous), "2026-03-26 2026-03-29"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	year1 := Range{time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(1, 7, 1, 0, 0, 0, 0, time.UTC)}
	if previous, ok := year1.Previous(time.UTC); ok {
		t.Errorf("got %v", previous)
	}
	if _, ok := (Range{time.Date(1, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 8, 1, 0, 0, 0, 0, time.UTC)}).Previous(time.UTC); !ok {
		t.Error("the year 1 has no months")
	}
}

func TestAnInstantThatItsZoneCannotWriteIsShownInUTC(t *testing.T) {
	for _, c := range []struct{ at, zone, want string }{
		{"9999-12-31T23:30:00Z", "Etc/GMT-1", "9999-12-31T23:30:00Z"},
		{"9999-12-31T22:30:00Z", "Etc/GMT-1", "9999-12-31T23:30:00+01:00"},
		{"0001-01-01T00:30:00Z", "Etc/GMT+1", "0001-01-01T00:30:00Z"},
		{"0001-01-01T01:30:00Z", "Etc/GMT+1", "0001-01-01T00:30:00-01:00"},
	} {
		if got := (Query{Zone: zone(t, c.zone)}).Show(parse(t, c.at)).Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s: got %s, want %s", c.at, c.zone, got, c.want)
		}
	}
}

func TestDatesAtTheEdgesOfTheirForms(t *testing.T) {
	for _, c := range []struct{ start, end, want string }{
		{"", "0001-01-01T00:00:00Z", "- 0001-01-01"}, // and not an open end
		{"", "0001-01-01T00:00:00+02:00", "- 0001-01-01"},
		{"", "9999-12-31T23:59:59.999Z", "- 9999-12-31T23:59:59.999Z"},
		{"", "9999-12-31T23:59:59.9991Z", "- -"},
		{"9999-12-31T23:59:59-14:00", "", "9999-12-31T23:59:59.999Z -"},
		{"9999-12-31T23:59:59.9991Z", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999Z -"},
		{"2026-03-01T00:00:00+23:00", "2026-03-01T00:00:00-23:59", "2026-02-28T01:00:00Z 2026-03-01T23:59:00Z"},
		{"2026-03-01T23:59:59.999999999Z", "", "2026-03-01T23:59:59.999Z -"},
	} {
		r, err := ParseRange(c.start, c.end, time.UTC)
		if got := written(r); err != nil || got != c.want {
			t.Errorf("%s to %s: got %s, %v, want %s", c.start, c.end, got, err, c.want)
		}
	}
	for _, text := range []string{"2026-03-0:", "2026-03-1/", "2026-03-01T10:00:00+10:60", "2026-03-01T10:00:00.12:4Z", "2026-03-01T10:00:00.+1Z",
		"2026-03-01T10:00Z", "2026-03-01T10:00+01:00", "2026-03-01T10:00.5", "T10:00", "2026-03-01T+02:00"} {
		r, err := ParseRange(text, "", time.UTC)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("startDate %q cannot be read: ", text)) {
			t.Errorf("%q: got %v, %v", text, r, err)
		}
	}
	if _, err := ParseInstant("2026-03-01", time.UTC); err == nil || err.Error() != "it has no time of day" {
		t.Errorf("got %v", err)
	}
	if _, err := ParseRange("2026-03-02", "2026-03-01", time.UTC); err == nil || err.Error() != `endDate "2026-03-01" is before startDate "2026-03-02"` {
		t.Errorf("got %v", err)
	}
	for length, cut := range map[int]bool{64: false, 65: true} {
		_, err := ParseRange(strings.Repeat("9", length), "", time.UTC)
		if err == nil || strings.Contains(err.Error(), "9…") != cut {
			t.Errorf("%d digits: got %v", length, err)
		}
	}
}

func TestErrorsForCallers(t *testing.T) {
	for _, internal := range []error{errors.New("secret"), fmt.Errorf("wrapped: %w", &Error{Code: Internal, Message: "secret"})} {
		if got := AsError(internal); got.Code != Internal || got.Error() != "internal error" || got.Cause != internal {
			t.Errorf("got %+v", got)
		}
	}
	if got := (&Error{Message: "no", Accepted: []any{"a", "b"}}).Error(); got != "no; accepted: a, b" {
		t.Errorf("got %q", got)
	}
	if got := (&Error{Message: "no"}).Error(); got != "no" {
		t.Errorf("got %q", got)
	}
	if got := Errorf(NotFound, "no %s", "user"); got.Message != "no user" || got.Code != NotFound {
		t.Errorf("got %+v", got)
	}
	for cause, code := range map[error]Code{context.Canceled: Canceled, context.DeadlineExceeded: Timeout} {
		if got := AsError(fmt.Errorf("reading: %w", cause)); got.Code != code || !errors.Is(got, cause) {
			t.Errorf("got %+v", got)
		}
	}
	if _, err := LoadZone("timeZone", "Nowhere"); !strings.HasPrefix(err.Error(), `timeZone "Nowhere" is not`) || len(AsError(err).Accepted) == 0 {
		t.Errorf("got %v", err)
	}
	if _, err := ParseRange("now", "", time.UTC); !reflect.DeepEqual(AsError(err).In(Names{}).Accepted, DateForms) {
		t.Errorf("got %v", err)
	}
	_, err := Period("FORTNIGHT").Range(time.Now(), time.UTC)
	if coded, ok := errors.AsType[*Error](err); !ok || len(coded.Accepted) != len(Periods) || coded.Accepted[0] != Periods[0] {
		t.Errorf("got %v", err)
	}
}

func TestWhatIDsAndSearchesMayHold(t *testing.T) {
	for value, says := range map[string]string{
		"a\x00b": "NUL", "a\x1fb": "control character", "a\ufffeb": "control character", "a\uffffb": "control character", "a\x01": "control character",
	} {
		if err := CheckID("accountId", value); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v", value, err)
		}
	}
	for _, value := range []string{"a\tb", "a\nb", "a\rb", "a b", "a\ufffdb", "a\x7fb"} {
		if err := CheckID("accountId", value); err != nil {
			t.Errorf("%q: got %v", value, err)
		}
	}
	for text, says := range map[string]string{
		"a\xff": "UTF-8", "a\x00": "NUL", strings.Repeat("é", 256): "longer than 255",
	} {
		err := CheckSearch(text)
		if err == nil || AsError(err).Argument != "search" || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v", text, err)
		}
	}
	for _, text := range []string{"", "%", strings.Repeat("é", 255)} {
		if err := CheckSearch(text); err != nil {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestARequestWithoutAZoneIsInTheFallback(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for fallback, want := range map[*time.Location]*time.Location{nil: time.UTC, berlin: berlin} {
		query, err := Request{}.Query(fallback, time.Time{})
		if err != nil || query.Zone != want {
			t.Errorf("got %v, %v, want %v", query.Zone, err, want)
		}
	}
	subjects := []SubjectUsage{{"a", "x", Session{DurationSeconds: 61}.Usage()}}
	report := NewReport(Query{Zone: time.UTC}, time.Time{}, subjects)
	if !reflect.DeepEqual(report.Subjects, subjects) || !reflect.DeepEqual(report.Customers, subjects) || report.Totals != (Usage{2, 61, 1}) {
		t.Errorf("got %+v", report)
	}
	plan := Plan{Level: ByAccount}
	if report.ReadBy("rollups", plan); report.Source != "rollups" || !reflect.DeepEqual(report.Plan, plan) {
		t.Errorf("got %+v", report)
	}
}
