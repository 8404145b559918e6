package usage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// counted is how often a plan counts an instant in each point: of sums, and of what is
// read beside them.
func counted(plan Plan, at time.Time) map[int]int {
	counts := map[int]int{}
	add := func(spans ...Edge) {
		for _, span := range spans {
			if !at.Before(span.From) && at.Before(span.To) {
				for _, share := range span.Shares {
					if counts[share.Point] += share.Times; counts[share.Point] == 0 {
						delete(counts, share.Point)
					}
				}
			}
		}
	}
	for _, piece := range plan.Pieces {
		add(piece.Edge)
	}
	add(plan.Edges...)
	add(plan.Kept...)
	return counts
}

// spansOf are the spans of the pieces of one grid.
func spansOf(plan Plan, code int) (spans []Edge) {
	for _, piece := range plan.Pieces {
		if piece.Grid.Code() == code {
			spans = append(spans, piece.Edge)
		}
	}
	return spans
}

// ordered tells whether spans are in order, apart, and hold something, and their shares are
// in the order of their points.
func ordered(spans []Edge) bool {
	for i, span := range spans {
		if !span.From.Before(span.To) || len(span.Shares) == 0 || i > 0 && span.From.Before(spans[i-1].To) {
			return false
		}
		for j, share := range span.Shares {
			if share.Times == 0 || j > 0 && span.Shares[j-1].Point >= share.Point {
				return false
			}
		}
	}
	return true
}

// drawn are points, sums and what they are called.
type drawn struct {
	name   string
	points []Range
	sums   Sums
}

var zonesOfPlans = []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Antarctica/Casey", "Asia/Gaza"}

// draw makes points of a series, or of a report, and sums to compose them of.
func draw(t *testing.T, random *rand.Rand) drawn {
	t.Helper()
	load := func(name string) *time.Location { return zone(t, name) }
	asked, other := load(zonesOfPlans[random.IntN(len(zonesOfPlans))]), load(zonesOfPlans[random.IntN(len(zonesOfPlans))])
	begin := time.Date(2006+random.IntN(20), time.Month(1+random.IntN(12)), 1+random.IntN(28), 0, 0, 0, 0, time.UTC)
	some := func(unit time.Duration, count int) time.Duration { return time.Duration(random.IntN(count)) * unit }
	units := []time.Duration{time.Millisecond, time.Minute, 15 * time.Minute, time.Hour}
	span := Range{begin.Add(some(units[random.IntN(4)], 100)), time.Time{}}
	span.To = span.From.Add(time.Millisecond + some([]time.Duration{time.Minute, time.Hour, 24 * time.Hour}[random.IntN(3)], 200) + some(units[random.IntN(4)], 100))
	grains := [][]Grain{nil, {Day, Month}, {QuarterHour, Hour, Day, Month}, {QuarterHour, Hour, Day, Month}, {Hour, Day, Month}}[random.IntN(5)]
	d := drawn{points: []Range{span}, sums: Sums{Grains: grains, Calendars: []Calendar{UTCCalendar}}}
	if random.IntN(2) == 0 && !slices.Equal(grains, []Grain{Hour, Day, Month}) {
		d.sums.Calendars = append(d.sums.Calendars, Calendar{1, other})
	}
	step := []Step{"", QuarterHourly, Hourly, Daily, Daily, Weekly, Monthly, Yearly}[random.IntN(8)]
	if step != "" {
		if random.IntN(2) == 0 { // whole days of the zone, as most people ask
			whole := Grid{Day, Calendar{1, asked}}
			span = Range{whole.Floor(span.From), whole.Ceil(span.To)}
		}
		if step == QuarterHourly || step == Hourly {
			span.To = span.From.Add(min(span.To.Sub(span.From), 30*time.Hour))
		}
		var err error
		if d.points, err = Buckets(span, step, asked); err != nil {
			t.Fatal(err)
		}
	}
	if random.IntN(3) == 0 {
		d.sums.Until = Hour.Floor(begin.Add(some(time.Hour, 24*60)))
		if len(grains) > 0 && grains[0] == Day && random.IntN(2) == 0 {
			d.sums.Until = Day.Floor(d.sums.Until)
		}
	}
	if random.IntN(3) == 0 {
		d.sums.HoursUntil = Hour.Floor(begin.Add(some(time.Hour, 24*60)))
	}
	d.name = fmt.Sprintf("%s of %s in %s, sums %v of %v until %v, hours until %v", step, span, asked, grains, d.sums.Calendars, d.sums.Until, d.sums.HoursUntil)
	return d
}

// Changes that wait belong to the points whose sums they are missing from: a quarter-hour
// counts as often as the sums that hold it do.
func TestChangesCountAsTheSumsDo(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 400 {
		d := draw(t, random)
		plan := Compose(d.points, d.sums)
		sumsOnly := plan
		sumsOnly.Edges = nil
		finest := QuarterHour
		if len(d.sums.Grains) > 0 && d.sums.Grains[0] == Hour {
			finest = Hour
		}
		for range 200 {
			point := d.points[random.IntN(len(d.points))]
			at := finest.Floor(point.From.Add(time.Duration(random.IntN(60*48)-24*60) * time.Minute))
			want := counted(sumsOnly, at)
			got := map[int]int{}
			for _, share := range At(plan.Summed, at) {
				got[share.Point] = share.Times
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%s: changes of %v count %v, sums %v\n%+v", d.name, at, got, want, plan)
			}
		}
	}
}

// A year of days reads so many sums and single sessions' spans for each day, in its own
// calendar, in another, and of what has days only.
func TestWhatADayCosts(t *testing.T) {
	all := []Grain{QuarterHour, Hour, Day, Month}
	for _, c := range []struct {
		zone, other string
		grains      []Grain
		sums, edges int // for each day, at most
	}{
		{"UTC", "Europe/Berlin", all, 1, 0},
		{"Europe/Berlin", "Europe/Berlin", all, 1, 0},
		{"Europe/Paris", "Europe/Berlin", all, 1, 0},
		{"Europe/Berlin", "", all, 3, 0},
		{"Asia/Kolkata", "Asia/Kolkata", all, 1, 0},
		{"Asia/Kolkata", "", all, 8, 0},
		{"Asia/Kolkata", "Europe/Berlin", all, 8, 0},
		{"Asia/Kathmandu", "", all, 8, 0},
		{"Australia/Adelaide", "", all, 13, 0},
		{"Asia/Kolkata", "", []Grain{Day, Month}, 1, 1},
		{"Asia/Kolkata", "Asia/Kolkata", []Grain{Day, Month}, 1, 0},
	} {
		sums := Sums{Grains: c.grains, Calendars: []Calendar{UTCCalendar}}
		if c.other != "" {
			sums.Calendars = append(sums.Calendars, Calendar{1, zone(t, c.other)})
		}
		span, err := ParseRange("2025-01-01", "2025-12-31", zone(t, c.zone))
		if err != nil {
			t.Fatal(err)
		}
		days, err := Buckets(span, Daily, zone(t, c.zone))
		if err != nil {
			t.Fatal(err)
		}
		plan, count := Compose(days, sums), 0
		for _, piece := range plan.Pieces {
			count += len(piece.Buckets(1e6))
		}
		if count > c.sums*(len(days)+1) || len(plan.Edges) > c.edges*(len(days)+1) {
			t.Errorf("%s beside %s with %v: %d sums and %d edges for %d days", c.zone, c.other, c.grains, count, len(plan.Edges), len(days))
		}
	}
}

// described writes the pieces of a plan with their signs, and then the edges.
func described(plan Plan) string {
	var all []string
	sign := map[int]string{1: "+", -1: "-"}
	shown := func(edge Edge) string {
		text := ""
		for _, share := range edge.Shares {
			text += sign[share.Times]
		}
		return text
	}
	for _, piece := range plan.Pieces {
		all = append(all, shown(piece.Edge)+piece.Grid.Grain.String()+" "+written(piece.Range))
	}
	for _, edge := range plan.Edges {
		all = append(all, shown(edge)+"sessions "+written(edge.Range))
	}
	return strings.Join(all, ", ")
}

func TestPlansByExample(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "+month 2026-03-01 2026-04-01"},
		{"2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z", "+month 2026-03-01 2026-04-01, -day 2026-03-31 2026-04-01"},
		{"2026-03-01T10:30:00Z", "2026-03-01T12:00:00Z", "+hour 2026-03-01T11:00:00Z 2026-03-01T12:00:00Z, +quarter-hour 2026-03-01T10:30:00Z 2026-03-01T11:00:00Z"},
		{"2026-03-01T10:37:00Z", "2026-03-01T10:43:00.001Z", "+sessions 2026-03-01T10:37:00Z 2026-03-01T10:43:00.001Z"},
		{"2026-03-01T10:38:00Z", "2026-03-01T11:02:00.001Z", "+quarter-hour 2026-03-01T10:45:00Z 2026-03-01T11:00:00Z, " +
			"+sessions 2026-03-01T10:38:00Z 2026-03-01T10:45:00Z, +sessions 2026-03-01T11:00:00Z 2026-03-01T11:02:00.001Z"},
		{"2026-02-28T18:30:00Z", "2026-03-01T18:30:00Z", "+day 2026-03-01 2026-03-02, +hour 2026-02-28T19:00:00Z 2026-03-01, -hour 2026-03-01T19:00:00Z 2026-03-02, " +
			"+quarter-hour 2026-02-28T18:30:00Z 2026-02-28T19:00:00Z, -quarter-hour 2026-03-01T18:30:00Z 2026-03-01T19:00:00Z"},
		{"", "2026-03-01T00:00:00Z", "+month - 2026-03-01"},
		{"2026-03-01T00:00:00Z", "", "+month 2026-03-01 10000-01-01"},
		{"", "", "+month - 10000-01-01"},
	} {
		plan := Compose([]Range{{parse(t, c.from), parse(t, c.to)}}, Sums{Grains: []Grain{QuarterHour, Hour, Day, Month}, Calendars: []Calendar{UTCCalendar}})
		if got := described(plan); got != c.want {
			t.Errorf("%s to %s:\ngot  %s\nwant %s", c.from, c.to, got, c.want)
		}
	}
	if plan := Compose(nil, Sums{Grains: []Grain{Day, Month}, Calendars: []Calendar{UTCCalendar}}); len(plan.Pieces)+len(plan.Edges)+len(plan.Summed) > 0 {
		t.Errorf("no points: %+v", plan)
	}
}

func TestAPieceIsCutWhereItsDataBeginAndEnd(t *testing.T) {
	data := Range{parse(t, "2024-01-01T00:00:00Z"), parse(t, "2026-04-01T00:00:00Z")}
	for _, c := range []struct{ from, to, want string }{
		{"", "", "- 2024-01-01 2024-01-01 2026-04-01 2026-04-01 10000-01-01"},
		{"2025-01-01T00:00:00Z", "", "2025-01-01 2026-04-01 2026-04-01 10000-01-01"},
		{"", "2025-01-01T00:00:00Z", "- 2024-01-01 2024-01-01 2025-01-01"},
		{"2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z", "2025-01-01 2025-02-01"},
		{"2026-04-01T00:00:00Z", "", "2026-04-01 10000-01-01"},
		{"2027-01-01T00:00:00Z", "", "2027-01-01 10000-01-01"},
		{"", "2024-01-01T00:00:00Z", "- 2024-01-01"},
	} {
		whole := Piece{Grid{Month, UTCCalendar}, Edge{Range{parse(t, c.from), parse(t, c.to)}, []Share{{0, 1}}}}
		if c.to == "" {
			whole.To = forever
		}
		var got []Range
		for _, piece := range whole.Within(data) {
			if got = append(got, piece.Range); piece.Grid != whole.Grid || len(piece.Shares) != 1 {
				t.Errorf("%s to %s: got %+v", c.from, c.to, piece)
			}
		}
		if written(got...) != c.want {
			t.Errorf("%s to %s: got %s, want %s", c.from, c.to, written(got...), c.want)
		}
		if whole := whole.Within(Range{}); len(whole) != 1 {
			t.Errorf("without data: got %+v", whole)
		}
	}
}

// Where data begin and end by months of UTC, those of another calendar hold them wholly.
func TestAPieceIsCutByItsOwnCalendar(t *testing.T) {
	whole := Piece{Grid{Month, Calendar{1, zone(t, "Europe/Berlin")}}, Edge{Range{time.Time{}, forever}, []Share{{0, 1}}}}
	var got []Range
	for _, piece := range whole.Within(Range{parse(t, "2024-01-01T00:00:00Z"), parse(t, "2026-04-01T00:00:00Z")}) {
		got = append(got, piece.Range)
	}
	if want := "- 2023-12-31T23:00:00Z 2023-12-31T23:00:00Z 2026-04-30T22:00:00Z 2026-04-30T22:00:00Z 10000-01-01"; written(got...) != want {
		t.Errorf("got %s, want %s", written(got...), want)
	}
	if whole := whole.Within(Range{}); len(whole) != 1 {
		t.Errorf("without data: got %+v", whole)
	}
}

// How many sums shorter than a day are read, and the month that is added to a point.
func TestWhatAPlanHoldsBesidesDays(t *testing.T) {
	plan := Compose([]Range{{parse(t, "2026-02-28T23:45:00Z"), parse(t, "2026-03-02T03:00:00Z")}},
		Sums{Grains: []Grain{QuarterHour, Hour, Day, Month}, Calendars: []Calendar{UTCCalendar}})
	if got := plan.FineBuckets(); got != 4 {
		t.Errorf("%s: counted %d", described(plan), got)
	}
	plan.AddMonth(parse(t, "1000-01-01T00:00:00Z"))
	if got, want := described(plan), "+day 2026-03-01 2026-03-02, +hour 2026-03-02 2026-03-02T03:00:00Z, "+
		"+quarter-hour 2026-02-28T23:45:00Z 2026-03-01, +month 1000-01-01 1000-02-01"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The last hour there is has an end, as any other has.
func TestTheBucketsOfAPiece(t *testing.T) {
	piece := func(grain Grain, from string, to time.Time) Piece {
		return Piece{Grid{grain, UTCCalendar}, Edge{Range{parse(t, from), to}, []Share{{0, 1}}}}
	}
	for _, c := range []struct {
		piece Piece
		limit int
		want  int
	}{
		{piece(Hour, "9999-12-31T22:00:00Z", forever), 5, 2},
		{piece(Hour, "9999-12-31T22:00:00Z", forever), 1, 0},
		{piece(Day, "2026-03-01T00:00:00Z", parse(t, "2026-03-03T00:00:00Z")), 2, 2},
		{piece(Month, "2026-03-01T00:00:00Z", forever), 1e9, 0},
		{piece(Month, "", parse(t, "2026-03-01T00:00:00Z")), 1e9, 0},
	} {
		if got := c.piece.Buckets(c.limit); len(got) != c.want {
			t.Errorf("%+v: got %v", c.piece, got)
		}
	}
}

// BenchmarkDaysOfAYear is what composing a year of days costs, in calendars that there are
// sums of and in others.
func BenchmarkDaysOfAYear(b *testing.B) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	sums := Sums{Level: Together, Grains: []Grain{QuarterHour, Hour, Day, Month}, Calendars: []Calendar{UTCCalendar, {No: 1, Zone: berlin}}}
	for _, name := range []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			b.Fatal(err)
		}
		year := Range{time.Date(2025, 1, 1, 0, 0, 0, 0, zone), time.Date(2026, 1, 1, 0, 0, 0, 0, zone)}
		points, err := Buckets(year, Daily, zone)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Compose(points, sums)
			}
		})
	}
}
