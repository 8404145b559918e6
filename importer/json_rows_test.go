package importer

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"aiusage/usage"
)

func TestRowsOfJSONDocuments(t *testing.T) {
	one, two := strings.TrimSpace(fmt.Sprintf(jsonSession, 1)), strings.TrimSpace(fmt.Sprintf(jsonSession, 2))
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte("["+one+","+two+"]"), "", "  "); err != nil {
		t.Fatal(err)
	}
	objects := strings.NewReplacer("[\n", "", "\n]", "", "  },", "  }").Replace(pretty.String())
	page := func(rows string) string {
		return `{"has_more":true,"data":{"total":2,"calls":[` + rows + `]},"next":null}`
	}
	for _, test := range []struct{ name, file, rows, content string }{
		{"array", "x.json", "", "[" + one + "," + two + "]"},
		{"array by another name", "x", "", " \n[\n" + one + ",\n" + two + "\n]\n"},
		{"indented", "x.json", "", pretty.String()},
		{"indented objects", "x.json", "", objects},
		{"arrays", "x.json", "", "[" + one + "]\n[]\n[" + two + "]"},
		{"arrays and objects", "x.json", "", "[" + one + "]" + two},
		{"a page", "x.json", "data.calls", page(one + "," + two)},
		{"pages", "x.ndjson", "data.calls", page(one) + "\n" + page("") + "\n" + page(two) + "\n"},
		{"in UTF-16", "x.json", "data.calls", inUTF16(page(one+","+two), binary.BigEndian)},
		{"compressed", "x.json.zst", "data.calls", zstdOf(page(one + "," + two))},
		{"NDJSON called so", "x.json", "", one + "\n" + two},
	} {
		for _, file := range []string{fileOf(t, test.file, test.content), "-"} {
			l := &loaded[usage.Session]{}
			options := Options{Rows: test.rows}
			write := l.into(&options)
			summary, err := Sessions(t.Context(), []string{file}, strings.NewReader(test.content), write, options)
			if err != nil || len(l.rows) != 2 || l.rows[0].SessionID != "s1" || l.rows[1].SessionID != "s2" {
				t.Errorf("%s, %s: error %v, rows %v, rejects %v", test.name, file, err, l.rows, l.rejects)
			}
			if want := []string{"has_more", "total", "next"}; test.rows != "" && !slices.Equal(slices.Sorted(slices.Values(summary.Unused)), slices.Sorted(slices.Values(want))) {
				t.Errorf("%s: unused %q", test.name, summary.Unused)
			}
		}
	}
	for _, content := range []string{"[]", "", " \n", `{"data":{"calls":[]}}`} {
		got := loadSessions(t, Options{Format: JSON, Rows: map[bool]string{true: "data.calls"}[strings.Contains(content, "data")]}, fileOf(t, "x", content))
		if got.err != nil || got.summary.Read != 0 {
			t.Errorf("%q: error %v, summary %+v", content, got.err, got.summary)
		}
	}
}

func TestJSONDocumentsThatDoNotFit(t *testing.T) {
	one := strings.TrimSpace(fmt.Sprintf(jsonSession, 1))
	for _, test := range []struct {
		rows, content, message string
		loaded                 int
	}{
		{"", `{"calls":[` + one + `],"next":1}`, `"started_at" and "duration_seconds" in no row; are the rows in "calls" (--rows calls)?`, 0},
		{"", `{"data":{"items":[` + one + `]}}`, `are the rows in "data.items" (--rows data.items)?`, 0},
		{"calls", `{"data":[` + one + `],"next":1}`, `cannot be read: there is an object without "calls", in which the rows should be (--rows calls); it has "data", "next"`, 0},
		{"data", `{"data":{"calls":[]}}`, `there is something other than an array at "data"`, 0},
		{"data.calls", `{"data":[]}`, "there is something other than an object on the way", 0},
		{"calls", "[" + one + "]", "there is something other than an object on the way", 0},
		{"calls", sessionsText(1), "is CSV, not JSON", 0},
		{"calls", `{"calls":[` + one + `],"calls":[` + one + `]}`, `the key "calls" is repeated`, 1},
		{"", "[" + one, "cannot be read beyond line 1: the JSON ends too early; the file is not complete", 1},
		{"", "[" + one + ",\n\n" + one[:50], "cannot be read beyond line 3: the JSON ends too early", 1},
		{"", "[" + one + ",\nnonsense]", "cannot be read beyond line 1: the JSON is not valid", 1},
		{"calls", `{"calls":[` + one + "]", "the JSON ends too early", 1},
		{"calls", `{"calls":[` + one + `],"next":`, "the JSON ends too early", 1},
		{"calls", `{"calls":`, "the JSON ends too early", 0},
		{"calls", `{"calls"`, "the JSON ends too early", 0},
		{"calls", `{`, "the JSON ends too early", 0},
		{"", "[" + one + "]]", "the JSON is not valid", 1},
	} {
		got := loadSessions(t, Options{Rows: test.rows}, fileOf(t, "x", test.content))
		mustBe(t, got.err, test.message)
		if len(got.rows) != test.loaded {
			t.Errorf("%s: %d rows were loaded, want %d", test.content, len(got.rows), test.loaded)
		}
	}
	got := loadSessions(t, Options{}, fileOf(t, "x.json.gz", gzipped("[" + strings.Repeat(one+",\n", 5000) + one + "]")[:400]))
	mustBe(t, got.err, "the gzip data ends too early")
}

func TestBadRowsOfJSONDocumentsAreRejected(t *testing.T) {
	one := strings.TrimSpace(fmt.Sprintf(jsonSession, 1))
	content := "[\n" + one + ",\n7,\n[\n" + one + "\n],\n\n{\n\"session_id\":\"s3\",\n\"account_id\":\"a\"},\n" + strings.Replace(one, `"a"`, "\"\xff\"", 1) + "]"
	got := loadSessions(t, Options{}, fileOf(t, "x.json", content))
	if lines := linesOf(t, got.rejects); got.err != nil || len(got.rows) != 1 || fmt.Sprint(lines) != "[3 4 8 11]" {
		t.Errorf("error %v, rows %v, rejects %v", got.err, got.rows, got.rejects)
	}
	if again := loadSessions(t, Options{}, fileOf(t, "x.csv", got.rejects.String())); again.summary.Rejected != 4 {
		t.Errorf("as they stand: %v", again.rows)
	}
}

// repeated is a prefix and then a text without end.
type repeated struct{ prefix []byte }

func (r *repeated) Read(p []byte) (int, error) {
	if n := copy(p, r.prefix); n > 0 {
		r.prefix = r.prefix[n:]
		return n, nil
	}
	return copy(p, bytes.Repeat([]byte("x"), len(p))), nil
}

func sessionColumns(t *testing.T) []namedColumn {
	t.Helper()
	columns, err := nameColumns(sessionTable.columns, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return columns
}
