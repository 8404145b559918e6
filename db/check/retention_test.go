package check_test

import (
	"fmt"
	"testing"
	"time"

	"aiusage/db/check"
	"aiusage/db/column"
	"aiusage/usage"
)

// month writes sessions of a month by few, at all times of the day, folded.
func (w *world) month() {
	w.t.Helper()
	for i := range 90 {
		w.insert(use{[]string{"a", "A", "b"}[i%3], []string{"", "x"}[i%2], march.Add(time.Duration(i*487) * time.Minute), int64(i)}, true)
	}
	w.insert(use{"a", "", column.Undated, 61}, true)
	w.fold(1000)
}

// What retention has dropped is compared with what it has kept of it, in each calendar.
func TestWhatWasDroppedIsComparedWithWhatWasKept(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		kolkata := w.register(1, "Asia/Kolkata")
		w.month()
		w.must(w.checks.FillRollups(t.Context(), nil))
		w.retain(march.AddDate(0, 0, 10), false)
		w.holds("dropped", kolkata)
		// A session that is still to be deleted has been kept as well.
		w.run("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('late', 'a', '2026-03-04 10:00', 60)")
		if found := w.differences(); len(found) != 0 {
			t.Errorf("found %+v", found)
		}
		w.run("DELETE FROM ai_sessions WHERE session_id = 'late'")
		for _, damage := range []string{
			"UPDATE usage_customer_rollups SET minutes = minutes + 1 WHERE grain = 2 AND bucket BETWEEN '2026-03-02' AND '2026-03-09' LIMIT 1",
			"UPDATE usage_customer_rollups SET minutes = minutes + 1 WHERE grain = 12 AND bucket BETWEEN '2026-03-02' AND '2026-03-09' LIMIT 1",
			"UPDATE usage_customer_rollups SET minutes = minutes - 1 WHERE grain = 12 AND bucket = '2026-03-10 18:30:00' LIMIT 1",
			"UPDATE usage_account_series SET seconds = seconds + 1 WHERE grain = 0 AND bucket BETWEEN '2026-03-02' AND '2026-03-09' LIMIT 1",
			"DELETE FROM usage_customer_rollups", "DELETE FROM usage_account_series",
		} {
			w.run(damage)
			if found := w.differences(); len(found) == 0 {
				t.Errorf("%s goes unnoticed", damage)
			}
			if corrected, err := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil || corrected == 0 {
				t.Errorf("%s: %d corrected, %v", damage, corrected, err)
			}
			w.holds(damage, kolkata)
		}
		// What is found in the background concerns sessions that are there, and what sums are
		// made of.
		w.must(sweep(w.checks, t))
		// Repairing without being asked leaves what was dropped.
		w.run("UPDATE usage_customer_rollups SET minutes = minutes + 1 WHERE grain = 2 AND bucket BETWEEN '2026-03-02' AND '2026-03-09' LIMIT 1")
		w.run("UPDATE usage_level_state SET phase = 'filling', reason = 'distrusted', generation = generation + 1")
		w.must(w.checks.FillRollups(t.Context(), nil))
		if found := w.differences(); len(found) != 1 || found[0].Level() != "customers" || found[0].Grain != usage.Day {
			t.Errorf("found %+v", found)
		}
		_, err := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
		w.must(err)
		// Another calendar is filled with what was kept.
		apia := w.register(2, "Pacific/Apia")
		w.must(w.checks.FillRollups(t.Context(), nil))
		w.holds("another calendar", apia)
	})
}

// Where an earlier version has dropped sessions, there are hours: days of calendars are made
// of these, and quarter-hours are missed nowhere.
func TestWhereThereAreOnlyHoursDaysAreMadeOfThem(t *testing.T) {
	for turn, cut := range []time.Duration{10 * 24 * time.Hour, 9*24*time.Hour + 13*time.Hour} {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			inTurn(t, turn, func(t *testing.T, w *world) {
				w.month()
				from := march.Add(cut)
				w.retain(from, true)
				w.run("INSERT INTO usage_rollup_state (state_id, phase, reason, generation, corrections, raw_from) SELECT 1, 'ready', '', 3, 4, raw_from FROM usage_level_state")
				w.holdsFrom("dropped", from)
				if found := w.differences(); len(found) != 0 {
					t.Errorf("found %+v", found)
				}
				for i, zone := range []string{"Asia/Kolkata", "Europe/Berlin"} {
					calendar := w.register(i+1, zone)
					w.must(w.checks.FillRollups(t.Context(), nil))
					w.holdsFrom(zone, from, calendar)
					for _, damage := range []string{
						"UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain = 1 AND bucket > '2026-03-01' LIMIT 1",
						"UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain > 3 AND bucket BETWEEN '2026-03-02' AND '2026-03-08' LIMIT 1",
						"DELETE FROM usage_account_series", "DELETE FROM usage_total_rollups",
					} {
						w.run(damage)
						if found := w.differences(); len(found) == 0 {
							t.Errorf("%s: %s goes unnoticed", zone, damage)
						}
						_, err := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
						w.must(err)
						w.holdsFrom(damage, from, calendar)
					}
					w.must(sweep(w.checks, t))
				}
			})
		})
	}
}

// Sums of quarter-hours that are there although those of customers have gone keep their
// exact days.
func TestDaysAreMadeOfTheFinestThereIs(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		kolkata := w.register(1, "Asia/Kolkata")
		w.month()
		w.must(w.checks.FillRollups(t.Context(), nil))
		before := w.stored([]usage.Calendar{usage.UTCCalendar, kolkata})
		// An earlier version drops sessions later: hours of customers are taken over, and the
		// quarter-hours of accounts stay.
		w.run("CREATE TABLE kept AS SELECT * FROM usage_account_series WHERE grain = 0")
		w.run("CREATE TABLE kept_totals AS SELECT * FROM usage_total_rollups WHERE grain = 0")
		w.retain(march.AddDate(0, 0, 10), true)
		w.run("INSERT IGNORE INTO usage_account_series SELECT * FROM kept")
		w.run("INSERT IGNORE INTO usage_total_rollups SELECT * FROM kept_totals")
		if found := w.differences(); len(found) != 0 {
			t.Errorf("found %+v", found)
		}
		w.must(sweep(w.checks, t))
		corrected, err := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
		if wrong := wrongRows(before, w.stored([]usage.Calendar{usage.UTCCalendar, kolkata})); err != nil || corrected != 0 || len(wrong) != 0 {
			t.Errorf("%d corrected, %v: %q", corrected, err, wrong)
		}
	})
}

// Until it has been taken over what an earlier version has kept of the sessions that it
// dropped, nothing is compared with those that are left.
func TestNothingIsTakenAwayThatIsStillToBeTakenOver(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		w.month()
		before := w.stored([]usage.Calendar{usage.UTCCalendar})
		w.run("INSERT INTO usage_rollup_state (state_id, phase, reason, generation, corrections, raw_from) VALUES (1, 'ready', '', 3, 4, '2026-03-09')")
		w.run("DELETE FROM ai_sessions WHERE started_at < '2026-03-09' AND " + column.Dated("started_at"))
		w.must(sweep(w.checks, t))
		ways := map[string]func() error{
			"verify": func() error {
				return w.checks.VerifyRollups(t.Context(), usage.Range{}, func(d check.Difference) { t.Errorf("found %+v", d) }, nil)
			},
			"rebuild": func() error {
				_, err := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
				return err
			},
			"fill": func() error { return w.checks.FillRollups(t.Context(), nil) },
		}
		for _, reason := range []string{"", "distrusted"} {
			w.run("UPDATE usage_level_state SET phase = 'filling', reason = ?", reason)
			for name, do := range ways {
				if err := do(); err == nil {
					t.Errorf("%s: no error", name)
				}
			}
			if wrong := wrongRows(before, w.stored([]usage.Calendar{usage.UTCCalendar})); len(wrong) != 0 {
				t.Errorf("changed: %q", wrong)
			}
		}
	})
}

// sweep compares every day once.
func sweep(checks *check.Checks, t *testing.T) error {
	comparer := checks.NewComparer()
	for {
		if finished, err := comparer.Round(t.Context()); err != nil || finished {
			return err
		}
	}
}
