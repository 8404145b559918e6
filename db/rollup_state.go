package db

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
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

// token stands for all of the state that a plan rests on: the generation, and in
// its sign whether reports may rely on the rollups. Whoever changes the phase
// alone, as a trigger may that cannot record a change, changes the token as well.
func (state *rollupState) token() int64 {
	if state.Phase == Ready {
		return state.Generation
	}
	return -state.Generation
}

// is tells whether nothing has happened to the state since another was read.
func (state *rollupState) is(other *rollupState) bool {
	return state.token() == other.token() && state.Phase == other.Phase && state.Corrections == other.Corrections
}

// token is that of the state in the snapshot of the statement around it.
const token = "COALESCE((SELECT CASE phase WHEN 'ready' THEN generation ELSE -generation END FROM usage_rollup_state WHERE state_id = 1), 0)"

// newGeneration returns a generation that was never used before, also not before
// the tables were made anew or restored from a backup: a gateway may still hold
// the state of then.
func newGeneration() int64 { return 1 + rand.Int64N(math.MaxInt64/2) }

// sourceOf is what usage is read from by a plan.
func (state *rollupState) sourceOf(plan usage.Plan) usage.Source {
	if state.Phase == Ready || len(plan.Pieces) > 0 {
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
	if state.Phase == Ready || state.RawFrom.Valid {
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
		SELECT MIN(bucket), MAX(bucket) FROM usage_rollups WHERE grain = ? AND bucket >= ?`, usage.Month, usage.Earliest).Scan(&first, &last)
	if err != nil || !first.Valid {
		return usage.Range{}, translate(err)
	}
	return usage.Range{From: first.Time, To: usage.Month.Next(last.Time)}, nil
}

// state returns the state as it was last read. Whoever relies on it has to
// compare its token with that of the snapshot it reads.
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
	if errors.Is(err, errStateChanged) {
		return usage.Errorf(usage.Unavailable, "the tables of the database are being changed; try again")
	}
	return translate(err)
}

// changeState changes columns of the state and begins a new generation.
func (s *Store) changeState(ctx context.Context, assignments string, args ...any) error {
	return s.inTransaction(ctx, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE usage_rollup_state SET `+assignments+`, generation = ?
			WHERE state_id = 1`, append(args, newGeneration())...)
		s.known.Store(nil)
		return err
	})
}

// RollupStatus says how the rollups are, for operators.
type RollupStatus struct {
	Phase Phase
	// Reason says why reports read raw sessions and what to do about it, or what was
	// wrong with the rollups while they are being repaired. It is empty when reports
	// read the rollups, and while these are being filled for the first time.
	Reason string
	// Distrusted tells that the rollups were found to differ from the sessions, which
	// reports read until that has been settled.
	Distrusted bool
	// Stuck says what keeps this process from folding, if anything. Reports are
	// exact, but take longer the more changes there are to add.
	Stuck string
	// Undated is the number of sessions whose start cannot be read, such as
	// '0000-00-00'. They count in reports without a range only.
	Undated int64
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
	status := RollupStatus{Phase: state.Phase, Reason: state.Reason, FilledTo: state.FilledTo.Time, RawFrom: state.RawFrom.Time, Stuck: s.folding.stuck()}
	if suspicion := s.suspicion.Load(); suspicion != nil && status.Reason == "" {
		status.Reason, status.Distrusted = *suspicion, true
	}
	if state.Phase == Filling && state.Reason != "" || strings.Contains(state.Reason, haveGone) {
		status.Distrusted = true
	}
	if state.Phase == Raw && status.Reason == "" {
		status.Reason = "the rollups are not installed; run the migrate command"
	}
	// The oldest change is the first one, but for transactions that took long.
	var lag sql.NullInt64
	err = s.db.QueryRowContext(ctx, `
		SELECT COUNT(*), (SELECT TIMESTAMPDIFF(SECOND, recorded_at, CURRENT_TIMESTAMP)
		                  FROM usage_deltas ORDER BY delta_id LIMIT 1),
		       CAST(COALESCE(SUM(CASE WHEN hour = ? THEN sessions ELSE 0 END), 0) +
		            COALESCE((SELECT SUM(sessions) FROM usage_rollups WHERE grain = ? AND bucket = ?), 0) AS DECIMAL(38, 0))
		FROM usage_deltas`, column.Undated, usage.Month, column.Undated).Scan(&status.Pending, &lag, (*column.Sum)(&status.Undated))
	status.Lag = max(0, time.Duration(lag.Int64)*time.Second)
	return status, translate(err)
}
