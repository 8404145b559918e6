package mcp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"aiusage/export"
	"aiusage/resolvers/answer"
	"aiusage/usage"
)

var (
	by = argument{name: usage.ArgBy, kind: "string", isRequired: true,
		words: spelledAll([]usage.Dimension{usage.AccountDimension, usage.CustomerDimension, usage.HourDimension, usage.WeekdayDimension}),
		says:  "What the change is told apart by: accounts, customers, the hours of the day or the days of the week, on the clocks of timeZone."}
	topDrivers = count(export.ArgTop, maxRows, "10", "How many parts are named at most, the largest first. All others are the rest.")
)

var usageDrivers = tool{
	name: "usage_drivers", title: "What a change is made of",
	says: "Why usage in a range differs from that in another one: the accounts, customers, hours of the day or weekdays that changed most, in either direction, " +
		"and the rest. They add up to the change exactly.",
	arguments: slices.Concat([]argument{by}, span, comparison, []argument{accountID, customerID, measure, topDrivers}),
	output:    schemaOf[Drivers](),
	ask:       askDrivers,
}

// Drivers is the answer of usage_drivers.
type Drivers struct {
	About
	ComparedWith Span        `json:"comparedWith" jsonschema:"the other range"`
	By           string      `json:"by" jsonschema:"what the change is told apart by"`
	Measure      string      `json:"measure" jsonschema:"what all numbers are of: minutes (AI minutes), seconds or sessions"`
	Total        Difference  `json:"total" jsonschema:"the whole change"`
	Largest      []Driver    `json:"largest" jsonschema:"the parts that changed most, in either direction, the largest change first"`
	LeftOut      DriversRest `json:"leftOut" jsonschema:"all other parts, together"`
}

// Difference is a number in two ranges.
type Difference struct {
	Current  int64 `json:"current" jsonschema:"in the range"`
	Previous int64 `json:"previous" jsonschema:"in the range that it is compared with"`
	Change   int64 `json:"change" jsonschema:"current less previous"`
}

// Driver is a part of a change.
type Driver struct {
	Account *Whose `json:"account,omitempty" jsonschema:"whose part it is, where the change is told apart by accounts or customers"`
	Hour    *int32 `json:"hour,omitempty" jsonschema:"the hour of the day, from 0 to 23; absent by another dimension, and for sessions whose start is no instant"`
	Weekday string `json:"weekday,omitempty" jsonschema:"the day of the week, such as monday; absent by another dimension, and for sessions whose start is no instant"`
	Status  string `json:"status" jsonschema:"begun (sessions only in the range), stopped (only in the other one) or continued"`
	Difference
}

// DriversRest are the parts that are not named.
type DriversRest struct {
	Parts int `json:"parts" jsonschema:"how many they are"`
	Difference
}

func askDrivers(q *question) (reply, error) {
	request, err := q.rows(given{export.ArgPrevious: "1", export.ArgOrder: "change"},
		slices.Concat([]usage.Argument{export.ArgPrevious, export.ArgOrder, export.ArgMeasure}, namesOf(comparison))...)
	if err != nil {
		return nil, err
	}
	dimension := usage.Dimension(usage.InCapitals(q.given[usage.ArgBy]))
	query, err := q.query(dimension.Level())
	if err != nil {
		return nil, err
	}
	drivers := &Drivers{By: q.given[usage.ArgBy], Largest: []Driver{}}
	return drivers, q.inReading(query, func(ctx context.Context, report *answer.Report) error {
		with, err := report.Compared(request.Compare)
		if err != nil {
			return err
		}
		measured := request.Order.Normal().Measure
		found, err := report.Drivers(ctx, int32(q.given.number(topDrivers)), dimension, measured, &answer.Comparison{Comparison: request.Compare})
		if err != nil {
			return err
		}
		if with == nil || found == nil {
			return export.ErrNothingBefore
		}
		drivers.About = q.about(query, report.AsOf, view{order: request.Order})
		drivers.ComparedWith = spanOf(with.Query)
		drivers.Measure = strings.TrimPrefix(usage.Spelled(string(measured)), "ai-")
		return drivers.take(ctx, found)
	})
}

// take takes the parts of a change.
func (d *Drivers) take(ctx context.Context, found *answer.Drivers) error {
	d.Total = Difference{found.Current, found.Previous, found.Change}
	for _, one := range found.Largest {
		driver := Driver{Hour: one.Hour, Status: usage.Spelled(string(one.Status)), Difference: Difference{one.Current, one.Previous, one.Change}}
		if one.Weekday != nil {
			driver.Weekday = usage.Spelled(string(*one.Weekday))
		}
		if one.Account != nil {
			whose, err := whoseOf(ctx, *one.Account, one.Customer)
			if err != nil {
				return err
			}
			driver.Account = &whose
		}
		d.Largest = append(d.Largest, driver)
	}
	shown, err := fitting(d.Largest)
	if err != nil {
		return err
	}
	d.LeftOut = DriversRest{int(found.Rest.Count) + len(d.Largest) - shown, d.Total}
	d.Largest = d.Largest[:shown]
	for _, one := range d.Largest {
		d.LeftOut.Current -= one.Current
		d.LeftOut.Previous -= one.Previous
		d.LeftOut.Change -= one.Change
	}
	return nil
}

// whoseOf returns an account or, where there is one, a customer of it, with their names.
func whoseOf(ctx context.Context, account answer.Account, customer *answer.Customer) (Whose, error) {
	whose := Whose{AccountID: account.AccountID}
	name, err := account.Name(ctx)
	if err != nil {
		return whose, err
	}
	if name != nil {
		whose.AccountName = *name
	}
	if customer == nil {
		return whose, nil
	}
	whose.CustomerID = customer.CustomerID
	if name, err = customer.Name(ctx); err == nil && name != nil {
		whose.CustomerName = *name
	}
	return whose, err
}

// inWords says what the part is.
func (d Driver) inWords(by string) string {
	switch {
	case d.Account != nil:
		return d.Account.inWords(by == "customer")
	case d.Hour != nil:
		return fmt.Sprintf("from %02d:00 on, for an hour of the day", *d.Hour)
	case d.Weekday != "":
		return d.Weekday
	}
	return "sessions whose start is no instant"
}

func (d Difference) inWords() string {
	return fmt.Sprintf("%d, before %d, change %+d", d.Current, d.Previous, d.Change)
}

// text implements reply.
func (d *Drivers) text() string {
	w := &words{}
	w.begin("What the change of AI usage is made of by "+d.By+", in "+d.Measure+",", d.About)
	w.line("Compared with %s to %s.", end(d.ComparedWith.From), end(d.ComparedWith.To))
	w.line("Total: %s.", d.Total.inWords())
	for i, one := range d.Largest {
		w.line("%d. %s (%s): %s", i+1, one.inWords(d.By), one.Status, one.Difference.inWords())
	}
	w.line("Shown: %d of %d parts. Left out, together: %s.", len(d.Largest), len(d.Largest)+d.LeftOut.Parts, d.LeftOut.Difference.inWords())
	return w.finish(d.About)
}
