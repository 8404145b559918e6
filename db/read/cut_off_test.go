package read

import (
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// cutOff is what each statement is answered by, after which the connection is lost where that is so.
type cutOff struct {
	rows [][]driver.Value
	lost bool
}

// open returns connections that are answered so.
func (c cutOff) open() *sqlx.DB {
	return sqlx.NewDb(dbtest.Scripted(dbtest.Always{Answer: dbtest.Answer{Columns: make([]string, len(c.rows[0])), Rows: c.rows, Lost: c.lost}}), "mysql")
}

// transactionOn returns a transaction on a connection.
func transactionOn(t *testing.T, c cutOff) *sqlx.Tx {
	t.Helper()
	server := c.open()
	t.Cleanup(func() { server.Close() })
	tx, err := server.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// Lists of sessions and names whose connection is lost between two rows, or in which something cannot be read, are
// errors; what cannot be an instant is no start.
func TestSessionsAndNamesThatAreCutOffAreErrors(t *testing.T) {
	row := func(seconds, start string) []driver.Value {
		return []driver.Value{"1", "31", "a", "", start, []byte(seconds), []byte("1"), []byte("1")}
	}
	for what, c := range map[string]struct {
		cutOff
		is    error
		dated bool
	}{
		"whole":             {cutOff{rows: [][]driver.Value{row("60", "2026-03-01 00:00:00.000")}}, nil, true},
		"too early":         {cutOff{rows: [][]driver.Value{row("60", "0999-12-31 00:00:00.000")}}, nil, false},
		"lost":              {cutOff{[][]driver.Value{row("60", "2026-03-01 00:00:00.000")}, true}, mysql.ErrInvalidConn, false},
		"too long a number": {cutOff{rows: [][]driver.Value{row("99999999999999999999", "2026-03-01 00:00:00.000")}}, usage.ErrTooLarge, false},
	} {
		list := &sessionList{SessionsQuery: usage.SessionsQuery{Limit: 9}, tx: transactionOn(t, c.cutOff), id: asStored}
		found, err := list.page(t.Context(), nil)
		if !errors.Is(err, c.is) || c.is == nil && (err != nil || len(found) != 1 || found[0].StartedAt.IsZero() == c.dated) {
			t.Errorf("%s: got %v, %v", what, found, err)
		}
		if what == "too long a number" { // or an account without an id
			server := cutOff{rows: [][]driver.Value{{nil, "Anna"}}}.open()
			defer server.Close()
			searches := []*searching{{Search: usage.Search{Limit: 9}, most: 9}}
			reader := &Reader{db: &pool.Pool{DB: server}}
			if err := reader.listParts(t.Context(), accountDirectory, searches, true); err == nil {
				t.Errorf("found %v", searches[0].found)
			}
			if accounts, err := reader.Accounts(t.Context(), nil); err == nil {
				t.Errorf("got %v", accounts)
			}
		}
		names := map[usage.Subject]string{}
		if c.rows = [][]driver.Value{{"a", "", "Anna"}}; what == "too long a number" {
			c.rows = [][]driver.Value{{nil, "", "Anna"}}
		}
		err = readNames(t.Context(), transactionOn(t, c.cutOff), names, "SELECT", []usage.Subject{{AccountID: "a"}}, false)
		if (err != nil) != (c.is != nil) || err == nil && names[usage.Subject{AccountID: "a"}] != "Anna" {
			t.Errorf("names %s: got %v, %v", what, names, err)
		}
	}
}
