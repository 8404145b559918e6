package legacy

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"aiusage/legacy/contract"
	"aiusage/usage"
)

// Every kind of error about an argument that this door can have names the contract's
// field, and what is accepted here; what the caller sent stays as it was (facts 15 and 17).
func TestFact17NamesAreTheContracts(t *testing.T) {
	kept := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	dropped := func(_ context.Context, request usage.Request) (*usage.Report, error) {
		query, err := request.Query(nil, kept)
		if err != nil {
			t.Fatal(err)
		}
		return nil, usage.Retention{Kept: kept, HoursUntil: kept}.Check(usage.SeriesQuery{Query: query}, query.Range, hours(query.Range),
			func(_ usage.SeriesQuery, span usage.Range) (usage.Plan, error) { return hours(span), nil })
	}
	long := strings.Repeat("x", usage.MaxIDLength+1)
	forms := "; accepted: " + strings.Join(append(append([]string(nil), usage.DateForms...), contract.DotNetForms...), ", ")
	for _, c := range []struct {
		query, field, detail string
	}{
		{"accountId=" + long, "AccountId", "AccountId is longer than 64 characters"},
		{"accountId=%FF", "AccountId", "AccountId is not valid UTF-8"},
		{"customerId=" + long, "CustomerId", "CustomerId is longer than 64 characters"},
		{"customerId=%FF", "CustomerId", "CustomerId is not valid UTF-8"},
		{"startDate=startDate+endDate", "StartDate", `StartDate "startDate endDate" cannot be read: it has none of the accepted forms` + forms},
		{"startDate=+", "StartDate", `StartDate "" cannot be read: it is blank` + forms},
		{"endDate=13/1/2026", "EndDate", `EndDate "13/1/2026" cannot be read: the day 2026-13-01 does not exist` + forms},
		{"endDate=/Date(253402300800000)/", "EndDate", `EndDate "/Date(253402300800000)/" cannot be read: it is outside the years 1 to 9999` + forms},
		{"startDate=2026-03-02&endDate=2026-03-01", "EndDate", `EndDate "2026-03-01" is before StartDate "2026-03-02"`},
		{"startDate=2026-02-01T10:31:00Z&endDate=2026-03-05", "StartDate", "single sessions from before 2026-03-01T00:00:00Z have been dropped, so that StartDate " +
			"cannot be within an hour there; accepted: the nearest exact range from 2026-02-01T11:00:00Z to 2026-03-06T00:00:00Z (exclusive), a start at or after 2026-03-01T00:00:00Z"},
		{"startDate=2026-02-01&endDate=2026-02-05T10:29:59Z", "EndDate", "single sessions from before 2026-03-01T00:00:00Z have been dropped, so that EndDate " +
			"cannot be within an hour there; accepted: the nearest exact range from 2026-02-01T00:00:00Z to 2026-02-05T10:00:00Z (exclusive)"},
	} {
		d := newDoor(t)
		d.respond = dropped
		w := d.send("GET", "/ai/usage?"+c.query, "")
		var body struct {
			ResponseStatus struct {
				Message string
				Errors  []struct{ FieldName, Message string }
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != http.StatusBadRequest || len(body.ResponseStatus.Errors) != 1 {
			t.Errorf("%s: %d %s", c.query, w.Code, w.Body)
			continue
		}
		if got := body.ResponseStatus.Errors[0]; got.FieldName != c.field || got.Message != c.detail {
			t.Errorf("%s: %s\ngot  %s\nwant %s", c.query, got.FieldName, got.Message, c.detail)
		}
		if want := c.detail + " (Parameter '" + c.field + "')"; body.ResponseStatus.Message != want {
			t.Errorf("%s: got %s, want %s", c.query, body.ResponseStatus.Message, want)
		}
	}
	d := newDoor(t)
	d.respond = func(context.Context, usage.Request) (*usage.Report, error) {
		_, err := usage.Usage{Minutes: 1 << 31}.Minutes32()
		return nil, err
	}
	if w := d.send("GET", "/ai/usage", ""); w.Code != 500 || !strings.Contains(w.Body.String(), "2147483648 AI minutes do not fit in the 32 bits of AIMinutes") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A value that is repeated in an error is cut, so that the answer stays short.
func TestWhatWasSentIsShownInPart(t *testing.T) {
	for _, text := range []string{strings.Repeat("9", 4000), strings.Repeat("é", 70), "/Date(99999999999999" + strings.Repeat("9", 70)} {
		w := newDoor(t).send("GET", "/ai/usage?startDate="+url.QueryEscape(text), "")
		if body := w.Body.String(); w.Code != 400 || !strings.Contains(body, `…\" cannot be read`) || len(body) > 2000 {
			t.Errorf("%.20s: %d %s", text, w.Code, body)
		}
	}
}

// hours plans a report as a database with sums of hours does.
func hours(span usage.Range) usage.Plan {
	return usage.Compose([]usage.Range{span}, usage.Sums{Grains: usage.Grains})
}
