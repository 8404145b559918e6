package rollup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
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
	introduced, began := map[usage.Subject]bool{}, time.Now()
	err = pool.Retry(ctx, func() error {
		for {
			var unknown []usage.Subject
			last, count, unknown, err = r.tryFold(ctx, after, size, end)
			if stale, ok := errors.AsType[*staleCalendarError](err); ok {
				if err := r.markStale(ctx, stale.Registered); err != nil {
					return err
				}
				continue
			}
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
	if r.OnFold != nil && err == nil && count > 0 {
		r.OnFold(count, time.Since(began))
	}
	return last, count, r.phases.RefuseTooLarge(ctx, err)
}

// tryFold folds a batch in one transaction, unless there are subjects in it that
// have no number yet. Those are numbered in a transaction of their own: here,
// others who meet the same new subject would have to wait for this one to end.
// end ends the transaction.
//
// READ COMMITTED keeps the locks to the rows that are taken. Otherwise the gap
// behind the last change would be locked too, in which everybody appends.
//
// This is also where what folding takes away could be kept as a journal: the row of the
// state, which is locked, would give each batch its number in the order of commits.
func (r *Rollups) tryFold(ctx context.Context, after uint64, size int, end func(*sqlx.Tx) error) (last uint64, count int, unknown []usage.Subject, err error) {
	tx, err := r.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return 0, 0, nil, err
	}
	defer tx.Rollback()
	calendars, err := calendarsToAddTo(ctx, tx)
	if err != nil {
		return 0, 0, nil, err
	}
	// Changes that another gateway is folding are skipped, and so are those whose
	// transaction has not ended.
	var ids []uint64
	err = tx.SelectContext(ctx, &ids, `
		SELECT change_id FROM usage_changes WHERE change_id > ?
		ORDER BY change_id LIMIT ? FOR UPDATE SKIP LOCKED`, after, size)
	if err != nil || len(ids) == 0 {
		return 0, 0, nil, err
	}
	changes, read, unknown, err := readChanges(ctx, tx, ids)
	if err != nil || len(unknown) > 0 {
		return 0, 0, unknown, err
	}
	if read != len(ids) {
		return 0, 0, nil, fmt.Errorf("the server returned %d of %d changes to fold", read, len(ids))
	}
	if err := sums.Add(ctx, tx, changes.spread(calendars)); err != nil {
		return 0, 0, nil, err
	}
	// In a short table the server would rather look at every row, and wait for one
	// whose transaction has not ended. The order and the limit, which change nothing
	// else, make it go to these rows alone, and stop at the last of them.
	taken := among("change_id", ids)
	result, err := tx.ExecContext(ctx, `
		DELETE FROM usage_changes`+taken.String()+`
		ORDER BY change_id LIMIT ?`, append(taken.Args, len(ids))...)
	if err != nil {
		return 0, 0, nil, err
	}
	if deleted, err := result.RowsAffected(); err != nil || deleted != int64(len(ids)) {
		return 0, 0, nil, errors.Join(err, fmt.Errorf("the server deleted %d of %d folded changes", deleted, len(ids)))
	}
	if err := markFold(ctx, tx); err != nil {
		return 0, 0, nil, err
	}
	return ids[len(ids)-1], len(ids), nil, end(tx)
}

// markFold leaves another mark (phase.FoldMark). It is the last that a fold locks, so that
// others wait for its end only.
func markFold(ctx context.Context, tx *sqlx.Tx) error {
	mark := phase.NewGeneration()
	_, err := tx.ExecContext(ctx, `
		INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (?, 'fold', '', ?, 0)
		ON DUPLICATE KEY UPDATE generation = ?`, phase.FoldMark, mark, mark)
	return err
}

// readChanges returns changes added up by subject and quarter-hour, and how many it has
// read. unknown are subjects without a number; if there are any, the amounts are of no use.
func readChanges(ctx context.Context, tx *sqlx.Tx, ids []uint64) (read amounts, count int, unknown []usage.Subject, err error) {
	conditions := among("c.change_id", ids)
	read = make(amounts, len(ids))
	count, unknown, err = read.add(ctx, tx, `
		SELECT COALESCE(s.account_no, 0), COALESCE(s.subject_no, 0),
		       CASE WHEN s.subject_no IS NULL THEN c.account_id ELSE '' END,
		       CASE WHEN s.subject_no IS NULL THEN c.customer_id ELSE '' END,
		       c.quarter, c.minutes, c.seconds, c.sessions
		FROM usage_changes c
		LEFT JOIN usage_subjects s ON s.account_id = c.account_id AND s.customer_id = c.customer_id`+conditions.String(), conditions.Args...)
	return read, count, unknown, err
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
