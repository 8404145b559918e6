package rollup

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/jmoiron/sqlx"

	"aiusage/db/sums"
	"aiusage/db/where"
	"aiusage/usage"
)

// numbers are those of the subjects that folds have met, by usage.Subject.Trimmed. They are
// believed while the database shows the stamp that they were read with (sums.StampSubjects),
// so that one that was restored from a backup gives others.
type numbers struct {
	mu    sync.Mutex
	stamp sums.Stamp
	known map[usage.Subject]sums.Key
}

const (
	// maxNumbers bounds the subjects that are kept, at some 150 bytes each.
	maxNumbers = 200_000
	// maxLookedUp bounds the subjects that one statement looks up, and oneOf is how many are
	// read one after the other in the time that one takes to be looked up.
	maxLookedUp, oneOf = 1000, 20
)

// find finds the numbers of subjects. unknown are those that have none.
func (n *numbers) find(ctx context.Context, tx *sqlx.Tx, subjects []usage.Subject) (found []sums.Key, unknown []usage.Subject, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	stamp, err := sums.StampOf(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	if stamp != n.stamp || len(n.known) > maxNumbers {
		n.stamp, n.known = stamp, map[usage.Subject]sums.Key{}
	}
	var missing []usage.Subject
	for _, one := range subjects {
		if _, known := n.known[one.Trimmed()]; !known {
			missing = append(missing, one)
		}
	}
	read := map[usage.Subject]sums.Key{}
	if stamp.Upto <= maxNumbers && len(missing) > int(stamp.Upto)/oneOf {
		err = readNumbers(ctx, tx, read, where.Conditions{})
		missing = slices.DeleteFunc(missing, func(one usage.Subject) bool { return read[one.Trimmed()] != sums.Key{} })
	}
	for some := range slices.Chunk(missing, maxLookedUp) {
		err = cmp.Or(err, readNumbers(ctx, tx, read, named(some)))
	}
	if err != nil {
		return nil, nil, err
	}
	found = make([]sums.Key, len(subjects))
	for i, one := range subjects {
		key, known := n.known[one.Trimmed()]
		if !known {
			key, known = read[one.Trimmed()]
		}
		if found[i] = key; !known {
			unknown = append(unknown, one)
		}
	}
	for one, key := range read {
		if n.stamp.StandsFor(key) {
			n.known[one] = key
		}
	}
	return found, unknown, nil
}

// readNumbers reads the numbers of the subjects that meet some conditions.
func readNumbers(ctx context.Context, tx *sqlx.Tx, into map[usage.Subject]sums.Key, conditions where.Conditions) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT account_id, customer_id, account_no, subject_no FROM usage_subjects`+conditions.String(), conditions.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var who usage.Subject
		var key sums.Key
		if err := rows.Scan(&who.AccountID, &who.CustomerID, &key.AccountNo, &key.SubjectNo); err != nil {
			return err
		}
		into[who.Trimmed()] = key
	}
	return rows.Err()
}

// named are the conditions that a subject is one of some, account by account, which is what
// the key of the table is good for.
func named(subjects []usage.Subject) (conditions where.Conditions) {
	customers := map[string][]any{}
	for _, one := range subjects {
		customers[one.AccountID] = append(customers[one.AccountID], one.CustomerID)
	}
	var accounts []where.Conditions
	for account, its := range customers {
		var of where.Conditions
		of.Add("account_id = ?", account)
		of.Add("customer_id IN ("+where.Placeholders(len(its), 1)+")", its...)
		accounts = append(accounts, of)
	}
	conditions.AddAny(accounts)
	return conditions
}
