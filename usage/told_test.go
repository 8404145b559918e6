package usage

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// strange are the names of a door that spells everything in its own way.
var strange = Names{
	Arguments: map[Argument]string{
		ArgAccountID: "<account>", ArgCustomerID: "<customer>", ArgStartDate: "<start>", ArgEndDate: "<end>",
		ArgTimeZone: "<zone>", ArgPeriod: "<range>", ArgGranularity: "<step>", ArgSearch: "<find>", ArgAIMinutes: "<minutes>",
	},
	Spell:     func(value string) string { return "<" + strings.ToLower(value) + ">" },
	DateForms: []string{"<31 March>"},
}

// faults are every kind of error about an argument that this package makes, and what
// the strange door says.
func faults(t *testing.T) []struct {
	err  error
	want string
} {
	t.Helper()
	query := func(request Request) error {
		_, err := request.Query(nil, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		return err
	}
	refused := func(_ any, err error) error { return err }
	dropped := func(request Request, step Step) error {
		return checked(t, request, step, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	}
	long := strings.Repeat("x", MaxIDLength+1)
	march := Range{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2126, 3, 1, 0, 0, 0, 0, time.UTC)}
	rows := NewSeriesSet(SeriesQuery{Step: Daily}, make([]Range, MaxPointsTogether+1))
	return []struct {
		err  error
		want string
	}{
		{query(Request{AccountID: long}), "<account> is longer than 64 characters"},
		{query(Request{AccountID: "\xff"}), "<account> is not valid UTF-8"},
		{query(Request{CustomerID: long}), "<customer> is longer than 64 characters"},
		{query(Request{CustomerID: "\xff"}), "<customer> is not valid UTF-8"},
		{query(Request{TimeZone: "timeZone"}), `<zone> "timeZone" is not a time zone this gateway knows; accepted: an IANA name such as UTC, Europe/Berlin or America/New_York`},
		{query(Request{StartDate: "startDate"}), `<start> "startDate" cannot be read: it has none of the accepted forms; accepted: ` + strings.Join(DateForms, ", ") + ", <31 March>"},
		{query(Request{EndDate: "2026-02-30"}), `<end> "2026-02-30" cannot be read: the day 2026-02-30 does not exist; accepted: ` + strings.Join(DateForms, ", ") + ", <31 March>"},
		{query(Request{StartDate: "2026-03-02", EndDate: "2026-03-01"}), `<end> "2026-03-01" is before <start> "2026-03-02"`},
		{query(Request{Period: "period"}), `<range> "period" is not a period this gateway knows; accepted: <today>, <yesterday>, <this_week>, ` +
			"<last_week>, <this_month>, <last_month>, <this_quarter>, <last_quarter>, <this_year>, <last_year>, <last_7_days>, <last_30_days>, <last_90_days>"},
		{query(Request{Period: Today, EndDate: "2026-03-01"}), "<range> names a range already; it cannot go together with <start> or <end>; " +
			"accepted: <range> alone, <start> and <end>, or one of them"},
		{dropped(Request{StartDate: "2026-02-01T10:31:00Z", EndDate: "2026-03-05T10:10:00Z"}, ""), "single sessions from before 2026-03-01T00:00:00Z have been dropped, " +
			"so that <start> cannot be within an hour there; accepted: the nearest exact range from 2026-02-01T11:00:00Z to 2026-03-05T10:10:00Z (exclusive), a start at or after 2026-03-01T00:00:00Z"},
		{dropped(Request{StartDate: "2026-02-01T10:00:00Z", EndDate: "2026-02-05T10:29:59Z"}, ""), "single sessions from before 2026-03-01T00:00:00Z have been dropped, " +
			"so that <end> cannot be within an hour there; accepted: the nearest exact range from 2026-02-01T10:00:00Z to 2026-02-05T10:00:00Z (exclusive)"},
		{dropped(Request{Period: LastMonth, TimeZone: "Asia/Kolkata"}, ""), "single sessions from before 2026-03-01T00:00:00Z have been dropped, " +
			"so that <range> cannot begin or end within an hour there, as it does in Asia/Kolkata; accepted: the nearest exact range from 2026-01-31T19:00:00Z to 2026-02-28T19:00:00Z (exclusive)"},
		{dropped(Request{StartDate: "2026-02-01T00:00:00Z", EndDate: "2026-02-03T00:00:00Z", TimeZone: "Asia/Kolkata"}, Daily), "single sessions from before 2026-03-01T00:00:00Z have been dropped, " +
			"so that the points of a series cannot begin within an hour there, as those of <step> <day> do in Asia/Kolkata; " +
			"accepted: <zone> UTC with the range from 2026-02-01T00:00:00Z to 2026-02-03T00:00:00Z (exclusive)"},
		{refused(Buckets(march, Hourly, time.UTC)), "a series has at most 10000 points; narrow the range or take a larger <step>"},
		{refused(Buckets(march, "granularity", time.UTC)), `<step> "granularity" is not one of a series`},
		{rows.Add(Subject{}, 0, Usage{}), "the series of all rows together have more than 1000000 points; narrow the range, take a larger <step> or ask for fewer rows"},
		{CheckSearch("\xff"), "<find> is not valid UTF-8"},
		{CheckSearch("\x00"), "<find> contains a NUL character"},
		{CheckSearch(strings.Repeat("x", 256)), "<find> is longer than 255 characters"},
		{CheckID(ArgAccountID, "\xff"), "<account> is not valid UTF-8"},
		{CheckID(ArgAccountID, "\x00"), "<account> contains a NUL character"},
		{CheckID(ArgCustomerID, "\x1b"), "<customer> contains a control character"},
		{CheckID(ArgCustomerID, long), "<customer> is longer than 64 characters"},
		{CheckID("session_id", " x"), "session_id begins or ends with white space"},
		{refused(Usage{Minutes: 1 << 31}.Minutes32()), "2147483648 AI minutes do not fit in the 32 bits of <minutes>; narrow the range"},
	}
}

func TestEveryErrorIsInTheNamesOfItsDoor(t *testing.T) {
	quoted := regexp.MustCompile(`"[^"]*"`)
	for _, fault := range faults(t) {
		coded := AsError(fault.err)
		told := coded.In(strange)
		if told.String() != fault.want {
			t.Errorf("got  %s\nwant %s", told, fault.want)
		}
		if told.Argument == "" || !strings.Contains(told.Message, told.Argument) {
			t.Errorf("%s: the argument is %q", told, told.Argument)
		}
		// Nothing of GraphQL is left but in what the caller sent.
		for argument := range strange.Arguments {
			if left := quoted.ReplaceAllString(told.String(), ""); argument != ArgPeriod && strings.Contains(left, string(argument)) {
				t.Errorf("%s: has the name %s", told, argument)
			}
		}
	}
}

// Without a door, the names are those of GraphQL.
func TestEveryErrorHasTheNamesOfGraphQL(t *testing.T) {
	names := strings.NewReplacer(
		"<account>", "accountId", "<customer>", "customerId", "<start>", "startDate", "<end>", "endDate", "<zone>", "timeZone",
		"<range>", "period", "<step>", "granularity", "<find>", "search", "<minutes>", "aiMinutes", ", <31 March>", "")
	spelled := regexp.MustCompile(`<[a-z0-9_]+>`)
	for _, fault := range faults(t) {
		want := spelled.ReplaceAllStringFunc(names.Replace(fault.want), func(value string) string { return strings.ToUpper(value[1 : len(value)-1]) })
		if got := fault.err.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestAMessageWithoutNamesIsFilledInAtOnce(t *testing.T) {
	if err := Errorf(NotFound, "there is no %s", Sent("50%d")); err.Message != `there is no "50%d"` || len(err.Values) != 0 {
		t.Errorf("got %+v", err)
	}
	// A finished sentence is no format.
	if got := (&Error{Message: "100% of {startDate}"}).In(strange).Message; got != "100% of {startDate}" {
		t.Errorf("got %q", got)
	}
	for want, value := range map[string]any{"<end>": ArgEndDate, "<this_week>": ThisWeek, "as <today>": Textf("as %s", Today), "7": 7} {
		if got := Errorf(NotFound, "not %v", value).In(strange).Message; got != "not "+want {
			t.Errorf("got %q", got)
		}
	}
}

// A value of GraphQL and the word that other doors have for it are each other's.
func TestValuesAreSpelledAsWords(t *testing.T) {
	for value, word := range map[string]string{"TODAY": "today", "LAST_MONTH": "last-month", "LAST_30_DAYS": "last-30-days"} {
		if got := Spelled(value); got != word {
			t.Errorf("%s: %s", value, got)
		}
		if got := InCapitals(word); got != value {
			t.Errorf("%s: %s", word, got)
		}
	}
}
