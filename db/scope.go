package db

import (
	"strings"

	"aiusage/usage"
)

// scope returns the condition that keeps a query to the accounts its asker may
// see, with its arguments, or nothing when those are all. Every statement that
// reads usage for a query has it in its WHERE clause.
func scope(query usage.Query) (clause string, args []any) {
	if query.Accounts == nil {
		return "", nil
	}
	if len(query.Accounts) == 0 {
		return "FALSE", nil
	}
	for _, account := range query.Accounts {
		args = append(args, account)
	}
	return "account_id IN (?" + strings.Repeat(", ?", len(args)-1) + ")", args
}
