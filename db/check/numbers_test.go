package check

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"testing"

	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// counting is a server with the numbers of accounts and their customers, of which some are there
// only after so many statements have given some.
func counting(after int, subjects ...usage.Subject) *scripted {
	server := &scripted{}
	server.answers = func(statement string) (columns []string, rows [][]driver.Value) {
		given := 0
		for _, sent := range server.sent {
			if strings.Contains(sent, "INTO usage_subjects") {
				given++
			}
		}
		if strings.Contains(statement, "FROM usage_subject_stamp") {
			return []string{"stamp", "upto"}, [][]driver.Value{{int64(7), int64(9)}}
		}
		if strings.Contains(statement, "FROM usage_accounts WHERE account_id IN") {
			return []string{"account_no", "account_id"}, [][]driver.Value{{int64(1), "a"}, {int64(2), "b"}}
		}
		if given >= after {
			for i, who := range subjects {
				rows = append(rows, []driver.Value{who.AccountID, who.CustomerID, int64(1), int64(i + 1)}, []driver.Value{who.AccountID, nil, int64(1), int64(0)})
			}
		}
		return []string{"", "", "", ""}, rows
	}
	return server
}

// Those whose sums are corrected are given numbers, unless somebody else has given them some, and
// with them their accounts. Who cannot be given one is named, at once.
func TestWhoIsGivenANumber(t *testing.T) {
	of := func(table sums.Table, account, customer string) Difference {
		return Difference{Table: table, AccountID: account, CustomerID: customer, ofSessions: true}
	}
	ax, bx := usage.Subject{AccountID: "a", CustomerID: "x"}, usage.Subject{AccountID: "b", CustomerID: "x"}
	for name, test := range map[string]struct {
		server *scripted
		found  []Difference
		given  int
		keys   []sums.Key
	}{
		"known":                  {counting(0, ax), []Difference{of(sums.Customers, "a", "x"), of(sums.AccountSeries, "a", "")}, 0, []sums.Key{{AccountNo: 1, SubjectNo: 1}, {AccountNo: 1}}},
		"with blanks":            {counting(0, usage.Subject{AccountID: "a  ", CustomerID: "x "}), []Difference{of(sums.Customers, "a", "x"), of(sums.AccountSeries, "a", "")}, 0, []sums.Key{{AccountNo: 1, SubjectNo: 1}, {AccountNo: 1}}},
		"given":                  {counting(1, ax), []Difference{of(sums.AccountSeries, "a", ""), of(sums.Customers, "a", "x")}, 1, []sums.Key{{AccountNo: 1}, {AccountNo: 1, SubjectNo: 1}}},
		"an account":             {counting(1, usage.Subject{AccountID: "a"}), []Difference{of(sums.AccountSeries, "a", "")}, 1, []sums.Key{{AccountNo: 1}}},
		"customers and accounts": {counting(2, ax, bx), []Difference{of(sums.Customers, "a", "x"), of(sums.AccountSeries, "b", "")}, 2, []sums.Key{{AccountNo: 1, SubjectNo: 1}, {AccountNo: 1}}},
		"never":                  {counting(9), []Difference{of(sums.Customers, "b", "x"), of(sums.Customers, "a", "x"), of(sums.Customers, "b", "x")}, 2, nil},
		"of numbers": {counting(0), []Difference{{Table: sums.Accounts, key: sums.Key{AccountNo: 7}}, {Table: sums.Customers, key: sums.Key{AccountNo: 7, SubjectNo: 8}}}, 0,
			[]sums.Key{{AccountNo: 7}, {AccountNo: 7, SubjectNo: 8}}},
	} {
		known := &numbers{db: test.server.open(t)}
		err := known.give(t.Context(), test.found)
		given := 0
		for _, sent := range test.server.sent {
			if strings.Contains(sent, "INTO usage_subjects") {
				given++
			}
		}
		if (err != nil) != (test.keys == nil) || given != test.given || err != nil && !strings.Contains(err.Error(), "cannot be given a number") {
			t.Errorf("%s: %d times given, %v", name, given, err)
		}
		for i, key := range test.keys {
			if test.found[i].key != key {
				t.Errorf("%s: got %+v, want %+v", name, test.found[i].key, key)
			}
		}
		if name == "of numbers" && len(test.server.sent) > 0 {
			t.Errorf("asks for nothing: %q", test.server.sent)
		}
		before := len(test.server.sent)
		if err := known.give(t.Context(), test.found[:1]); err == nil && len(test.server.sent) > before {
			t.Errorf("%s: asks for what it knows: %q", name, test.server.sent[before:])
		}
	}
	failing(t, "reading numbers", func() *scripted { return counting(0, ax) }, func(server *scripted) error {
		return (&numbers{db: server.open(t)}).read(t.Context())
	})
	failing(t, "giving numbers", func() *scripted { return counting(1, ax) }, func(server *scripted) error {
		return pool.Translate((&numbers{db: server.open(t)}).give(t.Context(), []Difference{of(sums.Customers, "a", "x")}))
	})
}

// The subjects that are given numbers are those with usage: an account is none by itself where it
// has a customer who gets one.
func TestOnlyWhoHasUsageIsGivenANumber(t *testing.T) {
	known := &numbers{subjects: map[usage.Subject]sums.Key{{AccountID: "a", CustomerID: "x"}: {}}, accounts: map[string]uint32{"a": 1}}
	all := []Difference{
		{Table: sums.AccountSeries, AccountID: "b", ofSessions: true}, {Table: sums.AccountSeries, AccountID: "a", ofSessions: true},
		{Table: sums.Customers, AccountID: "a", CustomerID: "x", ofSessions: true}, {Table: sums.Totals}, {Table: sums.Customers},
	}
	customer := Difference{Table: sums.Customers, AccountID: "b", CustomerID: "y", ofSessions: true}
	for _, test := range []struct {
		found []Difference
		want  []usage.Subject
	}{
		{all, []usage.Subject{{AccountID: "b"}}},
		{append(all, customer), []usage.Subject{{AccountID: "b", CustomerID: "y"}}},
		{all[1:], nil},
	} {
		if got := known.unknown(test.found); !slices.Equal(got, test.want) {
			t.Errorf("got %+v, want %+v", got, test.want)
		}
	}
}

// Differences that were found by number are told by id, and those that were found by id stay
// what they are; however many there are.
func TestDifferencesAreNamed(t *testing.T) {
	server := &scripted{answers: func(statement string) (columns []string, rows [][]driver.Value) {
		_, list, _ := strings.Cut(statement, " IN (")
		for number := range strings.SplitSeq(strings.TrimSuffix(list, ")"), ",") {
			name := "a" + number
			if strings.Contains(statement, "customer_id") {
				name = "c" + number
			}
			rows = append(rows, []driver.Value{number, name})
		}
		return []string{"", ""}, rows
	}}
	found := []Difference{{AccountID: "b", CustomerID: "y", ofSessions: true}, {}}
	for number := range uint32(maxNamed + 1) {
		found = append(found, Difference{key: sums.Key{AccountNo: number + 1, SubjectNo: number + 7}}, Difference{key: sums.Key{AccountNo: number + 1}})
	}
	checks := New(server.open(t), nil, nil)
	if err := checks.name(t.Context(), found); err != nil {
		t.Fatal(err)
	}
	for i, one := range found {
		account, customer := fmt.Sprint("a", one.key.AccountNo), fmt.Sprint("c", one.key.SubjectNo)
		switch {
		case i == 0:
			account, customer = "b", "y"
		case i == 1:
			account, customer = "", ""
		case one.key.SubjectNo == 0:
			customer = ""
		}
		if one.AccountID != account || one.CustomerID != customer {
			t.Fatalf("%+v is not of %q, %q", one, account, customer)
		}
	}
	failing(t, "naming", func() *scripted { return &scripted{answers: server.answers} }, func(server *scripted) error {
		return New(server.open(t), nil, nil).name(t.Context(), []Difference{{key: sums.Key{AccountNo: 1, SubjectNo: 2}}})
	})
}
