package check_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aiusage/db/check"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// Without sums there is nothing to check or to correct, and what cannot be read is told.
func TestThereIsNothingToCheckWithoutSums(t *testing.T) {
	inTurn(t, 0, func(t *testing.T, w *world) {
		both := func(what, said string) {
			t.Helper()
			verified := w.checks.VerifyRollups(t.Context(), usage.Range{}, func(check.Difference) { t.Errorf("%s: a difference", what) }, nil)
			_, rebuilt := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
			for _, err := range []error{verified, rebuilt} {
				if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable || !strings.Contains(coded.Message, said) {
					t.Errorf("%s: got %v", what, err)
				}
			}
		}
		w.month()
		w.run("UPDATE usage_level_state SET phase = 'raw'")
		both("raw", "there are no rollups")
		w.run("UPDATE usage_level_state SET phase = 'ready'")
		w.run("RENAME TABLE ai_sessions TO away")
		both("without the sessions", "lacks a table")
		w.run("RENAME TABLE away TO ai_sessions")
		w.run("RENAME TABLE usage_level_state TO away")
		both("without the state", "lacks a table")
	})
}

// What a check has found is told only while the state is the one that it was found in: it may be
// that of somebody who corrects. It is looked for again then, and told once.
func TestWhatIsFoundIsToldOfTheStateThatItWasFoundIn(t *testing.T) {
	inTurn(t, 1, func(t *testing.T, w *world) {
		w.month()
		w.run("UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 3 AND bucket > '1000-01-01'")
		changes := atomic.Int32{}
		between := func(_ context.Context, statement string) func(int64, error) {
			if strings.HasPrefix(statement, "check.read") && strings.HasSuffix(statement, "Names") && changes.Add(1) == 1 {
				w.run("UPDATE usage_total_rollups SET minutes = minutes - 1 WHERE grain = 3 AND bucket > '1000-01-01'")
				w.run("UPDATE usage_account_rollups SET minutes = minutes + 1 WHERE grain = 3 AND bucket > '1000-01-01'")
				w.run("UPDATE usage_level_state SET corrections = corrections + 1")
			}
			return func(int64, error) {}
		}
		connections, err := pool.Open(w.dsn, pool.Options{Observer: between})
		w.must(err)
		defer connections.Close()
		// Of everybody no ids are asked for, but of an account.
		w.run("UPDATE usage_account_rollups SET seconds = seconds + 1 WHERE grain = 3 AND bucket > '1000-01-01' LIMIT 1")
		levels := map[string]int{}
		err = newWorld(t, w.dsn, connections).checks.VerifyRollups(t.Context(), usage.Range{}, func(d check.Difference) { levels[d.Level()]++ }, nil)
		if want := w.count("SELECT COUNT(*) FROM usage_account_rollups WHERE grain = 3 AND bucket > '1000-01-01'"); err != nil || changes.Load() < 2 || levels["everybody"] != 0 || levels["accounts"] != want {
			t.Errorf("found %v, want %d of accounts, %v; ids were asked for %d times", levels, want, err, changes.Load())
		}
	})
}

// Who corrects is told how many differences went, and nothing is written where there are none.
func TestCorrectionsAreTold(t *testing.T) {
	inTurn(t, 0, func(t *testing.T, w *world) {
		w.month()
		told := 0
		w.checks.OnCorrect = func(differences int) { told += differences }
		for _, damage := range []string{"", "UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 3 AND bucket > '1000-01-01'"} {
			want := int64(0)
			if damage != "" {
				want = w.run(damage)
			}
			before := w.state()
			corrected, err := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
			after := w.state()
			if err != nil || corrected != want || int64(told) != want || (after.Corrections == before.Corrections) != (want == 0) {
				t.Errorf("%q: %d corrected, %d told, want %d, %v; %d corrections after %d", damage, corrected, told, want, err, after.Corrections, before.Corrections)
			}
		}
		w.run("UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 3 AND bucket > '1000-01-01'")
		w.run("RENAME TABLE usage_total_rollups TO away")
		w.run("CREATE VIEW usage_total_rollups AS SELECT grain, bucket, minutes + 0 AS minutes, seconds, sessions FROM away")
		told = 0
		if _, err := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil); err == nil || told != 0 {
			t.Errorf("what cannot be written: %d told, %v", told, err)
		}
	})
}

// Progress is told of the hours with anything in them that a check is of, in their order, and
// comes to their end.
func TestProgressIsToldOfTheHoursThereAre(t *testing.T) {
	inTurn(t, 1, func(t *testing.T, w *world) {
		told := func(what string, asked, want usage.Range) {
			t.Helper()
			var last check.CheckProgress
			grains := 0
			w.must(w.checks.VerifyRollups(t.Context(), asked, func(check.Difference) {}, func(p check.CheckProgress) {
				if p.Span != want || p.At.After(want.To) || p.Grain < last.Grain || p.Grain == last.Grain && p.At.Before(last.At) {
					t.Errorf("%s: told %+v after %+v, want the span %v", what, p, last, want)
				}
				if p.Share() == 1 && p.At.Equal(want.To) {
					grains |= 1 << p.Grain
				}
				last = p
			}))
			if grains != 1<<usage.QuarterHour|1<<usage.Hour|1<<usage.Day|1<<usage.Month {
				t.Errorf("%s: not all comes to its end: %b", what, grains)
			}
		}
		told("nothing there", usage.Range{}, usage.Range{From: usage.Earliest, To: usage.Earliest})
		at := func(hours float64) time.Time { return march.Add(time.Duration(hours * float64(time.Hour))) }
		w.insert(use{"a", "", at(12.5), 60}, true)
		w.insert(use{"a", "x", at(40.5), 60}, true)
		w.fold(10)
		all := usage.Range{From: at(12), To: at(41)}
		for what, c := range map[string]struct{ asked, want usage.Range }{
			"all":           {usage.Range{}, all},
			"from an end":   {usage.Range{From: at(30.25)}, usage.Range{From: at(30), To: at(41)}},
			"to an end":     {usage.Range{To: at(30.25)}, usage.Range{From: at(12), To: at(31)}},
			"more than all": {usage.Range{From: at(-10), To: at(90)}, all},
			"both":          {usage.Range{From: at(13), To: at(40)}, usage.Range{From: at(13), To: at(40)}},
		} {
			told(what, c.asked, c.want)
		}
	})
}

// Of a day some of whose sessions have been dropped, it is told what it has and what it should
// have: what is still there and what was kept.
func TestADayOfBothIsToldWhole(t *testing.T) {
	inTurn(t, 0, func(t *testing.T, w *world) {
		for hour := range 8 {
			w.insert(use{"a", "x", march.Add(time.Duration(hour) * time.Hour), 60}, true)
		}
		w.fold(100)
		w.retain(march.Add(3*time.Hour), false)
		w.run("UPDATE usage_customer_rollups SET minutes = 5, seconds = 300, sessions = 5 WHERE grain = 2 AND bucket > '1000-01-01'")
		found := w.differences()
		days := 0
		for _, one := range found {
			if one.Level() == "customers" && one.Grain == usage.Day {
				if days++; one.Want.Sessions != 8 || one.Got.Sessions != 5 || one.AccountID != "a" || one.CustomerID != "x" {
					t.Errorf("found %+v", one)
				}
			}
		}
		if days != 1 {
			t.Errorf("found %+v", found)
		}
	})
}

// However little time there is, a round compares the first day, the last one and those of now;
// and every day where the table has been made anew.
func TestARoundComparesWhatIsMostLikelyWrong(t *testing.T) {
	inTurn(t, 0, func(t *testing.T, w *world) {
		today := march.AddDate(0, 0, 5)
		days := map[string]time.Time{
			"the first day": today.AddDate(0, 0, -40), "a day": today.AddDate(0, 0, -20), "yesterday": today.AddDate(0, 0, -1),
			"today": today, "another day": today.AddDate(0, 0, 10), "the last day": today.AddDate(0, 0, 30),
		}
		for _, day := range days {
			w.insert(use{"a", "x", day.Add(9 * time.Hour), 60}, true)
		}
		w.fold(100)
		w.run("CREATE TABLE a_table (n INT)")
		comparer := w.checks.NewComparer().WithoutTime(today.Add(11 * time.Hour))
		round := func(what string, wantDiffers bool) {
			t.Helper()
			finished, err := comparer.Round(t.Context())
			if finished || (err != nil) != wantDiffers || w.state().Usable() == wantDiffers {
				t.Errorf("%s: finished %v, %v, %+v", what, finished, err, w.state())
			}
		}
		damage := func(at time.Time, by string) {
			t.Helper()
			if w.run("UPDATE usage_account_series SET minutes = minutes "+by+" WHERE grain = 0 AND bucket = ?", at.Add(9*time.Hour)) != 1 {
				t.Fatal("nothing is damaged")
			}
		}
		mend := func(at time.Time) {
			damage(at, "- 1")
			w.run("UPDATE usage_level_state SET phase = 'ready', reason = ''")
		}
		round("at first", false)
		for _, what := range []string{"the first day", "yesterday", "today", "the last day"} {
			damage(days[what], "+ 1")
			round(what, true)
			mend(days[what])
		}
		damage(days["another day"], "+ 1")
		round("a day that has time", false)
		anew := func(table string) {
			t.Helper()
			const created = "SELECT CAST(CREATE_TIME AS CHAR) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?"
			var before, after string
			w.must(w.db.GetContext(t.Context(), &before, created, table))
			for after = before; after == before; { // it is told to the second
				w.run("ALTER TABLE " + table + " FORCE")
				w.must(w.db.GetContext(t.Context(), &after, created, table))
			}
		}
		anew("a_table")
		round("another table made anew", false)
		anew("ai_sessions")
		round("a table made anew", true)
		mend(days["another day"])
		if finished, err := comparer.Round(t.Context()); finished || err != nil {
			t.Errorf("a table made anew is compared again: %v, %v", finished, err)
		}

		// What is still there of the day on which sessions are kept is the first that is looked at.
		w.retain(days["a day"].Add(8*time.Hour), false)
		round("dropped", false)
		damage(days["a day"], "+ 1")
		round("the first day that is left", true)
	})
}

// A difference whose ids cannot be read is not told, but the fault.
func TestADifferenceIsToldWithItsIDs(t *testing.T) {
	inTurn(t, 0, func(t *testing.T, w *world) {
		w.month()
		w.run("UPDATE usage_customer_rollups SET minutes = minutes + 1 WHERE grain = 3 AND bucket > '1000-01-01'")
		once := sync.OnceFunc(func() { w.run("RENAME TABLE usage_subjects TO away") })
		away := func(_ context.Context, statement string) func(int64, error) {
			if strings.HasPrefix(statement, "check.read") && strings.HasSuffix(statement, "Names") {
				once()
			}
			return func(int64, error) {}
		}
		connections, err := pool.Open(w.dsn, pool.Options{Observer: away})
		w.must(err)
		defer connections.Close()
		err = newWorld(t, w.dsn, connections).checks.VerifyRollups(t.Context(), usage.Range{}, func(d check.Difference) { t.Errorf("told %+v", d) }, nil)
		if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable {
			t.Errorf("got %v", err)
		}
	})
}

// Sums that do not fit in what they are told in are a fault, of what is kept and of what was
// dropped; and so are tables that are not there.
func TestWhatCannotBeComparedIsTold(t *testing.T) {
	for turn, kept := range []time.Time{{}, march.AddDate(0, 0, 2)} {
		inTurn(t, turn, func(t *testing.T, w *world) {
			w.insert(use{"a", "x", march, 60}, true)
			w.must(sweep(w.checks, t)) // nobody has a number yet
			w.fold(10)
			if !kept.IsZero() {
				w.retain(kept, false)
			}
			w.run("RENAME TABLE usage_account_rollups TO away")
			compared := sweep(w.checks, t)
			if coded, ok := errors.AsType[*usage.Error](compared); kept.IsZero() && (!ok || coded.Code != usage.Unavailable) {
				t.Errorf("without a table: %v", compared)
			}
			w.run("RENAME TABLE away TO usage_account_rollups")
			w.run("UPDATE usage_account_series SET minutes = 9223372036854775807 WHERE grain = 0")
			w.run("INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a', 'x', '2026-03-01', 5, 0, 0)")
			err := w.checks.VerifyRollups(t.Context(), usage.Range{}, func(check.Difference) {}, nil)
			if !errors.Is(err, usage.ErrTooLarge) {
				t.Errorf("sums from %v that are too large: %v", kept, err)
			}
			if err := sweep(w.checks, t); kept.IsZero() && !errors.Is(err, usage.ErrTooLarge) {
				t.Errorf("sums that are too large, in the background: %v", err)
			}
		})
	}
}

// Amounts that make up for one another in what all is compared by are compared by themselves.
func TestAmountsThatMakeUpForOneAnotherAreNoticed(t *testing.T) {
	inTurn(t, 1, func(t *testing.T, w *world) {
		w.insert(use{"a", "x", march, 60}, true)
		w.fold(10)
		w.run("UPDATE usage_total_rollups SET minutes = minutes + 31, seconds = seconds - 7 WHERE grain = 3 AND bucket > '1000-01-01'")
		w.distrusted("31 min for 7 s", "not those of its")
	})
}

// What changes while days are compared is compared in the next round: what somebody else has
// found, and what an earlier version's gateway drops.
func TestARoundLeavesWhatChangesMeanwhileToTheNext(t *testing.T) {
	for name, meanwhile := range map[string]struct{ after, runs, undone string }{
		"somebody has found it": {"check.differs", "UPDATE usage_level_state SET generation = generation + 1", "DO 0"},
		"an earlier version drops": {"check.Round", "INSERT INTO usage_rollup_state (state_id, phase, reason, generation, corrections, raw_from) VALUES (1, 'ready', '', 1, 0, '2026-01-01')",
			"DELETE FROM usage_rollup_state"},
	} {
		t.Run(name, func(t *testing.T) {
			inTurn(t, 0, func(t *testing.T, w *world) {
				w.month()
				w.run("UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain = 0")
				done := atomic.Bool{}
				connections, err := pool.Open(w.dsn, pool.Options{Observer: func(_ context.Context, statement string) func(int64, error) {
					if statement == meanwhile.after && !done.Swap(true) {
						w.run(meanwhile.runs)
					}
					return func(int64, error) {}
				}})
				w.must(err)
				defer connections.Close()
				comparer := check.New(connections, phase.NewTracker(connections, phase.Levels), func(context.Context) error { return nil }).NewComparer()
				if _, err := comparer.Round(t.Context()); err != nil || !done.Load() || w.state().Phase != phase.Ready {
					t.Errorf("got %v; done %v, %+v", err, done.Load(), w.state())
				}
				w.run(meanwhile.undone)
				if _, err := comparer.Round(t.Context()); err == nil || w.state().Phase != phase.Filling {
					t.Errorf("the next round has found nothing: %v, %+v", err, w.state())
				}
			})
		})
	}
}
