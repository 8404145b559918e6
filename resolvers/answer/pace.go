package answer

import (
	"context"
	"sync"
)

// Pace tells when a subscription's next event is waited for, and when it has been
// answered. One event is under way at a time.
type Pace struct {
	// wanted has a value while an answer is waited for.
	wanted chan struct{}

	mu sync.Mutex
	// release is that of the event under way, or nil.
	release func()
}

// NewPace returns the pace of a subscription that begins.
func NewPace() *Pace { return &Pace{wanted: make(chan struct{}, 1)} }

// Want says that an answer is waited for.
func (p *Pace) Want() {
	select {
	case p.wanted <- struct{}{}:
	default:
	}
}

// Await waits until an answer is waited for, or tells that ctx has ended.
func (p *Pace) Await(ctx context.Context) bool {
	select {
	case <-p.wanted:
		return true
	case <-ctx.Done():
		return false
	}
}

// Begin begins an event, which is released when it has been answered.
func (p *Pace) Begin(release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release = release
}

// End releases the event that has been answered.
func (p *Pace) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.release != nil {
		p.release()
		p.release = nil
	}
}
