package doltdb

import (
	"context"

	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
)

// freshSnapshots makes every statement outside a transaction see the newest data.
//
// Dolt runs such a statement in a transaction of its own, and forgets to end that
// when the statement fails or is only prepared. The connection's next statement
// then reads what was true at that time, however long ago, and its changes
// conflict with everything that has been committed since.
type freshSnapshots struct {
	mysql.Handler
}

// ComQuery runs one statement.
func (h freshSnapshots) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	outside := !inTransaction(c)
	err := h.Handler.ComQuery(ctx, c, query, callback)
	if err != nil && outside {
		h.endSnapshot(ctx, c)
	}
	return err
}

// ComMultiQuery runs the first of several statements.
func (h freshSnapshots) ComMultiQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) (string, error) {
	outside := !inTransaction(c)
	rest, err := h.Handler.ComMultiQuery(ctx, c, query, callback)
	if err != nil && outside {
		h.endSnapshot(ctx, c)
	}
	return rest, err
}

// ComPrepare prepares a statement.
func (h freshSnapshots) ComPrepare(ctx context.Context, c *mysql.Conn, query string, prepare *mysql.PrepareData) ([]*querypb.Field, error) {
	outside := !inTransaction(c)
	fields, err := h.Handler.ComPrepare(ctx, c, query, prepare)
	if outside {
		h.endSnapshot(ctx, c)
	}
	return fields, err
}

// ComStmtExecute runs a prepared statement.
func (h freshSnapshots) ComStmtExecute(ctx context.Context, c *mysql.Conn, prepare *mysql.PrepareData, callback func(*sqltypes.Result) error) error {
	outside := !inTransaction(c)
	err := h.Handler.ComStmtExecute(ctx, c, prepare, callback)
	if err != nil && outside {
		h.endSnapshot(ctx, c)
	}
	return err
}

// endSnapshot ends the transaction that Dolt has left open. Where that fails the
// connection is of no more use, and its next statement says so.
func (h freshSnapshots) endSnapshot(ctx context.Context, c *mysql.Conn) {
	_ = h.Handler.ComQuery(context.WithoutCancel(ctx), c, "ROLLBACK", func(*sqltypes.Result, bool) error { return nil })
}

// inTransaction tells whether the client has begun a transaction. Dolt sets the
// flag after every statement that succeeds.
func inTransaction(c *mysql.Conn) bool {
	return c.StatusFlags&uint16(mysql.ServerInTransaction) != 0
}
