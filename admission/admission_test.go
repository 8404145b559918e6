package admission

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/usage"
)

// let is a Control with what its observer was told.
func let(options Options) (c *Control, causes map[Cause]int) {
	causes = map[Cause]int{}
	var mu sync.Mutex
	options.Observer = func(_ time.Duration, cause Cause) {
		mu.Lock()
		defer mu.Unlock()
		causes[cause]++
	}
	return New(options), causes
}

func enter(t *testing.T, c *Control, ctx context.Context, caller string, bytes int64) *Turn {
	t.Helper()
	turn, err := c.Enter(ctx, caller, bytes)
	if err != nil {
		t.Error(err)
	}
	return turn
}

// Whoever waits is refused when the time of their answer is over, and not before.
func TestWaitingEndsWithTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, causes := let(Options{Answers: 1})
		defer enter(t, c, t.Context(), "a", 0).End()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		_, err := c.Enter(ctx, "b", 0)
		if coded := usage.AsError(err); coded.Code != usage.Unavailable || time.Since(began) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if _, err := c.Enter(gone, "b", 0); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if causes[None] != 1 || causes[Late] != 1 || causes[Gone] != 1 || c.Stats().Waiting != 0 {
			t.Errorf("got %v, %+v", causes, c.Stats())
		}
	})
}

func TestAQueueThatIsTooLongRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, causes := let(Options{Answers: 1})
		ctx, cancel := context.WithCancel(t.Context())
		first := enter(t, c, ctx, "a", 0)
		var all sync.WaitGroup
		for range maxWaitingOfCaller {
			all.Go(func() { _, _ = c.Enter(ctx, "a", 0) })
		}
		synctest.Wait()
		if _, err := c.Enter(ctx, "a", 0); usage.AsError(err).Code != usage.Unavailable || causes[Full] != 1 {
			t.Errorf("got %v, %v", err, causes)
		}
		cancel()
		all.Wait()
		first.End()
	})
}

// Answers that take much wait for each other's bytes and keep no place meanwhile; those that
// take little do not wait for them.
func TestSmallAnswersPassLargeOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := let(Options{Answers: 2, Bytes: 10 * FreeBytes})
		large := enter(t, c, t.Context(), "a", 8*FreeBytes)
		var all sync.WaitGroup
		for _, caller := range []string{"b", "c", "d"} {
			all.Go(func() { enter(t, c, t.Context(), caller, 3*FreeBytes).End() })
		}
		synctest.Wait()
		if stats := c.Stats(); stats.Waiting != 3 || stats.Answers != 1 || stats.Bytes != 8*FreeBytes {
			t.Errorf("got %+v", stats)
		}
		enter(t, c, t.Context(), "e", FreeBytes).End() // at once: all else would be a deadlock here
		large.Rest(8 * FreeBytes)
		if stats := c.Stats(); stats.Waiting != 3 || stats.Answers != 0 || stats.Bytes != 8*FreeBytes {
			t.Errorf("while the large answer is handed over: %+v", stats)
		}
		large.End()
		large.End()
		all.Wait()
		if stats := c.Stats(); stats != (Stats{MaxAnswers: 2, MaxBytes: 10*FreeBytes + UnforeseenBytes}) {
			t.Errorf("at the end: %+v", stats)
		}
	})
}

// An answer that needs more than there is gets all there is.
func TestTheLargestAnswerIsAloneAmongLargeOnes(t *testing.T) {
	c, _ := let(Options{Bytes: 2 * FreeBytes})
	turn := enter(t, c, t.Context(), "a", 1<<40)
	if stats := c.Stats(); stats.Bytes != 2*FreeBytes {
		t.Errorf("got %+v", stats)
	}
	turn.End()
}

// What turns out to take more than was estimated goes on one at a time, while others that do
// not are answered.
func TestTheUnforeseenIsOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := let(Options{Answers: 4})
		begin := func(caller string) (context.Context, *Turn) {
			turn := enter(t, c, t.Context(), caller, 0)
			return NewContext(t.Context(), turn), turn
		}
		take := func(ctx context.Context, bytes int64) {
			if err := Take(ctx, bytes); err != nil {
				t.Error(err)
			}
		}
		first, firstTurn := begin("a")
		second, secondTurn := begin("b")
		take(first, FreeBytes)
		take(second, FreeBytes)
		take(first, 1)
		take(first, 100*FreeBytes)
		taken := make(chan struct{})
		go func() {
			take(second, 1)
			close(taken)
		}()
		synctest.Wait()
		select {
		case <-taken:
			t.Error("two go on at the same time")
		default:
		}
		if stats := c.Stats(); stats.Waiting != 1 || stats.Bytes != UnforeseenBytes {
			t.Errorf("got %+v", stats)
		}
		firstTurn.End()
		<-taken
		late, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		third, thirdTurn := begin("c")
		if err := thirdTurn.take(late, 2*FreeBytes); usage.AsError(err).Code != usage.Unavailable {
			t.Errorf("got %v", err)
		}
		_ = third
		thirdTurn.End()
		secondTurn.End()
		if stats := c.Stats(); stats.Answers != 0 || stats.Bytes != 0 || stats.Waiting != 0 {
			t.Errorf("at the end: %+v", stats)
		}
	})
}

// Where nobody has set bounds, there are none.
func TestWithoutAControlAllIsLetIn(t *testing.T) {
	var none *Control
	turn, err := none.Enter(t.Context(), "a", 1<<40)
	if turn != nil || err != nil {
		t.Errorf("got %v, %v", turn, err)
	}
	turn.Rest(1)
	turn.End()
	for _, ctx := range []context.Context{t.Context(), NewContext(t.Context(), turn)} {
		if err := Take(ctx, 1<<40); err != nil {
			t.Error(err)
		}
	}
}

// However many answers one caller asks for, there is a place for another's.
func TestAPlaceIsKeptFromOneCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for answers, share := range map[int]int64{1: 1, 2: 1, 4: 3, 8: 6, 10: 7} {
			c, _ := let(Options{Answers: answers})
			ctx, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for range answers {
				all.Go(func() {
					turn, _ := c.Enter(ctx, "many", 0)
					<-ctx.Done()
					turn.End()
				})
			}
			synctest.Wait()
			if got := c.Stats().Answers; got != share {
				t.Errorf("one caller has %d of %d places, want %d", got, answers, share)
			}
			cancel()
			all.Wait()
		}
	})
}

// Who gives up while waiting for a place gives back the bytes.
func TestBytesAreGivenBackByWhoGetsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := let(Options{Answers: 1})
		defer enter(t, c, t.Context(), "a", 0).End()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Enter(ctx, "b", 5*FreeBytes); usage.AsError(err).Code != usage.Unavailable {
			t.Errorf("got %v", err)
		}
		if stats := c.Stats(); stats.Bytes != 0 || stats.Waiting != 0 {
			t.Errorf("got %+v", stats)
		}
	})
}

// Who need not wait is let in, however late it is: that there is no time left is for the answer
// to say.
func TestWhoNeedNotWaitIsNotRefusedForBeingLate(t *testing.T) {
	late, cancel := context.WithCancel(context.Background())
	cancel()
	s := NewSemaphore(Bounds{Capacity: 1, Share: 1})
	for range 100 {
		hold, err := s.Acquire(late, "a", 1)
		if err != nil {
			t.Fatal(err)
		}
		hold.Release()
	}
}

// However much one caller asks for and does not take, there are bytes for another's.
func TestBytesAreKeptFromOneCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := let(Options{Answers: 40, Bytes: 40 * FreeBytes})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for range 20 {
			go func() {
				if turn, err := c.Enter(ctx, "many", 5*FreeBytes); err == nil {
					defer turn.End()
					<-ctx.Done()
				}
			}()
		}
		synctest.Wait()
		if stats := c.Stats(); stats.Bytes != 30*FreeBytes || stats.Answers != 6 {
			t.Errorf("one caller has %+v", stats)
		}
		enter(t, c, t.Context(), "another", 10*FreeBytes).End() // at once: all else would be a deadlock here
	})
}

// An answer that is handed over holds what it takes then, and not what it was estimated at.
func TestWhatRestsHoldsWhatIsLeft(t *testing.T) {
	c, _ := let(Options{Answers: 2, Bytes: 20 * FreeBytes})
	for _, rest := range []struct{ left, held int64 }{{0, 0}, {FreeBytes, 0}, {FreeBytes + 1, FreeBytes + 1}, {8 * FreeBytes, 8 * FreeBytes}, {80 * FreeBytes, 8 * FreeBytes}} {
		turn := enter(t, c, t.Context(), "a", 8*FreeBytes)
		turn.Rest(rest.left)
		if stats := c.Stats(); stats.Bytes != rest.held || stats.Answers != 0 {
			t.Errorf("%d bytes: %+v", rest.left, stats)
		}
		turn.End()
		turn.End()
		// Of what was not foreseen, too.
		turn = enter(t, c, t.Context(), "a", 3*FreeBytes)
		if err := turn.take(t.Context(), 9*FreeBytes); err != nil {
			t.Fatal(err)
		}
		turn.Rest(rest.left)
		unforeseen := int64(0)
		if rest.left > 3*FreeBytes {
			unforeseen = UnforeseenBytes
		}
		if stats := c.Stats(); stats.Bytes != min(rest.held, 3*FreeBytes)+unforeseen {
			t.Errorf("%d bytes that were not foreseen: %+v", rest.left, stats)
		}
		turn.End()
		if stats := c.Stats(); stats.Bytes != 0 || stats.Answers != 0 {
			t.Errorf("at the end: %+v", stats)
		}
	}
}

// Batches wait for each other, and keep none of what their answers wait for; a place is kept from any one caller.
func TestBatchesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, causes := let(Options{Answers: 4})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var holds []*Hold
		for range 3 {
			hold, err := c.EnterBatch(t.Context(), "many")
			if err != nil {
				t.Fatal(err)
			}
			holds = append(holds, hold)
		}
		if _, err := c.EnterBatch(ctx, "many"); usage.AsError(err).Code != usage.Unavailable || causes[Late] != 1 || causes[None] != 0 {
			t.Errorf("a fourth of one caller: %v, %v", err, causes)
		}
		enter(t, c, t.Context(), "many", 20*FreeBytes).End() // at once: all else would be a deadlock here
		another, err := c.EnterBatch(t.Context(), "another")
		if err != nil {
			t.Fatal(err)
		}
		another.Release()
		holds[0].Release()
		if _, err := c.EnterBatch(t.Context(), "many"); err != nil {
			t.Error(err)
		}
		var none *Control
		if hold, err := none.EnterBatch(ctx, "many"); hold != nil || err != nil {
			t.Errorf("without bounds: %v, %v", hold, err)
		}
	})
}
