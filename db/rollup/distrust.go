package rollup

import (
	"context"

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
