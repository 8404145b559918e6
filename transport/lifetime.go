package transport

import (
	"context"
	"sync"
)

// Lifetime ends the streams of a server. A server that shuts down waits for
// requests under way, which streams would be for ever, and does not know of
// WebSockets at all.
type Lifetime struct {
	ended chan struct{}

	mu   sync.Mutex
	over bool
	open int
	// idle is closed when nothing is open any more.
	idle chan struct{}
}

// NewLifetime returns a Lifetime that has not ended.
func NewLifetime() *Lifetime {
	return &Lifetime{ended: make(chan struct{}), idle: make(chan struct{})}
}

// End ends all streams, those included that begin later. It may be called once.
func (l *Lifetime) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	close(l.ended)
	if l.open == 0 {
		close(l.idle)
	}
}

// Wait returns when all has ended and the WebSockets are closed, or with ctx.
func (l *Lifetime) Wait(ctx context.Context) {
	select {
	case <-l.idle:
	case <-ctx.Done():
	}
}

// begin counts a connection until end is called.
func (l *Lifetime) begin() (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return func() {}
	}
	l.open++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.open--; l.open == 0 && l.over {
			close(l.idle)
		}
	}
}
