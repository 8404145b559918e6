package check

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/phase"
	"aiusage/db/sums"
	"aiusage/usage"
)

// packedOn is a row of what was kept of a subject's day, a minute in each of some quarter-hours.
func packedOn(t *testing.T, account, customer, day string, quarters ...int) []driver.Value {
	t.Helper()
	amounts := map[int]usage.Usage{}
	for _, number := range quarters {
		amounts[number] = usage.Usage{Minutes: 1, Seconds: 60, Sessions: 1}
	}
	return []driver.Value{account, customer, at(t, day+" 00:00"), sums.Pack(amounts)}
}

// in is a snapshot of a server.
func in(t *testing.T, server *scripted, state *phase.State) *snapshot {
	t.Helper()
	tx, err := server.open(t).BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &snapshot{tx: tx, state: state, accounts: []uint32{1, 2, 3}, accountLists: []string{"1,2", "3"}}
}

// What was kept of sessions that were dropped counts in the buckets of its quarter-hours, by those
// whose sums are compared. What is as it should be is no difference then.
func TestWhatWasKeptIsAdded(t *testing.T) {
	rows := [][]driver.Value{
		packedOn(t, "a ", "x ", "09", 73, 74, 80), packedOn(t, "a ", "x ", "10", 0, 73, 74), packedOn(t, "a ", "x ", "11", 73, 74),
		packedOn(t, "a ", "", "09", 95), packedOn(t, "b", "x", "10", 94, 95),
	}
	kolkata := usage.Grid{Grain: usage.Day, Calendar: calendar(t, 1, "Asia/Kolkata")}
	between := span(t, "09 18:30", "11 18:30")
	is := func(account, customer, bucket string, want, got int64) Difference {
		return Difference{AccountID: account, CustomerID: customer, Bucket: at(t, bucket), Want: usage.Usage{Minutes: want, Seconds: 60 * want, Sessions: want},
			Got: usage.Usage{Minutes: got, Seconds: 60 * got, Sessions: got}}
	}
	for name, test := range map[string]struct {
		comparison
		found, want []Difference
	}{
		"customers": {comparison{table: sums.Customers, grid: kolkata, ofSessions: true},
			[]Difference{is("a", "x", "09 18:30", 2, 6), is("a", "x", "10 18:30", 0, 2), is("c", "", "10 18:30", 3, 3), is("c", "", "09 18:30", 3, 4), is("b", "x", "09 18:30", 1, 0)},
			[]Difference{is("a", "", "09 18:30", 1, 0), is("b", "x", "09 18:30", 1, 0), is("b", "x", "10 18:30", 2, 0), is("c", "", "09 18:30", 3, 4)}},
		"quarter-hours": {comparison{table: sums.AccountSeries, ofSessions: true},
			[]Difference{is("a", "", "09 18:30", 0, 1), is("a", "", "09 20:00", 0, 1), is("a", "", "10 00:00", 0, 2), is("a", "", "11 18:15", 0, 1), is("b", "", "10 23:30", 0, 1)},
			[]Difference{is("a", "", "09 23:45", 1, 0), is("a", "", "10 00:00", 1, 2), is("a", "", "10 18:15", 1, 0), is("a", "", "10 18:30", 1, 0), is("b", "", "10 23:45", 1, 0)}},
	} {
		server := &scripted{answers: func(statement string) ([]string, [][]driver.Value) {
			if strings.Contains(statement, "IN (3)") {
				return make([]string, 4), rows[4:]
			}
			return make([]string, 4), rows[:4]
		}}
		s := in(t, server, &phase.State{RawFrom: known(at(t, "20 00:00"))})
		got, err := s.addPacked(t.Context(), test.comparison, between, slices.Clone(test.found))
		for i := range got {
			if one := test.difference(); got[i].Table != one.Table || got[i].Grain != one.Grain {
				if got[i].Table != 0 || got[i].Grain != 0 { // as it was found here
					t.Errorf("%s: got %+v", name, got[i])
				}
			}
			got[i] = Difference{AccountID: got[i].AccountID, CustomerID: got[i].CustomerID, Bucket: got[i].Bucket, Want: got[i].Want, Got: got[i].Got}
		}
		slices.SortFunc(got, func(a, b Difference) int {
			return slices.Compare([]string{a.AccountID, a.CustomerID, a.Bucket.String()}, []string{b.AccountID, b.CustomerID, b.Bucket.String()})
		})
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v\ngot  %v\nwant %v", name, err, got, test.want)
		}
		if from, to := server.args[0].Value, server.args[1].Value; from != at(t, "09 00:00") || to != at(t, "12 00:00") {
			t.Errorf("days from %v to %v are read", from, to)
		}
	}
}

// What was kept and cannot be read is a fault.
func TestWhatWasKeptIsReadWholeOrAnError(t *testing.T) {
	one := comparison{table: sums.AccountSeries, ofSessions: true}
	for name, row := range map[string][]driver.Value{
		"packed": {"a", "x", begin, []byte{7}}, "a day": {"a", "x", "never", []byte{1}}, "lost": nil,
	} {
		server := &scripted{breaks: row == nil, answers: func(string) ([]string, [][]driver.Value) {
			return make([]string, 4), [][]driver.Value{slices.Clone(row)}[:min(len(row), 1)]
		}}
		_, err := in(t, server, &phase.State{}).addPacked(t.Context(), one, span(t, "01 00:00", "02 00:00"), nil)
		if err == nil || errors.Is(err, mysql.ErrInvalidConn) != (row == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if row == nil {
			lost(t, name, err)
		}
	}
}

// A day of which the start or the end lies within an hour that is known only as a whole is not
// compared, where it is read: it may be more exact than what it would be compared with.
func TestDaysThatCutAnHourOfWhichOnlyTheSumIsThere(t *testing.T) {
	lordHowe := calendar(t, 3, "Australia/Lord_Howe") // half an hour from whole hours in winter
	s := &snapshot{state: &phase.State{}, registered: []phase.Registered{
		{No: 2, Phase: string(phase.Filling)}, {No: 1, Phase: string(phase.Ready)}, {No: 3, Phase: string(phase.Ready)}, {No: 4, Phase: string(phase.Ready)},
	}}
	for _, test := range []struct {
		calendar usage.Calendar
		quarters string
		buckets  []string
		want     string
	}{
		{calendar(t, 1, "Asia/Kolkata"), "10 13:00", []string{"08 18:30", "09 18:30", "10 18:30"}, "[10 18:30]"},
		{calendar(t, 1, "Asia/Kolkata"), "", []string{"08 18:30", "09 18:30"}, "[08 18:30 09 18:30]"},
		{calendar(t, 2, "Asia/Kolkata"), "10 13:00", []string{"08 18:30", "09 18:30"}, "[08 18:30 09 18:30]"},
		{calendar(t, 4, "Europe/Berlin"), "10 13:00", []string{"08 23:00", "09 23:00"}, "[08 23:00 09 23:00]"},
		{usage.UTCCalendar, "10 13:00", []string{"08 00:00", "10 00:00"}, "[08 00:00 10 00:00]"},
		{lordHowe, "2026-04-10 00:00", []string{"2026-04-03 13:00", "2026-04-04 13:00", "2026-04-05 13:30"}, "[03 13:00]"},
	} {
		s.state.QuartersFrom.Time = time.Time{}
		if test.quarters != "" {
			s.state.QuartersFrom = known(at(t, test.quarters))
		}
		var found []Difference
		for _, bucket := range test.buckets {
			found = append(found, Difference{Bucket: at(t, bucket)})
		}
		var kept []string
		for _, one := range s.withoutCut(comparison{grid: usage.Grid{Grain: usage.Day, Calendar: test.calendar}}, found) {
			kept = append(kept, one.Bucket.Format("02 15:04"))
		}
		if got := fmt.Sprint(kept); got != test.want {
			t.Errorf("%v, quarter-hours from %q: got %s, want %s", test.calendar.Zone, test.quarters, got, test.want)
		}
	}
}
