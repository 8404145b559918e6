package watch

import (
	"context"
	"sync/atomic"
)

type failureKey struct{}

// Catch returns a context in which Values leaves the error that ends it, and what
// returns that error, or nil as long as there is none.
func Catch(ctx context.Context) (context.Context, func() error) {
	var failure atomic.Pointer[error]
	caught := func() error {
		if err := failure.Load(); err != nil {
			return *err
		}
		return nil
	}
	return context.WithValue(ctx, failureKey{}, &failure), caught
}

// Fail leaves the error that ends the values of a context for whoever made it (Catch).
func Fail(ctx context.Context, err error) {
	if failure, caught := ctx.Value(failureKey{}).(*atomic.Pointer[error]); caught {
		failure.Store(&err)
	}
}

// Values returns the values of events, for a resolver of GraphQL, whose channel
// has no place for errors. An error is left for whoever made the context (Catch)
// before the channel is closed. The channel is closed at the end of ctx, too.
func Values[T any](ctx context.Context, events <-chan Event[T]) <-chan T {
	values := make(chan T)
	go func() {
		defer close(values)
		for {
			select {
			case event, open := <-events:
				if !open || !pass(ctx, event, values) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return values
}

// pass gives the value of an event on, or leaves its error. It returns false after
// the last.
func pass[T any](ctx context.Context, event Event[T], values chan<- T) bool {
	if event.Err != nil {
		Fail(ctx, event.Err)
		return false
	}
	select {
	case values <- event.Value:
		return true
	case <-ctx.Done():
		return false
	}
}
