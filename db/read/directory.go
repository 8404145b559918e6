package read

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"aiusage/db/where"
	"aiusage/usage"
)

// directory is a kind of thing that can be searched for by its id or name.
type directory struct {
	// columns are those of the id, and named the table with names.
	columns []string
	named   string
	// counted is the table that the rollups number it in, and recorded what is
	// read of the sessions where there are no rollups, both with a condition.
	counted, recorded string
}

var (
	accountDirectory = directory{
		columns: []string{"account_id"}, named: "accounts",
		counted:  "SELECT account_id, NULL AS name FROM usage_accounts WHERE TRUE",
		recorded: "SELECT DISTINCT account_id, NULL AS name FROM ai_sessions WHERE TRUE",
	}
	customerDirectory = directory{
		columns: []string{"account_id", "customer_id"}, named: "customers",
		counted:  "SELECT account_id, customer_id, NULL AS name FROM usage_subjects WHERE customer_id <> ''",
		recorded: "SELECT DISTINCT account_id, customer_id, NULL AS name FROM ai_sessions WHERE customer_id IS NOT NULL AND customer_id <> ''",
	}
)

// FindAccounts returns the accounts that a search finds, ordered by id: those with
// a name and those with usage. With rollups, the latter are there once their first
// session has been folded.
func (r *Reader) FindAccounts(ctx context.Context, search usage.Search) ([]usage.Account, error) {
	found, err := r.find(ctx, accountDirectory, search)
	accounts := make([]usage.Account, len(found))
	for i, one := range found {
		accounts[i] = usage.Account{AccountID: one.AccountID, Name: one.Name}
	}
	return accounts, err
}

// FindCustomers returns the customers that a search finds, ordered by account id,
// then customer id, as FindAccounts does.
func (r *Reader) FindCustomers(ctx context.Context, search usage.Search) ([]usage.Customer, error) {
	return r.find(ctx, customerDirectory, search)
}

// id is what a search looks into beside the name.
func (d directory) id(one usage.Customer) string {
	if len(d.columns) == 1 {
		return one.AccountID
	}
	return one.CustomerID
}

// statement returns the statement of a part of the directory, whatever the text that is searched
// for, and its arguments.
func (d directory) statement(search usage.Search, counted bool) (string, []any) {
	within := d.within(search)
	used := d.recorded
	if counted {
		used = d.counted
	}
	columns := strings.Join(d.columns, ", ")
	order := d.order(search.Backward) + " LIMIT " + strconv.Itoa(search.Limit) // enough of each source
	statement := `SELECT ` + columns + `, COALESCE(MAX(name), '') AS name FROM (
		(SELECT ` + columns + `, name FROM ` + d.named + within.String() + order + `)
		UNION ALL
		(` + used + within.After("AND") + order + `)) AS known
		GROUP BY ` + columns + order
	if search.Backward {
		statement = `SELECT * FROM (` + statement + `) AS page` + d.order(false)
	}
	return statement, slices.Concat(within.Args, within.Args)
}

// within are the conditions on the ids: the scope and the bounds.
func (d directory) within(search usage.Search) where.Conditions {
	conditions := where.Subjects(usage.Query{Accounts: search.Accounts, AccountID: search.AccountID})
	if search.Only != nil {
		d.addOnly(&conditions, search.Only)
	}
	bound := func(sign string, at *usage.Subject) {
		switch {
		case at == nil:
		case len(d.columns) == 1:
			conditions.Add("account_id "+sign+" ?", at.AccountID)
		default:
			conditions.Add("(account_id "+sign+" ? OR account_id = ? AND customer_id "+sign+" ?)", at.AccountID, at.AccountID, at.CustomerID)
		}
	}
	bound(">", search.After)
	bound("<", search.Before)
	return conditions
}

// addOnly leaves some accounts or customers, of which there is at least one.
func (d directory) addOnly(conditions *where.Conditions, only []usage.Subject) {
	args := make([]any, 0, len(only)*len(d.columns))
	for _, subject := range only {
		args = append(args, subject.AccountID)
		if len(d.columns) > 1 {
			args = append(args, subject.CustomerID)
		}
	}
	conditions.Add("("+strings.Join(d.columns, ", ")+") IN ("+where.Placeholders(len(only), len(d.columns))+")", args...)
}

func (d directory) order(backward bool) string {
	direction := ""
	if backward {
		direction = " DESC"
	}
	return " ORDER BY " + strings.Join(d.columns, direction+", ") + direction
}
