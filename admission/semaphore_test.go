package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// model is a semaphore as its contract has it, looked at as a whole after each step.
type model struct {
	bounds  Bounds
	holding []*waiter
	waiting []*waiter // in the order in which they came
	// passed counts, for who waits at the head of a caller's queue, how often each other caller
	// was served since, while they could have been.
	passed map[*waiter]map[string]int
}

func (m *model) heldBy(name string) (held int64) {
	for _, w := range m.holding {
		if name == "" || w.of.name == name {
			held += w.weight
		}
	}
	return held
}

// heads are those who are next of their callers.
func (m *model) heads() (heads []*waiter) {
	seen := map[string]bool{}
	for _, w := range m.waiting {
		if !seen[w.of.name] {
			seen[w.of.name] = true
			heads = append(heads, w)
		}
	}
	return heads
}

func (m *model) isWithinShare(w *waiter) bool {
	held := m.heldBy(w.of.name)
	return held == 0 || held+w.weight <= m.bounds.Share
}

// settle moves those who were let in, and checks what the contract promises.
func (m *model) settle(t *rapid.T) {
	var served []*waiter
	for _, w := range slices.Clone(m.waiting) {
		if !w.isHeld {
			continue
		}
		if !slices.Contains(m.heads(), w) {
			t.Fatalf("one of %s was served before another of theirs who came first", w.of.name)
		}
		m.waiting = slices.DeleteFunc(m.waiting, func(one *waiter) bool { return one == w })
		m.holding = append(m.holding, w)
		served = append(served, w)
	}
	if held := m.heldBy(""); held > m.bounds.Capacity {
		t.Fatalf("%d are held of %d", held, m.bounds.Capacity)
	}
	for _, w := range m.holding {
		if held := m.heldBy(w.of.name); held > m.bounds.Share && held != w.weight {
			t.Fatalf("%s holds %d, and the share is %d", w.of.name, held, m.bounds.Share)
		}
	}
	// Nobody waits for what is free: some head that is within its share does not fit, and
	// nobody waits where there is none.
	isAny, doesFit := false, true
	for _, w := range m.heads() {
		if m.isWithinShare(w) {
			isAny = true
			doesFit = doesFit && m.heldBy("")+w.weight <= m.bounds.Capacity
		}
	}
	if isAny && doesFit {
		t.Fatalf("all who wait could be served: %d of %d are held", m.heldBy(""), m.bounds.Capacity)
	}
	m.checkTurns(t, served)
}

// checkTurns holds the semaphore to turns: while somebody waits at the head of their queue and
// is within their share all the time, each other caller is served once at most.
func (m *model) checkTurns(t *rapid.T, served []*waiter) {
	for _, head := range m.heads() {
		if m.passed[head] == nil {
			m.passed[head] = map[string]int{}
			continue // it has become the head by this step
		}
		if !m.isWithinShare(head) {
			m.passed[head] = map[string]int{}
			continue
		}
		for _, w := range served {
			if m.passed[head][w.of.name]++; m.passed[head][w.of.name] > 1 {
				t.Fatalf("%s was served twice while %s waited", w.of.name, head.of.name)
			}
		}
	}
}

// Whatever is asked for, given back and given up, in any order: the contract holds.
func TestASemaphoreKeepsItsContract(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.Int64Range(1, 8).Draw(t, "capacity")
		bounds := Bounds{Capacity: capacity, Share: rapid.Int64Range(1, capacity).Draw(t, "share")}
		s := NewSemaphore(bounds)
		m := &model{bounds: bounds, passed: map[*waiter]map[string]int{}}
		leave := func(from *[]*waiter) {
			if len(*from) == 0 {
				t.Skip("nobody is there")
			}
			at := rapid.IntRange(0, len(*from)-1).Draw(t, "who")
			w := (*from)[at]
			*from = slices.Delete(*from, at, at+1)
			s.leave(w)
		}
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				w, err := s.enter(rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "caller"), rapid.Int64Range(0, 10).Draw(t, "weight"))
				if err != nil {
					t.Fatal(err)
				}
				m.waiting = append(m.waiting, w)
			},
			"give back": func(*rapid.T) { leave(&m.holding) },
			"give up":   func(*rapid.T) { leave(&m.waiting) },
			"":          m.settle,
		})
		for _, w := range append(slices.Clone(m.holding), m.waiting...) {
			s.leave(w)
		}
		if state := s.State(); state.Held != 0 || state.Waiting != 0 || len(s.callers) != 0 || len(s.turns) != 0 {
			t.Fatalf("all have left, and there is %+v, %d callers, %d turns", state, len(s.callers), len(s.turns))
		}
	})
}

// Many at once, who all leave in the end or give up: none waits for ever, and no more than the
// capacity is held.
func TestNobodyWaitsForEver(t *testing.T) {
	const capacity = 5
	s := NewSemaphore(Bounds{Capacity: capacity, Share: 3})
	var held, most atomic.Int64
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			for j := range 50 {
				weight := int64(1 + (i+j)%capacity)
				ctx, cancel := context.WithCancel(t.Context())
				if (i+j)%7 == 0 {
					go cancel() // at any time
				}
				hold, err := s.Acquire(ctx, fmt.Sprint(i%6), weight)
				if err == nil {
					most.Store(max(most.Load(), held.Add(weight)))
					kept := min(weight, int64(j%3))
					held.Add(kept - weight)
					hold.Keep(kept)
					hold.Keep(weight) // which is no more than before
					held.Add(-kept)
					hold.Release()
					hold.Release()
				} else if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	all.Wait()
	if state := s.State(); most.Load() > capacity || state.Held != 0 || state.Waiting != 0 || len(s.callers) != 0 {
		t.Errorf("%d were held, and at the end there is %+v", most.Load(), state)
	}
}

// One caller's hundred requests keep another's one waiting for a turn, not for a hundred.
func TestAHundredRequestsDoNotDelayAnothersOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSemaphore(Bounds{Capacity: 4, Share: 3})
		work := func(name string) time.Duration {
			began := time.Now()
			hold, err := s.Acquire(t.Context(), name, 1)
			if err != nil {
				t.Error(err)
				return 0
			}
			waited := time.Since(began)
			time.Sleep(time.Second) // of the test's own clock
			hold.Release()
			return waited
		}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { work("many") })
		}
		synctest.Wait()
		if waited := work("one"); waited != 0 {
			t.Errorf("the first waited for %v, though a place is kept from the other caller", waited)
		}
		for range 3 {
			all.Go(func() { work("third") })
		}
		synctest.Wait()
		if waited := work("one"); waited > time.Second {
			t.Errorf("one of three callers waited for %v, which is more than an answer takes", waited)
		}
		all.Wait()
	})
}

func TestTooManyDoNotWait(t *testing.T) {
	s := NewSemaphore(Bounds{Capacity: 1, Share: 1, Waiting: 3, WaitingOfCaller: 2})
	if _, err := s.enter("a", 1); err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, nil, ErrFull} {
		if _, err := s.enter("a", 1); err != want {
			t.Errorf("%d: got %v, want %v", i, err, want)
		}
	}
	for i, want := range []error{nil, ErrFull} {
		if _, err := s.enter("b", 1); err != want {
			t.Errorf("%d of another: got %v, want %v", i, err, want)
		}
	}
	if state := s.State(); state.Waiting != 3 {
		t.Errorf("%d wait", state.Waiting)
	}
}

func TestWhoGivesUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSemaphore(Bounds{Capacity: 2, Share: 2})
		first, err := s.Acquire(t.Context(), "holds", 1)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := s.Acquire(ctx, "large", 2); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() { // has room, but it is not its turn
			hold, err := s.Acquire(t.Context(), "small", 1)
			if err != nil {
				t.Error(err)
			}
			hold.Release()
		})
		synctest.Wait()
		if state := s.State(); state.Waiting != 2 {
			t.Errorf("got %+v", state)
		}
		cancel()
		all.Wait() // the small one is let in as the large one leaves
		first.Release()
		if state := s.State(); state.Waiting != 0 || state.Held != 0 {
			t.Errorf("got %+v", state)
		}
	})
}

// What is given back of a weight lets others in, and what is kept does not.
func TestSomeOfAWeightIsGivenBack(t *testing.T) {
	s := NewSemaphore(Bounds{Capacity: 10, Share: 10})
	hold, err := s.Acquire(t.Context(), "a", 9)
	if err != nil {
		t.Fatal(err)
	}
	for _, keep := range []struct{ weight, free int64 }{{9, 1}, {12, 1}, {4, 6}, {7, 6}, {0, 10}, {0, 10}} {
		hold.Keep(keep.weight)
		if keep.free < 10 {
			if _, isHeld := s.TryAcquire("b", keep.free+1); isHeld {
				t.Errorf("keeping %d leaves more than %d", keep.weight, keep.free)
			}
		}
		release, isHeld := s.TryAcquire("b", keep.free)
		if !isHeld {
			t.Fatalf("keeping %d does not leave %d", keep.weight, keep.free)
		}
		release()
	}
	// Who has given all back is forgotten, and does not take the place of who comes by the same name.
	again, err := s.Acquire(t.Context(), "a", 3)
	if err != nil {
		t.Fatal(err)
	}
	hold.Release()
	if state := s.State(); state.Held != 3 || len(s.callers) != 1 {
		t.Errorf("got %+v of %d callers", state, len(s.callers))
	}
	again.Release()
	(*Hold)(nil).Release()
	(*Hold)(nil).Keep(1)
}
