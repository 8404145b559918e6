package memory

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What is asked for a hundred times at once is made once; it is made again when the rest is
// over that follows, and not before; and what fails leaves the one before.
func TestAValueIsMadeOnceAndRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		var failure error
		m := New(func(context.Context) (*int64, error) {
			time.Sleep(time.Second)
			number := made.Add(1)
			return &number, failure
		})
		renew := func() {
			t.Helper()
			for range 100 {
				m.Renew()
			}
			time.Sleep(1500 * time.Millisecond)
			synctest.Wait()
		}
		if m.Value() != nil {
			t.Error("there is a value before one was made")
		}
		for _, c := range []struct {
			after   time.Duration
			failure error
			made    int64
			value   int64
		}{
			{0, nil, 1, 1},
			{0, nil, 1, 1}, // half a second after it was made, and at most two
			{5 * time.Second, nil, 1, 1},
			{2 * time.Second, nil, 2, 2},
			{10 * time.Second, errors.New("refused"), 3, 2},
			{10 * time.Second, nil, 4, 4},
		} {
			failure = c.failure
			time.Sleep(c.after)
			renew()
			if made.Load() != c.made || *m.Value() != c.value {
				t.Errorf("made %d times, %d is kept: want %+v", made.Load(), *m.Value(), c)
			}
		}
		if err := m.Load(t.Context()); err != nil || *m.Value() != 5 {
			t.Errorf("loaded: %v, %v", *m.Value(), err)
		}
	})
}

// Making ends after a while.
func TestMakingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		m := New(func(ctx context.Context) (*int, error) {
			<-ctx.Done()
			ended = true
			return nil, ctx.Err()
		})
		m.Renew()
		time.Sleep(timeout + time.Second)
		synctest.Wait()
		if !ended {
			t.Error("it is still being made")
		}
	})
}
