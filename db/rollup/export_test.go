package rollup

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/usage"
)

// LockSessions keeps writers from the sessions of a span until tx ends.
func LockSessions(ctx context.Context, tx *sqlx.Tx, span usage.Range) error {
	return lockSessions(ctx, tx, span)
}

// EndOfNextDay is the end of the next day with sessions.
func (r *Rollups) EndOfNextDay(ctx context.Context, from, before time.Time) (time.Time, error) {
	return r.endOfNextDay(ctx, from, before)
}

// TakeTurn takes the turn to fold, or keeps it, unless another process has it.
func (r *Rollups) TakeTurn(ctx context.Context) (bool, error) { return r.turn.take(ctx, r.db) }
