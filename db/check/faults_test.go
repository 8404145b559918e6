package check_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"aiusage/db/check"
	"aiusage/db/phase"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// Whichever statement fails, whoever asked is told; no sum becomes wrong, and what was begun is
// completed by the next.
func TestNoStatementOfAComparisonFailsUnnoticed(t *testing.T) {
	inTurn(t, 1, func(t *testing.T, w *world) {
		calendar := w.register(1, "Europe/Berlin")
		w.must(w.checks.FillRollups(t.Context(), nil))
		for day := range 3 {
			w.insert(use{"a", fmt.Sprint("c", day), march.AddDate(0, 0, day), 61}, true)
		}
		w.insert(use{"a", "", march.AddDate(0, 0, -20), 5}, true)
		w.fold(100)
		w.retain(march.AddDate(0, 0, -10), false)
		recorded, statements := dbtest.Record(t, w.dsn)
		faulty := w.other(recorded)
		found := 0
		damage := func() {
			found = 0
			w.run("UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 0 LIMIT 1")
			w.run("UPDATE usage_customer_rollups SET sessions = sessions + 1 WHERE grain = 3 LIMIT 1")
			w.insert(use{"new", fmt.Sprint(w.written), march, 60}, false)
		}
		for _, c := range []struct {
			name   string
			writes bool
			before func()
			try    func(context.Context) error
		}{
			{"comparing", false, nil, func(ctx context.Context) error {
				comparer := faulty.checks.NewComparer()
				for {
					if finished, err := comparer.Round(ctx); err != nil || finished {
						return err
					}
				}
			}},
			{"verifying", false, damage, func(ctx context.Context) error {
				err := faulty.checks.VerifyRollups(ctx, usage.Range{}, func(check.Difference) { found++ }, nil)
				if err == nil && found == 0 {
					return errors.New("nothing was found")
				}
				return err
			}},
			{"rebuilding", true, damage, func(ctx context.Context) error {
				corrected, err := faulty.checks.RebuildRollups(ctx, usage.Range{}, nil)
				if err == nil && corrected == 0 {
					return errors.New("nothing was corrected")
				}
				return err
			}},
			{"filling", true, func() {
				damage()
				w.run("UPDATE usage_level_state SET phase = 'filling', reason = '', generation = generation + 1")
			}, func(ctx context.Context) error { return faulty.checks.FillRollups(ctx, nil) }},
			{"filling a calendar", true, func() {
				w.run("UPDATE usage_calendars SET phase = 'filling'")
				w.run("UPDATE usage_customer_rollups SET seconds = seconds + 1 WHERE grain > 3 LIMIT 1")
				w.run("INSERT IGNORE INTO usage_calendars (calendar_no, zone, rules, phase) VALUES (2, 'Asia/Tokyo', 5, 'leaving')")
			}, func(ctx context.Context) error { return faulty.checks.FillRollups(ctx, nil) }},
		} {
			if err := faulty.db.PingContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			each := 1 // each of the first statements of what only reads, and some of all others
			if !c.writes {
				each = 100
			}
			for at := 1; !t.Failed(); at += 1 + max(0, at-each)/3 {
				if c.before != nil {
					c.before()
				}
				faulty.phases.Forget()
				statements.Fail(at)
				err := c.try(t.Context())
				failed := statements.Failed()
				if err == nil && failed != "" {
					t.Errorf("%s: nobody is told that this failed: %.300s", c.name, failed)
				}
				w.phases.Forget()
				if state := w.state(); state.Phase == phase.Raw {
					t.Errorf("%s: after %.60s: sums are given up: %+v", c.name, failed, state)
				}
				if c.writes {
					w.must(w.checks.FillRollups(t.Context(), nil))
					_, rebuilt := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
					w.must(rebuilt)
					w.holds(fmt.Sprintf("%s, after %.60s", c.name, failed), calendar)
				}
				if failed == "" {
					if err != nil || at < 2 {
						t.Errorf("%s: %v with %d statements", c.name, err, at-1)
					}
					break
				}
			}
		}
	})
}
