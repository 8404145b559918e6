package answer

import (
	"context"
	"sync/atomic"

	"aiusage/usage"
)

// maxShownPoints bounds the points of all series in one answer, at up to a kilobyte
// each while it is put together.
const maxShownPoints = 500_000

type budgetKey struct{}

// WithBudget returns a context for one answer, in which its points are counted.
func WithBudget(ctx context.Context) context.Context {
	return context.WithValue(ctx, budgetKey{}, new(atomic.Int64))
}

// spend counts points of the answer. The error is an InvalidArgument when there
// are too many, and that of the context when nobody waits for the answer any more.
func spend(ctx context.Context, points int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	spent, counted := ctx.Value(budgetKey{}).(*atomic.Int64)
	if counted && spent.Add(int64(points)) > maxShownPoints {
		return usage.Invalid(usage.ArgGranularity,
			"all series of the answer together have too many points; narrow the range, take a larger %s or ask for fewer rows", usage.ArgGranularity)
	}
	return nil
}
