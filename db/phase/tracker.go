package phase

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/usage"
)

// Tracker reads and changes the state of a set of sums, and keeps what it was when it was
// last read. It is safe for concurrent use.
type Tracker struct {
	db  *pool.Pool
	set Set
	// known is the state as it was last read.
	known atomic.Pointer[State]
	// suspicion is why the rollups may be wrong, if somebody has noticed (Suspect).
	suspicion atomic.Pointer[string]
}

// NewTracker returns a Tracker of a set that has not read anything yet.
func NewTracker(db *pool.Pool, set Set) *Tracker { return &Tracker{db: db, set: set} }

// Read reads the state as it is. Without a row there never were such sums.
func (t *Tracker) Read(ctx context.Context) (*State, error) {
	state := &State{Set: t.set, Phase: Raw, Believed: true, Calendars: []usage.Calendar{usage.UTCCalendar}}
	quarters := "quarters_from"
	if t.set == Hours {
		quarters = "NULL"
	}
	err := t.db.GetContext(ctx, state, `
		SELECT phase, reason, generation, filled_to, corrections, raw_from, `+quarters+` AS quarters_from, `+t.set.believed()+` AS believed
		FROM `+t.set.table()+` WHERE state_id = 1`)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, pool.Translate(err)
	}
	if state.Phase != Ready && !state.RawFrom.Valid {
		return state, nil
	}
	state.data, err = t.set.Sums().Months(ctx, t.db)
	if t.set == Hours && state.Phase == Raw && pool.HasNumber(err, pool.ErNoSuchTable) {
		return state, nil // they have been dropped, and what they had is in the sums by level
	}
	if err != nil || t.set == Hours {
		return state, err
	}
	if state.Calendars, err = ReadyCalendars(ctx, t.db); err != nil {
		return nil, err
	}
	err = t.db.GetContext(ctx, &state.Accounts, `SELECT COALESCE((SELECT MAX(account_no) FROM usage_accounts), 0)`)
	return state, pool.Translate(err)
}

// Known returns the state as it was last read. Whoever relies on it has to
// compare its token with that of the snapshot it reads.
func (t *Tracker) Known(ctx context.Context) (*State, error) {
	if known := t.known.Load(); known != nil {
		return known, nil
	}
	return t.Refresh(ctx)
}

// Refresh reads the state anew for all who ask the tracker.
func (t *Tracker) Refresh(ctx context.Context) (*State, error) {
	state, err := t.Read(ctx)
	if err == nil {
		state.plans = newPlans()
		t.known.Store(state)
	}
	return state, err
}

// Change changes columns of the state and begins a new generation.
func (t *Tracker) Change(ctx context.Context, assignments string, args ...any) error {
	return t.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE `+t.set.table()+` SET `+assignments+`, generation = ?
			WHERE state_id = 1`, append(args, NewGeneration())...)
		t.Forget()
		return err
	})
}

// FallBack makes reports read raw sessions. Ranges in which some of those were
// dropped cannot be answered then.
func (t *Tracker) FallBack(ctx context.Context, reason string) error {
	state, err := t.Read(ctx)
	if err != nil || state.Phase == Raw && state.Reason == reason {
		return err
	}
	return t.Change(ctx, "phase = 'raw', filled_to = NULL, reason = ?", reason)
}

// Distrust makes reports read raw sessions and the rollups be compared with all
// sessions and repaired. reason says what was found. It does nothing, and says so,
// when the state is no longer the one that was seen: what was found may then be
// the work of whoever changed it, such as retention.
func (t *Tracker) Distrust(ctx context.Context, seen *State, reason string) (begun bool, err error) {
	result, err := t.db.ExecContext(ctx, `
		UPDATE `+t.set.table()+` SET phase = 'filling', filled_to = NULL, reason = ?, generation = ?
		WHERE state_id = 1 AND phase = 'ready' AND generation = ?`, reason, NewGeneration(), seen.Generation)
	t.Forget()
	if err != nil {
		return false, pool.Translate(err)
	}
	changed, err := result.RowsAffected()
	return changed > 0, err
}

// RefuseTooLarge makes reports read raw sessions where an error says that a sum does not fit
// in the tables, which nothing could be added to any more.
func (t *Tracker) RefuseTooLarge(ctx context.Context, err error) error {
	if !errors.Is(err, usage.ErrTooLarge) && !pool.HasNumber(err, pool.ErOutOfRange, pool.ErOutOfRangeColumn) {
		return err
	}
	return errors.Join(err, t.FallBack(ctx, "a sum of the rollups does not fit in 64 bits; correct the durations in ai_sessions, make the tables of the rollups anew with the migrate down command, and run the migrate command"))
}

// Suspect remembers a reason to distrust the rollups, for whoever looks after them.
func (t *Tracker) Suspect(reason string) { t.suspicion.Store(&reason) }

// Suspicion returns the reason to distrust the rollups that was remembered, or nothing.
func (t *Tracker) Suspicion() string {
	if reason := t.suspicion.Load(); reason != nil {
		return *reason
	}
	return ""
}

// ClearSuspicion forgets the reason to distrust the rollups.
func (t *Tracker) ClearSuspicion() { t.suspicion.Store(nil) }

// Forget forgets the state, which has just been changed, so that it is read anew.
func (t *Tracker) Forget() { t.known.Store(nil) }

// Lock locks the state, which must still be as it was seen.
func Lock(ctx context.Context, tx *sqlx.Tx, seen *State) error {
	now := State{Believed: seen.Believed}
	err := tx.GetContext(ctx, &now, `
		SELECT phase, generation, corrections FROM `+seen.Set.table()+` WHERE state_id = 1 FOR UPDATE`)
	if err == nil && !now.Is(seen) {
		return ErrChanged
	}
	return err
}
