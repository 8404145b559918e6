package db_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"aiusage/db"
	"aiusage/usage"
)

// The customers that are found of each of many accounts are those that are found of each alone, in
// whichever number of statements and parts they are read.
func TestCustomersOfEachAccountAreFound(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, _ string) {
		const accounts = 55 // three statements
		all, each := map[string][]usage.Customer{}, []string{"none"}
		var customers []usage.Customer
		for i := range accounts {
			account, count := fmt.Sprintf("a%03d", i), i%4
			if i == 7 || i == 40 {
				count = 1100 // two parts
			}
			each = append(each, account)
			for j := range count {
				all[account] = append(all[account], usage.Customer{AccountID: account, CustomerID: fmt.Sprintf("%05d", j), Name: fmt.Sprintf("Nº %d", (i+j)%50)})
			}
			customers = append(customers, all[account]...)
		}
		if _, err := store.WriteCustomers(t.Context(), customers); err != nil {
			t.Fatal(err)
		}
		for _, search := range []usage.Search{
			{Limit: 2}, {Limit: 2, Backward: true}, {Limit: 40, Text: "º 7"}, {Limit: 40, Text: "º 7", Backward: true},
		} {
			var want []usage.Customer
			for _, account := range each {
				found := slices.DeleteFunc(slices.Clone(all[account]), func(c usage.Customer) bool {
					return !strings.Contains(c.CustomerID, search.Text) && !strings.Contains(c.Name, search.Text)
				})
				if search.Backward {
					want = append(want, found[max(0, len(found)-search.Limit):]...)
				} else {
					want = append(want, found[:min(len(found), search.Limit)]...)
				}
			}
			search.Each = each
			found, err := store.FindCustomers(t.Context(), search)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(found, want) {
				t.Errorf("%+v: found %d, want %d: %.300v", search, len(found), len(want), found)
			}
		}
	})
}
