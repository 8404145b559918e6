package importer

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

const sessionHeader = "session_id,account_id,customer_id,started_at,duration_seconds\n"

// loaded is what a load has done.
type loaded[T any] struct {
	rows    []T
	batches []int
	rejects *buffer
	summary Summary
	err     error
}

// buffer is a rejects file.
type buffer struct {
	bytes.Buffer
	closed bool
}

func (b *buffer) Close() error {
	b.closed = true
	return nil
}

// into makes the write function that collects rows, and the rejects' opener.
func (l *loaded[T]) into(options *Options) Write[T] {
	if options.Rejects == nil {
		options.Rejects = func() (io.WriteCloser, error) {
			l.rejects = &buffer{}
			return l.rejects, nil
		}
	}
	return func(_ context.Context, batch []T) (Counts, error) {
		l.rows = append(l.rows, batch...)
		l.batches = append(l.batches, len(batch))
		return Counts{Inserted: int64(len(batch))}, nil
	}
}

func loadSessions(t testing.TB, options Options, files ...string) *loaded[usage.Session] {
	t.Helper()
	l := &loaded[usage.Session]{}
	write := l.into(&options)
	l.summary, l.err = Sessions(t.Context(), files, nil, write, options)
	if l.rejects != nil && !l.rejects.closed {
		t.Error("the rejects were not closed")
	}
	return l
}

// fileOf writes a file with a name and content.
func fileOf(t testing.TB, name, content string) string {
	t.Helper()
	return fileIn(t, t.TempDir(), name, content)
}

func fileIn(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(content string) string {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, _ = io.WriteString(w, content)
	_ = w.Close()
	return compressed.String()
}

func mustBe(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want %q", err, text)
	}
}

func TestAllFormatsGiveTheSameSessions(t *testing.T) {
	berlin, err := usage.LoadZone("timeZone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	want := []usage.Session{
		{SessionID: "s1", AccountID: "acme", CustomerID: "c1", StartedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), DurationSeconds: 61},
		{SessionID: "s2", AccountID: "acme", StartedAt: time.Date(2026, 3, 1, 9, 0, 0, 123e6, time.UTC), DurationSeconds: 0},
		{SessionID: "s3", AccountID: "Müller & Co, \"Süd\"", CustomerID: "7", StartedAt: time.Date(2026, 6, 30, 22, 30, 0, 0, time.UTC), DurationSeconds: 4294967295},
	}
	for _, file := range []string{"sessions.csv", "sessions.tsv", "sessions.ndjson", "mysql.tsv"} {
		t.Run(file, func(t *testing.T) {
			got := loadSessions(t, Options{Zone: berlin, Columns: map[string]string{"started_at": "begin"}}, filepath.Join("testdata", file))
			if got.err != nil || !slices.Equal(got.rows, want) {
				t.Errorf("error %v, rows\n%v, want\n%v", got.err, got.rows, want)
			}
			if want := (Totals{Read: 3, Counts: Counts{Inserted: 3}}); got.summary.Totals != want {
				t.Errorf("summary %+v, want %+v", got.summary, want)
			}
			if got.rejects != nil {
				t.Errorf("rejects %s", got.rejects)
			}
		})
	}
}

func TestFilesMayBeWrittenInManyWays(t *testing.T) {
	csv := sessionHeader + "s1,a,c,2026-03-01T10:00:00Z,60\n"
	tsv := strings.ReplaceAll(csv, ",", "\t")
	ndjson := `{"session_id":"s1","account_id":"a","customer_id":"c","started_at":"2026-03-01T10:00:00Z","duration_seconds":60}` + "\n"
	for _, test := range []struct{ name, file, content string }{
		{"plain", "x.csv", csv},
		{"upper-case extension", "X.CSV", csv},
		{"CSV by content", "export", csv},
		{"TSV by content", "export.txt", tsv},
		{"NDJSON by content", "export.json", "\n  " + ndjson},
		{"NDJSON by another name", "x.jsonl", ndjson},
		{"gzip", "x.csv.gz", gzipped(csv)},
		{"gzip by content", "x.csv", gzipped(csv)},
		{"gzip in parts", "x.tsv.gz", gzipped(tsv[:30]) + gzipped(tsv[30:])},
		{"gzip with a byte order mark", "x", gzipped(byteOrderMark + ndjson)},
		{"named like gzip only", "x.csv.gz", csv},
		{"byte order mark", "x.csv", byteOrderMark + csv},
		{"CRLF", "x.csv", strings.ReplaceAll(csv, "\n", "\r\n")},
		{"no newline at the end", "x.csv", strings.TrimSuffix(csv, "\n")},
		{"no newline at the end of a quoted value", "x.csv", strings.TrimSuffix(csv, "60\n") + `"60"`},
		{"CRLF and a quoted value", "x.csv", strings.Replace(strings.ReplaceAll(csv, "\n", "\r\n"), "s1", `"s1"`, 1)},
		{"CR at the end and a quoted value", "x.csv", strings.Replace(strings.TrimSuffix(csv, "\n"), "s1", `"s1"`, 1) + "\r"},
		{"CR at the end", "x.tsv", strings.TrimSuffix(tsv, "\n") + "\r"},
		{"CR after a quoted value at the end", "x.csv", strings.TrimSuffix(csv, "60\n") + "\"60\"\r"},
		{"blank lines", "x.csv", "\n" + csv + "\r\n   \n\n"},
		{"spaces in the header", "x.csv", strings.Replace(csv, "account_id,customer_id", ` account_id ,"customer_id "`, 1)},
		{"everything quoted", "x.csv", `"` + strings.NewReplacer(",", `","`, "\n", "\"\n\"").Replace(strings.TrimSuffix(csv, "\n")) + `"`},
		{"other columns", "x.csv", "note,session_id,account_id,customer_id,started_at,duration_seconds,\n" +
			"\"line 1\nline \"\"2\"\"\n\",s1,a,c,2026-03-01T10:00:00Z,60,\n"},
		{"other keys", "x.ndjson", strings.Replace(ndjson, "{", "\t{ \"note\" : {\"account_id\":[\"]}\\\"\",{}]} , ", 1)},
		{"escaped key", "x.ndjson", strings.Replace(ndjson, "account_id", `account\u005fid`, 1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := loadSessions(t, Options{}, fileOf(t, test.file, test.content))
			want := usage.Session{SessionID: "s1", AccountID: "a", CustomerID: "c", StartedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), DurationSeconds: 60}
			if got.err != nil || len(got.rows) != 1 || got.rows[0] != want {
				t.Errorf("error %v, rejects %v, rows\n%v, want\n%v", got.err, got.rejects, got.rows, want)
			}
		})
	}
}

func TestFormatsHaveNames(t *testing.T) {
	for _, format := range []Format{Auto, CSV, TSV, NDJSON, JSON} {
		if got, err := ParseFormat(format.String()); err != nil || got != format {
			t.Errorf("%s is %v, %v", format, got, err)
		}
	}
	_, err := ParseFormat("xlsx")
	mustBe(t, err, `there is no format "xlsx"; the formats are auto, csv, tsv, ndjson and json`)
}

func TestCustomersOfSessionsAreOptional(t *testing.T) {
	for _, content := range []string{
		"session_id\taccount_id\tcustomer_id\tstarted_at\tduration_seconds\ns1\ta\t\\N\t2026-03-01T10:00:00Z\t60\n",
		`{"session_id":"s1","account_id":"a","customer_id":null,"started_at":"2026-03-01T10:00:00Z","duration_seconds":"60"}`,
		`{"session_id":"s1","account_id":"a","started_at":"2026-03-01T10:00:00Z","duration_seconds":60,"metadata":null}`,
	} {
		options := Options{}
		if strings.Contains(content, "metadata") {
			options.Columns = map[string]string{"customer_id": ""}
		}
		got := loadSessions(t, options, fileOf(t, "x", content))
		if got.err != nil || len(got.rows) != 1 || got.rows[0].CustomerID != "" {
			t.Errorf("%s: error %v, rows %v", content, got.err, got.rows)
		}
	}
	without := "session_id,account_id,started_at,duration_seconds\ns1,a,2026-03-01T10:00:00Z,60\n"
	got := loadSessions(t, Options{}, fileOf(t, "x.csv", without))
	mustBe(t, got.err, `"customer_id" is missing`)
	got = loadSessions(t, Options{Columns: map[string]string{"customer_id": ""}}, fileOf(t, "x.csv", without))
	if got.err != nil || len(got.rows) != 1 || got.rows[0].CustomerID != "" {
		t.Errorf("left out: error %v, rows %v", got.err, got.rows)
	}
	got = loadSessions(t, Options{Columns: map[string]string{"account_id": ""}}, fileOf(t, "x.csv", without))
	mustBe(t, got.err, "account_id cannot be left out")
}

func TestAccountsMayHaveNoName(t *testing.T) {
	long := strings.Repeat("é", maxNameLength)
	accounts := &loaded[usage.Account]{}
	options := Options{}
	write := accounts.into(&options)
	summary, err := Accounts(t.Context(), []string{
		fileOf(t, "a.csv", "account_id,name\n1,"+long+"\n2,\n,x\n3,"+long+"é\n"),
		fileOf(t, "b.csv", "account_id,name\n4,\n"),
	}, nil, write, options)
	wantAccounts := []usage.Account{{AccountID: "1", Name: long}, {AccountID: "2"}, {AccountID: "4"}}
	if err != nil || !slices.Equal(accounts.rows, wantAccounts) || summary.Rejected != 2 {
		t.Errorf("error %v, summary %+v, accounts %v", err, summary, accounts.rows)
	}
	for _, reason := range []string{"account_id is missing", "name is longer than 255 characters"} {
		if !strings.Contains(accounts.rejects.String(), reason) {
			t.Errorf("rejects %s, want %q", accounts.rejects, reason)
		}
	}
}

func TestCustomersAreReadByMappedColumns(t *testing.T) {
	customers := &loaded[usage.Customer]{}
	options := Options{Columns: map[string]string{"name": "title"}}
	write := customers.into(&options)
	file := fileOf(t, "x.ndjson", `{"account_id":1,"customer_id":7,"title":"Zoë \"Z\""}`+"\n"+
		`{"account_id":1,"customer_id":8,"name":"ignored"}`+"\n"+
		`{"account_id":1,"title":"nobody"}`+"\n"+`{"account_id":1,"customer_id":9,"title":"\u0000"}`)
	summary, err := Customers(t.Context(), []string{file}, nil, write, options)
	wantCustomers := []usage.Customer{{AccountID: "1", CustomerID: "7", Name: `Zoë "Z"`}, {AccountID: "1", CustomerID: "8"}}
	if err != nil || !slices.Equal(customers.rows, wantCustomers) || summary.Rejected != 2 {
		t.Errorf("error %v, summary %+v, customers %v", err, summary, customers.rows)
	}
}
