package where

import "aiusage/usage"

// Scope returns the condition that keeps a query to the accounts its asker may see,
// or none when those are all. Every statement that reads usage for a query has it.
func Scope(query usage.Query) Conditions {
	var scope Conditions
	switch {
	case query.Accounts == nil:
	case len(query.Accounts) == 0:
		scope.Add("FALSE")
	default:
		scope.Add("account_id IN ("+Placeholders(len(query.Accounts), 1)+")", Args(query.Accounts)...)
	}
	return scope
}

// Subjects are the conditions on account_id and customer_id, the scope among them,
// which are the same for sessions, changes and rollups.
func Subjects(query usage.Query) Conditions {
	where := Scope(query)
	if query.AccountID != "" {
		where.Add("account_id = ?", query.AccountID)
	}
	switch {
	case query.CustomerID == "":
	case usage.TrimID(query.CustomerID) == "":
		where.Add("FALSE") // equal to '', which stands for no customer, and none is not to be asked for
	default:
		where.Add("customer_id = ?", query.CustomerID)
	}
	return where
}
