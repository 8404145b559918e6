package read_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// An account whose id is blank, as only a platform writes it, is an account like others: who is
// asked for its sessions or customers beside others' is not given everybody's.
func TestAnAccountWithABlankIDIsNotEverybody(t *testing.T) {
	connections := tables.Open(t, dbtest.One(t))
	execOn(t, connections, "DELETE FROM usage_level_state", "INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 0)",
		"INSERT INTO usage_accounts (account_no, account_id) VALUES (1, ''), (2, 'b'), (3, 'c')",
		"INSERT INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES (1, 1, '', 'x'), (2, 2, 'b', 'x'), (3, 3, 'c', 'x')")
	for i, account := range []string{"", "b", "c", "", "b"} {
		execOn(t, connections, fmt.Sprintf("INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('%d', '%s', 'x', '2026-03-01 12:00:0%d', 60)", i, account, i))
	}
	reader := readerOf(connections)
	for what, c := range map[string]struct {
		query usage.Query
		want  string
	}{
		"a customer's":               {usage.Query{CustomerID: "x"}, "0 1 2 3 4"},
		"a customer's of some":       {usage.Query{CustomerID: "x", Accounts: []string{"", "c"}}, "0 2 3"},
		"some accounts'":             {usage.Query{Accounts: []string{"", "c"}}, "0 2 3"},
		"the one without a name":     {usage.Query{Accounts: []string{""}}, "0 3"},
		"one with a name of several": {usage.Query{Accounts: []string{"", "b"}, AccountID: "b"}, "1 4"},
	} {
		c.query.Zone = time.UTC
		for _, backward := range []bool{false, true} {
			if got, _ := listedIDs(t, reader, usage.SessionsQuery{Query: c.query, Limit: 9, Backward: backward}); sorted(got) != c.want {
				t.Errorf("%s: got %q, want %q", what, got, c.want)
			}
		}
	}
	found, err := reader.FindCustomers(t.Context(), usage.Search{Each: []string{"", "c"}, Limit: 9})
	if want := []usage.Customer{{CustomerID: "x"}, {AccountID: "c", CustomerID: "x"}}; err != nil || fmt.Sprint(found) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v, %v", found, want, err)
	}
}

// A name is that of whoever it was asked for, however the tables spell the id.
func TestNamesAreThoseOfTheIDsThatWereAskedFor(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		execOn(t, connections, "INSERT INTO accounts (account_id, name) VALUES ('a', 'A'), ('b ', 'B'), ('c', ''), ('d', ''), ('other', 'Other')",
			"INSERT INTO customers (account_id, customer_id, name) VALUES ('a', 'x ', 'X'), ('b ', 'y', 'Y'), ('a', ' ', 'Blank'), ('c', 'z', ''), ('other', 'x', 'Other')")
		reader := readerOf(connections)
		snapshot := reader.Snapshot(t.Context())
		defer snapshot.Close()
		want := map[usage.Subject]string{
			{AccountID: "a"}: "A", {AccountID: "a "}: "A", {AccountID: "b"}: "B", {AccountID: "b "}: "B",
			{AccountID: "a", CustomerID: "x"}: "X", {AccountID: "a ", CustomerID: "x  "}: "X", {AccountID: "b", CustomerID: "y "}: "Y",
		}
		asked := []usage.Subject{{AccountID: "c"}, {AccountID: "d"}, {AccountID: "none"}, {AccountID: "c", CustomerID: "z"}, {AccountID: "a", CustomerID: "none"}}
		for subject := range want {
			asked = append(asked, subject)
		}
		if got, err := snapshot.Names(t.Context(), asked); err != nil || !maps.Equal(got, want) {
			t.Errorf("got %v, want %v, %v", got, want, err)
		}
		for i := range 1001 { // with which more are asked for than are named one by one
			asked = append(asked, usage.Subject{AccountID: "a", CustomerID: fmt.Sprint("none", i)})
		}
		if got, err := snapshot.Names(t.Context(), asked); err != nil || !maps.Equal(got, want) {
			t.Errorf("of many: got %v, want %v, %v", got, want, err)
		}
		if got, err := snapshot.Names(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("of nobody: %v, %v", got, err)
		}
		ids := []string{"b", "a ", "none", "d"}
		accounts, err := reader.Accounts(t.Context(), ids)
		if want := []usage.Account{{AccountID: "b", Name: "B"}, {AccountID: "a ", Name: "A"}, {AccountID: "none"}, {AccountID: "d"}}; err != nil || fmt.Sprint(accounts) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v, %v", accounts, want, err)
		}
	})
}

func sorted(ids string) string {
	return strings.Join(slices.Sorted(slices.Values(strings.Fields(ids))), " ")
}
