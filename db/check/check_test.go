package check_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/check"
	"aiusage/db/column"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// zones are whole hours from UTC or not, and have days that are longer or shorter, that are
// missing, that begin within a quarter-hour, or that clocks cut at one minute past midnight,
// from an instant on.
var zones = map[string]string{
	"Europe/Berlin":       "2026-03-26",
	"Asia/Kolkata":        "2026-02-26",
	"Australia/Lord_Howe": "2026-04-02",
	"Pacific/Apia":        "2011-12-28",
	"America/St_Johns":    "2011-11-04",
	"Antarctica/Casey":    "2020-10-01",
	"America/Sao_Paulo":   "2018-11-01",
	"Africa/Monrovia":     "1972-01-04",
}

// uses draws sessions of few subjects in the days from an instant on, some of which are
// undated or far away.
func uses(random *rand.Rand, from time.Time) use {
	one := use{
		account:  []string{"a", "A", "b"}[random.IntN(3)],
		customer: []string{"", "x", "y"}[random.IntN(3)],
		at:       from.AddDate(0, []int{0, 0, 0, 0, 1, -14}[random.IntN(6)], random.IntN(6)).Add(time.Duration(random.IntN(24*60)) * time.Minute),
		seconds:  []int64{0, 1, 59, 60, 61, 86400}[random.IntN(6)],
	}
	switch random.IntN(25) {
	case 0:
		one.at = column.Undated
	case 1:
		one.at = usage.Earliest.Add(time.Duration(random.IntN(60)) * time.Minute)
	case 2:
		one.at = usage.Latest.Add(-time.Duration(random.IntN(60*24)) * time.Minute)
	}
	return one
}

// damages are statements that make something wrong. %s is an order of rows.
var damages = []string{
	"UPDATE %[1]s SET minutes = minutes + 1 ORDER BY RAND(%[2]d) LIMIT 1",
	"UPDATE %[1]s SET sessions = sessions - 1 ORDER BY RAND(%[2]d) LIMIT 2",
	"UPDATE %[1]s SET seconds = seconds + 7 ORDER BY RAND(%[2]d) LIMIT 1",
	"UPDATE %[1]s SET bucket = bucket + INTERVAL 7 MINUTE ORDER BY RAND(%[2]d) LIMIT 1",
	"UPDATE IGNORE %[1]s SET bucket = bucket - INTERVAL 4 DAY WHERE bucket > '1001-01-01' ORDER BY RAND(%[2]d) LIMIT 1",
	"DELETE FROM %[1]s ORDER BY RAND(%[2]d) LIMIT 1",
	"DELETE FROM %[1]s",
}

// Whatever is written, folded and damaged: verifying finds what is wrong and nothing else,
// and rebuilding makes all sums those of the sessions, one for one.
func TestEverySumIsComparedAndRepaired(t *testing.T) {
	all, half := slices.Sorted(maps.Keys(zones)), len(zones)/2
	for turn, some := range [][]string{all[:half], all[half:]} {
		inTurn(t, turn, func(t *testing.T, w *world) { everySumIsComparedAndRepaired(t, w, some) })
	}
}

func everySumIsComparedAndRepaired(t *testing.T, w *world, names []string) {
	for i, zone := range names {
		from, number := zones[zone], i+1
		begin, err := time.Parse(time.DateOnly, from)
		w.must(err)
		random := rand.New(rand.NewPCG(uint64(len(zone)), 11))
		if number > 1 {
			w.run("UPDATE usage_calendars SET phase = 'leaving'")
			w.must(w.checks.FillRollups(t.Context(), nil))
		}
		calendar := w.register(number, zone)
		w.must(w.checks.FillRollups(t.Context(), nil))
		for range dbtest.Draws(3) {
			for range random.IntN(12) {
				w.insert(uses(random, begin), random.IntN(4) > 0)
			}
			if random.IntN(3) == 0 {
				w.drop(1+random.IntN(w.written+1), random.IntN(3) > 0)
			}
			if random.IntN(2) == 0 {
				w.fold(random.IntN(20))
			}
			if random.IntN(3) > 0 {
				table := sums.Tables[random.IntN(len(sums.Tables))].Name()
				damage := fmt.Sprintf(damages[random.IntN(len(damages))], table, random.IntN(1000))
				w.run(damage)
			}
			if random.IntN(4) == 0 {
				w.run("DELETE FROM usage_changes LIMIT 2")
			}
			calendars := []usage.Calendar{usage.UTCCalendar, calendar}
			subjects := w.subjects()
			w.must(sums.Introduce(t.Context(), w.db, subjects))
			wrong := wrongRows(w.wanted(calendars, time.Time{}), w.stored(calendars))
			if found := w.differences(); len(found) > 0 != (len(wrong) > 0) {
				t.Fatalf("%s: found %+v, wrong are %q", zone, found, wrong)
			}
			corrected, err := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
			if err != nil || corrected > 0 != (len(wrong) > 0) {
				t.Fatalf("%s: %d corrected, %v, wrong were %q", zone, corrected, err, wrong)
			}
			w.holds(zone, calendar)
			if t.Failed() {
				return
			}
		}
	}
}

// An account that has no number yet gets one where its sums are corrected, whether a
// customer's are or not.
func TestWhoHasNoNumberYetGetsOne(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		at := march.Add(time.Hour)
		w.insert(use{"new", "x", at, 60}, true)
		w.run("UPDATE usage_changes SET quarter = quarter + INTERVAL 15 MINUTE") // on the same day
		w.insert(use{"other", "", at, 60}, false)
		w.insert(use{"other", "x", at, 60}, false)
		w.insert(use{"other", "x", column.Undated, 60}, false)
		unfolded := check.New(w.db, w.phases, func(context.Context) error { return nil })
		corrected, err := unfolded.RebuildRollups(t.Context(), usage.Range{}, nil)
		if err != nil || corrected != 7 { // each session at two levels
			t.Errorf("%d corrected, %v", corrected, err)
		}
		w.holds("corrected")
	})
}

// Ids that differ by the blanks at their end only are the same to the tables, and so to corrections,
// however they were written first.
func TestIDsWithBlanksAtTheirEndAreCorrected(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		at := march.Add(time.Hour)
		w.insert(use{"blank ", "x ", at, 60}, true)
		w.insert(use{"plain", "y", at, 60}, true)
		w.fold(100)
		w.insert(use{"blank", "x", at, 60}, false)
		w.insert(use{"plain  ", "y ", at, 60}, false)
		w.insert(use{"nobody yet ", "", at, 60}, false)
		corrected, err := w.checks.RebuildRollups(t.Context(), usage.Range{}, nil)
		if err != nil || corrected == 0 {
			t.Errorf("%d corrected, %v", corrected, err)
		}
		for account, sessions := range map[string]int{"blank": 2, "plain": 2, "nobody yet": 1} {
			of := fmt.Sprintf("FROM usage_customer_rollups r JOIN usage_subjects s ON s.subject_no = r.subject_no WHERE r.grain = 2 AND s.account_id = '%s'", account)
			if got := w.count("SELECT SUM(r.sessions) " + of); got != sessions {
				t.Errorf("%q has %d sessions, want %d", account, got, sessions)
			}
		}
	})
}

// awaitLock returns once a statement waits for the state to be unlocked.
func (w *world) awaitLock() {
	w.t.Helper()
	for range 2000 {
		if w.count("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE '%usage_level_state%FOR UPDATE' AND ID <> CONNECTION_ID()") > 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatal("nobody waits")
}

// A correction is of whom it was found for, also where the numbers that were read stand for others
// by the time that it is made, as on a server that has taken the place of another.
func TestACorrectionIsOfItsSubjectWhateverNumberThatHas(t *testing.T) {
	for turn, c := range []struct{ damage, renumbered string }{
		{"usage_customer_rollups SET minutes = minutes + 7 ORDER BY grain LIMIT 1", "subject_no"},
		{"usage_account_series SET minutes = minutes + 7 WHERE grain = 0", "account_no"},
	} {
		inTurn(t, turn, func(t *testing.T, w *world) {
			for _, customer := range []string{"x", "y"} {
				w.insert(use{"a", customer, march, 60}, true)
			}
			w.fold(10)
			w.run("UPDATE " + c.damage)
			unfolded := check.New(w.db, w.phases, func(context.Context) error { return nil })
			other, err := w.db.BeginTxx(t.Context(), &sql.TxOptions{Isolation: sql.LevelReadCommitted})
			w.must(err)
			_, err = other.ExecContext(t.Context(), "SELECT corrections FROM usage_level_state FOR UPDATE")
			w.must(err)
			done := make(chan error, 1)
			go func() {
				corrected, err := unfolded.RebuildRollups(context.WithoutCancel(t.Context()), usage.Range{}, nil)
				if corrected == 0 {
					t.Error("nothing is corrected")
				}
				done <- err
			}()
			w.awaitLock()
			tables := map[string][]string{
				"subject_no": {"usage_subjects", "usage_customer_rollups"},
				"account_no": {"usage_accounts", "usage_subjects", "usage_customer_rollups", "usage_account_rollups", "usage_account_series"},
			}
			for _, table := range tables[c.renumbered] {
				_, err := other.ExecContext(t.Context(), fmt.Sprintf("UPDATE %s SET %[2]s = %[2]s + 100 WHERE %[2]s > 0", table, c.renumbered))
				w.must(err)
			}
			_, err = other.ExecContext(t.Context(), "UPDATE usage_subject_stamp SET stamp = stamp + 1, upto = upto + 100")
			w.must(err)
			w.must(other.Commit())
			w.must(<-done)
			w.holds("with another " + c.renumbered)
		})
	}
}

// Two who have found the same difference correct it once, wherever it is.
func TestADifferenceThatTwoHaveFoundIsCorrectedOnce(t *testing.T) {
	onAny(t, func(t *testing.T, w *world) {
		unfolded := check.New(w.db, w.phases, func(context.Context) error { return nil })
		for i, start := range []time.Time{march, column.Undated} {
			w.insert(use{"a", "", start, 60}, true)
			w.fold(10)
			change := func(tx *sqlx.Tx, by string) {
				for _, table := range sums.Tables {
					_, err := tx.ExecContext(t.Context(), "UPDATE "+table.Name()+" SET minutes = minutes "+by+" WHERE bucket = ?", start)
					w.must(err)
				}
			}
			tx, err := w.db.BeginTxx(t.Context(), nil)
			w.must(err)
			change(tx, "+ 7")
			w.must(tx.Commit())
			// The other one is about to correct: it has the lock that corrections take.
			other, err := w.db.BeginTxx(t.Context(), &sql.TxOptions{Isolation: sql.LevelReadCommitted})
			w.must(err)
			_, err = other.ExecContext(t.Context(), "UPDATE usage_level_state SET corrections = corrections + 1")
			w.must(err)
			done := make(chan error, 1)
			go func() {
				corrected, err := unfolded.RebuildRollups(context.WithoutCancel(t.Context()), usage.Range{}, nil)
				if corrected != 0 {
					t.Errorf("%d are corrected that the other one has", corrected)
				}
				done <- err
			}()
			w.awaitLock()
			change(other, "- 7")
			w.must(other.Commit())
			w.must(<-done)
			w.holds([]string{"dated", "undated"}[i])
		}
	})
}
