package check

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// numbers are those of accounts and subjects, by their ids, as they were last read. A
// number is never given again, but the server may be another by now, or have been restored from a
// backup, and have given the same to others: they are right while it has the stamp that they were
// read with.
type numbers struct {
	db       *pool.Pool
	stamp    sums.Stamp
	subjects map[usage.Subject]sums.Key
	accounts map[string]uint32
}

// errRenumbered says that numbers may mean others than when they were read.
var errRenumbered = errors.New("subjects have been given numbers meanwhile")

// areRight returns errRenumbered where a transaction sees other numbers than were read.
func (n *numbers) areRight(ctx context.Context, tx *sqlx.Tx) error {
	if n.subjects == nil {
		return nil
	}
	stamp, err := sums.StampOf(ctx, tx)
	if err == nil && stamp != n.stamp {
		return errRenumbered
	}
	return err
}

// forget has numbers be read again.
func (n *numbers) forget() { n.subjects, n.accounts = nil, nil }

// give gives each difference that was compared with sessions the numbers of whose sum it
// is, and those a number that have none.
func (n *numbers) give(ctx context.Context, found []Difference) error {
	// Accounts get their numbers with their customers'. Where no customer of one is unknown,
	// it gets that of its usage without a customer.
	for step := 0; ; step++ {
		unknown := n.unknown(found)
		if len(unknown) == 0 {
			break
		}
		if step > 2 {
			return fmt.Errorf("the subject %q cannot be given a number", unknown[0])
		}
		if step > 0 { // somebody else has not given them theirs
			if err := sums.Introduce(ctx, n.db, unknown); err != nil {
				return err
			}
		}
		if err := n.read(ctx); err != nil {
			return err
		}
	}
	for i, one := range found {
		if !one.ofSessions {
			continue
		}
		key := n.subjects[usage.Subject{AccountID: one.AccountID, CustomerID: one.CustomerID}]
		if one.Table != sums.Customers {
			key = sums.Key{AccountNo: n.accounts[one.AccountID]}
		}
		found[i].key = key
	}
	return nil
}

// unknown are the subjects without a known number, or where there is none, those of the
// accounts without one.
func (n *numbers) unknown(found []Difference) (subjects []usage.Subject) {
	for _, customers := range []bool{true, false} {
		for _, one := range found {
			who := usage.Subject{AccountID: one.AccountID, CustomerID: one.CustomerID}
			_, known := n.subjects[who]
			if one.Table != sums.Customers {
				_, known = n.accounts[one.AccountID]
			}
			if one.ofSessions && !known && customers == (one.Table == sums.Customers) {
				subjects = append(subjects, who)
			}
		}
		if len(subjects) > 0 {
			break
		}
	}
	return subjects
}

// read reads all numbers, which is cheaper than naming those of a chunk: it has most of them.
func (n *numbers) read(ctx context.Context) error {
	n.subjects, n.accounts = map[usage.Subject]sums.Key{}, map[string]uint32{}
	stamp, err := sums.StampOf(ctx, n.db) // first, so that numbers which are given meanwhile have another
	if err != nil {
		return pool.Translate(err)
	}
	n.stamp = stamp
	rows, err := n.db.QueryContext(ctx, `
		SELECT account_id, customer_id, account_no, subject_no FROM usage_subjects
		UNION ALL SELECT account_id, NULL, account_no, 0 FROM usage_accounts`)
	if err != nil {
		return pool.Translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var account string
		var customer *string
		var key sums.Key
		if err := rows.Scan(&account, &customer, &key.AccountNo, &key.SubjectNo); err != nil {
			return pool.Translate(err)
		}
		account = usage.TrimID(account)
		if customer == nil {
			n.accounts[account] = key.AccountNo
		} else {
			n.subjects[usage.Subject{AccountID: account, CustomerID: usage.TrimID(*customer)}] = key
		}
	}
	return pool.Translate(rows.Err())
}

// maxNamed bounds the numbers of which a statement asks the ids.
const maxNamed = 1000

// name finds the ids of differences of which the numbers are known.
func (c *Checks) name(ctx context.Context, found []Difference) error {
	accounts, subjects := map[uint32]string{}, map[uint32]string{}
	for _, one := range found {
		if one.key.AccountNo != 0 {
			accounts[one.key.AccountNo] = ""
		}
		if one.key.SubjectNo != 0 {
			subjects[one.key.SubjectNo] = ""
		}
	}
	if err := c.readNames(ctx, "account_no, account_id FROM usage_accounts WHERE account_no", accounts); err != nil {
		return err
	}
	if err := c.readNames(ctx, "subject_no, customer_id FROM usage_subjects WHERE subject_no", subjects); err != nil {
		return err
	}
	for i, one := range found {
		if !one.ofSessions {
			found[i].AccountID, found[i].CustomerID = accounts[one.key.AccountNo], subjects[one.key.SubjectNo]
		}
	}
	return nil
}

// readNames fills in the ids of numbers.
func (c *Checks) readNames(ctx context.Context, from string, names map[uint32]string) error {
	wanted := make([]uint32, 0, len(names))
	for number := range names {
		wanted = append(wanted, number)
	}
	for _, list := range listsOf(wanted, maxNamed) {
		if err := c.readSomeNames(ctx, `SELECT `+from+` IN (`+list+`)`, names); err != nil {
			return pool.Translate(err)
		}
	}
	return nil
}

func (c *Checks) readSomeNames(ctx context.Context, statement string, names map[uint32]string) error {
	rows, err := c.db.QueryContext(ctx, statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var number uint32
		var id string
		if err := rows.Scan(&number, &id); err != nil {
			return err
		}
		names[number] = id
	}
	return rows.Err()
}
