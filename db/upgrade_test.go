package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// move is an upgrade that is under way: gateways of both versions run, fold and import,
// and are killed every now and then, and the platform writes.
type move struct {
	t      *testing.T
	dsn    string
	former *formerGateway
	// platform has connections of its own, on which nothing keeps triggers out.
	platform *sql.DB
	// pause keeps everybody from what they do while sums are looked at.
	pause sync.RWMutex
	// dropped are the sessions that are gone, or go as dropping goes on, and keptFrom is from
	// when they are kept.
	dropped  []usage.Session
	keptFrom time.Time
	// begin is when the first session starts.
	begin time.Time
}

// run does something again and again, with a random source of its own, until ctx ends.
func (m *move) run(ctx context.Context, group *sync.WaitGroup, seed uint64, do func(random *rand.Rand) error) {
	group.Go(func() {
		random := rand.New(rand.NewPCG(seed, 5))
		for ctx.Err() == nil {
			m.pause.RLock()
			err := do(random)
			m.pause.RUnlock()
			if coded, ok := errors.AsType[*usage.Error](err); ok && coded.Code == usage.InvalidArgument || errors.Is(err, errDropped) || isOneOf(err, 1213, 1205) {
				err = nil // from before what is kept; or two met, and it would be tried again
			}
			if err != nil {
				m.t.Error(err)
				return
			}
		}
	})
}

// some returns a few sessions, of ids that others write as well, but none that is being
// dropped.
func (m *move) some(random *rand.Rand, count int) (sessions []usage.Session) {
	for range count {
		id := fmt.Sprint(random.IntN(400))
		if slices.ContainsFunc(slices.Concat(sessions, m.dropped), func(one usage.Session) bool { return one.SessionID == id }) {
			continue
		}
		sessions = append(sessions, m.session(random, id))
	}
	return sessions
}

// days is how many days the sessions are of.
const days = 8

func (m *move) session(random *rand.Rand, id string) usage.Session {
	return usage.Session{SessionID: id, AccountID: fmt.Sprint("a", random.IntN(3)), CustomerID: []string{"", "c", "d"}[random.IntN(3)],
		StartedAt: m.begin.Add(time.Duration(random.IntN(days*24*3600)) * time.Second), DurationSeconds: random.Int64N(4000)}
}

// writeAsThePlatform does one of the things that a platform does. It does not touch what
// retention may drop.
func (m *move) writeAsThePlatform(random *rand.Rand) error {
	one := m.session(random, fmt.Sprint("p", random.IntN(200)))
	if one.StartedAt.Before(m.keptFrom) {
		one.StartedAt = m.keptFrom.Add(time.Duration(random.IntN(3600)) * time.Second)
	}
	start := one.StartedAt.Format(time.DateTime)
	kept := fmt.Sprintf("started_at >= '%s' AND session_id LIKE '%%%d' LIMIT 3", m.keptFrom.Format(time.DateTime), random.IntN(10))
	statement := []string{
		fmt.Sprintf("INSERT IGNORE INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('%s', '%s', '%s', %d)", one.SessionID, one.AccountID, start, one.DurationSeconds),
		fmt.Sprintf("UPDATE ai_sessions SET duration_seconds = %d, customer_id = '%s' WHERE %s", one.DurationSeconds, one.CustomerID, kept),
		fmt.Sprintf("UPDATE ai_sessions SET started_at = '%s' WHERE %s", start, kept),
		fmt.Sprintf("DELETE FROM ai_sessions WHERE %s", kept),
		fmt.Sprintf("UPDATE ai_sessions SET account_id = '%s' WHERE %s", one.AccountID, kept),
	}[random.IntN(5)]
	_, err := m.platform.ExecContext(context.WithoutCancel(m.t.Context()), statement)
	return err
}

// everything is all sessions, those that were dropped among them.
func (m *move) everything() []usage.Session {
	var left []usage.Session
	for _, one := range sessionsOf(m.t, m.dsn) {
		if !m.wasDropped(one.StartedAt) {
			left = append(left, one)
		}
	}
	return append(left, m.dropped...)
}

// wasDropped tells whether sessions of an instant count as dropped: some of them may still
// be there, because dropping goes on.
func (m *move) wasDropped(at time.Time) bool { return !at.IsZero() && at.Before(m.keptFrom) }

// willDrop remembers which sessions go. Nobody may write meanwhile.
func (m *move) willDrop(before time.Time) {
	for _, one := range sessionsOf(m.t, m.dsn) {
		if !one.StartedAt.IsZero() && !one.StartedAt.Before(m.keptFrom) && one.StartedAt.Before(before) {
			m.dropped = append(m.dropped, one)
		}
	}
	m.keptFrom = before
}

// dropAsFormer has the earlier version drop sessions, but not all of them yet.
func (m *move) dropAsFormer(before time.Time) {
	m.pause.Lock()
	defer m.pause.Unlock()
	m.willDrop(before)
	m.former.announceDropping(before)
	m.former.drop(5)
}

// holds looks at the sums of both versions.
func (m *move) holds(what string, quartersFrom time.Time, levels bool) {
	m.t.Helper()
	m.pause.Lock()
	defer m.pause.Unlock()
	all := m.everything()
	formerHolds(m.t, m.dsn, what, all)
	if !levels {
		return
	}
	rowsHold(m.t, m.dsn, what, all, calendarsOf(m.t, m.dsn), func(row sums.Row) bool {
		return row.Grid == 0 && row.Bucket.Year() > 1000 && row.Bucket.Before(quartersFrom)
	})
	quartersHold(m.t, m.dsn, what, all, quartersFrom, m.keptFrom)
}

// start begins a move: in a database of the earlier version, of which some sessions have
// been dropped.
func startMove(t *testing.T, dsn string) *move {
	m := &move{t: t, dsn: dsn, begin: time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC)}
	m.former = formerDatabase(t, dsn)
	m.platform = pool(t, dsn)
	random := rand.New(rand.NewPCG(1, 1))
	if err := m.former.importSessions(true, m.some(random, 300)...); err != nil {
		t.Fatal(err)
	}
	newWriter(t, dsn, "").run("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('undated', 'a0', '0000-00-00', 61)")
	if err := m.former.fold(200, true); err != nil {
		t.Fatal(err)
	}
	m.dropAsFormer(m.begin.Add(30 * time.Hour)) // within a day, and a month before its end
	return m
}

// An upgrade is exact at every step, in the sums of both versions, whatever their gateways
// and the platform do meanwhile.
func TestAnUpgradeIsExactThroughout(t *testing.T) {
	eachMove(t, func(t *testing.T, m *move, store *db.Store) {
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

// fill fills the rollups, and fails unless reports read them afterwards.
func fill(t *testing.T, store *db.Store) {
	t.Helper()
	if err := store.FillRollups(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := status(t, store); got.Phase != db.Ready {
		t.Fatalf("after filling: %+v", got)
	}
}

// eachMove runs test on every engine that can have rollups, with a move that has begun.
func eachMove(t *testing.T, test func(t *testing.T, m *move, store *db.Store)) {
	eachEmpty(t, func(t *testing.T, store *db.Store, dsn string) { test(t, startMove(t, dsn), store) })
}

// The steps of the new version can be undone at any time: the sums by hour and their
// triggers are as they were, and go on.
func TestAnUpgradeCanBeUndone(t *testing.T) {
	eachMove(t, func(t *testing.T, m *move, store *db.Store) {
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
	eachMove(t, func(t *testing.T, m *move, store *db.Store) {
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
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
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
	eachMove(t, func(t *testing.T, m *move, store *db.Store) {
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

// eachEmpty runs test on every engine that can have rollups, in an empty database.
func eachEmpty(t *testing.T, test func(t *testing.T, store *db.Store, dsn string)) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		if isEmbedded(t, store) {
			t.Skip("the embedded engine has no rollups")
		}
		test(t, store, dsn)
	})
}
