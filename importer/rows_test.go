package importer

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

// reasonFor loads one row and returns why it was rejected, "" if it was not.
func reasonFor(t *testing.T, name, content string) string {
	t.Helper()
	got := loadSessions(t, Options{}, fileOf(t, name, content))
	if got.err != nil {
		t.Fatal(got.err)
	}
	if int64(len(got.rows)) != got.summary.Inserted || got.summary.Read != got.summary.Inserted+got.summary.Rejected {
		t.Errorf("%d rows, summary %+v", len(got.rows), got.summary)
	}
	if got.rejects == nil {
		return ""
	}
	records, err := csv.NewReader(strings.NewReader(got.rejects.String())).ReadAll()
	if err != nil || len(records) != 2 {
		t.Fatalf("rejects %s: %v", got.rejects, err)
	}
	return records[1][2]
}

func TestValuesAreChecked(t *testing.T) {
	id64 := strings.Repeat("é", 64)
	for _, test := range []struct{ session, account, customer, start, duration, reason string }{
		{"s", "a", "c", "2026-03-01T10:00:00Z", "60", ""},
		{id64, id64, id64, "1000-01-01T00:00:00Z", "0", ""},
		{"s", "a", "", "9999-12-31T23:59:59.999999999Z", "4294967295", ""},
		{"s", "a", "", "2024-02-29 24:00:00", "1", "started_at \"2024-02-29 24:00:00\" cannot be read: the time of day 24:00:00 does not exist"},
		{"", "a", "c", "2026-03-01T10:00:00Z", "60", "session_id is missing"},
		{"s", "", "c", "2026-03-01T10:00:00Z", "60", "account_id is missing"},
		{id64 + "e", "a", "c", "2026-03-01T10:00:00Z", "60", "session_id is longer than 64 characters"},
		{"s", id64 + "e", "c", "2026-03-01T10:00:00Z", "60", "account_id is longer than 64 characters"},
		{"s", "a", id64 + "e", "2026-03-01T10:00:00Z", "60", "customer_id is longer than 64 characters"},
		{" s", "a", "c", "2026-03-01T10:00:00Z", "60", "session_id begins or ends with white space"},
		{"s", "a ", "c", "2026-03-01T10:00:00Z", "60", "account_id begins or ends with white space"},
		{"s", "a", "\u00a0c", "2026-03-01T10:00:00Z", "60", "customer_id begins or ends with white space"},
		{"s\x00", "a", "c", "2026-03-01T10:00:00Z", "60", "session_id contains a NUL character"},
		{"s\xff", "a", "c", "2026-03-01T10:00:00Z", "60", "the row is not valid UTF-8"},
		{"s", "a", "c", "", "60", "started_at is missing"},
		{"s", "a", "c", "2026-03-01", "60", `started_at "2026-03-01" cannot be read: it has no time of day`},
		{"s", "a", "c", "2026-02-30 10:00:00", "60", "the day 2026-02-30 does not exist"},
		{"s", "a", "c", "yesterday at 10", "60", "it has none of the accepted forms; accepted: 2026-03-31T10:00:00Z"},
		{"s", "a", "c", "0000-00-00 00:00:00", "60", "there is no year 0"},
		{"s", "a", "c", "0999-12-31T23:59:59.999Z", "60", "is not in the years 1000 to 9999"},
		{"s", "a", "c", "9999-12-31T23:00:00-01:00", "60", "is not in the years 1000 to 9999"},
		{"s", "a", "c", "2026-03-01T10:00:00Z", "", "duration_seconds is missing"},
		{"s", "a", "c", "2026-03-01T10:00:00Z", "-1", `duration_seconds "-1" is negative`},
		{"s", "a", "c", "2026-03-01T10:00:00Z", "-99999999999999999999", "is negative"},
		{"s", "a", "c", "2026-03-01T10:00:00Z", "4294967296", `duration_seconds "4294967296" is more than 4294967295`},
		{"s", "a", "c", "2026-03-01T10:00:00Z", "99999999999999999999", "is more than 4294967295"},
		{"s", "a", "c", "2026-03-01T10:00:00Z", "59.5.1", `duration_seconds "59.5.1" cannot be read; accepted: 90, 90.5, 1,200, 00:01:30, 1m30s, PT1M30S`},
		{"s", "a", "c", "2026-03-01T10:00:00Z", "1e3", ""},
		{"s", "a", "c", "2026-03-01T10:00:00Z", "+60", "cannot be read"},
		{"s", "a", "c", "2026-03-01T10:00:00Z", "-", "cannot be read"},
		{"s", "a", "c", "2026-03-01T10:00:00Z", "0x10", "cannot be read"},
		{"s", "a", "c", "2026-03-01T10:00:00Z", strings.Repeat("9é", 400), "…"},
	} {
		row := []string{test.session, test.account, test.customer, test.start, test.duration}
		for name, content := range map[string]string{
			"x.csv":      sessionHeader + strings.Join(row, ",") + "\n",
			"quoted.csv": sessionHeader + `"` + strings.Join(row, `","`) + "\"\n",
			"x.tsv":      strings.ReplaceAll(sessionHeader, ",", "\t") + strings.Join(row, "\t") + "\n",
		} {
			reason := reasonFor(t, name, content)
			if (reason == "") != (test.reason == "") || !strings.Contains(reason, test.reason) {
				t.Errorf("%s, %q: reason %q, want %q", name, row, reason, test.reason)
			}
		}
	}
}

func TestRowsThatCannotBeSplitAreRejected(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for _, test := range []struct{ name, row, reason string }{
		{"x.csv", "s,a,c,2026-03-01T10:00:00Z", "the row has 4 values, the header has 5"},
		{"x.csv", "s,a,c,2026-03-01T10:00:00Z,60,", "the row has 6 values, the header has 5"},
		{"x.csv", `s,a"b,c,2026-03-01T10:00:00Z,60`, strayQuote},
		{"x.csv", `s,"a"b,c,2026-03-01T10:00:00Z,60`, textAfterQuote},
		{"x.csv", `s,"a,c,2026-03-01T10:00:00Z,60`, notClosed},
		{"x.csv", `s,a,c,2026-03-01T10:00:00Z,"60""`, notClosed},
		{"x.csv", long, "the line is longer than 1 MiB"},
		{"x.tsv", "s\ta\\x\tc\t2026-03-01T10:00:00Z\t60", badEscape},
		{"x.tsv", "s\ta\\\tc\t2026-03-01T10:00:00Z\t60", badEscape},
		{"x.tsv", "s\t\\Na\tc\t2026-03-01T10:00:00Z\t60", badEscape},
		{"x.tsv", "s\t\"a\"b\tc\t2026-03-01T10:00:00Z\t60", textAfterQuote},
		{"x.ndjson", `{"session_id":"` + long + `"}`, "the line is longer than 1 MiB"},
		{"x.ndjson", `{"session_id":"s"`, "the line is not valid JSON"},
		{"x.ndjson", `["session_id","s"]`, "the line is not a JSON object"},
		{"x.ndjson", `null`, "the line is not a JSON object"},
		{"x.ndjson", `{"session_id":"` + "\xff" + `","account_id":"b","customer_id":null,"started_at":null,"duration_seconds":1}`, notUTF8},
		{"x.ndjson", `{"session_id":"a","account_id":"b","session_id":"a","customer_id":null,"started_at":null,"duration_seconds":1}`, `the key "session_id" is repeated`},
	} {
		content := map[string]string{"x.csv": sessionHeader, "x.tsv": strings.ReplaceAll(sessionHeader, ",", "\t")}[test.name] + test.row + "\n"
		if reason := reasonFor(t, test.name, content); reason != test.reason {
			t.Errorf("%s, %.80q: reason %q, want %q", test.name, test.row, reason, test.reason)
		}
	}
}

func TestJSONValues(t *testing.T) {
	for _, test := range []struct{ id, duration, reason string }{
		{`"s"`, `60`, ""},
		{`"s\u0041\/\ud83d\ude00"`, `"60"`, ""},
		{`"\ufffd"`, `0`, ""},
		{`12345678901234567890`, `60`, ""},
		{`1.0`, `60`, `session_id is "1.0", not a whole number`},
		{`1e3`, `60`, `session_id is "1e3", not a whole number`},
		{`true`, `60`, `session_id is "true", neither a string nor a number`},
		{`["s"]`, `60`, `neither a string nor a number`},
		{`{"a":"b"}`, `60`, `neither a string nor a number`},
		{`null`, `60`, "session_id is missing"},
		{`""`, `60`, "session_id is missing"},
		{`"\ud83d"`, `60`, "session_id has half of a surrogate pair"},
		{`"\u0000"`, `60`, "session_id contains a NUL character"},
		{`"s"`, `60.0`, ""},
		{`"s"`, `-5`, `duration_seconds "-5" is negative`},
		{`"s"`, `null`, "duration_seconds is missing"},
		{`"s"`, `"60.5s."`, `duration_seconds "60.5s." cannot be read`},
	} {
		content := fmt.Sprintf(`{"session_id":%s,"account_id":"a","customer_id":"c","started_at":"2026-03-01T10:00:00Z","duration_seconds":%s}`, test.id, test.duration)
		reason := reasonFor(t, "x.ndjson", content)
		if (reason == "") != (test.reason == "") || !strings.Contains(reason, test.reason) {
			t.Errorf("%s: reason %q, want %q", content, reason, test.reason)
		}
	}
}

// Where a second quote closes the first one, so that the columns are right, the
// lines between them are one row: what somebody wrote between quotes must not
// become rows of its own. The file of rejected rows has all of it.
func TestAnUnclosedQuoteCostsOneLine(t *testing.T) {
	good := func(n int) string { return fmt.Sprintf("s%d,a,c,2026-03-01T10:00:00Z,60\n", n) }
	var many strings.Builder
	for n := range 3000 {
		many.WriteString(good(n))
	}
	for name, test := range map[string]struct {
		before, after string
		rows          int
		lines         []int64
	}{
		"until the end of the file":  {`x,"a,c,2026-03-01T10:00:00Z,60`, good(1) + good(2), 2, []int64{2}},
		"further than a row may be":  {`x,"a,c,2026-03-01T10:00:00Z,60`, many.String() + `y,"a",c,2026-03-01T10:00:00Z,60`, 3001, []int64{2}},
		"until the next quote":       {`x,"a,c,2026-03-01T10:00:00Z,60`, good(1) + `y,"a",c,2026-03-01T10:00:00Z,60`, 2, []int64{2}},
		"until another unclosed one": {`x,"a,c,2026-03-01T10:00:00Z,60`, good(1) + good(2) + `y,a",c,2026-03-01T10:00:00Z,60` + "\n" + good(3), 1, []int64{2}},
		"closed in a value":          {`x,a,"c`, good(1) + good(2) + `c",2026-03-01T10:00:00Z,60` + "\n" + good(3), 1, []int64{2}},
	} {
		t.Run(name, func(t *testing.T) {
			rejected := []int64{}
			l := newSessionLoader(t, sessionHeader+test.before+"\n"+test.after)
			rows := 0
			err := l.read(t.Context(), l.sources[0], func(usage.Session, origin) error { rows++; return nil },
				func(bad row) error { rejected = append(rejected, bad.line); return nil })
			if err != nil || rows != test.rows || fmt.Sprint(rejected) != fmt.Sprint(test.lines) {
				t.Errorf("error %v, %d rows, rejected %v, want %d rows, rejected %v", err, rows, rejected, test.rows, test.lines)
			}
		})
	}
}

// newSessionLoader makes a load of one CSV file that has not begun.
func newSessionLoader(t testing.TB, content string) *loader[usage.Session] {
	t.Helper()
	sources, err := findSources([]string{fileOf(t, "x.csv", content)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := nameColumns(sessionTable.columns, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &loader[usage.Session]{table: sessionTable, columns: columns, sources: sources, forms: forms{zone: time.UTC}}
}

// The sentence is read as it stands, in a file of rejected rows.
func TestTheEscapesAreNamedAsTheyAreWritten(t *testing.T) {
	if want := "a backslash is not part of " + strings.Join([]string{"\\t", "\\n", "\\r", "\\0", "\\N or \\\\"}, ", "); badEscape != want {
		t.Errorf("got %q, want %q", badEscape, want)
	}
}
