package main

import (
	"cmp"
	"slices"
	"time"

	"aiusage/usage"
)

// question is what is asked, in one time zone.
type question struct {
	name string
	zone zone
	// request has dates in the zone, or instants.
	request usage.Request
	// accounts asks as somebody who may see these only.
	accounts []string
	// level is what usage is told apart by; daily asks for it day by day.
	level usage.Level
	daily bool
	// document is what is asked over HTTP.
	document *document
	// target is what its time in the store is held to, if anything.
	target target
}

// zone is a time zone, and whether it is the gateway's default.
type zone struct {
	name      string
	isDefault bool
}

func (z zone) String() string {
	if z.isDefault && z.name != "UTC" {
		return z.name + " (default)"
	}
	return z.name
}

// The zones that are asked for: one is a calendar that sums may be kept for, one differs
// from UTC by hours that change, and one by hours and a half.
const (
	berlin  = "Europe/Berlin"
	kolkata = "Asia/Kolkata"
)

// query is the question as the store is asked it.
func (q question) query() (usage.Query, error) {
	request := q.request
	request.TimeZone = q.zone.name
	query, err := request.Query(nil, time.Time{})
	query.Accounts = q.accounts
	return query, err
}

// questionsIn are those that are asked in a zone. The last month and the last year there
// are sessions of are asked for, of everybody, of all accounts or customers, of one
// account, and of the 50 that somebody may see.
func questionsIn(z zone, who population) []question {
	const march, last, year = "2026-03-01", "2026-03-31", "2025-04-01"
	month, allYear := usage.Request{StartDate: march, EndDate: last}, usage.Request{StartDate: year, EndDate: last}
	of := func(account string, request usage.Request) usage.Request {
		request.AccountID = account
		return request
	}
	one, some := who.one(), who.some()
	questions := []question{
		{name: "totals, one month", request: month, document: totals, target: likeLookUp},
		{name: "totals, odd days", request: usage.Request{StartDate: "2025-06-13", EndDate: "2026-02-21"}, document: totals, target: likeLookUp},
		{name: "all accounts, one month", request: month, level: usage.ByAccount, document: accounts},
		{name: "one account's customers, one month", request: of(one, month), level: usage.ByCustomer, document: customers},
		{name: "all customers, one month", request: month, level: usage.ByCustomer, document: customers, target: likeNumbers},
		{name: "all customers, the first month", request: usage.Request{StartDate: year, EndDate: "2025-04-30"}, level: usage.ByCustomer, document: customers},
		{name: "all customers, a year", request: allYear, level: usage.ByCustomer, document: customers},
		{name: "everybody, daily for a year", request: allYear, daily: true, document: series, target: seriesOfAll},
		{name: "one account, daily for a year", request: of(one, allYear), daily: true, document: series, target: seriesOfOne},
		{name: "50 accounts with customers, one month", request: month, accounts: some, level: usage.ByCustomer, document: accountsWithCustomers},
		{name: "50 accounts with customers, daily for a month", request: month, accounts: some, level: usage.ByCustomer, daily: true, document: customersDaily},
		{name: "dashboard, one month", request: month, document: dashboard},
	}
	if z.name == "UTC" {
		questions = append(questions,
			question{name: "totals, odd quarters of an hour", document: totals, target: likeLookUp,
				request: usage.Request{StartDate: "2025-06-13T07:15:00Z", EndDate: "2026-02-21T19:45:00Z"}},
			question{name: "one account's customers, two odd instants", level: usage.ByCustomer, document: customers,
				request: of(one, usage.Request{StartDate: "2025-06-13T07:23:11.417Z", EndDate: "2026-02-21T19:48:02.003Z"})},
			question{name: "all customers, everything", level: usage.ByCustomer, document: customers})
		// These are what old callers ask.
		for i := range questions {
			if questions[i].document == customers {
				questions[i].document = legacyCSV
			}
		}
	}
	for i := range questions {
		questions[i].zone = z
	}
	return questions
}

// row is a part of an answer, whoever gave it: whose usage, on which day, and how much.
type row struct {
	account, customer string
	// day is the date in the zone of the question, in days since 1970, where it asks day
	// by day.
	day int64
	usage.Usage
}

// ordered sorts the rows of an answer and leaves out those without usage, since not
// every way of asking has them.
func ordered(rows []row) []row {
	rows = slices.DeleteFunc(rows, func(r row) bool { return r.Sessions == 0 })
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.customer, b.customer), cmp.Compare(a.day, b.day))
	})
	return rows
}

// sum is what the rows add up to.
func sum(rows []row) (total usage.Usage) {
	for _, r := range rows {
		total = total.Plus(r.Usage)
	}
	return total
}

// dateOf returns the date of an instant in a zone, in days since 1970.
func dateOf(t time.Time, zone *time.Location) int64 {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
}
