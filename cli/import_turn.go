package cli

import (
	"context"
	"fmt"
	"sync"

	"aiusage/db"
	"aiusage/usage"
)

// turn has imports of sessions into one database store their rows one after the
// other. It is taken with the first rows, so that an import that waits for its input
// does not keep others waiting.
type turn struct {
	store *database
	// take takes the turn once, and returns the same error ever after.
	take    func() error
	release func()
}

// newTurn returns the turn of an import, whose context ends also the waiting for it: that
// of a write goes on until the write has ended.
func newTurn(ctx context.Context, p *process, store *database) *turn {
	t := &turn{store: store, release: func() {}}
	t.take = sync.OnceValue(func() error {
		release, err := store.TakeTurn(ctx, func() {
			fmt.Fprintln(p.stderr, "Another import is storing its rows; waiting until it has ended.")
		})
		if err == nil {
			t.release = release
		}
		return err
	})
	return t
}

// end lets the next one have its turn.
func (t *turn) end() { t.release() }

// stored and startedWith look at what is stored, write stores, in turn.
func (t *turn) stored(ctx context.Context, batch []usage.Session) ([]usage.Session, error) {
	if err := t.take(); err != nil {
		return nil, err
	}
	return t.store.SessionsByID(ctx, batch)
}

func (t *turn) startedWith(ctx context.Context, batch []usage.Session) ([]usage.Session, error) {
	if err := t.take(); err != nil {
		return nil, err
	}
	return t.store.SessionsStartedWith(ctx, batch)
}

func (t *turn) write(ctx context.Context, batch []usage.Session) (db.Written, error) {
	if err := t.take(); err != nil {
		return db.Written{}, err
	}
	return t.store.WriteSessions(ctx, batch)
}
