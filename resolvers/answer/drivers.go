package answer

import (
	"context"

	"aiusage/listing"
	"aiusage/usage"
)

// Drivers are what the change of a report against another one is made of.
type Drivers struct {
	By usage.Dimension
	Of listing.Measure
	change
	// Largest are the parts that changed most, and Rest all others.
	Largest []Driver
	Rest    DriversRest
}

// change is how much of a measure there was in two ranges.
type change struct{ Current, Previous, Change int64 }

// changeOf returns the change of a driver in a measure. The error is an OutOfRange.
func changeOf(driver usage.Driver, of listing.Measure) (change, error) {
	more := driver.Change()
	return change{of.Of(driver.Current), of.Of(driver.Previous), of.Of(more)}, more.Fits()
}

// Driver is a part of a change.
type Driver struct {
	// Account and Customer are whose part it is, or nil.
	Account  *Account
	Customer *Customer
	// Hour and Weekday are when it is, or nil.
	Hour    *int32
	Weekday *Weekday
	Status  DriverStatus
	change
}

// DriversRest are the parts of a change that are not named.
type DriversRest struct {
	Count int32
	change
}

// DriverStatus says in which ranges a part of a change has sessions.
type DriverStatus string

// The values of DriverStatus.
const (
	Begun        DriverStatus = "BEGUN"
	WentOn       DriverStatus = "CONTINUED"
	StoppedUsing DriverStatus = "STOPPED"
)

// Weekday is a day of the week.
type Weekday string

// weekdays are in the order of ISO 8601.
var weekdays = []Weekday{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"}

// Drivers resolves AIUsage.drivers.
func (r *Report) Drivers(ctx context.Context, first int32, by usage.Dimension, of listing.Measure, compare *Comparison) (*Drivers, error) {
	size, err := checkSize(argFirst, int(first), MaxPageSize)
	if err != nil {
		return nil, err
	}
	var with usage.Comparison
	if compare != nil {
		if with, err = compare.To(compare.Range); err != nil {
			return nil, err
		}
	}
	parts, none, err := r.partsOf(ctx, by, with)
	if none || err != nil {
		return nil, err
	}
	usage.SortDrivers(parts, of.Of)
	return r.driversOf(parts, min(size, len(parts)), by, of)
}

// partsOf finds the parts of a change, or that there is nothing to compare with. What they are
// found from is read once, whatever is asked of it.
func (r *Report) partsOf(ctx context.Context, by usage.Dimension, compare usage.Comparison) (parts []usage.Driver, none bool, err error) {
	step := by.Step()
	if step != "" && r.continued {
		// What is added up is read anew, and so is what it comes to.
		if r, err = r.reading.Report(r.Query); err != nil {
			return nil, false, err
		}
	}
	with, err := r.Compared(compare)
	if with == nil || err != nil {
		return nil, err == nil, err
	}
	if step == "" {
		return usage.DriversOf(by, r.Report, with.Report), false, nil
	}
	_, current, err := newGroup(r, usage.Together, nil).points(ctx, usage.Subject{}, step, by)
	if err != nil {
		return nil, false, err
	}
	_, previous, err := newGroup(with, usage.Together, nil).points(ctx, usage.Subject{}, step, by)
	if err != nil {
		return nil, false, err
	}
	return usage.DriversInTime(by, r.Query.Zone, current, previous, r.Report.Totals, with.Report.Totals), false, nil
}

// driversOf returns sorted parts as nodes: so many of them, and the rest as one.
func (r *Report) driversOf(parts []usage.Driver, size int, by usage.Dimension, of listing.Measure) (*Drivers, error) {
	named, others := parts[:size], parts[size:]
	result := &Drivers{By: by, Of: of, Largest: make([]Driver, size), Rest: DriversRest{Count: int32(len(others))}}
	var rest, whole usage.Driver
	var err error
	for _, part := range others {
		rest = rest.Plus(part)
	}
	if result.Rest.change, err = changeOf(rest, of); err != nil {
		return nil, err
	}
	for _, part := range parts {
		whole = whole.Plus(part)
	}
	if result.change, err = changeOf(whole, of); err != nil {
		return nil, err
	}
	accounts := &names{reading: r.reading, subjects: func() []usage.Subject { return accountsIn(named) }}
	customers := &names{reading: r.reading, subjects: func() []usage.Subject { return customersIn(named) }}
	for i, part := range named {
		node := &result.Largest[i]
		node.Status = statusOf(part)
		if node.change, err = changeOf(part, of); err != nil {
			return nil, err
		}
		if by.Step() != "" {
			node.Hour, node.Weekday = timeOf(by, part.Part)
			continue
		}
		node.Account = &Account{AccountID: part.Subject.AccountID, names: accounts}
		if part.Subject.CustomerID != "" {
			node.Customer = &Customer{AccountID: part.Subject.AccountID, CustomerID: part.Subject.CustomerID, names: customers, accountNames: accounts}
		}
	}
	return result, nil
}

// timeOf returns the hour of the day or the day of the week of a part.
func timeOf(by usage.Dimension, part int) (hour *int32, weekday *Weekday) {
	switch {
	case part == usage.Undated:
		return nil, nil
	case by == usage.WeekdayDimension:
		return nil, &weekdays[part-1]
	}
	number := int32(part)
	return &number, nil
}

func statusOf(part usage.Driver) DriverStatus {
	switch {
	case part.Previous.Sessions == 0:
		return Begun
	case part.Current.Sessions == 0:
		return StoppedUsing
	}
	return WentOn
}

// accountsIn returns the accounts of drivers.
func accountsIn(drivers []usage.Driver) []usage.Subject {
	accounts := make([]usage.Subject, len(drivers))
	for i, driver := range drivers {
		accounts[i] = usage.Subject{AccountID: driver.Subject.AccountID}
	}
	return distinct(accounts)
}

// customersIn returns the customers of drivers.
func customersIn(drivers []usage.Driver) []usage.Subject {
	var customers []usage.Subject
	for _, driver := range drivers {
		if driver.Subject.CustomerID != "" {
			customers = append(customers, driver.Subject)
		}
	}
	return distinct(customers)
}
