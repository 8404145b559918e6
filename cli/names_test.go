package cli

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/legacy/compare"
	"aiusage/usage"
)

// The names that errors have for arguments are flags that there are.
func TestNamesAreFlags(t *testing.T) {
	var flags commandLine
	status := -1
	parser, err := newParser(&flags, io.Discard, io.Discard, true, &status)
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, command := range parser.Model.Leaves(false) {
		for _, flag := range command.Flags {
			known = append(known, "--"+flag.Name)
		}
	}
	for argument, name := range flagNames.Arguments {
		if !slices.Contains(known, name) {
			t.Errorf("%s is %s, which is not one of %s", argument, name, known)
		}
	}
}

func TestPeriodsAreSpelledAsTyped(t *testing.T) {
	for typed, want := range map[string]usage.Period{
		"": "", "today": usage.Today, "last-30-days": usage.Last30Days, "LAST_MONTH": usage.LastMonth, "This-Week": usage.ThisWeek,
		"Fortnight": "Fortnight", "last month": "last month",
	} {
		if got := parsePeriod(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
	for _, period := range usage.Periods {
		if got := parsePeriod(usage.Spelled(string(period))); got != period {
			t.Errorf("%s: got %q", period, got)
		}
	}
}

// Every kind of error about an argument that the commands can have is in the names of
// flags, with what was typed as it was typed.
func TestErrorsNameFlags(t *testing.T) {
	query := func(request usage.Request) error {
		_, err := request.Query(time.UTC, time.Now())
		return err
	}
	kept := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	dropped := func(start, end string) error {
		query, err := usage.Request{StartDate: start, EndDate: end}.Query(nil, kept)
		if err != nil {
			t.Fatal(err)
		}
		return usage.Retention{Kept: kept, HoursUntil: kept}.Check(usage.SeriesQuery{Query: query}, query.Range, hours(query.Range),
			func(_ usage.SeriesQuery, span usage.Range) (usage.Plan, error) { return hours(span), nil })
	}
	compared := func(options compare.Options) error {
		_, err := compare.New(options)
		return err
	}
	long := strings.Repeat("x", usage.MaxIDLength+1)
	forms := "; accepted: " + strings.Join(usage.DateForms, ", ")
	for _, c := range []struct {
		err  error
		want string
	}{
		{query(usage.Request{AccountID: long}), "--account is longer than 64 characters"},
		{query(usage.Request{CustomerID: "\xff"}), "--customer is not valid UTF-8"},
		{query(usage.Request{TimeZone: "TimeZone"}), `--time-zone "TimeZone" is not a time zone this gateway knows; accepted: an IANA name such as UTC, Europe/Berlin or America/New_York`},
		{query(usage.Request{StartDate: "2026-02-30"}), `--start "2026-02-30" cannot be read: the day 2026-02-30 does not exist` + forms},
		{query(usage.Request{EndDate: "endDate"}), `--end "endDate" cannot be read: it has none of the accepted forms` + forms},
		{query(usage.Request{StartDate: "2026-03-02", EndDate: "2026-03-01"}), `--end "2026-03-01" is before --start "2026-03-02"`},
		{query(usage.Request{Period: parsePeriod("Fort_night")}), `--period "Fort_night" is not a period this gateway knows; accepted: today, yesterday, this-week, ` +
			"last-week, this-month, last-month, this-quarter, last-quarter, this-year, last-year, last-7-days, last-30-days, last-90-days"},
		{query(usage.Request{Period: parsePeriod("today"), StartDate: "2026-03-01"}), "--period names a range already; it cannot go together with --start or --end; " +
			"accepted: --period alone, --start and --end, or one of them"},
		{dropped("2026-02-01T10:31:00Z", "2026-03-05T10:10:00Z"), "single sessions from before 2026-03-01T00:00:00Z have been dropped, so that --start cannot be " +
			"within an hour there; accepted: the nearest exact range from 2026-02-01T11:00:00Z to 2026-03-05T10:10:00Z (exclusive), a start at or after 2026-03-01T00:00:00Z"},
		{dropped("2026-02-01T10:00:00Z", "2026-02-05T10:29:59Z"), "single sessions from before 2026-03-01T00:00:00Z have been dropped, so that --end cannot be " +
			"within an hour there; accepted: the nearest exact range from 2026-02-01T10:00:00Z to 2026-02-05T10:00:00Z (exclusive)"},
		{auth.CheckAccess([]string{auth.AccountAdministrator}, []string{" x"}), "--account begins or ends with white space"},
		{compared(compare.Options{}), "--rate and --timeout are greater than 0"},
		{compared(compare.Options{Rate: 1, Timeout: 1}), "--old is not an address such as https://host.example.com, without a name and a password"},
		{compared(compare.Options{Rate: 1, Timeout: 1, Old: "https://a.example", New: "https://b.example", NewCredentials: "x"}),
			"the credentials for --new are neither name:password nor the value of an Authorization header"},
		{&usage.Error{Code: usage.Unavailable, Message: "away", Cause: errors.New("refused")}, "away\n  refused"},
		{errors.New("startDate"), "startDate"},
	} {
		var stderr bytes.Buffer
		p := &process{stderr: &stderr}
		if status := p.status(t.Context(), c.err); status != exitFailure || stderr.String() != "aiusage: "+c.want+"\n" {
			t.Errorf("%d\ngot  %swant aiusage: %s", status, &stderr, c.want)
		}
	}
}

// hours plans a report as a database with sums of hours does.
func hours(span usage.Range) usage.Plan {
	return usage.Compose([]usage.Range{span}, usage.Sums{Grains: usage.Grains})
}
