package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/usage"
)

// Phase says what reports are read from.
type Phase string

const (
	// Raw: from the sessions themselves, because there are no rollups.
	Raw Phase = "raw"
	// Filling: from the sessions themselves, while the rollups are being filled.
	Filling Phase = "filling"
	// Ready: from the rollups.
	Ready Phase = "ready"
)

// rollupState is the row of usage_rollup_state, and what else a plan rests on.
type rollupState struct {
	Phase       Phase        `db:"phase"`
	Reason      string       `db:"reason"`
	Generation  int64        `db:"generation"`
	FilledTo    sql.NullTime `db:"filled_to"`
	Corrections int64        `db:"corrections"`
	RawFrom     sql.NullTime `db:"raw_from"`
	// data are the months with usage when the state was read. There may be more.
	data usage.Range
}

// source is what usage is read from.
func (state *rollupState) source() usage.Source {
	if state.Phase == Ready {
		return usage.FromRollups
	}
	return usage.FromSessions
}

// readState reads the state as it is. Without a row there never were rollups.
func (s *Store) readState(ctx context.Context) (*rollupState, error) {
	state := &rollupState{Phase: Raw}
	err := s.db.GetContext(ctx, state, `
		SELECT phase, reason, generation, filled_to, corrections, raw_from
		FROM usage_rollup_state WHERE state_id = 1`)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, translate(err)
	}
	if state.Phase == Ready {
		if state.data, err = s.months(ctx); err != nil {
			return nil, err
		}
	}
	return state, nil
}

// months returns the span of the months with usage, which takes two look-ups.
func (s *Store) months(ctx context.Context) (usage.Range, error) {
	var first, last sql.NullTime
	err := s.db.QueryRowContext(ctx, `
		SELECT MIN(bucket), MAX(bucket) FROM usage_rollups WHERE grain = ?`, usage.Month).Scan(&first, &last)
	if err != nil || !first.Valid {
		return usage.Range{}, translate(err)
	}
	return usage.Range{From: first.Time, To: usage.Month.Next(last.Time)}, nil
}

// state returns the state as it was last read. Whoever relies on it has to
// compare its generation with that of the snapshot it reads (generation).
func (s *Store) state(ctx context.Context) (*rollupState, error) {
	if known := s.known.Load(); known != nil {
		return known, nil
	}
	return s.refreshState(ctx)
}

// refreshState reads the state anew for all who use the store.
func (s *Store) refreshState(ctx context.Context) (*rollupState, error) {
	state, err := s.readState(ctx)
	if err == nil {
		s.known.Store(state)
	}
	return state, err
}

// generation is the state's generation in the snapshot of the statement around it.
const generation = "COALESCE((SELECT generation FROM usage_rollup_state WHERE state_id = 1), 0)"

// errStateChanged says that a plan rested on a state of before.
var errStateChanged = errors.New("the rollups have just been changed")

// planned runs a statement that do plans on the state, again when the state it
// saw was not that of the snapshot it read (errStateChanged).
func (s *Store) planned(ctx context.Context, do func(*rollupState) error) error {
	state, err := s.state(ctx)
	for attempt := 0; err == nil; attempt++ {
		if err = do(state); !errors.Is(err, errStateChanged) || attempt == attempts {
			break
		}
		state, err = s.refreshState(ctx)
	}
	return translate(err)
}

// changeState changes columns of the state and begins a new generation.
func (s *Store) changeState(ctx context.Context, assignments string, args ...any) error {
	return s.inTransaction(ctx, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE usage_rollup_state SET `+assignments+`, generation = generation + 1
			WHERE state_id = 1`, args...)
		s.known.Store(nil)
		return err
	})
}

// RollupStatus says how the rollups are, for operators.
type RollupStatus struct {
	Phase Phase
	// Reason says why reports read raw sessions and what to do about it. It is
	// empty when they do not.
	Reason string
	// FilledTo is how far filling has come, zero when it has not begun or is over.
	FilledTo time.Time
	// RawFrom is the instant before which sessions may have been dropped, or zero.
	RawFrom time.Time
	// Pending is the number of changes that are not folded yet, and Lag the age of
	// the oldest of them.
	Pending int64
	Lag     time.Duration
}

// RollupStatus reads how the rollups are.
func (s *Store) RollupStatus(ctx context.Context) (RollupStatus, error) {
	state, err := s.refreshState(ctx)
	if err != nil {
		return RollupStatus{}, err
	}
	status := RollupStatus{Phase: state.Phase, Reason: state.Reason, FilledTo: state.FilledTo.Time, RawFrom: state.RawFrom.Time}
	if state.Phase == Raw && status.Reason == "" {
		status.Reason = "the rollups are not installed; run the migrate command"
	}
	// The oldest change is the first one, but for transactions that took long.
	var lag sql.NullInt64
	err = s.db.QueryRowContext(ctx, `
		SELECT COUNT(*), (SELECT TIMESTAMPDIFF(SECOND, recorded_at, CURRENT_TIMESTAMP)
		                  FROM usage_deltas ORDER BY delta_id LIMIT 1)
		FROM usage_deltas`).Scan(&status.Pending, &lag)
	status.Lag = max(0, time.Duration(lag.Int64)*time.Second)
	return status, translate(err)
}
