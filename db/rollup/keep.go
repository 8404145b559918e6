package rollup

import (
	"context"
	"errors"
	"sync"
	"time"

	"aiusage/db/check"
	"aiusage/db/member"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// How often a gateway folds, and how often it looks whether changes are still
// recorded and the rollups filled.
const (
	foldEvery  = time.Second
	checkEvery = 30 * time.Second
)

// KeepRollups does what a running gateway has to do for the rollups until ctx
// ends: it folds, it writes the heartbeat, it completes filling that was interrupted, and it compares sums
// with sessions and repairs them. Any number of gateways may do so at the same
// time. Where the server repeats what is written on another, it does nothing.
// Failures are handed to report; the next round may succeed.
func (r *Rollups) KeepRollups(ctx context.Context, report func(error)) {
	compare := r.NewComparer()
	var group sync.WaitGroup
	for _, round := range []struct {
		every time.Duration
		do    func(context.Context) error
	}{
		{foldEvery, r.FoldRound},
		{beatEvery, r.Beat},
		{checkEvery, func(ctx context.Context) error { return r.lookAfter(ctx, compare) }},
	} {
		group.Go(func() { repeatedly(ctx, round.every, round.do, report) })
	}
	group.Wait()
}

// lookAfter does what KeepRollups does every half minute: it compares and checks the sums.
func (r *Rollups) lookAfter(ctx context.Context, compare *check.Comparer) error {
	server, err := r.db.Member(ctx)
	if err != nil {
		return err
	}
	return r.lookAfterOn(ctx, server, compare)
}

// lookAfterOn does so on a server, where that is for this gateway to do: those
// of a replica come from its primary, and writing them there would end the replication.
func (r *Rollups) lookAfterOn(ctx context.Context, server member.Member, compare *check.Comparer) error {
	if !server.Folds() {
		return nil
	}
	// What an earlier version has dropped meanwhile is not to be taken for a difference.
	if err := r.Adopt(ctx, nil); err != nil {
		return err
	}
	_, err := compare.Round(ctx)
	return errors.Join(err, r.CheckRound(ctx))
}

// folding is how folding goes in this process.
type folding struct {
	mu sync.Mutex
	// oldest is the number of the oldest change there is, and since is when it
	// became that.
	oldest uint64
	since  time.Time
	// failures counts those in a row.
	failures int
}

// How long the oldest change may stay, and how often folding may fail in a row,
// before something is wrong.
const (
	stuckAfter  = time.Minute
	failedOften = 3
)

// stuck says why folding does not get on at an instant, if so.
func (f *folding) stuck(now time.Time) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.failures >= failedOften:
		return "changes cannot be folded"
	case f.oldest > 0 && now.Sub(f.since) > stuckAfter:
		return "no change has been folded for a minute"
	}
	return ""
}

// note keeps how a round of folding ended at an instant: with this oldest change left
// (0: none).
func (f *folding) note(now time.Time, oldest uint64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.failures++
		return
	}
	f.failures = 0
	if oldest != f.oldest {
		f.oldest, f.since = oldest, now
	}
}

// FoldRound does what KeepRollups does every second: it folds, and notes how it went.
func (r *Rollups) FoldRound(ctx context.Context) error {
	server, err := r.db.Member(ctx)
	var oldest uint64
	if err == nil {
		oldest, err = r.foldOn(ctx, server)
	}
	if ctx.Err() == nil {
		r.folding.note(r.Now(), oldest, err)
	}
	return err
}

// foldOn folds where that is for this gateway to do, and returns the number of the oldest change
// that keeps somebody waiting, or 0. While reports read raw sessions nobody relies on it, and
// whatever keeps them from the rollups may keep folding from its work; but where triggers still
// record, changes would pile up.
func (r *Rollups) foldOn(ctx context.Context, server member.Member) (oldest uint64, err error) {
	if !server.Folds() {
		return 0, nil
	}
	state, err := r.phases.Known(ctx)
	if err != nil {
		return 0, err
	}
	fold := r.foldIfAny
	if isShared(server) {
		fold = r.foldInTurn
	}
	oldest, err = fold(ctx)
	if state.Phase == phase.Raw {
		return 0, nil
	}
	return oldest, err
}

// foldIfAny folds where there are changes, and returns the number of the oldest one
// that is left, or 0.
func (r *Rollups) foldIfAny(ctx context.Context) (oldest uint64, err error) {
	oldest, err = r.oldestChange(ctx)
	if err != nil || oldest == 0 {
		return oldest, err
	}
	if _, err = r.Fold(ctx, nil); err != nil {
		return 0, err
	}
	return r.oldestChange(ctx)
}

// oldestChange returns the number of the oldest change that is not folded, or 0.
func (r *Rollups) oldestChange(ctx context.Context) (oldest uint64, err error) {
	err = r.db.GetContext(ctx, &oldest, `SELECT change_id FROM usage_changes ORDER BY change_id LIMIT 1`)
	return oldest, pool.Translate(pool.IgnoreNoRows(err))
}

// CheckRound does once what KeepRollups does every half minute, beside comparing: it checks
// that changes are recorded, settles suspicions, fills, and retires an earlier version's
// sums that nobody uses any more. It returns an error when reports have to read raw sessions
// from now on.
func (r *Rollups) CheckRound(ctx context.Context) error {
	before, err := r.phases.Known(ctx)
	if err != nil {
		return err
	}
	told := r.resolve(ctx)
	if err := r.CheckRollups(ctx); err != nil {
		return errors.Join(told, err)
	}
	now, err := r.phases.Known(ctx)
	if err != nil {
		return err
	}
	if now.Phase == phase.Raw && before.Phase != phase.Raw {
		return usage.Errorf(usage.Unavailable, "reports read raw sessions from now on: %s", now.Reason)
	}
	if err := r.FillRollups(ctx, nil); err != nil {
		return errors.Join(told, err)
	}
	return errors.Join(told, r.RetireUnused(ctx))
}

// repeatedly calls do at once and then every so often until ctx ends.
func repeatedly(ctx context.Context, every time.Duration, do func(context.Context) error, report func(error)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := usage.Safely(func() error { return do(ctx) }); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
