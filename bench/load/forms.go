package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"aiusage/importer"
	"aiusage/sample"
	"aiusage/usage"
)

// form is a way to write sessions in a file.
type form struct {
	name, file string
	// begin and end enclose the rows, between stands between two.
	begin, between, end string
	row                 func(io.Writer, usage.Session)
	// pack compresses, nil for what is plain.
	pack    func(io.Writer) io.WriteCloser
	options importer.Options
}

const (
	rfc3339 = "2006-01-02T15:04:05.999Z07:00"
	header  = "session_id,account_id,customer_id,started_at,duration_seconds\n"
)

// forms are those that docs/importing.md has in its table of speeds. The first is the
// one that others are compared with.
func forms() []form {
	plain := func(w io.Writer, s usage.Session) {
		fmt.Fprintf(w, "%s,%s,%s,%s,%d\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(rfc3339), s.DurationSeconds)
	}
	object := func(w io.Writer, s usage.Session) {
		fmt.Fprintf(w, `{"session_id":%q,"account_id":%q,"customer_id":%q,"started_at":%q,"duration_seconds":%d}`,
			s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(rfc3339), s.DurationSeconds)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err) // the zones are part of the program
	}
	strftime, err := importer.ParseStartFormat("%d.%m.%Y %H:%M:%S")
	if err != nil {
		panic(err)
	}
	return []form{
		{name: "CSV", file: "plain.csv", begin: header, row: plain},
		{name: "CSV, quoted", file: "quoted.csv", begin: header, row: func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%q,%q,%q,%q,%q\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(rfc3339), fmt.Sprint(s.DurationSeconds))
		}},
		{name: "TSV", file: "plain.tsv", begin: "session_id\taccount_id\tcustomer_id\tstarted_at\tduration_seconds\n", row: func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(rfc3339), s.DurationSeconds)
		}},
		{name: "CSV in a time zone", file: "zone.csv", begin: header, options: importer.Options{Zone: berlin}, row: func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%s,%s,%s,%s,%d\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format("2006-01-02 15:04:05"), s.DurationSeconds)
		}},
		{name: "CSV, milliseconds since 1970, 1m30s", file: "epoch.csv", begin: header, row: func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%s,%s,%s,%d,%s\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.UnixMilli(), time.Duration(s.DurationSeconds)*time.Second)
		}},
		{name: "CSV, RFC 2822, PT90S", file: "mail.csv", begin: header, row: func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%s,%s,%s,%q,PT%dS\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(time.RFC1123Z), s.DurationSeconds)
		}},
		{name: "CSV, --started-format", file: "strftime.csv", begin: header, options: importer.Options{StartedFormat: strftime}, row: func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%s,%s,%s,%s,%d\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format("02.01.2006 15:04:05"), s.DurationSeconds)
		}},
		{name: "NDJSON", file: "plain.ndjson", row: object, between: "\n"},
		{name: "JSON, an array", file: "array.json", begin: "[", row: object, between: ",\n", end: "]"},
		{name: "JSON, --rows", file: "page.json", begin: `{"page":1,"calls":[`, row: object, between: ",\n", end: `],"next":null}`, options: importer.Options{Rows: "calls"}},
		{name: "CSV, gzip", file: "plain.csv.gz", begin: header, row: plain, pack: func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
		{name: "CSV, zstd", file: "plain.csv.zst", begin: header, row: plain, pack: func(w io.Writer) io.WriteCloser {
			packed, err := zstd.NewWriter(w)
			if err != nil {
				panic(err) // there are no options
			}
			return packed
		}},
	}
}

// compareForms reads the same sessions in each form, without storing them, and prints
// what that costs next to plain CSV. It is the time of the processors that counts, the
// least of some rounds: other programs of the machine change it little.
func compareForms(ctx context.Context, folder string, rows int) error {
	all := forms()
	for _, form := range all {
		if err := form.write(filepath.Join(folder, form.file), rows); err != nil {
			return err
		}
	}
	least := make([]time.Duration, len(all))
	const rounds = 5
	for range rounds {
		for i, form := range all {
			took, err := form.read(ctx, folder, rows)
			if err != nil {
				return fmt.Errorf("%s: %w", form.name, err)
			}
			if least[i] == 0 || took < least[i] {
				least[i] = took
			}
		}
	}
	fmt.Printf("%-38s %12s %10s\n", "reading", "rows/s", "× CSV")
	for i, form := range all {
		fmt.Printf("%-38s %12.0f %10.2f\n", form.name, float64(rows)/least[i].Seconds(), least[i].Seconds()/least[0].Seconds())
	}
	return nil
}

// write writes sample sessions in the form.
func (f form) write(name string, rows int) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	var out io.Writer = buffered
	if f.pack != nil {
		packed := f.pack(buffered)
		defer func() { err = firstOf(err, packed.Close(), buffered.Flush()) }()
		out = packed
	}
	fmt.Fprint(out, f.begin)
	first := true
	for s := range sample.Sessions(sessions(rows)) {
		if !first {
			fmt.Fprint(out, f.between)
		}
		first = false
		f.row(out, s)
	}
	fmt.Fprint(out, f.end)
	return buffered.Flush()
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// read reads the file and returns what that took of the processors.
func (f form) read(ctx context.Context, folder string, rows int) (time.Duration, error) {
	started, err := processorTime()
	if err != nil {
		return 0, err
	}
	summary, err := importer.Sessions(ctx, []string{filepath.Join(folder, f.file)}, nil,
		func(_ context.Context, batch []usage.Session) (importer.Counts, error) {
			return importer.Counts{Inserted: int64(len(batch))}, nil
		}, f.options)
	if err != nil {
		return 0, err
	}
	if summary.Inserted != int64(rows) {
		return 0, fmt.Errorf("%d of %d rows were read: %v", summary.Inserted, rows, summary.Reasons)
	}
	ended, err := processorTime()
	return ended - started, err
}

// processorTime returns how long this process has used the processors.
func processorTime() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, err
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}
