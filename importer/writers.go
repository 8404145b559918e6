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
	seed   maphash.Seed
	size   int
	status *status
	// batches are being filled, queues hold those that are full: one each per writer.
	batches [][]T
	queues  []chan []T
	running sync.WaitGroup

	mu      sync.Mutex
	written Summary
	failed  error // the first
}

func startWriters[T any](ctx context.Context, options Options, key func(T) string, write Write[T], status *status) *writers[T] {
	w := &writers[T]{
		write: write, key: key, seed: maphash.MakeSeed(), size: options.BatchSize, status: status,
		batches: make([][]T, options.Writers), queues: make([]chan []T, options.Writers),
	}
	w.ctx, w.cancel = context.WithCancel(ctx)
	for i := range w.queues {
		w.queues[i] = make(chan []T, 1)
		w.running.Go(func() { w.run(w.queues[i]) })
	}
	return w
}

// add puts a row into a batch. It waits while the writers are behind.
func (w *writers[T]) add(value T) error {
	writer := 0
	if len(w.queues) > 1 {
		writer = int(maphash.String(w.seed, w.key(value)) % uint64(len(w.queues)))
	}
	if w.batches[writer] == nil {
		w.batches[writer] = make([]T, 0, w.size)
	}
	w.batches[writer] = append(w.batches[writer], value)
	if len(w.batches[writer]) < w.size {
		return nil
	}
	return w.send(writer)
}

// send hands a batch to its writer.
func (w *writers[T]) send(writer int) error {
	batch := w.batches[writer]
	w.batches[writer] = nil
	select {
	case w.queues[writer] <- batch:
		return nil
	case <-w.ctx.Done():
		w.fail(w.ctx.Err())
		return w.ctx.Err()
	}
}

// finish writes what is left, waits for the writers and returns what they have
// done and their first error, which is that of the context if rows were
// dropped because of it.
func (w *writers[T]) finish() (Summary, error) {
	for i, batch := range w.batches {
		if len(batch) > 0 {
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
func (w *writers[T]) run(queue <-chan []T) {
	for batch := range queue {
		if err := w.ctx.Err(); err != nil {
			w.fail(err)
			continue
		}
		counts, err := w.write(context.WithoutCancel(w.ctx), batch)
		if err != nil {
			w.fail(err)
			continue
		}
		w.count(counts, len(batch))
	}
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
	w.written.Unchanged += counts.Unchanged
	w.status.rows.Add(int64(rows))
}
