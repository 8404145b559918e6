package check

import (
	"maps"
	"testing"
	"time"

	"aiusage/db/column"
	"aiusage/db/sums"
	"aiusage/usage"
)

// What a sum lacks is added to all that a fold would have added it to, but to those that other
// comparisons with sessions find: of customers' days, the month; of accounts, whatever is as
// coarse, of accounts and of everybody.
func TestACorrectionIsOfAllSumsAbove(t *testing.T) {
	lordHowe, err := time.LoadLocation("Australia/Lord_Howe")
	if err != nil {
		t.Fatal(err)
	}
	calendars := []usage.Calendar{usage.UTCCalendar, {No: 3, Zone: lordHowe}}
	key := sums.Key{AccountNo: 4, SubjectNo: 5}
	lacks := usage.Usage{Minutes: 3, Seconds: -7, Sessions: 1}
	for _, bucket := range []time.Time{begin.Add(45 * time.Minute), column.Undated} {
		for _, grain := range []usage.Grain{usage.QuarterHour, usage.Hour} {
			all, want, got := map[sums.Row]usage.Usage{}, map[sums.Row]usage.Usage{}, map[sums.Row]usage.Usage{}
			sums.Spread(all, calendars, key, bucket, lacks)
			for row, amount := range all {
				if row.Table != sums.Customers && (grain == usage.QuarterHour || row.Grid != usage.Grid{Grain: usage.QuarterHour}.Code()) {
					want[row] = amount
				}
			}
			at := bucket
			if grain == usage.Hour && bucket != column.Undated {
				at = usage.Hour.Floor(bucket)
			}
			one := Difference{Table: sums.AccountSeries, Grain: grain, Calendar: usage.UTCCalendar, Bucket: at, Want: lacks, ofSessions: true, key: sums.Key{AccountNo: 4}}
			if one.spread(got, calendars); !maps.Equal(got, want) {
				t.Errorf("the %s %v of an account: got %v, want %v", grain, at, got, want)
			}
		}
		for _, calendar := range calendars {
			day, month := usage.Grid{Grain: usage.Day, Calendar: calendar}, usage.Grid{Grain: usage.Month, Calendar: calendar}
			at, got := sums.Of(sums.Customers, day, bucket, key), map[sums.Row]usage.Usage{}
			one := Difference{Table: sums.Customers, Grain: usage.Day, Calendar: calendar, Bucket: at.Bucket, Want: lacks.Plus(lacks), Got: lacks, key: key}
			if one.spread(got, calendars); !maps.Equal(got, map[sums.Row]usage.Usage{at: lacks}) {
				t.Errorf("a day that was compared with finer sums: got %v", got)
			}
			clear(got)
			one.ofSessions = true
			if one.spread(got, calendars); !maps.Equal(got, map[sums.Row]usage.Usage{at: lacks, sums.Of(sums.Customers, month, bucket, key): lacks}) {
				t.Errorf("a day of a customer: got %v", got)
			}
		}
	}
}
