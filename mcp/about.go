package mcp

import (
	"context"
	"time"

	"aiusage/export"
	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// About is what every answer says of itself.
type About struct {
	From     *string `json:"from" jsonschema:"where the range starts, inclusive (RFC 3339, in timeZone); null: at the beginning of time"`
	To       *string `json:"to" jsonschema:"where the range ends, exclusive; null: it has no end"`
	TimeZone string  `json:"timeZone" jsonschema:"the time zone of days, as an IANA name"`
	AsOf     string  `json:"asOf" jsonschema:"the instant, by the clock of the database, up to which all that was stored is in the answer"`
	Partial  bool    `json:"partial" jsonschema:"true: the range was not over at asOf, so the numbers may still grow"`
	Link     string  `json:"link" jsonschema:"the page that shows this to people who may see it"`
}

// about says of what an answer to a query is, which was read at an instant.
func (q *question) about(query usage.Query, asOf time.Time, shown view) About {
	return About{
		From: instant(query, query.Range.From), To: instant(query, query.Range.To), TimeZone: query.Zone.String(),
		AsOf: *instant(query, asOf), Partial: query.Range.To.IsZero() || query.Range.To.After(asOf),
		Link: q.link(query, shown),
	}
}

// instant returns an instant in the zone of a query, or nil for an open end.
func instant(query usage.Query, at time.Time) *string {
	shown := query.Show(at)
	if shown == nil {
		return nil
	}
	text := shown.Format(time.RFC3339Nano)
	return &text
}

// Span is a range beside that of the answer.
type Span struct {
	From *string `json:"from" jsonschema:"where it starts, inclusive (RFC 3339, in timeZone); null: at the beginning of time"`
	To   *string `json:"to" jsonschema:"where it ends, exclusive; null: it has no end"`
}

func spanOf(query usage.Query) Span {
	return Span{instant(query, query.Range.From), instant(query, query.Range.To)}
}

// Amount is an amount of use.
type Amount struct {
	Minutes  int64 `json:"aiMinutes" jsonschema:"billed minutes: each session rounded up to the whole minute, then summed"`
	Seconds  int64 `json:"aiSeconds" jsonschema:"the unrounded sum of the durations of sessions, in seconds"`
	Sessions int64 `json:"sessions" jsonschema:"the number of sessions"`
}

// amountOf returns an amount, or an OutOfRange error.
func amountOf(amount usage.Usage) (Amount, error) {
	return Amount{amount.Minutes, amount.Seconds, amount.Sessions}, amount.Fits()
}

// Whose is an account, or a customer of one.
type Whose struct {
	AccountID    string `json:"accountId" jsonschema:"the id of the account"`
	AccountName  string `json:"accountName,omitempty" jsonschema:"its name, where it has one"`
	CustomerID   string `json:"customerId,omitempty" jsonschema:"the id of the customer; absent in a row of customers: what belongs to no customer of the account"`
	CustomerName string `json:"customerName,omitempty" jsonschema:"its name, where it has one"`
}

// Counts say how many rows there are.
type Counts struct {
	Shown    int `json:"shown" jsonschema:"the rows of this answer"`
	Matching int `json:"matching" jsonschema:"the rows that search leaves"`
	All      int `json:"all" jsonschema:"all rows there are"`
}

// query returns the query that the arguments ask for. A range has both ends, so that there is a
// page that shows it, and what it can be compared with.
func (q *question) query(level usage.Level) (usage.Query, error) {
	if err := q.together(usage.ArgStartDate, usage.ArgEndDate); err != nil {
		return usage.Query{}, err
	}
	if q.given[usage.ArgCustomerID] != "" && q.given[usage.ArgAccountID] == "" {
		return usage.Query{}, usage.Invalid(usage.ArgCustomerID, "%s needs %s beside it: the id of a customer is unique within its account only",
			usage.ArgCustomerID, usage.ArgAccountID)
	}
	request := usage.Request{
		AccountID: q.given[usage.ArgAccountID], CustomerID: q.given[usage.ArgCustomerID], TimeZone: q.given[usage.ArgTimeZone],
		StartDate: q.given[usage.ArgStartDate], EndDate: q.given[usage.ArgEndDate],
		Period: usage.Period(usage.InCapitals(q.given[usage.ArgPeriod])), Level: level,
	}
	if request.Period == "" && request.StartDate == "" {
		request.Period = usage.Last30Days
	}
	return request.Query(q.Zone, q.now)
}

// together refuses one of two dates without the other.
func (q *question) together(start, end usage.Argument) error {
	switch {
	case q.given[start] != "" && q.given[end] == "":
		return usage.Invalid(end, "%s needs %s beside it: a range has both ends here", start, end).Accepting(usage.AnyDate)
	case q.given[start] == "" && q.given[end] != "":
		return usage.Invalid(start, "%s needs %s beside it: a range has both ends here", end, start).Accepting(usage.AnyDate)
	}
	return nil
}

// rows returns what is asked of rows by the parameters of exports, with more of them.
func (q *question) rows(more given, arguments ...usage.Argument) (export.Request, error) {
	if err := q.together(export.ArgCompareFrom, export.ArgCompareTo); err != nil {
		return export.Request{}, err
	}
	var parameters export.Parameters
	for _, argument := range arguments {
		value := q.given[argument]
		if value == "" {
			value = more[argument]
		}
		if err := parameters.Set(argument, value); err != nil {
			return export.Request{}, err
		}
	}
	return parameters.Request()
}

// inSnapshot reads rows of a query in its turn, from one state of the database.
func (q *question) inSnapshot(query usage.Query, read func(context.Context, usage.Snapshot) error) error {
	return q.inTurn(query, func(ctx context.Context) error {
		snapshot := q.Resolver.Snapshot(ctx)
		defer snapshot.Close()
		return read(ctx, snapshot)
	})
}

// inReading reads the report of a query in its turn, and what belongs to it from the same state
// of the database.
func (q *question) inReading(query usage.Query, read func(context.Context, *answer.Report) error) error {
	return q.inTurn(query, func(ctx context.Context) error {
		ctx, reading := q.Resolver.Reading(ctx)
		defer reading.Close()
		report, err := reading.Report(query)
		if err != nil {
			return err
		}
		return read(ctx, report)
	})
}
