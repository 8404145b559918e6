package compare

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"aiusage/legacy/answer"
)

// Difference is one thing in which two answers differ.
type Difference struct {
	// What is "status", "header NAME", "error", "body", "requests in the batch",
	// "account ID", "customer ID of account ID" or "order".
	What string `json:"what"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// comparedHeaders are those that callers read. Others are a host's own business,
// such as its name, its clock and how it sends a body.
var comparedHeaders = []string{"Content-Type", "Content-Disposition", "Location", "WWW-Authenticate", "X-AutoBatch-Completed"}

// none stands for what an answer does not have.
const none = "none"

// differences compares two answers to one request.
func differences(before, after response) (found []Difference) {
	add := func(what, one, other string) {
		if one != other {
			found = append(found, Difference{what, one, other})
		}
	}
	add("status", before.status, after.status)
	for _, name := range comparedHeaders {
		add("header "+name, cmp.Or(before.header.Get(name), none), cmp.Or(after.header.Get(name), none))
	}
	switch {
	case before.code != after.code:
		return found
	case before.code != 200:
		add("error", errorOf(before), errorOf(after))
		return found
	}
	return append(found, bodies(before, after)...)
}

// bodies compares two answers of 200.
func bodies(before, after response) []Difference {
	if string(before.body) == string(after.body) {
		return nil
	}
	old, oldErr := answer.Read(before.header.Get("Content-Type"), before.body)
	now, nowErr := answer.Read(after.header.Get("Content-Type"), after.body)
	switch {
	case oldErr != nil && nowErr != nil:
		if strings.HasPrefix(after.header.Get("Content-Type"), "text/html") {
			return nil // pages for people
		}
		return []Difference{{"body", "cannot be read: " + oldErr.Error(), "cannot be read: " + nowErr.Error()}}
	case oldErr != nil:
		return []Difference{{"body", "cannot be read: " + oldErr.Error(), "can be read"}}
	case nowErr != nil:
		return []Difference{{"body", "can be read", "cannot be read: " + nowErr.Error()}}
	case len(old) != len(now):
		return []Difference{{"requests in the batch", fmt.Sprint(len(old)), fmt.Sprint(len(now))}}
	}
	var found []Difference
	for i := range old {
		found = append(found, rows(old[i].Accounts, now[i].Accounts)...)
		found = append(found, rows(old[i].Customers, now[i].Customers)...)
	}
	return found
}

// rows compares two lists by their ids.
func rows(old, now []answer.Row) (found []Difference) {
	before, after := minutes(old), minutes(now)
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, what := range slices.Sorted(maps.Keys(all)) {
		if one, other := cmp.Or(before[what], none), cmp.Or(after[what], none); one != other {
			found = append(found, Difference{what, one, other})
		}
	}
	if len(found) > 0 {
		return found
	}
	for i := range old {
		if old[i] != now[i] {
			return []Difference{{"order", nameOf(old[i]), nameOf(now[i])}}
		}
	}
	return nil
}

// minutes returns the minutes of rows by what they are of. Those of a subject that
// comes more than once are all listed.
func minutes(rows []answer.Row) map[string]string {
	byName := make(map[string]string, len(rows))
	for _, row := range rows {
		name := nameOf(row)
		if known := byName[name]; known != "" {
			byName[name] = fmt.Sprint(known, " and ", row.Minutes)
			continue
		}
		byName[name] = fmt.Sprint(row.Minutes)
	}
	return byName
}

func nameOf(row answer.Row) string {
	if row.CustomerID == "" {
		return fmt.Sprintf("account %q", row.AccountID)
	}
	return fmt.Sprintf("customer %q of account %q", row.CustomerID, row.AccountID)
}

var (
	xmlErrorCode = regexp.MustCompile(`<ErrorCode>([^<]*)</ErrorCode>`)
	jsvErrorCode = regexp.MustCompile(`errorCode:"?([^",}]*)`)
)

// errorOf returns the code of an ErrorResponse. Its message is for people, and not
// compared.
func errorOf(answer response) string {
	var document struct{ ResponseStatus struct{ ErrorCode string } }
	if json.Unmarshal(answer.body, &document) == nil {
		return cmp.Or(document.ResponseStatus.ErrorCode, none)
	}
	for _, form := range []*regexp.Regexp{xmlErrorCode, jsvErrorCode} {
		if code := form.FindSubmatch(answer.body); code != nil {
			return string(code[1])
		}
	}
	return none
}
