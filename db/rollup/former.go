package rollup

import (
	"context"
	"strings"
	"time"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// Gateways of an earlier version keep sums by hour, day and month of customers, with
// triggers, changes and a state of their own. After the upgrade some of them may go on
// running: they fold their changes, rely on their sums alone, and drop sessions. This
// version folds nothing of theirs. It reads their sums until its own have been filled, adopts
// what is there of sessions that they have dropped, and retires their sums when nobody keeps
// them any more.

// formerState is the state of an earlier version's sums.
type formerState struct {
	*phase.State
	// installed tells whether there were such sums at any time, and kept whether their
	// tables are still there.
	installed, kept bool
}

// formerState reads the state of an earlier version's sums.
func (r *Rollups) formerState(ctx context.Context) (state formerState, err error) {
	if state.State, err = r.former.Refresh(ctx); err != nil {
		return formerState{}, err
	}
	err = r.db.GetContext(ctx, &state.installed, `SELECT COUNT(*) FROM usage_rollup_state WHERE state_id = 1`)
	if err != nil {
		return formerState{}, pool.Translate(err)
	}
	var tables int
	err = r.db.GetContext(ctx, &tables, `
		SELECT COUNT(*) FROM information_schema.TABLES
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('usage_rollups', 'usage_deltas')`)
	state.kept = tables == 2
	return state, pool.Translate(err)
}

// checkFormer has nobody read an earlier version's sums any more whose triggers are gone.
// Which text these have to have is known to gateways of that version.
func (r *Rollups) checkFormer(ctx context.Context) error {
	state, err := r.former.Refresh(ctx)
	if err != nil || state.Phase == phase.Raw {
		return err
	}
	present, err := r.presentTriggers(ctx, formerTriggers)
	if err != nil || len(present) == len(formerTriggers) {
		return pool.Translate(err)
	}
	return r.former.FallBack(ctx, "triggers of the gateway on ai_sessions are gone; the sums by level do not need them")
}

// abandonedAfter is how old the oldest change for an earlier version's sums gets before
// nobody seems to fold these any more. Its gateways fold every second.
const abandonedAfter = 10 * time.Minute

// retired is the reason why nobody is to read an earlier version's sums.
const retired = "the sums by hour have been retired, because gateways of a later version keep sums by level"

// RetireUnused retires an earlier version's sums when reports do not need them and none of
// its gateways seems to be running, or none relies on them.
func (r *Rollups) RetireUnused(ctx context.Context) error {
	state, err := r.phases.Refresh(ctx)
	if err != nil || !state.Usable() {
		return err
	}
	former, err := r.formerState(ctx)
	if err != nil || !former.installed {
		return err
	}
	if former.Phase != phase.Raw {
		age, err := r.oldestFormerChange(ctx)
		if err != nil || age < abandonedAfter {
			return err
		}
	}
	return r.retire(ctx, former)
}

// oldestFormerChange is how long the oldest change has been waiting to be added to an
// earlier version's sums, by the database's clock.
func (r *Rollups) oldestFormerChange(ctx context.Context) (age time.Duration, err error) {
	var seconds int64
	err = r.db.GetContext(ctx, &seconds, `
		SELECT TIMESTAMPDIFF(SECOND, recorded_at, CURRENT_TIMESTAMP) FROM usage_deltas ORDER BY delta_id LIMIT 1`)
	return time.Duration(seconds) * time.Second, pool.Translate(pool.IgnoreNoRows(err))
}

// retire has nobody rely on an earlier version's sums any more, and then nothing be
// recorded for them: in this order, so that no gateway of that version misses a change.
func (r *Rollups) retire(ctx context.Context, former formerState) error {
	if former.Phase != phase.Raw {
		if err := r.former.FallBack(ctx, retired); err != nil {
			return err
		}
	}
	err := r.dropTriggers(ctx, formerTriggers)
	if pool.HasNumber(err, pool.ErTableAccessDenied, pool.ErDBAccessDenied, pool.ErSpecificDenied) {
		return usage.Errorf(usage.Unavailable, "an administrator has to drop the triggers %s of an earlier version on ai_sessions, which the gateway's account may not",
			strings.Join(formerTriggers, ", "))
	}
	return pool.Translate(err)
}

// RetireFormer retires the sums that gateways of an earlier version keep, of which none is
// to be running any more: one that is reads sessions from then on. With drop, their tables
// go as well; one that is still running then answers with errors where sessions have been
// dropped. It returns whether there was anything to retire or to drop. The error is an
// Unavailable one while the sums by level cannot take their place.
func (r *Rollups) RetireFormer(ctx context.Context, drop bool) (done bool, err error) {
	former, err := r.formerState(ctx)
	if err != nil || !former.installed {
		return false, err
	}
	state, err := r.phases.Refresh(ctx)
	if err != nil {
		return false, err
	}
	if !state.Usable() {
		return false, usage.Errorf(usage.Unavailable, "the sums of the earlier version are still needed, because the new ones are not ready; run the migrate command")
	}
	present, err := r.presentTriggers(ctx, formerTriggers)
	if err != nil {
		return false, pool.Translate(err)
	}
	done = former.Phase != phase.Raw || len(present) > 0 || drop && former.kept
	if err := r.retire(ctx, former); err != nil || !drop {
		return done, err
	}
	for _, table := range []string{"usage_deltas", "usage_rollups"} {
		if _, err := r.db.ExecContext(ctx, `DROP TABLE IF EXISTS `+table); err != nil {
			return done, pool.Translate(err)
		}
	}
	r.former.Forget()
	return done, nil
}

// mustRetire refuses to drop sessions while an earlier version's sums are there that do not
// have all of them: a gateway of that version would go on to answer from what is left.
func (former formerState) mustRetire() error {
	if !former.installed || !former.kept || former.Phase == phase.Ready {
		return nil
	}
	return usage.Errorf(usage.Unavailable, "there are sums of an earlier version, which do not have everything; "+
		"end its gateways, and run the rollup retire command with --drop first")
}
