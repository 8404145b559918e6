package sums

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
			_, err = db.ExecContext(ctx, `INSERT IGNORE INTO usage_subjects (account_no, account_id, customer_id)
				VALUES `+where.Placeholders(len(some), 3), args...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

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
