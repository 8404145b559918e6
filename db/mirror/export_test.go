package mirror

import (
	"testing"
	"time"
)

// HoldAtMost bounds the sessions of a copy.
func (m *Mirror) HoldAtMost(sessions int) { m.most = sessions }

// RestFor has no copy made in the background for a while.
func (m *Mirror) RestFor(d time.Duration) {
	begun := m.now()
	m.now = func() time.Time { return begun }
	m.resting = begun.Add(d)
}

// Forward sets the clock forward.
func (m *Mirror) Forward(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.now
	m.now = func() time.Time { return before().Add(d) }
}

// Tick makes a copy take a second by the clock, and returns what waits for the copy that is
// being made, and fails unless one is, or is not.
func (m *Mirror) Tick() (made func(t *testing.T, being bool)) {
	at := time.Now()
	m.now = func() time.Time { at = at.Add(time.Second / 4); return at } // under the lock, or before the copy is made
	return func(t *testing.T, being bool) {
		t.Helper()
		m.mu.Lock()
		copying := m.copying
		m.mu.Unlock()
		if copying != being {
			t.Fatalf("a copy is being made: %v, want %v", copying, being)
		}
		for copying {
			time.Sleep(time.Millisecond)
			m.mu.Lock()
			copying = m.copying
			m.mu.Unlock()
		}
	}
}
