package importer

import (
	"context"
	"hash/maphash"
	"sync"
)

// writers puts rows into batches and writes them while further rows are read.
type writers[T any] struct {
	// ctx ends when the load is interrupted or a write has failed.
	ctx    context.Context
	cancel context.CancelFunc
	write  Write[T]
	key    func(T) string
	// look is called before a write, refuse for each row that it refuses, and
	// resembles for each that is like another; nil if nothing is looked at.
	look      look[T]
	refuse    func(at origin, value T, problem string) error
	resembles func(at origin, value T, other string) error
	seed      maphash.Seed
	size      int
	status    *status
	// batches are being filled, queues hold those that are full: one each per writer.
	batches []batch[T]
	queues  []chan batch[T]
	running sync.WaitGroup

	mu      sync.Mutex
	written Totals
	failed  error // the first
}

// newWriters makes writers that start begins.
func newWriters[T any](ctx context.Context, options Options, key func(T) string, write Write[T], status *status) *writers[T] {
	w := &writers[T]{
		write: write, key: key, seed: maphash.MakeSeed(), size: options.BatchSize, status: status,
		batches: make([]batch[T], options.Writers), queues: make([]chan batch[T], options.Writers),
	}
	w.ctx, w.cancel = context.WithCancel(ctx)
	return w
}

func (w *writers[T]) start() {
	for i := range w.queues {
		w.queues[i] = make(chan batch[T], 1)
		w.running.Go(func() { w.run(w.queues[i]) })
	}
}

// add puts a row into a batch. It waits while the writers are behind.
func (w *writers[T]) add(value T, at origin) error {
	writer := 0
	if len(w.queues) > 1 {
		writer = int(maphash.String(w.seed, w.key(value)) % uint64(len(w.queues)))
	}
	into := &w.batches[writer]
	if into.rows == nil {
		into.rows = make([]T, 0, w.size)
	}
	into.rows = append(into.rows, value)
	if w.look != nil {
		into.origins = append(into.origins, at)
	}
	if len(into.rows) < w.size {
		return nil
	}
	return w.send(writer)
}

// send hands a batch to its writer.
func (w *writers[T]) send(writer int) error {
	full := w.batches[writer]
	w.batches[writer] = batch[T]{}
	select {
	case w.queues[writer] <- full:
		return nil
	case <-w.ctx.Done():
		w.fail(w.ctx.Err())
		return w.ctx.Err()
	}
}

// finish writes what is left, waits for the writers and returns what they have
// done and their first error, which is that of the context if rows were
// dropped because of it.
func (w *writers[T]) finish() (Totals, error) {
	for i := range w.batches {
		if len(w.batches[i].rows) > 0 {
			_ = w.send(i) // has been noted
		}
		close(w.queues[i])
	}
	w.running.Wait()
	w.cancel()
	return w.written, w.failed
}

// run writes batches one after the other. What was begun is not interrupted,
// because nobody could tell then whether it was written.
func (w *writers[T]) run(queue <-chan batch[T]) {
	for full := range queue {
		if err := w.ctx.Err(); err != nil {
			w.fail(err)
			continue
		}
		if err := w.store(context.WithoutCancel(w.ctx), full); err != nil {
			w.fail(err)
		}
	}
}

// store writes one batch, without the rows that must not be written.
func (w *writers[T]) store(ctx context.Context, full batch[T]) error {
	rows := full.rows
	if w.look != nil {
		var err error
		if rows, err = w.sift(ctx, full); err != nil || len(rows) == 0 {
			return err
		}
	}
	counts, err := w.write(ctx, rows)
	if err == nil {
		w.count(counts, len(rows))
	}
	return err
}

// sift takes out the rows that are refused, and tells of those that are like others.
func (w *writers[T]) sift(ctx context.Context, full batch[T]) ([]T, error) {
	problems, alike, err := w.look(ctx, full.rows)
	if err != nil {
		return nil, err
	}
	good := full.rows[:0]
	for i, value := range full.rows {
		if problems[i] != "" {
			if err := w.refuse(full.origins[i], value, problems[i]); err != nil {
				return nil, err
			}
			continue
		}
		if alike[i] != "" {
			if err := w.resembles(full.origins[i], value, alike[i]); err != nil {
				return nil, err
			}
		}
		good = append(good, value)
	}
	return good, nil
}

// fail stops everything because of an error. The first one counts.
func (w *writers[T]) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed == nil {
		w.failed = err
	}
	w.cancel()
}

func (w *writers[T]) count(counts Counts, rows int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written.Read += int64(rows)
	w.written.Inserted += counts.Inserted
	w.written.Updated += counts.Updated
	w.written.Moved += counts.Moved
	w.written.Unchanged += counts.Unchanged
	w.status.rows.Add(int64(rows))
}
