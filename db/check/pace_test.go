package check

import (
	"strings"
	"testing"
	"time"

	"aiusage/db/column"
	"aiusage/usage"
)

var begin = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func TestChunksGrowAndShrinkWithTheTimeTheyTake(t *testing.T) {
	for _, c := range []struct {
		days int
		took time.Duration
		want int
	}{
		{1, 0, 16}, {8, paceGoal / 20, 128}, {8, paceGoal / 16, 128}, {8, paceGoal / 4, 32}, {700, 0, 732}, {700, paceGoal / 4, 732},
		{8, paceGoal, 8}, {9, paceGoal, 9}, {8, paceGoal * 4 / 3, 6}, {8, 2 * paceGoal, 4}, {8, time.Minute, 4}, {1, time.Minute, 1},
	} {
		if got := pace(c.days, c.took); got != c.want {
			t.Errorf("after %d days in %v: %d, want %d", c.days, c.took, got, c.want)
		}
	}
}

func TestTheShareThatHasBeenChecked(t *testing.T) {
	span := usage.Range{From: begin, To: begin.Add(4 * time.Hour)}
	for after, want := range map[time.Duration]float64{0: 0, 1: .25, 3: .75, 4: 1, 5: 1, -1: 0} {
		if got := (CheckProgress{At: begin.Add(after * time.Hour), Span: span}).Share(); got != want {
			t.Errorf("after %d h: %v, want %v", after, got, want)
		}
	}
	for _, to := range []time.Time{begin, begin.Add(-time.Hour)} {
		if got := (CheckProgress{At: begin, Span: usage.Range{From: begin, To: to}}).Share(); got != 1 {
			t.Errorf("of nothing: %v, want 1", got)
		}
	}
}

func TestTheEarlierAndTheLaterOfTwoInstants(t *testing.T) {
	after := begin.Add(time.Hour)
	if earlier(begin, after) != begin || earlier(after, begin) != begin || later(begin, after) != after || later(after, begin) != after {
		t.Error("got the other one")
	}
}

// The days of a calendar are as many branches as clocks are changed, not as many as days.
func TestDaysAreFewBranches(t *testing.T) {
	for zone, most := range map[string]int{"Asia/Kolkata": 0, "Europe/Berlin": 4, "Pacific/Apia": 2} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		grid := usage.Grid{Grain: usage.Day, Calendar: usage.Calendar{No: 1, Zone: location}}
		span := usage.Range{From: grid.Floor(begin), To: grid.Floor(begin.AddDate(1, 0, 0))}
		if got := strings.Count(bucketOf(grid, "at", span), "WHEN"); got > most {
			t.Errorf("%s: %d branches for a year", zone, got)
		}
	}
}

// Buckets are named as they are told apart best: those of UTC by what a server knows, and one
// alone by itself, at its instant in UTC.
func TestBucketsInStatements(t *testing.T) {
	kolkata := calendar(t, 1, "Asia/Kolkata")
	day, month := usage.Grid{Grain: usage.Day, Calendar: kolkata}, usage.Grid{Grain: usage.Month, Calendar: kolkata}
	march := usage.Range{From: month.Floor(begin), To: month.Next(begin)}
	for _, test := range []struct {
		grid usage.Grid
		span usage.Range
		want string
	}{
		{usage.Grid{Grain: usage.Day, Calendar: usage.UTCCalendar}, march, "TIMESTAMP(DATE(at))"},
		{usage.Grid{Grain: usage.Month, Calendar: usage.UTCCalendar}, march, "TIMESTAMP(DATE_FORMAT(at, '%Y-%m-01'))"},
		{day, usage.Range{From: march.From, To: march.From.AddDate(0, 0, 1)}, "TIMESTAMP'2026-02-28 18:30:00'"},
		{day, march, "TIMESTAMPADD(DAY, LEAST(TIMESTAMPDIFF(DAY, TIMESTAMP'2026-02-28 18:30:00', at), 30), TIMESTAMP'2026-02-28 18:30:00')"},
		{month, march, "TIMESTAMP'2026-02-28 18:30:00'"},
		{month, usage.Range{From: march.From, To: month.Next(march.To)},
			"CASE WHEN at < TIMESTAMP'2026-03-31 18:30:00' THEN TIMESTAMP'2026-02-28 18:30:00' ELSE TIMESTAMP'2026-03-31 18:30:00' END"},
		{day, usage.Range{From: march.From, To: march.From}, undatedBucket},
		{usage.Grid{Grain: usage.Day, Calendar: usage.UTCCalendar}, undatedSpan, undatedBucket},
	} {
		if got := bucketOf(test.grid, "at", test.span); got != test.want {
			t.Errorf("grid %d in %v: got %s, want %s", test.grid.Code(), test.span, got, test.want)
		}
	}
	if got := literal(begin.In(kolkata.Zone)); got != "TIMESTAMP'2026-03-01 10:00:00'" {
		t.Errorf("got %s", got)
	}
}

// A day has the quarter-hours that begin in it, also where clocks were not quarter-hours
// from UTC.
func TestARunIsOfWholeQuarterHours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	long := time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC)
	runs := runsOf(usage.Grid{Grain: usage.Day, Calendar: usage.Calendar{No: 1, Zone: berlin}}, usage.Range{From: long, To: long.AddDate(0, 0, 5)})
	if len(runs) != 1 || runs[0].count != 5 || runs[0].first.Format(time.TimeOnly) != "23:15:00" { // midnight was at 23:06:32
		t.Errorf("got %+v", runs)
	}
}

// The first of the buckets that lack sessions is named, whichever subjects they are of:
// what one of them lacks and another has too many is no lack.
func TestTheFirstBucketThatLacksSessions(t *testing.T) {
	differences := func(changes ...int64) (all []Difference) {
		for i, change := range changes { // two subjects an hour
			all = append(all, Difference{Bucket: begin.Add(time.Duration(i/2) * time.Hour),
				Want: usage.Usage{Sessions: 10 + change}, Got: usage.Usage{Sessions: 10}})
		}
		return all
	}
	lacks := func(hour int, grain usage.Grain, calendar int) Difference {
		return Difference{Bucket: begin.Add(time.Duration(hour) * time.Hour), Grain: grain, Calendar: usage.Calendar{No: calendar}, Got: usage.Usage{Sessions: 1}}
	}
	days := differences(-1, -2)
	for i := range days {
		days[i].Grain = usage.Day
	}
	for _, c := range []struct {
		found []Difference
		at    time.Time
		grain usage.Grain
		fewer int64
	}{
		{nil, time.Time{}, 0, 0},
		{differences(3, 0, -2, 2), time.Time{}, 0, 0},
		{differences(-1, -2), begin, 0, 3},
		{differences(5, 0, -1, -1, -4, 0, -9, 1), begin.Add(time.Hour), 0, 2},
		{append(differences(3, 0), days...), begin, usage.Day, 3},
		{append(days, differences(-1)...), begin, usage.QuarterHour, 1},
		{[]Difference{lacks(2, usage.QuarterHour, 0), lacks(1, usage.QuarterHour, 0), lacks(3, usage.QuarterHour, 0)}, begin.Add(time.Hour), 0, 1},
		{[]Difference{lacks(0, usage.Day, 0), lacks(1, usage.QuarterHour, 0)}, begin, usage.Day, 1},
		{[]Difference{lacks(0, usage.Day, 0), lacks(0, usage.Day, 1)}, begin, usage.Day, 1},
	} {
		if first, fewer := lacking(c.found); !first.Bucket.Equal(c.at) || first.Grain != c.grain || fewer != c.fewer {
			t.Fatalf("%+v: %d sessions of %+v, want %d of the %s %v", c.found, fewer, first, c.fewer, c.grain, c.at)
		}
	}
}

func TestWhatLacksSessionsIsNamed(t *testing.T) {
	if got := lacks(Difference{Bucket: begin, Grain: usage.Day}, 3); !strings.HasPrefix(got, "3 sessions of the day from 2026-03-01T10:00:00Z have gone") {
		t.Error(got)
	}
	if got := lacks(Difference{Bucket: column.Undated}, 1); !strings.HasPrefix(got, "1 sessions of those whose start cannot be read have gone") {
		t.Error(got)
	}
}

// Numbers are named in lists that statements can take.
func TestListsOfNumbers(t *testing.T) {
	if got := listsOf([]uint32{3, 1, 4, 1, 5}, 2); strings.Join(got, " ") != "3,1 4,1 5" {
		t.Errorf("got %q", got)
	}
	if got := listsOf(nil, 2); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}
