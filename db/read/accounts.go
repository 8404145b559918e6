package read

import (
	"context"
	"strings"

	"aiusage/db/pool"
	"aiusage/usage"
)

// Accounts returns the accounts with these ids, or all of them when ids is nil,
// ordered by id: those with a name and those that only sessions tell of. An id
// that nothing is known of comes back without a name.
func (r *Reader) Accounts(ctx context.Context, ids []string) ([]usage.Account, error) {
	if ids == nil {
		return r.accounts(ctx, `
			SELECT account_id, MAX(name) FROM (
				SELECT account_id, COALESCE(name, '') AS name FROM accounts
				UNION ALL
				SELECT DISTINCT account_id, '' FROM ai_sessions
			) AS known
			GROUP BY account_id ORDER BY account_id`)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	named, err := r.accounts(ctx, `SELECT account_id, COALESCE(name, '') FROM accounts
		WHERE account_id IN (?`+strings.Repeat(", ?", len(ids)-1)+`)`, args...)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, account := range named {
		names[usage.TrimID(account.AccountID)] = account.Name
	}
	accounts := make([]usage.Account, len(ids))
	for i, id := range ids {
		accounts[i] = usage.Account{AccountID: id, Name: names[usage.TrimID(id)]}
	}
	return accounts, nil
}

func (r *Reader) accounts(ctx context.Context, statement string, args ...any) ([]usage.Account, error) {
	rows, err := r.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, pool.Translate(err)
	}
	defer rows.Close()
	var accounts []usage.Account
	for rows.Next() {
		var account usage.Account
		if err := rows.Scan(&account.AccountID, &account.Name); err != nil {
			return nil, pool.Translate(err)
		}
		accounts = append(accounts, account)
	}
	return accounts, pool.Translate(rows.Err())
}
