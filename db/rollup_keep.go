package db

import (
	"context"
	"sync"
	"time"

	"aiusage/usage"
)

// How often a gateway folds, and how often it looks whether changes are still
// recorded and the rollups filled.
const (
	foldEvery  = time.Second
	checkEvery = 30 * time.Second
)

// KeepRollups does what a running gateway has to do for the rollups until ctx
// ends: it folds, and it completes filling that was interrupted. Any number of
// gateways may do so at the same time. Failures are handed to report; the next
// round may succeed.
func (s *Store) KeepRollups(ctx context.Context, report func(error)) {
	var group sync.WaitGroup
	group.Go(func() { repeatedly(ctx, foldEvery, s.foldIfAny, report) })
	group.Go(func() { repeatedly(ctx, checkEvery, s.checkAndFill, report) })
	group.Wait()
}

func (s *Store) foldIfAny(ctx context.Context) error {
	state, err := s.state(ctx)
	if err != nil || state.Phase == Raw {
		return err
	}
	_, err = s.Fold(ctx, nil)
	return err
}

// checkAndFill returns an error when reports have to read raw sessions from now on.
func (s *Store) checkAndFill(ctx context.Context) error {
	before, err := s.state(ctx)
	if err != nil {
		return err
	}
	if err := s.CheckRollups(ctx); err != nil {
		return err
	}
	now, err := s.state(ctx)
	if err != nil {
		return err
	}
	if now.Phase == Raw && before.Phase != Raw {
		return usage.Errorf(usage.Unavailable, "reports read raw sessions from now on: %s", now.Reason)
	}
	return s.FillRollups(ctx, nil)
}

// repeatedly calls do at once and then every so often until ctx ends.
func repeatedly(ctx context.Context, every time.Duration, do func(context.Context) error, report func(error)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
