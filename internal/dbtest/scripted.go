package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/go-sql-driver/mysql"
)

// A Script answers what connections to no server send.
type Script interface {
	// Begin and Commit are those of transactions, which may roll back without asking.
	Begin() error
	Commit() error
	// Exec tells how many rows a statement changes.
	Exec(statement string, args []driver.NamedValue) (changed int64, err error)
	// Query answers a statement that asks for rows.
	Query(statement string, args []driver.NamedValue) (Answer, error)
}

// An Answer is rows, after which the connection is lost where Lost says so.
type Answer struct {
	Columns []string
	Rows    [][]driver.Value
	Lost    bool
}

// Scripted returns connections that a script answers.
func Scripted(script Script) *sql.DB { return sql.OpenDB(scripted{script}) }

// Breaking returns connections on which each statement is answered by some rows, after which
// the connection is lost.
func Breaking(columns []string, rows ...[]driver.Value) *sql.DB {
	return Scripted(Always{Answer{columns, rows, true}})
}

// Always answers each statement by the same rows.
type Always struct{ Answer Answer }

func (Always) Begin() error                                        { return nil }
func (Always) Commit() error                                       { return nil }
func (Always) Exec(string, []driver.NamedValue) (int64, error)     { return 0, nil }
func (a Always) Query(string, []driver.NamedValue) (Answer, error) { return a.Answer, nil }

// scripted is a connection, of which any number may be one, and a transaction on it.
type scripted struct{ script Script }

func (s scripted) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (s scripted) Driver() driver.Driver                        { return nil }
func (s scripted) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (s scripted) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (s scripted) Close() error                                 { return nil }
func (s scripted) Commit() error                                { return s.script.Commit() }
func (s scripted) Rollback() error                              { return nil }

func (s scripted) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return s, s.script.Begin()
}

func (s scripted) ExecContext(_ context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	changed, err := s.script.Exec(statement, args)
	return driver.RowsAffected(changed), err
}

func (s scripted) QueryContext(_ context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	answer, err := s.script.Query(statement, args)
	return &scriptedRows{answer}, err
}

// scriptedRows are those of an answer that have not been read.
type scriptedRows struct{ Answer }

func (r *scriptedRows) Columns() []string { return r.Answer.Columns }

// Close tells that the connection was lost in the place of a row, as connections of db/pool do.
func (r *scriptedRows) Close() error {
	if r.Lost {
		return mysql.ErrInvalidConn
	}
	return nil
}

func (r *scriptedRows) Next(values []driver.Value) error {
	switch {
	case len(r.Rows) > 0:
		copy(values, r.Rows[0])
		r.Rows = r.Rows[1:]
		return nil
	case r.Lost:
		return mysql.ErrInvalidConn
	}
	return io.EOF
}
