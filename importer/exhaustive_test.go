//go:build !race

package importer

// What tries many cases and only computes takes ten times as long with the race detector.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"aiusage/usage"
)

// One object that has a column is enough, wherever it is, and a stream is read
// from its beginning afterwards.
func TestAColumnMayBeInFewObjects(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var content strings.Builder
	const rows = 60_000 // more than a tape has in memory
	for n := range rows {
		line := fmt.Sprintf(jsonSession, n)
		if n < rows-1 {
			line = strings.Replace(line, `"customer_id":"c",`, "", 1)
		}
		content.WriteString(line)
	}
	if content.Len() < tapeMemory+maxLine {
		t.Fatal("too little")
	}
	text := content.String() + content.String()
	for _, file := range []string{"-", fileOf(t, "x.ndjson", text)} {
		l := &loaded[usage.Session]{}
		options := Options{}
		write := l.into(&options)
		summary, err := Sessions(t.Context(), []string{file}, strings.NewReader(text), write, options)
		if err != nil || summary.Read != 2*rows || l.rows[0].SessionID != "s0" || l.rows[rows].SessionID != "s0" || l.rows[rows-1].CustomerID != "c" {
			t.Errorf("%s: error %v, summary %+v", file, err, summary)
		}
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestAValueOfADocumentIsBounded(t *testing.T) {
	endless := &repeated{prefix: []byte(`[{"session_id":"`)}
	reader, err := newJSONRows(newLines(endless), "", sessionColumns(t), &names{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = reader.next()
	mustBe(t, err, "a value is longer than 64 MiB")
}

// However a document is written, its rows are those that encoding/json finds, each
// on the line that it begins on.
func TestDocumentsAreReadAsWritten(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		sessions := rapid.SliceOfN(rapid.Custom(anySession), 1, 20).Draw(rt, "sessions")
		document := "[" + strings.ReplaceAll(strings.TrimSpace(jsonText(sessions)), "\n", ",") + "]"
		if rapid.Bool().Draw(rt, "indented") {
			var indented bytes.Buffer
			_ = json.Indent(&indented, []byte(document), "", "\t")
			document = indented.String()
		}
		got := loadSessions(t, Options{BatchSize: 7}, fileIn(t, dir, fmt.Sprint(n, ".json"), document))
		if got.err != nil || !slices.EqualFunc(got.rows, sessions, func(a, b usage.Session) bool { return a == b }) {
			rt.Fatalf("error %v, rejects %v\n%s\ngives %v", got.err, got.rejects, document, got.rows)
		}
	})
	var text strings.Builder
	text.WriteString("[")
	for range 20_000 {
		text.WriteString("\n\n{\n}\n,{ }")
		text.WriteString(",")
	}
	text.WriteString(strings.Replace(strings.TrimSpace(fmt.Sprintf(jsonSession, 1)), "60}", "-1}]", 1))
	got := loadSessions(t, Options{}, fileOf(t, "x.json", text.String()))
	lines := linesOf(t, got.rejects)
	if got.err != nil || len(lines) != 40_001 {
		t.Fatalf("error %v, %d lines", got.err, len(lines))
	}
	for i, line := range lines[:40_000] {
		if want := fmt.Sprint(i/2*4 + 3 + i%2*2); line != want {
			t.Fatalf("row %d is on line %s, want %s", i, line, want)
		}
	}
}

// Wherever an object is damaged, it is found out although the rest of it is known.
func TestDamageIsFoundInKnownObjects(t *testing.T) {
	good := objectsForLayouts[0]
	lines := []string{good}
	for at := range len(good) {
		for _, damage := range []string{"", `"`, `\`, "{", "}", "[", "]", ",", ":", " ", "\n", "0", "-", ".", "e", "n", "\x1f", "\x00", "\x7f", "\xff", "é", "\ufeff", `\u12`, `\"`, "null", "true", "12"} {
			inserted, replaced := good[:at]+damage+good[at:], good[:at]+damage+good[at+1:]
			lines = append(lines, inserted, good, replaced)
			mustBeAlike(t, JSON, "", "["+good+","+inserted+",\n"+good+","+replaced+","+good+"]")
		}
	}
	mustBeAlike(t, NDJSON, "", strings.Join(lines, "\n"))
}

// Rows are known, and on their lines, wherever the buffer of the text ends.
func TestKnownRowsOfALongDocument(t *testing.T) {
	const count, bad = 30_000, 1000
	var text strings.Builder
	text.WriteString("[")
	for n := range count {
		if n > 0 {
			text.WriteString(strings.Repeat("\n", n%3) + ",\n")
		}
		fmt.Fprintf(&text, `{"session_id":"s%d","account_id":"a","customer_id":"%s","started_at":"2026-03-01T10:00:00Z",`+"\n"+`"duration_seconds":%d}`,
			n, strings.Repeat("c", n%60), 1-2*(n%bad/(bad-1)))
	}
	text.WriteString("]")
	want := 1
	for _, compressed := range []bool{false, true} {
		content := text.String()
		if want = 1; compressed {
			content = gzipped(content)
		}
		got := loadSessions(t, Options{}, fileOf(t, "x.json", content))
		if got.err != nil || len(got.rows) != count-count/bad {
			t.Fatalf("error %v, %d rows", got.err, len(got.rows))
		}
		lines := linesOf(t, got.rejects)
		for n := range count {
			if n > 0 {
				want += 2 + n%3
			}
			if n%bad == bad-1 && lines[n/bad] != fmt.Sprint(want) {
				t.Fatalf("row %d is on line %s, want %d", n, lines[n/bad], want)
			}
		}
	}
}
