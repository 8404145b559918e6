package sums

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/db/where"
	"aiusage/usage"
)

// Introduce gives numbers to subjects that have none. Two gateways may do so for
// the same subject at the same time.
func Introduce(ctx context.Context, db *pool.Pool, subjects []usage.Subject) error {
	// Everybody in the same order, so that they do not deadlock.
	slices.SortFunc(subjects, usage.Subject.Compare)
	for some := range slices.Chunk(slices.Compact(subjects), 500) {
		err := pool.Retry(ctx, func() error {
			numbers, err := introduceAccounts(ctx, db, some)
			if err != nil {
				return err
			}
			args := make([]any, 0, 3*len(some))
			for _, one := range some {
				number := numbers[usage.TrimID(one.AccountID)]
				if number == 0 {
					return fmt.Errorf("the account %q cannot be given a number", one.AccountID)
				}
				args = append(args, number, one.AccountID, one.CustomerID)
			}
			return db.InTransaction(ctx, func(tx *sqlx.Tx) error {
				added, err := tx.ExecContext(ctx, `INSERT IGNORE INTO usage_subjects (account_no, account_id, customer_id)
					VALUES `+where.Placeholders(len(some), 3), args...)
				if err != nil {
					return err
				}
				if count, err := added.RowsAffected(); err != nil || count == 0 {
					return err
				}
				return StampSubjects(ctx, tx)
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// StampSubjects gives the numbers that subjects have a new stamp. Whoever gives numbers does
// so in the same transaction: while a snapshot has a stamp, all numbers that it stands for
// mean in it what they meant when they were read with the same stamp, also where the
// database has been restored from a backup meanwhile.
func StampSubjects(ctx context.Context, tx *sqlx.Tx) error {
	var upto uint32
	if err := tx.GetContext(ctx, &upto, `SELECT COALESCE(MAX(subject_no), 0) FROM usage_subjects`); err != nil {
		return err
	}
	// Another may have given larger numbers since this transaction's snapshot.
	_, err := tx.ExecContext(ctx, `INSERT INTO usage_subject_stamp (stamp_id, stamp, upto) VALUES (1, ?, ?)
		ON DUPLICATE KEY UPDATE stamp = VALUES(stamp), upto = GREATEST(upto, VALUES(upto))`, newStamp(), upto)
	return err
}

// Stamp is a stamp of the numbers that subjects have, and the largest of these. That of no
// numbers, or where migrate down has taken stamps away, is zero.
type Stamp struct {
	Stamp int64
	Upto  uint32
}

// StandsFor tells whether a number was there when the stamp was given. A gateway of an
// earlier version gives numbers without a stamp.
func (s Stamp) StandsFor(key Key) bool { return s.Stamp != 0 && key.SubjectNo <= s.Upto }

// StampColumn is the stamp in the snapshot of the statement around it, or 0.
const StampColumn = "COALESCE((SELECT stamp FROM usage_subject_stamp WHERE stamp_id = 1), 0)"

// StampOf returns the stamp that a transaction sees, or the one that there is.
func StampOf(ctx context.Context, db sqlx.QueryerContext) (stamp Stamp, err error) {
	err = db.QueryRowxContext(ctx, `SELECT stamp, upto FROM usage_subject_stamp WHERE stamp_id = 1`).Scan(&stamp.Stamp, &stamp.Upto)
	if pool.HasNumber(err, pool.ErNoSuchTable) {
		return Stamp{}, nil
	}
	return stamp, pool.IgnoreNoRows(err)
}

// StampFirst gives the numbers of subjects a stamp, unless they have one: a gateway of an
// earlier version gave numbers without.
func StampFirst(ctx context.Context, db *pool.Pool) error {
	_, err := db.ExecContext(ctx, `INSERT IGNORE INTO usage_subject_stamp (stamp_id, stamp, upto)
		SELECT 1, ?, COALESCE(MAX(subject_no), 0) FROM usage_subjects`, newStamp())
	return err
}

// newStamp is a number that is not 0.
func newStamp() int64 { return 1 + rand.Int64N(math.MaxInt64) }

// introduceAccounts gives numbers to the accounts of subjects that have none, and
// returns those of all, by usage.TrimID.
func introduceAccounts(ctx context.Context, db *pool.Pool, subjects []usage.Subject) (map[string]uint32, error) {
	wanted := make([]any, 0, len(subjects))
	for i, one := range subjects {
		if i == 0 || one.AccountID != subjects[i-1].AccountID {
			wanted = append(wanted, one.AccountID)
		}
	}
	numbers, err := accountNumbers(ctx, db, wanted)
	if err != nil {
		return nil, err
	}
	unknown := slices.DeleteFunc(slices.Clone(wanted), func(id any) bool { return numbers[usage.TrimID(id.(string))] != 0 })
	if len(unknown) == 0 {
		return numbers, nil
	}
	_, err = db.ExecContext(ctx, `INSERT IGNORE INTO usage_accounts (account_id) VALUES (?)`+
		strings.Repeat(", (?)", len(unknown)-1), unknown...)
	if err != nil {
		return nil, err
	}
	return accountNumbers(ctx, db, wanted)
}

// accountNumbers returns the numbers of those of the accounts that have one.
func accountNumbers(ctx context.Context, db *pool.Pool, ids []any) (map[string]uint32, error) {
	var found []struct {
		Number uint32 `db:"account_no"`
		ID     string `db:"account_id"`
	}
	err := db.SelectContext(ctx, &found, `
		SELECT account_no, account_id FROM usage_accounts WHERE account_id IN (`+where.Placeholders(len(ids), 1)+`)`, ids...)
	numbers := make(map[string]uint32, len(found))
	for _, one := range found {
		numbers[usage.TrimID(one.ID)] = one.Number
	}
	return numbers, err
}
