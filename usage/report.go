package usage

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// Request is a question as a caller puts it: every value still text, an empty
// one meaning that it was not given.
type Request struct {
	// AccountID and CustomerID filter by id.
	AccountID, CustomerID string
	// Among filters by any of some ids, besides; nil does not. A pointer keeps requests
	// comparable.
	Among *Among
	// StartDate and EndDate take the forms of DateForms.
	StartDate, EndDate string
	// TimeZone is an IANA name such as "Europe/Berlin".
	TimeZone string
	// Period is a range by its name, instead of StartDate and EndDate.
	Period Period
	// StartsBy and EndsBy are the arguments that StartDate and EndDate come from, where they
	// are others than ArgStartDate and ArgEndDate (In).
	StartsBy, EndsBy Argument
	// Level is how far the answer has to tell usage apart.
	Level Level
}

// Among are ids of which one is asked for. nil means all, and an empty list none. A
// customer id is that of a customer of any account.
type Among struct{ AccountIDs, CustomerIDs []string }

// Query is a question with every value resolved.
type Query struct {
	AccountID, CustomerID string
	// AccountIDs and CustomerIDs are the ids of which one was asked for, each once; nil means
	// all. Of AccountIDs, Accounts has those that matter.
	AccountIDs, CustomerIDs []string
	// Level is how far the answer has to tell usage apart. What is coarser can be read
	// faster; what is finer than asked for is not in the answer.
	Level Level
	// Accounts are the accounts that the answer may be of: those that whoever asks may see,
	// of AccountIDs where these are given. The filters above narrow them further. nil means
	// all, and an empty list none. Whatever reads for a query must obey it.
	Accounts []string
	Range    Range
	// StartsBy and EndsBy are the arguments that the ends of the range come from: dates, a
	// period, or none where an end is open or nobody has asked for the range itself.
	StartsBy, EndsBy Argument
	// Zone is the time zone in which days were understood. Never nil.
	Zone *time.Location
}

// Query resolves the request. Days and times without an offset are taken in
// the requested time zone, or in fallback (UTC if nil) when none was requested.
// now is the instant that a period is about. Every error is an InvalidArgument
// naming its argument.
func (r Request) Query(fallback *time.Location, now time.Time) (Query, error) {
	zone := fallback
	if zone == nil {
		zone = time.UTC
	}
	if r.TimeZone != "" {
		var err error
		if zone, err = LoadZone(ArgTimeZone, r.TimeZone); err != nil {
			return Query{}, err
		}
	}
	accountID, err := FilterID(ArgAccountID, r.AccountID)
	if err != nil {
		return Query{}, err
	}
	customerID, err := FilterID(ArgCustomerID, r.CustomerID)
	if err != nil {
		return Query{}, err
	}
	var among Among
	if r.Among != nil {
		among = *r.Among
	}
	accountIDs, err := FilterIDs(ArgAccountIDs, among.AccountIDs)
	if err != nil {
		return Query{}, err
	}
	customerIDs, err := FilterIDs(ArgCustomerIDs, among.CustomerIDs)
	if err != nil {
		return Query{}, err
	}
	span, err := r.span(zone, now)
	if err != nil {
		return Query{}, err
	}
	query := Query{
		AccountID: accountID, CustomerID: customerID, AccountIDs: accountIDs, CustomerIDs: customerIDs, Accounts: accountIDs,
		Level: r.Level, Range: span, Zone: zone,
	}
	query.StartsBy, query.EndsBy = r.endsBy()
	return query, nil
}

// endsBy returns the arguments that the ends of the range come from.
func (r Request) endsBy() (start, end Argument) {
	if r.Period != "" {
		return ArgPeriod, ArgPeriod
	}
	startsBy, endsBy := r.names()
	if r.StartDate != "" {
		start = startsBy
	}
	if r.EndDate != "" {
		end = endsBy
	}
	return start, end
}

// span returns the range that was asked for, by its name or by its dates.
func (r Request) span(zone *time.Location, now time.Time) (Range, error) {
	if r.Period == "" {
		startsBy, endsBy := r.names()
		return parseRange(startsBy, endsBy, r.StartDate, r.EndDate, zone)
	}
	if r.StartDate != "" || r.EndDate != "" {
		return Range{}, Invalid(ArgPeriod, "%s names a range already; it cannot go together with %s or %s", ArgPeriod, ArgStartDate, ArgEndDate).
			Accepting(Textf("%s alone", ArgPeriod), Textf("%s and %s, or one of them", ArgStartDate, ArgEndDate))
	}
	return r.Period.Range(now, zone)
}

// Within returns the query about those of its accounts that are among some (nil: all), whose ids
// have no spaces at their end.
func (q Query) Within(accounts []string) Query {
	switch {
	case accounts == nil:
	case q.Accounts == nil:
		q.Accounts = accounts
	default:
		q.Accounts = slices.DeleteFunc(slices.Clone(q.Accounts), func(id string) bool { return !slices.Contains(accounts, TrimID(id)) })
	}
	return q
}

// Whose names the subjects that the query is about and may be answered of: by the same text
// for the same ones, at whichever level and in whichever range.
func (q Query) Whose() string {
	return fmt.Sprintf("%q %q %#v %#v %#v", q.AccountID, q.CustomerID, q.AccountIDs, q.CustomerIDs, q.Accounts)
}

// About tells whether a subject is among those that the filters of the query leave.
func (q Query) About(subject Subject) bool {
	passes := func(id, one string, some []string) bool {
		same := func(other string) bool { return TrimID(other) == TrimID(id) }
		return id == "" || (one == "" || same(one)) && (some == nil || slices.ContainsFunc(some, same))
	}
	return passes(subject.AccountID, q.AccountID, q.AccountIDs) && passes(subject.CustomerID, q.CustomerID, q.CustomerIDs)
}

// OfCustomers tells whether the query is about some customers only.
func (q Query) OfCustomers() bool { return q.CustomerID != "" || q.CustomerIDs != nil }

// Usage is an amount of use.
type Usage struct {
	// Minutes is the sum of the sessions' AI minutes, each rounded up on its own.
	Minutes int64
	// Seconds is the unrounded sum of the sessions' durations.
	Seconds int64
	// Sessions is their count.
	Sessions int64
}

// Minutes32 returns Minutes as the 32-bit integer that the contracts give it. A
// sum beyond it is an OutOfRange error, never a wrapped number.
func (u Usage) Minutes32() (int32, error) {
	if u.Minutes > math.MaxInt32 || u.Minutes < math.MinInt32 {
		err := Errorf(OutOfRange, "%d AI minutes do not fit in the 32 bits of %s; narrow the range", u.Minutes, ArgAIMinutes)
		err.Argument = ArgAIMinutes
		return 0, err
	}
	return int32(u.Minutes), nil
}

// Plus adds two amounts. What leaves its 64 bits stays at their end, whatever is
// added afterwards (Fits).
func (u Usage) Plus(v Usage) Usage {
	return Usage{plus(u.Minutes, v.Minutes), plus(u.Seconds, v.Seconds), plus(u.Sessions, v.Sessions)}
}

// Minus subtracts an amount, as Plus adds it.
func (u Usage) Minus(v Usage) Usage {
	return Usage{plus(u.Minutes, negated(v.Minutes)), plus(u.Seconds, negated(v.Seconds)), plus(u.Sessions, negated(v.Sessions))}
}

// plus adds two numbers. An end of the type is no number, but what is beyond it.
func plus(a, b int64) int64 {
	switch sum := a + b; {
	case tooLarge(a):
		return a
	case tooLarge(b):
		return b
	case a > 0 && b > 0 && sum <= 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	default:
		return sum
	}
}

// negated negates a number. What is too large stays so, on the other side.
func negated(a int64) int64 {
	switch a {
	case math.MinInt64:
		return math.MaxInt64
	case math.MaxInt64:
		return math.MinInt64
	}
	return -a
}

func tooLarge(a int64) bool { return a == math.MaxInt64 || a == math.MinInt64 }

// Fits returns nil where every part of an amount is what was added up, and an
// OutOfRange error where a sum has left its 64 bits. It is never a wrapped number.
func (u Usage) Fits() error {
	if tooLarge(u.Minutes) || tooLarge(u.Seconds) || tooLarge(u.Sessions) {
		return ErrTooLarge
	}
	return nil
}

// ErrTooLarge says that a sum does not fit in 64 bits.
var ErrTooLarge = &Error{Code: OutOfRange, Message: "a sum does not fit in 64 bits; narrow the range"}

// SubjectUsage is the usage of one subject: an account together with one of
// its customers, or with none (CustomerID empty).
type SubjectUsage struct {
	AccountID  string
	CustomerID string
	Usage
}

// Subject returns whose usage it is.
func (s SubjectUsage) Subject() Subject {
	return Subject{AccountID: s.AccountID, CustomerID: s.CustomerID}
}

// AccountUsage is the usage of one account.
type AccountUsage struct {
	AccountID string
	Usage
	// WithoutCustomer is the part of Usage that belongs to no customer. The
	// rest is exactly the sum of the account's customers. At a coarser Level it is zero.
	WithoutCustomer Usage
}

// Report answers a Query.
type Report struct {
	Query Query
	// AsOf is the instant, by the database's clock, up to which all that was stored is in it, in
	// the report's time zone: that at which it was read, or an earlier one where the server
	// is behind another.
	AsOf time.Time
	// ReadAt is the instant at which it was read.
	ReadAt time.Time
	// Source and Plan say what it was read from.
	Source Source
	Plan   Plan
	// RetainedFrom is the instant from which single sessions are kept, or zero where all
	// of them are. Before it there are sums of quarter-hours, or of hours where an earlier
	// version of the gateway has dropped the sessions.
	RetainedFrom time.Time
	// Totals is the sum over Subjects.
	Totals Usage
	// Subjects has every subject with at least one session in the range,
	// ordered by account id, then customer id (by bytes), so that an account's
	// sessions without a customer come before its customers. It is empty, as Customers is
	// and Accounts may be, where the query's Level is coarser.
	Subjects []SubjectUsage
	// Accounts has one row per account in Subjects, in the same order, summed
	// from them, so that the two cannot disagree.
	Accounts []AccountUsage
	// Customers is Subjects without those that have no customer.
	Customers []SubjectUsage
}

// From returns the first instant of the range in the report's time zone, or nil
// when it starts at the beginning.
func (r *Report) From() *time.Time { return r.Query.Show(r.Query.Range.From) }

// To returns the instant at which the range ends, or nil when it has no end.
func (r *Report) To() *time.Time { return r.Query.Show(r.Query.Range.To) }

// Show moves an instant to the query's time zone, for people to read; the zero
// instant, an open end, is nil.
func (q Query) Show(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = q.Shown(t)
	return &t
}

// Shown is Show for what is no open end.
func (q Query) Shown(t time.Time) time.Time { return showIn(t, q.Zone) }

// showIn moves an instant to a zone for people to read. Offsets of long ago have
// seconds, and in some zones it is the year 10000 already, which RFC 3339 cannot
// write; such an instant is shown in UTC.
func showIn(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	if _, offset := local.Zone(); offset%60 != 0 || local.Year() < 1 || local.Year() > 9999 {
		return t.UTC()
	}
	return local
}

// TimeZone returns the IANA name of the report's time zone.
func (r *Report) TimeZone() string { return r.Query.Zone.String() }

// NewReport makes a report, read at an instant, and derives accounts, customers and totals from subjects, which must
// be ordered as Report.Subjects is, hold no subject twice, and be those of the query's
// level.
func NewReport(query Query, asOf time.Time, subjects []SubjectUsage) *Report {
	report := &Report{Query: query, AsOf: showIn(asOf, query.Zone), ReadAt: asOf}
	switch query.Level {
	case Together:
		for _, all := range subjects {
			report.Totals = report.Totals.Plus(all.Usage)
		}
		return report
	case ByAccount:
		for _, account := range subjects {
			report.Accounts = append(report.Accounts, AccountUsage{AccountID: account.AccountID, Usage: account.Usage})
			report.Totals = report.Totals.Plus(account.Usage)
		}
		return report
	}
	report.Subjects, report.Customers = subjects, subjects
	anonymous := 0
	for _, subject := range subjects {
		last := len(report.Accounts) - 1
		if last < 0 || report.Accounts[last].AccountID != subject.AccountID {
			report.Accounts = append(report.Accounts, AccountUsage{AccountID: subject.AccountID})
			last++
		}
		account := &report.Accounts[last]
		account.Usage = account.Plus(subject.Usage)
		if subject.CustomerID == "" {
			account.WithoutCustomer = subject.Usage
			anonymous++
		}
		report.Totals = report.Totals.Plus(subject.Usage)
	}
	if anonymous > 0 {
		report.Customers = withCustomer(subjects, len(subjects)-anonymous)
	}
	return report
}

// ReadBy says what the report was read from.
func (r *Report) ReadBy(source Source, plan Plan) *Report {
	r.Source, r.Plan = source, plan
	return r
}

// withCustomer returns the count subjects that have a customer.
func withCustomer(subjects []SubjectUsage, count int) []SubjectUsage {
	kept := make([]SubjectUsage, 0, count)
	for _, subject := range subjects {
		if subject.CustomerID != "" {
			kept = append(kept, subject)
		}
	}
	return kept
}

// Reporter answers requests. The GraphQL resolver implements it; the legacy
// door and the command line are handed it as a value.
//
// Errors are of type *Error where the caller can do something about them;
// any other error is a fault to be logged and reported as Internal.
type Reporter func(ctx context.Context, request Request) (*Report, error)

// Snapshot answers questions from one state of the database, so that the answers
// agree. It must be closed.
type Snapshot interface {
	Report(ctx context.Context, query Query) (*Report, error)
	Series(ctx context.Context, query SeriesQuery) (*SeriesSet, error)
	// Names returns the names of those that have one: of accounts, whose CustomerID
	// is empty, and of customers.
	Names(ctx context.Context, subjects []Subject) (map[Subject]string, error)
	// Sessions returns the sessions that a query asks for, in the order of their starts, or from
	// the last on where it is Backward.
	Sessions(ctx context.Context, query SessionsQuery) ([]ListedSession, error)
	Close() error
}
