package inspect

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/usage"
)

// sessions is the table whose keys reports are read from.
const sessions = "ai_sessions"

// Contents is what there is in a database.
type Contents struct {
	// Rows is how many rows each table has.
	Rows map[string]int64
	// Problems are sentences about what is wrong.
	Problems []string
}

// Contents reads every value of every table, in one snapshot, and looks whether the sessions add
// up to the same by the key that reports are read from. progress is told how many rows are read.
// A table that cannot be read is a problem, no error.
func (i *Inspector) Contents(ctx context.Context, progress func(rows int64)) (Contents, error) {
	found := Contents{Rows: map[string]int64{}}
	tx, err := i.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return found, pool.Translate(err)
	}
	defer tx.Rollback()
	columns, err := columnsOf(ctx, tx)
	if err != nil {
		return found, pool.Translate(err)
	}
	all := int64(0)
	for _, table := range slices.Sorted(maps.Keys(columns)) {
		var total usage.Usage
		rows, err := readTable(ctx, tx, table, columns[table], &total, func() { all++; progress(all) })
		if ctx.Err() != nil {
			return found, ctx.Err()
		}
		found.Rows[table] = rows
		if err != nil {
			found.Problems = append(found.Problems, fmt.Sprintf("the table %s cannot be read: %v", table, err))
			continue
		}
		if table != sessions {
			continue
		}
		byKey, err := usageByKey(ctx, tx)
		if err != nil {
			found.Problems = append(found.Problems, fmt.Sprintf("the key of %s by account cannot be read: %v", table, err))
		} else if byKey != total {
			found.Problems = append(found.Problems, fmt.Sprintf("the rows of %s have %s, but by the key of the account it is %s", table, amountOf(total), amountOf(byKey)))
		}
	}
	return found, nil
}

// columnsOf lists the columns of each table.
func columnsOf(ctx context.Context, tx *sqlx.Tx) (map[string][]string, error) {
	var rows []struct {
		Table  string `db:"in_table"`
		Column string `db:"named"`
	}
	err := tx.SelectContext(ctx, &rows, `
		SELECT c.TABLE_NAME AS in_table, c.COLUMN_NAME AS named
		FROM information_schema.COLUMNS c
		JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
		WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE'
		ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION`)
	columns := map[string][]string{}
	for _, row := range rows {
		columns[row.Table] = append(columns[row.Table], row.Column)
	}
	return columns, err
}

// readTable reads all of a table, and adds up what its sessions are.
func readTable(ctx context.Context, tx *sqlx.Tx, table string, columns []string, total *usage.Usage, seen func()) (n int64, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT `"+strings.Join(columns, "`, `")+"` FROM `"+table+"`")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	values := make([]sql.RawBytes, len(columns))
	into := make([]any, len(columns))
	for k := range values {
		into[k] = &values[k]
	}
	for ; rows.Next(); n++ {
		seen()
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		if table == sessions {
			if err := addSession(columns, values, total); err != nil {
				return n, err
			}
		}
	}
	return n, rows.Err()
}

// addSession adds one row of the sessions to a total.
func addSession(columns []string, values []sql.RawBytes, total *usage.Usage) error {
	total.Sessions++
	for k, name := range columns {
		var sum *int64
		switch name {
		case "duration_seconds":
			sum = &total.Seconds
		case "ai_minutes":
			sum = &total.Minutes
		default:
			continue
		}
		value, err := strconv.ParseInt(string(values[k]), 10, 64)
		if err != nil {
			return fmt.Errorf("the column %s has a value that is no number", name)
		}
		*sum += value
	}
	return nil
}

// usageByKey adds up the sessions by the key that begins with the account: every account is
// at least empty.
func usageByKey(ctx context.Context, tx *sqlx.Tx) (total usage.Usage, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT COUNT(*), CAST(COALESCE(SUM(duration_seconds), 0) AS SIGNED), CAST(COALESCE(SUM(ai_minutes), 0) AS SIGNED)
		FROM ai_sessions WHERE account_id >= ''`).Scan(&total.Sessions, &total.Seconds, &total.Minutes)
	return total, err
}

func amountOf(u usage.Usage) string {
	return fmt.Sprintf("%d sessions, %d seconds and %d minutes", u.Sessions, u.Seconds, u.Minutes)
}
