package db_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/db/sums"
	"aiusage/usage"
)

// An upgrade is exact at every step, in the sums of both versions, whatever their gateways
// and the platform do meanwhile.
func TestAnUpgradeIsExactThroughout(t *testing.T) {
	anyMove(t, func(t *testing.T, m *move, store *db.Store) {
		dsn := m.dsn
		m.holds("at first", time.Time{}, false)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		defer group.Wait()
		defer cancel()
		formerLives := true
		m.run(ctx, &group, 1, m.writeAsThePlatform)
		m.run(ctx, &group, 2, func(random *rand.Rand) error {
			if !formerLives {
				return nil
			}
			return m.former.fold(1+random.IntN(20), random.IntN(3) > 0)
		})
		m.run(ctx, &group, 3, func(random *rand.Rand) error {
			if !formerLives {
				return nil
			}
			return m.former.importSessions(random.IntN(3) > 0, m.some(random, 3)...)
		})

		migrate(t, store)
		m.holds("with the tables", time.Time{}, false)
		berlin := calendarOf(t, 0, "Europe/Berlin").Zone
		if got, err := store.InstallRollups(t.Context(), berlin); err != nil || got.Phase != db.Filling || !got.ReadsFormer() {
			t.Fatalf("%+v, %v", got, err)
		}
		other := open(t, dsn)
		m.run(ctx, &group, 4, func(random *rand.Rand) error {
			if random.IntN(3) == 0 {
				return other.AbandonFold(context.WithoutCancel(ctx), 10)
			}
			return other.FoldBatch(context.WithoutCancel(ctx), 1+random.IntN(20))
		})
		m.run(ctx, &group, 5, func(random *rand.Rand) error {
			_, err := other.WriteSessions(context.WithoutCancel(ctx), m.some(random, 3))
			return err
		})
		m.holds("installed", time.Time{}, false)

		// Filling is cut off in the midst of adopting, and once more later.
		for steps := range 3 {
			interrupted, stop := context.WithCancel(t.Context())
			at := 0
			_ = store.FillRollups(interrupted, func(db.CheckProgress) {
				if at++; at > steps {
					stop()
				}
			})
			stop()
		}
		m.dropAsFormer(m.begin.Add(54 * time.Hour)) // which goes on dropping
		fill(t, store)
		m.holds("filled", m.keptFrom, true)

		// The earlier version drops more, within an hour's day, and then the rest of it.
		m.dropAsFormer(m.begin.Add(59 * time.Hour))
		m.dropAsFormer(m.begin.Add(77 * time.Hour))
		if got := status(t, store); got.Phase == db.Ready || !strings.Contains(got.Reason, "whose sums are being adopted") {
			t.Errorf("before its sums are adopted: %+v", got)
		}
		if _, err := store.DropSessions(t.Context(), m.begin.Add(100*time.Hour), nil); err == nil || !strings.Contains(err.Error(), "adopted") {
			t.Errorf("sessions are dropped before: %v", err)
		}
		fill(t, store)
		m.former.drop(100000)
		m.holds("adopted", m.keptFrom, true)
		quartersFrom := m.keptFrom

		// The new version drops, to the start of a day.
		m.pause.Lock()
		m.willDrop(m.begin.Add(120 * time.Hour))
		dropped, err := store.DropSessions(t.Context(), m.begin.Add(125*time.Hour), nil)
		m.pause.Unlock()
		if err != nil || dropped == 0 {
			t.Fatalf("%d dropped, %v", dropped, err)
		}
		m.holds("dropped by the new version", quartersFrom, true)

		// As long as a gateway of the earlier version folds, its sums are kept.
		if err := store.RetireUnused(t.Context()); err != nil || status(t, store).Former != db.Ready {
			t.Errorf("%v, %+v", err, status(t, store))
		}
		m.pause.Lock()
		formerLives = false
		m.pause.Unlock()
		execute(t, dsn, "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('waits', 'a0', '2026-04-03', 60)",
			"UPDATE usage_deltas SET recorded_at = TIMESTAMPADD(MINUTE, -11, recorded_at)")
		m.holds("before the earlier version's end", quartersFrom, true)
		if err := store.RetireUnused(t.Context()); err != nil || status(t, store).Former != "" {
			t.Errorf("%v, %+v", err, status(t, store))
		}
		if n := count(t, dsn, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"); n != 3 {
			t.Errorf("%d triggers, want the three of the new version", n)
		}
		cancel()
		group.Wait()
		rowsHold(t, dsn, "in the end", m.everything(), calendarsOf(t, dsn), func(row sums.Row) bool {
			return row.Grid == 0 && row.Bucket.Year() > 1000 && row.Bucket.Before(quartersFrom)
		})
		waiting := count(t, dsn, "SELECT COUNT(*) FROM usage_deltas")
		last := m.session(rand.New(rand.NewPCG(3, 3)), "last")
		last.StartedAt = m.keptFrom
		write(t, open(t, dsn), last)
		if now := count(t, dsn, "SELECT COUNT(*) FROM usage_deltas"); now != waiting {
			t.Errorf("%d changes are recorded for the sums of the earlier version", now-waiting)
		}
	})
}

// Adopting alone brings all sums of what was dropped to what they have to be, and those of
// the rest of the day in which dropping ended; once more, it changes nothing. Changes that
// wait are not counted twice.
func TestAdoptingBringsSumsToWhatTheyHaveToBe(t *testing.T) {
	anyMove(t, func(t *testing.T, m *move, store *db.Store) {
		migrate(t, store)
		if _, err := store.InstallRollups(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(8, 8))
		for range 40 { // some of which are folded, and others wait
			if err := m.writeAsThePlatform(random); err != nil {
				t.Fatal(err)
			}
			if err := store.FoldBatch(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.former.fold(100, true); err != nil {
			t.Fatal(err)
		}
		last := m.begin.AddDate(0, 0, days-1)
		m.dropAsFormer(last.Add(10 * time.Hour)) // on the last day with sessions
		for _, what := range []string{"adopted", "adopted again"} {
			if err := store.Adopt(t.Context()); err != nil {
				t.Fatal(err)
			}
			rowsHold(t, m.dsn, what, m.everything(), utcOnly, func(row sums.Row) bool {
				return row.Bucket.Year() < 1000 || row.Grid == 0 && row.Bucket.Before(m.keptFrom)
			})
			quartersHold(t, m.dsn, what, m.everything(), m.keptFrom, m.keptFrom)
		}
	})
}

// Sums that an earlier version's gateway drops sessions from while they are wrong, or are
// being filled, are compared from the start again before reports read them.
func TestSumsOfWhatWasDroppedMeanwhileAreComparedAgain(t *testing.T) {
	for name, before := range map[string]string{
		"right":        "SELECT 1",
		"wrong":        "UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 2 AND bucket = '2026-03-30'",
		"being filled": "UPDATE usage_level_state SET phase = 'filling', filled_to = '2999-01-01'",
	} {
		t.Run(name, func(t *testing.T) {
			anyMove(t, func(t *testing.T, m *move, store *db.Store) {
				migrate(t, store)
				if _, err := store.InstallRollups(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				fill(t, store)
				if err := m.former.fold(1000, true); err != nil {
					t.Fatal(err)
				}
				execute(t, m.dsn, before)
				m.dropAsFormer(m.begin.AddDate(0, 0, days-1).Add(10 * time.Hour))
				if err := store.Adopt(t.Context()); err != nil {
					t.Fatal(err)
				}
				again := count(t, m.dsn, "SELECT COUNT(*) FROM usage_level_state WHERE phase = 'filling' AND filled_to IS NULL")
				if want := map[bool]int{true: 0, false: 1}[name == "right"]; again != want {
					t.Errorf("compared again: %d, want %d", again, want)
				}
				fill(t, store)
				m.holds("filled again", m.keptFrom, true)
			})
		})
	}
}

// The steps of the new version can be undone at any time: the sums by hour and their
// triggers are as they were, and go on.
func TestAnUpgradeCanBeUndone(t *testing.T) {
	anyMove(t, func(t *testing.T, m *move, store *db.Store) {
		random := rand.New(rand.NewPCG(4, 4))
		everybody := func(levels bool) {
			t.Helper()
			for i := range 60 {
				err := m.writeAsThePlatform(random)
				if err == nil && i%5 == 0 {
					err = m.former.importSessions(true, m.some(random, 3)...)
				}
				if err == nil && i%7 == 0 {
					err = m.former.fold(10, true)
				}
				if err == nil && levels && i%6 == 0 {
					_, err = store.WriteSessions(t.Context(), m.some(random, 3))
				}
				if err == nil && levels && i%8 == 0 {
					err = store.FoldBatch(t.Context(), 10)
				}
				if coded, ok := errors.AsType[*usage.Error](err); ok && coded.Code == usage.InvalidArgument || errors.Is(err, errDropped) {
					err = nil
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		for round := range 2 { // and begun again
			migrate(t, store)
			if _, err := store.InstallRollups(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			everybody(true)
			fill(t, store)
			m.holds("filled", m.keptFrom, true)
			everybody(true)
			if round == 1 {
				m.willDrop(m.begin.Add(72 * time.Hour))
				if _, err := store.DropSessions(t.Context(), m.keptFrom, nil); err != nil {
					t.Fatal(err)
				}
			}
			undoLevels(t, open(t, m.dsn))
			m.holds("undone", time.Time{}, false)
			everybody(false)
			m.holds("afterwards", time.Time{}, false)
			store = open(t, m.dsn)
		}
	})
}

// Sums of an earlier version are retired by command, and dropped with their tables.
func TestRetiringTheSumsOfAnEarlierVersion(t *testing.T) {
	anyMove(t, func(t *testing.T, m *move, store *db.Store) {
		migrate(t, store)
		if _, err := store.InstallRollups(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		_, err := store.RetireFormer(t.Context(), true)
		if coded := wantCode(t, err, usage.Unavailable); !strings.Contains(coded.Message, "still needed") {
			t.Errorf("got %v", coded)
		}
		fill(t, store)
		// While its sums are kept, they have to have what is dropped.
		const damaged = "UPDATE usage_rollups SET minutes = minutes + %d WHERE grain = 1 AND bucket >= '2026-03-28 06:00'"
		execute(t, m.dsn, fmt.Sprintf(damaged, 1))
		_, err = store.DropSessions(t.Context(), m.begin.Add(72*time.Hour), nil)
		if coded := wantCode(t, err, usage.Unavailable); !strings.Contains(coded.Message, "sums of an earlier version differ") {
			t.Errorf("got %v", coded)
		}
		execute(t, m.dsn, fmt.Sprintf(damaged, -1))
		importer := open(t, m.dsn) // which takes the tables for used
		write(t, importer, m.session(rand.New(rand.NewPCG(1, 9)), "before"))
		if count(t, m.dsn, "SELECT COUNT(*) FROM usage_deltas") == 0 {
			t.Error("nothing is recorded for the sums of the earlier version")
		}
		for _, c := range []struct{ drop, done bool }{{false, true}, {false, false}, {true, true}, {true, false}} {
			done, err := store.RetireFormer(t.Context(), c.drop)
			if err != nil || done != c.done {
				t.Errorf("with drop %v: done is %v, want %v; %v", c.drop, done, c.done, err)
			}
			if !c.drop {
				_, err := store.DropSessions(t.Context(), m.begin.Add(72*time.Hour), nil)
				if coded := wantCode(t, err, usage.Unavailable); !strings.Contains(coded.Message, "rollup retire command with --drop") {
					t.Errorf("got %v", coded)
				}
			}
			if got := status(t, store); got.Phase != db.Ready || got.Former != "" {
				t.Errorf("with drop %v: %+v", c.drop, got)
			}
			write(t, importer, m.session(rand.New(rand.NewPCG(1, 9)), fmt.Sprint("after", c.drop, c.done)))
			if err := store.LookAfter(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if left := count(t, m.dsn, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('usage_rollups', 'usage_deltas')"); left != 0 {
			t.Errorf("%d tables are left", left)
		}
		quartersFrom := m.keptFrom
		m.willDrop(m.begin.Add(72 * time.Hour))
		if _, err := store.DropSessions(t.Context(), m.keptFrom, nil); err != nil {
			t.Error(err)
		}
		rowsHold(t, m.dsn, "dropped", m.everything(), calendarsOf(t, m.dsn), func(row sums.Row) bool {
			return row.Grid == 0 && row.Bucket.Year() > 1000 && row.Bucket.Before(quartersFrom)
		})
		quartersHold(t, m.dsn, "dropped", m.everything(), quartersFrom, m.keptFrom)
		// A gateway of the earlier version does not take sessions from before.
		if got := count(t, m.dsn, "SELECT COUNT(*) FROM usage_rollup_state WHERE phase = 'raw' AND raw_from = '"+m.keptFrom.Format(time.DateTime)+"'"); got != 1 {
			t.Error("it is not told what has been dropped")
		}
		// Undoing and doing everything again is as without them.
		if _, err := undoAll(t, open(t, m.dsn), "ai_sessions"); err != nil {
			t.Error(err)
		}
	})
}

// Where there never were such sums, there is nothing to retire.
func TestThereIsNothingToRetireInAFreshDatabase(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		for _, drop := range []bool{false, true} {
			if done, err := store.RetireFormer(t.Context(), drop); done || err != nil {
				t.Errorf("%v, %v", done, err)
			}
		}
		write(t, store, session("1", 60))
		if n := count(t, dsn, "SELECT (SELECT COUNT(*) FROM usage_deltas) + (SELECT COUNT(*) FROM usage_rollup_state)"); n != 0 {
			t.Errorf("%d rows of an earlier version", n)
		}
		if n := count(t, dsn, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"); n != 3 {
			t.Errorf("%d triggers", n)
		}
	})
}

// Sums of an earlier version whose triggers are gone are read by nobody.
func TestSumsOfAnEarlierVersionWithoutTriggersAreNotRead(t *testing.T) {
	anyMove(t, func(t *testing.T, m *move, store *db.Store) {
		migrate(t, store)
		if _, err := store.InstallRollups(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := store.CheckRollups(t.Context()); err != nil || !status(t, store).ReadsFormer() {
			t.Errorf("%v, %+v", err, status(t, store))
		}
		execute(t, m.dsn, "DROP TRIGGER aiusage_session_updated")
		if err := store.CheckRollups(t.Context()); err != nil || status(t, store).ReadsFormer() || status(t, store).Phase != db.Filling {
			t.Errorf("%v, %+v", err, status(t, store))
		}
	})
}
