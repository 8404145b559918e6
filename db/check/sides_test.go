package check

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/sums"
	"aiusage/usage"
)

// at is an instant of March 2026, or of the year 1500 and so on where it says so.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	if len(text) == len("09 18:30") {
		text = "2026-03-" + text
	}
	for _, form := range []string{"2006-01-02 15:04", time.DateTime} {
		if at, err := time.Parse(form, text); err == nil {
			return at
		}
	}
	t.Fatalf("%q is no instant", text)
	return time.Time{}
}

func span(t *testing.T, from, to string) usage.Range {
	t.Helper()
	return usage.Range{From: at(t, from), To: at(t, to)}
}

func known(at time.Time) sql.NullTime { return sql.NullTime{Time: at, Valid: true} }

func calendar(t *testing.T, no int, zone string) usage.Calendar {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return usage.Calendar{No: no, Zone: location}
}

// Sums are made of what the steps before have compared: the days of UTC of hours, and those of
// other calendars of quarter-hours, whose days need not begin with an hour.
func TestWhatSumsAreMadeOf(t *testing.T) {
	var got []string
	names := []string{"customers", "accounts", "series", "everybody"}
	for _, stage := range stages([]usage.Calendar{usage.UTCCalendar, calendar(t, 1, "Asia/Kolkata")}) {
		for _, one := range stage {
			if one.grid.Calendar.Zone == nil || one.grid.Grain < usage.Day && one.grid.Calendar.No != 0 {
				t.Errorf("%+v is of no calendar", one.grid)
			}
			text := fmt.Sprint(names[one.table], " ", one.grid.Code(), " of sessions")
			if !one.ofSessions {
				text = fmt.Sprint(names[one.table], " ", one.grid.Code(), " of ", names[one.of], " ", one.fine.Code())
			}
			got = append(got, text)
		}
		got = append(got, "")
	}
	want := []string{
		"series 0 of sessions", "series 1 of sessions", "customers 2 of sessions", "customers 12 of sessions", "",
		"series 1 of series 0", "everybody 0 of series 0", "",
		"everybody 1 of series 1", "series 2 of series 1", "series 12 of series 0", "",
		"accounts 2 of series 2", "everybody 2 of series 2", "series 3 of series 2", "accounts 3 of series 2", "everybody 3 of series 2", "customers 3 of customers 2",
		"accounts 12 of series 12", "everybody 12 of series 12", "series 13 of series 12", "accounts 13 of series 12", "everybody 13 of series 12", "customers 13 of customers 12", "",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// described tells whose sums or sessions a side has, of which table, grid and span.
func (s side) described() string {
	text := "got"
	if s.want {
		text = "want"
	}
	if strings.Contains(s.text, "-minutes AS minutes, -seconds AS seconds, -sessions AS sessions") {
		text += " less"
	}
	text += " " + regexp.MustCompile(`FROM (\w+)`).FindStringSubmatch(s.text)[1]
	if lists := regexp.MustCompile(`account_no IN \(([0-9,]+)\)`).FindStringSubmatch(s.text); lists != nil {
		text += " of " + lists[1]
	}
	for _, arg := range s.args {
		switch arg := arg.(type) {
		case time.Time:
			text += arg.Format(" 2006-01-02 15:04:05")
		case int:
			text += fmt.Sprint(" grid ", arg)
		}
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text+" ", " 2026-03-", " "), ":00 ", " ")
	by := regexp.MustCompile(`^SELECT (\S+) AS account, (.+) AS customer`).FindStringSubmatch(s.text)
	return text + "by " + by[1] + ", " + by[2]
}

// Each sum is compared with what it is made of in its buckets, by those whose sum it is. Before
// there are quarter-hours, days count what hours have beyond theirs, in the day in which the
// hour starts.
func TestWhatIsComparedWithWhat(t *testing.T) {
	kolkata, easter := calendar(t, 1, "Asia/Kolkata"), usage.Calendar{No: 2, Zone: time.FixedZone("", 11*3600)}
	day := func(calendar usage.Calendar) usage.Grid { return usage.Grid{Grain: usage.Day, Calendar: calendar} }
	quarter, hour, month := usage.Grid{}, usage.Grid{Grain: usage.Hour}, usage.Grid{Grain: usage.Month}
	series := sums.AccountSeries
	const quarters = "10 13:00"
	for _, test := range []struct {
		comparison
		quarters, from, to string
		want               []string
	}{
		{comparison{table: series, grid: day(kolkata), of: series, fine: quarter}, "", "09 18:30", "11 18:30", []string{
			"want usage_account_series of 4,7 09 18:30 11 18:30 grid 0 by account_no, 0",
			"got usage_account_series of 4,7 09 18:30 11 18:30 grid 12 by account_no, 0"}},
		{comparison{table: series, grid: day(kolkata), of: series, fine: quarter}, quarters, "09 18:30", "11 18:30", []string{
			"want usage_account_series of 4,7 09 18:30 11 18:30 grid 0 by account_no, 0",
			"want usage_account_series of 4,7 09 18:30 10 13:00 grid 1 by account_no, 0",
			"want less usage_account_series of 4,7 09 19:00 10 13:00 grid 0 by account_no, 0",
			"got usage_account_series of 4,7 09 18:30 11 18:30 grid 12 by account_no, 0"}},
		{comparison{table: series, grid: day(kolkata), of: series, fine: quarter}, quarters, "05 18:30", "07 18:30", []string{
			"want usage_account_series of 4,7 05 18:30 07 18:30 grid 0 by account_no, 0",
			"want usage_account_series of 4,7 05 18:30 07 18:30 grid 1 by account_no, 0",
			"want less usage_account_series of 4,7 05 19:00 07 19:00 grid 0 by account_no, 0",
			"got usage_account_series of 4,7 05 18:30 07 18:30 grid 12 by account_no, 0"}},
		{comparison{table: series, grid: day(easter), of: series, fine: quarter}, quarters, quarters, "11 13:00", []string{
			"want usage_account_series of 4,7 10 13:00 11 13:00 grid 0 by account_no, 0",
			"got usage_account_series of 4,7 10 13:00 11 13:00 grid 14 by account_no, 0"}},
		{comparison{table: series, grid: day(usage.UTCCalendar), of: series, fine: hour}, quarters, "05 00:00", "06 00:00", []string{
			"want usage_account_series of 4,7 05 00:00 06 00:00 grid 1 by account_no, 0",
			"got usage_account_series of 4,7 05 00:00 06 00:00 grid 2 by account_no, 0"}},
		{comparison{table: sums.Totals, grid: quarter, of: series, fine: quarter}, quarters, "05 00:00", "06 00:00", []string{
			"want usage_account_series of 4,7 05 00:00 06 00:00 grid 0 by 0, 0",
			"got usage_total_rollups 05 00:00 06 00:00 grid 0 by 0, 0"}},
		{comparison{table: sums.Accounts, grid: day(kolkata), of: series, fine: day(kolkata)}, quarters, "05 18:30", "06 18:30", []string{
			"want usage_account_series of 4,7 05 18:30 06 18:30 grid 12 by account_no, 0",
			"got usage_account_rollups 05 18:30 06 18:30 grid 12 by account_no, 0"}},
		{comparison{table: sums.Customers, grid: month, of: sums.Customers, fine: day(usage.UTCCalendar)}, quarters, "01 00:00", "31 00:00", []string{
			"want usage_customer_rollups 01 00:00 31 00:00 grid 2 by account_no, subject_no",
			"got usage_customer_rollups 01 00:00 31 00:00 grid 3 by account_no, subject_no"}},
	} {
		s := &snapshot{state: &phase.State{}, accountLists: []string{"4,7"}}
		if test.quarters != "" {
			s.state.QuartersFrom = known(at(t, test.quarters))
		}
		got := describedSides(s, test.comparison, span(t, test.from, test.to))
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v from %s to %s:\ngot  %q\nwant %q", test.comparison, test.from, test.to, got, test.want)
		}
	}
}

// describedSides says what a comparison of a span reads.
func describedSides(s *snapshot, one comparison, between usage.Range) (described []string) {
	for _, side := range s.sidesOf(one, between) {
		described = append(described, side.described())
	}
	return described
}

// A sum of sessions is compared with those that start in its quarter-hours and have not been
// dropped, together with the changes that wait. What is undated is compared by itself.
func TestWhichSessionsASumIsComparedWith(t *testing.T) {
	berlin := usage.Grid{Grain: usage.Day, Calendar: calendar(t, 1, "Europe/Berlin")}
	customers, series := comparison{table: sums.Customers, grid: berlin, ofSessions: true}, comparison{table: sums.AccountSeries, ofSessions: true}
	for name, test := range map[string]struct {
		comparison
		dropped, from, to string
		want              []string
	}{
		"a day": {customers, "", "09 23:00", "10 23:00", []string{
			"want ai_sessions 09 23:00 10 23:00 by account_id, COALESCE(customer_id, '')",
			"got usage_changes 09 23:00 10 23:00 by account_id, customer_id",
			"got usage_customer_rollups 09 23:00 10 23:00 grid 12 by s.account_id, s.customer_id"}},
		"a day before there were time zones": {customers, "", "1500-03-01 23:15", "1500-03-02 23:15", []string{
			"want ai_sessions 1500-03-01 23:15 1500-03-02 23:15 by account_id, COALESCE(customer_id, '')",
			"got usage_changes 1500-03-01 23:15 1500-03-02 23:15 by account_id, customer_id",
			"got usage_customer_rollups 1500-03-01 23:15 1500-03-02 23:15 grid 12 by s.account_id, s.customer_id"}},
		"a day of which some have been dropped": {customers, "10 12:00", "09 23:00", "10 23:00", []string{
			"want ai_sessions 10 12:00 10 23:00 by account_id, COALESCE(customer_id, '')",
			"got usage_changes 09 23:00 10 23:00 by account_id, customer_id",
			"got usage_customer_rollups 09 23:00 10 23:00 grid 12 by s.account_id, s.customer_id"}},
		"quarter-hours": {series, "", "09 23:00", "10 23:00", []string{
			"want ai_sessions 09 23:00 10 23:00 by account_id, ''",
			"got usage_changes 09 23:00 10 23:00 by account_id, ''",
			"got usage_account_series of 1,2 09 23:00 10 23:00 grid 0 by a.account_id, ''",
			"got usage_account_series of 3 09 23:00 10 23:00 grid 0 by a.account_id, ''"}},
		"what is undated": {series, "10 12:00", "0100-01-01 00:00", "0100-02-01 00:00", []string{
			"want ai_sessions by account_id, ''",
			"got usage_changes 0100-01-01 00:00 0100-02-01 00:00 by account_id, ''",
			"got usage_account_series of 1,2 0100-01-01 00:00 0100-02-01 00:00 grid 0 by a.account_id, ''",
			"got usage_account_series of 3 0100-01-01 00:00 0100-02-01 00:00 grid 0 by a.account_id, ''"}},
	} {
		s := &snapshot{state: &phase.State{}, accountLists: []string{"1,2", "3"}}
		if test.dropped != "" {
			s.state.RawFrom = known(at(t, test.dropped))
		}
		got := describedSides(s, test.comparison, span(t, test.from, test.to))
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, test.want)
		}
	}
}

// Before there are quarter-hours, hours of accounts are compared with sessions, and from there
// on with their quarter-hours. Days and all other sums are whole, and what is undated has
// quarter-hours.
func TestWhereHoursAreTheFinest(t *testing.T) {
	hour, quarter := usage.Grid{Grain: usage.Hour}, usage.Grid{}
	all, before, after := span(t, "09 00:00", "11 00:00"), span(t, "09 00:00", "10 13:00"), span(t, "10 13:00", "11 00:00")
	for name, test := range map[string]struct {
		comparison
		want usage.Range
		// without is what there is of the span where quarter-hours are everywhere, and undated
		// of what is undated.
		without, undated bool
	}{
		"quarter-hours of accounts, of sessions": {comparison{table: sums.AccountSeries, grid: quarter, ofSessions: true}, after, true, true},
		"hours of accounts, of sessions":         {comparison{table: sums.AccountSeries, grid: hour, ofSessions: true}, before, false, false},
		"hours of accounts":                      {comparison{table: sums.AccountSeries, grid: hour}, after, true, true},
		"days of accounts":                       {comparison{table: sums.AccountSeries, grid: usage.Grid{Grain: usage.Day}}, all, true, true},
		"days of customers, of sessions":         {comparison{table: sums.Customers, grid: usage.Grid{Grain: usage.Day}, ofSessions: true}, all, true, true},
		"quarter-hours of everybody":             {comparison{table: sums.Totals, grid: quarter}, all, true, true},
		"hours of everybody":                     {comparison{table: sums.Totals, grid: hour}, all, true, true},
	} {
		s := &snapshot{state: &phase.State{}}
		of := func(what string, asked, want usage.Range) {
			t.Helper()
			got := s.clip(test.comparison, asked)
			if got != want && (got.From.Before(got.To) || want.From.Before(want.To)) {
				t.Errorf("%s %s: got %v, want %v", name, what, got, want)
			}
		}
		whole := func(is bool, span usage.Range) usage.Range {
			if is {
				return span
			}
			return usage.Range{}
		}
		of("everywhere", all, whole(test.without, all))
		of("undated", undatedSpan, whole(test.undated, undatedSpan))
		s.state.QuartersFrom = known(at(t, "10 13:00"))
		of("from an instant on", all, test.want)
		of("undated, with only hours", undatedSpan, whole(test.undated, undatedSpan))
	}
}

// Sessions may have been dropped before an instant, where there is one, and never those that
// are undated.
func TestWhichSessionsMayHaveBeenDropped(t *testing.T) {
	s := &snapshot{state: &phase.State{}}
	if s.dropped(at(t, "09 00:00")) {
		t.Error("something was dropped where nothing is")
	}
	s.state.RawFrom = known(at(t, "10 00:00"))
	for text, want := range map[string]bool{"09 23:59": true, "10 00:00": false, "10 00:01": false, "1000-01-01 00:00": true} {
		if got := s.dropped(at(t, text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if s.dropped(column.Undated) {
		t.Error("what is undated was dropped")
	}
}

// The sums of a calendar are added to from when it is being filled, and read when it is ready.
func TestCalendarsByTheirPhases(t *testing.T) {
	berlin := phase.Registered{No: 1, Zone: "Europe/Berlin", Phase: string(phase.Filling)}
	apia := phase.Registered{No: 2, Zone: "Pacific/Apia", Phase: string(phase.Ready)}
	s := &snapshot{registered: []phase.Registered{berlin, apia}}
	for want, got := range map[string][]usage.Calendar{"0 1 2": s.added(), "0 2": s.calendars(isReady)} {
		var numbers []string
		for _, one := range got {
			numbers = append(numbers, fmt.Sprint(one.No))
		}
		if strings.Join(numbers, " ") != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}
