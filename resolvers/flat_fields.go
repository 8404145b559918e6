package resolvers

import (
	"context"
	"time"

	"aiusage/listing"
	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// The plain fields of the schema. One that is missing here is answered on
// the usual path.

var reportFields = fields[answer.Report]{
	"id":            idField(func(r *answer.Report) answer.Node { return r }),
	"from":          timeField(func(r *answer.Report) *time.Time { return r.From() }),
	"to":            timeField(func(r *answer.Report) *time.Time { return r.To() }),
	"timeZone":      textField(func(r *answer.Report) string { return r.TimeZone() }),
	"asOf":          timeField(func(r *answer.Report) *time.Time { return &r.AsOf }),
	"retainedFrom":  timeField((*answer.Report).RetainedFrom),
	"totals":        objectField(totalsFields, "AIUsageTotals", (*answer.Report).WholeTotals),
	"accountUsage":  rowsField(accountFields, "AIAccountUsage", (*answer.Report).AccountRows),
	"customerUsage": rowsField(customerFields, "AICustomerUsage", (*answer.Report).CustomerRows),
	"plan":          objectField(planFields, "AIUsagePlan", (*answer.Report).Plan),
	"series":        seriesField((*answer.Report).Series),
	"previous":      readField(func() fields[answer.Report] { return previousFields }, "AIUsage", (*answer.Report).Compared),
	"compareTo":     readField(func() fields[answer.Report] { return previousFields }, "AIUsage", (*answer.Report).Compared),
}

// previousFields are reportFields, which cannot name themselves.
var previousFields fields[answer.Report]

func init() { previousFields = reportFields }

var totalsFields = fields[answer.Totals]{
	"id":        idField(func(t *answer.Totals) answer.Node { return t }),
	"aiMinutes": numberField(func(u *answer.Totals) int64 { return u.Minutes }),
	"aiSeconds": numberField(func(u *answer.Totals) int64 { return u.Seconds }),
	"sessions":  numberField(func(u *answer.Totals) int64 { return u.Sessions }),
}

var accountFields = fields[answer.AccountUsage]{
	"id":        idField(func(a *answer.AccountUsage) answer.Node { return a }),
	"accountId": textField(func(a *answer.AccountUsage) string { return a.AccountID }),
	"account":   objectField(namedAccountFields, "Account", func(a *answer.AccountUsage) *answer.Account { account := a.Account(); return &account }),
	"minutes":   numberField(func(a *answer.AccountUsage) int64 { return a.Minutes }),
	"aiMinutes": minutesField(func(a *answer.AccountUsage) usage.Usage { return a.Usage }),
	"aiSeconds": numberField(func(a *answer.AccountUsage) int64 { return a.Seconds }),
	"sessions":  numberField(func(a *answer.AccountUsage) int64 { return a.Sessions }),
	"withoutCustomer": objectField(totalsFields, "AIUsageTotals",
		func(a *answer.AccountUsage) *answer.Totals { return a.PartWithoutCustomer() }),
	"customerUsage": rowsField(customerFields, "AICustomerUsage", (*answer.AccountUsage).CustomerRows),
	"series":        seriesField((*answer.AccountUsage).Series),
	"previous":      readField(amountFields, "AIUsageTotals", (*answer.AccountUsage).Compared),
	"compareTo":     readField(amountFields, "AIUsageTotals", (*answer.AccountUsage).Compared),
	"share":         shareField(func(a *answer.AccountUsage, of listing.Measure) *float64 { return a.Share(of) }),
}

var customerFields = fields[answer.CustomerUsage]{
	"id":         idField(func(c *answer.CustomerUsage) answer.Node { return c }),
	"accountId":  textField(func(c *answer.CustomerUsage) string { return c.AccountID }),
	"account":    objectField(namedAccountFields, "Account", func(c *answer.CustomerUsage) *answer.Account { account := c.Account(); return &account }),
	"customerId": textField(func(c *answer.CustomerUsage) string { return c.CustomerID }),
	"customer":   objectField(namedCustomerFields, "Customer", func(c *answer.CustomerUsage) *answer.Customer { customer := c.Customer(); return &customer }),
	"minutes":    numberField(func(c *answer.CustomerUsage) int64 { return c.Minutes }),
	"aiMinutes":  minutesField(func(c *answer.CustomerUsage) usage.Usage { return c.Usage }),
	"aiSeconds":  numberField(func(c *answer.CustomerUsage) int64 { return c.Seconds }),
	"sessions":   numberField(func(c *answer.CustomerUsage) int64 { return c.Sessions }),
	"series":     seriesField((*answer.CustomerUsage).Series),
	"previous":   readField(amountFields, "AIUsageTotals", (*answer.CustomerUsage).Compared),
	"compareTo":  readField(amountFields, "AIUsageTotals", (*answer.CustomerUsage).Compared),
	"share":      shareField(func(c *answer.CustomerUsage, of listing.Measure) *float64 { return c.Share(of) }),
}

var accountEdgeFields = fields[answer.AccountUsageEdge]{
	"cursor": textField(func(e *answer.AccountUsageEdge) string { return e.Cursor }),
	"node":   objectField(accountFields, "AIAccountUsage", func(e *answer.AccountUsageEdge) *answer.AccountUsage { return &e.Node }),
}

var customerEdgeFields = fields[answer.CustomerUsageEdge]{
	"cursor": textField(func(e *answer.CustomerUsageEdge) string { return e.Cursor }),
	"node":   objectField(customerFields, "AICustomerUsage", func(e *answer.CustomerUsageEdge) *answer.CustomerUsage { return &e.Node }),
}

func amountFields() fields[answer.Totals] { return totalsFields }

var namedAccountFields = fields[answer.Account]{
	"id":        idField(func(a *answer.Account) answer.Node { return a }),
	"accountId": textField(func(a *answer.Account) string { return a.AccountID }),
	"name":      nameField(func(a *answer.Account, ctx context.Context) (*string, error) { return a.Name(ctx) }),
}

var namedCustomerFields = fields[answer.Customer]{
	"id":         idField(func(c *answer.Customer) answer.Node { return c }),
	"accountId":  textField(func(c *answer.Customer) string { return c.AccountID }),
	"account":    objectField(namedAccountFields, "Account", func(c *answer.Customer) *answer.Account { account := c.Account(); return &account }),
	"customerId": textField(func(c *answer.Customer) string { return c.CustomerID }),
	"name":       nameField(func(c *answer.Customer, ctx context.Context) (*string, error) { return c.Name(ctx) }),
}

var pointFields = fields[answer.Point]{
	"id":        idField(func(p *answer.Point) answer.Node { return p }),
	"from":      timeField(func(p *answer.Point) *time.Time { return &p.From }),
	"to":        timeField(func(p *answer.Point) *time.Time { return &p.To }),
	"partial":   truthField(func(p *answer.Point) bool { return p.Partial }),
	"aiMinutes": numberField(func(p *answer.Point) int64 { return p.Minutes }),
	"aiSeconds": numberField(func(p *answer.Point) int64 { return p.Seconds }),
	"sessions":  numberField(func(p *answer.Point) int64 { return p.Sessions }),
}

var planFields = fields[answer.Plan]{
	"source":   textField(func(p *answer.Plan) string { return string(p.Source()) }),
	"level":    textField(func(p *answer.Plan) string { return string(p.Level()) }),
	"pieces":   listField(pieceFields, "AIUsagePlanPiece", (*answer.Plan).Pieces),
	"sessions": listField(spanFields, "AIUsageSpan", (*answer.Plan).Sessions),
	"kept":     listField(spanFields, "AIUsageSpan", (*answer.Plan).Kept),
}

var pieceFields = fields[answer.Piece]{
	"grain":    textField(func(p *answer.Piece) string { return string(p.Grain) }),
	"timeZone": textField(func(p *answer.Piece) string { return p.TimeZone }),
	"sign":     smallField(func(p *answer.Piece) int32 { return p.Sign }),
	"from":     timeField(func(p *answer.Piece) *time.Time { return p.From }),
	"to":       timeField(func(p *answer.Piece) *time.Time { return p.To }),
}

var spanFields = fields[answer.Span]{
	"sign": smallField(func(s *answer.Span) int32 { return s.Sign }),
	"from": timeField(func(s *answer.Span) *time.Time { return s.From }),
	"to":   timeField(func(s *answer.Span) *time.Time { return s.To }),
}
