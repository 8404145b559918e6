package flat

import "testing"

// What the fast path does not know, or not as what it is, it leaves to the usual one instead of
// taking it for absent.
func TestArgumentsThatAreNotKnownAreNotUnderstood(t *testing.T) {
	request := func(arguments map[string]any) bool { _, ok := RequestOf(arguments); return ok }
	comparison := func(arguments map[string]any) bool { _, ok := comparisonOf(arguments); return ok }
	choice := func(arguments map[string]any) bool { _, ok := choiceOf(arguments); return ok }
	compared := func(arguments map[string]any) bool { _, ok := comparisonTo(arguments); return ok }
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
		{request, object{"range": object{"days": object{"from": "2026-03-01", "to": nil}}}, true},
		{request, object{"range": object{"period": "TODAY"}, "timeZone": "UTC"}, true},
		{request, object{"range": object{"days": object{"since": "2026-03-01"}}}, false},
		{request, object{"range": object{"weeks": object{}}}, false},
		{request, object{"range": object{"days": object{"from": 5}}}, false},
		{request, object{"range": object{"days": object{"from": "2026-03-01T00:00Z"}}}, false},
		{request, object{"range": object{"period": "TODAY"}, "startDate": "2026-03-01"}, false},
		{compared, object{"range": object{"instants": object{"to": "2026-03-01T00:00:00Z"}}}, true},
		{compared, object{"range": object{"instants": object{"to": "2026-03-01"}}}, false},
		{compared, object{"range": "TODAY"}, false},
		{choice, object{"compare": object{"range": object{"period": "TODAY"}}}, true},
		{choice, object{"compare": object{"range": object{"period": "TODAY"}, "endDate": "2026-03-01"}}, false},
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
