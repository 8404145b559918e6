package rollup

import (
	"context"
	"fmt"

	"aiusage/db/member"
	"aiusage/db/pool"
)

// replicaObstacle is why there are no sums in a replica whose tables are its own.
const replicaObstacle = "the server is a replica, in which triggers do not see what its replication writes"

// MarkOwnTables notes that the gateway's tables are this server's own, now or once it is a
// replica.
func (r *Rollups) MarkOwnTables(ctx context.Context) error {
	_, err := r.db.ExecContext(ctx, fmt.Sprintf(`
		INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (%d, '%s', @@server_id, 0, 0)
		ON DUPLICATE KEY UPDATE phase = VALUES(phase), reason = VALUES(reason)`, member.OwnTablesMark, member.OwnTablesPhase))
	return pool.Translate(err)
}
