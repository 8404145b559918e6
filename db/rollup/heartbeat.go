package rollup

import (
	"context"
	"fmt"
	"time"

	"aiusage/db/member"
	"aiusage/db/pool"
)

// beatEvery is how often gateways write the heartbeat, all of them together.
const beatEvery = time.Second

// Beat does what KeepRollups does every second: it writes the heartbeat (member.HeartbeatRow),
// where other servers may follow this one, unless another gateway has just done so.
func (r *Rollups) Beat(ctx context.Context) error {
	server, err := r.db.Member(ctx)
	if err != nil {
		return err
	}
	return r.beatOn(ctx, server)
}

// beatOn writes the heartbeat on a server.
func (r *Rollups) beatOn(ctx context.Context, server member.Member) error {
	if !server.Beats() {
		return nil
	}
	if isShared(server) {
		if taken, err := r.turn.take(ctx, r.db); err != nil || !taken {
			return isNoWriter(err)
		}
	}
	// The instant is that of the statement's begin: what was stored before comes before this in the
	// order in which others repeat it. One that is ahead of the clock is from before the clock was set.
	const now = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))"
	_, err := r.db.ExecContext(ctx, fmt.Sprintf(`
		INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (%d, '%s', '', %s, 0)
		ON DUPLICATE KEY UPDATE generation = CASE WHEN generation BETWEEN VALUES(generation) - %d AND VALUES(generation) THEN generation ELSE VALUES(generation) END`,
		member.HeartbeatRow, member.HeartbeatPhase, now, (beatEvery*9/10).Microseconds()))
	return isNoWriter(err)
}

// isNoWriter leaves out of an error that the account may not write: others write the heartbeat.
func isNoWriter(err error) error {
	if pool.HasNumber(err, pool.ErTableAccessDenied) {
		return nil
	}
	return pool.Translate(err)
}
