package transport

import (
	"slices"
	"sync"
)

// strangers are the WebSockets that have not said yet who they are, as programs do that
// send their credentials in the first message. They do not count
// with those who are known. One beyond the limit is let in, and the oldest of the same
// address, or else of all, is evicted: it had the most time to say who it is.
type strangers struct {
	max, maxPerAddress int

	mu sync.Mutex
	// waiting is in the order in which they came.
	waiting []*stranger
}

// stranger is one of them.
type stranger struct {
	address string
	// cut closes the connection without waiting for the other side.
	cut func()
}

// register counts a connection until leave is called, and evicts one beyond the limit.
func (s *strangers) register(address string, cut func()) (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	isOfAddress := func(other *stranger) bool { return other.address == address }
	number := 0
	for _, other := range s.waiting {
		if isOfAddress(other) {
			number++
		}
	}
	switch {
	case number >= s.maxPerAddress:
		s.evict(slices.IndexFunc(s.waiting, isOfAddress))
	case len(s.waiting) >= s.max:
		s.evict(0)
	}
	added := &stranger{address, cut}
	s.waiting = append(s.waiting, added)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if at := slices.Index(s.waiting, added); at >= 0 {
			s.waiting = slices.Delete(s.waiting, at, at+1)
		}
	}
}

func (s *strangers) evict(at int) {
	go s.waiting[at].cut()
	s.waiting = slices.Delete(s.waiting, at, at+1)
}

func (s *strangers) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}
