package usage

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// pointsOf are the points of a series with a session in each of some instants.
func pointsOf(t *testing.T, by Dimension, span Range, zone *time.Location, starts ...string) []Point {
	t.Helper()
	query := SeriesQuery{Query: Query{Zone: zone}, Step: by.Step(), AddedUp: by}
	buckets, err := query.Buckets(span)
	if err != nil {
		t.Fatal(err)
	}
	set := NewSeriesSet(query, buckets)
	for _, start := range starts {
		at := instant(t, start)
		bucket := slices.IndexFunc(buckets, func(b Range) bool { return !at.Before(b.From) && at.Before(b.To) })
		if err := set.Add(Subject{}, bucket, Usage{Sessions: 1}); err != nil {
			t.Fatal(err)
		}
	}
	return set.Of(Subject{})
}

// partsText has the sessions of drivers in time, by their part.
func partsText(drivers []Driver) string {
	var parts []string
	for _, driver := range drivers {
		parts = append(parts, fmt.Sprintf("%d: %d of %d", driver.Part, driver.Current.Sessions, driver.Previous.Sessions))
	}
	return strings.Join(parts, ", ")
}

// In St. John's, clocks were put back from a minute past midnight to a minute past eleven: the
// day had begun, and its first minutes show the hours of the day before.
func TestPartsOfADayThatBeginsTwice(t *testing.T) {
	zone := zone(t, "America/St_Johns")
	span := Range{instant(t, "2010-11-07T01:00:00Z"), instant(t, "2010-11-07T05:00:00Z")}
	starts := []string{"2010-11-07T02:10:00Z", "2010-11-07T02:30:30Z", "2010-11-07T02:45:00Z", "2010-11-07T03:29:00Z", "2010-11-07T03:45:00Z"}
	for by, want := range map[Dimension]string{
		HourDimension:    "0: 2 of 0, 23: 3 of 0", // 23:40, 00:00, and once more 23:15, 23:59, 00:15
		WeekdayDimension: "6: 1 of 0, 7: 4 of 0",
	} {
		all := Usage{Sessions: int64(len(starts))}
		if got := partsText(DriversInTime(by, zone, pointsOf(t, by, span, zone, starts...), nil, all, Usage{})); got != want {
			t.Errorf("%s: got %s, want %s", by, got, want)
		}
	}
	// Also where the range begins within what is shown once more.
	span.From = instant(t, "2010-11-07T02:40:00Z")
	if got := partsText(DriversInTime(WeekdayDimension, zone, pointsOf(t, WeekdayDimension, span, zone, starts[2]), nil, Usage{Sessions: 1}, Usage{})); got != "7: 1 of 0" {
		t.Errorf("got %s", got)
	}
}

func TestPartsOfTheWeek(t *testing.T) {
	span := Range{instant(t, "2026-03-01T12:00:00Z"), instant(t, "2026-03-09T00:00:00Z")} // from a Sunday on
	before := Range{instant(t, "2026-02-23T00:00:00Z"), span.From}
	got := DriversInTime(WeekdayDimension, time.UTC,
		pointsOf(t, WeekdayDimension, span, time.UTC, "2026-03-01T12:00:00Z", "2026-03-02T00:00:00Z", "2026-03-08T23:59:59Z"),
		pointsOf(t, WeekdayDimension, before, time.UTC, "2026-02-23T00:00:00Z", "2026-02-28T23:00:00Z"), Usage{Sessions: 4}, Usage{Sessions: 2})
	if want := "1: 1 of 1, 6: 0 of 1, 7: 2 of 0, 24: 1 of 0"; partsText(got) != want {
		t.Errorf("got %s, want %s", partsText(got), want)
	}
}

// Subjects that two reports spell in two ways are one.
func TestPartsOfTwoReports(t *testing.T) {
	now := NewReport(Query{Zone: time.UTC}, time.Time{}, []SubjectUsage{{"a", "", Usage{1, 1, 1}}, {"a", "c", Usage{2, 2, 2}}, {"b", "c", Usage{4, 4, 4}}})
	before := NewReport(Query{Zone: time.UTC}, time.Time{}, []SubjectUsage{{"a ", "c ", Usage{8, 8, 8}}, {"z", "", Usage{16, 16, 16}}})
	for by, want := range map[Dimension]string{
		CustomerDimension: "z/ 0-16, a/c 2-8, b/c 4-0, a/ 1-0",
		AccountDimension:  "z/ 0-16, a/ 3-8, b/ 4-0",
	} {
		drivers := DriversOf(by, now, before)
		SortDrivers(drivers, func(amount Usage) int64 { return amount.Minutes })
		var got []string
		for _, driver := range drivers {
			got = append(got, fmt.Sprintf("%s/%s %d-%d", driver.Subject.AccountID, driver.Subject.CustomerID, driver.Current.Minutes, driver.Previous.Minutes))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: got %s, want %s", by, strings.Join(got, ", "), want)
		}
	}
}

// Changes of the same size are ordered by their keys, whatever their signs, and the largest that
// there can be is the largest.
func TestDriversAreInOrder(t *testing.T) {
	of := func(part int, now, before int64) Driver {
		return Driver{Part: part, Current: Usage{Seconds: now}, Previous: Usage{Seconds: before}}
	}
	drivers := []Driver{of(5, 1, 3), of(2, 3, 1), of(3, 0, 0), of(4, math.MaxInt64-1, 0), of(7, math.MinInt64, 0), of(1, 2, 4)}
	SortDrivers(drivers, func(amount Usage) int64 { return amount.Seconds })
	got := ""
	for _, driver := range drivers {
		got += fmt.Sprint(driver.Part)
	}
	if got != "741253" {
		t.Errorf("got %s", got)
	}
}

func TestMoreCanBeAddedUpThanShown(t *testing.T) {
	from := instant(t, "2020-01-01T00:00:00Z")
	hours := SeriesQuery{Query: Query{Zone: time.UTC}, Step: Hourly, AddedUp: HourDimension}
	if buckets, err := hours.Buckets(Range{from, from.Add(MaxPointsAddedUp * time.Hour)}); err != nil || len(buckets) != MaxPointsAddedUp {
		t.Errorf("got %d, %v", len(buckets), err)
	}
	_, err := hours.Buckets(Range{from, from.Add(MaxPointsAddedUp*time.Hour + 1)})
	if told := AsError(err); told.Argument != ArgBy || !strings.Contains(told.Message, "100000") {
		t.Errorf("got %v", err)
	}
	buckets, _ := hours.Buckets(Range{from, from.Add(MaxPointsAddedUp * time.Hour)})
	set := NewSeriesSet(hours, buckets)
	for i := range MaxPointsTogether / MaxPointsAddedUp {
		if err := set.Add(Subject{AccountID: fmt.Sprint(i)}, 0, Usage{Sessions: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if told := AsError(set.Add(Subject{AccountID: "one more"}, 0, Usage{Sessions: 1})); told.Argument != ArgBy {
		t.Errorf("got %v", told)
	}
}

// All that a report or a series has of a part is added up, however often it comes.
func TestPartsAreAddedUp(t *testing.T) {
	twice := &Report{Subjects: []SubjectUsage{{"a ", "c", Usage{1, 10, 100}}, {"a", "c ", Usage{2, 20, 200}}, {"a", "c", Usage{4, 40, 400}}}}
	want := Driver{Subject: Subject{AccountID: "a ", CustomerID: "c"}, Current: Usage{7, 70, 700}, Previous: Usage{7, 70, 700}}
	if got := DriversOf(CustomerDimension, twice, twice); len(got) != 1 || got[0] != want {
		t.Errorf("got %+v", got)
	}
	at := func(hour int) Range {
		from := time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC)
		return Range{From: from, To: from.Add(time.Hour)}
	}
	points := []Point{{at(5), Usage{1, 10, 100}}, {at(29), Usage{2, 20, 200}}, {at(6), Usage{4, 40, 400}}}
	got := DriversInTime(HourDimension, time.UTC, points, points, Usage{8, 80, 800}, Usage{9, 90, 900})
	parts := []Driver{{Part: 5, Current: Usage{3, 30, 300}, Previous: Usage{3, 30, 300}}, {Part: 6, Current: Usage{4, 40, 400}, Previous: Usage{4, 40, 400}},
		{Part: Undated, Current: Usage{1, 10, 100}, Previous: Usage{2, 20, 200}}}
	if !slices.Equal(got, parts) {
		t.Errorf("got %+v, want %+v", got, parts)
	}
	if sum := parts[0].Plus(parts[1]).Plus(parts[2]); sum != (Driver{Current: Usage{8, 80, 800}, Previous: Usage{9, 90, 900}}) {
		t.Errorf("together %+v", sum)
	}
}
