package usage

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// A list of ids is held as the tables compare ids, each once, and none is no list.
func TestListsOfIDs(t *testing.T) {
	many := make([]string, MaxFilterIDs)
	for i := range many {
		many[i] = fmt.Sprintf("%04d", i)
	}
	for _, test := range []struct{ given, want []string }{
		{nil, nil}, {[]string{}, []string{}}, {[]string{"b", "a", "b"}, []string{"a", "b"}}, {[]string{"a ", "a", "A", " a"}, []string{" a", "A", "a"}},
		{[]string{"  ", " "}, []string{" "}}, {many, many},
	} {
		got, err := FilterIDs(ArgAccountIDs, test.given)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: got %#v, %v, want %#v", test.given, got, err, test.want)
		}
	}
	for refused, ids := range map[string][]string{
		"accountIds has an empty id": {"a", ""}, "accountIds is longer than 64 characters": {strings.Repeat("x", 65)},
		"accountIds is not valid UTF-8": {"\xff"}, "accountIds has 1001 ids; accepted: at most 1000 ids": append(slices.Clone(many), "x"),
	} {
		if _, err := FilterIDs(ArgAccountIDs, ids); err == nil || AsError(err).Code != InvalidArgument || AsError(err).Argument != ArgAccountIDs || !strings.HasPrefix(err.Error(), refused) {
			t.Errorf("%d ids: got %v, want %s", len(ids), err, refused)
		}
		if _, err := (Request{Among: &Among{CustomerIDs: ids}}).Query(nil, time.Time{}); err == nil || AsError(err).Argument != ArgCustomerIDs {
			t.Errorf("%d ids of customers: got %v", len(ids), err)
		}
		if _, err := (Request{Among: &Among{AccountIDs: ids}}).Query(nil, time.Time{}); err == nil || AsError(err).Argument != ArgAccountIDs {
			t.Errorf("%d ids of accounts: got %v", len(ids), err)
		}
	}
}

// What may be seen narrows what was asked for, however often it is looked at.
func TestAQueryIsOfWhatWasAskedForAndMayBeSeen(t *testing.T) {
	for _, test := range []struct{ asked, seen, want []string }{
		{nil, nil, nil}, {nil, []string{"a"}, []string{"a"}}, {[]string{"a"}, nil, []string{"a"}}, {[]string{"a", "b"}, []string{"b", "c"}, []string{"b"}},
		{[]string{"a"}, []string{"b"}, []string{}}, {[]string{}, []string{"b"}, []string{}}, {[]string{"a"}, []string{}, []string{}}, {nil, []string{}, []string{}},
	} {
		query, err := Request{Among: &Among{AccountIDs: test.asked}}.Query(nil, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if query = query.Within(test.seen); !reflect.DeepEqual(query.Accounts, test.want) || !reflect.DeepEqual(query.AccountIDs, test.asked) {
				t.Errorf("%q of %q: got %#v of %#v, want %#v", test.asked, test.seen, query.Accounts, query.AccountIDs, test.want)
			}
		}
	}
}
