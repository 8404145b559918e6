package admission

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrFull is why nobody more may wait.
var ErrFull = errors.New("too many wait already")

// Bounds are those of a Semaphore.
type Bounds struct {
	// Capacity is how much may be held at a time.
	Capacity int64
	// Share is the most of it that one caller may hold while others could use it, from 1 to
	// Capacity. A caller who holds nothing may hold more, where one thing needs more.
	Share int64
	// Waiting is how many may wait, and WaitingOfCaller how many of one caller; 0 is no bound.
	Waiting, WaitingOfCaller int
}

// Semaphore is a weighted semaphore that is fair between callers. Each caller has a queue, and
// callers take turns: whoever has been served goes behind all others who wait. So one who asks
// a hundred times keeps nobody waiting for longer than one who asks once.
//
// What it promises:
//
//   - No more than Capacity is held. What needs more is taken to need all of it.
//   - A caller holds Share at most, or one thing.
//   - Nobody waits for ever while others give back: whose turn it is, and who is not beyond
//     their share, is not passed by anybody, however little those need.
//   - Nobody waits while what they wait for is free and nobody is before them.
//   - Who stops waiting leaves nothing behind.
//
// It is safe for concurrent use.
type Semaphore struct {
	bounds Bounds

	mu   sync.Mutex
	held int64
	// callers are those who hold something or wait.
	callers map[string]*caller
	// turns are the callers who wait, in the order of their turns.
	turns   []*caller
	waiting int
}

type caller struct {
	name    string
	held    int64
	waiters []*waiter
}

type waiter struct {
	of     *caller
	weight int64
	// granted is closed, under the semaphore's lock, when the weight is held.
	granted chan struct{}
	isHeld  bool
}

// NewSemaphore returns a semaphore of which nothing is held.
func NewSemaphore(bounds Bounds) *Semaphore {
	bounds.Capacity = max(1, bounds.Capacity)
	bounds.Share = min(max(1, bounds.Share), bounds.Capacity)
	return &Semaphore{bounds: bounds, callers: map[string]*caller{}}
}

// Acquire waits until a caller may hold a weight, which is to be released. The error is
// ErrFull, or that of the context.
func (s *Semaphore) Acquire(ctx context.Context, name string, weight int64) (*Hold, error) {
	w, err := s.enter(name, weight)
	if err != nil {
		return nil, err
	}
	select {
	case <-w.granted:
	case <-ctx.Done():
		select {
		case <-w.granted: // as well: who need not wait is not refused for being late
		default:
			s.leave(w)
			return nil, ctx.Err()
		}
	}
	return &Hold{s, w}, nil
}

// Hold is a weight that is held. A nil Hold is that of nothing.
type Hold struct {
	semaphore *Semaphore
	waiter    *waiter
}

// Keep gives back what is beyond a weight.
func (h *Hold) Keep(weight int64) {
	if h == nil {
		return
	}
	h.semaphore.mu.Lock()
	defer h.semaphore.mu.Unlock()
	if w := h.waiter; w.isHeld && w.weight > weight {
		h.semaphore.giveBack(w, w.weight-weight)
	}
}

// Release gives all back. It may be called again.
func (h *Hold) Release() { h.Keep(0) }

// TryAcquire is Acquire for those who do not wait.
func (s *Semaphore) TryAcquire(name string, weight int64) (release func(), isHeld bool) {
	w, err := s.enter(name, weight)
	if err != nil {
		return nil, false
	}
	s.mu.Lock()
	isHeld = w.isHeld
	s.mu.Unlock()
	if !isHeld {
		s.leave(w)
		return nil, false
	}
	return (&Hold{s, w}).Release, true
}

// enter takes a place in a caller's queue, the first of which may be granted at once.
func (s *Semaphore) enter(name string, weight int64) (*waiter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.callers[name]
	if c == nil {
		c = &caller{name: name}
		s.callers[name] = c
	}
	w := &waiter{of: c, weight: min(max(1, weight), s.bounds.Capacity), granted: make(chan struct{})}
	if c.waiters = append(c.waiters, w); len(c.waiters) == 1 {
		s.turns = append(s.turns, c)
	}
	s.waiting++
	s.grant()
	if !w.isHeld && (isBeyond(s.waiting, s.bounds.Waiting) || isBeyond(len(c.waiters), s.bounds.WaitingOfCaller)) {
		s.remove(w)
		return nil, ErrFull
	}
	return w, nil
}

func isBeyond(number, bound int) bool { return bound > 0 && number > bound }

// leave gives back what a waiter holds, or its place in the queue.
func (s *Semaphore) leave(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.isHeld {
		s.giveBack(w, w.weight)
		return
	}
	s.remove(w)
	s.grant()
}

// giveBack gives back some of what a waiter holds.
func (s *Semaphore) giveBack(w *waiter, weight int64) {
	w.weight -= weight
	w.of.held -= weight
	s.held -= weight
	w.isHeld = w.weight > 0
	s.forget(w.of)
	s.grant()
}

// remove takes a waiter out of its queue.
func (s *Semaphore) remove(w *waiter) {
	c := w.of
	if at := slices.Index(c.waiters, w); at >= 0 {
		c.waiters = slices.Delete(c.waiters, at, at+1)
		s.waiting--
	}
	if len(c.waiters) == 0 {
		s.turns = slices.DeleteFunc(s.turns, func(one *caller) bool { return one == c })
	}
	s.forget(c)
}

// forget forgets a caller who neither holds nor waits.
func (s *Semaphore) forget(c *caller) {
	if c.held == 0 && len(c.waiters) == 0 {
		delete(s.callers, c.name)
	}
}

// grant lets in all who may be let in now, in their turns.
func (s *Semaphore) grant() {
	for at := 0; at < len(s.turns); {
		c := s.turns[at]
		w := c.waiters[0]
		if c.held > 0 && c.held+w.weight > s.bounds.Share {
			at++ // beyond their share, until they give back
			continue
		}
		if s.held+w.weight > s.bounds.Capacity {
			return // nobody passes, or small ones might for ever
		}
		s.held += w.weight
		c.held += w.weight
		w.isHeld = true
		close(w.granted)
		c.waiters = c.waiters[1:]
		s.waiting--
		s.turns = slices.Delete(s.turns, at, at+1)
		if len(c.waiters) > 0 {
			s.turns = append(s.turns, c)
		}
	}
}

// State is what a semaphore is like just now.
type State struct {
	Held, Capacity int64
	Waiting        int
}

// State returns what the semaphore is like.
func (s *Semaphore) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{Held: s.held, Capacity: s.bounds.Capacity, Waiting: s.waiting}
}
