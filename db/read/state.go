package read

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/mirror"
	"aiusage/db/phase"
)

// maxPending bounds the changes that are counted to name a state. Where more wait to be
// folded, the state is about to change anyway.
const maxPending = 10_000

// State names what the snapshot shows of usage, by a text that is another one whenever
// that is, at the cost of a look-up. It is empty where nothing cheap can tell: where reports
// read the sessions of a server that does not say whether they have changed. Names of
// accounts and customers are not part of it. asOf is the instant that answers say they are of,
// and now that of the server's clock, which is the same but where the server is behind others.
func (s *Snapshot) State(ctx context.Context) (state string, asOf, now time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(); err != nil {
		return "", time.Time{}, time.Time{}, s.explain(err)
	}
	var shows Freshness
	hashes, err := s.reader.db.IsDolt(ctx)
	switch {
	case err != nil:
	case hashes:
		state, shows, err = stateByHash(ctx, s.tx)
	default:
		state, shows, err = stateByChanges(ctx, s.tx)
	}
	if err == nil {
		err = s.reader.TooOld(shows)
	}
	return state, shows.AsOf(), shows.Now, s.explain(err)
}

// stateByHash names the state of the embedded engine, which has a hash of each table.
func stateByHash(ctx context.Context, tx *sqlx.Tx) (string, Freshness, error) {
	var hash string
	var micros, heartbeat, token int64
	err := tx.QueryRowxContext(ctx, freshness+", "+mirror.Hash+", "+phase.Levels.TokenColumn()).Scan(&micros, &heartbeat, &hash, &token)
	return fmt.Sprint("hash ", hash, " ", token), freshnessOf(micros, heartbeat), err
}

// stateByChanges names the state where reports read the sums by level and the changes that
// wait. Every write appends a change, whose number is never used again, and only a fold takes
// changes away, which leaves another mark: with the same mark there are more changes, or
// nothing has been written. Sums are otherwise changed by what counts as a correction or
// makes a new generation. A table that was emptied or put in place of another tells no
// trigger, but has another instant of creation.
func stateByChanges(ctx context.Context, tx *sqlx.Tx) (string, Freshness, error) {
	var micros, heartbeat, token, corrections, folded, pending int64
	var created string
	err := tx.QueryRowxContext(ctx, fmt.Sprintf(`
		%s, %s,
		       COALESCE((SELECT corrections FROM usage_level_state WHERE state_id = 1), 0),
		       COALESCE((SELECT generation FROM usage_level_state WHERE state_id = %d), 0),
		       (SELECT COUNT(*) FROM (SELECT change_id FROM usage_changes LIMIT %d) AS waiting),
		       COALESCE((SELECT CAST(CREATE_TIME AS CHAR) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'ai_sessions'), '')`,
		freshness, phase.Levels.TokenColumn(), phase.FoldMark, maxPending+1)).Scan(&micros, &heartbeat, &token, &corrections, &folded, &pending, &created)
	if err != nil || token <= 0 || pending > maxPending {
		return "", freshnessOf(micros, heartbeat), err
	}
	return fmt.Sprint("sums ", token, " ", corrections, " ", folded, " ", pending, " ", created), freshnessOf(micros, heartbeat), nil
}
