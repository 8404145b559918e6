package importer

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"aiusage/usage"
)

// inUTF16 writes a text in UTF-16 with a byte order mark.
func inUTF16(text string, order binary.AppendByteOrder) string {
	var bytes []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		bytes = order.AppendUint16(bytes, unit)
	}
	return string(bytes)
}

func zstdOf(content string) string {
	encoder, _ := zstd.NewWriter(nil)
	return string(encoder.EncodeAll([]byte(content), nil))
}

func TestTextsAndDelimitersAreFoundOut(t *testing.T) {
	latin1, err := ParseEncoding("latin1")
	if err != nil {
		t.Fatal(err)
	}
	utf16le, err := ParseEncoding("utf-16le")
	if err != nil {
		t.Fatal(err)
	}
	want := usage.Session{SessionID: "s1", AccountID: "Müller €", CustomerID: "c", StartedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), DurationSeconds: 60}
	csv := sessionHeader + "s1,Müller €,c,2026-03-01T10:00:00Z,60\n"
	with := func(delimiter string) string { return strings.ReplaceAll(csv, ",", delimiter) }
	ndjson := strings.Replace(fmt.Sprintf(jsonSession, 1), `"a"`, `"Müller €"`, 1)
	inLatin1 := strings.NewReplacer("ü", "\xfc", "€", "\x80")
	for _, test := range []struct {
		name, file, content string
		options             Options
		notes               []string
	}{
		{"semicolons", "x.csv", with(";"), Options{}, []string{`has ';' between its values`}},
		{"bars, by content", "x.txt", with("|"), Options{}, []string{`has '|' between its values`}},
		{"tabs in a file that is called CSV", "x.csv", with("\t"), Options{}, []string{"has tabs between its values"}},
		{"tabs in TSV", "x.tsv", with("\t"), Options{}, nil},
		{"quoted names", "x.csv", strings.Replace(with(";"), "session_id;account_id", `"session_id";"account_id"`, 1), Options{}, []string{`has ';' between its values`}},
		{"a line that says so", "x.csv", "sep=;\r\n" + with(";"), Options{}, nil},
		{"a line that says so in a file with commas", "x.csv", "\nsep=,\n" + csv, Options{}, nil},
		{"more of another", "x.csv", strings.NewReplacer("session_id,", "session_id,a;b;c;d;e;f;g,", "s1,", "s1,,").Replace(csv), Options{}, nil},
		{"UTF-16", "x.csv", inUTF16(csv, binary.LittleEndian), Options{}, []string{"is read as utf-16"}},
		{"UTF-16, big endian, as Excel writes it", "x.txt", inUTF16(with("\t"), binary.BigEndian), Options{}, []string{"is read as utf-16", "has tabs between its values"}},
		{"NDJSON in UTF-16", "x", inUTF16(ndjson, binary.BigEndian), Options{}, []string{"is read as utf-16"}},
		{"UTF-16 without a mark", "x.csv", inUTF16(csv, binary.LittleEndian)[2:], Options{Encoding: utf16le}, []string{"is read as utf-16le"}},
		{"Latin-1", "x.csv", inLatin1.Replace(csv), Options{Encoding: latin1}, []string{"is read as windows-1252"}},
		{"NDJSON in Latin-1", "x.ndjson", inLatin1.Replace(ndjson), Options{Encoding: latin1}, []string{"is read as windows-1252"}},
		{"a mark that knows better", "x.csv", byteOrderMark + csv, Options{Encoding: latin1}, nil},
		{"zstd", "x.csv.zst", zstdOf(csv), Options{}, nil},
		{"zstd by content, in UTF-16", "x", zstdOf(inUTF16(csv, binary.LittleEndian)), Options{}, []string{"is read as utf-16"}},
		{"zstd in parts", "x.ndjson.zst", zstdOf(ndjson[:20]) + zstdOf(ndjson[20:]), Options{}, nil},
	} {
		file := fileOf(t, test.file, test.content)
		for i := range test.notes {
			test.notes[i] = file + " " + test.notes[i]
		}
		got := loadSessions(t, test.options, file)
		if got.err != nil || len(got.rows) != 1 || got.rows[0] != want || !slices.Equal(got.summary.Notes, test.notes) {
			t.Errorf("%s: error %v, rows %v, notes %q, want %q, rejects %v", test.name, got.err, got.rows, got.summary.Notes, test.notes, got.rejects)
		}
	}
	for _, name := range []string{"klingon", "replacement", "x-user-defined", ""} {
		if _, err := ParseEncoding(name); err == nil {
			t.Errorf("there is an encoding %q", name)
		}
	}
}

// A character that is not in the encoding must not come in as another one, not
// even by the file of rejected rows.
func TestCharactersThatCannotBeReadAreRejected(t *testing.T) {
	latin1, _ := ParseEncoding("latin1")
	for name, content := range map[string]string{
		"x.csv":      sessionHeader + "s1,a\x81,c,2026-03-01T10:00:00Z,60\ns2,a,c,2026-03-01T10:00:00Z,60\n",
		"quoted.csv": sessionHeader + "s1,\"a\x81\",c,2026-03-01T10:00:00Z,60\ns2,a,c,2026-03-01T10:00:00Z,60\n",
		"x.ndjson":   strings.Replace(fmt.Sprintf(jsonSession, 1), `"a"`, "\"a\x81\"", 1) + fmt.Sprintf(jsonSession, 2),
		"x.json":     "[" + strings.Replace(fmt.Sprintf(jsonSession, 1), `"a"`, "\"a\x81\"", 1) + "," + fmt.Sprintf(jsonSession, 2) + "]",
		"u.csv":      strings.Replace(inUTF16(sessionHeader+"s1,a#,c,2026-03-01T10:00:00Z,60\ns2,a,c,2026-03-01T10:00:00Z,60\n", binary.LittleEndian), "#\x00", "\x00\xd8", 1),
	} {
		got := loadSessions(t, Options{Encoding: latin1}, fileOf(t, name, content))
		if got.err != nil || len(got.rows) != 1 || got.rows[0].SessionID != "s2" || !strings.Contains(got.rejects.String(), "cannot be read in the file's encoding") {
			t.Errorf("%s: error %v, rows %v, rejects %v", name, got.err, got.rows, got.rejects)
			continue
		}
		if again := loadSessions(t, Options{}, fileOf(t, "again.csv", got.rejects.String())); len(again.rows) > 0 {
			t.Errorf("%s: imported as it stands: %v", name, again.rows)
		}
	}
}

// pzstd puts the size of each frame into a skippable one before it.
func TestZstdWithSkippableFrames(t *testing.T) {
	text := sessionsText(100)
	for kind := byte(0x50); kind < 0x60; kind += 5 {
		skippable := string([]byte{kind, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4})
		content := skippable + zstdOf(text[:700]) + skippable + zstdOf(text[700:]) + skippable
		if got := loadSessions(t, Options{}, fileOf(t, "x.csv", content)); got.err != nil || len(got.rows) != 100 {
			t.Errorf("%#x: %d rows, %v", kind, len(got.rows), got.err)
		}
	}
}

func TestDamagedZstdIsLoadedUpToTheDamage(t *testing.T) {
	var parts string
	for n := range 3 {
		parts += zstdOf(strings.TrimPrefix(sessionsText(1000), strings.Repeat(sessionHeader, min(n, 1))))
	}
	for message, content := range map[string]string{
		"the zstd data ends too early; the file is not complete": parts[:len(parts)-5],
		"the zstd data is damaged":                               parts[:len(parts)-4] + "abcd",
	} {
		got := loadSessions(t, Options{}, fileOf(t, "x.csv.zst", content))
		mustBe(t, got.err, message)
		if len(got.rows) < 2000 || int64(len(got.rows)) != got.summary.Read {
			t.Errorf("%d rows, summary %+v", len(got.rows), got.summary)
		}
	}
}

func TestWhatSeparatesThousandsInAFileWithSemicolonsIsDoubted(t *testing.T) {
	for text, want := range map[string]int64{"1.200": -1, "12.345": -1, "1.20": 2, "1.2000": 2, "1,200": -1, "12,345": -1, "1,200.5": 1201, "1,234,567": 1234567, "1200": 1200, "1234.567": 1235} {
		content := strings.ReplaceAll(sessionHeader, ",", ";") + "s;a;c;2026-03-01T10:00:00Z;\"" + text + "\"\n"
		got := loadSessions(t, Options{}, fileOf(t, "x.csv", content))
		if want < 0 && (got.rejects == nil || !strings.Contains(got.rejects.String(), "nobody can tell")) || want >= 0 && (len(got.rows) != 1 || got.rows[0].DurationSeconds != want) {
			t.Errorf("%s: error %v, rows %v, rejects %v", text, got.err, got.rows, got.rejects)
		}
		if got := loadSessions(t, Options{}, fileOf(t, "x.csv", strings.ReplaceAll(content, ";", ","))); len(got.rows) != 1 {
			t.Errorf("%s with commas: rejects %v", text, got.rejects)
		}
	}
}
