package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/export"
	"aiusage/usage"
)

var march = usage.Range{From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}

// made is a snapshot of sessions, which answers by adding them up.
type made struct {
	sessions []usage.Session
	names    map[usage.Subject]string
	asOf     time.Time
	// series counts the questions for series, subjects the most that one asked for.
	series, subjects int
	closed           bool
}

func (m *made) within(query usage.Query) iter.Seq[usage.Session] {
	return func(yield func(usage.Session) bool) {
		for _, s := range m.sessions {
			if !query.Range.From.IsZero() && s.StartedAt.Before(query.Range.From) || !query.Range.To.IsZero() && !s.StartedAt.Before(query.Range.To) {
				continue
			}
			if !yield(s) {
				return
			}
		}
	}
}

func (m *made) Report(_ context.Context, query usage.Query) (*usage.Report, error) {
	sums := map[usage.Subject]usage.Usage{}
	for s := range m.within(query) {
		subject := query.Level.Of(usage.Subject{AccountID: s.AccountID, CustomerID: s.CustomerID})
		sums[subject] = sums[subject].Plus(s.Usage())
	}
	var rows []usage.SubjectUsage
	for subject, sum := range sums {
		rows = append(rows, usage.SubjectUsage{AccountID: subject.AccountID, CustomerID: subject.CustomerID, Usage: sum})
	}
	slices.SortFunc(rows, func(a, b usage.SubjectUsage) int { return a.Subject().Compare(b.Subject()) })
	return usage.NewReport(query, m.asOf, rows), nil
}

func (m *made) Series(_ context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	m.series++
	m.subjects = max(m.subjects, len(query.Subjects))
	span := query.Range
	for s := range m.within(query.Query) { // a start that is open is where the subjects' usage begins
		if query.Range.From.IsZero() && (span.From.IsZero() || s.StartedAt.Before(span.From)) &&
			(query.Subjects == nil || slices.Contains(query.Subjects, query.Level.Of(usage.Subject{AccountID: s.AccountID, CustomerID: s.CustomerID}))) {
			span.From = s.StartedAt.Truncate(time.Hour)
		}
	}
	if span.To.IsZero() {
		span.To = m.asOf.Truncate(time.Hour).Add(time.Hour)
	}
	buckets, err := usage.Buckets(span, query.Step, query.Zone)
	if err != nil {
		return nil, err
	}
	set := usage.NewSeriesSet(query, buckets)
	set.AsOf = m.asOf
	for s := range m.within(query.Query) {
		subject := query.Level.Of(usage.Subject{AccountID: s.AccountID, CustomerID: s.CustomerID})
		if query.Subjects != nil && !slices.Contains(query.Subjects, subject) {
			continue
		}
		at := slices.IndexFunc(buckets, func(b usage.Range) bool { return s.StartedAt.Before(b.To) })
		if err := set.Add(subject, at, s.Usage()); err != nil {
			return nil, err
		}
	}
	return set, nil
}

func (m *made) Names(_ context.Context, subjects []usage.Subject) (map[usage.Subject]string, error) {
	found := map[usage.Subject]string{}
	for _, subject := range subjects {
		if name, known := m.names[subject]; known {
			found[subject] = name
		}
	}
	return found, nil
}

func (m *made) Sessions(context.Context, usage.SessionsQuery) ([]usage.ListedSession, error) {
	return nil, nil
}

func (m *made) Close() error { m.closed = true; return nil }

func session(account, customer, at string, seconds int64) usage.Session {
	start, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	return usage.Session{AccountID: account, CustomerID: customer, StartedAt: start, DurationSeconds: seconds}
}

func someUsage() *made {
	return &made{
		sessions: []usage.Session{
			session("a", "", "2026-03-01T10:00:00Z", 10), session("a", "x", "2026-03-02T10:00:00Z", 600),
			session("b", "x", "2026-03-01T11:00:00Z", 61), session("b", "x", "2026-03-31T11:00:00Z", 61),
			session("b", "x", "2026-02-10T11:00:00Z", 300), session("c", "z", "2026-02-10T11:00:00Z", 300),
		},
		names: map[usage.Subject]string{{AccountID: "a"}: "Acme <&>", {AccountID: "b", CustomerID: "x"}: "=1+1"},
		asOf:  time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC),
	}
}

func written(t *testing.T, m *made, span usage.Range, request export.Request, format export.Format, options export.Options) string {
	t.Helper()
	result, err := export.Read(t.Context(), m, usage.Query{Range: span, Zone: time.UTC}, request)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := export.Write(&out, format, request, result.Rows, options); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheSameRowsInEachFormat(t *testing.T) {
	request := export.Request{Names: true, Previous: true}
	for _, test := range []struct {
		format export.Format
		want   string
	}{
		{export.CSV, `accountId,accountName,customerId,customerName,aiMinutes,aiSeconds,sessions,previousAiMinutes,previousAiSeconds,previousSessions
a,Acme <&>,,,1,10,1,0,0,0
a,Acme <&>,x,,10,600,1,0,0,0
b,,x,=1+1,4,122,2,5,300,1
`},
		{export.NDJSON, `{"accountId":"a","accountName":"Acme <&>","customerId":null,"customerName":null,"aiMinutes":1,"aiSeconds":10,"sessions":1,"previousAiMinutes":0,"previousAiSeconds":0,"previousSessions":0}
{"accountId":"a","accountName":"Acme <&>","customerId":"x","customerName":null,"aiMinutes":10,"aiSeconds":600,"sessions":1,"previousAiMinutes":0,"previousAiSeconds":0,"previousSessions":0}
{"accountId":"b","accountName":null,"customerId":"x","customerName":"=1+1","aiMinutes":4,"aiSeconds":122,"sessions":2,"previousAiMinutes":5,"previousAiSeconds":300,"previousSessions":1}
`},
	} {
		if got := written(t, someUsage(), march, request, test.format, export.Options{}); got != test.want {
			t.Errorf("%s: got\n%swant\n%s", test.format, got, test.want)
		}
	}
	lines := strings.Split(strings.TrimSpace(written(t, someUsage(), march, request, export.NDJSON, export.Options{})), "\n")
	if got, want := written(t, someUsage(), march, request, export.JSON, export.Options{}), "[\n  "+strings.Join(lines, ",\n  ")+"\n]\n"; got != want {
		t.Errorf("json: got\n%swant\n%s", got, want)
	}
}

func TestNothingIsAnEmptyDocument(t *testing.T) {
	for format, want := range map[export.Format]string{
		export.CSV: "accountId,customerId,aiMinutes,aiSeconds,sessions\n", export.JSON: "[]\n", export.NDJSON: "",
	} {
		if got := written(t, &made{}, march, export.Request{}, format, export.Options{}); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
		if got := written(t, &made{}, usage.Range{}, export.Request{Series: usage.Daily}, format, export.Options{}); format != export.CSV && got != want {
			t.Errorf("%s of a series: got %q, want %q", format, got, want)
		}
	}
}

func TestASeriesHasARowForEachStep(t *testing.T) {
	span := usage.Range{From: time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC), To: march.To}
	got := written(t, someUsage(), span, export.Request{Series: usage.Daily}, export.CSV, export.Options{})
	want := `accountId,customerId,from,to,partial,aiMinutes,aiSeconds,sessions
b,x,2026-03-30T00:00:00Z,2026-03-31T00:00:00Z,false,0,0,0
b,x,2026-03-31T00:00:00Z,2026-04-01T00:00:00Z,true,2,61,1
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// The buckets of an open range are those of the report, whatever the subject.
func TestASeriesOfAnOpenRangeAddsUp(t *testing.T) {
	m := someUsage()
	m.sessions = m.sessions[:4]
	m.sessions = append(m.sessions, session("a", "x", "2026-02-28T10:00:00Z", 0))
	got := written(t, m, usage.Range{}, export.Request{Series: usage.Weekly}, export.NDJSON, export.Options{})
	sums := map[string]int64{}
	points := map[string][]string{}
	for line := range strings.Lines(got) {
		var row struct {
			AccountID, CustomerID, From string
			AIMinutes                   int64
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		key := row.AccountID + row.CustomerID
		sums[key] += row.AIMinutes
		points[key] = append(points[key], row.From)
	}
	if want := map[string]int64{"a": 1, "ax": 10, "bx": 4}; fmt.Sprint(sums) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", sums, want)
	}
	if len(points["a"]) != 6 || !slices.Equal(points["a"], points["bx"]) {
		t.Errorf("points %v", points)
	}
}

func TestALargeSeriesIsReadInParts(t *testing.T) {
	m := &made{asOf: march.To}
	for n := range 700 {
		m.sessions = append(m.sessions, session("a", fmt.Sprintf("c%03d", n), "2026-03-01T10:00:00Z", 60))
	}
	request := export.Request{Series: usage.QuarterHourly}
	result, err := export.Read(t.Context(), m, usage.Query{Range: march, Zone: time.UTC}, request)
	if err != nil {
		t.Fatal(err)
	}
	rows, minutes := 0, int64(0)
	for row, err := range result.Rows {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		minutes += row.Minutes
	}
	steps := 31 * 24 * 4
	if rows != 700*steps || minutes != 700 {
		t.Errorf("%d rows of %d minutes", rows, minutes)
	}
	if m.subjects*steps > usage.MaxPointsTogether || m.series < 4 {
		t.Errorf("%d subjects were asked for at once, in %d questions", m.subjects, m.series)
	}
}

func TestRowsOfAccounts(t *testing.T) {
	request := export.Request{Level: usage.ByAccount, Names: true, Previous: true, Order: export.BySeconds}
	got := written(t, someUsage(), march, request, export.CSV, export.Options{})
	want := `accountId,accountName,aiMinutes,aiSeconds,sessions,previousAiMinutes,previousAiSeconds,previousSessions
a,Acme <&>,11,610,2,0,0,0
b,,4,122,2,5,300,1
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	span := usage.Range{From: march.From, To: march.From.AddDate(0, 0, 2)}
	got = written(t, someUsage(), span, export.Request{Level: usage.ByAccount, Series: usage.Daily}, export.NDJSON, export.Options{Columns: []string{"from", "accountId", "aiMinutes"}})
	want = `{"from":"2026-03-01T00:00:00Z","accountId":"a","aiMinutes":1}
{"from":"2026-03-02T00:00:00Z","accountId":"a","aiMinutes":10}
{"from":"2026-03-01T00:00:00Z","accountId":"b","aiMinutes":2}
{"from":"2026-03-02T00:00:00Z","accountId":"b","aiMinutes":0}
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestColumnsAreWrittenInTheOrderAskedFor(t *testing.T) {
	got := written(t, someUsage(), march, export.Request{}, export.CSV, export.Options{Columns: []string{"aiMinutes", "customerId"}})
	if want := "aiMinutes,customerId\n1,\n10,x\n4,x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"accountName", "from", "nonsense"} {
		rows := func(func(export.Row, error) bool) {}
		if err := export.Write(&counting{}, export.CSV, export.Request{}, rows, export.Options{Columns: []string{name}}); err == nil {
			t.Errorf("%s is written, though it was not read", name)
		}
	}
}

// What takes long to be taken must not hold a state of the database meanwhile.
func TestTheSnapshotIsClosedOnceAllHasBeenRead(t *testing.T) {
	for _, request := range []export.Request{{Names: true, Previous: true}, {Series: usage.Daily}} {
		m := someUsage()
		result, err := export.Read(t.Context(), m, usage.Query{Range: march, Zone: time.UTC}, request)
		if err != nil {
			t.Fatal(err)
		}
		for range result.Rows {
			if !m.closed {
				t.Errorf("%+v: the snapshot is open at the first row", request)
			}
			break
		}
	}
}

func TestTopAndOrder(t *testing.T) {
	m := someUsage()
	for _, test := range []struct {
		request export.Request
		want    string
	}{
		{export.Request{}, "a- ax bx"},
		{export.Request{Order: export.ByMinutes}, "ax bx a-"},
		{export.Request{Order: export.BySessions}, "bx a- ax"},
		{export.Request{Order: export.BySeconds, Top: 2}, "ax bx"},
		{export.Request{Top: 1}, "a-"},
		{export.Request{Top: 9}, "a- ax bx"},
	} {
		result, err := export.Read(t.Context(), m, usage.Query{Range: march, Zone: time.UTC}, test.request)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for row := range result.Rows {
			customer := row.CustomerID
			if customer == "" {
				customer = "-"
			}
			got = append(got, row.AccountID+customer)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%+v: %v, want %s", test.request, got, test.want)
		}
		if result.Totals.Sessions != 4 || len(result.Subjects) != 3 {
			t.Errorf("the report is another one: %+v", result.Report)
		}
	}
}

func TestWhatCannotBeExportedIsRefused(t *testing.T) {
	for _, test := range []struct {
		span    usage.Range
		request export.Request
		want    string
	}{
		{march, export.Request{Series: usage.Daily, Previous: true}, "no usage of the time before"},
		{usage.Range{From: march.From}, export.Request{Previous: true}, "a start and an end"},
	} {
		_, err := export.Read(t.Context(), someUsage(), usage.Query{Range: test.span, Zone: time.UTC}, test.request)
		if err == nil || !strings.Contains(err.Error(), test.want) || usage.AsError(err).Code != usage.InvalidArgument {
			t.Errorf("%+v: %v", test.request, err)
		}
	}
}

func TestAnErrorOfARowEndsTheExport(t *testing.T) {
	broken := errors.New("broken")
	for _, format := range []export.Format{export.CSV, export.JSON, export.NDJSON} {
		var out bytes.Buffer
		err := export.Write(&out, format, export.Request{}, func(yield func(export.Row, error) bool) {
			_ = yield(export.Row{AccountID: "a"}, nil) && yield(export.Row{}, broken)
		}, export.Options{})
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", format, err)
		}
		if format == export.JSON && json.Valid(out.Bytes()) {
			t.Errorf("half of an export is a document: %s", out.String())
		}
	}
}

// Every digit counts: JSON has no limit to them.
func TestLargeNumbersKeepTheirDigits(t *testing.T) {
	row := export.Row{AccountID: "a", Usage: usage.Usage{Minutes: math.MaxInt64, Seconds: 1<<53 + 1, Sessions: -1}}
	rows := func(yield func(export.Row, error) bool) { yield(row, nil) }
	for _, format := range []export.Format{export.CSV, export.JSON, export.NDJSON} {
		var out bytes.Buffer
		if err := export.Write(&out, format, export.Request{}, rows, export.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, digits := range []string{"9223372036854775807", "9007199254740993", "-1"} {
			if !strings.Contains(out.String(), digits) {
				t.Errorf("%s without %s: %s", format, digits, out.String())
			}
		}
	}
}

func TestASpreadsheetComputesNothing(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1+1": "'+1+1", "-1+1": "'-1+1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r'=1",
		"+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "-2": "-2", "+49 30 1234.56": "+49 30 1234.56", "=2": "'=2", "@2": "'@2",
		"\n=1": "'\n'=1", "\x00=1": "'\x00=1", "\x7f1": "'\x7f1", "\x1b[2J": "'\x1b[2J", "\u0085=1": "'\u0085=1",
		"  =1+1": "'  =1+1", "\ufeff=1": "'\ufeff=1", "\u200b=1": "'\u200b=1", "\u00a0@x": "'\u00a0@x", "\"=1": "'\"=1",
		"＝1+1": "'＝1+1", "＋1+1": "'＋1+1", "－1+1": "'－1+1", "＠x": "'＠x", "-": "-", "+": "+", "- 1": "- 1", "--1": "'--1", "+1e5": "'+1e5", "-1,5": "'-1,5",
		"x;=1+1": "x;'=1+1", "x; \"=1": "x;' \"=1", "x;-5;y": "x;-5;y", ";": ";", "=1;=2": "'=1;'=2", "x\n=1": "x\n'=1", "x,=1": "x,=1", "ü=1": "ü=1",
		";=1": ";'=1", ";;;-x": ";;;'-x", "  ;@": "  ;'@", "\"\";+x": "\"\";'+x", "x;": "x;",
		"plain": "plain", "a=1": "a=1", "1-1": "1-1", "'=1": "'=1",
	} {
		rows := func(yield func(export.Row, error) bool) {
			yield(export.Row{AccountID: text, AccountName: text, CustomerID: text, CustomerName: text, Usage: usage.Usage{Minutes: -5}}, nil)
		}
		var out, plain bytes.Buffer
		request := export.Request{Names: true}
		if err := export.Write(&out, export.CSV, request, rows, export.Options{Spreadsheet: true}); err != nil {
			t.Fatal(err)
		}
		if err := export.Write(&plain, export.CSV, request, rows, export.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, form := range []struct {
			text *bytes.Buffer
			want string
		}{{&out, want}, {&plain, text}} {
			records, err := csv.NewReader(form.text).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			for i, cell := range records[1][:4] {
				// Go's reader takes CRLF for LF; a CR alone stays.
				if cell != form.want {
					t.Errorf("%q, cell %d is %q, want %q", text, i, cell, form.want)
				}
			}
			if records[1][4] != "-5" {
				t.Errorf("a number is %q", records[1][4])
			}
		}
	}
}

// counting writes nothing and keeps the largest amount that rows were ahead of it.
type counting struct{ bytes int }

func (c *counting) Write(p []byte) (int, error) { c.bytes += len(p); return len(p), nil }

func TestRowsAreWrittenAsTheyCome(t *testing.T) {
	for _, format := range []export.Format{export.CSV, export.JSON, export.NDJSON} {
		out := &counting{}
		produced, most := 0, 0
		rows := func(yield func(export.Row, error) bool) {
			for range 100_000 {
				produced += len("a,,0,0,0\n")
				most = max(most, produced-out.bytes)
				if !yield(export.Row{AccountID: "a"}, nil) {
					return
				}
			}
		}
		if err := export.Write(out, format, export.Request{}, rows, export.Options{}); err != nil {
			t.Fatal(err)
		}
		if most > 128<<10 {
			t.Errorf("%s: %d bytes were waiting", format, most)
		}
	}
}
