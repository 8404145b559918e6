package watch_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"aiusage/watch"
)

func TestValuesLeaveTheirErrorInTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		ctx, caught := watch.Catch(t.Context())
		events := make(chan watch.Event[int], 3)
		values := watch.Values(ctx, events)
		events <- watch.Event[int]{Value: 1}
		if got := <-values; got != 1 || caught() != nil {
			t.Errorf("got %d, %v", got, caught())
		}
		events <- watch.Event[int]{Err: broken}
		if got, open := <-values; open || !errors.Is(caught(), broken) {
			t.Errorf("got %d, %v, %v", got, open, caught())
		}
	})
}

func TestValuesEndWithTheirContextOrTheirEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		full := make(chan watch.Event[int], 1)
		full <- watch.Event[int]{Value: 1}
		values := watch.Values(ctx, full)
		synctest.Wait()
		cancel()
		synctest.Wait()
		if got, open := <-values; open {
			t.Errorf("got %d", got)
		}
		quiet, leave := context.WithCancel(t.Context())
		silent := watch.Values(quiet, make(chan watch.Event[int]))
		synctest.Wait()
		leave()
		if _, open := <-silent; open {
			t.Error("without events there is a value")
		}
		over := make(chan watch.Event[int])
		close(over)
		if _, open := <-watch.Values(t.Context(), over); open {
			t.Error("without events there is a value")
		}
	})
}
