package usage

import (
	"context"
	"time"
)

// Bounded returns the context of something that may take limit, or as long as ctx where
// the limit is 0 or below.
func Bounded(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// IsLate tells whether the time of a context is up. It looks at the clock, as a context
// may end some time later.
func IsLate(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return bounded && !time.Now().Before(deadline)
}
