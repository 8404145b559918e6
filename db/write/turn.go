package write

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
)

const (
	// turnWait is how long, in seconds, the server is asked to wait at a time.
	turnWait = 5
	// turnPing is how often the connection that has the turn is used, so that the
	// server does not end it (wait_timeout).
	turnPing = time.Minute
)

// TakeTurn waits until no other caller of this database has the turn, and has it
// until release is called: whole files are written one after the other then, not row by
// row in any order. waiting is called once if there is something to wait for. The turn is
// a lock of the server, which it takes back from a client that is gone. Where the server
// has none (Galera), or the pool no connection to spare, nobody waits.
func (w *Writer) TakeTurn(ctx context.Context, waiting func()) (release func(), err error) {
	if w.db.Stats().MaxOpenConnections == 1 {
		return func() {}, nil
	}
	conn, err := w.db.Connx(ctx)
	if err != nil {
		return nil, pool.Translate(err)
	}
	taken, err := takeTurn(ctx, conn, 0)
	if taken.Valid && !taken.Bool {
		waiting()
		for taken.Valid && !taken.Bool {
			taken, err = takeTurn(ctx, conn, turnWait)
		}
	}
	switch {
	case ctx.Err() != nil:
		pool.Discard(conn)
		return nil, ctx.Err()
	case pool.HasNumber(err, pool.ErNotSupported) || err == nil && !taken.Valid:
		pool.Discard(conn)
		return func() {}, nil // there is no such lock
	case err != nil:
		pool.Discard(conn)
		return nil, pool.Translate(err)
	}
	return keepTurn(conn, turnPing), nil
}

// takeTurn asks for the turn, which belongs to the connection then. With an error, and where
// there is no such lock, taken is not valid.
func takeTurn(ctx context.Context, conn *sqlx.Conn, seconds int) (taken sql.NullBool, err error) {
	err = conn.QueryRowxContext(ctx, "SELECT GET_LOCK("+turnName+", ?)", seconds).Scan(&taken)
	return taken, err
}

// turnName is the name of the lock, of which a server has one each. It has 64 characters
// at most, and so may the name of a database have; databases whose names begin alike
// wait for each other then.
const turnName = "CONCAT('aiusage_import_', LEFT(DATABASE(), 49))"

// releasePatience bounds how long a server is waited for that is to release the turn.
const releasePatience = 5 * time.Second

// keepTurn uses the connection once in a while until it is released, and ends it then.
func keepTurn(conn *sqlx.Conn, every time.Duration) (release func()) {
	ctx, end := context.WithCancel(context.Background())
	go func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				_ = conn.PingContext(ctx) // if it is gone, so is the turn
			case <-ctx.Done():
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		end()
		ctx, cancel := context.WithTimeout(context.Background(), releasePatience)
		defer cancel()
		_, _ = conn.ExecContext(ctx, "DO RELEASE_LOCK("+turnName+")")
		pool.Discard(conn) // which releases it, too
	})
}
