package rollup

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"aiusage/db/member"
	"aiusage/db/pool"
)

// Where every server of a cluster takes writes, none sees what another has locked. Gateways on
// several would fold the same changes, and all but one do it in vain, so they fold by turns: the one
// that has the turn keeps it for as long as it folds.

const (
	// turnRow is the row of usage_level_state, and turnPhase its phase, that says in reason who folds,
	// and in generation until when, in milliseconds since 1970.
	turnRow   = 4
	turnPhase = "turn"
	// turnLasts is how long a turn lasts when it is not taken again, as that of a gateway that has
	// ended.
	turnLasts = 10 * time.Second
)

// turn is the name that a process folds under.
type turn struct{ name string }

func newTurn() turn { return turn{rand.Text()} }

// take takes the turn, or keeps it, unless another process has it.
func (t turn) take(ctx context.Context, db *pool.Pool) (taken bool, err error) {
	const now = `CAST(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(3)) * 1000 AS SIGNED)`
	until := fmt.Sprintf("%s + %d", now, turnLasts.Milliseconds())
	// The assignments are made in this order: who has no turn any more loses it first.
	_, err = db.ExecContext(ctx, fmt.Sprintf(`
		INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (%d, '%s', ?, %s, 0)
		ON DUPLICATE KEY UPDATE
			reason = CASE WHEN generation < %s THEN VALUES(reason) ELSE reason END,
			generation = CASE WHEN reason = VALUES(reason) THEN VALUES(generation) ELSE generation END`, turnRow, turnPhase, until, now), t.name)
	if err == nil {
		err = db.GetContext(ctx, &taken, fmt.Sprintf(`SELECT reason = ? FROM usage_level_state WHERE state_id = %d`, turnRow), t.name)
	}
	return taken, pool.Translate(err)
}

// isShared tells whether gateways on other servers may fold as well.
func isShared(server member.Member) bool { return server.Kind == member.Galera || server.ManyPrimaries }

// foldInTurn folds where there are changes and nobody else does, and returns the number of the oldest
// one that is left, or 0.
func (r *Rollups) foldInTurn(ctx context.Context) (oldest uint64, err error) {
	oldest, err = r.oldestChange(ctx)
	if err != nil || oldest == 0 {
		return 0, err
	}
	taken, err := r.turn.take(ctx, r.db)
	if err != nil || !taken {
		return 0, err
	}
	last := r.Now()
	_, err = r.Fold(ctx, func(int) {
		if r.Now().Sub(last) > turnLasts/4 { // with many changes, it takes longer than a turn
			last = r.Now()
			_, _ = r.turn.take(ctx, r.db)
		}
	})
	if err != nil {
		return 0, err
	}
	return r.oldestChange(ctx)
}
