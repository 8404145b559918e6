// Package sums has the tables of sums by level: of customers, of accounts and of everybody,
// by quarter-hour, hour, day and month. It says which sums a change belongs to, and adds
// to them. What may be read of them just now says package phase.
package sums

import (
	"slices"
	"strings"

	"aiusage/usage"
)

// Table is one of the tables of sums.
type Table int

// The tables, in the order in which they are added to, so that two who add do not
// deadlock. Everybody's rows come last: whoever adds waits for them, and has little left
// to do then.
const (
	// Customers has the days and months of each subject.
	Customers Table = iota
	// Accounts has the days and months of each account, time first.
	Accounts
	// AccountSeries has the quarter-hours, hours, days and months of each account, account
	// first.
	AccountSeries
	// Totals has the quarter-hours, hours, days and months of everybody.
	Totals
)

// Tables are all of them, in order.
var Tables = []Table{Customers, Accounts, AccountSeries, Totals}

// Name is the name of the table in the database.
func (t Table) Name() string {
	return [...]string{"usage_customer_rollups", "usage_account_rollups", "usage_account_series", "usage_total_rollups"}[t]
}

// keys are the columns of the primary key, in its order.
func (t Table) keys() []string {
	switch t {
	case Customers:
		return []string{"grain", "bucket", "account_no", "subject_no"}
	case Accounts:
		return []string{"grain", "bucket", "account_no"}
	case AccountSeries:
		return []string{"account_no", "grain", "bucket"}
	default:
		return []string{"grain", "bucket"}
	}
}

// columns are all columns of the table.
func (t Table) columns() string {
	return strings.Join(append(slices.Clone(t.keys()), "minutes", "seconds", "sessions"), ", ")
}

// Grains are those of the table in each calendar, from fine to coarse. Quarter-hours and
// hours are there once, since all calendars share them.
func (t Table) Grains() []usage.Grain {
	switch t {
	case AccountSeries, Totals:
		return []usage.Grain{usage.QuarterHour, usage.Hour, usage.Day, usage.Month}
	default:
		return []usage.Grain{usage.Day, usage.Month}
	}
}

// Grids are those of the table with these calendars, of which the first is that of UTC.
func (t Table) Grids(calendars []usage.Calendar) []usage.Grid {
	var grids []usage.Grid
	for i, calendar := range calendars {
		for _, grain := range t.Grains() {
			if i == 0 || grain >= usage.Day {
				grids = append(grids, usage.Grid{Grain: grain, Calendar: calendar})
			}
		}
	}
	return grids
}
