package legacy

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"aiusage/legacy/request"
	"aiusage/usage"
)

// TestDotNetDates: what .NET callers send into StartDate and EndDate.
func TestDotNetDates(t *testing.T) {
	for text, want := range map[string]string{
		"3/1/2026":                          "2026-03-01",
		"03/01/2026":                        "2026-03-01",
		"12/31/2026":                        "2026-12-31",
		"2/29/2028":                         "2028-02-29",
		"3/1/2026 17:00:00":                 "2026-03-01T17:00:00",
		"3/1/2026 7:05:09":                  "2026-03-01T07:05:09",
		"03/01/2026 00:00:00":               "2026-03-01T00:00:00",
		"3/1/2026 5:00:00 PM":               "2026-03-01T17:00:00",
		"3/1/2026 5:00:00 am":               "2026-03-01T05:00:00",
		"3/1/2026 12:00:00 AM":              "2026-03-01T00:00:00",
		"3/1/2026 12:30:00 PM":              "2026-03-01T12:30:00",
		"3/1/2026 5:00 PM":                  "2026-03-01T17:00:00",
		"3/1/2026 5:00:00\u202FPM":          "2026-03-01T17:00:00",
		"2026-03-01T17:00:00.0000000":       "2026-03-01T17:00:00.0000000",
		"2026-03-01T17:00:00.1234567Z":      "2026-03-01T17:00:00.1234567Z",
		"2026-03-01T17:00:00.0000000+02:00": "2026-03-01T17:00:00.0000000+02:00",
		"/Date(1772384400000)/":             "2026-03-01T17:00:00.000Z",
		"/Date(1772384400123)/":             "2026-03-01T17:00:00.123Z",
		"/Date(1772384400000+0200)/":        "2026-03-01T17:00:00.000Z",
		"/Date(1772384400000-0500)/":        "2026-03-01T17:00:00.000Z",
		"/Date(-62135596800000)/":           "0001-01-01T00:00:00.000Z",
		"/Date(0)/":                         "1970-01-01T00:00:00.000Z",
		"2026-03-01":                        "2026-03-01",
		"2026-03-01 17:00:00Z":              "2026-03-01T17:00:00Z",
		"2026-03-01 17:00:00":               "2026-03-01T17:00:00",
		"2026-03-01T17:00:00+0200":          "2026-03-01T17:00:00+02:00",
		"2026-03-01T17:00:00+2":             "2026-03-01T17:00:00+02:00",
		"2026-03-01T17:00:00.5-230":         "2026-03-01T17:00:00.5-02:30",
		"2026-03-01T17:00Z":                 "2026-03-01T17:00:00Z",
		"2026/03/01":                        "2026-03-01",
		"2026-3-1":                          "2026-03-01",
		"2026.3.1 5:5":                      "2026-03-01T05:05:00",
		"3-1-2026":                          "2026-03-01",
		"3.1.2026, 5 PM":                    "2026-03-01T17:00:00",
		"Sun, 01 Mar 2026 17:00:00 GMT":     "2026-03-01T17:00:00Z",
		"sunday, march 1, 2026":             "2026-03-01",
		"Sunday, 01 March 2026 17:00":       "2026-03-01T17:00:00",
		"01-MAR-2026":                       "2026-03-01",
		"2026 Mar 1":                        "2026-03-01",
		"May 1 2026":                        "2026-05-01",
		"Mar. 1, 2026 10:00 -5:00":          "2026-03-01T10:00:00-05:00",
		"3/1/2026 5:00:00.25 PM +14:00":     "2026-03-01T17:00:00.25+14:00",
		" 2026-03-01\n":                     "2026-03-01",
		"":                                  "",
	} {
		got := newDoor(t).bound(t, "GET", "/ai/usage?startDate="+url.QueryEscape(text), "")
		if got.StartDate != want {
			t.Errorf("%q: %q, want %q", text, got.StartDate, want)
		}
		if got := newDoor(t).bound(t, "GET", "/ai/usage?endDate="+url.QueryEscape(text), ""); got.EndDate != want {
			t.Errorf("%q: %q, want %q", text, got.EndDate, want)
		}
	}
}

func TestDatesThatDoNotExist(t *testing.T) {
	for _, text := range []string{
		"13/1/2026", "2/30/2026", "2/29/2026", "0/1/2026", "1/0/2026", "1/1/0000", "1/1/26", "1/1/2026 24:00:00", "1/1/2026 1:60:00", "1/1/2026 1:00:60",
		"1/1/2026 13:00:00 PM", "1/1/2026 0:00:00 AM", "1/1/2026 5", "1/1/2026T00:00:00", "1/1/2026Z", "1.1-2026", "1-1-26", "2026/01", "Mar 1", "March 2026", "1 Mar 26", "Mon, 1 Mar 2026", "31 Apr 2026", "2026-13-1", "10:00", "5 PM",
		"2026-3-1 24:00", "2026-3-1 10:00 +14:01", "2026-3-1 10:00 +2:60", "2026-3-1T9:00", "2026-03-01+02:00", "2026-03-01Z", "10:00 2026-3-1", "2026 3 1", "1Mar2026", "2026-03-01 Sun", "2026-03-01,", "2026-03-01 10:00:00 UTC",
		" ", "\t\n", "\u00a0", "2026-3-1" + strings.Repeat(" ", 100) + "10:00",
		"/Date(253402300800000)/", "/Date(-62135596800001)/", "/Date(9999999999999999)/", "/Date()/", "/Date(1)", "Date(1)", "/Date(1+2)/", "/Date(1.5)/",
		"2026-02-30", "x", "1/1/2026 1:00:00 PMx", "x1/1/2026",
	} {
		newDoor(t).refused(t, 400, "GET", "/ai/usage?startDate="+url.QueryEscape(text), "")
		newDoor(t).refused(t, 400, "GET", "/ai/usage?endDate="+url.QueryEscape(text), "")
	}
}

// TestDotNetDateMeansTheSameInstant through usage.ParseRange.
func TestDotNetDateMeansTheSameInstant(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	sent := usage.Request{StartDate: "3/1/2026", EndDate: "3/31/2026"}
	if err := request.TranslateDates(&sent); err != nil {
		t.Fatal(err)
	}
	got, err := usage.ParseRange(sent.StartDate, sent.EndDate, zone)
	want, wantErr := usage.ParseRange("2026-03-01", "2026-03-31", zone)
	if err != nil || wantErr != nil || !got.From.Equal(want.From) || !got.To.Equal(want.To) {
		t.Errorf("%v, %v", got, err)
	}
}
