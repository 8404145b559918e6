package check_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/check"
	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/sums"
	"aiusage/usage"
)

// Whatever part of whatever sum is changed, it is noticed in the background and repaired,
// and the reason says that it is not what it is made of.
func TestEachPartOfEachSumIsComparedInTheBackground(t *testing.T) {
	inTurn(t, 1, func(t *testing.T, w *world) {
		lordHowe := w.register(1, "Australia/Lord_Howe")
		w.month()
		w.must(w.checks.FillRollups(t.Context(), nil))
		w.insert(use{"a", "x", march.AddDate(0, 0, 3), 60}, true) // and some wait
		w.must(sweep(w.checks, t))
		for _, table := range sums.Tables {
			for _, grid := range table.Grids([]usage.Calendar{usage.UTCCalendar, lordHowe}) {
				for i, part := range []string{"minutes = minutes + 1", "seconds = seconds - 1", "sessions = sessions + 1"} {
					if (i+grid.Code())%3 != 0 { // each part at each table
						continue
					}
					what := fmt.Sprintf("%s of %s in grid %d", part, table.Name(), grid.Code())
					w.run(fmt.Sprintf("UPDATE %s SET %s WHERE grain = %d AND bucket > '1000-01-01' ORDER BY bucket DESC LIMIT 1", table.Name(), part, grid.Code()))
					w.distrusted(what, "not those of its")
					w.repaired(what)
				}
			}
		}
		w.holds("in the end", lordHowe)
	})
}

// Usage that was moved between customers, accounts, quarter-hours or days does not cancel
// out.
func TestUsageThatWasMovedIsNoticed(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		w.month()
		w.must(sweep(w.checks, t))
		for _, damage := range []string{
			"UPDATE ai_sessions SET customer_id = 'y' WHERE session_id = 's7'",
			"UPDATE ai_sessions SET account_id = 'b' WHERE session_id = 's8'",
			"UPDATE ai_sessions SET started_at = started_at + INTERVAL 15 MINUTE WHERE session_id = 's9'",
			"UPDATE ai_sessions SET started_at = started_at + INTERVAL 3 DAY WHERE session_id = 's10'",
			"UPDATE usage_account_rollups SET account_no = 99 WHERE grain = 2 AND bucket > '1000-01-01' LIMIT 1",
			"UPDATE usage_account_series SET bucket = bucket + INTERVAL 7 MINUTE WHERE grain = 0 AND bucket > '1000-01-01' LIMIT 1",
			"UPDATE usage_total_rollups SET bucket = bucket + INTERVAL 1 MINUTE WHERE grain = 0 AND bucket > '1000-01-01' LIMIT 1",
		} {
			w.run(damage)
			w.distrusted(damage, "not those of its")
			w.run("UPDATE usage_level_state SET phase = 'filling', reason = ''") // somebody asks for it
			w.repaired(damage)
			w.holds(damage)
		}
	})
}

// Each day is compared after some rounds, all at once when the table was made anew, and
// nothing where reports do not read the sums.
func TestEveryDayIsCompared(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		w.month()
		comparer := w.checks.NewComparer()
		for range 2 {
			for finished := false; !finished; {
				var err error
				finished, err = comparer.Round(t.Context())
				w.must(err)
			}
		}
		w.insert(use{"a", "x", march.AddDate(0, 0, 11).Add(13 * time.Hour), 60}, false)
		w.run("UPDATE usage_level_state SET phase = 'raw'")
		w.must(sweep(w.checks, t))
		w.run("UPDATE usage_level_state SET phase = 'ready'")
		w.run("INSERT INTO usage_rollup_state (state_id, phase, reason, generation, corrections, raw_from) VALUES (1, 'ready', '', 3, 4, '2026-03-01')")
		w.must(sweep(w.checks, t))
		w.run("DELETE FROM usage_rollup_state")
		for {
			finished, err := comparer.Round(t.Context())
			if err != nil {
				if !strings.Contains(err.Error(), "sums of 2026-03-12 are not those of its sessions: these have 1 min, 60 s and 1 sessions more") {
					t.Errorf("got %v", err)
				}
				break
			}
			if finished {
				t.Fatal("a day in the middle is not compared")
			}
		}
		w.repaired("a day")
		w.holds("a day")
	})
}

// Retention keeps what is dropped, and what is still there of its last day is compared.
func TestWhatIsLeftOfADayIsCompared(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		w.month()
		w.retain(march.AddDate(0, 0, 9).Add(12*time.Hour), true)
		w.must(sweep(w.checks, t))
		w.insert(use{"a", "x", march.AddDate(0, 0, 9).Add(13 * time.Hour), 60}, false)
		w.distrusted("what is left", "not those of its sessions")
		w.repaired("what is left")
		w.holdsFrom("what is left", march.AddDate(0, 0, 9).Add(12*time.Hour))
		// Sums of sessions that are gone are compared with one another.
		for _, damage := range []string{"UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain = 3", "UPDATE usage_customer_rollups SET sessions = sessions - 1 WHERE grain = 3"} {
			w.run(damage + " AND bucket = '2026-03-01' LIMIT 1")
			w.distrusted(damage, "not those of its days")
			w.repaired(damage)
			w.holdsFrom(damage, march.AddDate(0, 0, 9).Add(12*time.Hour))
		}
	})
}

// distrusted fails unless a sweep notices something.
func (w *world) distrusted(what, reason string) {
	w.t.Helper()
	err := sweep(w.checks, w.t)
	if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable || !strings.Contains(coded.Message, reason) {
		w.t.Errorf("%s: got %v", what, err)
	}
	if got := w.state(); got.Phase != phase.Filling || !strings.Contains(got.Reason, reason) {
		w.t.Errorf("%s: got %+v", what, got)
	}
}

// repaired fails unless filling makes the sums ready again. Where sessions seem to have gone,
// it is asked to.
func (w *world) repaired(what string) {
	w.t.Helper()
	if err := w.checks.FillRollups(w.t.Context(), nil); err != nil {
		w.run("UPDATE usage_level_state SET phase = 'filling', reason = ''")
		w.must(w.checks.FillRollups(w.t.Context(), nil))
	}
	if got := w.state(); !got.Usable() {
		w.t.Errorf("%s: %+v", what, got)
	}
	if found := w.differences(); len(found) != 0 {
		w.t.Errorf("%s: found %+v", what, found)
	}
}

// A check concerns the quarter-hours and days that its range touches, and the months that
// these are part of.
func TestACheckConcernsItsRange(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		noon := march.Add(12 * time.Hour)
		for hour := range 4 {
			w.insert(use{"a", "", noon.Add(time.Duration(hour-2) * time.Hour), 60}, true)
		}
		w.fold(10)
		w.run("UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain = 0")
		w.insert(use{"a", "", column.Undated, 60}, false)
		at := func(clock string) (at time.Time) {
			if clock != "" {
				at, _ = time.Parse("2006-01-02 15:04", "2026-03-01 "+clock)
			}
			return at
		}
		found := func(span usage.Range) (hours []int) {
			w.must(w.checks.VerifyRollups(t.Context(), span, func(d check.Difference) {
				if d.Grain == usage.QuarterHour && d.Level() == "accounts" {
					hours = append(hours, d.Bucket.Hour())
				}
			}, nil))
			slices.Sort(hours)
			return hours
		}
		for _, c := range []struct{ from, to, want string }{
			{"", "", "[0 10 11 12 13]"}, // what is undated is in no range
			{"11:00", "12:00", "[11]"}, {"11:14", "12:01", "[11 12]"}, {"11:15", "12:00", "[]"},
			{"12:00", "", "[12 13]"}, {"", "12:00", "[10 11]"}, {"09:00", "23:00", "[10 11 12 13]"},
			{"13:15", "", "[]"}, {"", "10:00", "[]"},
		} {
			if got := fmt.Sprint(found(usage.Range{From: at(c.from), To: at(c.to)})); got != c.want {
				t.Errorf("from %q to %q: %s, want %s", c.from, c.to, got, c.want)
			}
		}
		before := w.state().Corrections
		_, err := w.checks.RebuildRollups(t.Context(), usage.Range{From: at("11:00"), To: at("12:00")}, nil)
		w.must(err)
		if got := fmt.Sprint(found(usage.Range{})); got != "[0 10 12 13]" || w.state().Corrections <= before {
			t.Errorf("after a correction: %s, %d corrections after %d", got, w.state().Corrections, before)
		}
		// The other days of the month are compared with it, whatever the range.
		_, err = w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
		w.must(err)
		for _, table := range sums.Tables {
			w.run("UPDATE " + table.Name() + " SET minutes = minutes + 1 WHERE grain = 3 AND bucket > '1000-01-01'")
			some := 0
			w.must(w.checks.VerifyRollups(t.Context(), usage.Range{From: march.AddDate(0, 0, 20), To: march.AddDate(0, 0, 21)}, func(check.Difference) { some++ }, nil))
			if some != 1 {
				t.Errorf("%s: %d found", table.Name(), some)
			}
			_, err := w.checks.RebuildRollups(t.Context(), usage.Range{From: march, To: march.AddDate(0, 0, 1)}, nil)
			w.must(err)
		}
		w.holds("in the end")
	})
}
