package usage

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var someZones = []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Beirut", "America/Santiago", "America/Havana",
	"Australia/Lord_Howe", "Africa/Monrovia", "America/Juneau", "Pacific/Apia", "Asia/Kathmandu",
	"America/St_Johns", "Asia/Gaza", "Antarctica/Casey"}

func drawZone(t *rapid.T) *time.Location {
	zone, err := LoadZone("timeZone", rapid.SampledFrom(someZones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestBucketsAreNeighboursAndBeginWhereTheClockSaysSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := drawZone(t)
		step := rapid.SampledFrom([]Step{QuarterHourly, Hourly, Daily, Weekly, Monthly, Yearly}).Draw(t, "step")
		from := time.UnixMilli(rapid.Int64Range(-6e12, 4e12).Draw(t, "from")).UTC()
		r := Range{from, from.Add(time.Duration(rapid.Int64Range(1, 400*3600).Draw(t, "seconds")) * time.Second)}
		buckets, err := Buckets(r, step, zone)
		if err != nil {
			t.Fatal(err)
		}
		at := r.From
		for i, bucket := range buckets {
			if !bucket.From.Equal(at) || !bucket.From.Before(bucket.To) {
				t.Fatalf("a gap or an overlap at %v: %v", at, bucket)
			}
			at = bucket.To
			last, first := bucket.From.Add(-time.Millisecond).In(zone), bucket.From.In(zone)
			if i > 0 && label(step, last) == label(step, first) && step != Hourly && step != QuarterHourly {
				t.Fatalf("%s: %v and %v are in two buckets", step, last, first)
			}
			if end := bucket.To.Add(-time.Millisecond).In(zone); label(step, first) != label(step, end) {
				t.Fatalf("%s: %v and %v are in one bucket", step, first, end)
			}
		}
		if !at.Equal(r.To) {
			t.Fatalf("the buckets end at %v, not %v", at, r.To)
		}
		if least := (SeriesQuery{Query: Query{Zone: zone}, Step: step}).BucketsAtLeast(r); least > len(buckets) {
			t.Fatalf("%d are expected at least, and there are %d", least, len(buckets))
		}
	})
}

// What is expected of buckets before they are made is hardly less than there are, in years, too,
// and where a day was left out or came twice.
func TestHowManyBucketsAreExpected(t *testing.T) {
	day := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 7, 10, 0, 0, time.UTC)
	}
	for _, r := range []Range{{day(2011, 12, 20), day(2012, 1, 10)}, {day(1867, 10, 1), day(1867, 10, 30)}, {day(2000, 1, 1), day(2020, 1, 1)}, {day(2026, 3, 1), day(2026, 3, 1)}, {Earliest, Latest}} {
		for _, name := range someZones {
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			for step, fewer := range map[Step]float64{QuarterHourly: 2 * 97, Hourly: 2 * 25, Daily: 4, Weekly: 2, Monthly: 2, Yearly: 3} {
				query := SeriesQuery{Query: Query{Zone: zone}, Step: step}
				buckets, err := query.Buckets(r)
				if err != nil {
					fewer = 0 // too many
				}
				if least := query.BucketsAtLeast(r); least > len(buckets) || float64(least) < float64(len(buckets))*0.97-fewer {
					t.Errorf("%s, %s, %v: %d are expected, and there are %d", name, step, r, least, len(buckets))
				}
			}
		}
	}
}

// label names the bucket that a clock shows.
func label(step Step, t time.Time) string {
	switch step {
	case QuarterHourly:
		return fmt.Sprint(t.Format("2006-01-02 15 "), t.Minute()/15)
	case Hourly:
		return t.Format("2006-01-02 15")
	case Yearly:
		return t.Format("2006")
	case Daily:
		return t.Format("2006-01-02")
	case Weekly:
		return t.AddDate(0, 0, -(int(t.Weekday())+6)%7).Format("2006-01-02")
	}
	return t.Format("2006-01")
}

// bucketAt returns the index of the bucket that holds an instant.
func bucketAt(buckets []Range, at time.Time) int {
	return sort.Search(len(buckets), func(i int) bool { return buckets[i].From.After(at) }) - 1
}

func TestARunTellsTheBucketOfAnInstantByDivision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := drawZone(t)
		step := rapid.SampledFrom([]Step{QuarterHourly, Hourly, Daily, Weekly, Monthly, Yearly}).Draw(t, "step")
		from := time.UnixMilli(rapid.Int64Range(-6e12, 4e12).Draw(t, "from")).UTC()
		r := Range{from, from.Add(time.Duration(rapid.Int64Range(1, 400*3600*1000).Draw(t, "milliseconds")) * time.Millisecond)}
		buckets, err := Buckets(r, step, zone)
		if err != nil {
			t.Fatal(err)
		}
		runs := BucketRuns(buckets)
		if len(buckets) > 24 && step == Hourly && len(runs) > 4+len(buckets)/24 {
			t.Fatalf("%d runs for %d hours", len(runs), len(buckets))
		}
		at := from.Add(time.Duration(rapid.Int64Range(0, r.To.Sub(r.From).Milliseconds()-1).Draw(t, "into")) * time.Millisecond)
		i := sort.Search(len(runs), func(i int) bool { return runs[i].From.After(at) }) - 1
		got := runs[i].First
		if i+1 < len(runs) && runs[i+1].First > got+1 || i+1 == len(runs) && len(buckets) > got+1 {
			got += int(int64(at.Sub(runs[i].From).Seconds()) / int64(runs[i].Length.Seconds()))
		}
		if want := bucketAt(buckets, at); got != want {
			t.Fatalf("%v is in bucket %d, the run says %d", at, want, got)
		}
	})
}

func TestASeriesSetIsBounded(t *testing.T) {
	buckets := make([]Range, MaxPointsTogether/2)
	set := NewSeriesSet(SeriesQuery{}, buckets)
	for i, wantError := range []bool{false, false, true} {
		err := set.Add(Subject{AccountID: string(rune('a' + i))}, 0, Usage{Minutes: 1})
		if (err != nil) != wantError {
			t.Errorf("subject %d: got %v", i, err)
		}
	}
	if err := set.Add(Subject{AccountID: "a"}, len(buckets), Usage{}); err == nil {
		t.Error("a bucket that is not there was taken")
	}
	if got := set.Of(Subject{AccountID: "a"})[0].Minutes; got != 1 {
		t.Errorf("got %d minutes", got)
	}
	if got := set.Of(Subject{AccountID: "z"}); len(got) != len(buckets) || got[0].Usage != (Usage{}) {
		t.Errorf("got %d points", len(got))
	}
}

func TestASeriesThatIsTooLongIsRefused(t *testing.T) {
	_, err := Buckets(Range{Earliest, Latest}, Weekly, time.UTC)
	if err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("got %v", err)
	}
	if _, err := Buckets(Range{Earliest, Latest}, "FORTNIGHT", time.UTC); err == nil {
		t.Error("an unknown step was taken")
	}
}

// Spans that lie apart are in runs of their own, however long they are.
func TestRunsOfSpansThatLieApart(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC) }
	runs := BucketRuns([]Range{{at(0), at(1)}, {at(1), at(2)}, {at(5), at(6)}, {at(6), at(8)}})
	want := []BucketRun{{at(0), time.Hour, 0, 2}, {at(5), time.Hour, 2, 1}, {at(6), 2 * time.Hour, 3, 1}}
	if !slices.Equal(runs, want) {
		t.Errorf("got %v, want %v", runs, want)
	}
	if got, want := (SubjectUsage{AccountID: "a", CustomerID: "c"}).Subject(), (Subject{"a", "c"}); got != want {
		t.Errorf("got %+v", got)
	}
}

// As many points as a series may have are not too many, and are all expected.
func TestASeriesOfAllThePointsThereMayBe(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, more := range []int{0, 1} {
		span := Range{From: from, To: from.Add(time.Duration(MaxPoints+more) * time.Hour)}
		if buckets, err := Buckets(span, Hourly, time.UTC); (err == nil) != (more == 0) || err == nil && len(buckets) != MaxPoints {
			t.Errorf("%d more: %d buckets, %v", more, len(buckets), err)
		}
		longer := Range{From: span.From, To: span.To.Add(48 * time.Hour)}
		if got := (SeriesQuery{Query: Query{Zone: time.UTC}, Step: Hourly}).BucketsAtLeast(longer); got != MaxPoints*(1-more) {
			t.Errorf("%d more: at least %d", more, got)
		}
	}
}
