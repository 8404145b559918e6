package usage

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The time is up at the limit, and never without one; whatever is asked for ends with its
// context, too.
func TestHowLongSomethingMayTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for limit, late := range map[time.Duration]bool{time.Second: true, 0: false, -time.Second: false} {
			ctx, cancel := Bounded(t.Context(), limit)
			time.Sleep(time.Second - time.Nanosecond)
			if IsLate(ctx) || ctx.Err() != nil {
				t.Errorf("%v: over before it is", limit)
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if IsLate(ctx) != late || (ctx.Err() != nil) != late {
				t.Errorf("%v: late %v, %v", limit, IsLate(ctx), ctx.Err())
			}
			cancel()
			outer, end := context.WithCancel(t.Context())
			inner, cancel := Bounded(outer, limit)
			if end(); inner.Err() == nil {
				t.Errorf("%v: goes on after its context", limit)
			}
			cancel()
		}
	})
}
