package resolvers

import "testing"

// What the fast path does not know, or not as what it is, it leaves to the usual one instead of
// taking it for absent.
func TestArgumentsThatAreNotKnownAreNotUnderstood(t *testing.T) {
	request := func(arguments map[string]any) bool { _, ok := requestOfArguments(arguments); return ok }
	comparison := func(arguments map[string]any) bool { _, ok := comparisonOf(arguments); return ok }
	choice := func(arguments map[string]any) bool { _, ok := choiceOf(arguments); return ok }
	type object = map[string]any
	for _, c := range []struct {
		understood func(map[string]any) bool
		arguments  object
		want       bool
	}{
		{request, nil, true},
		{request, object{"accountId": "a", "customerIds": []any{"x"}, "accountIds": []any{}, "period": nil}, true},
		{request, object{"accountId": 5}, false},
		{request, object{"accountIds": []any{"a", 5}}, false},
		{request, object{"accountIds": "a"}, false},
		{request, object{"atEpoch": "5"}, false},
		{request, object{"atEpoch": nil}, false},
		{comparison, object{"shift": "WEEK", "elapsed": true, "startDate": nil}, true},
		{comparison, object{"elapsed": "true"}, false},
		{comparison, object{"timeZone": "UTC"}, false},
		{choice, object{"include": "BOTH", "compare": object{"shift": "WEEK"}, "filter": object{"named": false, "minimum": object{"value": int64(1)}}}, true},
		{choice, object{"compare": nil, "filter": object{"named": nil, "minimum": nil, "search": nil}}, true},
		{choice, object{"orderBy": object{}}, false},
		{choice, object{"compare": object{"unit": "DAY"}}, false},
		{choice, object{"filter": object{"maximum": object{}}}, false},
		{choice, object{"filter": object{"named": "yes"}}, false},
		{choice, object{"filter": object{"minimum": object{"value": int64(1), "unit": "h"}}}, false},
		{choice, object{"filter": object{"minimum": object{"value": true}}}, false},
	} {
		if got := c.understood(c.arguments); got != c.want {
			t.Errorf("%v: understood %v, want %v", c.arguments, got, c.want)
		}
	}
}
