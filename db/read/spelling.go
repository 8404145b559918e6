package read

import (
	"slices"
	"strings"

	"aiusage/usage"
)

// spellAlike gives ids of subjects that the tables take for the same one spelling:
// the shortest there is, and none for a customer whose id is blank, since that is
// equal to an empty one. The server groups "a" and "a " and shows either, which may
// differ between the parts of one statement and the customers of an account.
func spellAlike(subjects []usage.SubjectUsage) {
	if !slices.ContainsFunc(subjects, endsWithBlank) {
		return
	}
	accounts, customers := map[string]string{}, map[[2]string]string{}
	for _, s := range subjects {
		account, customer := keys(s)
		accounts[account] = shorter(accounts[account], s.AccountID)
		customers[customer] = shorter(customers[customer], s.CustomerID)
	}
	for i := range subjects {
		account, customer := keys(subjects[i])
		subjects[i].AccountID, subjects[i].CustomerID = accounts[account], customers[customer]
		if customer[1] == "" {
			subjects[i].CustomerID = ""
		}
	}
}

func endsWithBlank(s usage.SubjectUsage) bool {
	return strings.HasSuffix(s.AccountID, " ") || strings.HasSuffix(s.CustomerID, " ")
}

func keys(s usage.SubjectUsage) (account string, customer [2]string) {
	account = usage.TrimID(s.AccountID)
	return account, [2]string{account, usage.TrimID(s.CustomerID)}
}

// shorter returns the shorter of a known spelling, if any, and another.
func shorter(known, other string) string {
	if known == "" || len(other) < len(known) {
		return other
	}
	return known
}
