package pool

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/jmoiron/sqlx"
)

// TriggersOff is the session variable that tells the triggers on ai_sessions to
// stay out while it is not NULL.
const TriggersOff = "aiusage_bulk"

// WithoutTriggers runs do in a transaction on a connection on which the triggers
// stay out, as InTransaction does otherwise.
//
// The variable belongs to the connection, so it must be gone before anybody else
// gets that. Statements end with ctx, but the transaction does not: were it ended
// by ctx, the connection would go back to the pool as it is. A connection on
// which the variable cannot be taken back is closed.
func (p *Pool) WithoutTriggers(ctx context.Context, do func(*sqlx.Tx) error) error {
	return Retry(ctx, func() error {
		conn, err := p.DB.Connx(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		lasting := context.WithoutCancel(ctx)
		defer func() {
			if _, err := conn.ExecContext(lasting, "SET @"+TriggersOff+" = NULL"); err != nil {
				Discard(conn)
			}
		}()
		if _, err := conn.ExecContext(ctx, "SET @"+TriggersOff+" = 1"); err != nil {
			return err
		}
		tx, err := conn.BeginTxx(lasting, nil)
		if err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return errors.Join(err, IgnoreDone(tx.Rollback()))
		}
		return tx.Commit()
	})
}

// Discard closes a connection rather than giving it back to the pool.
func Discard(conn *sqlx.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // which is what it then returns
	_ = conn.Close()                                           // closed already
}
