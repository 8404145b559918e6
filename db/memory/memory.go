// Package memory keeps in memory what takes a while to read. Whoever uses it has to know
// whether it still holds: this package only has it made, and made anew.
package memory

import (
	"context"
	"sync"
	"time"
)

const (
	// rest is how long nothing is made after something was, as a multiple of what that took:
	// while the database is being written to, it would be made all the time.
	rest = 9
	// timeout bounds the making.
	timeout = time.Minute
)

// Memory keeps one value. It is safe for concurrent use.
type Memory[Value any] struct {
	// read makes the value.
	read  func(ctx context.Context) (*Value, error)
	mu    sync.Mutex
	value *Value
	// making tells that the value is being made, and resting until when it is not to be.
	making  bool
	resting time.Time
}

// New returns a memory of what read reads, which has nothing yet.
func New[Value any](read func(ctx context.Context) (*Value, error)) *Memory[Value] {
	return &Memory[Value]{read: read}
}

// Value returns what was made last, or nil.
func (m *Memory[Value]) Value() *Value {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value
}

// Renew begins to make the value in the background, unless that is being done or was done
// just now. Nobody waits for it: whoever asks meanwhile has to find another way.
func (m *Memory[Value]) Renew() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.making || time.Now().Before(m.resting) {
		return
	}
	m.making = true
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		_ = m.Load(ctx)
	}()
}

// Load makes the value now. Where that fails, the one before stays.
func (m *Memory[Value]) Load(ctx context.Context) error {
	began := time.Now()
	value, err := m.read(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.making, m.resting = false, now.Add(rest*now.Sub(began))
	if err == nil {
		m.value = value
	}
	return err
}
