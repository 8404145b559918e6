package usage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Step is the size of a series' buckets in the time zone of its query.
type Step string

// The steps. A week begins on Monday (ISO 8601).
const (
	QuarterHourly Step = "QUARTER_HOUR"
	Hourly        Step = "HOUR"
	Daily         Step = "DAY"
	Weekly        Step = "WEEK"
	Monthly       Step = "MONTH"
	Yearly        Step = "YEAR"
)

// Steps are all steps, the shortest first.
var Steps = []Step{QuarterHourly, Hourly, Daily, Weekly, Monthly, Yearly}

// Subject names whose usage it is: everybody's (both ids empty), an account's
// (CustomerID empty) or a customer's. At the level ByCustomer an empty CustomerID
// stands for the account's sessions without a customer.
type Subject struct{ AccountID, CustomerID string }

// Trimmed returns a subject with its ids as the tables compare them.
func (s Subject) Trimmed() Subject { return Subject{TrimID(s.AccountID), TrimID(s.CustomerID)} }

// Compare orders subjects by account id, then by customer id.
func (s Subject) Compare(other Subject) int {
	return cmp.Or(strings.Compare(s.AccountID, other.AccountID), strings.Compare(s.CustomerID, other.CustomerID))
}

// Level is what usage is told apart by, from fine to coarse.
type Level int

const (
	// ByCustomer: each account together with one of its customers, or none.
	ByCustomer Level = iota
	// ByAccount: each account.
	ByAccount
	// Together: not at all.
	Together
)

// Of returns the subject at the level that a subject counts for.
func (l Level) Of(subject Subject) Subject {
	switch l {
	case ByCustomer:
		return subject
	case ByAccount:
		return Subject{AccountID: subject.AccountID}
	}
	return Subject{}
}

// SeriesQuery asks for usage over time.
type SeriesQuery struct {
	Query
	Step Step
	// Subjects are those that are asked for, each once; nil means all that the
	// query finds.
	Subjects []Subject
	// AddedUp is what the points are added up to tell usage apart by, so that none of them is
	// shown and there may be more of them. Empty, they are a series.
	AddedUp Dimension
}

// Point is the usage of one bucket. Its range is the part of the bucket that is
// in the range of the query.
type Point struct {
	Range
	Usage
}

// SeriesSet is usage over time, of any number of subjects.
type SeriesSet struct {
	Query SeriesQuery
	// AsOf is as in Report.
	AsOf time.Time
	// Source and Plan say what it was read from.
	Source Source
	Plan   Plan
	// Buckets are those of every series: the whole range, in order. Ends that the
	// query left open are where the usage that it asks for begins, and the later of AsOf and
	// where that ends.
	Buckets []Range
	// amounts are those of each subject with usage, one for each bucket. The parts of
	// an answer may spell a subject in two ways, so its ids are trimmed.
	amounts map[Subject][]Usage
}

// NewSeriesSet returns series without usage.
func NewSeriesSet(query SeriesQuery, buckets []Range) *SeriesSet {
	return &SeriesSet{Query: query, Buckets: buckets, amounts: map[Subject][]Usage{}}
}

// Add adds an amount to a subject's bucket. The error is an InvalidArgument when
// that makes more points than one answer may have, ErrTooLarge when the sum is too
// large, and a fault when there is no such bucket.
func (s *SeriesSet) Add(subject Subject, bucket int, amount Usage) error {
	if bucket < 0 || bucket >= len(s.Buckets) {
		return fmt.Errorf("usage in bucket %d of a series with %d", bucket, len(s.Buckets))
	}
	subject = subject.Trimmed()
	amounts := s.amounts[subject]
	if amounts == nil {
		if (len(s.amounts)+1)*len(s.Buckets) > MaxPointsTogether {
			if s.Query.AddedUp != "" {
				return s.Query.AddedUp.tooMany(MaxPointsTogether)
			}
			return Invalid(ArgGranularity, "the series of all rows together have more than %d points; narrow the range, take a larger %s or ask for fewer rows",
				MaxPointsTogether, ArgGranularity)
		}
		amounts = make([]Usage, len(s.Buckets))
		s.amounts[subject] = amounts
	}
	amounts[bucket] = amounts[bucket].Plus(amount)
	return amounts[bucket].Fits()
}

// LeaveOutUnused leaves out the subjects whose usage has come to nothing in every bucket:
// what was added to them has been taken away again.
func (s *SeriesSet) LeaveOutUnused() {
	maps.DeleteFunc(s.amounts, func(_ Subject, amounts []Usage) bool {
		return !slices.ContainsFunc(amounts, func(amount Usage) bool { return amount != Usage{} })
	})
}

// Points returns how many points the series of all subjects with usage have.
func (s *SeriesSet) Points() int { return len(s.amounts) * len(s.Buckets) }

// Any tells whether a condition holds for any amount.
func (s *SeriesSet) Any(condition func(Usage) bool) bool {
	for _, amounts := range s.amounts {
		if slices.ContainsFunc(amounts, condition) {
			return true
		}
	}
	return false
}

// Of returns the points of a subject, one for each bucket.
func (s *SeriesSet) Of(subject Subject) []Point {
	points := make([]Point, len(s.Buckets))
	amounts := s.amounts[subject.Trimmed()]
	for i, bucket := range s.Buckets {
		points[i].Range = bucket
		if amounts != nil {
			points[i].Usage = amounts[i]
		}
	}
	return points
}

// Buckets cuts a range without open ends into the buckets of a step in a zone.
// The first and the last bucket may be cut. The error is an InvalidArgument when
// there are too many.
func Buckets(r Range, step Step, zone *time.Location) ([]Range, error) {
	return SeriesQuery{Query: Query{Zone: zone}, Step: step}.Buckets(r)
}

// Buckets cuts a range without open ends into the buckets of the query, as the function does.
func (q SeriesQuery) Buckets(r Range) ([]Range, error) {
	limit := q.maxPoints()
	var buckets []Range
	for at := r.From; at.Before(r.To); {
		left := r.To.Unix() - at.Unix()
		if len(buckets) == limit || left/int64(q.Step.maxLength().Seconds()) > int64(limit) {
			if q.AddedUp != "" {
				return nil, q.AddedUp.tooMany(limit)
			}
			return nil, Invalid(ArgGranularity, "a series has at most %d points; narrow the range or take a larger %s", limit, ArgGranularity)
		}
		next, err := q.Step.next(at, q.Zone)
		if err != nil {
			return nil, err
		}
		if next.After(r.To) {
			next = r.To
		}
		if length := next.Unix() - at.Unix(); len(buckets) == 1 && length > 0 { // the first may be cut
			buckets = slices.Grow(buckets, int(min(left/length+2, int64(limit))))
		}
		buckets = append(buckets, Range{at, next})
		at = next
	}
	return buckets, nil
}

// BucketsAtLeast returns how many buckets of the query a range without open ends has at least:
// hardly fewer than Buckets makes, without making them, and 0 where that refuses them.
func (q SeriesQuery) BucketsAtLeast(r Range) int {
	length := int64(24 * 3600)
	switch q.Step {
	case QuarterHourly:
		length = 900
	case Hourly:
		length = 3600
	case Weekly:
		length *= 7
	case Monthly:
		length *= 31
	case Yearly:
		length *= 366
	}
	// Clocks that are put back make some longer, by less than two days in all.
	least := max(0, r.To.Unix()-r.From.Unix()-2*24*3600) / length
	if least > int64(q.maxPoints()) {
		return 0
	}
	return int(least)
}

// maxLength is more than the length of any bucket.
func (s Step) maxLength() time.Duration {
	const day = 24 * time.Hour
	switch s {
	case QuarterHourly:
		return 30 * time.Minute
	case Hourly:
		return 2 * time.Hour
	case Daily:
		return 3 * day
	case Weekly:
		return 9 * day
	case Yearly:
		return 368 * day
	}
	return 34 * day
}

// next returns where the bucket that holds an instant ends.
func (s Step) next(t time.Time, zone *time.Location) (time.Time, error) {
	switch s {
	case QuarterHourly:
		return nextOnClock(t, zone, 15*time.Minute), nil
	case Hourly:
		return nextOnClock(t, zone, time.Hour), nil
	}
	year, month, day := t.In(zone).Date()
	switch s {
	case Daily:
		day++
	case Weekly:
		day += 7 - sinceMonday(t, zone)
	case Monthly:
		month, day = month+1, 1
	case Yearly:
		year, month, day = year+1, 1, 1
	default:
		return time.Time{}, Invalid(ArgGranularity, "%s %s is not one of a series", ArgGranularity, Sent(s))
	}
	next := wallClockAt(year, month, day, 0, 0, 0, 0).in(zone)
	if !next.After(t) {
		// The zone skipped to behind that midnight: the bucket ends with the next one.
		next = wallClockAt(year, month, day, 0, 0, 0, 0).nextDay().in(zone)
	}
	return next.UTC(), nil
}

// nextOnClock returns the next full hour, or quarter of one, on the clocks of a zone.
// Where they are put back by so much, the repeated time counts once on each side; where
// they are moved by part of it, an hour or a quarter is cut there.
func nextOnClock(t time.Time, zone *time.Location, length time.Duration) time.Time {
	local := t.In(zone)
	_, offset := local.Zone()
	seconds := int64(length / time.Second)
	into := (t.Unix() + int64(offset)) % seconds
	if into < 0 {
		into += seconds
	}
	next := time.Unix(t.Unix()-into+seconds, 0).UTC()
	if until, changes := nextChange(local, next); changes {
		return until.UTC()
	}
	return next
}

// BucketRun is a run of neighbouring spans of the same length, so that a division tells in
// which of them an instant is.
type BucketRun struct {
	From   time.Time
	Length time.Duration
	// First is the index of its first span, and Count how many there are.
	First, Count int
}

// BucketRuns cuts spans, which must be in order and apart, into runs. The lengths of those
// of more than one are whole seconds.
func BucketRuns(spans []Range) []BucketRun {
	var runs []BucketRun
	for i, span := range spans {
		length := span.To.Sub(span.From)
		if last := len(runs) - 1; last >= 0 && runs[last].Length == length && length%time.Second == 0 && spans[i-1].To.Equal(span.From) {
			runs[last].Count++
			continue
		}
		runs = append(runs, BucketRun{span.From, length, i, 1})
	}
	return runs
}
