package resolvers

import (
	"time"

	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// The plain fields of the schema. One that is missing here is answered in the
// ordinary way.

var reportFields = fields[answer.Report]{
	"from":     timeField(func(r *answer.Report) *time.Time { return r.From() }),
	"to":       timeField(func(r *answer.Report) *time.Time { return r.To() }),
	"timeZone": textField(func(r *answer.Report) string { return r.TimeZone() }),
	"asOf":     timeField(func(r *answer.Report) *time.Time { return &r.AsOf }),
	"totals":   objectField(totalsFields, "AIUsageTotals", func(r *answer.Report) *usage.Usage { return &r.Totals }),
	"accountUsage": listField(accountFields, "AIAccountUsage",
		func(r *answer.Report) []usage.AccountUsage { return r.Accounts }),
	"customerUsage": listField(customerFields, "AICustomerUsage",
		func(r *answer.Report) []usage.SubjectUsage { return r.Customers }),
}

var totalsFields = fields[usage.Usage]{
	"aiMinutes": numberField(func(u *usage.Usage) int64 { return u.Minutes }),
	"aiSeconds": numberField(func(u *usage.Usage) int64 { return u.Seconds }),
	"sessions":  numberField(func(u *usage.Usage) int64 { return u.Sessions }),
}

var accountFields = fields[usage.AccountUsage]{
	"accountId": textField(func(a *usage.AccountUsage) string { return a.AccountID }),
	"aiMinutes": minutesField(func(a *usage.AccountUsage) usage.Usage { return a.Usage }),
	"aiSeconds": numberField(func(a *usage.AccountUsage) int64 { return a.Seconds }),
	"sessions":  numberField(func(a *usage.AccountUsage) int64 { return a.Sessions }),
	"withoutCustomer": objectField(totalsFields, "AIUsageTotals",
		func(a *usage.AccountUsage) *usage.Usage { return &a.WithoutCustomer }),
}

var customerFields = fields[usage.SubjectUsage]{
	"accountId":  textField(func(s *usage.SubjectUsage) string { return s.AccountID }),
	"customerId": textField(func(s *usage.SubjectUsage) string { return s.CustomerID }),
	"aiMinutes":  minutesField(func(s *usage.SubjectUsage) usage.Usage { return s.Usage }),
	"aiSeconds":  numberField(func(s *usage.SubjectUsage) int64 { return s.Seconds }),
	"sessions":   numberField(func(s *usage.SubjectUsage) int64 { return s.Sessions }),
}
