package where

import (
	"slices"

	"aiusage/usage"
)

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
	where.AddAll(Customers(query))
	return where
}

// Customers are the conditions of Subjects on customer_id alone.
func Customers(query usage.Query) Conditions {
	var where Conditions
	if query.CustomerIDs != nil {
		// A blank id is equal to '', which stands for no customer.
		ids := slices.DeleteFunc(slices.Clone(query.CustomerIDs), func(id string) bool { return usage.TrimID(id) == "" })
		if len(ids) == 0 {
			where.Add("FALSE")
		} else {
			where.Add("customer_id IN ("+Placeholders(len(ids), 1)+")", Args(ids)...)
		}
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
