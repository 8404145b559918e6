package transport_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

// Every kind of error about an argument is in the names of GraphQL, message and
// extensions.
func TestErrorsNameArgumentsOfGraphQL(t *testing.T) {
	kept := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	dropped := func() (*usage.Report, error) {
		span := usage.Range{From: kept.Add(-12*time.Hour - 29*time.Minute), To: kept.Add(time.Hour)}
		query := usage.SeriesQuery{Query: usage.Query{StartsBy: usage.ArgStartDate, EndsBy: usage.ArgEndDate}}
		return nil, usage.Retention{Kept: kept, HoursUntil: kept}.Check(query, span, hours(span),
			func(_ usage.SeriesQuery, span usage.Range) (usage.Plan, error) { return hours(span), nil })
	}
	long := strings.Repeat("x", usage.MaxIDLength+1)
	for _, c := range []struct {
		query, argument, message string
		accepted                 []string
	}{
		{`aiUsage(accountId:"` + long + `"){asOf}`, "accountId", "accountId is longer than 64 characters", nil},
		{`aiUsage(customerId:"` + long + `"){asOf}`, "customerId", "customerId is longer than 64 characters", nil},
		{`aiUsage(timeZone:"StartDate"){asOf}`, "timeZone", `timeZone "StartDate" is not a time zone this gateway knows`,
			[]string{"an IANA name such as UTC, Europe/Berlin or America/New_York"}},
		{`aiUsage(startDate:"2026-02-30"){asOf}`, "startDate", `startDate "2026-02-30" cannot be read: the day 2026-02-30 does not exist`, usage.DateForms},
		{`aiUsage(endDate:"3/31/2026"){asOf}`, "endDate", `endDate "3/31/2026" cannot be read: it has none of the accepted forms`, usage.DateForms},
		{`aiUsage(startDate:"2026-03-02",endDate:"2026-03-01"){asOf}`, "endDate", `endDate "2026-03-01" is before startDate "2026-03-02"`, nil},
		{`aiUsage(period:TODAY,startDate:"2026-03-02"){asOf}`, "period", "period names a range already; it cannot go together with startDate or endDate",
			[]string{"period alone", "startDate and endDate, or one of them"}},
		{`aiUsage{asOf}`, "startDate", "single sessions from before 2026-03-01T00:00:00Z have been dropped, so that startDate cannot be within an hour there",
			[]string{"the nearest exact range from 2026-02-28T12:00:00Z to 2026-03-01T01:00:00Z (exclusive)", "a start at or after 2026-03-01T00:00:00Z"}},
		{`accounts(first:1,last:1){nodes{accountId}}`, "last", "first and last cannot go together", []string{"first, perhaps with after", "last, perhaps with before"}},
		{`accounts(first:-1){nodes{accountId}}`, "first", "first is -1", []string{"a number from 0 to 1000"}},
		{`accounts(last:1001){nodes{accountId}}`, "last", "last is 1001", []string{"a number from 0 to 1000"}},
		{`accounts(after:"!"){nodes{accountId}}`, "after", "after is not a cursor", []string{"a cursor of the same connection, asked for with the same arguments, or none, to begin again"}},
		{`customers(before:"!"){nodes{customerId}}`, "before", "before is not a cursor", []string{"a cursor of the same connection, asked for with the same arguments, or none, to begin again"}},
		{`customers(accountId:"` + long + `"){nodes{customerId}}`, "accountId", "accountId is longer than 64 characters", nil},
		{`accounts(search:"` + strings.Repeat("x", 256) + `"){nodes{accountId}}`, "search", "search is longer than 255 characters", nil},
	} {
		body, err := json.Marshal(map[string]string{"query": "{" + c.query + "}"})
		if err != nil {
			t.Fatal(err)
		}
		status, answer, _ := post(t, dropped, string(body))
		var got struct {
			Errors []struct {
				Message    string
				Extensions struct {
					Code, Argument string
					Accepted       []string
				}
			}
		}
		if err := json.Unmarshal([]byte(answer), &got); err != nil || status != http.StatusOK || len(got.Errors) != 1 {
			t.Errorf("%s: %d %s", c.query, status, answer)
			continue
		}
		if one := got.Errors[0]; one.Message != c.message || one.Extensions.Code != "BAD_USER_INPUT" ||
			one.Extensions.Argument != c.argument || !reflect.DeepEqual(one.Extensions.Accepted, c.accepted) {
			t.Errorf("%s: got %+v", c.query, one)
		}
	}
}

// hours plans a report as a database with sums of hours does.
func hours(span usage.Range) usage.Plan {
	return usage.Compose([]usage.Range{span}, usage.Sums{Grains: usage.Grains})
}
