package importer

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aiusage/usage"
)

var update = flag.Bool("update", false, "rewrite the expected files in testdata")

// sessionsText is a CSV file of count sessions, s0 and so on.
func sessionsText(count int) string {
	var text strings.Builder
	text.WriteString(sessionHeader)
	for n := range count {
		fmt.Fprintf(&text, "s%d,a,c,2026-03-01T10:00:00Z,%d\n", n, n)
	}
	return text.String()
}

func TestFilesThatCannotBeLoadedAreFoundFirst(t *testing.T) {
	good := fileOf(t, "good.csv", sessionsText(1))
	latin1, err := ParseEncoding("latin1")
	if err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "missing.csv")
	for _, test := range []struct {
		file    string
		options Options
		message string
	}{
		{missing, Options{}, "there is no file " + missing},
		{t.TempDir(), Options{}, "is a directory; name the files in it"},
		{fileOf(t, "e.csv", ""), Options{}, "e.csv is empty; its first line must name the columns"},
		{fileOf(t, "e.csv.gz", gzipped("\n")), Options{}, "e.csv.gz is empty"},
		{fileOf(t, "u.csv", "s\x00e\x00s\x00"), Options{}, "u.csv begins with binary data"},
		{fileOf(t, "l.csv", "caf\xe9,account_id\n"), Options{}, "l.csv has a header that is not UTF-8; save it as UTF-8, or name its encoding with --encoding"},
		{fileOf(t, "m.csv", strings.ReplaceAll(sessionsText(2), "\n", "\r")), Options{}, "lines that end in CR alone"},
		{fileOf(t, "q.csv", `session_id,"account_id`), Options{}, "q.csv has a header that cannot be read: a quoted value is not closed"},
		{fileOf(t, "h.csv", "id,account_id,started_at,duration_seconds\n"), Options{},
			`h.csv has a header that does not fit: the columns "session_id" and "customer_id" are missing; the header has "id", "account_id", "started_at", "duration_seconds"` +
				` (a column by another name is given as --map session_id=NAME); --map customer_id= if the file has none`},
		{fileOf(t, "n.csv", "Session ID,Account Id,customer's id,Started-At,duration_seconds\n"), Options{},
			`the columns "session_id", "account_id", "customer_id" and "started_at" are missing; did you mean --map 'session_id=Session ID' --map 'account_id=Account Id'` +
				` --map 'customer_id=customer'\''s id' --map started_at=Started-At? the header has "Session ID"`},
		{fileOf(t, "o.csv", "session id,account_id,account id,started_at,duration_seconds\n"), Options{Columns: map[string]string{"customer_id": ""}},
			`the column "session_id" is missing; did you mean --map 'session_id=session id'? the header has`},
		{fileOf(t, "t.csv", "session\x1bid,account_id,customer_id,started_at,duration_seconds\n"), Options{},
			`the column "session_id" is missing; the header has "session\x1bid"`},
		{fileOf(t, "d.csv", "session_id,account_id, session_id,started_at,duration_seconds\n"), Options{},
			`the column "session_id" is there twice, as number 1 and 3; the header has "session_id", "account_id"`},
		{good, Options{Columns: map[string]string{"duration_seconds": "secs"}}, `the column "secs" is missing; did you mean --map duration_seconds=duration_seconds? the header has "session_id"`},
		{good, Options{Columns: map[string]string{"duration": "duration_seconds"}}, `there is no column "duration" to be mapped or set; the columns are session_id, account_id,`},
		{good, Options{Columns: map[string]string{"customer_id": "account_id"}}, `the columns account_id and customer_id cannot both be read from "account_id"`},
		{good, Options{Format: TSV}, `"started_at" and "duration_seconds" are missing; the header has "session_id,account_id,`},
		{fileOf(t, "s.xls", compoundFile+"\xa1\xb1\x1a\xe1\x00\x00"), Options{}, "s.xls is an old file of Microsoft Office, such as a spreadsheet .xls, or one with a password; save it as CSV"},
		{fileOf(t, "s.csv", compoundFile+"\xa1\xb1\x1a\xe1\x00\x00"), Options{Encoding: latin1}, "s.csv is an old file of Microsoft Office"},
		{fileOf(t, "s.xlsx", zipped(t, "[Content_Types].xml", "<Types/>", "_rels/.rels", "", "xl/workbook.xml", "<workbook/>")), Options{}, "s.xlsx is a spreadsheet of Excel; save it as CSV"},
		{fileOf(t, "s.zip", zipped(t, "xl/workbook.xml", "<workbook/>", "[Content_Types].xml", "<Types/>")), Options{}, "s.zip is a spreadsheet of Excel"},
		{fileOf(t, "s.ods", zipped(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", "<x/>")), Options{}, "s.ods is an OpenDocument file, such as a spreadsheet .ods; save it as CSV"},
		{fileOf(t, "z.csv.gz", "\x1f\x8bnonsense"), Options{}, "z.csv.gz cannot be read: the gzip data"},
		{fileOf(t, "z.csv.gz", gzipped(sessionsText(1))[:20]), Options{}, "z.csv.gz has a header that cannot be read: the gzip data ends too early"},
	} {
		got := loadSessions(t, test.options, good, test.file)
		mustBe(t, got.err, test.message)
		if len(got.rows) > 0 || strings.Contains(fmt.Sprint(got.err), "\n") {
			t.Errorf("%d rows were loaded before: %v", len(got.rows), got.err)
		}
	}
	mustBe(t, loadSessions(t, Options{}).err, "there is no file to import")
	mustBe(t, loadSessions(t, Options{}, "-").err, `standard input ("-")`)
	_, err = Sessions(t.Context(), []string{"-", "-"}, strings.NewReader(""), discard, Options{})
	mustBe(t, err, "can be imported once only")
}

// A name is suggested for one column only, and not where another column is read from it.
func TestEachNameIsSuggestedOnce(t *testing.T) {
	column := func(name, inFile string) namedColumn { return namedColumn{column: column{name: name}, inFile: inFile} }
	account, customer, session := column("account_id", "client_id"), column("customer_id", "client_idx"), column("session_id", "session_id")
	for _, c := range []struct {
		missing []namedColumn
		found   []string
		want    string
	}{
		{[]namedColumn{account, customer}, []string{"session_id", "client id"}, "did you mean --map 'account_id=client id'? "},
		{[]namedColumn{account, customer}, []string{"client ids", "client id"}, "did you mean --map 'account_id=client id' --map 'customer_id=client ids'? "},
		{[]namedColumn{column("name", "session_idx")}, []string{"session_id"}, ""},
		{[]namedColumn{account}, []string{"client\nid", "client\xffid", "client_id,client"}, ""},
		{[]namedColumn{account}, []string{"$(client id)"}, "did you mean --map 'account_id=$(client id)'? "},
		{[]namedColumn{account}, []string{"клиент", "client-id"}, "did you mean --map account_id=client-id? "},
	} {
		if got := didYouMean(c.missing, []namedColumn{account, customer, session}, c.found); got != c.want {
			t.Errorf("%q: got %q, want %q", c.found, got, c.want)
		}
	}
}

func TestAnEmptyNDJSONFileHasNoRows(t *testing.T) {
	got := loadSessions(t, Options{}, fileOf(t, "x.ndjson", "\n"))
	if got.err != nil || got.summary.Totals != (Totals{}) {
		t.Errorf("error %v, summary %+v", got.err, got.summary)
	}
}

func TestRejectsCanBeCorrectedAndImportedAgain(t *testing.T) {
	got := loadSessions(t, Options{Columns: map[string]string{"session_id": "id"}}, filepath.Join("testdata", "bad.csv"), filepath.Join("testdata", "bad.ndjson"))
	if got.err != nil || got.summary.Totals != (Totals{Read: 11, Counts: Counts{Inserted: 2}, Rejected: 9}) {
		t.Fatalf("error %v, summary %+v", got.err, got.summary)
	}
	file := filepath.Join("testdata", "bad.rejects.csv")
	if *update {
		if err := os.WriteFile(file, got.rejects.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.rejects.String() != string(golden) {
		t.Errorf("rejects\n%s\nwant\n%s", got.rejects, golden)
	}
	corrected := strings.ReplaceAll(got.rejects.String(), ",-1,", ",1,")
	corrected = strings.ReplaceAll(corrected, "caf\xe9", "café")
	again := loadSessions(t, Options{}, fileOf(t, "rejects.csv", corrected))
	if again.err != nil || again.summary.Totals != (Totals{Read: 9, Counts: Counts{Inserted: 3}, Rejected: 6}) || again.rows[0].SessionID != "negative, \"x\"" {
		t.Errorf("error %v, summary %+v, rows %v, rejects\n%s", again.err, again.summary, again.rows, again.rejects)
	}
}

func TestALongLineIsRejectedWhole(t *testing.T) {
	long := strings.Repeat(`0123456"`, 3*maxLine/8) + "\xff"
	got := loadSessions(t, Options{}, fileOf(t, "x.csv", sessionsText(1)+long+"\r\nlast,a,c,2026-03-01T10:00:00Z,5\n"+long))
	records, err := csv.NewReader(strings.NewReader(got.rejects.String())).ReadAll()
	if err != nil || len(records) != 3 || records[1][8] != long || records[2][8] != long || records[1][1] != "3" {
		t.Errorf("error %v, %d records", err, len(records))
	}
	if got.err != nil || got.summary.Totals != (Totals{Read: 4, Counts: Counts{Inserted: 2}, Rejected: 2}) {
		t.Errorf("error %v, summary %+v", got.err, got.summary)
	}
	if got.summary.Read > 0 && got.rows[1].SessionID != "last" {
		t.Errorf("rows %v", got.rows)
	}
}

func TestRejectsThatCannotBeWrittenEndTheLoad(t *testing.T) {
	bad := fileOf(t, "x.csv", sessionHeader+"bad\n")
	full := errors.New("no space left")
	got := loadSessions(t, Options{Rejects: func() (io.WriteCloser, error) { return nil, full }}, bad)
	mustBe(t, got.err, "the rejected rows cannot be written: no space left")
	got = loadSessions(t, Options{Rejects: func() (io.WriteCloser, error) { return fullDisk{}, nil }}, bad)
	mustBe(t, got.err, "the rejected rows cannot be written: disk full")
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }
func (fullDisk) Close() error              { return nil }

func TestStrictLoadsAllOrNothing(t *testing.T) {
	good, bad := sessionsText(3), sessionsText(3)+"bad,a,c,2026-03-01T10:00:00Z,-1\n"
	spools := t.TempDir()
	t.Setenv("TMPDIR", spools)
	for _, test := range []struct {
		name, stdin string
		files       []string
		rows        int
		message     string
	}{
		{"files", "", []string{fileOf(t, "x.csv", good), fileOf(t, "y.csv", good)}, 6, ""},
		{"a bad file", "", []string{fileOf(t, "x.csv", good), fileOf(t, "y.csv", bad)}, 0, `y.csv, line 5: duration_seconds "-1" is negative; nothing was loaded`},
		{"stdin", good, []string{"-"}, 3, ""},
		{"compressed stdin and a file", gzipped(good), []string{fileOf(t, "x.csv", good), "-"}, 6, ""},
		{"bad stdin", bad, []string{"-"}, 0, "standard input, line 5: duration_seconds"},
		{"truncated stdin", gzipped(good)[:50], []string{"-"}, 0, "standard input"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := &loaded[usage.Session]{}
			options := Options{Strict: true, BatchSize: 1}
			write := l.into(&options)
			summary, err := Sessions(t.Context(), test.files, strings.NewReader(test.stdin), write, options)
			if len(l.rows) != test.rows || summary.Read != int64(test.rows) || l.rejects != nil {
				t.Errorf("%d rows, summary %+v, want %d rows", len(l.rows), summary, test.rows)
			}
			if test.message == "" && err != nil || test.message != "" && (err == nil || !strings.Contains(err.Error(), test.message)) {
				t.Errorf("error %v, want %q", err, test.message)
			}
			if left, _ := os.ReadDir(spools); len(left) > 0 {
				t.Errorf("temporary files are left: %v", left)
			}
		})
	}
}

func TestBatchesComeInOrderAndInSize(t *testing.T) {
	got := loadSessions(t, Options{BatchSize: 10}, fileOf(t, "x.csv", sessionsText(25)), fileOf(t, "y.csv", sessionsText(6)))
	if fmt.Sprint(got.batches) != "[10 10 10 1]" || len(got.rows) != 31 {
		t.Fatalf("batches %v", got.batches)
	}
	for i, session := range got.rows {
		if want := fmt.Sprintf("s%d", i%25); session.SessionID != want {
			t.Fatalf("row %d is %s, want %s", i, session.SessionID, want)
		}
	}
}

func TestWritersShareTheRowsByKey(t *testing.T) {
	var files []string
	for range 5 {
		files = append(files, fileOf(t, "x.csv", sessionsText(500)))
	}
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		times := map[string]int{}
		running, most := 0, 0
		both := make(chan struct{})
		summary, err := Sessions(t.Context(), files, nil, func(_ context.Context, batch []usage.Session) (Counts, error) {
			mu.Lock()
			if running++; running == 2 && most < 2 {
				close(both)
			}
			most = max(most, running)
			mu.Unlock()
			select {
			case <-both: // so that writes surely overlap
			case <-time.After(time.Second): // by the test's clock: the reader waits, and the next rows are this writer's
			}
			mu.Lock()
			defer mu.Unlock()
			running--
			for _, session := range batch {
				times[session.SessionID]++
			}
			return Counts{Updated: int64(len(batch))}, nil
		}, Options{Writers: 2, BatchSize: 7})
		if err != nil || summary.Totals != (Totals{Read: 2500, Counts: Counts{Updated: 2500}}) || most != 2 || len(times) != 500 {
			t.Errorf("error %v, summary %+v, %d at once, %d keys", err, summary, most, len(times))
		}
	})
}

func TestAKeyAlwaysGoesToTheSameWriter(t *testing.T) {
	w := newWriters(t.Context(), Options{Writers: 3, BatchSize: 10_000}, sessionTable.key, discard, &status{})
	w.start()
	for n := range 1000 {
		if err := w.add(usage.Session{SessionID: fmt.Sprint(n % 100)}, origin{}); err != nil {
			t.Fatal(err)
		}
	}
	home := map[string]int{}
	for writer, batch := range w.batches {
		for _, session := range batch.rows {
			if before, seen := home[session.SessionID]; seen && before != writer {
				t.Fatalf("%s is in the batches of writers %d and %d", session.SessionID, before, writer)
			}
			home[session.SessionID] = writer
		}
		if len(batch.rows) == 0 || len(batch.rows) == 1000 {
			t.Errorf("writer %d has %d of 1000 rows", writer, len(batch.rows))
		}
	}
	if summary, err := w.finish(); err != nil || summary.Read != 1000 {
		t.Errorf("error %v, summary %+v", err, summary)
	}
}

func TestAFailedWriteEndsTheLoad(t *testing.T) {
	failure := errors.New("the database is gone")
	for writers := 1; writers <= 3; writers++ {
		var written atomic.Int64
		summary, err := Sessions(t.Context(), []string{fileOf(t, "x.csv", sessionsText(10_000))}, nil,
			func(_ context.Context, batch []usage.Session) (Counts, error) {
				if written.Load() >= 500 {
					return Counts{Inserted: 99}, failure
				}
				written.Add(int64(len(batch)))
				return Counts{Inserted: int64(len(batch))}, nil
			}, Options{BatchSize: 100, Writers: writers})
		if !errors.Is(err, failure) || summary.Read != written.Load() || summary.Inserted != summary.Read {
			t.Errorf("error %v, summary %+v, %d written", err, summary, written.Load())
		}
	}
}

func TestInterruptingLeavesWholeBatches(t *testing.T) {
	file := fileOf(t, "x.csv", sessionsText(10_000))
	ctx, cancel := context.WithCancel(t.Context())
	var rows []usage.Session
	summary, err := Sessions(ctx, []string{file}, nil, func(ctx context.Context, batch []usage.Session) (Counts, error) {
		if rows = append(rows, batch...); len(rows) == 300 {
			cancel()
		}
		if ctx.Err() != nil {
			t.Error("a write that had begun was cancelled")
		}
		return Counts{Inserted: int64(len(batch))}, nil
	}, Options{BatchSize: 100})
	if !errors.Is(err, context.Canceled) || len(rows) != 300 || summary.Totals != (Totals{Read: 300, Counts: Counts{Inserted: 300}}) {
		t.Errorf("error %v, %d rows, summary %+v", err, len(rows), summary)
	}
	summary, err = Sessions(ctx, []string{file}, nil, discard, Options{})
	if !errors.Is(err, context.Canceled) || summary.Read != 0 {
		t.Errorf("begun although cancelled: error %v, summary %+v", err, summary)
	}
}

func TestWaitingForInputCanBeInterrupted(t *testing.T) {
	for _, strict := range []bool{false, true} {
		silent, writer := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, _ = io.WriteString(writer, sessionsText(2))
			cancel()
		}()
		_, err := Sessions(ctx, []string{"-"}, silent, discard, Options{Strict: strict})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		writer.Close()
	}
}

func TestADamagedFileIsLoadedUpToTheDamage(t *testing.T) {
	var text bytes.Buffer
	text.WriteString(sessionHeader)
	for n := range 20_000 {
		fmt.Fprintf(&text, "%x,a,c,2026-03-01T10:00:00Z,%d\n", uint64(n)*0x9e3779b97f4a7c15, n)
	}
	whole := gzipped(text.String())
	for name, test := range map[string]struct {
		content string
		least   int
	}{
		"truncated.csv.gz": {whole[:len(whole)/2], 100},
		"damaged.csv.gz":   {whole[:len(whole)-8] + "checksum", 20_000},
	} {
		got := loadSessions(t, Options{}, fileOf(t, name, test.content))
		n := len(got.rows)
		mustBe(t, got.err, fmt.Sprintf("%s cannot be read beyond line %d: the gzip data ", name, n+1))
		if n < test.least || int64(n) != got.summary.Read || got.rows[n-1].DurationSeconds != int64(n-1) {
			t.Errorf("%d rows, summary %+v", n, got.summary)
		}
	}
}

func TestStdinIsOneOfTheFiles(t *testing.T) {
	l := &loaded[usage.Session]{}
	options := Options{}
	write := l.into(&options)
	summary, err := Sessions(t.Context(), []string{fileOf(t, "x.csv", sessionsText(1)), "-"}, strings.NewReader(sessionHeader+"s9,a,,2026-03-01T10:00:00Z,1\nbad\n"), write, options)
	if err != nil || summary.Read != 3 || l.rows[1].SessionID != "s9" || !strings.Contains(l.rejects.String(), "\nstandard input,3,") {
		t.Errorf("error %v, summary %+v, rows %v, rejects %v", err, summary, l.rows, l.rejects)
	}
}

func TestProgressIsReportedWhileRunning(t *testing.T) {
	file := fileOf(t, "x.csv", sessionsText(40)+"bad\n")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var reports []Progress
		_, err := Sessions(t.Context(), []string{file}, nil, func(_ context.Context, batch []usage.Session) (Counts, error) {
			<-time.After(time.Second) // by the test's clock
			return discard(t.Context(), batch)
		}, Options{Strict: false, BatchSize: 10, Progress: func(p Progress) { reports = append(reports, p) }})
		want := Progress{File: file, Rows: 40, Rejected: 1, Bytes: info.Size(), TotalBytes: info.Size()}
		if err != nil || len(reports) < 4*3 || reports[len(reports)-1] != want {
			t.Errorf("error %v, %d reports, the last %+v, want %+v", err, len(reports), reports[len(reports)-1], want)
		}
		if !slices.IsSortedFunc(reports, func(a, b Progress) int { return int(a.Rows - b.Rows) }) {
			t.Errorf("reports go back: %+v", reports)
		}
	})
}

// Of every form it is known how much there is to read, and all of it is read at the end.
func TestProgressKnowsTheSizeOfEveryForm(t *testing.T) {
	body := sessionHeader + "1,a,,2026-03-01T10:00:00Z,1\n2,a,,2026-03-01T10:00:00Z,1\n"
	object := `{"session_id":"1","account_id":"a","customer_id":null,"started_at":"2026-03-01T10:00:00Z","duration_seconds":1}`
	for name, content := range map[string]string{
		"a.csv": body, "a.csv.gz": gzipped(body), "a.ndjson": object + "\n", "a.json": "[" + object + ",\n" + object + "]",
	} {
		file := fileOf(t, name, content)
		stdin, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{file, "-"} {
			var last Progress
			options := Options{Progress: func(p Progress) { last = p }}
			if _, err := Sessions(t.Context(), []string{from}, stdin, discard[usage.Session], options); err != nil {
				t.Fatal(err)
			}
			if size := int64(len(content)); last.Bytes != size || last.TotalBytes != size {
				t.Errorf("%s from %s: %d of %d bytes, want %d", name, from, last.Bytes, last.TotalBytes, size)
			}
		}
		stdin.Close()
	}
	var last Progress
	options := Options{Progress: func(p Progress) { last = p }}
	if _, err := Sessions(t.Context(), []string{"-"}, strings.NewReader(body), discard[usage.Session], options); err != nil {
		t.Fatal(err)
	}
	if last.TotalBytes != 0 || last.Bytes != int64(len(body)) {
		t.Errorf("of a pipe: %d of %d bytes", last.Bytes, last.TotalBytes)
	}
}
