package rollup

import "database/sql"

// finish reads the rows of a statement that was sent for what it does. The server may send an
// error, as that a lock is not to be had, in the place of a row; closing rows does not tell of it.
func finish(rows *sql.Rows) error {
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
