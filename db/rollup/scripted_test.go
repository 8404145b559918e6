package rollup

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// A scripted server answers statements as a test says, of which one may fail.
type scripted struct {
	t *testing.T
	// answers are tried in their order: the first one whose words are in a statement is given.
	answers []answer
	// fails is the statement that fails with err, the first one for 1, and 0 for none. The ends of
	// transactions are statements, too.
	fails int
	err   error
	// sent are the statements, args the arguments of each that asks for rows, and changed those of
	// each that changes something.
	sent          []string
	args, changed [][]any
}

// An answer is what there is to statements with some words in them.
type answer struct {
	words   string
	columns string
	rows    [][]driver.Value
	// err is that of the server, in the place of rows; breaks has the connection be lost after them.
	err    error
	breaks bool
	// after is what has to have been sent for there to be this answer, and when says so otherwise.
	after string
	when  func(s *scripted) bool
}

// row is an answer of one row, with columns that have commas between them.
func row(words, columns string, values ...driver.Value) answer {
	return answer{words: words, columns: columns, rows: [][]driver.Value{values}}
}

// none is an answer without rows.
func none(words, columns string) answer { return answer{words: words, columns: columns} }

// open returns rollups on the server, which know nothing yet.
func (s *scripted) open() *Rollups {
	connections, err := pool.Open("nobody@tcp(127.0.0.1:1)/nowhere", pool.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	connections.Close()
	connections.DB = sqlx.NewDb(dbtest.Scripted(s), "mysql")
	connections.SetMaxOpenConns(16)
	s.t.Cleanup(func() { connections.Close() })
	return New(connections, phase.NewTracker(connections, phase.Levels), phase.NewTracker(connections, phase.Hours))
}

func (s *scripted) Begin() error  { return s.send("BEGIN") }
func (s *scripted) Commit() error { return s.send("COMMIT") }

func (s *scripted) send(statement string) error {
	s.sent = append(s.sent, statement)
	if len(s.sent) == s.fails {
		return s.err
	}
	return nil
}

// answer is what there is to a statement, if there is anything.
func (s *scripted) answer(statement string) (answer, bool) {
	for _, one := range s.answers {
		if strings.Contains(statement, one.words) && s.count(one.after) > 0 && (one.when == nil || one.when(s)) {
			return one, true
		}
	}
	return answer{}, false
}

// count is how many statements with some words were sent.
func (s *scripted) count(words string) (count int) {
	for _, one := range s.sent {
		if strings.Contains(one, words) {
			count++
		}
	}
	return count
}

// Exec changes as many rows as the answer has.
func (s *scripted) Exec(statement string, args []driver.NamedValue) (changed int64, err error) {
	s.changed = append(s.changed, valuesOf(args))
	if err := s.send(statement); err != nil {
		return 0, err
	}
	one, _ := s.answer(statement)
	return int64(len(one.rows)), one.err
}

func (s *scripted) Query(statement string, args []driver.NamedValue) (dbtest.Answer, error) {
	s.args = append(s.args, valuesOf(args))
	if err := s.send(statement); err != nil {
		return dbtest.Answer{}, err
	}
	one, found := s.answer(statement)
	if !found {
		s.t.Errorf("there is no answer to %s", statement)
	}
	return dbtest.Answer{Columns: strings.Split(one.columns, ", "), Rows: one.rows, Lost: one.breaks}, one.err
}

func valuesOf(args []driver.NamedValue) (values []any) {
	for _, one := range args {
		values = append(values, one.Value)
	}
	return values
}

// failing does something on a server with these answers, and then with each of its statements
// failing in its turn. It fails unless each time it is told that the server cannot be reached. It
// returns the statements.
func failing(t *testing.T, what string, answers []answer, do func(ctx context.Context, r *Rollups) error) []string {
	t.Helper()
	whole := &scripted{t: t, answers: answers}
	if err := do(t.Context(), whole.open()); err != nil || len(whole.sent) == 0 {
		t.Fatalf("%s: %v after %q", what, err, whole.sent)
	}
	for at, statement := range whole.sent {
		cut := &scripted{t: t, answers: answers, fails: at + 1, err: mysql.ErrInvalidConn}
		r := cut.open()
		err := do(t.Context(), r)
		if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable || !errors.Is(err, mysql.ErrInvalidConn) {
			t.Errorf("%s without %s: got %v", what, statement, err)
		}
		if held := r.db.Stats().InUse; held != 0 {
			t.Errorf("%s without %s: %d connections are not given back", what, statement, held)
		}
	}
	return whole.sent
}
