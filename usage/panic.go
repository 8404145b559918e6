package usage

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// Panic is what a goroutine panicked with, as an error without a code: a fault of
// the gateway. Several callers may wait for one goroutine and be told of it.
type Panic struct {
	fault  any
	stack  []byte
	logged atomic.Bool
}

// Recovered makes an error of what recover returned. It must be called by the
// deferred function that recovers, while the stack is still there. A Panic that was
// panicked with once more stays the same.
func Recovered(fault any) *Panic {
	if again, ok := fault.(*Panic); ok {
		return again
	}
	return &Panic{fault: fault, stack: debug.Stack()}
}

// Error gives what was panicked with, and the stack.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v\n%s", p.fault, p.stack) }

// ClaimLog returns true to the first who asks: that one is to log the panic.
func (p *Panic) ClaimLog() bool { return p.logged.CompareAndSwap(false, true) }

// Safely calls work and returns its error, or the Panic that it ended with.
func Safely(work func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = Recovered(fault)
		}
	}()
	return work()
}
