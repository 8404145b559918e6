package db_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

func TestSearching(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		if _, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "a1", Name: "Zebra 100%"}, {AccountID: "A1", Name: "Élan"}, {AccountID: "b_1", Name: "alpha"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := store.WriteCustomers(t.Context(), []usage.Customer{{AccountID: "a1", CustomerID: "x", Name: "Xaver"}, {AccountID: "b_1", CustomerID: "x"}}); err != nil {
			t.Fatal(err)
		}
		var sessions []usage.Session
		for i, subject := range []usage.Subject{{AccountID: "b_1", CustomerID: "y"}, {AccountID: "only used", CustomerID: "x"}, {AccountID: "a1"}, {AccountID: "bx1"}} {
			sessions = append(sessions, usage.Session{SessionID: fmt.Sprint(i), AccountID: subject.AccountID, CustomerID: subject.CustomerID, StartedAt: time.Now()})
		}
		if _, err := store.WriteSessions(t.Context(), sessions); err != nil {
			t.Fatal(err)
		}
		if !isEmbedded(t, store) {
			if _, err := store.Fold(t.Context(), func(int) {}); err != nil {
				t.Fatal(err)
			}
		}
		all := []string{"A1", "a1", "b_1", "bx1", "only used"}
		for name, c := range map[string]struct {
			search usage.Search
			want   []string
		}{
			"all":              {usage.Search{}, all},
			"some":             {usage.Search{Limit: 2}, all[:2]},
			"the last":         {usage.Search{Limit: 2, Backward: true}, all[3:]},
			"after":            {usage.Search{After: &usage.Subject{AccountID: "a1"}}, all[2:]},
			"between":          {usage.Search{After: &usage.Subject{AccountID: "A1"}, Before: &usage.Subject{AccountID: "bx1"}, Backward: true}, all[1:3]},
			"one by name":      {usage.Search{Text: "alph", Limit: 1}, []string{"b_1"}},
			"by id or name":    {usage.Search{Text: "a"}, []string{"A1", "a1", "b_1"}},
			"inside an id":     {usage.Search{Text: "LY U"}, []string{"only used"}},
			"without accents":  {usage.Search{Text: "elan"}, []string{"A1"}},
			"the last found":   {usage.Search{Text: "1", Limit: 2, Backward: true}, []string{"b_1", "bx1"}},
			"found before":     {usage.Search{Text: "1", Limit: 1, Backward: true, Before: &usage.Subject{AccountID: "bx1"}}, []string{"b_1"}},
			"by name":          {usage.Search{Text: "ALPH"}, []string{"b_1"}},
			"no wildcard":      {usage.Search{Text: "b_"}, []string{"b_1"}},
			"no wildcard %":    {usage.Search{Text: "zebra 100%"}, []string{"a1"}},
			"nor escape":       {usage.Search{Text: "|"}, nil},
			"nor backslash":    {usage.Search{Text: `\`}, nil},
			"only theirs":      {usage.Search{Accounts: []string{"a1", "bx1", "none"}}, []string{"a1", "bx1"}},
			"theirs and text":  {usage.Search{Accounts: []string{"a1", "bx1"}, Text: "x"}, []string{"bx1"}},
			"none may be seen": {usage.Search{Accounts: []string{}}, nil},
		} {
			if c.search.Limit == 0 {
				c.search.Limit = 100
			}
			found, err := store.FindAccounts(t.Context(), c.search)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var got []string
			for _, account := range found {
				got = append(got, account.AccountID)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
		}
		for name, c := range map[string]struct {
			search usage.Search
			want   string
		}{
			"all":            {usage.Search{}, "a1/x=Xaver b_1/x= b_1/y= only used/x="},
			"of one":         {usage.Search{AccountID: "b_1"}, "b_1/x= b_1/y="},
			"by id":          {usage.Search{Text: "x"}, "a1/x=Xaver b_1/x= only used/x="},
			"by name":        {usage.Search{Text: "AV"}, "a1/x=Xaver"},
			"not by account": {usage.Search{Text: "used"}, ""},
			"after":          {usage.Search{After: &usage.Subject{AccountID: "b_1", CustomerID: "x"}}, "b_1/y= only used/x="},
			"before":         {usage.Search{Before: &usage.Subject{AccountID: "b_1", CustomerID: "y"}, Limit: 1, Backward: true}, "b_1/x="},
			"theirs":         {usage.Search{Accounts: []string{"b_1"}}, "b_1/x= b_1/y="},
			"not theirs":     {usage.Search{Accounts: []string{"b_1"}, AccountID: "a1"}, ""},
			"of each":        {usage.Search{Each: []string{"a1", "b_1", "none", "only used"}, Limit: 1}, "a1/x=Xaver b_1/x= only used/x="},
			"of each, last":  {usage.Search{Each: []string{"a1", "b_1"}, Limit: 1, Backward: true}, "a1/x=Xaver b_1/y="},
			"of each, by id": {usage.Search{Each: []string{"a1", "b_1", "only used"}, Text: "Y"}, "b_1/y="},
			"of one of each": {usage.Search{Each: []string{"b_1"}}, "b_1/x= b_1/y="},
			"of none":        {usage.Search{Each: []string{}}, ""},
		} {
			if c.search.Limit == 0 {
				c.search.Limit = 100
			}
			found, err := store.FindCustomers(t.Context(), c.search)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var got []string
			for _, customer := range found {
				got = append(got, customer.AccountID+"/"+customer.CustomerID+"="+customer.Name)
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
		}
		snapshot := store.Snapshot(t.Context())
		defer snapshot.Close()
		for _, asked := range [][]usage.Subject{
			{{AccountID: "a1"}, {AccountID: "bx1"}, {AccountID: "a1", CustomerID: "x"}, {AccountID: "b_1", CustomerID: "x"}},
			many(2000, usage.Subject{AccountID: "a1"}, usage.Subject{AccountID: "a1", CustomerID: "x"}),
		} {
			names, err := snapshot.Names(t.Context(), asked)
			if err != nil {
				t.Fatal(err)
			}
			if names[usage.Subject{AccountID: "a1"}] != "Zebra 100%" || names[usage.Subject{AccountID: "a1", CustomerID: "x"}] != "Xaver" || names[usage.Subject{AccountID: "bx1"}] != "" {
				t.Errorf("got %q", names)
			}
		}
	})
}

// A search that has to read the directory in several parts finds what one part would have.
func TestALongDirectoryIsSearched(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, _ string) {
		const count = 3500 // two parts, and some
		accounts := make([]usage.Account, count)
		for i := range accounts {
			accounts[i] = usage.Account{AccountID: fmt.Sprintf("%05d", i), Name: fmt.Sprintf("Nº %d", i%100)}
		}
		if _, err := store.WriteAccounts(t.Context(), accounts); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			search usage.Search
			want   []int
		}{
			{usage.Search{Text: "º 77", Limit: 3}, []int{77, 177, 277}},
			{usage.Search{Text: "º 77", Limit: 3, Backward: true}, []int{3277, 3377, 3477}},
			{usage.Search{Text: "º 77", Limit: 2, After: &usage.Subject{AccountID: "03277"}}, []int{3377, 3477}},
			{usage.Search{Text: "º 77", Limit: 9, Backward: true, Before: &usage.Subject{AccountID: "00277"}}, []int{77, 177}},
			{usage.Search{Text: "034", Limit: 2000}, withText(0, count, "034")},
			{usage.Search{Text: "77", Limit: count}, withText(0, count, "77")},
			{usage.Search{Text: "77", Limit: count, Backward: true}, withText(0, count, "77")},
		} {
			found, err := store.FindAccounts(t.Context(), c.search)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, account := range found {
				var number int
				if _, err := fmt.Sscanf(account.AccountID, "%d", &number); err != nil {
					t.Fatal(err)
				}
				got = append(got, number)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v: got %d accounts %v, want %v", c.search, len(got), got, c.want)
			}
		}
	})
}

// withText returns the accounts from one to another, exclusive, that have a text in the id or
// the name.
func withText(from, to int, text string) (found []int) {
	for i := from; i < to; i++ {
		if strings.Contains(fmt.Sprintf("%05d Nº %d", i, i%100), text) {
			found = append(found, i)
		}
	}
	return found
}

// What is found is the same whether the sums have it or only sessions do, however many of
// these there are, and what retention has dropped is found, too.
func TestSearchesFindWhatHasUsage(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		var sessions []usage.Session
		for i := range 12 {
			one := session(fmt.Sprint(i), 60)
			one.AccountID, one.CustomerID = fmt.Sprint("a", i/4), fmt.Sprint("c", i/2%2)
			sessions = append(sessions, one)
		}
		sessions[11].CustomerID = ""
		write(t, store, sessions...)
		execute(t, dsn, "INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('empty', 'a0', '', '2026-03-01 12:00', 60)")
		check := func(what string) {
			t.Helper()
			for most, want := range map[int]string{2: "a0 a1", 100: "a0 a1 a2"} {
				found, err := store.FindAccounts(t.Context(), usage.Search{Limit: most})
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, account := range found {
					got = append(got, account.AccountID)
				}
				if strings.Join(got, " ") != want {
					t.Errorf("%s, %d accounts: got %q, want %q", what, most, got, want)
				}
			}
			for most, want := range map[int]string{3: "a0/c0 a0/c1 a1/c0", 100: "a0/c0 a0/c1 a1/c0 a1/c1 a2/c0 a2/c1"} {
				found, err := store.FindCustomers(t.Context(), usage.Search{Limit: most})
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, customer := range found {
					got = append(got, customer.AccountID+"/"+customer.CustomerID)
				}
				if strings.Join(got, " ") != want {
					t.Errorf("%s, %d customers: got %q, want %q", what, most, got, want)
				}
			}
		}
		if isEmbedded(t, store) {
			check("in sessions")
			return
		}
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'raw'")
		store.Forget()
		check("in sessions")
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'ready'")
		store.Forget()
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		check("in sums")
		if _, err := store.DropSessions(t.Context(), noon.AddDate(0, 0, 1), nil); err != nil {
			t.Fatal(err)
		}
		check("dropped")
	})
}

// A name is found whatever it begins with: to most collations, a control character comes before
// the end of a text.
func TestNamesThatBeginWithControlCharacters(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, _ string) {
		one := session("s", 60)
		one.AccountID, one.CustomerID = "a", "x"
		write(t, store, one)
		if !isEmbedded(t, store) {
			if _, err := store.Fold(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		const tabbed, escaped = "\tTabbed", "\x1b[1mBold"
		if _, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "a", Name: tabbed}}); err != nil {
			t.Fatal(err)
		}
		if _, err := store.WriteCustomers(t.Context(), []usage.Customer{{AccountID: "a", CustomerID: "x", Name: escaped}}); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"", "B"} {
			accounts, err := store.FindAccounts(t.Context(), usage.Search{Text: text, Limit: 2})
			if err != nil || len(accounts) != 1 || accounts[0].Name != tabbed {
				t.Errorf("%q: got %q, %v", text, accounts, err)
			}
			customers, err := store.FindCustomers(t.Context(), usage.Search{Text: text, Limit: 2})
			if err != nil || len(customers) != 1 || customers[0].Name != escaped {
				t.Errorf("%q: got %q, %v", text, customers, err)
			}
		}
	})
}

// many returns subjects that there are not, and after them some.
func many(count int, some ...usage.Subject) []usage.Subject {
	var subjects []usage.Subject
	for i := range count {
		subjects = append(subjects, usage.Subject{AccountID: fmt.Sprint("no", i)}, usage.Subject{AccountID: fmt.Sprint("no", i), CustomerID: "no"})
	}
	return append(subjects, some...)
}
