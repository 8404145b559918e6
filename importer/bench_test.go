package importer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aiusage/sample"
	"aiusage/usage"
)

// BenchmarkSessions loads a million sessions from a file and throws them away.
func BenchmarkSessions(b *testing.B) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	config := sample.Config{Now: time.Date(2026, 3, 18, 14, 0, 0, 0, time.UTC), Sessions: 1_000_000, Accounts: 1000, Customers: 10_000}
	header := "session_id,account_id,customer_id,started_at,duration_seconds\n"
	for _, form := range []struct {
		name, file, header string
		line               func(io.Writer, usage.Session)
		zone               *time.Location
	}{
		{"csv", "sessions.csv", header, func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%s,%s,%s,%s,%d\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(time.RFC3339Nano), s.DurationSeconds)
		}, nil},
		{"csv in Berlin", "local.csv", header, func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%s,%s,%s,%s,%d\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format("2006-01-02 15:04:05.000"), s.DurationSeconds)
		}, berlin},
		{"csv quoted", "quoted.csv", header, func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%q,%q,%q,%q,%d\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(time.RFC3339Nano), s.DurationSeconds)
		}, nil},
		{"tsv", "sessions.tsv", strings.ReplaceAll(header, ",", "\t"), func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format("2006-01-02 15:04:05.000"), s.DurationSeconds)
		}, nil},
		{"ndjson", "sessions.ndjson", "", func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, `{"session_id":%q,"account_id":%q,"customer_id":%q,"started_at":%q,"duration_seconds":%d}`+"\n",
				s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(time.RFC3339Nano), s.DurationSeconds)
		}, nil},
		{"csv of other forms", "forms.csv", strings.ReplaceAll(header, ",", ";"), func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%s;%s;%s;%d;%s\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.UnixMilli(), time.Duration(s.DurationSeconds)*time.Second)
		}, nil},
		{"csv of dates of mails", "mail.csv", strings.ReplaceAll(header, ",", "|"), func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, "%s|%s|%s|%s|PT%dS\n", s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(time.RFC1123Z), s.DurationSeconds)
		}, nil},
		{"ndjson of numbers", "numbers.json.txt", "", func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, `{"session_id":%q,"account_id":%q,"customer_id":%q,"started_at":%d,"duration_seconds":%d.5}`+"\n",
				s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Unix(), s.DurationSeconds)
		}, nil},
		{"json array", "sessions.json", "[{}\n", func(w io.Writer, s usage.Session) {
			fmt.Fprintf(w, `,{"session_id":%q,"account_id":%q,"customer_id":%q,"started_at":%q,"duration_seconds":%d}`+"\n",
				s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(time.RFC3339Nano), s.DurationSeconds)
		}, nil},
	} {
		b.Run(form.name, func(b *testing.B) {
			var text bytes.Buffer
			text.WriteString(form.header)
			for session := range sample.Sessions(config) {
				form.line(&text, session)
			}
			if form.name == "json array" {
				text.WriteString("]\n")
			}
			file := filepath.Join(b.TempDir(), form.file)
			if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			b.ResetTimer()
			var rows int64
			for range b.N {
				summary, err := Sessions(b.Context(), []string{file}, nil, discard[usage.Session], Options{Zone: form.zone, Format: formatByName(form.file)})
				if err != nil || summary.Rejected > 1 { // the first of the array
					b.Fatal(summary, err)
				}
				rows += summary.Read
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func discard[T any](_ context.Context, batch []T) (Counts, error) {
	return Counts{Inserted: int64(len(batch))}, nil
}
