package importer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// columnsOfObjects has names with and without paths.
func columnsOfObjects(t testing.TB) []namedColumn {
	t.Helper()
	columns, err := nameColumns(sessionTable.columns, map[string]string{"account_id": "m.a", "customer_id": "m.c.id"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return columns
}

// readAll reads a text with or without layouts, and tells all that is known of its rows.
func readAll(t testing.TB, format Format, path, text string, known bool) string {
	t.Helper()
	var unused names
	lines := &lines{reader: bufio.NewReaderSize(strings.NewReader(text), 64<<10+len(text))}
	var reader rowReader
	var err error
	if format == NDJSON {
		objects := newNDJSON(lines, columnsOfObjects(t), &unused)
		if reader = objects; !known {
			objects.layouts.room = 0
		}
	} else {
		var rows *jsonRows
		if rows, err = newJSONRows(lines, path, columnsOfObjects(t), &unused); err == nil && !known {
			rows.layouts.room = 0
		}
		reader = rows
	}
	var told strings.Builder
	for err == nil {
		var r row
		if r, err = reader.next(); err == nil {
			fmt.Fprintf(&told, "%d+%d %q %q %q\n", r.line, r.lines, r.problem, r.values, r.text)
			_ = r.copyRest(io.Discard)
		} else {
			fmt.Fprintf(&told, "to line %d: ", reader.line())
		}
	}
	fmt.Fprintf(&told, "%v, unused %q", err, unused.order)
	return told.String()
}

// mustBeAlike fails unless a text is read alike with and without layouts.
func mustBeAlike(t testing.TB, format Format, path, text string) {
	t.Helper()
	got, want := readAll(t, format, path, text, true), readAll(t, format, path, text, false)
	if got != want {
		t.Fatalf("%q is read as\n%s\nand token by token as\n%s", text, got, want)
	}
}

// objectsForLayouts are objects of many kinds, for others to be like.
var objectsForLayouts = []string{
	`{"session_id":"s1","m":{"a":"acme","c":{"id":"c1"}},"started_at":"2026-03-01T10:00:00Z","duration_seconds":60}`,
	`{"session_id":"s2","m":{"a":"acme"},"started_at":"2026-03-01T10:00:00Z","duration_seconds":60.5}`,
	` {"x":[1,{"session_id":"no"},true], "session_id":7 ,"m":null,"y":-1.5e+3}	`,
	`{"m":{"a":null,"b":[],"c":"flat"},"session_id":["s"],"duration_seconds":{}}`,
	`{"session_id":"s","session_id":"twice","caf\u00e9":"\ud83d\ude00\n","ä":"ö"}`,
	`{"":"","m":7,"n":{"m":{"a":1}}}`,
	`{"session_id":"ein sehr langer Wert mit ü","m":{"a":"acme","a":"twice"},"note":"` + "\xff" + `"}`,
	"{\"\xff\":1,\"session_id\":\"s\",\"duration_seconds\":-0}",
	`{}`,
	`[1]`,
	`7`,
}

// FuzzKnownObjects holds that lines of objects are read alike whether how they are
// written is known or not.
func FuzzKnownObjects(f *testing.F) {
	for _, object := range objectsForLayouts {
		f.Add(objectsForLayouts[0]+"\n"+object+"\n"+object, "")
		f.Add(object+"\r\n"+object+" \n\n"+strings.ReplaceAll(object, `"s`, "\"\xff"), "")
	}
	f.Fuzz(func(t *testing.T, text, more string) {
		mustBeAlike(t, NDJSON, "", text+more+"\n"+text)
	})
}

// FuzzKnownRows holds the same of documents.
func FuzzKnownRows(f *testing.F) {
	for _, object := range objectsForLayouts {
		f.Add("["+objectsForLayouts[0]+","+object+"\n,"+object+"]", "")
		f.Add(`{"n":1,"rows":{"list":[`+object+","+object+",\n"+object+`],"list2":[]},"m":[]}{"rows":{"list":[]}}`, "rows.list")
		f.Add("["+object+"]"+object+object, "")
		f.Add("["+object+","+object+"],"+object, "")
		f.Add(`{"rows":[`+object+","+object+`],`+object+"}", "rows")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		mustBeAlike(t, JSON, path, text)
	})
}

// Objects that are written in any of several ways have the values that they were
// written with.
func TestObjectsAreReadHoweverTheyAreWritten(t *testing.T) {
	space := rapid.SampledFrom([]string{"", "", " ", "  ", "\t"})
	text := rapid.Custom(func(t *rapid.T) string {
		quoted, _ := json.Marshal(anyID(0).Draw(t, "text"))
		return string(quoted)
	})
	value := rapid.OneOf(text, text, rapid.SampledFrom([]string{"0", "-7", "12.50", "1e3", "null", "true", "[]", "{}", `[1,"x"]`, `{"a":{"id":"x"}}`, `"\ud800"`}))
	object := rapid.Custom(func(t *rapid.T) string {
		before, after := space.Draw(t, "before"), space.Draw(t, "after")
		write := func(members map[string]string, keys []string) string {
			var all []string
			for _, key := range keys {
				all = append(all, fmt.Sprintf("%s%q%s:%s%s%s", before, key, after, before, members[key], after))
			}
			return "{" + strings.Join(all, ",") + "}"
		}
		draw := func(names []string) string {
			keys := rapid.Permutation(names).Draw(t, "keys")[:rapid.IntRange(0, len(names)).Draw(t, "count")]
			members := map[string]string{}
			for _, key := range keys {
				members[key] = value.Draw(t, key)
			}
			return write(members, keys)
		}
		names := []string{"session_id", "m", "x", "duration_seconds"}
		keys := rapid.Permutation(names).Draw(t, "keys")
		return write(map[string]string{"session_id": value.Draw(t, "id"), "m": draw([]string{"a", "b"}), "x": value.Draw(t, "x"), "duration_seconds": value.Draw(t, "seconds")}, keys)
	})
	rapid.Check(t, func(rt *rapid.T) {
		kinds := rapid.SliceOfN(object, 1, 4).Draw(rt, "kinds")
		var all []string
		for range rapid.IntRange(1, 12).Draw(rt, "rows") {
			// The same ways again, with other values in most places.
			kind := []byte(rapid.SampledFrom(kinds).Draw(rt, "kind"))
			for range rapid.IntRange(0, 3).Draw(rt, "changes") {
				at := rapid.IntRange(0, len(kind)-1).Draw(rt, "at")
				if c := kind[at]; c >= '0' && c <= '9' || c >= 'a' && c <= 'z' {
					kind[at] = rapid.SampledFrom([]byte("0az9")).Draw(rt, "to")
				}
			}
			all = append(all, string(kind))
		}
		mustBeAlike(t, NDJSON, "", strings.Join(all, "\n"))
		mustBeAlike(t, JSON, "", "["+strings.Join(all, ",\n")+"]")
		mustBeAlike(t, JSON, "r", `{"r":[`+strings.Join(all, ",")+`],"m":0}`)
		mustBeWhatJSONSays(t, all)
	})
}

// mustBeWhatJSONSays compares the ids of lines with what encoding/json finds.
func mustBeWhatJSONSays(t *testing.T, all []string) {
	t.Helper()
	reader := newNDJSON(newLines(strings.NewReader(strings.Join(all, "\n"))), columnsOfObjects(t), &names{})
	for _, line := range all {
		r, err := reader.next()
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			ID any `json:"session_id"`
			M  struct{ A any }
		}
		if json.Unmarshal([]byte(line), &want) != nil {
			continue // is no JSON any more, or has something else for m
		}
		if id, isText := want.ID.(string); isText && r.problem == "" && r.values[0] != id {
			t.Fatalf("%s has the session %q, was read as %q", line, id, r.values[0])
		}
		if account, isText := want.M.A.(string); isText && r.problem == "" && r.values[1] != account {
			t.Fatalf("%s has the account %q, was read as %q", line, account, r.values[1])
		}
	}
}

// Objects like those before are read without the tokenizer, also where programs leave
// some members out.
func TestMostObjectsAreKnown(t *testing.T) {
	like := func(object string) string {
		return strings.NewReplacer(`"s1"`, `"another \"é\" \u00e9"`, ":60.5", ":-1.5e3", ":60", ":-1.5e3", `"c1"`, "null", `"s2"`, "7").Replace(object)
	}
	all := objectsForLayouts[:2]
	text := strings.Join(all, "\n") + "\n"
	for range 10 {
		text += like(all[1]) + "\n" + like(all[0]) + "\n"
	}
	lines := newNDJSON(newLines(strings.NewReader(text)), columnsOfObjects(t), &names{})
	for at := range 22 {
		if at == len(all) {
			lines.decoder = nil
		}
		if r, err := lines.next(); err != nil || r.problem != "" || at >= 2 && r.values[4] != "-1.5e3" {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	rows, err := newJSONRows(newLines(strings.NewReader(`{"a":{"r":[`+strings.ReplaceAll(strings.TrimSpace(text), "\n", " ,\n ")+"]}}")), "a.r", columnsOfObjects(t), &names{})
	for at := range 22 {
		if _, failed := rows.next(); err != nil || failed != nil || at >= 2 && rows.passed == 0 {
			t.Fatalf("%v, %v, row %d was read by the tokenizer: %v", err, failed, at, rows.passed == 0)
		}
	}
}

// A file whose objects are all different does not fill the memory.
func TestLayoutsAreBounded(t *testing.T) {
	o := newObjects(columnsOfObjects(t), &names{})
	for n := range 5000 {
		o.learn(fmt.Appendf(nil, `{"session_id":"s%d","k%d":{"l%d":[%d]}}`, n, n%20, n, n))
		o.learn(fmt.Appendf(nil, `{"%s":%d}`, strings.Repeat("k", n), n))
	}
	var size func(all []*layout) int
	size = func(all []*layout) (sum int) {
		if len(all) > maxBranches {
			t.Fatalf("%d texts may follow", len(all))
		}
		for _, one := range all {
			sum += len(one.text) + layoutCost + size(one.next)
		}
		return sum
	}
	if kept := size(o.layouts.beginnings); kept == 0 || kept > layoutRoom {
		t.Errorf("%d bytes are kept", kept)
	}
}

// Any two bytes next to each other are found wherever they are in the eight that are
// looked at at a time.
func TestWhatStandsForItselfIsFoundAtAnyPlace(t *testing.T) {
	text := []byte(strings.Repeat("a", 24))
	for at := range 10 {
		for first := range 256 {
			for second := range 256 {
				text[at], text[at+1] = byte(first), byte(second)
				want, ascii := len(text), true
				for i := at + 1; i >= at; i-- {
					if c := text[i]; c < ' ' || c == '"' || c == '\\' {
						want, ascii = i, true
					} else if c >= utf8.RuneSelf {
						ascii = false
					}
				}
				if got, gotASCII := plainLength(text); got != want || gotASCII != ascii {
					t.Fatalf("of %q, %d bytes stand for themselves and are ASCII: %v; want %d, %v", text, got, gotASCII, want, ascii)
				}
			}
		}
		text[at], text[at+1] = 'a', 'a'
	}
}

// FuzzScalar holds that what is taken for a value is one, and that all are.
func FuzzScalar(f *testing.F) {
	for _, seed := range []string{
		`""`, `"a"`, `"a\"b\\"`, `"\u00e9\uD83d\ude00"`, `"\ud800"`, `"\u00g0"`, `"\u00`, `"\x"`, `"\`, `"a`, "\"\x1f\"", "\"\x7f\xff\"", `"`,
		"0", "-0", "01", "-", "-a", "1.", "1.5", ".5", "1e", "1e+", "1E-07", "1.5e3", "1e5x", "12 ", "+1", "0x1",
		`"1234567"`, `"12345678"`, `"1234567\n"`, `"12345678\n"`, `"1234567é"`, `"12345678\n`, "\"1234567\xff\"", "\"123456\x1f8\"", `"äöüäöüäö"`, `"12345678901234567`,
		"true", "tru", "false", "fals", "null", "nul", "nullx", "{}", "[]", "", " 1", ",",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scalar := newScalarAt([]byte(text))
		length := scalar.length
		if scalar.plain {
			var want string
			if err := json.Unmarshal([]byte(strings.ToValidUTF8(text[:length], "?")), &want); err != nil || strings.ToValidUTF8(text[1:length-1], "?") != want {
				t.Fatalf("%q is taken for what it stands for, which is %q (%v)", text[1:length-1], want, err)
			}
		}
		if scalar.ascii && strings.ContainsFunc(text[:length], func(r rune) bool { return r >= utf8.RuneSelf }) {
			t.Fatalf("%q is taken for ASCII", text[:length])
		}
		if length > 0 && !jsontext.Value(text[:length]).IsValid(asWritten...) {
			t.Fatalf("%q is taken for a value", text[:length])
		}
		isScalar := text != "" && !slices.Contains([]byte("{[ \t\r\n"), text[0]) && jsontext.Value(text).IsValid(asWritten...)
		if isScalar && length != len(bytes.TrimRight([]byte(text), " \t\r\n")) {
			t.Fatalf("of %q, %d bytes are taken for a value", text, length)
		}
	})
}
