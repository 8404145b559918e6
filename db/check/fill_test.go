package check_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/db/check"
	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

var march = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// installed makes sums that are to be filled, of sessions that nobody has seen and some
// that were recorded.
func (w *world) installed(days int) {
	w.t.Helper()
	random := rand.New(rand.NewPCG(5, 6))
	for day := range days {
		one := uses(random, march.AddDate(0, 0, day))
		w.insert(one, false)
		w.insert(uses(random, march.AddDate(0, 0, day)), day%3 == 0)
	}
	w.run("UPDATE usage_level_state SET phase = 'filling', reason = '', generation = generation + 1")
}

func (w *world) state() *phase.State {
	w.t.Helper()
	state, err := w.phases.Read(w.t.Context())
	w.must(err)
	return state
}

// count returns what a statement counts.
func (w *world) count(statement string) (n int) {
	w.t.Helper()
	w.must(w.db.GetContext(w.t.Context(), &n, statement))
	return n
}

// Sums are filled with a calendar, in which the one before is not read any more, and of which
// nothing is left.
func TestSumsAndCalendarsAreFilled(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		w.register(9, "Asia/Kolkata")
		w.installed(20)
		w.must(w.checks.FillRollups(t.Context(), nil))
		if got := w.state(); !got.Usable() || got.FilledTo.Valid || len(got.Calendars) != 2 {
			t.Errorf("got %+v", got)
		}
		kolkata, err := time.LoadLocation("Asia/Kolkata")
		w.must(err)
		w.holds("filled", usage.Calendar{No: 9, Zone: kolkata})
		w.insert(use{"a", "x", march.Add(90 * time.Minute), 60}, true)
		apia := w.register(4, "Pacific/Apia")
		if found := w.differences(); len(found) != 0 { // of what nobody reads yet
			t.Errorf("found %+v", found)
		}
		w.insert(use{"new", "x", march.Add(90 * time.Minute), 60}, true)
		w.fold(1)
		generation := w.state().Generation
		w.must(w.checks.FillRollups(t.Context(), nil))
		w.holds("another calendar", apia)
		if got := w.state(); !got.Usable() || got.Generation == generation || len(got.Calendars) != 2 || got.Calendars[1].No != 4 {
			t.Errorf("got %+v", got)
		}
		if n := w.count("SELECT COUNT(*) FROM usage_calendars"); n != 1 {
			t.Errorf("%d calendars are left", n)
		}
		for _, table := range []string{"usage_customer_rollups", "usage_account_rollups", "usage_account_series", "usage_total_rollups"} {
			if n := w.count("SELECT COUNT(*) FROM " + table + " WHERE grain IN (28, 29)"); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
	})
}

// A calendar that is to leave before it has been filled is not read, since folds do not add
// to it any more.
func TestACalendarThatLeavesIsNeverRead(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		w.insert(use{"a", "x", march, 60}, true)
		w.register(1, "Asia/Kolkata")
		instead := false
		w.must(w.checks.FillRollups(t.Context(), func(p check.CheckProgress) {
			if !instead && p.Grain == usage.Month && p.Share() == 1 {
				instead = true
				w.register(2, "Europe/Berlin")
				w.insert(use{"a", "x", march, 60}, true)
				w.fold(10)
			}
			if n := w.count("SELECT COUNT(*) FROM usage_calendars WHERE phase = 'ready'"); n != 0 {
				t.Errorf("%d are read", n)
			}
		}))
		if got := w.state().Calendars; !instead || len(got) != 2 || got[1].No != 2 {
			t.Fatalf("got %+v", got)
		}
		w.holds("filled", w.state().Calendars[1])
	})
}

// A calendar whose days begin elsewhere for this process is neither filled nor compared,
// and not read once sums have been repaired without it.
func TestACalendarOfOtherRulesIsLeftAlone(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		w.installed(4)
		w.run("INSERT INTO usage_calendars (calendar_no, zone, rules, phase) VALUES (1, 'Asia/Kolkata', 7, 'filling'), (2, 'No/Where', 8, 'ready'), (3, 'Asia/Tokyo', 9, 'ready')")
		w.run("INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (12, '2026-03-01 18:30:00', 1, 1, 5, 5, 5)")
		w.must(w.checks.FillRollups(t.Context(), nil))
		if n := w.count("SELECT COUNT(*) FROM usage_customer_rollups WHERE grain = 12 AND minutes = 5"); n != 1 {
			t.Error("its sums have been changed")
		}
		if n := w.count("SELECT COUNT(*) FROM usage_calendars WHERE calendar_no = 1 AND phase = 'filling' OR calendar_no > 1 AND phase = 'stale'"); n != 3 {
			t.Errorf("%d of 3 are as they should be", n)
		}
		w.run("DELETE FROM usage_customer_rollups WHERE grain = 12")
		w.holds("filled")
	})
}

// Cut off at any statement, filling is completed by whoever comes next, and nothing is
// counted twice.
func TestFillingIsCompletedWhereverItWasCutOff(t *testing.T) {
	inTurn(t, 0, func(t *testing.T, w *world) {
		dsn, statements := dbtest.Record(t, w.dsn)
		other := w.other(dsn)
		berlin := usage.Calendar{}
		begin := func() {
			for _, table := range []string{"ai_sessions", "usage_changes", "usage_customer_rollups", "usage_account_rollups", "usage_account_series", "usage_total_rollups", "usage_calendars"} {
				w.run("DELETE FROM " + table)
			}
			w.run("INSERT INTO usage_calendars (calendar_no, zone, rules, phase) VALUES (3, 'Asia/Kolkata', 1, 'leaving')")
			w.run("INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (16, '2026-03-01 18:30:00', 1, 1, 5, 5, 5)")
			w.run("UPDATE usage_level_state SET filled_to = NULL")
			berlin = w.register(1, "Europe/Berlin")
			for i := range 3 {
				w.insert(use{"a", []string{"", "x"}[i%2], march.AddDate(0, 0, 9*i).Add(23 * time.Hour), 61}, i == 1)
			}
			w.insert(use{"a", "", column.Undated, 61}, false)
			w.run("UPDATE usage_level_state SET phase = 'filling', reason = ''")
		}
		cut := 0
		for after := 1; ; after += 1 + after/12 {
			begin()
			statements.Fail(after)
			err := other.checks.FillRollups(t.Context(), nil)
			failed := statements.Failed()
			if failed == "" {
				w.must(err)
				w.holds("not cut off", berlin)
				break
			}
			cut++
			if err == nil {
				t.Errorf("%q: no error", failed)
			}
			w.must(w.checks.FillRollups(t.Context(), nil))
			w.holds(fmt.Sprint("after ", after, ": ", failed), berlin)
			if got := w.state(); !got.Usable() || len(got.Calendars) != 2 || w.count("SELECT COUNT(*) FROM usage_calendars") != 1 {
				t.Errorf("after %q: %+v", failed, got)
			}
			if t.Failed() {
				return
			}
		}
		if cut < 30 {
			t.Errorf("only %d statements were cut off", cut)
		}
	})
}

// Filling that was interrupted goes on where it was, and compares nothing of before.
func TestFillingGoesOnWhereItWas(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		for day := range 40 {
			w.insert(use{"a", fmt.Sprint("c", day%3), march.AddDate(0, 0, day), 60}, false)
		}
		w.run("UPDATE usage_level_state SET phase = 'filling'")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := w.checks.FillRollups(ctx, func(p check.CheckProgress) {
			if !p.At.Before(march.AddDate(0, 0, 2)) {
				cancel()
			}
		})
		if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Canceled {
			t.Errorf("got %v", err)
		}
		filled := w.state().FilledTo.Time
		if filled.Before(march.AddDate(0, 0, 1)) || filled.After(march.AddDate(0, 0, 39)) {
			t.Errorf("filled to %v", filled)
		}
		// What is wrong before is not seen now.
		w.run("UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 0 ORDER BY bucket LIMIT 1")
		w.run("UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain = 0 ORDER BY bucket LIMIT 1")
		var spans []usage.Range
		w.must(w.checks.FillRollups(t.Context(), func(p check.CheckProgress) { spans = append(spans, p.Span) }))
		if len(spans) == 0 || !spans[0].From.Equal(filled) {
			t.Errorf("it goes on at %v, though filled to %v", spans, filled)
		}
		if found := w.differences(); len(found) != 1 || found[0].Grain != usage.QuarterHour || found[0].Level() != "accounts" || found[0].AccountID != "a" {
			t.Errorf("found %+v", found)
		}
	})
}

// Two who fill at once, while others write and fold, a calendar is registered and another
// one instead, end in the same sums as one.
func TestTwoFillWhileOthersWriteAndFold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.installed(30)
		other := w.other(w.dsn)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var group sync.WaitGroup
		group.Go(func() {
			for ctx.Err() == nil {
				if err := w.tryFold(5); err != nil {
					t.Error(err)
					return
				}
			}
		})
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, 2))
			for ctx.Err() == nil {
				w.insert(uses(random, march), true)
			}
		})
		var once, twice sync.Once
		fill := func(checks *check.Checks) error {
			return checks.FillRollups(t.Context(), func(p check.CheckProgress) {
				once.Do(func() { w.register(1, "Asia/Kolkata") })
				if p.Grain == usage.Day {
					twice.Do(func() { w.register(2, "Australia/Lord_Howe") })
				}
			})
		}
		failures := make(chan error, 2)
		for _, checks := range []*check.Checks{w.checks, other.checks} {
			go func() { failures <- fill(checks) }()
		}
		for range 2 {
			if err := <-failures; err != nil {
				t.Error(err)
			}
		}
		stop()
		group.Wait()
		w.must(w.checks.FillRollups(t.Context(), nil))
		if got := w.state(); !got.Usable() || len(got.Calendars) != 2 || got.Calendars[1].No != 2 {
			t.Errorf("got %+v", got)
		}
		w.holds("filled by two", w.state().Calendars[1])
	})
}

// Sums that somebody distrusts without being asked are not taken away where sessions have
// gone, but are repaired where there are more.
func TestSumsAreNotTakenAwayWithoutBeingAsked(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		for i := range 6 {
			w.insert(use{"a", "x", march.AddDate(0, 0, i), 60}, true)
		}
		w.insert(use{"a", "x", column.Undated, 60}, true)
		w.fold(100)
		for name, damage := range map[string]string{
			"the quarter-hour from 2026-03-03T00:00:00Z": "DELETE FROM ai_sessions WHERE DATE(started_at) >= '2026-03-03' LIMIT 4",
			"those whose start cannot be read":           "DELETE FROM ai_sessions WHERE NOT " + column.Dated("started_at"),
		} {
			w.run(damage)
			w.run("UPDATE usage_level_state SET phase = 'filling', reason = 'distrusted'")
			before := w.count("SELECT SUM(sessions) FROM usage_total_rollups WHERE grain = 3")
			err := w.checks.FillRollups(t.Context(), nil)
			if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable {
				t.Errorf("%s: got %v", name, err)
			}
			got := w.state()
			if got.Phase != phase.Raw || !strings.Contains(got.Reason, "1 sessions of "+name+" have gone") && !strings.Contains(got.Reason, name) {
				t.Errorf("%s: got %+v", name, got)
			}
			if after := w.count("SELECT SUM(sessions) FROM usage_total_rollups WHERE grain = 3"); after != before {
				t.Errorf("%s: %d sessions after %d", name, after, before)
			}
			w.must(w.checks.FillRollups(t.Context(), nil))
			if w.state().Phase != phase.Raw {
				t.Errorf("%s: it does not stay so", name)
			}
			w.run("UPDATE usage_level_state SET phase = 'filling', reason = ''")
			w.must(w.checks.FillRollups(t.Context(), nil))
			w.holds(name)
		}
		w.insert(use{"a", "x", march, 60}, false)
		w.run("UPDATE usage_level_state SET phase = 'filling', reason = 'distrusted'")
		w.must(w.checks.FillRollups(t.Context(), nil))
		if got := w.state(); got.Phase != phase.Ready || got.Reason != "" {
			t.Errorf("got %+v", got)
		}
		w.holds("repaired")
	})
}

// The last day that there can be is filled like any other.
func TestTheLastDayIsFilled(t *testing.T) {
	inTurn(t, 1, func(t *testing.T, w *world) {
		w.insert(use{"a", "x", usage.Latest.Add(-12 * time.Hour), 60}, false)
		w.run("UPDATE usage_level_state SET phase = 'filling'")
		w.must(w.checks.FillRollups(t.Context(), nil))
		w.holds("filled")
	})
}
