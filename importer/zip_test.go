package importer

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"aiusage/usage"
)

// zipped makes an archive of names and contents, one after the other.
func zipped(t *testing.T, entries ...string) string {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for i := 0; i < len(entries); i += 2 {
		entry, err := w.Create(entries[i])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(entry, entries[i+1])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.String()
}

func TestEachFileOfAnArchiveIsLoaded(t *testing.T) {
	content := zipped(t, "data/", "", "data/b.csv", sessionHeader+"s1,a,c,2026-03-01T10:00:00Z,60\nbad,a,c,2026-03-01T10:00:00Z,-1\n",
		"__MACOSX/data/._b.csv", "\x00\x05", "__MACOSX/x.csv", "\x00", ".DS_Store", "\x00", "a.ndjson", fmt.Sprintf(jsonSession, 2), "c.csv.gz", gzipped(sessionHeader+"s3,a,c,2026-03-01T10:00:00Z,60\n"))
	for _, name := range []string{"x.zip", "x"} {
		file := fileOf(t, name, content)
		for _, strict := range []bool{false, true} {
			var last Progress
			got := loadSessions(t, Options{Strict: strict, Progress: func(p Progress) { last = p }}, file)
			if strict {
				mustBe(t, got.err, name+"/data/b.csv, line 3: ")
				continue
			}
			if got.err != nil || len(got.rows) != 3 || got.rows[0].SessionID != "s1" || got.rows[1].SessionID != "s2" || got.rows[2].SessionID != "s3" {
				t.Errorf("error %v, rows %v", got.err, got.rows)
			}
			if !strings.Contains(got.rejects.String(), file+"/data/b.csv,3,") {
				t.Errorf("rejects %s", got.rejects)
			}
			if last.Bytes != last.TotalBytes || last.Bytes == 0 {
				t.Errorf("progress %+v", last)
			}
		}
	}
}

// Archives that only look like spreadsheets are archives.
func TestArchivesThatAreNoSpreadsheets(t *testing.T) {
	rows := sessionsText(1)
	for name, content := range map[string]string{
		"folder.zip": zipped(t, "xl/x.csv", rows), "types.zip": zipped(t, "[Content_Types].xml", rows), "kind.zip": zipped(t, "mimetype", rows),
		"behind.zip": zipped(t, "x.csv", rows, "mimetype", sessionHeader),
	} {
		if got := loadSessions(t, Options{}, fileOf(t, name, content)); got.err != nil || len(got.rows) != 1 {
			t.Errorf("%s: error %v, rows %v", name, got.err, got.rows)
		}
	}
}

func TestArchivesThatCannotBeRead(t *testing.T) {
	content := zipped(t, "x.csv", sessionsText(2000))
	encrypted := []byte(content)
	for _, header := range []string{"PK\x03\x04", "PK\x01\x02"} {
		at := bytes.Index(encrypted, []byte(header))
		encrypted[at+6+2*strings.Count(header, "\x01")] |= 1
	}
	unknown := []byte(content)
	for _, header := range []string{"PK\x03\x04", "PK\x01\x02"} {
		at := bytes.Index(unknown, []byte(header))
		unknown[at+8+2*strings.Count(header, "\x01")] = 97
	}
	middle := []byte(content)
	middle[len(middle)/2] ^= 0xff
	for name, test := range map[string]struct{ content, message string }{
		"empty":       {zipped(t), "x.zip is a zip archive without a file in it"},
		"only hidden": {zipped(t, ".x", "x"), "is a zip archive without a file in it"},
		"truncated":   {content[:len(content)-30], "x.zip cannot be opened: the zip archive is damaged or not complete"},
		"encrypted":   {string(encrypted), "x.zip cannot be opened: x.csv in it is encrypted"},
		"unknown":     {string(unknown), "the zip archive is compressed in a way that is not read"},
		"damaged":     {string(middle), "x.zip/x.csv cannot be read beyond line"},
		"nested":      {zipped(t, "y.zip", content), "x.zip/y.zip cannot be read: it is a zip archive, which can be read neither"},
		"a picture":   {zipped(t, "x.csv", sessionsText(1), "logo\n.png", "\x89PNG\x00\x01"), `x.zip/"logo\n.png" begins with binary data`},
	} {
		got := loadSessions(t, Options{}, fileOf(t, "x.zip", test.content))
		if name == "damaged" {
			if got.err == nil || got.summary.Read > 2000 {
				t.Errorf("damaged: error %v, summary %+v", got.err, got.summary)
			}
			continue
		}
		mustBe(t, got.err, test.message)
		if len(got.rows) > 0 {
			t.Errorf("%s: %d rows were loaded", name, len(got.rows))
		}
	}
	_, err := Sessions(t.Context(), []string{"-"}, strings.NewReader(content), discard[usage.Session], Options{})
	mustBe(t, err, "standard input cannot be read: it is a zip archive, which can be read neither from standard input")
}
