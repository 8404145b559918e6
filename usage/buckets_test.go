package usage

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// cut returns the buckets of a range.
func cut(t *testing.T, from, to string, step Step, zone *time.Location) []Range {
	t.Helper()
	buckets, err := Buckets(Range{instant(t, from), instant(t, to)}, step, zone)
	if err != nil {
		t.Fatal(err)
	}
	return buckets
}

func TestBucketsByExample(t *testing.T) {
	for _, c := range []struct {
		zone     string
		step     Step
		from, to string
		want     string
	}{
		// The clocks go back by half an hour at 2:00, to 1:30.
		{"Australia/Lord_Howe", Hourly, "2026-04-04T13:00:00Z", "2026-04-04T17:00:00Z",
			"2026-04-04T13:00:00Z 2026-04-04T14:00:00Z 2026-04-04T14:00:00Z 2026-04-04T15:00:00Z 2026-04-04T15:00:00Z 2026-04-04T15:30:00Z " +
				"2026-04-04T15:30:00Z 2026-04-04T16:30:00Z 2026-04-04T16:30:00Z 2026-04-04T17:00:00Z"},
		{"UTC", Hourly, "1960-01-01T10:20:00Z", "1960-01-01T12:00:00Z",
			"1960-01-01T10:20:00Z 1960-01-01T11:00:00Z 1960-01-01T11:00:00Z 1960-01-01T12:00:00Z"},
		{"UTC", Daily, "2026-03-01T12:00:00Z", "2026-03-03T00:00:00Z", "2026-03-01T12:00:00Z 2026-03-02 2026-03-02 2026-03-03"},
		// A minute after midnight, the clocks of Newfoundland went back to 23:01: what begins in the
		// repeated hour is after the midnight that began the next day.
		{"America/St_Johns", Daily, "2006-10-29T03:00:00Z", "2006-10-31T03:30:00Z",
			"2006-10-29T03:00:00Z 2006-10-30T03:30:00Z 2006-10-30T03:30:00Z 2006-10-31T03:30:00Z"},
		{"America/St_Johns", Hourly, "2006-10-29T01:30:00Z", "2006-10-29T04:30:00Z",
			"2006-10-29T01:30:00Z 2006-10-29T02:30:00Z 2006-10-29T02:30:00Z 2006-10-29T02:31:00Z 2006-10-29T02:31:00Z 2006-10-29T03:30:00Z " +
				"2006-10-29T03:30:00Z 2006-10-29T04:30:00Z"},
		// On the last day of a leap year, after the zone's file has ended.
		{"America/St_Johns", Hourly, "2040-12-31T22:30:00Z", "2041-01-01T01:30:00Z",
			"2040-12-31T22:30:00Z 2040-12-31T23:30:00Z 2040-12-31T23:30:00Z 2041-01-01T00:30:00Z 2041-01-01T00:30:00Z 2041-01-01T01:30:00Z"},
		{"Asia/Kathmandu", QuarterHourly, "2026-03-01T00:05:00Z", "2026-03-01T00:40:00Z",
			"2026-03-01T00:05:00Z 2026-03-01T00:15:00Z 2026-03-01T00:15:00Z 2026-03-01T00:30:00Z 2026-03-01T00:30:00Z 2026-03-01T00:40:00Z"},
		// The clocks go back at one minute past midnight, within a quarter.
		{"America/St_Johns", QuarterHourly, "2006-10-29T02:15:00Z", "2006-10-29T03:00:00Z",
			"2006-10-29T02:15:00Z 2006-10-29T02:30:00Z 2006-10-29T02:30:00Z 2006-10-29T02:31:00Z 2006-10-29T02:31:00Z 2006-10-29T02:45:00Z " +
				"2006-10-29T02:45:00Z 2006-10-29T03:00:00Z"},
		// And they go forward by an hour.
		{"Europe/Berlin", QuarterHourly, "2026-03-29T00:45:00Z", "2026-03-29T01:15:00Z",
			"2026-03-29T00:45:00Z 2026-03-29T01:00:00Z 2026-03-29T01:00:00Z 2026-03-29T01:15:00Z"},
		{"Europe/Berlin", Yearly, "2023-06-01T00:00:00Z", "2025-06-01T00:00:00Z",
			"2023-06-01 2023-12-31T23:00:00Z 2023-12-31T23:00:00Z 2024-12-31T23:00:00Z 2024-12-31T23:00:00Z 2025-06-01"},
		// Samoa had no 30 December in 2011, and its year ended a day earlier for it.
		{"Pacific/Apia", Yearly, "2011-12-29T00:00:00Z", "2012-01-02T00:00:00Z",
			"2011-12-29 2011-12-31T10:00:00Z 2011-12-31T10:00:00Z 2012-01-02"},
	} {
		buckets := cut(t, c.from, c.to, c.step, zone(t, c.zone))
		if got := written(buckets...); got != c.want {
			t.Errorf("%s in %s from %s: got  %s\nwant %s", c.step, c.zone, c.from, got, c.want)
		}
		for _, bucket := range buckets {
			if bucket.To.Location() != time.UTC {
				t.Errorf("%s in %s: got %v", c.step, c.zone, bucket)
			}
		}
	}
}

func TestHowManyBucketsASeriesMayHave(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if buckets, err := Buckets(Range{from, from.Add(MaxPoints * time.Hour)}, Hourly, time.UTC); err != nil || len(buckets) != MaxPoints {
		t.Errorf("got %d, %v", len(buckets), err)
	}
	if _, err := Buckets(Range{from, from.Add(MaxPoints*time.Hour + time.Millisecond)}, Hourly, time.UTC); err == nil || AsError(err).Argument != "granularity" {
		t.Errorf("got %v", err)
	}
	_, err := Buckets(Range{from, from.Add(time.Hour)}, "FORTNIGHT", time.UTC)
	if err == nil || !strings.Contains(err.Error(), `"FORTNIGHT"`) {
		t.Errorf("got %v", err)
	}
}

func TestRunsByExample(t *testing.T) {
	for _, c := range []struct {
		zone     string
		step     Step
		from, to string
		want     string
	}{
		{"UTC", Daily, "2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z", "24h0m0s from 0"},
		{"UTC", Daily, "2026-03-01T12:00:00Z", "2026-03-05T00:00:00Z", "12h0m0s from 0, 24h0m0s from 1"},
		{"Europe/Berlin", Daily, "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z", "24h0m0s from 0, 23h0m0s from 1, 24h0m0s from 2"},
		// Of the same length, which is no whole second.
		{"UTC", Hourly, "2026-03-01T10:59:59.5Z", "2026-03-01T11:00:00.5Z", "500ms from 0, 500ms from 1"},
	} {
		var got []string
		for _, run := range BucketRuns(cut(t, c.from, c.to, c.step, zone(t, c.zone))) {
			got = append(got, fmt.Sprintf("%s from %d", run.Length, run.First))
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s from %s: got %s, want %s", c.step, c.from, got, c.want)
		}
	}
}

func TestASeriesSetAddsUpHoweverASubjectIsSpelled(t *testing.T) {
	buckets := cut(t, "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z", Daily, time.UTC)
	set := NewSeriesSet(SeriesQuery{Step: Daily}, buckets)
	for _, one := range []struct {
		subject Subject
		bucket  int
	}{{Subject{"a", "x"}, 0}, {Subject{"a ", "x "}, 0}, {Subject{"a", "x "}, 1}, {Subject{"b", ""}, 1}} {
		if err := set.Add(one.subject, one.bucket, Usage{1, 60, 1}); err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range []Subject{{"a", "x"}, {"a  ", "x"}, {"a", "x "}} {
		points := set.Of(subject)
		if len(points) != 2 || points[0] != (Point{buckets[0], Usage{2, 120, 2}}) || points[1] != (Point{buckets[1], Usage{1, 60, 1}}) {
			t.Errorf("%q: got %+v", subject, points)
		}
	}
	if set.Points() != 4 || set.Query.Step != Daily {
		t.Errorf("got %d points", set.Points())
	}
	for least, want := range map[int64]bool{1: true, 2: true, 3: false} {
		if got := set.Any(func(u Usage) bool { return u.Sessions >= least }); got != want {
			t.Errorf("any of %d sessions: got %v", least, got)
		}
	}
	for _, bucket := range []int{-1, 2} {
		if err := set.Add(Subject{"a", "x"}, bucket, Usage{}); err == nil {
			t.Errorf("bucket %d was taken", bucket)
		}
	}
	for _, times := range []int64{1, -1} {
		if err := set.Add(Subject{"c", ""}, 1, Usage{times, 60 * times, times}); err != nil {
			t.Fatal(err)
		}
	}
	if set.LeaveOutUnused(); set.Points() != 4 {
		t.Errorf("%d points, without usage that came to nothing", set.Points())
	}
	if err := set.Add(Subject{"a", "x"}, 0, Usage{Seconds: 1<<63 - 1}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}
