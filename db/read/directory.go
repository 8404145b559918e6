package read

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"aiusage/db/pool"
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
		counted:  "SELECT account_id, '' AS name FROM usage_accounts WHERE TRUE",
		recorded: "SELECT DISTINCT account_id, '' AS name FROM ai_sessions WHERE TRUE",
	}
	customerDirectory = directory{
		columns: []string{"account_id", "customer_id"}, named: "customers",
		counted:  "SELECT account_id, customer_id, '' AS name FROM usage_subjects WHERE customer_id <> ''",
		recorded: "SELECT DISTINCT account_id, customer_id, '' AS name FROM ai_sessions WHERE customer_id IS NOT NULL AND customer_id <> ''",
	}
)

// FindAccounts returns the accounts that a search finds, ordered by id: those with
// a name and those with usage. With rollups, the latter are there once their first
// session has been folded.
func (r *Reader) FindAccounts(ctx context.Context, search usage.Search) ([]usage.Account, error) {
	var found []usage.Account
	err := r.find(ctx, accountDirectory, search, func(scan func(...any) error) error {
		var account usage.Account
		err := scan(&account.AccountID, &account.Name)
		found = append(found, account)
		return err
	})
	return found, err
}

// FindCustomers returns the customers that a search finds, ordered by account id,
// then customer id, as FindAccounts does.
func (r *Reader) FindCustomers(ctx context.Context, search usage.Search) ([]usage.Customer, error) {
	var found []usage.Customer
	err := r.find(ctx, customerDirectory, search, func(scan func(...any) error) error {
		var customer usage.Customer
		err := scan(&customer.AccountID, &customer.CustomerID, &customer.Name)
		found = append(found, customer)
		return err
	})
	return found, err
}

// find gives each row that a search finds to add, in ascending order.
func (r *Reader) find(ctx context.Context, d directory, search usage.Search, add func(scan func(...any) error) error) error {
	state, err := r.phases.Known(ctx)
	if err != nil {
		return pool.Translate(err)
	}
	statement, args := d.statement(search, state.Usable())
	rows, err := r.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return pool.Translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := add(rows.Scan); err != nil {
			return pool.Translate(err)
		}
	}
	return pool.Translate(rows.Err())
}

// statement returns the statement of a search and its arguments.
func (d directory) statement(search usage.Search, counted bool) (string, []any) {
	within := d.within(search)
	used := d.recorded
	if counted {
		used = d.counted
	}
	columns := strings.Join(d.columns, ", ")
	order, limit := d.order(search.Backward), " LIMIT "+strconv.Itoa(search.Limit)
	var match where.Conditions
	inner := order + limit // enough of each source, where each row counts
	if search.Text != "" {
		inner = ""
		prefix := likePrefix(search.Text)
		match.Add("("+d.columns[len(d.columns)-1]+" LIKE ? ESCAPE '|' OR CONVERT(MAX(name) USING utf8mb4) COLLATE utf8mb4_general_ci LIKE ? ESCAPE '|')", prefix, prefix)
	}
	statement := `SELECT ` + columns + `, COALESCE(MAX(name), '') AS name FROM (
		(SELECT ` + columns + `, name FROM ` + d.named + within.String() + inner + `)
		UNION ALL
		(` + used + within.After("AND") + inner + `)) AS known
		GROUP BY ` + columns + match.After("HAVING") + order + limit
	if search.Backward {
		statement = `SELECT * FROM (` + statement + `) AS page` + d.order(false)
	}
	return statement, slices.Concat(within.Args, within.Args, match.Args)
}

// within are the conditions on the ids: the scope and the bounds.
func (d directory) within(search usage.Search) where.Conditions {
	conditions := where.Subjects(usage.Query{Accounts: search.Accounts, AccountID: search.AccountID})
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

func (d directory) order(backward bool) string {
	direction := ""
	if backward {
		direction = " DESC"
	}
	return " ORDER BY " + strings.Join(d.columns, direction+", ") + direction
}

// likePrefix returns a pattern of LIKE, with the escape character |, for what
// begins with the text.
func likePrefix(text string) string {
	return strings.NewReplacer("|", "||", "%", "|%", "_", "|_").Replace(text) + "%"
}
