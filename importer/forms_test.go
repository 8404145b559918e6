package importer

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aiusage/usage"
)

func TestFormsOfDurations(t *testing.T) {
	for _, test := range []struct {
		text       string
		want, asMs int64 // -1: refused
	}{
		{"90", 90, 1}, {"0", 0, 0}, {"-0", 0, 0}, {"007", 7, 1},
		{"90.0", 90, 1}, {"90.5", 91, 1}, {"90.0000000000000000000001", 91, 1}, {"0.001", 1, 1},
		{"90500", 90500, 91}, {"90000", 90000, 90}, {"90000.5", 90001, 91}, {"4294967295", 4294967295, 4294968},
		{"1.2e3", 1200, 2}, {"1E3", 1000, 1}, {"12345e-2", 124, 1}, {"12345e-9", 1, 1}, {"1e+2", 100, 1}, {"0e30", 0, 0},
		{"1,200", 1200, 2}, {"1,234,567.5", 1234568, 1235},
		{"00:01:30", 90, 90}, {"1:05:09.25", 3910, 3910}, {"100:00:00", 360000, 360000}, {"00:00:00.000", 0, 0}, {"00:59:59.999", 3600, 3600},
		{"1m30s", 90, 90}, {"1h", 3600, 3600}, {"1.5h", 5400, 5400}, {"1500ms", 2, 2}, {"1h2m3.5s", 3724, 3724},
		{"PT1M30S", 90, 90}, {"PT1M30.5S", 91, 91}, {"PT1M30,5S", 91, 91}, {"PT1,200S", 2, 2}, {"P1DT1S", 86401, 86401}, {"P1D", 86400, 86400}, {"PT0S", 0, 0}, {"PT100H", 360000, 360000},
		// Refused.
		{"", -1, -1}, {" 90", -1, -1}, {"90 ", -1, -1}, {"+90", -1, -1}, {"0x10", -1, -1}, {"NaN", -1, -1}, {"Inf", -1, -1}, {".5", -1, -1}, {"5.", -1, -1}, {"1_000", -1, -1},
		{"-1", -1, -1}, {"-0.5", -1, -1}, {"-00:01:30", -1, -1}, {"-1m", -1, -1}, {"--1", -1, -1}, {"--1m", -1, -1}, {"+1m", -1, -1}, {"-+1m", -1, -1},
		{"90,5", -1, -1}, {"1,20", -1, -1}, {"1,2000", -1, -1}, {",200", -1, -1}, {"1,,200", -1, -1}, {"0,200", -1, -1}, {"1234,567", -1, -1}, {"1.234,5", -1, -1}, {"1,200e3", -1, -1},
		{"1e400", -1, -1}, {"1e", -1, -1}, {"e3", -1, -1}, {"1e1.5", -1, -1}, {"99999999999999999999", -1, -1}, {"1e25", -1, -1}, {"9223372036854775807", -1, -1}, {"9223372036854775807.5", -1, -1}, {"1152921504606846975.5", -1, -1}, {"9223372036854775807:00:00", -1, -1}, {"PT9223372036854775807S", -1, -1},
		{"01:30", -1, -1}, {"00:60:00", -1, -1}, {"00:00:60", -1, -1}, {"0:1:30", -1, -1}, {"00:01:30:00", -1, -1}, {"1:00:00.", -1, -1}, {"00:01:3e1", -1, -1}, {"9999999999999999:00:00", -1, -1},
		{"P", -1, -1}, {"PT", -1, -1}, {"P1Y", -1, -1}, {"P1M", -1, -1}, {"P1W", -1, -1}, {"PT1.5H", -1, -1}, {"PT1S1M", -1, -1}, {"P1DT", -1, -1}, {"PT-1S", -1, -1}, {"PT1e3S", -1, -1}, {"PT1E3S", -1, -1}, {"PT1,2,3S", -1, -1}, {"PT1", -1, -1}, {"PT99999999999999999999H", -1, -1},
		{"1 min", -1, -1}, {"ten", -1, -1}, {"1m 30s", -1, -1},
	} {
		for _, milliseconds := range []bool{false, true} {
			want := test.want
			if milliseconds {
				want = test.asMs
			}
			got, err := parseDuration(test.text, &forms{milliseconds: milliseconds})
			if want < 0 && err == nil || want >= 0 && (err != nil || got != want) {
				t.Errorf("%q (milliseconds: %v) is %d, %v, want %d", test.text, milliseconds, got, err, want)
			}
		}
	}
}

// Numbers are rounded up as exact fractions are.
func TestNumbersAreRoundedUpOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := fmt.Sprint(rapid.Int64Range(0, 1<<31).Draw(t, "whole"))
		if rapid.Bool().Draw(t, "has a fraction") {
			text += "." + rapid.StringMatching("[0-9]{1,12}").Draw(t, "fraction")
		}
		if rapid.Bool().Draw(t, "has an exponent") {
			text += fmt.Sprintf("e%d", rapid.IntRange(-14, 3).Draw(t, "exponent"))
		}
		exact, _ := new(big.Rat).SetString(text)
		for _, milliseconds := range []bool{false, true} {
			length := new(big.Rat).Set(exact)
			if milliseconds {
				length.Quo(exact, big.NewRat(1000, 1))
			}
			want := new(big.Int).Add(length.Num(), length.Denom())
			want.Quo(want.Sub(want, big.NewInt(1)), length.Denom())
			got, err := parseDuration(text, &forms{milliseconds: milliseconds})
			if want.Cmp(big.NewInt(usage.MaxDurationSeconds)) > 0 {
				if err == nil {
					t.Fatalf("%s is %d", text, got)
				}
				continue
			}
			if err != nil || got != want.Int64() {
				t.Fatalf("%s (milliseconds: %v) is %d, %v, want %s", text, milliseconds, got, err, want)
			}
		}
	})
}

func TestFormsOfInstants(t *testing.T) {
	berlin, err := usage.LoadZone("timeZone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	const summer, winter = "2026-07-01T10:00:00Z", "2026-11-25T13:05:09Z"
	for _, test := range []struct{ text, want string }{ // "" is refused, else as in "says"
		{"1795611909", winter}, {"1795611909.250", "2026-11-25T13:05:09.25Z"}, {"1795611909250", "2026-11-25T13:05:09.25Z"},
		{"1795611909.2509", "2026-11-25T13:05:09.25Z"}, {"1795611909250999", "2026-11-25T13:05:09.25Z"}, {"1795611909250999888", "2026-11-25T13:05:09.25Z"},
		{"946684800", "2000-01-01T00:00:00Z"}, {"946684800000", "2000-01-01T00:00:00Z"},
		{"2026-11-25 13:05:09 UTC", winter}, {"2026-11-25 13:05:09UTC", winter}, {"2026-11-25 13:05:09 GMT", winter}, {"2026-11-25T13:05:09 Z", winter},
		{"2026-11-25T13:05:09+0000", winter}, {"2026-11-25 13:05:09+00", winter}, {"2026-11-25 14:05:09.5 +0100", "2026-11-25T13:05:09.5Z"},
		{"2026-11-25 08:05:09 -05", winter}, {"2026-11-25 18:35:09 +0530", winter}, {"2026-11-25 14:05:09 +01:00", winter},
		{"2026-11-25 14:05:09", winter}, {"2026-07-01 12:00", summer},
		{"Wed, 25 Nov 2026 13:05:09 +0000", winter}, {"Wed, 25 Nov 2026 13:05:09 GMT", winter}, {"25 Nov 2026 14:05:09 +0100", winter},
		{"Wed, 25 Nov 2026 08:05:09 EST", winter}, {"Wed, 1 Jul 2026 06:00 EDT", summer}, {"Wed, 1 Jul 2026 03:00:00 PDT", summer}, {"Wednesday, 25 Nov 2026 13:05:09 UTC", winter},
		{"Nov 25, 2026 02:05:09 PM", winter}, {"Nov 25, 2026, 2:05:09 PM", winter}, {"Nov 25, 2026, 2:05:09\u202fPM", winter}, {"November 25, 2026 14:05:09", winter},
		{"Jul 1, 2026 12:00 PM", summer}, {"1 July 2026 12:00", summer}, {"Wednesday, November 25, 2026 2:05:09 PM", winter},
		{"Jan 2, 2026 12:00:00 AM", "2026-01-01T23:00:00Z"}, {"Oct 25, 2026 2:30:00 AM", "2026-10-25T00:30:00Z"}, {"Mar 29, 2026 2:30:00 AM", "2026-03-29T01:00:00Z"},
		// Refused.
		{"11/25/2026 13:05:09", ""}, {"25/11/2026 13:05", ""}, {"25.11.2026 13:05:09", ""}, {"11/25/26 1:05 PM", ""}, {"11-25-2026 13:05", ""}, {"1.2.2026", ""},
		{"20261125", ""}, {"20261125130509", ""}, {"20261125130509123", ""}, {"12345", ""}, {"-1795611909", ""}, {"1795611909.", ""}, {"1.7956e9", ""}, {"179561190925", "1975-09-10T06:06:30.925Z"},
		{"2026-11-25", ""}, {"2026-11-25 13:05:09 CET", ""}, {"2026-11-25 13:05:09 IST", ""}, {"2026-11-25 13:05:09 +1", ""}, {"2026-11-25 13:05:09 +00000", ""}, {"2026-11-25 13:05:09 + 01", ""}, {"2026-11-25 13:05:09 +2500", ""},
		{"Thu, 25 Nov 2026 13:05:09 +0000", ""}, {"Wed, 25 Nov 2026 13:05:09 CET", ""}, {"Feb 30, 2026 01:05:09 PM", ""}, {"Nov 25, 2026 13:05:09 PM", ""}, {"Nov 25, 2026", ""}, {"Nov 25 13:05:09 2026", ""}, {"Nov 25, 2026 01:05:09 PM EST PM", ""},
		{" 2026-11-25T13:05:09Z", ""}, {" Nov 25, 2026 02:05:09 PM", ""}, {"Nov 25, 2026 02:05:09 PM ", ""}, {"tomorrow", ""}, {"-", ""}, {"/", ""}, {"1/", ""}, {"١٧٩٥٦١١٩٠٩", ""},
	} {
		got, err := parseInstant("started_at", test.text, &forms{zone: berlin})
		if err == nil && got.Format(time.RFC3339Nano) != test.want || err != nil && test.want != "" {
			t.Errorf("%q is %v, %v, want %q", test.text, got, err, test.want)
		}
		if after, failed := parseInstant("started_at", test.text, &forms{zone: berlin, restated: true}); !after.Equal(got) || fmt.Sprint(failed) != fmt.Sprint(err) {
			t.Errorf("after others, %q is %v, %v, alone %v, %v", test.text, after, failed, got, err)
		}
	}
	for _, text := range []string{"11/25/2026 13:05:09", "03/04/2026 10:00", "25.11.2026 13:05"} {
		_, err := parseInstant("started_at", text, &forms{zone: berlin})
		mustBe(t, err, "nobody can tell the day from the month; say which is which with --started-format")
	}
}

func TestAFormatOfStarts(t *testing.T) {
	berlin, _ := usage.LoadZone("timeZone", "Europe/Berlin")
	for _, test := range []struct{ pattern, text, want string }{
		{"%m/%d/%Y %H:%M:%S", "03/04/2026 10:00:00", "2026-03-04T09:00:00Z"},
		{"%d/%m/%Y %H:%M:%S", "03/04/2026 10:00:00", "2026-04-03T08:00:00Z"},
		{"%m/%d/%Y %I:%M:%S %p", "7/1/2026 1:05:09 pm", "2026-07-01T11:05:09Z"},
		{"%m/%d/%Y %I:%M %p", "7/1/2026 12:05 AM", "2026-06-30T22:05:00Z"},
		{"%d.%m.%y %H:%M", "01.02.26 00:00", "2026-01-31T23:00:00Z"},
		{"%Y%m%d%H%M%S", "20260228000000", "2026-02-27T23:00:00Z"},
		{"%Y-%m-%dT%H:%M:%S.%f%z", "2026-03-31T10:00:00.25+0200", "2026-03-31T08:00:00.25Z"},
		{"%Y-%m-%dT%H:%M:%S%z", "2026-03-31T10:00:00Z", "2026-03-31T10:00:00Z"},
		{"%s", "1774951200", "2026-03-31T10:00:00Z"},
		{"%d-%b-%Y %T", "31-Mar-2026 12:00:00", "2026-03-31T10:00:00Z"},
		{"%m/%d/%Y %H:%M", "10/25/2026 02:30", "2026-10-25T00:30:00Z"},
		{"%m/%d/%Y %H:%M", "03/29/2026 02:30", "2026-03-29T01:00:00Z"},
		{"%m/%d/%Y %H:%M", "02/30/2026 10:00", ""}, {"%m/%d/%Y %H:%M", "02/29/2026 10:00", ""}, {"%m/%d/%Y %H:%M", "13/01/2026 10:00", ""},
		{"%m/%d/%Y %H:%M", "01/02/2026 24:00", ""}, {"%m/%d/%Y %H:%M", "01/02/2026 10:00 PM", ""}, {"%m/%d/%Y %H:%M", "2026-01-02 10:00", ""},
		{"%Y-%m-%dT%H:%M:%S%z", "2026-02-30T10:00:00-05:00", ""}, {"%a %d/%m/%Y %R", "Mon 31/03/2026 10:00", ""},
	} {
		format, err := ParseStartFormat(test.pattern)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		got, err := parseInstant("started_at", test.text, &forms{zone: berlin, startedFormat: format})
		if err == nil && got.Format(time.RFC3339Nano) != test.want || err != nil && test.want != "" {
			t.Errorf("%q as %s is %v, %v, want %q", test.text, test.pattern, got, err, test.want)
		}
	}
	for pattern, message := range map[string]string{
		"%m/%d/%Y": "no pattern of dates and times", "": "no pattern", "hello": "no pattern", "%": "no pattern", "%Q": "no pattern", "YYYY-MM-DD": "no pattern",
		"%m/%d %H:%M:%S": "no pattern", "%d/%Y %H:%M": "no pattern",
		"%m/%d/%Y %I:%M": "without AM and PM (%p)", "%d.%m.%Y %H:%M %Z": "use %z",
	} {
		_, err := ParseStartFormat(pattern)
		mustBe(t, err, message)
	}
}

func TestColumnsMayHaveUnitsEndsAndConstants(t *testing.T) {
	want := usage.Session{SessionID: "s", AccountID: "acme", CustomerID: "c", StartedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), DurationSeconds: 91}
	for _, test := range []struct {
		name, file, content string
		options             Options
	}{
		{"milliseconds", "x.csv", "session_id,account_id,customer_id,started_at,duration_ms\ns,acme,c,2026-03-01T10:00:00Z,90500\n",
			Options{Columns: map[string]string{"duration_seconds": "duration_ms:ms"}}},
		{"milliseconds by its own name", "x.csv", "session_id,account_id,customer_id,started_at,duration_seconds\ns,acme,c,2026-03-01T10:00:00Z,90000.001\n",
			Options{Columns: map[string]string{"duration_seconds": "duration_seconds:ms"}}},
		{"end", "x.csv", "session_id,account_id,customer_id,started_at,end\ns,acme,c,2026-03-01T10:00:00Z,2026-03-01T11:01:30.001+01:00\n",
			Options{Columns: map[string]string{"ended_at": "end"}}},
		{"end beside a duration", "x.csv", sessionHeader[:len(sessionHeader)-1] + ",ended_at\ns,acme,c,2026-03-01T10:00:00Z,7,2026-03-01 10:01:31\n",
			Options{Columns: map[string]string{"ended_at": "ended_at"}}},
		{"end in JSON", "x.ndjson", `{"session_id":"s","account_id":"acme","customer_id":"c","started_at":1772359200,"t":{"end":1772359290.5}}`,
			Options{Columns: map[string]string{"ended_at": "t.end"}}},
		{"constants", "x.csv", "session_id,started_at,duration_seconds\ns,2026-03-01T10:00:00Z,91\n",
			Options{Constants: map[string]string{"account_id": "acme", "customer_id": "c"}}},
		{"constants in JSON", "x.ndjson", `{"session_id":"s","account_id":"other","started_at":"2026-03-01T10:00:00Z","duration_seconds":9.05e1}`,
			Options{Constants: map[string]string{"account_id": "acme", "customer_id": "c"}}},
	} {
		got := loadSessions(t, test.options, fileOf(t, test.file, test.content))
		if got.err != nil || len(got.rows) != 1 || got.rows[0] != want {
			t.Errorf("%s: error %v, rows %v, rejects %v", test.name, got.err, got.rows, got.rejects)
		}
	}
	for message, options := range map[string]Options{
		"map either duration_seconds or ended_at":             {Columns: map[string]string{"duration_seconds": "a", "ended_at": "b"}},
		"the column account_id is both mapped and set":        {Columns: map[string]string{"account_id": "a"}, Constants: map[string]string{"account_id": "b"}},
		`there is no column "acount_id"`:                      {Constants: map[string]string{"acount_id": "b"}},
		"the column duration_seconds cannot be left out":      {Columns: map[string]string{"duration_seconds": ":ms"}},
		`the column "started_at:ms" is missing; did you mean`: {Columns: map[string]string{"started_at": "started_at:ms"}},
	} {
		mustBe(t, loadSessions(t, options, fileOf(t, "x.csv", sessionsText(1))).err, message)
	}
	ends := func(end string) string {
		return "session_id,account_id,customer_id,started_at,ended_at\ns,acme,c,2026-03-01T10:00:00Z," + end + "\n"
	}
	for end, message := range map[string]string{
		"2026-03-01T09:59:59.999Z": "is before started_at", "": "ended_at is missing", "2026-03-02": "ended_at \"\"2026-03-02\"\" cannot be read",
		"2200-01-01T00:00:00Z": "more than 4294967295 seconds after", "9000-01-01T00:00:00Z": "more than 4294967295 seconds after",
	} {
		got := loadSessions(t, Options{Columns: map[string]string{"ended_at": "ended_at"}}, fileOf(t, "x.csv", ends(end)))
		if got.err != nil || got.rejects == nil || !strings.Contains(got.rejects.String(), message) {
			t.Errorf("ended at %q: error %v, rows %v, rejects %v, want %q", end, got.err, got.rows, got.rejects, message)
		}
	}
}

// What could be read is written in the forms that need no option, and what could
// not is not read in another sense.
func TestRejectsNeedNoOptions(t *testing.T) {
	berlin, _ := usage.LoadZone("timeZone", "Europe/Berlin")
	format, err := ParseStartFormat("%d/%m/%Y %H:%M")
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Zone: berlin, StartedFormat: format,
		Columns: map[string]string{"duration_seconds": "ms:ms", "account_id": "org"}, Constants: map[string]string{"customer_id": "c"}}
	got := loadSessions(t, options, fileOf(t, "x.csv", "session_id,org,started_at,ms\n"+
		",a,03/04/2026 10:00,90500\ns2,a,2026-04-03 10:00:00,90500\ns3,a,03/04/2026 10:00,x\n"))
	again := loadSessions(t, Options{}, fileOf(t, "y.csv", got.rejects.String()))
	if got.summary.Rejected != 3 || again.summary.Rejected != 3 {
		t.Errorf("as they stand: %v", again.rows)
	}
	corrected := strings.NewReplacer(",,a,", ",s1,a,", `" 2026-04-03 10:00:00"`, "2026-04-03T08:00:00Z", ",x,", ",90.5,").Replace(got.rejects.String())
	again = loadSessions(t, Options{}, fileOf(t, "y.csv", corrected))
	want := usage.Session{AccountID: "a", CustomerID: "c", StartedAt: time.Date(2026, 4, 3, 8, 0, 0, 0, time.UTC), DurationSeconds: 91}
	if len(again.rows) != 3 {
		t.Fatalf("error %v, rejects %s of\n%s", again.err, again.rejects, corrected)
	}
	for i, row := range again.rows {
		if want.SessionID = fmt.Sprintf("s%d", i+1); row != want {
			t.Errorf("got %v, want %v", row, want)
		}
	}
}

// What reads most dates of mails quickly reads nothing else, and nothing differently.
func FuzzMailDate(f *testing.F) {
	for _, seed := range []string{
		"Wed, 25 Nov 2026 13:05:09 +0000", "Wed, 25 Nov 2026 13:05:09 GMT", "Tue, 25 Nov 2026 13:05:09 +0000",
		"Sun, 29 Feb 2026 13:05:09 +0000", "Mon, 31 Apr 2026 13:05:09 +0000", "Wed, 25 Nov 2026 24:00:00 +0000",
		"Wed, 25 Nov 2026 23:60:00 +0000", "Wed, 25 Nov 2026 23:59:60 +0000", "Wed, 00 Nov 2026 13:05:09 +0000",
		"Wed, 25 anF 2026 13:05:09 +0000", "Wed, 25 Nov 2026 13:05:09 +0100", "Wed, 25 Nov 2026 13:05:09 -2359", "Wed, 25 Nov 2026 13:05:09 +2500", "Wed, 25 Nov 2026 13:05:09 +0061",
		"Wed, 25 Nov 2026 13:05:09 +01 0", "Wed, 25 Nov 2026 13:05:09 0100", "Wed, 25 Nov 2026 13:05:09x+0100", "wed, 25 Nov 2026 13:05:09 +0000",
		"Wed, 2５ Nov 2026 13:05:09 +0000", "Wed, 25 Nov 2026 13:05:09 ", "Wed, -5 Nov 2026 13:05:09 +0000",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := mailDate(text)
		want, err := time.Parse(time.RFC1123Z, strings.Replace(text, " GMT", " +0000", 1))
		if !ok {
			return
		}
		if err != nil || !got.Equal(want) || want.Format(time.RFC1123Z)[:3] != text[:3] {
			t.Errorf("%q is read as %v; time.Parse: %v, %v", text, got, want, err)
		}
	})
}

func TestMostDatesOfMailsAreReadQuickly(t *testing.T) {
	for day := range 800 {
		want := time.Date(2024, 1, 1, 23, 59, 58, 0, time.UTC).AddDate(0, 0, day)
		for _, text := range []string{want.Format(time.RFC1123Z), want.In(time.FixedZone("", -(9*60+30)*60)).Format(time.RFC1123Z), want.Format("Mon, 02 Jan 2006 15:04:05 GMT")} {
			if got, ok := mailDate(text); !ok || !got.Equal(want) {
				t.Fatalf("%q: %v, %v", text, got, ok)
			}
		}
	}
}
