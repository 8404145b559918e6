package write_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"aiusage/db/pool"
	"aiusage/db/write"
	"aiusage/usage"
)

// turn is what became of asking for the turn.
type turn struct {
	release func()
	err     error
}

// asks asks for the turn, and returns when it is told to wait, or an answer.
func asks(ctx context.Context, by *write.Writer) (waiting chan struct{}, got chan turn) {
	waiting, got = make(chan struct{}, 10), make(chan turn, 1)
	go func() {
		release, err := by.TakeTurn(ctx, func() { waiting <- struct{}{} })
		got <- turn{release, err}
	}()
	return waiting, got
}

// has waits for the turn.
func (w *world) has(got chan turn) turn {
	w.Helper()
	select {
	case one := <-got:
		if one.err != nil {
			w.Fatal(one.err)
		}
		return one
	case <-time.After(2 * time.Minute):
		w.Fatal("the turn does not come")
		return turn{}
	}
}

// Of all who ask, one has the turn at a time; the others wait, and are told so once. Who gives
// up waiting, or gives the turn back, leaves no connection.
func TestOneAtATimeHasTheTurn(t *testing.T) {
	for server := range 2 {
		onServer(t, server, func(w *world) {
			first, second, third := w.open(w.dsn, pool.Options{}), w.open(w.dsn, pool.Options{}), w.open(w.dsn, pool.Options{})
			waits, got := asks(w.Context(), writer(first))
			has := w.has(got)
			if len(waits) != 0 {
				w.Error("the first one was told to wait")
			}

			ctx, giveUp := context.WithCancel(w.Context())
			gone := make(chan error, 1)
			toldThird := make(chan struct{}, 10)
			go func() {
				_, err := writer(third).TakeTurn(ctx, func() { toldThird <- struct{}{} })
				gone <- err
			}()
			told, next := asks(w.Context(), writer(second))
			for name, one := range map[string]chan struct{}{"second": told, "third": toldThird} {
				select {
				case <-one:
				case <-time.After(2 * time.Minute):
					w.Fatalf("the %s one is not told to wait", name)
				}
			}
			giveUp()
			if err := <-gone; !errors.Is(err, context.Canceled) {
				w.Errorf("who gave up was told %v", err)
			}
			select {
			case one := <-next:
				w.Fatalf("two have the turn: %v", one.err)
			default:
			}
			has.release()
			w.has(next).release()
			if len(told) != 0 || len(toldThird) != 0 {
				w.Error("somebody was told to wait twice")
			}
			for i, one := range []*pool.Pool{first, second, third} {
				if stats := one.Stats(); stats.OpenConnections != 0 {
					w.Errorf("pool %d has %d connections", i, stats.OpenConnections)
				}
			}
			waits, got = asks(w.Context(), writer(third))
			if w.has(got).release(); len(waits) != 0 {
				w.Error("the turn was not given back")
			}
		})
	}
}

// Where a turn would take the only connection, nobody waits.
func TestThereIsNoTurnOnOneConnection(t *testing.T) {
	onServer(t, 0, func(w *world) {
		only := w.open(w.dsn, pool.Options{MaxConnections: 1})
		for range 2 {
			release, err := writer(only).TakeTurn(w.Context(), func() { w.Error("somebody waits") })
			if err != nil {
				w.Fatal(err)
			}
			defer release()
		}
		if err := only.PingContext(w.Context()); err != nil {
			w.Error(err)
		}
	})
}

// Who asks too late, or a server that is not there, is told so, and has nothing to release.
func TestATurnThatCannotBeHad(t *testing.T) {
	onServer(t, 1, func(w *world) {
		ended, end := context.WithCancel(w.Context())
		end()
		if release, err := writer(w.db).TakeTurn(ended, func() {}); !errors.Is(err, context.Canceled) || release != nil {
			w.Errorf("a context that has ended: %v", err)
		}
		away := w.open("root@tcp(127.0.0.1:1)/nowhere", pool.Options{})
		release, err := writer(away).TakeTurn(w.Context(), func() {})
		w.wantCode("no server", err, usage.Unavailable)
		if release != nil {
			w.Error("there is something to release")
		}
	})
}

// Nothing keeps a turn that was given back.
func TestWhatKeepsATurnEndsWithIt(t *testing.T) {
	onServer(t, 0, func(w *world) {
		by := writer(w.db)
		before := runtime.NumGoroutine()
		for range 20 {
			release, err := by.TakeTurn(w.Context(), func() {})
			if err != nil {
				w.Fatal(err)
			}
			release()
		}
		for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before+10; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				w.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
			}
		}
	})
}
