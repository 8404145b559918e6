package usage

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestMinutesAreRoundedUpPerSession(t *testing.T) {
	for seconds, minutes := range map[int64]int64{0: 0, 1: 1, 59: 1, 60: 1, 61: 2, 3600: 60, 3601: 61, MaxDurationSeconds: 71582789} {
		if got := (Session{DurationSeconds: seconds}).Minutes(); got != minutes {
			t.Errorf("%d s are %d minutes, want %d", seconds, got, minutes)
		}
	}
}

func TestAccountsAreTheSumOfTheirSubjects(t *testing.T) {
	use := func(n int64) Usage { return Usage{Minutes: n, Seconds: 60 * n, Sessions: 1} }
	report := NewReport(Query{Zone: time.UTC}, time.Time{}, []SubjectUsage{
		{"a", "", use(1)}, {"a", "x", use(2)}, {"a", "y", use(4)}, {"b", "x", use(8)}, {"c", "", use(16)},
	})
	wantAccounts := []AccountUsage{
		{"a", Usage{7, 420, 3}, use(1)}, {"b", use(8), Usage{}}, {"c", use(16), use(16)},
	}
	if !reflect.DeepEqual(report.Accounts, wantAccounts) {
		t.Errorf("accounts: got %v, want %v", report.Accounts, wantAccounts)
	}
	wantCustomers := []SubjectUsage{{"a", "x", use(2)}, {"a", "y", use(4)}, {"b", "x", use(8)}}
	if !reflect.DeepEqual(report.Customers, wantCustomers) {
		t.Errorf("customers: got %v, want %v", report.Customers, wantCustomers)
	}
	if want := (Usage{31, 31 * 60, 5}); report.Totals != want {
		t.Errorf("totals: got %v, want %v", report.Totals, want)
	}
}

// A coarser answer has what is finer summed up, and nothing of it.
func TestReportsByLevel(t *testing.T) {
	use := func(n int64) Usage { return Usage{Minutes: n, Seconds: 60 * n, Sessions: 1} }
	for _, c := range []struct {
		level    Level
		subjects []SubjectUsage
		accounts []AccountUsage
	}{
		{Together, []SubjectUsage{{Usage: use(1)}, {Usage: use(2)}}, nil},
		{ByAccount, []SubjectUsage{{"a", "", use(1)}, {"b", "", use(2)}}, []AccountUsage{{"a", use(1), Usage{}}, {"b", use(2), Usage{}}}},
	} {
		report := NewReport(Query{Zone: time.UTC, Level: c.level}, time.Time{}, c.subjects)
		if !reflect.DeepEqual(report.Accounts, c.accounts) || report.Totals != (Usage{3, 180, 2}) || report.Subjects != nil || report.Customers != nil {
			t.Errorf("level %d: got %+v", c.level, report)
		}
	}
	customer := Subject{"a", "x"}
	for level, want := range map[Level]Subject{ByCustomer: customer, ByAccount: {AccountID: "a"}, Together: {}} {
		if got := level.Of(customer); got != want {
			t.Errorf("level %d: got %+v", level, got)
		}
	}
}

// Each id counts once, and the accounts asked for are those that the answer may be of.
func TestARequestForSomeOfMany(t *testing.T) {
	query, err := Request{Among: &Among{[]string{"b ", "a", "b"}, []string{"y", "x ", "x"}}, Level: ByAccount}.Query(nil, time.Time{})
	if ids := fmt.Sprint(query.AccountIDs, query.Accounts, query.CustomerIDs); err != nil || ids != "[a b] [a b] [x y]" || query.Level != ByAccount {
		t.Errorf("got %s, level %d, %v", ids, query.Level, err)
	}
	if query, err := (Request{Among: &Among{}}).Query(nil, time.Time{}); err != nil || query.AccountIDs != nil || query.CustomerIDs != nil || query.Accounts != nil {
		t.Errorf("got %+v, %v", query, err)
	}
}

// Queries are about the same subjects where they ask for the same ids, whatever else they ask.
func TestWhoseAQueryIs(t *testing.T) {
	some, none := []string{"a"}, []string{}
	var others []Query
	for _, c := range []struct {
		Query
		ofCustomers bool
	}{
		{Query{}, false}, {Query{AccountID: "a"}, false}, {Query{CustomerID: "a"}, true}, {Query{AccountID: "a", CustomerID: "b"}, true}, {Query{AccountID: `a" "b`}, false},
		{Query{AccountIDs: some}, false}, {Query{AccountIDs: none}, false}, {Query{CustomerIDs: some}, true}, {Query{CustomerIDs: none}, true},
		{Query{Accounts: some}, false}, {Query{Accounts: none}, false}, {Query{Accounts: []string{"a", "b"}}, false}, {Query{Accounts: []string{"a b"}}, false},
	} {
		for _, other := range others {
			if c.Whose() == other.Whose() {
				t.Errorf("%+v is about the same as %+v", c.Query, other)
			}
		}
		others = append(others, c.Query)
		if c.OfCustomers() != c.ofCustomers {
			t.Errorf("%+v is of customers: %v", c.Query, c.OfCustomers())
		}
		elsewhen := c.Query
		elsewhen.Level, elsewhen.Range, elsewhen.Zone = Together, Range{From: time.Unix(0, 0)}, time.UTC
		if c.Whose() != elsewhen.Whose() {
			t.Errorf("%+v depends on the level or the range", c.Query)
		}
	}
}

func TestMinutesBeyond32BitsAreAnError(t *testing.T) {
	if got, err := (Usage{Minutes: math.MaxInt32}).Minutes32(); got != math.MaxInt32 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	_, err := Usage{Minutes: math.MaxInt32 + 1}.Minutes32()
	if coded, ok := errors.AsType[*Error](err); !ok || coded.Code != OutOfRange {
		t.Errorf("got %v, want %s", err, OutOfRange)
	}
}

func TestAReportShowsItsRangeInItsZone(t *testing.T) {
	query, err := Request{StartDate: "2026-03-01", TimeZone: "Europe/Berlin"}.Query(nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	report := NewReport(query, time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), nil)
	if got := report.From().Format(time.RFC3339); got != "2026-03-01T00:00:00+01:00" {
		t.Errorf("from: got %s", got)
	}
	if report.To() != nil || report.TimeZone() != "Europe/Berlin" {
		t.Errorf("to: got %v in %s", report.To(), report.TimeZone())
	}
	if got := report.AsOf.Format(time.RFC3339); got != "2026-07-01T02:00:00+02:00" {
		t.Errorf("as of: got %s", got)
	}
	query, err = Request{StartDate: "1900-01-01", TimeZone: "Europe/Amsterdam"}.Query(nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if got := NewReport(query, time.Time{}, nil).From().Format(time.RFC3339); got != "1899-12-31T23:40:28Z" {
		t.Errorf("an offset with seconds: got %s", got)
	}
}

func TestARequestThatCannotBeUsedNamesItsArgument(t *testing.T) {
	for argument, request := range map[Argument]Request{
		"accountId":  {AccountID: strings.Repeat("é", MaxIDLength+1)},
		"customerId": {CustomerID: "a\xff"},
		"timeZone":   {TimeZone: "Nowhere"},
		"startDate":  {StartDate: "x"},
		"endDate":    {EndDate: "x"},
	} {
		_, err := request.Query(nil, time.Time{})
		coded, ok := errors.AsType[*Error](err)
		if !ok || coded.Argument != argument || coded.Code != InvalidArgument {
			t.Errorf("%s: got %v", argument, err)
		}
	}
}

func TestIDs(t *testing.T) {
	for _, id := range []string{"", "a", "a b", "日本", `<&>"'`, strings.Repeat("😀", MaxIDLength)} {
		if err := CheckID("accountId", id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	for _, id := range []string{" a", "a ", "a\n", "a\x00b", "\xc3", strings.Repeat("a", MaxIDLength+1)} {
		if err := CheckID("accountId", id); err == nil {
			t.Errorf("%q was taken", id)
		}
	}
}

// The tables take "a" and "a " for the same; what they may hold can be asked for.
func TestIDsThatAreAskedFor(t *testing.T) {
	for asked, want := range map[string]string{
		"": "", "a": "a", "a ": "a", "a   ": "a", " a": " a", "a\t": "a\t", "\u00a0a\u00a0": "\u00a0a\u00a0", " ": " ", "   ": " ",
		"a\x1b\x00b": "a\x1b\x00b", "\uffff": "\uffff", strings.Repeat("😀", MaxIDLength) + "  ": strings.Repeat("😀", MaxIDLength),
	} {
		query, err := Request{AccountID: asked, CustomerID: asked}.Query(nil, time.Time{})
		if err != nil || query.AccountID != want || query.CustomerID != want {
			t.Errorf("%q: got %+v, %v", asked, query, err)
		}
	}
	for _, asked := range []string{"\xc3", "a\xff ", strings.Repeat("a", MaxIDLength+1)} {
		for argument, request := range map[Argument]Request{"accountId": {AccountID: asked}, "customerId": {CustomerID: asked}} {
			if _, err := request.Query(nil, time.Time{}); err == nil || AsError(err).Argument != argument || AsError(err).Code != InvalidArgument {
				t.Errorf("%q: got %v", asked, err)
			}
		}
	}
}

func TestErrorsWithoutACodeAreInternal(t *testing.T) {
	cause := errors.New("secret detail")
	coded := AsError(fmt.Errorf("reading: %w", cause))
	if coded.Code != Internal || strings.Contains(coded.Error(), "secret") || !errors.Is(coded, cause) {
		t.Errorf("got %v", coded)
	}
	if got := AsError(fmt.Errorf("reading: %w", Errorf(NotFound, "no"))).Code; got != NotFound {
		t.Errorf("a wrapped code became %s", got)
	}
	if got := AsError(context.DeadlineExceeded).Code; got != Timeout {
		t.Errorf("a deadline became %s", got)
	}
}

// What a query is about is what its filters leave, each id as it is written or with spaces at its
// end. A part of a subject that is not known passes.
func TestWhoAQueryIsAbout(t *testing.T) {
	a, ax := Subject{AccountID: "a"}, Subject{AccountID: "a", CustomerID: "x"}
	for _, c := range []struct {
		query Query
		who   Subject
		want  bool
	}{
		{Query{}, ax, true}, {Query{}, Subject{}, true},
		{Query{AccountID: "a"}, ax, true}, {Query{AccountID: "a "}, a, true}, {Query{AccountID: "a"}, Subject{AccountID: "a  "}, true},
		{Query{AccountID: "b"}, ax, false}, {Query{AccountID: " a"}, a, false}, {Query{AccountID: "b"}, Subject{}, true},
		{Query{CustomerID: "x"}, ax, true}, {Query{CustomerID: "y"}, ax, false}, {Query{CustomerID: "y"}, a, true},
		{Query{AccountID: "a", CustomerID: "y"}, ax, false}, {Query{AccountID: "b", CustomerID: "x"}, ax, false},
		{Query{AccountIDs: []string{"b", "a "}}, ax, true}, {Query{AccountIDs: []string{"b"}}, ax, false}, {Query{AccountIDs: []string{}}, a, false},
		{Query{AccountIDs: []string{"a", "b"}, AccountID: "b"}, a, false}, {Query{AccountIDs: []string{"b"}, AccountID: "a"}, a, false},
		{Query{CustomerIDs: []string{"x"}}, ax, true}, {Query{CustomerIDs: []string{"y"}}, ax, false}, {Query{CustomerIDs: []string{}}, a, true},
		{Query{AccountIDs: []string{"a"}, CustomerIDs: []string{"y"}}, ax, false},
	} {
		if got := c.query.About(c.who); got != c.want {
			t.Errorf("%+v about %+v: %t", c.query, c.who, got)
		}
	}
}

func TestAReportWasReadWhenItIsOf(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if report := NewReport(Query{Zone: time.UTC}, at, nil); !report.ReadAt.Equal(at) || !report.AsOf.Equal(at) {
		t.Errorf("as of %v, read at %v", report.AsOf, report.ReadAt)
	}
}
