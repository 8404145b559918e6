package rollup

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/db/where"
	"aiusage/usage"
)

// maxFolded bounds the changes that are folded in one transaction. It holds its
// locks for some 0.1 s, and nobody but others who fold or correct waits for those.
const maxFolded = 5000

// Fold moves the changes recorded so far into the rollups, in many short
// transactions, and returns how many it moved. Each is moved exactly once, however
// the process ends and however many gateways fold at the same time: they share
// the work. progress may be nil; it is called after each transaction with the
// number of changes moved so far. Reports are the same before, during and after.
func (r *Rollups) Fold(ctx context.Context, progress func(folded int)) (folded int, err error) {
	var after uint64
	for {
		last, count, err := r.FoldBatch(ctx, after, maxFolded, (*sqlx.Tx).Commit)
		folded += count
		if progress != nil && count > 0 {
			progress(folded)
		}
		if err != nil || count < maxFolded {
			return folded, err
		}
		// The next batch lies behind this one. Starting from the beginning would
		// mean to step over what has just been deleted, again and again; what
		// others commit there meanwhile is for the next Fold.
		after = last
	}
}

// FoldBatch folds at most size changes with numbers above after, and returns how many
// and the last number. end ends the transaction: nothing is folded where it rolls back.
func (r *Rollups) FoldBatch(ctx context.Context, after uint64, size int, end func(*sqlx.Tx) error) (last uint64, count int, err error) {
	introduced := map[usage.Subject]bool{}
	err = pool.Retry(ctx, func() error {
		for {
			var unknown []usage.Subject
			last, count, unknown, err = r.tryFold(ctx, after, size, end)
			if len(unknown) == 0 || err != nil {
				return err
			}
			// Every attempt may meet subjects that have just come, but none twice.
			if introduced[unknown[0]] {
				return fmt.Errorf("the subject %q cannot be given a number", unknown[0])
			}
			if err := sums.Introduce(ctx, r.db, unknown); err != nil {
				return err
			}
			for _, one := range unknown {
				introduced[one] = true
			}
		}
	})
	return last, count, r.refuseTooLarge(ctx, err)
}

// tryFold folds a batch in one transaction, unless there are subjects in it that
// have no number yet. Those are numbered in a transaction of their own: here,
// others who meet the same new subject would have to wait for this one to end.
// end ends the transaction.
//
// READ COMMITTED keeps the locks to the rows that are taken. Otherwise the gap
// behind the last change would be locked too, in which everybody appends.
func (r *Rollups) tryFold(ctx context.Context, after uint64, size int, end func(*sqlx.Tx) error) (last uint64, count int, unknown []usage.Subject, err error) {
	tx, err := r.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return 0, 0, nil, err
	}
	defer tx.Rollback()
	// Changes that another gateway is folding are skipped, and so are those whose
	// transaction has not ended.
	var ids []uint64
	err = tx.SelectContext(ctx, &ids, `
		SELECT delta_id FROM usage_deltas WHERE delta_id > ?
		ORDER BY delta_id LIMIT ? FOR UPDATE SKIP LOCKED`, after, size)
	if err != nil || len(ids) == 0 {
		return 0, 0, nil, err
	}
	sums, read, unknown, err := readDeltas(ctx, tx, ids)
	if err != nil || len(unknown) > 0 {
		return 0, 0, unknown, err
	}
	if read != len(ids) {
		return 0, 0, nil, fmt.Errorf("the server returned %d of %d changes to fold", read, len(ids))
	}
	if err := addToRollups(ctx, tx, sums); err != nil {
		return 0, 0, nil, err
	}
	// In a short table the server would rather look at every row, and wait for one
	// whose transaction has not ended. The order and the limit, which change nothing
	// else, make it go to these rows alone, and stop at the last of them.
	taken := among("delta_id", ids)
	result, err := tx.ExecContext(ctx, `
		DELETE FROM usage_deltas`+taken.String()+`
		ORDER BY delta_id LIMIT ?`, append(taken.Args, len(ids))...)
	if err != nil {
		return 0, 0, nil, err
	}
	if deleted, err := result.RowsAffected(); err != nil || deleted != int64(len(ids)) {
		return 0, 0, nil, errors.Join(err, fmt.Errorf("the server deleted %d of %d folded changes", deleted, len(ids)))
	}
	return ids[len(ids)-1], len(ids), nil, end(tx)
}

// hourly is an hour of a subject.
type hourly struct {
	accountNo, subjectNo uint32
	hour                 time.Time
}

// readDeltas returns changes added up by subject and hour, and how many it has read.
// unknown are subjects without a number; if there are any, the sums are of no use.
func readDeltas(ctx context.Context, tx *sqlx.Tx, ids []uint64) (sums map[hourly]usage.Usage, read int, unknown []usage.Subject, err error) {
	conditions := among("d.delta_id", ids)
	rows, err := tx.QueryContext(ctx, `
		SELECT COALESCE(s.account_no, 0), COALESCE(s.subject_no, 0),
		       CASE WHEN s.subject_no IS NULL THEN d.account_id ELSE '' END,
		       CASE WHEN s.subject_no IS NULL THEN d.customer_id ELSE '' END,
		       d.hour, d.minutes, d.seconds, d.sessions
		FROM usage_deltas d
		LEFT JOIN usage_subjects s ON s.account_id = d.account_id AND s.customer_id = d.customer_id`+conditions.String(), conditions.Args...)
	if err != nil {
		return nil, 0, nil, err
	}
	defer rows.Close()
	sums = make(map[hourly]usage.Usage, len(ids))
	for ; rows.Next(); read++ {
		var key hourly
		var who usage.Subject
		var change usage.Usage
		err := rows.Scan(&key.accountNo, &key.subjectNo, &who.AccountID, &who.CustomerID, &key.hour,
			&change.Minutes, &change.Seconds, &change.Sessions)
		if err != nil {
			return nil, 0, nil, err
		}
		if key.subjectNo == 0 {
			unknown = append(unknown, who)
		}
		sums[key] = sums[key].Plus(change)
	}
	return sums, read, unknown, rows.Err()
}

// among is the condition that a column is one of some ascending numbers. Where none
// is left out, it names the first and the last: the server takes twice as long for
// a list. Several such spans in one statement would not do, because the server
// locks the row behind a span to see that it has ended, which may be a writer's.
func among(column string, numbers []uint64) (conditions where.Conditions) {
	first, last := numbers[0], numbers[len(numbers)-1]
	if last-first+1 == uint64(len(numbers)) {
		conditions.Add(column+" BETWEEN ? AND ?", first, last)
	} else {
		conditions.Add(column+" IN ("+where.Placeholders(len(numbers), 1)+")", where.Args(numbers)...)
	}
	return conditions
}

// rollup is one row of usage_rollups, or what is added to it.
type rollup struct {
	grain                usage.Grain
	bucket               time.Time
	accountNo, subjectNo uint32
}

// compareRollups is the order of the primary key.
func compareRollups(a, b rollup) int {
	return cmp.Or(cmp.Compare(a.grain, b.grain), a.bucket.Compare(b.bucket),
		cmp.Compare(a.accountNo, b.accountNo), cmp.Compare(a.subjectNo, b.subjectNo))
}

// addToRollups adds sums to the hours, days and months they belong to, in the
// order of the key, so that two who add do not deadlock.
func addToRollups(ctx context.Context, tx *sqlx.Tx, sums map[hourly]usage.Usage) error {
	totals := make(map[rollup]usage.Usage, 2*len(sums))
	for one, change := range sums {
		for _, grain := range usage.Grains {
			key := rollup{grain, grain.Floor(one.hour), one.accountNo, one.subjectNo}
			totals[key] = totals[key].Plus(change)
		}
	}
	return addRollups(ctx, tx, totals)
}

// maxAdded bounds the rows in one statement.
const maxAdded = 1000

func addRollups(ctx context.Context, tx *sqlx.Tx, totals map[rollup]usage.Usage) error {
	keys := make([]rollup, 0, len(totals))
	for key, total := range totals {
		if err := total.Fits(); err != nil {
			return err
		}
		if total != (usage.Usage{}) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareRollups)
	for some := range slices.Chunk(keys, maxAdded) {
		// Numbers and instants need no escaping, and as text they take the gateway
		// half as long as arguments.
		var values []byte
		for _, key := range some {
			values = appendRollup(values, key, totals[key])
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO usage_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions)
			VALUES `+string(values[:len(values)-1])+`
			ON DUPLICATE KEY UPDATE minutes = minutes + VALUES(minutes),
				seconds = seconds + VALUES(seconds), sessions = sessions + VALUES(sessions)`)
		if err != nil {
			return err
		}
	}
	return nil
}

// appendRollup appends "(3,'2026-03-01 00:00:00',17,4711,5,300,1)," for a row of
// usage_rollups.
func appendRollup(to []byte, key rollup, total usage.Usage) []byte {
	to = strconv.AppendInt(append(to, '('), int64(key.grain), 10)
	to = key.bucket.AppendFormat(append(to, ','), "'2006-01-02 15:04:05'")
	for _, number := range []int64{int64(key.accountNo), int64(key.subjectNo), total.Minutes, total.Seconds, total.Sessions} {
		to = strconv.AppendInt(append(to, ','), number, 10)
	}
	return append(to, "),"...)
}
