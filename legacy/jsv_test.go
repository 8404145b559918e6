package legacy

import (
	"strconv"
	"strings"
	"testing"
)

// jsvMembers returns the raw values of an object by name.
func jsvMembers(t *testing.T, object string) map[string]string {
	t.Helper()
	members := map[string]string{}
	rest := strings.TrimPrefix(object, "{")
	for rest != "}" {
		name, value, tail, err := jsvPair(rest)
		if err != nil || tail == "" {
			t.Fatalf("%v in %q", err, object)
		}
		members[name] = value
		rest = tail
		if tail[0] == ',' {
			rest = tail[1:]
		}
	}
	return members
}

// jsvItems returns the raw items of a list.
func jsvItems(t *testing.T, list string) (items []string) {
	t.Helper()
	rest := strings.TrimPrefix(list, "[")
	for rest != "]" {
		item, tail, err := jsvNested(rest)
		if err != nil || tail == "" {
			t.Fatalf("%v in %q", err, list)
		}
		items = append(items, item)
		rest = strings.TrimPrefix(tail, ",")
	}
	return items
}

func jsvRow(t *testing.T, object string) row {
	t.Helper()
	members := jsvMembers(t, object)
	plain := func(raw string) string {
		if strings.HasPrefix(raw, `"`) {
			return strings.ReplaceAll(raw[1:len(raw)-1], `""`, `"`)
		}
		return raw
	}
	minutes, err := strconv.ParseInt(members["aiMinutes"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return row{plain(members["accountId"]), plain(members["customerId"]), minutes}
}
