package rollup_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/db/rollup"
	"aiusage/usage"
)

func february(day, hour int) time.Time { return time.Date(2026, 2, day, hour, 0, 0, 0, time.UTC) }

// Sessions are dropped day by day, to the millisecond, and their quarter-hours are kept, also of a
// day of which an earlier version has dropped the start.
func TestDroppingIsExactToTheDay(t *testing.T) {
	onServer(t, 0, func(w *world) {
		w.begin()
		_, err := w.Fold(w.Context(), nil)
		w.must(err)
		w.dropsAsFormer(february(1, 6))
		w.must(w.FillRollups(w.Context(), nil))
		left := func() int64 { return w.one("SELECT COUNT(*) FROM ai_sessions") }
		all := left()
		refused := func(what, words, damage, undo string) {
			w.Helper()
			w.run(damage)
			dropped, err := w.DropSessions(w.Context(), february(2, 0), nil)
			w.wantCode(what, err, usage.Unavailable)
			if err == nil || !strings.Contains(err.Error(), words) || dropped != 0 || left() != all {
				w.Errorf("%s: %d were dropped, %v", what, dropped, err)
			}
			w.run(undo)
		}
		const theirs = " usage_rollups SET minutes = minutes %s 1 WHERE grain = 1 AND bucket = '2026-02-01 23:00' LIMIT 1"
		refused("another sum of theirs", "sums of an earlier version differ", "UPDATE"+strings.Replace(theirs, "%s", "+", 1), "UPDATE"+strings.Replace(theirs, "%s", "-", 1))
		refused("one more sum of theirs", "sums of an earlier version differ",
			"INSERT INTO usage_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) SELECT 1, '2026-02-01 13:00', account_no, subject_no, 1, 60, 1 FROM usage_subjects LIMIT 1",
			"DELETE FROM usage_rollups WHERE bucket = '2026-02-01 13:00'")
		refused("sums of theirs that nobody reads", "rollup retire command with --drop", "UPDATE usage_rollup_state SET phase = 'raw'", "UPDATE usage_rollup_state SET phase = 'ready'")
		refused("sums that nobody reads", "read raw sessions: a reason", "UPDATE usage_level_state SET phase = 'raw', reason = 'a reason' WHERE state_id = 1", "UPDATE usage_level_state SET phase = 'ready', reason = '' WHERE state_id = 1")
		refused("a wrong sum", "1 sums differ", "UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 1 AND bucket = '2026-02-01 23:00'",
			"UPDATE usage_total_rollups SET minutes = minutes - 1 WHERE grain = 1 AND bucket = '2026-02-01 23:00'")
		// What is wrong behind it is nothing to dropping.
		for i, c := range []struct {
			before, until time.Time
			dropped       int64
		}{
			{february(2, 5), february(2, 0), 15},
			{february(1, 0), february(2, 0), 0},
			{february(4, 23), february(4, 0), 9},
			{february(9, 0), february(9, 0), 3},
		} {
			switch i {
			case 0:
				w.run("INSERT INTO usage_total_rollups (grain, bucket, minutes, seconds, sessions) VALUES (1, '2026-04-09', 1, 60, 1)")
			case 1:
				w.run("DELETE FROM usage_total_rollups WHERE bucket = '2026-04-09'")
			}
			var told int64
			progress := func(dropped int64) {
				if dropped <= told {
					w.Errorf("told %d after %d", dropped, told)
				}
				told = dropped
			}
			if i == 3 { // nobody has to be told
				told, progress = c.dropped, nil
			}
			dropped, err := w.DropSessions(w.Context(), c.before, progress)
			if err != nil || dropped != c.dropped || told != c.dropped {
				w.Errorf("before %v: %d dropped, %d told, %v, want %d", c.before, dropped, told, err, c.dropped)
			}
			if i > 0 {
				w.sumsHold(c.before.String(), february(1, 6))
			}
			w.quartersHold(c.before.String(), february(1, 6), c.until)
			if got := w.one("SELECT COUNT(*) FROM usage_level_state own, usage_rollup_state theirs WHERE own.state_id = 1 AND own.raw_from = '" + c.until.Format(time.DateTime) + "' AND theirs.raw_from = own.raw_from"); got != 1 {
				w.Errorf("before %v: it is not known what was dropped", c.before)
			}
		}
		if got := left(); got != 2 {
			w.Errorf("%d sessions are left, want the two without a start", got)
		}
	})
}

// The day that is dropped next is the first one with sessions, from its first instant to its last,
// and whoever keeps it has all of these to itself.
func TestTheNextDayWithSessions(t *testing.T) {
	onServer(t, 1, func(w *world) {
		w.begin()
		for _, c := range []struct{ from, before, want time.Time }{
			{time.Time{}, february(9, 0), february(1, 0)},
			{february(1, 0), february(9, 0), february(2, 0)},
			{february(2, 0), february(9, 0), february(3, 0)},
			{february(3, 0), february(9, 0), february(4, 0)},
			{february(5, 0), february(9, 0), february(9, 0)},
			{february(3, 0), february(3, 0), february(3, 0)},
			{time.Time{}, february(1, 0), february(1, 0)},
			{time.Time{}, time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)},
		} {
			if got, err := w.EndOfNextDay(w.Context(), c.from, c.before); err != nil || !got.Equal(c.want) {
				w.Errorf("from %v, before %v: %v, %v, want %v", c.from, c.before, got, err, c.want)
			}
		}
		var rows []string
		for range 300 { // so that the server does not go through all of them
			rows = append(rows, "(UUID(), 'others', '2020-01-01', 60)")
		}
		w.run("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES "+strings.Join(rows, ", "), "ANALYZE TABLE ai_sessions")
		w.must(w.db.InTransaction(w.Context(), func(tx *sqlx.Tx) error {
			if err := rollup.LockSessions(w.Context(), tx, usage.Range{From: february(1, 0), To: february(2, 0)}); err != nil {
				return err
			}
			for start, locked := range map[string]bool{"2026-02-01 00:00:00": true, "2026-02-01 06:00:00": true, "2026-02-01 23:59:59.999": true, "2020-01-01": false} {
				_, err := w.db.ExecContext(w.Context(), "SELECT duration_seconds FROM ai_sessions WHERE started_at = '"+start+"' LIMIT 1 FOR UPDATE NOWAIT")
				if isLocked := pool.HasNumber(err, pool.ErLockWaitTimeout, 3572); isLocked != locked || !locked && err != nil {
					w.Errorf("%s: %v", start, err)
				}
			}
			return nil
		}))
		// That a writer was waited for in vain is told.
		writer, err := w.db.BeginTxx(w.Context(), nil)
		w.must(err)
		_, err = writer.ExecContext(w.Context(), "UPDATE ai_sessions SET duration_seconds = 1 WHERE started_at = '2026-02-01 06:00:00'")
		w.must(err)
		keeper, err := w.other().db.BeginTxx(w.Context(), nil)
		w.must(err)
		_, err = keeper.ExecContext(w.Context(), "SET SESSION innodb_lock_wait_timeout = 1")
		w.must(err)
		if err := rollup.LockSessions(w.Context(), keeper, usage.Range{From: february(1, 0), To: february(2, 0)}); !pool.HasNumber(err, pool.ErLockWaitTimeout) {
			w.Errorf("beside a writer: %v", err)
		}
		w.must(keeper.Rollback())
		w.must(writer.Rollback())
		// What starts between two days starts on neither.
		_, err = w.Fold(w.Context(), nil)
		w.must(err)
		w.remember()
		_, err = w.DropSessions(w.Context(), february(2, 0), nil)
		w.must(err)
		w.quartersHold("dropped", time.Time{}, february(2, 0))
		w.sumsHold("dropped", time.Time{})
		w.run("RENAME TABLE ai_sessions TO away")
		_, err = w.EndOfNextDay(w.Context(), time.Time{}, february(9, 0))
		w.wantCode("without the table", err, usage.Unavailable)
	})
}
