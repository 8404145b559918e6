package cli_test

import (
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// contents is a command of scripts: it writes every row of every table into a file.
func contents(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: contents FILE")
	}
	db, err := sql.Open("mysql", ts.Getenv("MYSQL_DSN"))
	ts.Check(err)
	defer db.Close()
	tables, err := rowsOf(db, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'")
	ts.Check(err)
	var all strings.Builder
	for _, table := range tables {
		rows, err := rowsOf(db, "SELECT * FROM `"+table+"`")
		ts.Check(err)
		fmt.Fprintf(&all, "%s: %d rows\n%s\n", table, len(rows), strings.Join(rows, "\n"))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(all.String()), 0o600))
}

// rowsOf returns the rows of a statement as text, in order.
func rowsOf(db *sql.DB, statement string) ([]string, error) {
	rows, err := db.Query(statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all []string
	for rows.Next() {
		values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		texts := make([]string, len(values))
		for i, value := range values {
			texts[i] = string(value)
		}
		all = append(all, strings.Join(texts, "\t"))
	}
	slices.Sort(all)
	return all, rows.Err()
}
