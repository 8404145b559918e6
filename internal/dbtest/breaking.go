package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/go-sql-driver/mysql"
)

// Breaking returns connections to no server, on which each statement is answered by some rows,
// after which the connection is lost.
func Breaking(columns []string, rows ...[]driver.Value) *sql.DB {
	return sql.OpenDB(breaking{columns, rows})
}

// breaking is a connection that is lost while rows are read.
type breaking struct {
	columns []string
	rows    [][]driver.Value
}

func (b breaking) Connect(context.Context) (driver.Conn, error) { return b, nil }
func (b breaking) Driver() driver.Driver                        { return nil }
func (b breaking) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (b breaking) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (b breaking) Close() error                                 { return nil }

func (b breaking) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &brokenRows{b}, nil
}

// brokenRows are those that come before the connection is lost.
type brokenRows struct{ breaking }

func (r *brokenRows) Columns() []string { return r.columns }

func (r *brokenRows) Next(values []driver.Value) error {
	if len(r.rows) == 0 {
		return mysql.ErrInvalidConn
	}
	copy(values, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}
