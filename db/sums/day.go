package sums

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/usage"
)

// OfDay returns the sums of a day of UTC, and of the hours and quarter-hours in it, in all
// tables.
func OfDay(ctx context.Context, tx *sqlx.Tx, day time.Time) (map[Row]usage.Usage, error) {
	found := map[Row]usage.Usage{}
	for _, table := range Tables {
		columns, from := "0, 0", table.Name()+" r"
		switch table {
		case Customers:
			columns = "r.account_no, r.subject_no"
		case Accounts:
			columns = "r.account_no, 0"
		case AccountSeries: // which begins with the account
			columns = "r.account_no, 0"
			from = "usage_accounts a STRAIGHT_JOIN " + table.Name() + " r ON r.account_no = a.account_no"
		}
		for _, grain := range table.Grains() {
			if grain > usage.Day {
				continue
			}
			rows, err := tx.QueryContext(ctx, `
				SELECT `+columns+`, r.bucket, r.minutes, r.seconds, r.sessions FROM `+from+`
				WHERE r.grain = ? AND r.bucket >= ? AND r.bucket < ?`, grain, day, usage.Day.Next(day))
			if err != nil {
				return nil, err
			}
			for rows.Next() {
				row, amount := Row{Table: table, Grid: int(grain)}, usage.Usage{}
				if err := rows.Scan(&row.AccountNo, &row.SubjectNo, &row.Bucket, &amount.Minutes, &amount.Seconds, &amount.Sessions); err != nil {
					rows.Close()
					return nil, err
				}
				found[row] = amount
			}
			if err := rows.Err(); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}
