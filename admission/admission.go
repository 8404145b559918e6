// Package admission says when the gateway may begin with an answer. A bounded number of them
// is worked on at a time, and those that take much memory share a bounded number of bytes. The
// others wait, each in the queue of who asks, and callers take turns.
//
// Waiting is the rule, because old callers do not try again. Only who would wait past the
// deadline of their answer is refused, and whoever would make the queue too long for memory.
package admission

import (
	"cmp"
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"aiusage/observe"
	"aiusage/usage"
)

// Options bound what is worked on. 0 means the default of each.
type Options struct {
	// Answers is how many answers are worked on at a time.
	Answers int
	// Bytes is how many bytes those answers may take that take many, by estimate.
	Bytes int64
	// Observer is told of each answer, how long it waited and why it was refused, if it was.
	// It may be nil.
	Observer func(waited time.Duration, refused Cause)
}

// Cause is why an answer was refused.
type Cause string

// The causes. None is that of an answer that was let in.
const (
	None Cause = ""
	// Late: the time for the answer was over while it waited.
	Late Cause = "deadline"
	// Full: too many waited already.
	Full Cause = "full"
	// Gone: who asked did not wait.
	Gone Cause = "gone"
)

// The defaults.
const (
	DefaultAnswers = 8
	DefaultBytes   = 128 << 20
)

// AllBytes is what rests of an answer that stays in memory until it has been handed over.
const AllBytes = math.MaxInt64

// FreeBytes is how many bytes each answer may take without any having been set aside for it.
// Nearly all answers take less, and never wait for those that take much.
const FreeBytes = 2 << 20

// UnforeseenBytes is what is set aside beside Options.Bytes for an answer that turns out to take
// more than was estimated: as much as the largest one may take. One answer has it at a time.
const UnforeseenBytes = 128 << 20

// The most that wait: each is a goroutine and a connection, some 50 KB.
const (
	maxWaiting         = 4000
	maxWaitingOfCaller = 1000
)

// Control lets answers in. A nil Control lets all in at once.
//
// Who needs several things takes them in this order, and holds each to the end or gives it
// back for good: a place among the batches, then bytes, then a place among the answers, then what
// is set aside for the unforeseen. So nobody waits for somebody who waits for them.
type Control struct {
	batches, bytes, answers, unforeseen *Semaphore
	observer                            func(time.Duration, Cause)
}

// New returns a Control that has let nobody in.
func New(options Options) *Control {
	answers, bytes := int64(cmp.Or(options.Answers, DefaultAnswers)), cmp.Or(options.Bytes, DefaultBytes)
	// A quarter is kept from any one caller, so that others need not wait until an answer ends, or is taken.
	shared := func(capacity int64) *Semaphore {
		return NewSemaphore(Bounds{Capacity: capacity, Share: capacity - (capacity+3)/4, Waiting: maxWaiting, WaitingOfCaller: maxWaitingOfCaller})
	}
	c := &Control{
		batches:    shared(answers),
		bytes:      shared(bytes),
		answers:    shared(answers),
		unforeseen: NewSemaphore(Bounds{Capacity: 1, Share: 1}),
		observer:   options.Observer,
	}
	if c.observer == nil {
		c.observer = func(time.Duration, Cause) {}
	}
	return c
}

// Enter waits until an answer of about so many bytes may begin for a caller, by any name that
// tells callers apart. The turn must be ended. The error is an Unavailable, or that of a
// context that was canceled.
func (c *Control) Enter(ctx context.Context, caller string, bytes int64) (*Turn, error) {
	if c == nil {
		return nil, nil
	}
	began := time.Now()
	turn := &Turn{control: c, caller: caller, reserved: FreeBytes}
	err := c.enter(ctx, turn, bytes)
	waited := time.Since(began)
	observe.From(ctx).Waited(waited)
	cause, err := refusal(err)
	c.observer(waited, cause)
	if err != nil {
		turn.End()
		return nil, err
	}
	return turn, nil
}

// EnterBatch waits until several answers may be put together for a caller, of which each has its turn.
// What is held is to be released once they have been handed over, or before where they are small. The
// error is as in Enter.
func (c *Control) EnterBatch(ctx context.Context, caller string) (*Hold, error) {
	if c == nil {
		return nil, nil
	}
	began := time.Now()
	hold, err := c.batches.Acquire(ctx, caller, 1)
	waited := time.Since(began)
	observe.From(ctx).Waited(waited)
	cause, err := refusal(err)
	if err != nil { // of others, each answer is told of
		c.observer(waited, cause)
	}
	return hold, err
}

func (c *Control) enter(ctx context.Context, turn *Turn, bytes int64) (err error) {
	if bytes > turn.reserved {
		if turn.bytes, err = c.bytes.Acquire(ctx, turn.caller, bytes); err != nil {
			return err
		}
		turn.reserved = bytes
	}
	turn.place, err = c.answers.Acquire(ctx, turn.caller, 1)
	return err
}

var (
	errLate = usage.Errorf(usage.Unavailable, "the gateway is busy, and the time for the answer was over before it was its turn; try again later")
	errFull = usage.Errorf(usage.Unavailable, "the gateway is busy, and too many wait already; try again later")
)

// refusal returns what to tell somebody who was not let in, and why they were not.
func refusal(err error) (Cause, error) {
	switch {
	case err == nil:
		return None, nil
	case errors.Is(err, ErrFull):
		return Full, errFull
	case errors.Is(err, context.DeadlineExceeded):
		return Late, errLate
	}
	return Gone, err
}

// Turn is an answer that is worked on. A nil Turn is one without bounds. It is safe for
// concurrent use.
type Turn struct {
	control *Control
	caller  string
	// bytes and place are held, where there are any.
	bytes, place *Hold

	mu sync.Mutex
	// reserved is how many bytes have been set aside, and used how many the answer takes. Where
	// they are more, it has what is set aside for the unforeseen.
	reserved, used int64
	unforeseen     *Hold
}

// Rest says that the answer has been put together and only has to be handed over, for which no more
// than so many bytes stay in memory: they are held, its place is not. How fast it is taken is not the
// gateway's to say.
func (t *Turn) Rest(bytes int64) {
	if t == nil {
		return
	}
	t.place.Release()
	t.mu.Lock()
	defer t.mu.Unlock()
	if bytes <= t.reserved {
		t.unforeseen.Release()
	}
	if bytes <= FreeBytes {
		bytes = 0
	}
	t.bytes.Keep(bytes)
}

// End says that the answer is over. It may be said again.
func (t *Turn) End() { t.Rest(0) }

// take counts bytes that the answer takes. Where they are more than was estimated, it waits
// until no other answer has the bytes for the unforeseen.
func (t *Turn) take(ctx context.Context, bytes int64) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.used += bytes; t.used <= t.reserved || t.unforeseen != nil {
		return nil
	}
	began := time.Now()
	unforeseen, err := t.control.unforeseen.Acquire(ctx, t.caller, 1)
	observe.From(ctx).Waited(time.Since(began))
	if err != nil {
		_, err = refusal(err)
		return err
	}
	t.unforeseen = unforeseen
	return nil
}

type turnKey struct{}

// NewContext returns a context that carries a turn.
func NewContext(ctx context.Context, turn *Turn) context.Context {
	return context.WithValue(ctx, turnKey{}, turn)
}

// Take counts bytes that the answer of a context takes, which may have to wait for them. Where
// the context carries no turn, there are no bounds. The error is as in Enter.
func Take(ctx context.Context, bytes int64) error {
	turn, _ := ctx.Value(turnKey{}).(*Turn)
	return turn.take(ctx, bytes)
}

// Stats are what is worked on just now.
type Stats struct {
	// Answers are worked on, of MaxAnswers at most; Bytes are set aside for those that take
	// many, of MaxBytes; and Waiting wait for one or the other.
	Answers, MaxAnswers int64
	Bytes, MaxBytes     int64
	Waiting             int
}

// Stats returns what is worked on just now.
func (c *Control) Stats() Stats {
	answers, bytes, unforeseen, batches := c.answers.State(), c.bytes.State(), c.unforeseen.State(), c.batches.State()
	return Stats{
		Answers: answers.Held, MaxAnswers: answers.Capacity, Bytes: bytes.Held + unforeseen.Held*UnforeseenBytes, MaxBytes: bytes.Capacity + UnforeseenBytes,
		Waiting: answers.Waiting + bytes.Waiting + unforeseen.Waiting + batches.Waiting,
	}
}
