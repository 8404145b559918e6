package main

import (
	"archive/zip"
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"aiusage/importer"
	"aiusage/usage"
)

// form is a way to write sessions in a file.
type form struct {
	name, file string
	// begin and end enclose the rows, between stands between two.
	begin, between, end string
	row                 func(io.Writer, usage.Session)
	// pack compresses or encodes, nil for what is plain.
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
	all := []form{{name: "CSV", file: "plain.csv", begin: header, row: row(",", starts, seconds)}}
	all = append(all, delimitedForms()...)
	all = append(all, instantForms()...)
	all = append(all, durationForms()...)
	all = append(all, jsonForms()...)
	return append(all, packedForms()...)
}

// row writes a session in a line, with text between its values.
func row(between string, start, duration func(usage.Session) string) func(io.Writer, usage.Session) {
	return func(w io.Writer, s usage.Session) {
		values := []string{s.SessionID, s.AccountID, s.CustomerID, start(s), duration(s)}
		io.WriteString(w, strings.Join(values, between)+"\n")
	}
}

// starts and seconds write the start and the duration of a session as plain CSV has them.
func starts(s usage.Session) string  { return s.StartedAt.Format(rfc3339) }
func seconds(s usage.Session) string { return fmt.Sprint(s.DurationSeconds) }

// startsAs writes the start in a layout of Go.
func startsAs(layout string) func(usage.Session) string {
	return func(s usage.Session) string { return s.StartedAt.Format(layout) }
}

func delimitedForms() []form {
	return []form{
		{name: "CSV, quoted", file: "quoted.csv", begin: header, row: func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%q,%q,%q,%q,%q\n", s.SessionID, s.AccountID, s.CustomerID, starts(s), seconds(s))
		}},
		{name: "CSV, semicolons", file: "semicolons.csv", begin: strings.ReplaceAll(header, ",", ";"), row: row(";", starts, seconds)},
		{name: "TSV", file: "plain.tsv", begin: strings.ReplaceAll(header, ",", "\t"), row: row("\t", starts, seconds)},
	}
}

// instantForms differ from plain CSV in how starts are written.
func instantForms() []form {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err) // the zones are part of the program
	}
	east := time.FixedZone("", 3600)
	strftime := func(pattern string) *importer.StartFormat {
		format, err := importer.ParseStartFormat(pattern)
		if err != nil {
			panic(err)
		}
		return format
	}
	all := []form{
		{name: "+01:00", row: row(",", func(s usage.Session) string { return s.StartedAt.In(east).Format(rfc3339) }, seconds)},
		{name: "+0100", row: row(",", func(s usage.Session) string { return s.StartedAt.In(east).Format("2006-01-02T15:04:05.999-0700") }, seconds)},
		{name: "UTC", row: row(",", startsAs("2006-01-02 15:04:05 UTC"), seconds)},
		{name: "in a time zone", options: importer.Options{Zone: berlin}, row: row(",", startsAs("2006-01-02 15:04:05"), seconds)},
		{name: "seconds since 1970", row: row(",", func(s usage.Session) string { return fmt.Sprint(s.StartedAt.Unix()) }, seconds)},
		{name: "milliseconds since 1970", row: row(",", func(s usage.Session) string { return fmt.Sprint(s.StartedAt.UnixMilli()) }, seconds)},
		{name: "RFC 2822", row: row(",", func(s usage.Session) string { return `"` + s.StartedAt.Format(time.RFC1123Z) + `"` }, seconds)},
		{name: "RFC 2822, +0100", row: row(",", func(s usage.Session) string { return `"` + s.StartedAt.In(east).Format(time.RFC1123Z) + `"` }, seconds)},
		{name: "the month by name", row: row(",", startsAs(`"Jan 2, 2006 03:04:05 PM"`), seconds)},
	}
	for pattern, layout := range map[string]string{
		"%d.%m.%Y %H:%M:%S": "02.01.2006 15:04:05", "%m/%d/%Y %I:%M:%S %p": "1/2/2006 3:04:05 PM", "%Y%m%d%H%M%S": "20060102150405",
	} {
		all = append(all, form{name: pattern, options: importer.Options{StartedFormat: strftime(pattern)}, row: row(",", startsAs(layout), seconds)})
	}
	all = append(all, form{name: "%d.%m.%Y %H:%M:%S in a time zone", options: importer.Options{StartedFormat: strftime("%d.%m.%Y %H:%M:%S"), Zone: berlin}, row: row(",", startsAs("02.01.2006 15:04:05"), seconds)})
	return named("starts: ", all)
}

// durationForms differ from plain CSV in how durations are written.
func durationForms() []form {
	clock := func(s usage.Session) string {
		d := s.DurationSeconds
		return fmt.Sprintf("%02d:%02d:%02d", d/3600, d/60%60, d%60)
	}
	milliseconds := map[string]string{"duration_seconds": "duration_seconds:ms"}
	return named("durations: ", []form{
		{name: "90.5", row: row(",", starts, func(s usage.Session) string { return fmt.Sprintf("%d.5", s.DurationSeconds) })},
		{name: "1.2e3", row: row(",", starts, func(s usage.Session) string { return fmt.Sprintf("%de0", s.DurationSeconds) })},
		{name: "1,200", row: row(",", starts, func(s usage.Session) string {
			return fmt.Sprintf(`"%d,%03d"`, s.DurationSeconds/1000+1, s.DurationSeconds%1000)
		})},
		{name: "milliseconds", options: importer.Options{Columns: milliseconds}, row: row(",", starts, func(s usage.Session) string { return fmt.Sprint(s.DurationSeconds * 1000) })},
		{name: "00:01:30", row: row(",", starts, clock)},
		{name: "1m30s", row: row(",", starts, func(s usage.Session) string { return (time.Duration(s.DurationSeconds) * time.Second).String() })},
		{name: "PT1M30S", row: row(",", starts, func(s usage.Session) string {
			return fmt.Sprintf("PT%dM%dS", s.DurationSeconds/60, s.DurationSeconds%60)
		})},
		{name: "start and end", options: importer.Options{Columns: map[string]string{"ended_at": "duration_seconds"}}, row: row(",", starts, func(s usage.Session) string {
			return s.StartedAt.Add(time.Duration(s.DurationSeconds) * time.Second).Format(rfc3339)
		})},
	})
}

// named completes forms of CSV by what their names begin with, and their files.
func named(beginning string, all []form) []form {
	for i := range all {
		all[i].name = beginning + all[i].name
		all[i].file = fmt.Sprintf("%s%d.csv", beginning[:6], i)
		all[i].begin = header
	}
	return all
}

func jsonForms() []form {
	const members = `"session_id":%q,"account_id":%q,"customer_id":%q,"started_at":%q,"duration_seconds":%d`
	object := func(w io.Writer, s usage.Session) {
		fmt.Fprintf(w, "{"+members+"}", s.SessionID, s.AccountID, s.CustomerID, starts(s), s.DurationSeconds)
	}
	// Some programs leave out what is null.
	sparse := func(w io.Writer, s usage.Session) {
		if s.DurationSeconds%3 > 0 {
			object(w, s)
			return
		}
		fmt.Fprintf(w, `{"session_id":%q,"account_id":%q,"started_at":%q,"duration_seconds":%d}`, s.SessionID, s.AccountID, starts(s), s.DurationSeconds)
	}
	nested := func(w io.Writer, s usage.Session) {
		fmt.Fprintf(w, `{"id":%q,"metadata":{"account":%q,"customer":{"id":%q}},"started_at":%q,"duration_seconds":%d}`,
			s.SessionID, s.AccountID, s.CustomerID, starts(s), s.DurationSeconds)
	}
	paths := map[string]string{"session_id": "id", "account_id": "metadata.account", "customer_id": "metadata.customer.id"}
	indented := strings.NewReplacer("{", "\n  {\n    ", "}", "\n  }", `,"`, ",\n    \"", ":%", ": %").Replace("{" + members + "}")
	return []form{
		{name: "NDJSON", file: "plain.ndjson", row: object, between: "\n"},
		{name: "NDJSON, a third without customer_id", file: "sparse.ndjson", row: sparse, between: "\n"},
		{name: "NDJSON, nested paths", file: "nested.ndjson", row: nested, between: "\n", options: importer.Options{Columns: paths}},
		{name: "JSON, an array", file: "array.json", begin: "[", row: object, between: ",\n", end: "]"},
		{name: "JSON, indented", file: "indented.json", begin: "[", between: ",", end: "\n]", row: func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, indented, s.SessionID, s.AccountID, s.CustomerID, starts(s), s.DurationSeconds)
		}},
		{name: "JSON, --rows", file: "page.json", begin: `{"page":1,"calls":[`, row: object, between: ",\n", end: `],"next":null}`, options: importer.Options{Rows: "calls"}},
	}
}

// packedForms are plain CSV, compressed or in another encoding.
func packedForms() []form {
	encoded := func(to encoding.Encoding) func(io.Writer) io.WriteCloser {
		return func(w io.Writer) io.WriteCloser { return transform.NewWriter(w, to.NewEncoder()) }
	}
	latin1, err := importer.ParseEncoding("latin1")
	if err != nil {
		panic(err)
	}
	all := []form{
		{name: "CSV, UTF-16", file: "utf16.csv", pack: encoded(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))},
		{name: "CSV, Latin-1", file: "latin1.csv", pack: encoded(charmap.Windows1252), options: importer.Options{Encoding: latin1}},
		{name: "CSV, gzip", file: "plain.csv.gz", pack: func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
		{name: "CSV, zstd", file: "plain.csv.zst", pack: func(w io.Writer) io.WriteCloser {
			packed, err := zstd.NewWriter(w)
			if err != nil {
				panic(err) // there are no options
			}
			return packed
		}},
		{name: "CSV, zip", file: "plain.zip", pack: newArchive},
	}
	for i := range all {
		all[i].begin, all[i].row = header, row(",", starts, seconds)
	}
	return all
}

// archive is a zip archive with one file in it.
type archive struct {
	io.Writer
	io.Closer
}

func newArchive(w io.Writer) io.WriteCloser {
	packed := zip.NewWriter(w)
	packed.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
	entry, err := packed.Create("plain.csv")
	if err != nil {
		panic(err) // the first one
	}
	return archive{entry, packed}
}
