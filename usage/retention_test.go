package usage

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// cutInto plans a query as a database with sums of hours does.
func cutInto(query SeriesQuery, asked Range) (Plan, error) {
	buckets := []Range{asked}
	if query.Step != "" {
		var err error
		if buckets, err = Buckets(asked, query.Step, query.Zone); err != nil {
			return Plan{}, err
		}
	}
	return NewSeriesPlan(buckets), nil
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
	return CheckRetained(whole, asked, plan, kept, cutInto)
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

func TestARangeThatNobodyAskedForIsNotBlamed(t *testing.T) {
	asked := Range{From: parse(t, "2026-01-01T00:30:00Z"), To: parse(t, "2026-02-01T00:00:00Z")}
	err := CheckRetained(SeriesQuery{}, asked, NewPlan(asked), parse(t, "2026-03-01T00:00:00Z"), cutInto)
	told := AsError(err).In(Names{})
	if told.Argument != "" || len(told.Accepted) > 0 || !strings.Contains(told.Message, "a range that is compared with") {
		t.Errorf("got %+v", told)
	}
}

func TestSessionsOfAllOfTimeAreNotRead(t *testing.T) {
	everything, _ := Range{}.Normal()
	query := SeriesQuery{Query: Query{StartsBy: ArgStartDate, EndsBy: ArgEndDate}}
	if err := CheckRetained(query, everything, Plan{Edges: []Range{everything}}, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), cutInto); err == nil {
		t.Error("sessions that are gone were read without their sums")
	}
}

// Whatever is proposed is answered when it is asked, in the form in which it is proposed.
func TestEachWayOutIsAnswered(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	kept := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	zones := []string{"UTC", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Adelaide", "America/New_York", "America/St_Johns"}
	steps := []Step{"", QuarterHourly, Hourly, Daily, Weekly, Monthly, Yearly}
	ways := 0
	for range 3000 {
		at := func() string {
			return kept.Add(time.Duration(random.IntN(60*24*4)-50*24*4) * 15 * time.Minute).Format(time.RFC3339)
		}
		request := Request{StartDate: at(), EndDate: at(), TimeZone: zones[random.IntN(len(zones))]}
		if request.EndDate <= request.StartDate {
			continue
		}
		step := steps[random.IntN(len(steps))]
		coded, refused := errors.AsType[*Error](checked(t, request, step, kept))
		if !refused {
			continue
		}
		for _, way := range coded.In(Names{}).Accepted {
			instead := request
			words := strings.Fields(way)
			for i, word := range words[:len(words)-1] {
				switch word {
				case "from", "after":
					instead.StartDate = words[i+1]
				case "to":
					instead.EndDate = words[i+1]
				case "timeZone":
					instead.TimeZone = words[i+1]
				}
			}
			if instead == request {
				t.Fatalf("%q cannot be read", way)
			}
			if err := checked(t, instead, step, kept); err != nil {
				t.Fatalf("%+v %s is refused: %v\nand so is %q: %v", request, step, coded, way, err)
			}
			ways++
		}
	}
	if ways < 1000 {
		t.Errorf("only %d ways out", ways)
	}
}

// What cannot be planned, as a series of too many points, is not proposed.
func TestWhatIsNotAnsweredIsNotProposed(t *testing.T) {
	kept := parse(t, "2026-03-01T00:00:00Z")
	asked := Range{From: parse(t, "2026-02-01T10:31:00Z"), To: parse(t, "2026-03-05T00:00:00Z")}
	query := SeriesQuery{Query: Query{StartsBy: ArgStartDate, EndsBy: ArgEndDate, Zone: time.FixedZone("", 3600)}}
	for _, step := range []Step{"", Daily} {
		query.Step = step
		err := CheckRetained(query, asked, NewPlan(asked), kept, func(other SeriesQuery, _ Range) (Plan, error) {
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
