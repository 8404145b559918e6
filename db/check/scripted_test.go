package check

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
)

// A scripted server answers statements as a test says, of which one may fail.
type scripted struct {
	answers func(statement string) (columns []string, rows [][]driver.Value)
	// changes is how many rows a statement changes, of which it is told; nil changes none.
	changes func(statement string, args []driver.NamedValue) int64
	// fails is the statement that fails with err, the first one for 1.
	fails int
	err   error
	// breaks has the connection be lost after the rows of an answer.
	breaks bool
	// sent are the statements, and args the arguments of the last one.
	sent []string
	args []driver.NamedValue
}

// open returns connections to the server.
func (s *scripted) open(t *testing.T) *pool.Pool {
	t.Helper()
	db := sql.OpenDB(s)
	t.Cleanup(func() { db.Close() })
	return &pool.Pool{DB: sqlx.NewDb(db, "mysql")}
}

func (s *scripted) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (s *scripted) Driver() driver.Driver                        { return nil }
func (s *scripted) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (s *scripted) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (s *scripted) Close() error                                 { return nil }
func (s *scripted) Commit() error                                { return nil }
func (s *scripted) Rollback() error                              { return nil }

func (s *scripted) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return s, s.send("BEGIN")
}

func (s *scripted) send(statement string) error {
	s.sent = append(s.sent, statement)
	if len(s.sent) == s.fails {
		return s.err
	}
	return nil
}

func (s *scripted) ExecContext(_ context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	err := s.send(statement)
	if err != nil || s.changes == nil {
		return driver.RowsAffected(0), err
	}
	return driver.RowsAffected(s.changes(statement, args)), nil
}

func (s *scripted) QueryContext(_ context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	s.args = args
	if err := s.send(statement); err != nil {
		return nil, err
	}
	columns, rows := s.answers(statement)
	return &scriptedRows{columns, rows, s.breaks}, nil
}

// scriptedRows are those of an answer.
type scriptedRows struct {
	columns []string
	rows    [][]driver.Value
	breaks  bool
}

func (r *scriptedRows) Columns() []string { return r.columns }
func (r *scriptedRows) Close() error      { return nil }

func (r *scriptedRows) Next(values []driver.Value) error {
	if len(r.rows) == 0 {
		if r.breaks {
			return mysql.ErrInvalidConn
		}
		return io.EOF
	}
	copy(values, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

// failing does something with each of its statements failing in its turn, and fails unless each
// time it is told that the server cannot be reached.
func failing(t *testing.T, what string, server func() *scripted, do func(server *scripted) error) {
	t.Helper()
	whole := server()
	if err := do(whole); err != nil || len(whole.sent) == 0 {
		t.Fatalf("%s: %v after %q", what, err, whole.sent)
	}
	for at, statement := range whole.sent {
		cut := server()
		cut.fails, cut.err = at+1, mysql.ErrInvalidConn
		lost(t, what+" without "+statement, do(cut))
	}
}
