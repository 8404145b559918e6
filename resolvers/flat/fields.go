package flat

import (
	"context"
	"time"

	"aiusage/listing"
	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// The plain fields of the schema. One that is missing here is answered on
// the usual path.

var reports = shape[answer.Report]{"AIUsage", fields[answer.Report]{
	"id":            idField(func(r *answer.Report) answer.Node { return r }),
	"from":          timeField(func(r *answer.Report) *time.Time { return r.From() }),
	"to":            timeField(func(r *answer.Report) *time.Time { return r.To() }),
	"timeZone":      textField(func(r *answer.Report) string { return r.TimeZone() }),
	"asOf":          timeField(func(r *answer.Report) *time.Time { return &r.AsOf }),
	"retainedFrom":  timeField((*answer.Report).RetainedFrom),
	"totals":        objectField(totals, (*answer.Report).WholeTotals),
	"accountUsage":  rowsField(accounts, (*answer.Report).AccountRows),
	"customerUsage": rowsField(customers, (*answer.Report).CustomerRows),
	"plan":          objectField(plans, (*answer.Report).Plan),
	"series":        seriesField((*answer.Report).Series),
	"previous":      readField(func() shape[answer.Report] { return previousReports }, (*answer.Report).Compared),
	"compareTo":     readField(func() shape[answer.Report] { return previousReports }, (*answer.Report).Compared),
}}

// previousReports are reports, which cannot name themselves.
var previousReports shape[answer.Report]

func init() { previousReports = reports }

var totals = shape[answer.Totals]{"AIUsageTotals", fields[answer.Totals]{
	"id":        idField(func(t *answer.Totals) answer.Node { return t }),
	"aiMinutes": numberField(func(u *answer.Totals) int64 { return u.Minutes }),
	"aiSeconds": numberField(func(u *answer.Totals) int64 { return u.Seconds }),
	"sessions":  numberField(func(u *answer.Totals) int64 { return u.Sessions }),
}}

var accounts = shape[answer.AccountUsage]{"AIAccountUsage", fields[answer.AccountUsage]{
	"id":        idField(func(a *answer.AccountUsage) answer.Node { return a }),
	"accountId": textField(func(a *answer.AccountUsage) string { return a.AccountID }),
	"account":   objectField(namedAccounts, func(a *answer.AccountUsage) *answer.Account { account := a.Account(); return &account }),
	"minutes":   numberField(func(a *answer.AccountUsage) int64 { return a.Minutes }),
	"aiMinutes": minutesField(func(a *answer.AccountUsage) usage.Usage { return a.Usage }),
	"aiSeconds": numberField(func(a *answer.AccountUsage) int64 { return a.Seconds }),
	"sessions":  numberField(func(a *answer.AccountUsage) int64 { return a.Sessions }),
	"withoutCustomer": objectField(totals,
		func(a *answer.AccountUsage) *answer.Totals { return a.PartWithoutCustomer() }),
	"customerUsage": rowsField(customers, (*answer.AccountUsage).CustomerRows),
	"series":        seriesField((*answer.AccountUsage).Series),
	"previous":      readField(amounts, (*answer.AccountUsage).Compared),
	"compareTo":     readField(amounts, (*answer.AccountUsage).Compared),
	"share":         shareField(func(a *answer.AccountUsage, of listing.Measure) *float64 { return a.Share(of) }),
}}

var customers = shape[answer.CustomerUsage]{"AICustomerUsage", fields[answer.CustomerUsage]{
	"id":         idField(func(c *answer.CustomerUsage) answer.Node { return c }),
	"accountId":  textField(func(c *answer.CustomerUsage) string { return c.AccountID }),
	"account":    objectField(namedAccounts, func(c *answer.CustomerUsage) *answer.Account { account := c.Account(); return &account }),
	"customerId": textField(func(c *answer.CustomerUsage) string { return c.CustomerID }),
	"customer":   objectField(namedCustomers, func(c *answer.CustomerUsage) *answer.Customer { customer := c.Customer(); return &customer }),
	"minutes":    numberField(func(c *answer.CustomerUsage) int64 { return c.Minutes }),
	"aiMinutes":  minutesField(func(c *answer.CustomerUsage) usage.Usage { return c.Usage }),
	"aiSeconds":  numberField(func(c *answer.CustomerUsage) int64 { return c.Seconds }),
	"sessions":   numberField(func(c *answer.CustomerUsage) int64 { return c.Sessions }),
	"series":     seriesField((*answer.CustomerUsage).Series),
	"previous":   readField(amounts, (*answer.CustomerUsage).Compared),
	"compareTo":  readField(amounts, (*answer.CustomerUsage).Compared),
	"share":      shareField(func(c *answer.CustomerUsage, of listing.Measure) *float64 { return c.Share(of) }),
}}

var accountEdges = shape[answer.AccountUsageEdge]{"AIAccountUsageEdge", fields[answer.AccountUsageEdge]{
	"cursor": textField(func(e *answer.AccountUsageEdge) string { return e.Cursor }),
	"node":   objectField(accounts, func(e *answer.AccountUsageEdge) *answer.AccountUsage { return &e.Node }),
}}

var customerEdges = shape[answer.CustomerUsageEdge]{"AICustomerUsageEdge", fields[answer.CustomerUsageEdge]{
	"cursor": textField(func(e *answer.CustomerUsageEdge) string { return e.Cursor }),
	"node":   objectField(customers, func(e *answer.CustomerUsageEdge) *answer.CustomerUsage { return &e.Node }),
}}

// amounts are totals of what something is compared with.
func amounts() shape[answer.Totals] { return totals }

var namedAccounts = shape[answer.Account]{"Account", fields[answer.Account]{
	"id":        idField(func(a *answer.Account) answer.Node { return a }),
	"accountId": textField(func(a *answer.Account) string { return a.AccountID }),
	"name":      nameField(func(a *answer.Account, ctx context.Context) (*string, error) { return a.Name(ctx) }),
}}

var namedCustomers = shape[answer.Customer]{"Customer", fields[answer.Customer]{
	"id":         idField(func(c *answer.Customer) answer.Node { return c }),
	"accountId":  textField(func(c *answer.Customer) string { return c.AccountID }),
	"account":    objectField(namedAccounts, func(c *answer.Customer) *answer.Account { account := c.Account(); return &account }),
	"customerId": textField(func(c *answer.Customer) string { return c.CustomerID }),
	"name":       nameField(func(c *answer.Customer, ctx context.Context) (*string, error) { return c.Name(ctx) }),
}}

var points = shape[answer.Point]{"AIUsagePoint", fields[answer.Point]{
	"id":        idField(func(p *answer.Point) answer.Node { return p }),
	"from":      timeField(func(p *answer.Point) *time.Time { return &p.From }),
	"to":        timeField(func(p *answer.Point) *time.Time { return &p.To }),
	"partial":   truthField(func(p *answer.Point) bool { return p.Partial }),
	"aiMinutes": numberField(func(p *answer.Point) int64 { return p.Minutes }),
	"aiSeconds": numberField(func(p *answer.Point) int64 { return p.Seconds }),
	"sessions":  numberField(func(p *answer.Point) int64 { return p.Sessions }),
}}

var plans = shape[answer.Plan]{"AIUsagePlan", fields[answer.Plan]{
	"source":   textField(func(p *answer.Plan) string { return string(p.Source()) }),
	"level":    textField(func(p *answer.Plan) string { return string(p.Level()) }),
	"pieces":   listField(pieces, (*answer.Plan).Pieces),
	"sessions": listField(spans, (*answer.Plan).Sessions),
	"kept":     listField(spans, (*answer.Plan).Kept),
}}

var pieces = shape[answer.Piece]{"AIUsagePlanPiece", fields[answer.Piece]{
	"grain":    textField(func(p *answer.Piece) string { return string(p.Grain) }),
	"timeZone": textField(func(p *answer.Piece) string { return p.TimeZone }),
	"sign":     smallField(func(p *answer.Piece) int32 { return p.Sign }),
	"from":     timeField(func(p *answer.Piece) *time.Time { return p.From }),
	"to":       timeField(func(p *answer.Piece) *time.Time { return p.To }),
}}

var spans = shape[answer.Span]{"AIUsageSpan", fields[answer.Span]{
	"sign": smallField(func(s *answer.Span) int32 { return s.Sign }),
	"from": timeField(func(s *answer.Span) *time.Time { return s.From }),
	"to":   timeField(func(s *answer.Span) *time.Time { return s.To }),
}}
