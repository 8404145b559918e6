package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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
			if coded, ok := errors.AsType[*usage.Error](err); ok && coded.Code == usage.InvalidArgument || errors.Is(err, errDropped) || isOneOf(err, undone...) {
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
	dbtest.EachServer(t, moving(test))
}

// anyMove is eachMove on one of the engines.
func anyMove(t *testing.T, test func(t *testing.T, m *move, store *db.Store)) {
	dbtest.AnyServer(t, moving(test))
}

func moving(test func(t *testing.T, m *move, store *db.Store)) func(t *testing.T, dsn string) {
	return func(t *testing.T, dsn string) {
		store := open(t, dsn)
		test(t, startMove(t, dsn), store)
	}
}
