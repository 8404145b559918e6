package check

import (
	"database/sql/driver"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/internal/dbtest"
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
	db := dbtest.Scripted(s)
	t.Cleanup(func() { db.Close() })
	return &pool.Pool{DB: sqlx.NewDb(db, "mysql")}
}

func (s *scripted) Begin() error  { return s.send("BEGIN") }
func (s *scripted) Commit() error { return nil }

func (s *scripted) send(statement string) error {
	s.sent = append(s.sent, statement)
	if len(s.sent) == s.fails {
		return s.err
	}
	return nil
}

func (s *scripted) Exec(statement string, args []driver.NamedValue) (changed int64, err error) {
	err = s.send(statement)
	if err != nil || s.changes == nil {
		return 0, err
	}
	return s.changes(statement, args), nil
}

func (s *scripted) Query(statement string, args []driver.NamedValue) (dbtest.Answer, error) {
	s.args = args
	if err := s.send(statement); err != nil {
		return dbtest.Answer{}, err
	}
	columns, rows := s.answers(statement)
	return dbtest.Answer{Columns: columns, Rows: rows, Lost: s.breaks}, nil
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
