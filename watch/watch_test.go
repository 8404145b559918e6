package watch_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/usage"
	"aiusage/watch"
)

// source is a value to poll.
type source struct {
	value   atomic.Int64
	failure atomic.Pointer[usage.Error]
	polls   atomic.Int64
}

func (s *source) poll(context.Context) (int64, error) {
	s.polls.Add(1)
	if failure := s.failure.Load(); failure != nil {
		return 0, failure
	}
	return s.value.Load(), nil
}

func equal(a, b int64) bool { return a == b }

func listen(t *testing.T, hub *watch.Hub[int64], ctx context.Context, key string, poll func(context.Context) (int64, error)) <-chan watch.Event[int64] {
	t.Helper()
	events, err := hub.Listen(ctx, key, poll, equal)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// drain returns the values that are there, and the error and whether the channel
// is closed.
func drain(events <-chan watch.Event[int64]) (values []int64, err error, closed bool) {
	for {
		select {
		case event, open := <-events:
			switch {
			case !open:
				return values, err, true
			case event.Err != nil:
				err = event.Err
			default:
				values = append(values, event.Value)
			}
		default:
			return values, err, false
		}
	}
}

func expect(t *testing.T, events <-chan watch.Event[int64], want ...int64) {
	t.Helper()
	values, err, closed := drain(events)
	if err != nil || closed || !slices.Equal(values, want) {
		t.Errorf("got %v, %v, closed %v; want %v", values, err, closed, want)
	}
}

func codeOf(err error) usage.Code {
	if coded, ok := errors.AsType[*usage.Error](err); ok {
		return coded.Code
	}
	return ""
}

func TestOnePollServesAllListenersOfAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := watch.New[int64](watch.Options{Interval: time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		var from source
		from.value.Store(1)
		var all []<-chan watch.Event[int64]
		for range 50 {
			all = append(all, listen(t, hub, ctx, "key", from.poll))
		}
		synctest.Wait()
		if polls := from.polls.Load(); polls != 1 {
			t.Errorf("50 listeners made %d polls", polls)
		}
		from.value.Store(2)
		time.Sleep(3500 * time.Millisecond)
		for _, events := range all {
			expect(t, events, 1, 2)
		}
		expect(t, listen(t, hub, ctx, "key", from.poll), 2)
		if polls := from.polls.Load(); polls != 4 {
			t.Errorf("%d polls after 3.5 seconds", polls)
		}
		if stats := hub.Stats(); stats.Keys != 1 || stats.Listeners != 51 || stats.Polls != 4 {
			t.Errorf("got %+v", stats)
		}
		cancel()
		synctest.Wait()
		if _, err, closed := drain(all[0]); err != nil || !closed {
			t.Errorf("after the end of its context a listener has %v, closed %v", err, closed)
		}
	})
}

func TestPollingEndsWithTheLastListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := watch.New[int64](watch.Options{Interval: time.Second})
		first, leaveFirst := context.WithCancel(t.Context())
		second, leaveSecond := context.WithCancel(t.Context())
		var from source
		listen(t, hub, first, "key", from.poll)
		staying := listen(t, hub, second, "key", from.poll)
		synctest.Wait()
		leaveFirst()
		from.value.Store(1)
		time.Sleep(1500 * time.Millisecond)
		expect(t, staying, 0, 1)
		leaveSecond()
		synctest.Wait()
		polls := from.polls.Load()
		time.Sleep(time.Minute)
		if from.polls.Load() != polls {
			t.Error("it is polled although nobody listens")
		}
		if stats := hub.Stats(); stats.Keys != 0 || stats.Listeners != 0 {
			t.Errorf("got %+v", stats)
		}
	})
}

// A canceled poll that takes its time must have returned before the next begins.
func TestPollsOfAKeyNeverOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := watch.New[int64](watch.Options{Interval: time.Second})
		var under, most atomic.Int64
		poll := func(context.Context) (int64, error) {
			most.Store(max(most.Load(), under.Add(1)))
			defer under.Add(-1)
			time.Sleep(10 * time.Second)
			return 7, nil
		}
		for range 3 {
			ctx, leave := context.WithCancel(t.Context())
			listen(t, hub, ctx, "key", poll)
			synctest.Wait()
			leave()
			synctest.Wait()
		}
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		events := listen(t, hub, ctx, "key", poll)
		time.Sleep(time.Minute)
		expect(t, events, 7)
		if most.Load() != 1 {
			t.Errorf("%d polls at the same time", most.Load())
		}
		leave()
		time.Sleep(time.Minute)
	})
}

func TestASlowListenerIsDroppedAndDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := watch.New[int64](watch.Options{Interval: time.Second, Buffer: 2})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var from source
		slow, fast := listen(t, hub, ctx, "key", from.poll), listen(t, hub, ctx, "key", from.poll)
		for i := range int64(6) {
			synctest.Wait()
			expect(t, fast, i)
			from.value.Store(i + 1)
			time.Sleep(time.Second)
		}
		values, err, closed := drain(slow)
		if !slices.Equal(values, []int64{0, 1}) || !errors.Is(err, watch.ErrSlow) || !closed {
			t.Errorf("got %v, %v, closed %v", values, err, closed)
		}
		if stats := hub.Stats(); stats.Dropped != 1 || stats.Listeners != 1 {
			t.Errorf("got %+v", stats)
		}
	})
}

func TestBoundsAreRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var from source
		for _, c := range []struct {
			options watch.Options
			keys    []string
			refused string
		}{
			{watch.Options{MaxKeys: 2}, []string{"a", "b", "a"}, "c"},
			{watch.Options{MaxListeners: 2}, []string{"a", "a"}, "a"},
		} {
			hub := watch.New[int64](c.options)
			for _, key := range c.keys {
				listen(t, hub, ctx, key, from.poll)
			}
			if _, err := hub.Listen(ctx, c.refused, from.poll, equal); codeOf(err) != usage.TooManyRequests {
				t.Errorf("%+v: got %v", c.options, err)
			}
		}
	})
}

// Polls that nobody waits for any more count as well, or coming and going would
// start any number of them.
func TestPollsThatDoNotReturnAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := watch.New[int64](watch.Options{MaxKeys: 3})
		release := make(chan struct{})
		hang := func(context.Context) (int64, error) { <-release; return 0, nil }
		for range 3 {
			ctx, leave := context.WithCancel(t.Context())
			listen(t, hub, ctx, "key", hang)
			synctest.Wait()
			leave()
			synctest.Wait()
		}
		if _, err := hub.Listen(t.Context(), "key", hang, equal); codeOf(err) != usage.TooManyRequests {
			t.Errorf("got %v", err)
		}
		close(release)
		synctest.Wait()
		if stats := hub.Stats(); stats.Keys != 0 {
			t.Errorf("got %+v", stats)
		}
	})
}

func TestAnErrorEndsTheListeners(t *testing.T) {
	for name, c := range map[string]struct {
		poll func(context.Context) (int64, error)
		says string
	}{
		"a fault":                          {func(context.Context) (int64, error) { return 0, errors.New("broken") }, "broken"},
		"a panic":                          {func(context.Context) (int64, error) { panic("struck") }, "struck"},
		"a source that is away from start": {func(context.Context) (int64, error) { return 0, usage.Errorf(usage.Unavailable, "away") }, "away"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := watch.New[int64](watch.Options{})
				one, two := listen(t, hub, t.Context(), "key", c.poll), listen(t, hub, t.Context(), "key", c.poll)
				synctest.Wait()
				for _, events := range []<-chan watch.Event[int64]{one, two} {
					if values, err, closed := drain(events); len(values) > 0 || err == nil || !strings.Contains(err.Error(), c.says) || !closed {
						t.Errorf("got %v, %v, closed %v", values, err, closed)
					}
				}
				if stats := hub.Stats(); stats.Keys != 0 {
					t.Errorf("got %+v", stats)
				}
			})
		})
	}
}

func TestASourceThatIsAwayIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := watch.New[int64](watch.Options{Interval: time.Second, Tries: 3})
		var from source
		events := listen(t, hub, t.Context(), "key", from.poll)
		synctest.Wait()
		from.failure.Store(usage.Errorf(usage.Unavailable, "away"))
		time.Sleep(2 * time.Second)
		from.failure.Store(usage.Errorf(usage.Stale, "behind"))
		time.Sleep(2 * time.Second) // polls at 1 s and 3 s fail
		from.value.Store(5)
		from.failure.Store(nil)
		time.Sleep(4 * time.Second)
		expect(t, events, 0, 5)

		from.failure.Store(usage.Errorf(usage.Timeout, "hangs"))
		time.Sleep(time.Minute)
		if values, err, closed := drain(events); len(values) > 0 || codeOf(err) != usage.Timeout || !closed {
			t.Errorf("got %v, %v, closed %v", values, err, closed)
		}
	})
}

// What a poll learns belongs to nobody in particular.
func TestAPollOutlivesTheListenerThatBroughtIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := watch.New[int64](watch.Options{})
		type name struct{}
		first, leave := context.WithCancel(context.WithValue(t.Context(), name{}, "first"))
		poll := func(ctx context.Context) (int64, error) {
			if ctx.Value(name{}) != nil {
				t.Error("the poll has its listener's values")
			}
			select {
			case <-time.After(time.Second):
				return 3, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		gone := listen(t, hub, first, "key", poll)
		stays, cancel := context.WithCancel(t.Context())
		defer cancel()
		events := listen(t, hub, stays, "key", poll)
		synctest.Wait()
		leave()
		time.Sleep(2 * time.Second)
		expect(t, events, 3)
		if values, err, closed := drain(gone); len(values) > 0 || err != nil || !closed {
			t.Errorf("who has left got %v, %v, closed %v", values, err, closed)
		}
		if _, err := hub.Listen(first, "key", poll, equal); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that is over: got %v", err)
		}
	})
}

// A comparison that panics is an error for the listeners, like a poll that does.
func TestAPanicIsTheLastEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := watch.New[int64](watch.Options{Interval: time.Second})
		var from source
		same := func(a, b int64) bool { panic("broken") }
		events, err := hub.Listen(t.Context(), "key", from.poll, same)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		values, err, closed := drain(events)
		panicked, ok := errors.AsType[*usage.Panic](err)
		if !slices.Equal(values, []int64{0}) || !closed || !ok || !strings.Contains(panicked.Error(), "watch_test.go") {
			t.Errorf("got %v, %v, closed %v", values, err, closed)
		}
		if stats := hub.Stats(); stats.Keys != 0 || stats.Listeners != 0 {
			t.Errorf("got %+v", stats)
		}
	})
}
