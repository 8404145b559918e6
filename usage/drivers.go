package usage

import (
	"cmp"
	"slices"
	"time"
)

// Dimension is what usage is told apart by to say what a change is made of.
type Dimension string

// The dimensions. Those of time are on the clocks and the calendar of a query's time zone.
const (
	AccountDimension  Dimension = "ACCOUNT"
	CustomerDimension Dimension = "CUSTOMER"
	HourDimension     Dimension = "HOUR_OF_DAY"
	WeekdayDimension  Dimension = "WEEKDAY"
)

// Level is how far a report has to tell usage apart for a dimension.
func (d Dimension) Level() Level {
	switch d {
	case AccountDimension:
		return ByAccount
	case CustomerDimension:
		return ByCustomer
	}
	return Together
}

// Step is the step of the series whose points are added up for a dimension of time; otherwise
// it is empty.
func (d Dimension) Step() Step {
	switch d {
	case HourDimension:
		return Hourly
	case WeekdayDimension:
		return Daily
	}
	return ""
}

// parts is what a dimension of time tells apart, in words.
func (d Dimension) parts() string {
	if d == WeekdayDimension {
		return "weekdays"
	}
	return "hours of the day"
}

// tooMany is the error for more points than can be added up.
func (d Dimension) tooMany(limit int) error {
	return Invalid(ArgBy, "%s are told apart in at most %d hours or days, of all rows together; narrow the range or ask for fewer rows", d.parts(), limit)
}

// Driver is a part of the usage in two ranges: of a subject, or of a part of the day or week.
type Driver struct {
	// Subject is whose it is, or empty. Its CustomerID is empty for what belongs to no customer, too.
	Subject Subject
	// Part is the hour of the day, from 0 to 23, or the day of the week, from Monday, 1, to 7. It
	// is Undated for sessions whose start is no instant, and 0 where usage is not told apart by time.
	Part              int
	Current, Previous Usage
}

// Undated is the part of a dimension of time that sessions have whose start is no instant.
// It comes after all others.
const Undated = 24

// Change is how much more usage there is than before.
func (d Driver) Change() Usage { return d.Current.Minus(d.Previous) }

// Plus adds up two drivers, as one of neither's part.
func (d Driver) Plus(other Driver) Driver {
	return Driver{Current: d.Current.Plus(other.Current), Previous: d.Previous.Plus(other.Previous)}
}

// DriversOf returns the parts of two reports, which are of the same level at least as the
// dimension: all subjects with usage in either, in no order.
func DriversOf(by Dimension, current, previous *Report) []Driver {
	var drivers []Driver
	known := map[Subject]int{}
	// Two reports may spell a subject in two ways.
	of := func(subject Subject) *Driver {
		at, found := known[subject.Trimmed()]
		if !found {
			at = len(drivers)
			known[subject.Trimmed()] = at
			drivers = append(drivers, Driver{Subject: subject})
		}
		return &drivers[at]
	}
	for _, row := range current.subjectsBy(by) {
		driver := of(row.Subject())
		driver.Current = driver.Current.Plus(row.Usage)
	}
	for _, row := range previous.subjectsBy(by) {
		driver := of(row.Subject())
		driver.Previous = driver.Previous.Plus(row.Usage)
	}
	return drivers
}

// subjectsBy returns the subjects that a dimension tells apart.
func (r *Report) subjectsBy(by Dimension) []SubjectUsage {
	if by == CustomerDimension {
		return r.Subjects
	}
	accounts := make([]SubjectUsage, len(r.Accounts))
	for i, account := range r.Accounts {
		accounts[i] = SubjectUsage{AccountID: account.AccountID, Usage: account.Usage}
	}
	return accounts
}

// DriversInTime returns the parts of time with usage in either of two series, which have the
// step of the dimension: points and totals of one subject.
func DriversInTime(by Dimension, zone *time.Location, current, previous []Point, currentTotal, previousTotal Usage) []Driver {
	var parts [Undated + 1]Driver
	for i := range parts {
		parts[i].Part = i
	}
	parts[Undated].Current, parts[Undated].Previous = currentTotal, previousTotal
	for _, point := range current {
		part := &parts[by.partOf(point.From, zone)]
		part.Current = part.Current.Plus(point.Usage)
		parts[Undated].Current = parts[Undated].Current.Minus(point.Usage)
	}
	for _, point := range previous {
		part := &parts[by.partOf(point.From, zone)]
		part.Previous = part.Previous.Plus(point.Usage)
		parts[Undated].Previous = parts[Undated].Previous.Minus(point.Usage)
	}
	return slices.DeleteFunc(parts[:], func(part Driver) bool { return part.Current == Usage{} && part.Previous == Usage{} })
}

// partOf returns the part of the day or week in which a bucket begins.
func (d Dimension) partOf(t time.Time, zone *time.Location) int {
	if d == HourDimension {
		return t.In(zone).Hour()
	}
	// Where clocks are put back over midnight, they show the day before once more.
	day := Grid{Day, Calendar{No: 1, Zone: zone}}.begin(t)
	return int(day.In(zone).Weekday()+6)%7 + 1
}

// SortDrivers sorts drivers by how much they have changed in a measure, in either direction,
// the largest change first; those that have changed by as much by their keys.
func SortDrivers(drivers []Driver, measure func(Usage) int64) {
	size := func(driver Driver) uint64 {
		change := measure(driver.Change())
		return uint64(max(change, -change)) // the least number stays what it is, which is its size
	}
	slices.SortFunc(drivers, func(a, b Driver) int {
		return cmp.Or(cmp.Compare(size(b), size(a)), a.Subject.Compare(b.Subject), cmp.Compare(a.Part, b.Part))
	})
}
