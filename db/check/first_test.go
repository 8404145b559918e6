package check_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/check"
	"aiusage/db/column"
	"aiusage/db/sums"
	"aiusage/usage"
)

// A session counts in the quarter-hour that it starts in, which may begin in the day before where
// days begin within a quarter-hour: there it is found although nothing else is.
func TestASessionIsFoundInTheDayInWhichItsQuarterHourBegins(t *testing.T) {
	for turn, c := range []struct{ zone, start string }{{"Africa/Monrovia", "1971-05-03T00:44:45Z"}, {"Europe/Berlin", "1500-03-01T23:10:00Z"}} {
		inTurn(t, turn, func(t *testing.T, w *world) {
			start, err := time.Parse(time.RFC3339, c.start)
			w.must(err)
			w.insert(use{"a", "x", start, 60}, true)
			w.fold(10)
			calendar := w.register(1, c.zone)
			w.must(w.checks.FillRollups(t.Context(), nil))
			w.holds("filled", calendar)
			w.run("DELETE FROM usage_customer_rollups WHERE grain > 3")
			if found := w.differences(); len(found) == 0 {
				t.Error("a day of a customer that is not there goes unnoticed")
			}
			_, err = w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
			w.must(err)
			w.holds("rebuilt", calendar)
		})
	}
}

// Whatever is there alone is compared: a sum of which there are no sessions, what was kept of those
// that were dropped, and what sums should be made of that are not there.
func TestWhatIsThereAloneIsCompared(t *testing.T) {
	inTurn(t, 0, func(t *testing.T, w *world) {
		kolkata := w.register(1, "Asia/Kolkata")
		w.must(w.checks.FillRollups(t.Context(), nil))
		noon := march.AddDate(0, 0, 9).Add(12 * time.Hour)
		calendars := []usage.Calendar{usage.UTCCalendar, kolkata}
		empty := func() {
			for _, table := range sums.Tables {
				w.run("DELETE FROM " + table.Name())
			}
		}
		noticed := func(what string, span usage.Range) {
			t.Helper()
			found := 0
			w.must(w.checks.VerifyRollups(t.Context(), span, func(check.Difference) { found++ }, nil))
			if found == 0 {
				t.Errorf("%s goes unnoticed", what)
			}
		}
		w.insert(use{"a", "x", noon, 60}, true)
		w.fold(1)
		for i, grains := range [][]string{{"0", "1"}, {"1", "2, 12"}, {"2, 12", "3, 13"}} {
			// Of each step, what the one before has come to is there alone.
			w.run("DELETE FROM usage_account_series WHERE grain NOT IN (" + grains[0] + ")")
			w.run("DELETE FROM usage_account_rollups")
			if i > 0 {
				w.run("DELETE FROM usage_total_rollups")
			}
			noticed("what has "+grains[0]+" and not "+grains[1], usage.Range{})
			_, err := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
			w.must(err)
			w.holds("rebuilt", kolkata)
		}
		for _, table := range sums.Tables {
			for _, grid := range table.Grids(calendars) {
				empty()
				w.drop(1, false)
				one := sums.Of(table, grid, noon, sums.Key{AccountNo: 1, SubjectNo: 1})
				w.must(w.db.InTransaction(t.Context(), func(tx *sqlx.Tx) error {
					return sums.Add(t.Context(), tx, map[sums.Row]usage.Usage{one: {Minutes: 1, Seconds: 60, Sessions: 1}})
				}))
				noticed(table.Name()+" in the grid "+strconv.Itoa(grid.Code()), usage.Range{})
			}
		}
		empty()
		w.insert(use{"a", "x", noon, 60}, false)
		w.retain(noon.AddDate(0, 0, 9), false)
		noticed("what was kept", usage.Range{})
		noticed("what was kept of a day", usage.Range{From: noon.Add(7 * time.Hour), To: noon.Add(8 * time.Hour)})
	})
}

// A day of a calendar is made of the hours that start in it where there are only these, and of
// nothing else.
func TestWhereThereAreOnlyHoursACalendarIsMadeOfThem(t *testing.T) {
	inTurn(t, 1, func(t *testing.T, w *world) {
		for minutes := range 8 { // from 17:40 on, half of them before the midnight of Kolkata
			w.insert(use{"a", "x", march.Add(17*time.Hour + time.Duration(40+10*minutes)*time.Minute), 60}, true)
		}
		w.fold(10)
		from := march.AddDate(0, 0, 5)
		w.retain(from, true)
		kolkata := w.register(1, "Asia/Kolkata")
		w.must(w.checks.FillRollups(t.Context(), nil))
		w.holdsFrom("filled", from, kolkata)
		if found := w.differences(); len(found) != 0 {
			t.Errorf("found %+v", found)
		}
	})
}

// A range is the same in whatever zone its ends are told.
func TestARangeIsOfItsInstants(t *testing.T) {
	inTurn(t, 0, func(t *testing.T, w *world) {
		w.insert(use{"a", "x", march.Add(time.Hour), 60}, false)
		w.insert(use{"a", "x", usage.Latest.Add(-time.Hour), 60}, false)
		kolkata := time.FixedZone("", 5*3600+1800)
		for _, span := range []usage.Range{
			{From: march.In(kolkata), To: march.AddDate(0, 0, 1).In(kolkata)}, {From: march, To: usage.Latest.AddDate(1, 0, 0)}, {From: usage.Earliest.AddDate(-1, 0, 0)},
		} {
			found := 0
			w.must(w.checks.VerifyRollups(t.Context(), span, func(check.Difference) { found++ }, nil))
			if found == 0 {
				t.Errorf("nothing was found in %v", span)
			}
		}
	})
}

// What a range touches is part of months, of which everything is compared; and what is undated is
// compared at every grain where all is.
func TestWholeMonthsAreCompared(t *testing.T) {
	inTurn(t, 1, func(t *testing.T, w *world) {
		for _, day := range []int{-2, 1, 14, 28, 33} {
			w.insert(use{"a", "x", march.AddDate(0, 0, day), 60}, true)
		}
		w.insert(use{"a", "x", column.Undated, 60}, true)
		w.fold(10)
		w.run("UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 1 OR bucket < '1000-01-01'")
		of := func(span usage.Range) (days []string) {
			w.must(w.checks.VerifyRollups(t.Context(), span, func(d check.Difference) { days = append(days, fmt.Sprint(d.Grain, d.Bucket.Format(" 01-02"))) }, nil))
			slices.Sort(days)
			return days
		}
		if got := of(usage.Range{From: march.AddDate(0, 0, 14), To: march.AddDate(0, 0, 15)}); !slices.Equal(got, []string{"hour 03-02", "hour 03-15", "hour 03-29"}) {
			t.Errorf("of a day: %q", got)
		}
		if got := of(usage.Range{}); len(got) != 9 {
			t.Errorf("of all: %q", got)
		}
	})
}
