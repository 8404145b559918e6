package pool

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"time"
)

// The driver ends transactions, and reads what is left of a result that is closed before its
// end, without a context: a server that hangs is then waited for as long as a read may take,
// which is minutes. Here the context they began with bounds both.

// transaction ends as its context says.
type transaction struct {
	conn *killable
	ctx  context.Context
	// mayWrite tells that it was not begun as one that only reads.
	mayWrite bool
}

// Commit waits for the server's word for a while after the context has ended, because without
// it nobody knows what has become of the transaction.
func (t *transaction) Commit() error {
	ctx, cancel := outlasting(t.ctx)
	defer cancel()
	if t.mayWrite {
		if err := t.conn.mayCommit(ctx); err != nil {
			t.conn.unfit = true
			return errors.Join(t.ctx.Err(), err, t.Rollback())
		}
	}
	_, err := t.conn.connection.ExecContext(ctx, "COMMIT", nil)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(t.ctx.Err(), err)
	}
	return t.conn.noticed(err)
}

// Rollback waits no longer than the context. A connection on which it has failed is closed by
// the pool, and what is left of the transaction rolled back by the server.
func (t *transaction) Rollback() error {
	_, err := t.conn.connection.ExecContext(t.ctx, "ROLLBACK", nil)
	if err != nil {
		return errors.Join(driver.ErrBadConn, err)
	}
	return nil
}

// outlasting returns a context that ends killPatience later than ctx.
func outlasting(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(killPatience):
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// rows are what a statement returns. They can do what the driver's can.
type rows interface {
	driver.RowsNextResultSet
	driver.RowsColumnTypeScanType
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
}

// result counts its rows, and tells the observer of them once they are closed.
type result struct {
	rows
	conn  *killable
	ended func(rows int64, err error)
	count int64
	// err is what ended the rows, io.EOF included.
	err error
}

// resultOf returns the rows of a statement as what ends as its context says.
func (c *killable) resultOf(read driver.Rows, ended func(int64, error)) driver.Rows {
	known, ok := read.(rows)
	if !ok { // of another driver
		ended(0, nil)
		return read
	}
	return &result{rows: known, conn: c, ended: ended}
}

func (r *result) Next(row []driver.Value) error {
	err := r.rows.Next(row)
	if err == nil {
		r.count++
	} else {
		r.err = err
	}
	return err
}

// restWorthReading is how many rows are read to keep a connection for others.
const restWorthReading = 100

func (r *result) Close() error {
	unread := r.err == nil && !r.finish()
	if unread {
		r.err = r.conn.connection.Close()
	}
	err := r.rows.Close()
	if unread {
		err = nil // which would say that the connection is gone
	} else if failed := ignoreEOF(r.err); failed != nil {
		err = failed // whoever reads a row, or none, and closes hears of it in no other way
	}
	if r.ended != nil {
		r.ended(r.count, errors.Join(ignoreEOF(r.err), err))
		r.ended = nil
	}
	return err
}

// finish reads what is left, which the context can end until the rows are closed. It is false
// where there is too much.
func (r *result) finish() bool {
	row := make([]driver.Value, len(r.Columns()))
	for range restWorthReading {
		if r.err = r.rows.Next(row); r.err != nil {
			return true
		}
	}
	return false
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
