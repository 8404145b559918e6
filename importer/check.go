package importer

import (
	"context"
	"fmt"
)

// check is what Strict does with the rows that are good, before any is written.
type check[T any] struct {
	status *status
	// look is nil when nothing is looked at.
	look look[T]
	// moved tells whether a row moves what an earlier one has stored.
	moved func(T) bool
	size  int
	batch batch[T]
	ctx   context.Context
}

// newCheck makes the check that the options ask for.
func (l *loader[T]) newCheck(ctx context.Context) *check[T] {
	c := &check[T]{ctx: ctx, status: &l.status, size: l.options.BatchSize}
	if l.options.NoMoves && l.table.look != nil {
		c.look, c.moved = l.table.look, l.table.moved()
	}
	return c
}

// add checks a row, perhaps later.
func (c *check[T]) add(value T, at origin) error {
	c.status.rows.Add(1)
	if c.look == nil {
		return nil
	}
	if c.moved(value) {
		if err := c.flush(); err != nil {
			return err // of a row before this one
		}
		return c.bad(at, "the session is in the files more than once, for different accounts or customers; --moves lets the last one stay")
	}
	c.batch.rows, c.batch.origins = append(c.batch.rows, value), append(c.batch.origins, at)
	if len(c.batch.rows) < c.size {
		return nil
	}
	return c.flush()
}

// flush looks at the rows that were added.
func (c *check[T]) flush() error {
	if len(c.batch.rows) == 0 {
		return nil
	}
	problems, _, err := c.look(c.ctx, c.batch.rows)
	if err != nil {
		return err
	}
	for i, problem := range problems {
		if problem != "" {
			return c.bad(c.batch.origins[i], problem)
		}
	}
	c.batch.rows, c.batch.origins = c.batch.rows[:0], c.batch.origins[:0]
	return nil
}

func (c *check[T]) bad(at origin, problem string) error {
	return fmt.Errorf("%s, line %d: %s; nothing was loaded", at.file, at.line, problem)
}
