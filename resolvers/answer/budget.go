package answer

import (
	"context"
	"sync/atomic"
	"time"

	"aiusage/admission"
	"aiusage/observe"
	"aiusage/usage"
)

// maxValues bounds the values of one answer: of every row and point of its lists those
// that are selected, and one for each point that is read for it. A value is some 20
// bytes of the answer, and twice as many while it is put together. 100,000 rows with
// all their fields are within it, and so are as many points as may be read: each is a value
// that is read and at least one that is written.
const maxValues = 2 * usage.MaxPointsOfAnswer

// objectCost is how many values one counts for that gqlgen writes, and objectValues how
// many an object of a list has besides: gqlgen keeps some hundred bytes for each value
// until the answer is whole, and for each object a goroutine and maybe an error.
const (
	objectCost   = 4
	objectValues = 8
)

// Way is how a list is written.
type Way int

// The ways: past gqlgen, and by it.
const (
	Flat Way = iota
	Objects
)

// of returns what rows of so many values count for.
func (w Way) of(rows, values int) int64 {
	if w == Objects {
		values = objectCost * (values + objectValues)
	}
	return int64(rows) * int64(values)
}

// valueBytes is what a value takes that is written past gqlgen: some 20 bytes of the answer, and
// as many again where the text has been given more room than it needs.
const valueBytes = 50

// BytesOf returns about how many bytes an answer of so many values takes while it is put
// together. An answer has maxValues at most.
func BytesOf(values int, way Way) int64 {
	// Objects have few values each, mostly.
	return min(way.of(1, values), maxValues) * valueBytes
}

// budget is what one answer, or an attempt at a part of it, may still hold, and how
// long it may take. It is safe for concurrent use.
type budget struct {
	// whole is the budget that this one is a part of, or nil.
	whole *budget
	spent atomic.Int64
	// failed is why a series of the attempt could not be read, or nil.
	failed atomic.Pointer[error]
	limit  time.Duration
	// over is the error of who spent too much first.
	over atomic.Pointer[usage.Error]
	// ends is when the time is up, in nanoseconds since 1970; 0 until something is spent.
	ends atomic.Int64
}

// WithBudget returns a context for one answer, in which its values are counted. From the
// first of them on it may take limit (0: as long as ctx).
func WithBudget(ctx context.Context, limit time.Duration) context.Context {
	return withBudget(ctx, &budget{limit: limit})
}

// HasBudget tells whether the values of an answer are counted together with those of others.
func HasBudget(ctx context.Context) bool { return budgetOf(ctx) != nil }

// An Attempt is a way to put a part of an answer together that may turn out not to do.
type Attempt struct{ part *budget }

// Try returns the context of an attempt.
func Try(ctx context.Context) (context.Context, Attempt) {
	part := &budget{whole: budgetOf(ctx)}
	return withBudget(ctx, part), Attempt{part}
}

// Forget gives back what the attempt spent, so that the other way does not pay twice. What
// is beyond the budget stays so.
func (a Attempt) Forget() {
	if !a.part.exceeded() {
		a.part.whole.add(-a.part.spent.Load())
	}
}

// Failed returns why a series could not be read, which is the same for all rows of a list,
// or nil.
func (a Attempt) Failed() error {
	if err := a.part.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// fail notes why a series could not be read.
func fail(ctx context.Context, err error) {
	if b := budgetOf(ctx); b != nil {
		b.failed.CompareAndSwap(nil, &err)
	}
}

func (b *budget) add(values int64) {
	for ; b != nil; b = b.whole {
		b.spent.Add(values)
	}
}

// root returns the budget of the whole answer.
func (b *budget) root() *budget {
	for b.whole != nil {
		b = b.whole
	}
	return b
}

func (b *budget) exceeded() bool { return b.root().spent.Load() > maxValues }

// late begins the time of the answer, and tells whether it is over.
func (b *budget) late() bool {
	root := b.root()
	if root.limit <= 0 {
		return false
	}
	now := time.Now()
	root.ends.CompareAndSwap(0, now.Add(root.limit).UnixNano())
	return now.UnixNano() > root.ends.Load()
}

// Wanted returns why an answer need not be put together any further: nobody waits for it,
// or its time is up.
func Wanted(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b := budgetOf(ctx); b != nil && b.late() {
		return context.DeadlineExceeded
	}
	return nil
}

// SpendRows counts a list of rows, each of so many values. It is asked before they are
// written. The error is an InvalidArgument when the answer becomes too large, and as in
// Wanted.
func SpendRows(ctx context.Context, rows, values int, way Way) error {
	return spend(ctx, way.of(rows, values), errTooManyRows)
}

// SpendPoints is SpendRows for the points of a series.
func SpendPoints(ctx context.Context, points, values int, way Way) error {
	return spend(ctx, way.of(points, values), errTooManyPoints)
}

func spend(ctx context.Context, values int64, tooMany *usage.Error) error {
	if err := Wanted(ctx); err != nil {
		return err
	}
	b := budgetOf(ctx)
	if b == nil {
		return nil
	}
	if b.add(values); !b.exceeded() {
		return admission.Take(ctx, values*valueBytes)
	}
	root := b.root()
	if root.over.CompareAndSwap(nil, tooMany) {
		observe.From(ctx).Limited("values")
	}
	return root.over.Load()
}

var (
	errTooManyPoints = usage.Invalid(usage.ArgGranularity,
		"all series of the answer together have too many points; narrow the range, take a larger %s or ask for fewer rows", usage.ArgGranularity)
	errTooManyRows = usage.Invalid(argFirst,
		"all lists of the answer together have more than %d values; ask for fewer fields, or for fewer rows by %s of a connection", maxValues, argFirst)
)
