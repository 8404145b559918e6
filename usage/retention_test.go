package usage

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// cutInto plans a query as a database does that has sums of hours alone.
func cutInto(query SeriesQuery, asked Range) (Plan, error) {
	buckets := []Range{asked}
	if query.Step != "" {
		var err error
		if buckets, err = query.Buckets(asked); err != nil {
			return Plan{}, err
		}
	}
	return Compose(buckets, Sums{Grains: []Grain{Hour, Day, Month}, Calendars: []Calendar{UTCCalendar}}), nil
}

// planOf plans a report as such a database does.
func planOf(t *testing.T, asked Range) Plan {
	t.Helper()
	plan, err := cutInto(SeriesQuery{}, asked)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// checked plans a request, as a series where there is a step, and checks it.
func checked(t *testing.T, request Request, step Step, kept time.Time) error {
	t.Helper()
	query, err := request.Query(nil, time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	asked, ok := query.Range.Normal()
	if !ok {
		t.Fatalf("%+v is empty", request)
	}
	whole := SeriesQuery{Query: query, Step: step}
	plan, err := cutInto(whole, asked)
	if err != nil {
		t.Fatal(err)
	}
	return Retention{Kept: kept, HoursUntil: kept}.Check(whole, asked, plan, cutInto)
}

func TestWhatNeedsDroppedSessionsIsRefusedWithAWayOut(t *testing.T) {
	kept := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	const kolkata = "Asia/Kolkata"
	for _, c := range []struct {
		request Request
		step    Step
		want    string // the argument and what is accepted
	}{
		{Request{StartDate: "2026-02-01T00:00:00Z", EndDate: "2026-02-28T23:00:00Z"}, "", ""},
		{Request{StartDate: "2026-03-01T00:00:00.001Z", EndDate: "2026-03-05T10:10:00Z"}, "", ""},
		{Request{StartDate: "2026-03-01T00:00:00Z", EndDate: "2026-03-01T00:10:00Z"}, "", ""},
		{Request{StartDate: "2026-02-01T10:31:00Z", EndDate: "2026-03-05T10:10:00Z"}, "",
			"startDate: the nearest exact range from 2026-02-01T11:00:00Z to 2026-03-05T10:10:00Z (exclusive), a start at or after 2026-03-01T00:00:00Z"},
		{Request{StartDate: "2026-02-01T10:31:00Z"}, "",
			"startDate: the nearest exact range from 2026-02-01T11:00:00Z, a start at or after 2026-03-01T00:00:00Z"},
		{Request{EndDate: "2026-02-01T10:31:00Z"}, "", "endDate: the nearest exact range to 2026-02-01T11:00:00Z (exclusive)"},
		{Request{StartDate: "2026-02-01T10:00:00Z", EndDate: "2026-02-05T10:29:59Z"}, "",
			"endDate: the nearest exact range from 2026-02-01T10:00:00Z to 2026-02-05T10:00:00Z (exclusive)"},
		{Request{StartDate: "2026-02-01T10:10:00Z", EndDate: "2026-02-01T10:20:00Z"}, "",
			"startDate: the nearest exact range from 2026-02-01T10:00:00Z to 2026-02-01T11:00:00Z (exclusive)"},
		{Request{StartDate: "2026-02-01T10:00:00Z", EndDate: "2026-02-01T10:20:00Z"}, "",
			"endDate: the nearest exact range from 2026-02-01T10:00:00Z to 2026-02-01T11:00:00Z (exclusive)"},
		{Request{StartDate: "2026-02-01T10:45:00Z", EndDate: "2026-02-01T11:00:00Z"}, "",
			"startDate: the nearest exact range from 2026-02-01T10:00:00Z to 2026-02-01T11:00:00Z (exclusive)"},
		// A day of India begins within an hour of the sums, and is what the caller has given.
		{Request{StartDate: "2026-02-01", EndDate: "2026-02-10", TimeZone: kolkata}, "",
			"startDate: the nearest exact range from 2026-01-31T19:00:00Z to 2026-02-10T19:00:00Z (exclusive)"},
		{Request{Period: LastMonth, TimeZone: kolkata}, "",
			"period: the nearest exact range from 2026-01-31T19:00:00Z to 2026-02-28T19:00:00Z (exclusive)"},
		{Request{Period: Last30Days, TimeZone: kolkata}, "",
			"period: the nearest exact range from 2026-02-13T19:00:00Z to 2026-03-15T18:30:00Z (exclusive), a start at or after 2026-03-01T00:00:00Z"},
		{Request{Period: LastMonth}, Daily, ""},
		{Request{Period: ThisMonth, TimeZone: kolkata}, Daily, "period: the nearest exact range from 2026-02-28T19:00:00Z to 2026-03-31T18:30:00Z (exclusive), a start at or after 2026-03-01T00:00:00Z"},
		// The hours are whole, but the points of the series cut them.
		{Request{StartDate: "2026-02-01T00:00:00Z", EndDate: "2026-02-03T00:00:00Z", TimeZone: kolkata}, Daily,
			"granularity: timeZone UTC with the range from 2026-02-01T00:00:00Z to 2026-02-03T00:00:00Z (exclusive)"},
		{Request{StartDate: "2026-02-01T00:00:00Z", EndDate: "2026-03-03T00:00:00Z", TimeZone: kolkata}, Monthly,
			"granularity: timeZone UTC with the range from 2026-02-01T00:00:00Z to 2026-03-03T00:00:00Z (exclusive), a start at or after 2026-03-01T00:00:00Z"},
		{Request{StartDate: "2026-02-01T00:00:00Z", EndDate: "2026-02-01T18:00:00Z", TimeZone: kolkata}, Monthly, ""},
		{Request{StartDate: "2026-02-01T00:00:00Z", EndDate: "2026-02-03T10:15:00Z", TimeZone: kolkata}, Daily,
			"granularity: timeZone UTC with the range from 2026-02-01T00:00:00Z to 2026-02-03T10:00:00Z (exclusive)"},
		{Request{StartDate: "2026-02-28T00:00:00Z", EndDate: "2026-03-03T00:00:00Z"}, QuarterHourly, "granularity: a start at or after 2026-03-01T00:00:00Z"},
		{Request{StartDate: "2026-02-01", EndDate: "2026-02-03"}, QuarterHourly, "granularity: "},
		// Liberia's days began at 00:44:30: the last point is half an hour, and ends on the hour.
		{Request{StartDate: "1970-01-01T01:00:00Z", EndDate: "1970-01-02T01:00:00Z", TimeZone: "Africa/Monrovia"}, Daily,
			"granularity: timeZone UTC with the range from 1970-01-01T01:00:00Z to 1970-01-02T01:00:00Z (exclusive)"},
	} {
		err := checked(t, c.request, c.step, kept)
		got := ""
		if coded, refused := errors.AsType[*Error](err); refused {
			told := coded.In(Names{})
			got = told.Argument + ": " + strings.Join(told.Accepted, ", ")
			if !strings.Contains(told.Message, "from before 2026-03-01T00:00:00Z have been dropped, so that ") {
				t.Errorf("%+v: got %q", c.request, told.Message)
			}
		} else if err != nil {
			t.Fatal(err)
		}
		if got != c.want {
			t.Errorf("%+v %s:\ngot  %q\nwant %q", c.request, c.step, got, c.want)
		}
	}
}

func TestNothingIsWrittenWhereSessionsHaveBeenDropped(t *testing.T) {
	retention := Retention{Kept: parse(t, "2026-03-01T00:00:00Z")}
	for start, refused := range map[string]bool{"2026-02-28T23:59:59.999Z": true, "2026-03-01T00:00:00Z": false, "2026-03-01T00:00:00.001Z": false} {
		err := retention.Refuse(Session{SessionID: "s-1", StartedAt: parse(t, start)})
		if (err != nil) != refused || refused && (AsError(err).Code != InvalidArgument || !strings.Contains(err.Error(), `"s-1" starts at 2026-02-28T23:59:59Z, but`)) {
			t.Errorf("%s: got %v", start, err)
		}
	}
}

func TestARangeThatNobodyAskedForIsNotBlamed(t *testing.T) {
	asked := Range{From: parse(t, "2026-01-01T00:30:00Z"), To: parse(t, "2026-02-01T00:00:00Z")}
	kept := parse(t, "2026-03-01T00:00:00Z")
	err := Retention{Kept: kept, HoursUntil: kept}.Check(SeriesQuery{}, asked, planOf(t, asked), cutInto)
	told := AsError(err).In(Names{})
	if told.Argument != "" || len(told.Accepted) > 0 || !strings.Contains(told.Message, "a range that is compared with") {
		t.Errorf("got %+v", told)
	}
}

func TestSessionsOfAllOfTimeAreNotRead(t *testing.T) {
	everything, _ := Range{}.Normal()
	query := SeriesQuery{Query: Query{StartsBy: ArgStartDate, EndsBy: ArgEndDate}}
	if err := (Retention{Kept: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}).Check(query, everything, Plan{Edges: []Edge{{Range: everything}}}, cutInto); err == nil {
		t.Error("sessions that are gone were read without their sums")
	}
}

// What cannot be planned, as a series of too many points, is not proposed.
func TestWhatIsNotAnsweredIsNotProposed(t *testing.T) {
	kept := parse(t, "2026-03-01T00:00:00Z")
	asked := Range{From: parse(t, "2026-02-01T10:31:00Z"), To: parse(t, "2026-03-05T00:00:00Z")}
	query := SeriesQuery{Query: Query{StartsBy: ArgStartDate, EndsBy: ArgEndDate, Zone: time.FixedZone("", 3600)}}
	for _, step := range []Step{"", Daily} {
		query.Step = step
		err := Retention{Kept: kept, HoursUntil: kept}.Check(query, asked, planOf(t, asked), func(other SeriesQuery, _ Range) (Plan, error) {
			if step == "" && other.Zone == time.UTC {
				return Plan{}, nil
			}
			return Plan{}, errors.New("too many")
		})
		if accepted := AsError(err).In(Names{}).Accepted; len(accepted) > 0 {
			t.Errorf("%q: got %q", step, accepted)
		}
	}
}

func TestWhichArgumentsTheEndsComeFrom(t *testing.T) {
	for _, c := range []struct {
		request    Request
		start, end Argument
	}{
		{Request{}, "", ""},
		{Request{StartDate: "2026-03-01"}, ArgStartDate, ""},
		{Request{EndDate: "2026-03-01"}, "", ArgEndDate},
		{Request{StartDate: "2026-03-01", EndDate: "2026-03-01"}, ArgStartDate, ArgEndDate},
		{Request{Period: Today}, ArgPeriod, ArgPeriod},
	} {
		query, err := c.request.Query(nil, parse(t, "2026-03-15T12:00:00Z"))
		if err != nil || query.StartsBy != c.start || query.EndsBy != c.end {
			t.Errorf("%+v: %q to %q, %v", c.request, query.StartsBy, query.EndsBy, err)
		}
	}
}

// With sums of quarter-hours, only what cuts those is refused: no zone's days do, and of
// their hours those that were cut by a change of the clocks.
func TestWhatCutsAQuarterOfAnHourIsRefused(t *testing.T) {
	kept := parse(t, "2026-03-01T00:00:00Z")
	quarters := func(query SeriesQuery, asked Range) (Plan, error) {
		buckets := []Range{asked}
		if query.Step != "" {
			var err error
			if buckets, err = query.Buckets(asked); err != nil {
				return Plan{}, err
			}
		}
		return Compose(buckets, Sums{Grains: []Grain{QuarterHour, Hour, Day, Month}, Calendars: []Calendar{UTCCalendar}, HoursUntil: parse(t, "2008-01-01T00:00:00Z")}), nil
	}
	for _, c := range []struct {
		request Request
		step    Step
		want    string
	}{
		{Request{StartDate: "2026-02-01", EndDate: "2026-02-10", TimeZone: "Asia/Kathmandu"}, Daily, ""},
		{Request{StartDate: "2026-02-01T10:15", EndDate: "2026-02-10", TimeZone: "Asia/Kolkata"}, QuarterHourly, ""},
		{Request{StartDate: "2026-02-01T10:20:00Z", EndDate: "2026-02-10"}, "",
			"startDate cannot be within a quarter of an hour there: the nearest exact range from 2026-02-01T10:15:00Z to 2026-02-11T00:00:00Z (exclusive)"},
		{Request{StartDate: "2026-02-01T10:23:00Z", EndDate: "2026-02-01T10:29:00Z"}, "",
			"startDate cannot be within a quarter of an hour there: the nearest exact range from 2026-02-01T10:15:00Z to 2026-02-01T10:30:00Z (exclusive)"},
		// St John's changed its clocks at one minute past midnight.
		{Request{StartDate: "2011-03-13", EndDate: "2011-03-13", TimeZone: "America/St_Johns"}, Daily, ""},
		{Request{StartDate: "2011-03-13", EndDate: "2011-03-13", TimeZone: "America/St_Johns"}, Hourly,
			"the points of a series cannot begin within a quarter of an hour there, as those of granularity HOUR do in America/St_Johns: timeZone UTC with the range from 2011-03-13T03:30:00Z to 2011-03-14T02:30:00Z (exclusive)"},
		// Of before there are sums of hours alone.
		{Request{StartDate: "2007-02-01", EndDate: "2007-02-10", TimeZone: "Asia/Kolkata"}, "",
			"startDate cannot be within an hour there: the nearest exact range from 2007-01-31T19:00:00Z to 2007-02-10T19:00:00Z (exclusive)"},
		{Request{StartDate: "2007-02-01", EndDate: "2007-02-10", TimeZone: "Europe/Berlin"}, Daily, ""},
		{Request{StartDate: "2007-02-01T10:00:00Z", EndDate: "2009-02-10T10:10:00Z"}, "",
			"endDate cannot be within a quarter of an hour there: the nearest exact range from 2007-02-01T10:00:00Z to 2009-02-10T10:15:00Z (exclusive)"},
	} {
		query, err := c.request.Query(nil, kept)
		if err != nil {
			t.Fatal(err)
		}
		asked, _ := query.Range.Normal()
		whole := SeriesQuery{Query: query, Step: c.step}
		plan, err := quarters(whole, asked)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		retention := Retention{Kept: kept, HoursUntil: parse(t, "2008-01-01T00:00:00Z")}
		if coded, refused := errors.AsType[*Error](retention.Check(whole, asked, plan, quarters)); refused {
			told := coded.In(Names{})
			_, reason, _ := strings.Cut(told.Message, "so that ")
			got = reason + ": " + strings.Join(told.Accepted, ", ")
			got = strings.TrimSuffix(got, ", a start at or after 2026-03-01T00:00:00Z")
		}
		if got != c.want {
			t.Errorf("%+v %s:\ngot  %q\nwant %q", c.request, c.step, got, c.want)
		}
	}
}

// What was kept of dropped sessions stands in for them where it is not cut.
func TestWhatWasKeptStandsInForWhatWasDropped(t *testing.T) {
	kept := parse(t, "2026-03-01T00:00:00Z")
	edge := func(from, to string) Edge { return Edge{Range{parse(t, from), parse(t, to)}, []Share{{0, 1}}} }
	plan := Plan{Edges: []Edge{
		edge("", "2026-01-31T18:30:00Z"), edge("2026-02-01T18:30:00Z", "2026-02-02T00:00:00Z"), edge("2026-02-03T18:31:00Z", "2026-02-04T00:00:00Z"),
		edge("2026-02-05T18:30:00Z", "2026-02-05T18:44:00Z"), edge("2026-02-27T18:30:00Z", "2026-03-01T00:00:00Z"),
		edge("2026-02-28T18:30:00Z", "2026-03-01T00:30:00Z"), edge("2026-03-01T00:00:00Z", "2026-03-01T00:10:00Z"), edge("2026-03-05T18:31:00Z", "2026-03-05T18:44:00Z"),
	}}
	plan.KeepBefore(Retention{Kept: kept})
	spans := func(edges []Edge) string {
		var all []Range
		for _, edge := range edges {
			all = append(all, edge.Range)
		}
		return written(all...)
	}
	if got, want := spans(plan.Kept), "2026-02-01T18:30:00Z 2026-02-02 2026-02-27T18:30:00Z 2026-03-01 2026-02-28T18:30:00Z 2026-03-01"; got != want {
		t.Errorf("kept: got %s, want %s", got, want)
	}
	if got, want := spans(plan.Edges), "- 2026-01-31T18:30:00Z 2026-02-03T18:31:00Z 2026-02-04 2026-02-05T18:30:00Z 2026-02-05T18:44:00Z 2026-03-01 2026-03-01T00:30:00Z 2026-03-01 2026-03-01T00:10:00Z 2026-03-05T18:31:00Z 2026-03-05T18:44:00Z"; got != want {
		t.Errorf("sessions: got %s, want %s", got, want)
	}
}

// What is added up by the hour is refused in words of its own, with a zone in which it is known.
func TestWhatIsAddedUpFromDroppedSessionsIsRefused(t *testing.T) {
	kept := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	request := Request{StartDate: "2026-02-01T00:00:00Z", EndDate: "2026-03-10T00:00:00Z", TimeZone: "Asia/Kolkata"}
	query, err := request.Query(nil, kept)
	if err != nil {
		t.Fatal(err)
	}
	for by, words := range map[Dimension]string{HourDimension: "so that hours of the day cannot begin within an hour there, as they do in Asia/Kolkata", WeekdayDimension: "so that weekdays cannot"} {
		whole := SeriesQuery{Query: query, Step: by.Step(), AddedUp: by}
		plan, err := cutInto(whole, query.Range)
		if err != nil {
			t.Fatal(err)
		}
		told := AsError(Retention{Kept: kept, HoursUntil: kept}.Check(whole, query.Range, plan, cutInto)).In(Names{})
		if told.Argument != "by" || !strings.Contains(told.Message, words) || len(told.Accepted) != 2 || !strings.HasPrefix(told.Accepted[0], "timeZone UTC with the range from 2026-02-01") {
			t.Errorf("%s: got %+v", by, told)
		}
	}
}
