package rollup

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/sums"
	"aiusage/db/where"
	"aiusage/usage"
)

// daily is a day, in UTC, of a subject.
type daily struct {
	sums.Key
	day time.Time
}

// maxPacked bounds the rows in one statement.
const maxPacked = 1000

// keepQuarters writes the quarter-hours of amounts packed, a row for each subject and day,
// in the place of what there is of the day.
func (a amounts) keepQuarters(ctx context.Context, tx *sqlx.Tx) error {
	days := map[daily]map[int]usage.Usage{}
	for one, amount := range a {
		key := daily{one.Key, usage.Day.Floor(one.quarter)}
		if days[key] == nil {
			days[key] = map[int]usage.Usage{}
		}
		days[key][int(one.quarter.Sub(key.day)/(15*time.Minute))] = amount
	}
	var args []any
	for key, quarters := range days {
		args = append(args, key.AccountNo, key.day.Format(time.DateOnly), key.SubjectNo, sums.Pack(quarters))
	}
	const columns = 4
	for len(args) > 0 {
		some := args[:min(len(args), columns*maxPacked)]
		args = args[len(some):]
		_, err := tx.ExecContext(ctx, `
			INSERT INTO usage_quarters (account_no, day, subject_no, quarters)
			VALUES `+where.Placeholders(len(some)/columns, columns)+`
			ON DUPLICATE KEY UPDATE quarters = VALUES(quarters)`, some...)
		if err != nil {
			return err
		}
	}
	return nil
}

// addQuarters adds what is kept of the quarter-hours of a day.
func (a amounts) addQuarters(ctx context.Context, tx *sqlx.Tx, day time.Time) error {
	var rows []struct {
		AccountNo uint32 `db:"account_no"`
		SubjectNo uint32 `db:"subject_no"`
		Quarters  []byte `db:"quarters"`
	}
	err := tx.SelectContext(ctx, &rows, `
		SELECT q.account_no, q.subject_no, q.quarters
		FROM usage_accounts a STRAIGHT_JOIN usage_quarters q ON q.account_no = a.account_no AND q.day = ?`, day.Format(time.DateOnly))
	if err != nil {
		return err
	}
	for _, row := range rows {
		err := sums.Unpack(row.Quarters, func(number int, amount usage.Usage) {
			key := quarterly{sums.Key{AccountNo: row.AccountNo, SubjectNo: row.SubjectNo}, day.Add(time.Duration(number) * 15 * time.Minute)}
			a[key] = a[key].Plus(amount)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
