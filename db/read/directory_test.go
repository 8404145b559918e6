package read_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// A search finds those that have a name and those that have usage, each once and with its name: by the
// numbers of the sums where these may be read, and in the sessions otherwise; in order, from either end and
// between bounds, of those who may be seen and no others.
func TestSearchesFindWhoHasANameOrUsage(t *testing.T) {
	connections := tables.Open(t, dbtest.One(t))
	execOn(t, connections, "INSERT INTO accounts VALUES ('a', 'Anna'), ('c', 'Carl'), ('named', 'Nora')",
		"INSERT INTO customers VALUES ('a', 'x', 'Xaver'), ('b', 'x', 'Xenia'), ('named', 'x', 'Nobody')",
		"INSERT INTO usage_accounts (account_no, account_id) VALUES (1, 'a'), (2, 'b'), (3, 'counted')",
		"INSERT INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES (1, 1, 'a', 'x'), (2, 1, 'a', ''), (3, 1, 'a', 'y'), (4, 2, 'b', 'x'), (5, 3, 'counted', 'z')",
		`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('1', 'a', 'x', '2026-03-01', 1), ('2', 'a', 'x', '2026-03-01', 1), ('3', 'a', NULL, '2026-03-01', 1),
			('4', 'a', 'y', '2026-03-01', 1), ('5', 'b', 'x', '2026-03-01', 1), ('6', 'stored', 'w', '2026-03-01', 1), ('7', 'stored', '', '2026-03-01', 1)`,
		"INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 0)")
	for phase, used := range map[string]struct{ account, customer string }{"ready": {"counted", "counted/z"}, "raw": {"stored", "stored/w"}} {
		execOn(t, connections, "UPDATE usage_level_state SET phase = '"+phase+"', generation = generation + 1")
		reader := readerOf(connections)
		check := func(what string, search usage.Search, wantAccounts, wantCustomers string) {
			t.Helper()
			if search.Limit == 0 {
				search.Limit = 99
			}
			accounts, err := reader.FindAccounts(t.Context(), search)
			if err != nil {
				t.Fatal(err)
			}
			customers, err := reader.FindCustomers(t.Context(), search)
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(accounts, customers); got[0] != wantAccounts && wantAccounts != "-" || got[1] != wantCustomers {
				t.Errorf("%s, %s: got %q, want %q", phase, what, got, []string{wantAccounts, wantCustomers})
			}
		}
		allAccounts := []string{"a=Anna", "b=", "c=Carl", "named=Nora", used.account + "="}
		allCustomers := []string{"a/x=Xaver", "a/y=", "b/x=Xenia", "named/x=Nobody", used.customer + "="}
		slices.Sort(allAccounts)
		slices.Sort(allCustomers)
		of := func(all []string, from, to int) string { return strings.Join(all[from:to], " ") }
		check("all", usage.Search{}, of(allAccounts, 0, 5), of(allCustomers, 0, 5))
		check("some", usage.Search{Limit: 2}, of(allAccounts, 0, 2), of(allCustomers, 0, 2))
		check("the last", usage.Search{Limit: 2, Backward: true}, of(allAccounts, 3, 5), of(allCustomers, 3, 5))
		check("between", usage.Search{After: &usage.Subject{AccountID: "a", CustomerID: "x"}, Before: &usage.Subject{AccountID: "named", CustomerID: "x"}}, of(allAccounts, 1, slices.Index(allAccounts, "named=Nora")), of(allCustomers, 1, slices.Index(allCustomers, "named/x=Nobody")))
		check("within an account", usage.Search{After: &usage.Subject{AccountID: "a", CustomerID: "x"}, Limit: 1}, "b=", "a/y=")
		check("one account's", usage.Search{AccountID: "a"}, "a=Anna", "a/x=Xaver a/y=")
		check("theirs", usage.Search{Accounts: []string{"b", "named"}}, "b= named=Nora", "b/x=Xenia named/x=Nobody")
		check("nobody's", usage.Search{Accounts: []string{}}, "", "")
		check("by name or id", usage.Search{Text: "x"}, "", "a/x=Xaver b/x=Xenia named/x=Nobody")
		check("by a name", usage.Search{Text: "NO"}, "named=Nora", "named/x=Nobody")
		check("by an account's id", usage.Search{Text: "name"}, "named=Nora", "")
		check("the last by name", usage.Search{Text: "x", Limit: 1, Backward: true}, "", "named/x=Nobody")
		check("those alone", usage.Search{Only: []usage.Subject{{AccountID: "a", CustomerID: "y"}, {AccountID: "b", CustomerID: "x"}, {AccountID: "named", CustomerID: "none"}}}, "a=Anna b= named=Nora", "a/y= b/x=Xenia")
		check("of each", usage.Search{Each: []string{"b", "a"}, Limit: 1}, "b= a=Anna", "b/x=Xenia a/x=Xaver")
		check("of each the last", usage.Search{Each: []string{"b", "a"}, Limit: 1, Backward: true}, "b= a=Anna", "b/x=Xenia a/y=")
		check("of none", usage.Search{Each: []string{}}, "", "")
	}
}

// shown are what was found.
func shown(accounts []usage.Account, customers []usage.Customer) (all [2]string) {
	for _, one := range accounts {
		all[0] += one.AccountID + "=" + one.Name + " "
	}
	for _, one := range customers {
		all[1] += one.AccountID + "/" + one.CustomerID + "=" + one.Name + " "
	}
	return [2]string{strings.TrimSpace(all[0]), strings.TrimSpace(all[1])}
}

// A search goes through a directory in parts, of which it takes as many as it needs.
func TestASearchTakesThePartsThatItNeeds(t *testing.T) {
	const count = 3500 // more than two parts
	dsn := dbtest.One(t)
	connections := tables.Open(t, dsn)
	var values []string
	for i := range count {
		name := "even"
		if i%2 == 1 {
			name = "odd"
		}
		if i == 7 || i == 1500 || i == count-1 {
			name += " rare"
		}
		values = append(values, fmt.Sprintf("('a', '%04d', '%s')", i, name))
	}
	execOn(t, connections, "INSERT INTO customers VALUES "+strings.Join(values, ","), "INSERT INTO customers VALUES ('b', '1', 'rare'), ('b', '2', 'rare')")
	reader, _, statements := recordedReader(t, dsn)
	check := func(what string, search usage.Search, want string, parts int) {
		t.Helper()
		statements.Take()
		found, err := reader.FindCustomers(t.Context(), search)
		ids := ""
		for _, one := range found {
			ids += one.CustomerID + " "
		}
		asked := 0
		for _, statement := range statements.Take() {
			if strings.Contains(statement, "customers") {
				asked++
			}
		}
		if err != nil || strings.TrimSpace(ids) != want || asked != parts {
			t.Errorf("%s: got %.80q by %d statements, want %.80q by %d, %v", what, ids, asked, want, parts, err)
		}
	}
	check("without a text", usage.Search{Limit: 2}, "0000 0001", 1)
	check("soon", usage.Search{Limit: 1, Text: "rare", AccountID: "a"}, "0007", 1)
	check("later", usage.Search{Limit: 2, Text: "rare", AccountID: "a"}, "0007 1500", 2)
	check("all", usage.Search{Limit: 9, Text: "rare", AccountID: "a"}, fmt.Sprintf("0007 1500 %04d", count-1), 3)
	check("backward", usage.Search{Limit: 2, Text: "rare", AccountID: "a", Backward: true}, fmt.Sprintf("1500 %04d", count-1), 2)
	check("of each", usage.Search{Limit: 2, Text: "rare", Each: []string{"b", "a"}}, "1 2 0007 1500", 2)
	check("of each backward", usage.Search{Limit: 2, Text: "rare", Each: []string{"a", "b"}, Backward: true}, fmt.Sprintf("1500 %04d 1 2", count-1), 2)
	check("of each all", usage.Search{Limit: 3, Text: "rare", Each: []string{"b", "a"}}, fmt.Sprintf("1 2 0007 1500 %04d", count-1), 3)
}
