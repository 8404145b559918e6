package rollup

import (
	"context"
	"errors"

	"aiusage/db/pool"
	"aiusage/usage"
)

// resolve distrusts the rollups where there is a suspicion. The error then says so.
func (r *Rollups) resolve(ctx context.Context) error {
	reason := r.phases.Suspicion()
	if reason == "" {
		return nil
	}
	state, err := r.phases.Read(ctx)
	if err != nil {
		return err
	}
	begun, err := r.phases.Distrust(ctx, state, reason)
	if err != nil {
		return err
	}
	r.phases.ClearSuspicion()
	if !begun {
		return nil // it has been settled, or is being settled
	}
	return usage.Errorf(usage.Unavailable, "%s; reports read raw sessions until the rollups are repaired", reason)
}

// refuseTooLarge makes reports read raw sessions where a sum does not fit in the
// rollups, which nothing could be added to any more.
func (r *Rollups) refuseTooLarge(ctx context.Context, err error) error {
	if !errors.Is(err, usage.ErrTooLarge) && !pool.HasNumber(err, pool.ErOutOfRange, pool.ErOutOfRangeColumn) {
		return err
	}
	return errors.Join(err, r.phases.FallBack(ctx, "a sum of the rollups does not fit in 64 bits; correct the durations in ai_sessions, make the tables of the rollups anew with the migrate down command, and run the migrate command"))
}
