package where_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"aiusage/db/column"
	"aiusage/db/where"
	"aiusage/usage"
)

func TestConditions(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 1, 0)
	end := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	dated := column.Dated("started_at")
	both := where.InSpan("hour", usage.Range{To: to})
	both.AddAll(where.Scope(usage.Query{Accounts: []string{"a"}}))
	both.AddAll(where.Conditions{})
	for _, test := range []struct {
		name string
		got  where.Conditions
		want string
		args []any
	}{
		{"nothing", where.Conditions{}, "", nil},
		{"a span", where.InSpan("hour", usage.Range{From: from, To: to}), "((hour >= ? AND hour < ?))", []any{from, to}},
		{"a span without a start", where.InSpan("hour", usage.Range{To: to}), "((hour >= ? AND hour < ?))", []any{usage.Earliest, to}},
		{"a span without an end", where.InSpan("hour", usage.Range{From: from}), "((hour >= ?))", []any{from}},
		{"a span to the end of time", where.InSpan("hour", usage.Range{From: from, To: end}), "((hour >= ?))", []any{from}},
		{"a span to the last instant", where.InSpan("hour", usage.Range{From: from, To: usage.Latest}), "((hour >= ? AND hour < ?))", []any{from, usage.Latest}},
		{"all of time", where.InSpan("hour", usage.Range{}), "", nil},
		{"sessions of two spans", where.SessionsIn([]usage.Range{{From: from, To: to}, {From: to}}),
			"((started_at >= ? AND started_at < ?) OR (started_at >= ?)) AND " + dated, []any{from, to, to}},
		{"sessions of all of time", where.SessionsIn([]usage.Range{{From: from, To: to}, {}}), "", nil},
		{"sessions without an instant", where.UndatedSessions(), dated + " IS NOT TRUE", nil},
		{"all accounts", where.Scope(usage.Query{}), "", nil},
		{"no account", where.Scope(usage.Query{Accounts: []string{}}), "FALSE", nil},
		{"one account", where.Scope(usage.Query{Accounts: []string{"a"}}), "account_id IN (?)", []any{"a"}},
		{"two accounts", where.Scope(usage.Query{Accounts: []string{"a", "b"}}), "account_id IN (?, ?)", []any{"a", "b"}},
		{"everybody", where.Subjects(usage.Query{}), "", nil},
		{"an account of a scope", where.Subjects(usage.Query{Accounts: []string{"a", "b"}, AccountID: "b"}), "account_id IN (?, ?) AND account_id = ?", []any{"a", "b", "b"}},
		{"a customer", where.Subjects(usage.Query{AccountID: "b", CustomerID: "c"}), "account_id = ? AND customer_id = ?", []any{"b", "c"}},
		{"some customers", where.Subjects(usage.Query{Accounts: []string{"a"}, CustomerIDs: []string{"c", " ", "d"}}), "account_id IN (?) AND customer_id IN (?, ?)", []any{"a", "c", "d"}},
		{"no customers", where.Subjects(usage.Query{CustomerIDs: []string{}}), "FALSE", nil},
		{"blank customers", where.Subjects(usage.Query{CustomerIDs: []string{" "}}), "FALSE", nil},
		{"one of some customers", where.Customers(usage.Query{AccountID: "b", CustomerID: "c", CustomerIDs: []string{"c", "d"}}), "customer_id IN (?, ?) AND customer_id = ?", []any{"c", "d", "c"}},
		{"a blank customer", where.Subjects(usage.Query{CustomerID: "  "}), "FALSE", nil},
		{"conditions of others", both, "((hour >= ? AND hour < ?)) AND account_id IN (?)", []any{usage.Earliest, to, "a"}},
	} {
		if got := test.got.All(); got != test.want || !reflect.DeepEqual(test.got.Args, test.args) {
			t.Errorf("%s: got %s with %v,\nwant %s with %v", test.name, got, test.got.Args, test.want, test.args)
		}
		if strings.Count(test.want, "?") != len(test.args) {
			t.Errorf("%s: %s has not %d arguments", test.name, test.want, len(test.args))
		}
		for word, got := range map[string]string{"WHERE": test.got.String(), "AND": test.got.After("AND"), "HAVING": test.got.After("HAVING")} {
			want := strings.Fields(word + " " + test.want)
			if test.want == "" {
				want = []string{}
			}
			if !reflect.DeepEqual(strings.Fields(got), want) {
				t.Errorf("%s: got %q after %s", test.name, got, word)
			}
		}
		if test.got.Empty() != (test.want == "") {
			t.Errorf("%s: empty: %v", test.name, test.got.Empty())
		}
	}
}

// Queries are shared: conditions are made of them, and nothing in them changes.
func TestConditionsLeaveTheQueryAlone(t *testing.T) {
	query := usage.Query{Accounts: []string{" ", "a"}, CustomerIDs: []string{" ", "c", "d"}}
	where.Subjects(query)
	if want := (usage.Query{Accounts: []string{" ", "a"}, CustomerIDs: []string{" ", "c", "d"}}); !reflect.DeepEqual(query, want) {
		t.Errorf("got %+v", query)
	}
}

func TestPlaceholders(t *testing.T) {
	for _, test := range []struct {
		rows, columns int
		want          string
	}{{1, 1, "?"}, {3, 1, "?, ?, ?"}, {1, 2, "(?, ?)"}, {2, 3, "(?, ?, ?), (?, ?, ?)"}} {
		if got := where.Placeholders(test.rows, test.columns); got != test.want {
			t.Errorf("%d rows of %d columns: got %s, want %s", test.rows, test.columns, got, test.want)
		}
	}
}
