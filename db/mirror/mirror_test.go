package mirror_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"aiusage/db/mirror"
	"aiusage/db/pool"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// each runs a test on each engine, and tells whether it is the embedded one.
func each(t *testing.T, test func(t *testing.T, connections *pool.Pool, embedded bool)) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		test(t, tables.Open(t, dsn), strings.HasSuffix(t.Name(), "/embedded"))
	})
}

func insert(t *testing.T, connections *pool.Pool, id string) {
	t.Helper()
	_, err := connections.ExecContext(t.Context(), `INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES (?, 'a', '2026-03-01 10:00', 61)`, id)
	if err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, m *mirror.Mirror) {
	t.Helper()
	if err := m.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// minutes is what a copy has, or -1 of none.
func minutes(t *testing.T, held *mirror.Copy) (sum int64) {
	t.Helper()
	if held == nil {
		return -1
	}
	err := held.Each(usage.Query{}, usage.Compose([]usage.Range{{}}, usage.Sums{}), func(_ usage.Subject, _ []usage.Share, amount usage.Usage) error {
		sum += amount.Minutes
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// A copy is used where the sessions are those that it is of, and nowhere else: not after
// they were changed, and not by a transaction that still sees the ones before.
func TestACopyIsUsedForItsOwnStateAlone(t *testing.T) {
	each(t, func(t *testing.T, connections *pool.Pool, embedded bool) {
		m := mirror.New(connections)
		in := func(what string, want int64) {
			t.Helper()
			held, err := m.In(t.Context(), connections)
			if err != nil {
				t.Fatal(err)
			}
			if !embedded {
				want = -1
			}
			if got := minutes(t, held); got != want {
				t.Errorf("%s: %d minutes, want %d", what, got, want)
			}
		}
		insert(t, connections, "1")
		load(t, m)
		if m.Possible() != embedded {
			t.Errorf("possible: %v", m.Possible())
		}
		in("loaded", 2)

		before, err := connections.Beginx()
		if err != nil {
			t.Fatal(err)
		}
		defer before.Rollback()
		if held, err := m.In(t.Context(), before); err != nil || embedded && minutes(t, held) != 2 {
			t.Errorf("in a transaction: %v, %v", held, err)
		}
		insert(t, connections, "2")
		in("after a change", -1)
		load(t, m)
		in("loaded again", 4)
		if held, err := m.In(t.Context(), before); err != nil || held != nil {
			t.Errorf("a transaction that began before the change is given what came after: %v, %v", held, err)
		}
	})
}

// What is too much to be held is not, until it is less.
func TestACopyIsBounded(t *testing.T) {
	each(t, func(t *testing.T, connections *pool.Pool, embedded bool) {
		if !embedded {
			t.Skip("only the embedded engine has copies")
		}
		m := mirror.New(connections)
		m.HoldAtMost(2)
		for i, want := range []int64{2, 4, -1} {
			insert(t, connections, string(rune('a'+i)))
			load(t, m)
			if held, err := m.In(t.Context(), connections); err != nil || minutes(t, held) != want {
				t.Errorf("%d sessions: %v minutes, want %d; %v", i+1, minutes(t, held), want, err)
			}
		}
	})
}

// Whoever asks first has a copy made for those who come later.
func TestACopyIsMadeWhenItIsAskedFor(t *testing.T) {
	each(t, func(t *testing.T, connections *pool.Pool, embedded bool) {
		insert(t, connections, "1")
		m := mirror.New(connections)
		if m.Possible() {
			t.Error("it is known before anybody has looked")
		}
		await(t, func() bool { return m.Possible() == embedded })
		insert(t, connections, "2")
		await(t, func() bool {
			held, err := m.In(t.Context(), connections)
			return err == nil && (minutes(t, held) == 4 || !embedded)
		})
	})
}

// await waits for what happens in the background.
func await(t *testing.T, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}
