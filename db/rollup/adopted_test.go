package rollup_test

import (
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/pool"
)

// dropsAsFormer does what a gateway of an earlier version has done when it has dropped the sessions
// from before an instant, which is a full hour: their hours are in its sums, or wait.
func (w *world) dropsAsFormer(before time.Time) {
	w.Helper()
	w.announces(before)
	w.must(w.db.WithoutTriggers(w.Context(), pool.Silenced, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(w.Context(), "DELETE FROM ai_sessions WHERE "+column.Dated("started_at")+" AND started_at < ?", before)
		return err
	}))
}

// announces does what it has done before it deletes the first of them.
func (w *world) announces(before time.Time) {
	w.Helper()
	w.remember()
	until := "'" + before.Format(time.DateTime) + "'"
	// Its sums go on: they have the hours after it as well, and more than a day of them.
	w.run("DELETE FROM usage_rollups", "DELETE FROM usage_deltas",
		"INSERT IGNORE INTO usage_rollup_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 2)",
		`INSERT INTO usage_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions)
			SELECT 1, `+column.HourOf("started_at")+`, account_no, subject_no, SUM(ai_minutes), SUM(duration_seconds), COUNT(*)
			FROM `+seen+` t JOIN usage_subjects s ON s.account_id = t.account_id AND s.customer_id = COALESCE(t.customer_id, '') GROUP BY 2, 3, 4`,
		`INSERT INTO usage_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions)
			SELECT 2, CAST(DATE(bucket) AS DATETIME), account_no, subject_no, SUM(minutes), SUM(seconds), SUM(sessions) FROM usage_rollups r GROUP BY 2, 3, 4`,
		`INSERT INTO usage_deltas (account_id, customer_id, hour, minutes, seconds, sessions)
			SELECT t.account_id, COALESCE(t.customer_id, ''), `+column.HourOf("started_at")+`, ai_minutes, duration_seconds, 1 FROM `+seen+` t
			LEFT JOIN usage_subjects s ON s.account_id = t.account_id AND s.customer_id = COALESCE(t.customer_id, '') WHERE s.subject_no IS NULL`)
	w.run("UPDATE usage_rollup_state SET raw_from = " + until + ", generation = generation + 1, corrections = corrections + 1")
}

// What an earlier version has dropped is adopted, to the hour, and what is left of that day stays as
// it is, whatever has been folded and whatever the sums have already.
func TestAdoptingIsExactToTheHour(t *testing.T) {
	onServer(t, 0, func(w *world) {
		w.begin()
		_, _, err := w.FoldBatch(w.Context(), 0, 25, (*sqlx.Tx).Commit)
		w.must(err)
		at := func(day, hour int) time.Time { return time.Date(2026, 2, day, hour, 0, 0, 0, time.UTC) }
		const ready = "UPDATE usage_level_state SET phase = 'ready' WHERE state_id = 1"
		for _, c := range []struct {
			what   string
			damage []string
			before time.Time
			// anew is how many rows of the state say that everything is to be compared once more.
			anew int64
		}{
			{"some of a day", nil, at(1, 6), 0},
			{"more of the day", nil, at(1, 9), 0},
			{"quarter-hours that nobody reads any more", []string{"UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 0 AND bucket = '2026-02-01 23:45'"}, at(2, 0), 0},
			{"a quarter-hour that is still read", []string{"UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 0 AND bucket = '2026-02-03 11:00'"}, at(3, 11), 1},
			{"an hour", []string{ready, "UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain = 1 AND bucket = '2026-02-03 11:00'"}, at(3, 12), 1},
			{"while it is filled", []string{"UPDATE usage_level_state SET filled_to = '2999-01-01' WHERE state_id = 1"}, at(4, 0), 1},
			{"days without any", nil, at(9, 0), 1},
			{"the first hour after it", nil, at(12, 0), 1},
			{"what was never recorded", []string{ready}, at(13, 11), 1},
		} {
			w.run(c.damage...)
			if c.before.Equal(at(1, 9)) {
				_, err := w.Fold(w.Context(), nil)
				w.must(err)
			}
			if c.before.Equal(at(9, 0)) { // at which it is still there, and by the next time the first; it has no number
				w.insert("d", "new", "2026-02-09 00:00:00")
			}
			if c.before.Equal(at(13, 11)) { // as of before there were triggers
				w.must(w.db.WithoutTriggers(w.Context(), pool.Silenced, func(tx *sqlx.Tx) error {
					_, err := tx.ExecContext(w.Context(), `INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds)
						VALUES ('n1', 'a', 'c', '2026-02-13 10:50', 60), ('n2', 'e', 'c', '2026-02-13 10:50', 61), ('n3', 'a', 'c', '2026-02-13 11:20', 600)`)
					return err
				}))
			}
			if c.before.Equal(at(1, 9)) { // so that all of its sessions are still there
				w.announces(c.before)
			} else {
				w.dropsAsFormer(c.before)
			}
			w.must(w.Adopt(w.Context(), nil))
			w.sumsHold(c.what, c.before)
			w.quartersHold(c.what, c.before, c.before)
			if got := w.one("SELECT COUNT(*) FROM usage_level_state WHERE state_id = 1 AND phase = 'filling' AND filled_to IS NULL"); got != c.anew {
				w.Errorf("%s: compared anew %d, want %d", c.what, got, c.anew)
			}
			if got := w.one("SELECT COUNT(*) FROM usage_level_state WHERE state_id = 1 AND raw_from = '" + c.before.Format(time.DateTime) + "' AND quarters_from = raw_from"); got != 1 {
				w.Errorf("%s: it is not known what was dropped", c.what)
			}
		}
	})
}
