// Package watch tells any number of listeners when a value changes, at the cost of
// one poll per distinct value, however many listen to it.
package watch

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"aiusage/usage"
)

// Options bound what a Hub does. 0 means the default of each.
type Options struct {
	// Interval is the pause between the end of a poll and the begin of the next.
	Interval time.Duration
	// MaxKeys bounds the values that are polled at the same time.
	MaxKeys int
	// MaxListeners bounds the listeners, of all values together.
	MaxListeners int
	// Buffer is how many changes a listener may be behind before it is dropped.
	Buffer int
	// Tries is the most polls in a row that may fail because the source is away
	// before the listeners are told.
	Tries int
}

// The values of Options that are 0.
const (
	DefaultInterval     = 5 * time.Second
	DefaultMaxKeys      = 100
	DefaultMaxListeners = 1000
	DefaultBuffer       = 4
	DefaultTries        = 5
)

// longestPause is the longest time between two polls that fail.
const longestPause = time.Minute

// ErrSlow is the last event of a listener that did not take its changes.
var ErrSlow = usage.Errorf(usage.TooManyRequests, "the changes were not taken fast enough; ask again")

// Event is a value that has changed, or why there will be no more of them.
type Event[T any] struct {
	// Value is shared by all listeners and must not be changed.
	Value T
	// Err is set in the last event only, and not in every last event: a listener
	// whose own context has ended is not told so.
	Err error
}

// Stats are counts for the operator.
type Stats struct {
	// Keys and Listeners are those of this moment.
	Keys, Listeners int
	// Polls and Dropped, which counts slow listeners, only grow.
	Polls, Dropped int64
}

// Hub shares polls among listeners. It is safe for concurrent use.
type Hub[T any] struct {
	options Options

	mu     sync.Mutex
	topics map[string]*topic[T]
	// running counts the goroutines that poll, those included that nobody listens
	// to any more and whose last poll has not returned yet.
	running   int
	listeners int
	polls     int64
	dropped   int64
}

// New returns a hub without listeners.
func New[T any](options Options) *Hub[T] {
	return &Hub[T]{options: options.withDefaults(), topics: map[string]*topic[T]{}}
}

func (o Options) withDefaults() Options {
	return Options{
		Interval:     cmp.Or(o.Interval, DefaultInterval),
		MaxKeys:      cmp.Or(o.MaxKeys, DefaultMaxKeys),
		MaxListeners: cmp.Or(o.MaxListeners, DefaultMaxListeners),
		Buffer:       cmp.Or(o.Buffer, DefaultBuffer),
		Tries:        cmp.Or(o.Tries, DefaultTries),
	}
}

// topic is one value and those who listen to it. All of it is guarded by the
// hub's mutex, but what never changes.
type topic[T any] struct {
	poll func(context.Context) (T, error)
	same func(a, b T) bool
	// stop ends the polls, and done is closed when the last has returned.
	stop context.CancelFunc
	done chan struct{}

	listeners map[*listener[T]]struct{}
	// last is the newest value, once known.
	last  T
	known bool
	// failures counts the polls that have failed since the last that did not.
	failures int
}

// listener has a channel with one more place than there are changes it may be
// behind, so that the last event always has room.
type listener[T any] struct{ events chan Event[T] }

// Listen returns the events of a key: the value as it is, at once where it is
// known, and then whenever it has changed. The channel is closed after the last.
//
// The first listener to a key brings how its value is polled and compared; poll
// is called with a context of its own, which carries no values and lives as long
// as anybody listens. So the key must name all that the value depends on, the
// asking principal's scope included.
//
// A poll that fails ends its listeners with the error, except when a value is
// known and the source is away (Unavailable, Stale or Timeout): then it is tried again,
// ever more slowly.
//
// The error is TooManyRequests beyond the hub's bounds.
func (h *Hub[T]) Listen(ctx context.Context, key string, poll func(context.Context) (T, error), same func(a, b T) bool) (<-chan Event[T], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners >= h.options.MaxListeners {
		return nil, usage.Errorf(usage.TooManyRequests, "there are %d listeners already; try again later", h.listeners)
	}
	shared, running := h.topics[key]
	if !running || shared.isOver() {
		if h.running >= h.options.MaxKeys {
			return nil, usage.Errorf(usage.TooManyRequests, "%d different values are listened to already; try again later", h.running)
		}
		shared = h.start(key, shared, poll, same)
	}
	one := &listener[T]{make(chan Event[T], h.options.Buffer+1)}
	shared.listeners[one] = struct{}{}
	h.listeners++
	if shared.known {
		one.events <- Event[T]{Value: shared.last}
	}
	context.AfterFunc(ctx, func() { h.leave(shared, one) })
	return one.events, nil
}

// isOver tells whether nobody listens any more, so that the polls have been stopped.
func (t *topic[T]) isOver() bool { return len(t.listeners) == 0 }

// start begins to poll for a key, once the polls of an earlier topic of the same
// key, if there is one, have returned.
func (h *Hub[T]) start(key string, earlier *topic[T], poll func(context.Context) (T, error), same func(a, b T) bool) *topic[T] {
	ctx, stop := context.WithCancel(context.Background())
	shared := &topic[T]{
		poll: poll, same: same, stop: stop,
		done: make(chan struct{}), listeners: map[*listener[T]]struct{}{},
	}
	h.topics[key] = shared
	h.running++
	go func() {
		defer h.finish(key, shared)
		if earlier != nil {
			<-earlier.done
		}
		h.run(ctx, shared)
	}()
	return shared
}

// finish forgets a topic whose polls have ended.
func (h *Hub[T]) finish(key string, over *topic[T]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running--
	if h.topics[key] == over {
		delete(h.topics, key)
	}
	over.stop()
	close(over.done)
}

// run polls until nobody listens any more.
func (h *Hub[T]) run(ctx context.Context, shared *topic[T]) {
	for ctx.Err() == nil {
		pause := h.poll(ctx, shared)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// poll polls once and returns the time until the next. A panic, of the poll or of the
// comparison, is an error for the listeners.
func (h *Hub[T]) poll(ctx context.Context, shared *topic[T]) (pause time.Duration) {
	err := usage.Safely(func() error {
		value, err := shared.poll(ctx)
		pause = h.take(shared, value, err)
		return nil
	})
	if err != nil {
		var none T
		pause = h.take(shared, none, err)
	}
	return pause
}

// take tells the listeners what a poll came to, and returns the time until the next.
func (h *Hub[T]) take(shared *topic[T], value T, err error) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.polls++
	if err != nil {
		shared.failures++
		if shared.known && isAway(err) && shared.failures < h.options.Tries {
			return h.backOff(shared.failures)
		}
		for one := range shared.listeners {
			h.remove(shared, one, err)
		}
		return h.options.Interval
	}
	shared.failures = 0
	changed := !shared.known || !shared.same(shared.last, value)
	shared.last, shared.known = value, true
	if changed {
		for one := range shared.listeners {
			h.tell(shared, one, value)
		}
	}
	return h.options.Interval
}

// backOff doubles the pause with each failure.
func (h *Hub[T]) backOff(failures int) time.Duration {
	pause := h.options.Interval
	for range failures {
		pause = min(2*pause, max(longestPause, h.options.Interval))
	}
	return pause
}

// isAway tells whether the source of values may be back soon.
func isAway(err error) bool {
	coded, ok := errors.AsType[*usage.Error](err)
	return ok && (coded.Code == usage.Unavailable || coded.Code == usage.Stale || coded.Code == usage.Timeout) || errors.Is(err, context.DeadlineExceeded)
}

// tell gives a listener a value, or drops it when it is too far behind. Nobody
// else writes to its channel, so the place that is free now stays free.
func (h *Hub[T]) tell(shared *topic[T], one *listener[T], value T) {
	if len(one.events) >= h.options.Buffer {
		h.dropped++
		h.remove(shared, one, ErrSlow)
		return
	}
	one.events <- Event[T]{Value: value}
}

// leave removes a listener whose context has ended.
func (h *Hub[T]) leave(shared *topic[T], one *listener[T]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(shared, one, nil)
}

// remove ends a listener, with an error if there is one, and the polls with the
// last listener.
func (h *Hub[T]) remove(shared *topic[T], one *listener[T], err error) {
	if _, listens := shared.listeners[one]; !listens {
		return
	}
	if err != nil {
		one.events <- Event[T]{Err: err}
	}
	close(one.events)
	delete(shared.listeners, one)
	h.listeners--
	if shared.isOver() {
		shared.stop()
	}
}

// Stats returns how much the hub does just now.
func (h *Hub[T]) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Stats{Keys: h.running, Listeners: h.listeners, Polls: h.polls, Dropped: h.dropped}
}
