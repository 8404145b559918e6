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

// How many changes are folded in one transaction. The more there are, the more of them meet
// in a sum, which is written once; but the transaction holds its locks for longer. Nobody but
// others who fold or correct waits for those. So a batch has as many as have lately been
// folded in about maxHeld, between minFolded and maxFolded.
const (
	minFolded   = 2500
	firstFolded = 5000
	maxFolded   = 20_000
	maxHeld     = 400 * time.Millisecond
)

// nextBatch is how many changes the next batch takes, after one of some took so long. It does
// not grow by more than half at once, since what comes next may be of another kind.
func nextBatch(folded int, took time.Duration) int {
	fit := time.Duration(folded) * maxHeld / max(took, 1)
	return int(max(minFolded, min(fit, time.Duration(folded+folded/2), maxFolded)))
}

// Fold moves the changes recorded so far into the rollups, in many short
// transactions, and returns how many it moved. Each is moved exactly once, however
// the process ends and however many gateways fold at the same time: they share
// the work. progress may be nil; it is called after each transaction with the
// number of changes moved so far. Reports are the same before, during and after.
func (r *Rollups) Fold(ctx context.Context, progress func(folded int)) (folded int, err error) {
	size := int(r.batch.Load())
	if size == 0 {
		size = firstFolded
	}
	var after uint64
	for {
		began := time.Now()
		last, count, err := r.FoldBatch(ctx, after, size, (*sqlx.Tx).Commit)
		folded += count
		if progress != nil && count > 0 {
			progress(folded)
		}
		if err != nil || count < size {
			return folded, err
		}
		size = nextBatch(count, time.Since(began))
		r.batch.Store(int64(size))
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
	if r.OnFold != nil && count > 0 {
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
	changes, err := takeChanges(ctx, tx, after, size)
	if err != nil || len(changes.ids) == 0 {
		return 0, 0, nil, err
	}
	keys, unknown, err := r.numbers.find(ctx, tx, changes.subjects)
	if err != nil || len(unknown) > 0 {
		return 0, 0, unknown, err
	}
	err = sums.AddEach(ctx, tx, func(table sums.Table) map[sums.Row]usage.Usage { return changes.spread(table, calendars, keys) })
	if err != nil {
		return 0, 0, nil, err
	}
	// In a short table the server would rather look at every row, and wait for one
	// whose transaction has not ended. The order and the limit, which change nothing
	// else, make it go to these rows alone, and stop at the last of them.
	taken := among("change_id", changes.ids)
	result, err := tx.ExecContext(ctx, `
		DELETE FROM usage_changes`+taken.String()+`
		ORDER BY change_id LIMIT ?`, append(taken.Args, len(changes.ids))...)
	if err != nil {
		return 0, 0, nil, err
	}
	if deleted, err := result.RowsAffected(); err != nil || deleted != int64(len(changes.ids)) {
		return 0, 0, nil, errors.Join(err, fmt.Errorf("the server deleted %d of %d folded changes", deleted, len(changes.ids)))
	}
	if err := markFold(ctx, tx); err != nil {
		return 0, 0, nil, err
	}
	if err := end(tx); err != nil {
		return 0, 0, nil, err
	}
	return changes.ids[len(changes.ids)-1], len(changes.ids), nil, nil
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

// changes are some that are folded together.
type changes struct {
	// ids are their numbers, ascending.
	ids []uint64
	// subjects are whose they are, each once, as the first change of it has written it.
	subjects []usage.Subject
	// amounts are what they come to.
	amounts map[changed]usage.Usage
}

// changed is a quarter-hour, by its seconds since 1970, of a subject, by its place among the
// subjects.
type changed struct {
	subject int32
	quarter int64
}

// takeChanges locks and reads changes with numbers above after. Those that another gateway is
// folding are skipped, and so are those whose transaction has not ended. Whatever the server
// returns is what is added and deleted, since both are made of the same rows.
func takeChanges(ctx context.Context, tx *sqlx.Tx, after uint64, size int) (taken changes, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT change_id, account_id, customer_id, quarter, minutes, seconds, sessions
		FROM usage_changes WHERE change_id > ?
		ORDER BY change_id LIMIT ? FOR UPDATE SKIP LOCKED`, after, size)
	if err != nil {
		return taken, err
	}
	defer rows.Close()
	taken.amounts = map[changed]usage.Usage{}
	places := map[usage.Subject]int32{}
	for rows.Next() {
		var id uint64
		var who usage.Subject
		var quarter time.Time
		var amount usage.Usage
		if err := rows.Scan(&id, &who.AccountID, &who.CustomerID, &quarter, &amount.Minutes, &amount.Seconds, &amount.Sessions); err != nil {
			return taken, err
		}
		place, known := places[who.Trimmed()]
		if !known {
			place = int32(len(taken.subjects))
			places[who.Trimmed()], taken.subjects = place, append(taken.subjects, who)
		}
		taken.ids = append(taken.ids, id)
		key := changed{place, quarter.Unix()}
		taken.amounts[key] = taken.amounts[key].Plus(amount)
	}
	return taken, rows.Err()
}

// spread returns the sums of a table that have something of the changes, by calendars of
// which the first is that of UTC and the numbers of the subjects.
func (c changes) spread(table sums.Table, calendars []usage.Calendar, keys []sums.Key) map[sums.Row]usage.Usage {
	totals := make(map[sums.Row]usage.Usage, len(c.amounts))
	for one, amount := range c.amounts {
		sums.SpreadIn(totals, table, calendars, keys[one.subject], time.Unix(one.quarter, 0).UTC(), amount)
	}
	return totals
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
