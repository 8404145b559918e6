package importer

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

const jsonSession = `{"session_id":"s%d","account_id":"a","customer_id":"c","started_at":"2026-03-01T10:00:00Z","duration_seconds":60}` + "\n"

func TestAColumnThatNoObjectHasIsRefused(t *testing.T) {
	good := fmt.Sprintf(jsonSession, 1)
	nested := `{"session_id":"s","account_id":"a","metadata":{"customer":{"id":"c"}},"started_at":"2026-03-01T10:00:00Z","duration_seconds":60}` + "\n"
	for _, test := range []struct {
		name, content string
		columns       map[string]string
		message       string
	}{
		{"another convention", strings.ReplaceAll(good, "customer_id", "customerId"), nil,
			`has the column "customer_id" in no row; did you mean --map customer_id=customerId? the rows have "session_id", "account_id", "customerId"`},
		{"a slip in --map", strings.ReplaceAll(good, "customer_id", "client"), map[string]string{"customer_id": "cleint"}, "did you mean --map customer_id=client?"},
		{"nested", nested, nil, "did you mean --map customer_id=metadata.customer.id?"},
		{"a slip in a path", nested, map[string]string{"customer_id": "metadata.customr.id"}, "did you mean --map customer_id=metadata.customer.id?"},
		{"nothing like it", strings.ReplaceAll(good, "customer_id", "x"), nil, `in no row; the rows have "session_id", "account_id", "x", "started_at", "duration_seconds" (a column by another name is given as --map customer_id=NAME); --map customer_id= if the file has none`},
		{"needed in every row", strings.ReplaceAll(good, "duration_seconds", "duration"), nil, `has the column "duration_seconds" in no row`},
		{"others are like it", strings.ReplaceAll(good, "account_id", "accountID"), nil, "did you mean --map account_id=accountID?"},
	} {
		for _, strict := range []bool{false, true} {
			options := Options{Columns: test.columns, Strict: strict}
			files := []string{fileOf(t, "x.ndjson", "not JSON\n"+test.content+test.content)}
			if test.columns == nil {
				files = append(files, fileOf(t, "good.ndjson", good))
				slices.Reverse(files)
			}
			whole := loadSessions(t, options, files...)
			mustBe(t, whole.err, test.message)
			l := &loaded[usage.Session]{}
			write := l.into(&options)
			_, err := Sessions(t.Context(), []string{"-"}, strings.NewReader(test.content), write, options)
			mustBe(t, err, test.message)
			if len(whole.rows)+len(l.rows) > 0 {
				t.Errorf("%s: rows were loaded before", test.name)
			}
		}
	}
}

func TestNestedValuesAreReadByTheirPath(t *testing.T) {
	row := `{"session_id":"s","call":{"org":{"id":"a","x":1},"started.at":"2026-03-01T10:00:00Z","len":60},"customer":{"id":"c"},"customer.name":"n"}`
	columns := map[string]string{"account_id": "call.org.id", "started_at": "call.started.at", "duration_seconds": "call.len", "customer_id": "customer.id"}
	got := loadSessions(t, Options{Columns: columns}, fileOf(t, "x.ndjson", row+"\n"+strings.Replace(row, `{"id":"c"}`, "null", 1)))
	want := usage.Session{SessionID: "s", AccountID: "a", CustomerID: "c", StartedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), DurationSeconds: 60}
	if got.err != nil || len(got.rows) != 2 || got.rows[0] != want || got.rows[1].CustomerID != "" {
		t.Errorf("error %v, rows %v, rejects %v", got.err, got.rows, got.rejects)
	}
	if want := []string{"call.org.x", "customer.name"}; !slices.Equal(got.summary.Unused, want) {
		t.Errorf("unused %q, want %q", got.summary.Unused, want)
	}
	got = loadSessions(t, Options{Columns: columns}, fileOf(t, "x.ndjson", row+"\n"+strings.Replace(row, `"customer.name"`, `"customer.id"`, 1)))
	if got.summary.Rejected != 1 || !strings.Contains(got.rejects.String(), `the key ""customer.id"" is repeated`) {
		t.Errorf("rejects %v", got.rejects)
	}
}

func TestUnusedColumnsAreNamedOnce(t *testing.T) {
	csv := "note," + strings.TrimSuffix(sessionHeader, "\n") + ",agent, \nn,s,a,c,2026-03-01T10:00:00Z,1,x,\n"
	json := strings.Replace(fmt.Sprintf(jsonSession, 1), "{", `{"agent":"x","tags":{"a":1},`, 1)
	got := loadSessions(t, Options{}, fileOf(t, "x.csv", csv), fileOf(t, "y.csv", csv), fileOf(t, "x.ndjson", json+json))
	if want := []string{"note", "agent", "number 8", "tags"}; got.err != nil || !slices.Equal(got.summary.Unused, want) {
		t.Errorf("error %v, unused %q, want %q", got.err, got.summary.Unused, want)
	}
	got = loadSessions(t, Options{}, fileOf(t, "rejects.csv", "file,line,reason,"+strings.TrimSuffix(sessionHeader, "\n")+",raw\n"))
	if len(got.summary.Unused) > 0 {
		t.Errorf("of a file of rejected rows: %q", got.summary.Unused)
	}
}

// What could not be used is refused again until it is corrected, although the file
// of rejected rows is CSV, in which true is a text like any other.
func TestRejectsOfObjectsAreFilled(t *testing.T) {
	valid := strings.TrimSpace(fmt.Sprintf(jsonSession, 1))
	for _, test := range []struct{ from, to, reason, correct, by string }{
		{`"customer_id":"c"`, `"customer_id":{"id":"c"}`, "neither a string nor a number", `" {""id"":""c""}"`, "c"},
		{`"customer_id":"c"`, `"customer_id":1.5`, "not a whole number", `" 1.5"`, "c"},
		{`"customer_id":"c"`, `"customer_id":"c","customer_id":"d"`, "repeated", `" c d"`, "c"},
		{`"customer_id":"c"`, `"customer_id":"c\ud800"`, "half of a surrogate pair", `" ""c\ud800"""`, "c"},
		{`"customer_id":"c"`, `"customer_id":"c\u0020` + "\xff" + `"`, "not valid UTF-8", `" ""c\u0020` + "\xff" + `"""`, "c"},
		{`"s1"`, `true`, "neither a string", `" true"`, "s1"},
		{`:60`, `:[60]`, "neither a string", `" [60]"`, "60"},
		{`:60`, `:-60`, "negative", `-60`, "60"},
		{`"2026-03-01T10:00:00Z"`, `false`, "neither a string", `" false"`, "2026-03-01T10:00:00Z"},
	} {
		content := strings.Replace(valid, test.from, test.to, 1)
		got := loadSessions(t, Options{}, fileOf(t, "x.ndjson", content))
		if got.err != nil || len(got.rows) > 0 || !strings.Contains(got.rejects.String(), test.reason) {
			t.Errorf("%s: error %v, rows %v, rejects %v", test.to, got.err, got.rows, got.rejects)
			continue
		}
		asItStands := loadSessions(t, Options{}, fileOf(t, "x.csv", got.rejects.String()))
		if asItStands.err != nil || len(asItStands.rows) > 0 || asItStands.summary.Rejected != 1 {
			t.Errorf("%s: as it stands: error %v, rows %v", test.to, asItStands.err, asItStands.rows)
		}
		corrected := strings.Replace(got.rejects.String(), ","+test.correct+",", ","+test.by+",", 1)
		again := loadSessions(t, Options{}, fileOf(t, "x.csv", corrected))
		want := loadSessions(t, Options{}, fileOf(t, "x.ndjson", valid)).rows
		if again.err != nil || !slices.Equal(again.rows, want) {
			t.Errorf("%s: corrected to\n%s: error %v, rows %v, want %v", test.to, corrected, again.err, again.rows, want)
		}
	}
}

// Any text is a good name, so a name that could not be used is not filled in.
func TestNamesThatCannotBeUsedAreNotFilledIn(t *testing.T) {
	l := &loaded[usage.Account]{}
	options := Options{}
	write := l.into(&options)
	_, err := Accounts(t.Context(), []string{fileOf(t, "x.ndjson", `{"account_id":"a","name":["Acme"]}`)}, nil, write, options)
	if err != nil || l.rejects == nil {
		t.Fatalf("error %v, rows %v", err, l.rows)
	}
	again := fileOf(t, "x.csv", l.rejects.String())
	summary, err := Accounts(t.Context(), []string{again}, nil, write, options)
	if err != nil || summary.Rejected != 1 {
		t.Errorf("error %v, summary %+v, rows %v", err, summary, l.rows)
	}
}

// The file of rejected rows means the same without the options of the import.
func TestRejectsMeanTheSameWithoutOptions(t *testing.T) {
	berlin, err := usage.LoadZone("timeZone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	got := loadSessions(t, Options{Zone: berlin}, fileOf(t, "x.csv", sessionHeader+"s1,a,c,2026-07-01 12:00:00.5,-1\n"))
	again := loadSessions(t, Options{}, fileOf(t, "y.csv", strings.Replace(got.rejects.String(), ",-1,", ",1,", 1)))
	if want := time.Date(2026, 7, 1, 10, 0, 0, 5e8, time.UTC); len(again.rows) != 1 || again.rows[0].StartedAt != want {
		t.Errorf("rows %v, rejects %v", again.rows, got.rejects)
	}
}

func TestWhatIsBeyondALimitIsRejected(t *testing.T) {
	limits := Limits{
		MaxDuration: 24 * time.Hour, Earliest: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		Latest: time.Date(2026, 3, 2, 12, 0, 0, 5e8, time.UTC),
	}
	for _, test := range []struct{ start, duration, reason string }{
		{"2026-03-01T10:00:00Z", "86400", ""},
		{"2026-03-01T10:00:00Z", "86401", "duration_seconds is 86401, longer than 24h; --max-duration lets it in, --map duration_seconds=NAME:ms reads milliseconds"},
		{"2000-01-01T00:00:00Z", "1", ""},
		{"1999-12-31T23:59:59.999Z", "1", "started_at is 1999-12-31T23:59:59.999Z, before 2000-01-01; --earliest lets it in"},
		{"2026-03-02T12:00:00.500Z", "1", ""},
		{"2026-03-02T12:00:00.501Z", "1", "started_at is 2026-03-02T12:00:00.501Z, too far ahead of the database's clock; --max-future lets it in"},
	} {
		file := fileOf(t, "x.csv", sessionHeader+"s1,a,c,"+test.start+","+test.duration+"\n")
		got := loadSessions(t, Options{Limits: limits}, file)
		reason := ""
		if got.rejects != nil {
			records, _ := csv.NewReader(&got.rejects.Buffer).ReadAll()
			reason = records[1][2]
		}
		if got.err != nil || reason != test.reason {
			t.Errorf("%s, %s s: error %v, reason %q, want %q", test.start, test.duration, got.err, reason, test.reason)
		}
		if strict := loadSessions(t, Options{Limits: limits, Strict: true}, file); (strict.err == nil) != (test.reason == "") {
			t.Errorf("strict: error %v", strict.err)
		}
		if free := loadSessions(t, Options{}, file); free.err != nil || len(free.rows) != 1 {
			t.Errorf("without limits: error %v, rejects %v", free.err, free.rejects)
		}
	}
}

func TestReasonsAreCountedWhateverTheirValues(t *testing.T) {
	var content strings.Builder
	for n := range 50 {
		fmt.Fprintf(&content, "s%d,a,c,2026-03-01T10:00:00Z,\"%d \"\"min\"\"\"\n", n, n)
		fmt.Fprintf(&content, "s%d,a,c,2026-03-01T10:00:00Z,%d\n", n, 100_000+n)
	}
	content.WriteString("x,a,c,yesterday,1\n")
	got := loadSessions(t, Options{Limits: Limits{MaxDuration: time.Hour}}, fileOf(t, "x.csv", sessionHeader+content.String()))
	if len(got.summary.Reasons) != 3 {
		t.Fatalf("reasons %+v", got.summary.Reasons)
	}
	first, last := got.summary.Reasons[0], got.summary.Reasons[2]
	if first.Count != 50 || first.Line != 2 || !strings.HasSuffix(first.File, "x.csv") || !strings.Contains(first.Problem, `"0 \"min\""`) || last.Count != 1 {
		t.Errorf("reasons %+v", got.summary.Reasons)
	}
}

// storedSessions is a database for tests, which keeps sessions by their ids.
type storedSessions map[string]usage.Session

func (s storedSessions) options(strict bool) Options {
	return Options{
		BatchSize: 3, Strict: strict, NoMoves: true,
		Stored: func(_ context.Context, batch []usage.Session) (found []usage.Session, _ error) {
			for _, session := range batch {
				if known, ok := s[session.SessionID]; ok {
					found = append(found, known)
				}
			}
			return found, nil
		},
		StartedWith: func(_ context.Context, batch []usage.Session) (found []usage.Session, _ error) {
			for _, known := range s {
				if slices.ContainsFunc(batch, func(b usage.Session) bool { return b.StartedAt.Equal(known.StartedAt) }) {
					found = append(found, known)
				}
			}
			return found, nil
		},
	}
}

func (s storedSessions) load(t *testing.T, options Options, content string) *loaded[usage.Session] {
	t.Helper()
	l := &loaded[usage.Session]{}
	l.into(&options)
	l.summary, l.err = Sessions(t.Context(), []string{fileOf(t, "x.csv", sessionHeader+content)}, nil,
		func(_ context.Context, batch []usage.Session) (Counts, error) {
			for _, session := range batch {
				s[session.SessionID] = session
			}
			l.rows = append(l.rows, batch...)
			return Counts{Updated: int64(len(batch)), Moved: 1}, nil
		}, options)
	return l
}

const stays = "s1,a,c,2026-03-01T10:00:00Z,99\nnew,b,,2026-03-01T10:00:00Z,60\n"

func storedOne() storedSessions {
	return storedSessions{"s1": {SessionID: "s1", AccountID: "a", CustomerID: "c ", StartedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), DurationSeconds: 60}}
}

func TestSessionsDoNotMoveWhereTheyMust(t *testing.T) {
	for _, test := range []struct {
		name, content string
		rejected      []string
	}{
		{"none", stays, nil},
		{"to another account", stays + "s1,b,c,2026-03-01T10:00:00Z,60\n", []string{"4"}},
		{"to no customer", "s1,a,,2026-03-01T10:00:00Z,60\n" + stays, []string{"2"}},
		{"within a batch", "t,a,c,2026-03-01T10:00:00Z,1\nt,a,d,2026-03-01T10:00:00Z,1\nt,a,c,2026-03-01T10:00:00Z,2\n", []string{"3"}},
		{"between batches", "t,a,c,2026-03-01T10:00:00Z,1\n" + stays + stays + "t,b,c,2026-03-01T10:00:00Z,1\n", []string{"7"}},
		{"all of a batch", strings.Repeat("s1,x,,2026-03-01T10:00:00Z,60\n", 3) + stays, []string{"2", "3", "4"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := storedOne()
			got := table.load(t, table.options(false), test.content)
			if got.err != nil || got.summary.Rejected != int64(len(test.rejected)) ||
				got.summary.Read != int64(len(got.rows)+len(test.rejected)) || got.summary.Read != int64(strings.Count(test.content, "\n")) {
				t.Errorf("error %v, summary %+v", got.err, got.summary)
			}
			for i, line := range linesOf(t, got.rejects) {
				if line != test.rejected[i] {
					t.Errorf("line %s is rejected, want %v: %s", line, test.rejected, got.rejects)
				}
			}
			table = storedOne()
			strict := table.load(t, table.options(true), test.content)
			if (strict.err == nil) != (test.rejected == nil) || strict.err != nil && len(strict.rows) > 0 {
				t.Errorf("strict: error %v, %d rows", strict.err, len(strict.rows))
			}
			if strict.err != nil {
				mustBe(t, strict.err, fmt.Sprintf("line %s: the session ", test.rejected[0]))
				mustBe(t, strict.err, "nothing was loaded")
			}
		})
	}
	table := storedOne()
	options := table.options(true)
	options.NoMoves = false
	if got := table.load(t, options, "s1,b,,2026-03-01T10:00:00Z,60\ns1,c,,2026-03-01T10:00:00Z,60\n"); got.err != nil || got.summary.Moved != 1 {
		t.Errorf("let move: error %v, summary %+v", got.err, got.summary)
	}
}

// linesOf returns the line numbers in a file of rejected rows or duplicates.
func linesOf(t *testing.T, file *buffer) (lines []string) {
	t.Helper()
	if file == nil {
		return nil
	}
	records, err := csv.NewReader(bytes.NewReader(file.Bytes())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		lines = append(lines, record[1])
	}
	return lines
}

func TestLikelyDuplicatesAreListedAndStored(t *testing.T) {
	content := stays + // s1 is longer than the stored one, new is of another account
		"s2,a,c,2026-03-01T10:00:00Z,99\n" + // as s1 in its batch
		"s3,a,c,2026-03-01T10:00:00Z,99\n" + // as s1 in the batch before
		"s4,a,c,2026-03-01T11:00:00+01:00,99\n" + // the same instant
		"s5,a,d,2026-03-01T10:00:00Z,99\ns6,a,c,2026-03-01T10:00:00.001Z,99\ns7,a,c,2026-03-01T10:00:00Z,98\n" + // like none
		"s5,a,d,2026-03-01T10:00:00Z,99\n" // itself
	table := storedOne()
	options := table.options(false)
	listed := &buffer{}
	options.Writers, options.NoMoves = 4, false
	options.Duplicates = func() (io.WriteCloser, error) { return listed, nil }
	got := table.load(t, options, content)
	if lines := linesOf(t, listed); got.err != nil || fmt.Sprint(lines) != "[4 5 6]" || got.summary.Duplicates != 3 || len(got.rows) != 9 {
		t.Errorf("error %v, summary %+v, listed\n%s", got.err, got.summary, listed)
	}
	if !strings.HasPrefix(listed.String(), "file,line,like,"+sessionHeader) || !strings.Contains(listed.String(), "x.csv,4,s1,s2,a,c,2026-03-01T10:00:00Z,99\n") || !listed.closed {
		t.Errorf("listed\n%s", listed)
	}
	*listed = buffer{}
	got = table.load(t, options, content)
	if lines := linesOf(t, listed); fmt.Sprint(lines) != "[2 4 5 6]" {
		t.Errorf("again: error %v, summary %+v, listed\n%s", got.err, got.summary, listed)
	}
}
