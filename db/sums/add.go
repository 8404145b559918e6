package sums

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/usage"
)

// Row is the key of a sum. Numbers that its table does not have are 0.
type Row struct {
	Table Table
	// Grid is the code of its grid.
	Grid int
	// Bucket is the instant at which its bucket begins, in UTC.
	Bucket               time.Time
	AccountNo, SubjectNo uint32
}

// Of is the row of a table that has a subject's usage of an instant.
func Of(table Table, grid usage.Grid, at time.Time, key Key) Row {
	row := Row{Table: table, Grid: grid.Code(), Bucket: at, AccountNo: key.AccountNo, SubjectNo: key.SubjectNo}
	if !at.Equal(column.Undated) {
		row.Bucket = grid.Floor(at)
	}
	if table != Customers {
		row.SubjectNo = 0
	}
	if table == Totals {
		row.AccountNo = 0
	}
	return row
}

// Key numbers a subject.
type Key struct{ AccountNo, SubjectNo uint32 }

// Spread adds an amount to all sums that have a subject's usage of a quarter-hour, in all
// tables, by calendars of which the first is that of UTC. What is undated has sums in that
// one alone.
func Spread(totals map[Row]usage.Usage, calendars []usage.Calendar, key Key, quarter time.Time, amount usage.Usage) {
	for _, table := range Tables {
		SpreadIn(totals, table, calendars, key, quarter, amount)
	}
}

// SpreadIn does what Spread does, in one of the tables.
func SpreadIn(totals map[Row]usage.Usage, table Table, calendars []usage.Calendar, key Key, quarter time.Time, amount usage.Usage) {
	if quarter.Equal(column.Undated) {
		calendars = calendars[:1]
	}
	for _, grid := range table.Grids(calendars) {
		row := Of(table, grid, quarter, key)
		totals[row] = totals[row].Plus(amount)
	}
}

// compare orders rows by table, and within it by its key.
func compare(a, b Row) int {
	byTime := cmp.Or(cmp.Compare(a.Grid, b.Grid), a.Bucket.Compare(b.Bucket))
	byNumber := cmp.Or(cmp.Compare(a.AccountNo, b.AccountNo), cmp.Compare(a.SubjectNo, b.SubjectNo))
	if a.Table == AccountSeries {
		byTime, byNumber = byNumber, byTime
	}
	return cmp.Or(cmp.Compare(a.Table, b.Table), byTime, byNumber)
}

// maxAdded bounds the rows in one statement.
const maxAdded = 1000

// Add adds amounts to sums, which need not be there yet, in the order of their keys. The
// error is usage.ErrTooLarge where an amount does not fit; some have been added then.
func Add(ctx context.Context, tx *sqlx.Tx, totals map[Row]usage.Usage) error {
	return AddEach(ctx, tx, func(table Table) map[Row]usage.Usage {
		its := map[Row]usage.Usage{}
		for row, total := range totals {
			if row.Table == table {
				its[row] = total
			}
		}
		return its
	})
}

// AddEach does what Add does with the amounts of each table, which are asked for one table
// after the other: while the server adds some, the next are made and written.
func AddEach(ctx context.Context, tx *sqlx.Tx, of func(Table) map[Row]usage.Usage) error {
	statements, stop := make(chan string, 1), make(chan struct{})
	var unwritten error
	go func() {
		defer close(statements)
		unwritten = usage.Safely(func() error {
			return additions(of, func(statement string) bool {
				select {
				case statements <- statement:
					return true
				case <-stop:
					return false
				}
			})
		})
	}()
	var err error
	for statement := range statements {
		if _, err = tx.ExecContext(ctx, statement); err != nil {
			break
		}
	}
	close(stop)
	for range statements { // until no more are written
	}
	return cmp.Or(err, unwritten)
}

// additions hands statements that add amounts to take, in order, until that returns false.
func additions(of func(Table) map[Row]usage.Usage, take func(statement string) bool) error {
	for _, table := range Tables {
		totals := of(table)
		rows := make([]Row, 0, len(totals))
		for row, total := range totals {
			if err := total.Fits(); err != nil {
				return err
			}
			if total != (usage.Usage{}) {
				rows = append(rows, row)
			}
		}
		slices.SortFunc(rows, compare)
		for some := range slices.Chunk(rows, maxAdded) {
			if !take(addition(table, some, totals)) {
				return nil
			}
		}
	}
	return nil
}

// addition is the statement that adds amounts to some rows of one table.
func addition(table Table, rows []Row, totals map[Row]usage.Usage) string {
	// Numbers and instants need no escaping, and as text they take the gateway half as
	// long as arguments.
	var statement strings.Builder
	statement.WriteString(`
		INSERT INTO ` + table.Name() + ` (` + table.columns() + `)
		VALUES `)
	keys := table.keys()
	for i, row := range rows {
		if i > 0 {
			statement.WriteByte(',')
		}
		row.write(&statement, keys, totals[row])
	}
	statement.WriteString(`
		ON DUPLICATE KEY UPDATE minutes = minutes + VALUES(minutes),
			seconds = seconds + VALUES(seconds), sessions = sessions + VALUES(sessions)`)
	return statement.String()
}

// write writes "(3,'2026-03-01 00:00:00',17,4711,5,300,1)", with the columns of
// the key in order.
func (row Row) write(to *strings.Builder, keys []string, amount usage.Usage) {
	mark := byte('(')
	var digits [20]byte
	number := func(number int64) {
		to.WriteByte(mark)
		mark = ','
		to.Write(strconv.AppendInt(digits[:0], number, 10))
	}
	for _, column := range keys {
		switch column {
		case "grain":
			number(int64(row.Grid))
		case "bucket":
			to.WriteByte(mark)
			mark = ','
			var text [24]byte
			to.Write(row.Bucket.AppendFormat(text[:0], "'2006-01-02 15:04:05'"))
		case "account_no":
			number(int64(row.AccountNo))
		case "subject_no":
			number(int64(row.SubjectNo))
		}
	}
	number(amount.Minutes)
	number(amount.Seconds)
	number(amount.Sessions)
	to.WriteByte(')')
}
