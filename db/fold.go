package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/usage"
)

// foldMost bounds the changes that are folded in one transaction, so that it
// holds its locks for milliseconds.
const foldMost = 2000

// Fold moves the changes recorded so far into the rollups, in many short
// transactions, and returns how many it moved. Each is moved exactly once, however
// the process ends and however many gateways fold at the same time: they share
// the work. progress may be nil; it is called after each transaction with the
// number of changes moved so far. Reports are the same before, during and after.
func (s *Store) Fold(ctx context.Context, progress func(folded int)) (folded int, err error) {
	var after uint64
	for {
		last, count, err := s.foldBatch(ctx, after, foldMost)
		folded += count
		if progress != nil && count > 0 {
			progress(folded)
		}
		if err != nil || count < foldMost {
			return folded, err
		}
		// The next batch lies behind this one. Starting from the beginning would
		// mean to step over what has just been deleted, again and again; what
		// others commit there meanwhile is for the next Fold.
		after = last
	}
}

// foldBatch folds at most most changes with numbers above after, and returns how
// many and the last number.
func (s *Store) foldBatch(ctx context.Context, after uint64, most int) (last uint64, count int, err error) {
	introduced := map[subject]bool{}
	err = retry(ctx, func() error {
		for {
			var unknown []subject
			last, count, unknown, err = s.tryFold(ctx, after, most, (*sqlx.Tx).Commit)
			if len(unknown) == 0 || err != nil {
				return err
			}
			// Every attempt may meet subjects that have just come, but none twice.
			if introduced[unknown[0]] {
				return fmt.Errorf("the subject %q cannot be given a number", unknown[0])
			}
			if err := s.introduce(ctx, unknown); err != nil {
				return err
			}
			for _, one := range unknown {
				introduced[one] = true
			}
		}
	})
	return last, count, err
}

// tryFold folds a batch in one transaction, unless there are subjects in it that
// have no number yet. Those are numbered in a transaction of their own: here,
// others who meet the same new subject would have to wait for this one to end.
// end ends the transaction.
//
// READ COMMITTED keeps the locks to the rows that are taken. Otherwise the gap
// behind the last change would be locked too, in which everybody appends.
func (s *Store) tryFold(ctx context.Context, after uint64, most int, end func(*sqlx.Tx) error) (last uint64, count int, unknown []subject, err error) {
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return 0, 0, nil, err
	}
	defer tx.Rollback()
	// Changes that another gateway is folding are skipped, and so are those whose
	// transaction has not ended.
	var ids []uint64
	err = tx.SelectContext(ctx, &ids, `
		SELECT delta_id FROM usage_deltas WHERE delta_id > ?
		ORDER BY delta_id LIMIT ? FOR UPDATE SKIP LOCKED`, after, most)
	if err != nil || len(ids) == 0 {
		return 0, 0, nil, err
	}
	sums, unknown, err := readDeltas(ctx, tx, ids)
	if err != nil || len(unknown) > 0 {
		return 0, 0, unknown, err
	}
	if err := addToRollups(ctx, tx, sums); err != nil {
		return 0, 0, nil, err
	}
	// In a short table the server would rather look at every row, and wait for one
	// whose transaction has not ended. The order and the limit, which change nothing
	// else, make it go to these rows alone.
	_, err = tx.ExecContext(ctx, `
		DELETE FROM usage_deltas WHERE delta_id IN (`+placeholders(len(ids), 1)+`)
		ORDER BY delta_id LIMIT ?`, append(anys(ids), len(ids))...)
	if err != nil {
		return 0, 0, nil, err
	}
	return ids[len(ids)-1], len(ids), nil, end(tx)
}

// subject is an account and a customer, or none.
type subject struct{ account, customer string }

// sum is what a subject used in one hour, or how that changed.
type sum struct {
	accountNo, subjectNo uint32
	hour                 time.Time
	usage.Usage
}

// readDeltas adds up changes by subject and hour. unknown are subjects without a
// number; if there are any, the sums are of no use.
func readDeltas(ctx context.Context, tx *sqlx.Tx, ids []uint64) (sums []sum, unknown []subject, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT COALESCE(s.account_no, 0), COALESCE(s.subject_no, 0), d.account_id, d.customer_id, d.hour,
		       CAST(SUM(d.minutes) AS SIGNED), CAST(SUM(d.seconds) AS SIGNED), CAST(SUM(d.sessions) AS SIGNED)
		FROM usage_deltas d
		LEFT JOIN usage_subjects s ON s.account_id = d.account_id AND s.customer_id = d.customer_id
		WHERE d.delta_id IN (`+placeholders(len(ids), 1)+`)
		GROUP BY s.account_no, s.subject_no, d.account_id, d.customer_id, d.hour`, anys(ids)...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one sum
		var who subject
		err := rows.Scan(&one.accountNo, &one.subjectNo, &who.account, &who.customer, &one.hour,
			&one.Minutes, &one.Seconds, &one.Sessions)
		if err != nil {
			return nil, nil, err
		}
		if one.subjectNo == 0 {
			unknown = append(unknown, who)
		}
		sums = append(sums, one)
	}
	return sums, unknown, rows.Err()
}

// introduce gives numbers to subjects that have none. Two gateways may do so for
// the same subject at the same time.
func (s *Store) introduce(ctx context.Context, subjects []subject) error {
	// Everybody in the same order, so that they do not wait for each other crosswise.
	slices.SortFunc(subjects, compareSubjects)
	for some := range slices.Chunk(slices.Compact(subjects), 500) {
		accounts := make([]any, 0, len(some))
		pairs := make([]any, 0, 2*len(some))
		for _, one := range some {
			accounts = append(accounts, one.account)
			pairs = append(pairs, one.customer, one.account)
		}
		err := retry(ctx, func() error {
			_, err := s.db.ExecContext(ctx, `INSERT IGNORE INTO usage_accounts (account_id) VALUES (?)`+
				repeat(", (?)", len(accounts)-1), accounts...)
			if err != nil {
				return err
			}
			_, err = s.db.ExecContext(ctx, `INSERT IGNORE INTO usage_subjects (account_no, account_id, customer_id) `+
				`SELECT account_no, account_id, ? FROM usage_accounts WHERE account_id = ?`+
				repeat(` UNION ALL SELECT account_no, account_id, ? FROM usage_accounts WHERE account_id = ?`, len(some)-1),
				pairs...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rollup is one row of usage_rollups, or what is added to it.
type rollup struct {
	grain                usage.Grain
	bucket               time.Time
	accountNo, subjectNo uint32
}

// addToRollups adds sums to the hours, days and months they belong to, in the
// order of the key, so that two who add do not wait for each other crosswise.
func addToRollups(ctx context.Context, tx *sqlx.Tx, sums []sum) error {
	totals := make(map[rollup]usage.Usage, 2*len(sums))
	for _, one := range sums {
		for _, grain := range usage.Grains {
			key := rollup{grain, grain.Floor(one.hour), one.accountNo, one.subjectNo}
			totals[key] = totals[key].Plus(one.Usage)
		}
	}
	return addRollups(ctx, tx, totals)
}

// addMost bounds the rows in one statement.
const addMost = 1000

func addRollups(ctx context.Context, tx *sqlx.Tx, totals map[rollup]usage.Usage) error {
	keys := make([]rollup, 0, len(totals))
	for key, total := range totals {
		if total != (usage.Usage{}) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareRollups)
	for some := range slices.Chunk(keys, addMost) {
		args := make([]any, 0, 7*len(some))
		for _, key := range some {
			total := totals[key]
			args = append(args, key.grain, key.bucket, key.accountNo, key.subjectNo, total.Minutes, total.Seconds, total.Sessions)
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO usage_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions)
			VALUES `+placeholders(len(some), 7)+`
			ON DUPLICATE KEY UPDATE minutes = minutes + VALUES(minutes),
				seconds = seconds + VALUES(seconds), sessions = sessions + VALUES(sessions)`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}
