package pool

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/jmoiron/sqlx"
)

// The session variables that tell triggers on ai_sessions to stay out while they are not
// NULL.
const (
	// Recorded keeps those out that record changes for the sums by level.
	Recorded = "aiusage_recorded"
	// Bulk keeps those out that an earlier version's gateway has made for its sums by hour,
	// and on deletions the others as well.
	Bulk = "aiusage_bulk"
)

// Silenced are the variables of all triggers.
var Silenced = []string{Recorded, Bulk}

// WithoutTriggers runs do in a transaction on a connection on which the triggers with
// these variables stay out, as InTransaction does otherwise.
//
// The variables belong to the connection, so they must be gone before anybody else
// gets that. Statements end with ctx, but the transaction lasts a while longer: were it
// ended by ctx, the connection would go back to the pool as it is. A connection on
// which a variable cannot be taken back is closed.
func (p *Pool) WithoutTriggers(ctx context.Context, variables []string, do func(*sqlx.Tx) error) error {
	if len(variables) == 0 {
		return p.InTransaction(ctx, do)
	}
	set := func(value string) string {
		return "SET @" + strings.Join(variables, " = "+value+", @") + " = " + value
	}
	return Retry(ctx, func() error {
		conn, err := p.DB.Connx(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		lasting, cancel := outlasting(ctx)
		defer cancel()
		defer func() {
			if _, err := conn.ExecContext(lasting, set("NULL")); err != nil {
				Discard(conn)
			}
		}()
		if _, err := conn.ExecContext(ctx, set("1")); err != nil {
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
