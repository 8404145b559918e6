package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"aiusage/db"
	"aiusage/importer"
	"aiusage/usage"
)

// shownRows is how many rows a dry run shows, and shownReasons how many reasons of rejects.
const (
	shownRows    = 5
	shownReasons = 5
)

// dryRun shows how files of sessions are understood and what importing them would do.
// It writes nothing: no rows, no database where there is none, and no file but the
// rejects that were asked for by name.
func (c importCommand) dryRun(ctx context.Context, p *process, options importer.Options) error {
	if len(c.Accounts)+len(c.Customers) > 0 {
		return usage.Errorf(usage.InvalidArgument, "--dry-run is about files of sessions, not of names")
	}
	if c.ReportDuplicates != "" {
		return usage.Errorf(usage.InvalidArgument, "--dry-run and --report-duplicates do not go together: duplicates within the files are found as they are stored")
	}
	rehearsal, store, err := p.rehearse(ctx)
	if err != nil {
		return err
	}
	clock := func(context.Context) (time.Time, error) { return time.Now(), nil }
	if store != nil {
		defer store.close()
		clock = store.Clock
	}
	if options.Limits, err = c.limits(ctx, clock); err != nil {
		return err
	}
	options.Stored = rehearsal.Stored
	if c.Rejects != "" {
		options.Rejects = (&rejectsFile{path: c.Rejects}).open
	}
	progress := newImportProgress(p.stderr, "sessions", "read")
	options.Progress = progress.show
	summary, err := importer.Sessions(ctx, c.Files, p.stdin, rehearsal.Write, options)
	progress.end()
	if err != nil && summary.Read == 0 {
		return err
	}
	printUnderstood(p.stdout, summary)
	printFirst(p.stdout, rehearsal.First)
	printSummary(p.stdout, "sessions", summary, "")
	printReasons(p.stdout, summary)
	if store == nil {
		fmt.Fprintln(p.stdout, "There is no database yet.")
	}
	fmt.Fprintln(p.stdout, "Nothing was stored: this is what the import would do.")
	if err == nil && summary.Rejected > 0 {
		err = usage.Errorf(usage.InvalidArgument, "some rows would be rejected")
	}
	return err
}

// rehearse returns a rehearsal next to what is stored, and the database, nil where
// there is none yet.
func (p *process) rehearse(ctx context.Context) (*importer.Rehearsal, *database, error) {
	rehearsal := &importer.Rehearsal{Keep: shownRows}
	if p.hasNoDatabase() {
		rehearsal.Known = func(context.Context, []usage.Session) ([]usage.Session, error) { return nil, nil }
		return rehearsal, nil, nil
	}
	store, err := p.connect(ctx, db.Options{ReadTimeout: readTimeout})
	if err != nil {
		return nil, nil, err
	}
	// Not openOrCreate, which would upgrade the schema.
	if err := store.CheckSchema(ctx); err != nil {
		return nil, nil, errors.Join(err, store.close())
	}
	kept, err := sessionsKeptFrom(ctx, store)
	if err != nil {
		return nil, nil, errors.Join(err, store.close())
	}
	rehearsal.Known = store.SessionsByID
	rehearsal.Refuse = usage.Retention{Kept: kept}.Refuse
	return rehearsal, store, nil
}

// sessionsKeptFrom returns the instant from which retention has kept sessions.
func sessionsKeptFrom(ctx context.Context, store *database) (time.Time, error) {
	nothing := usage.Range{From: usage.Latest.Add(-time.Hour), To: usage.Latest}
	report, err := store.Report(ctx, usage.Query{Level: usage.Together, Range: nothing, Zone: time.UTC})
	if err != nil {
		return time.Time{}, err
	}
	return report.RetainedFrom, nil
}

// printUnderstood says how the files and their columns were read.
func printUnderstood(w io.Writer, s importer.Summary) {
	for _, file := range s.Files {
		said := []string{strings.ToUpper(file.Format.String())}
		switch file.Delimiter {
		case 0:
		case '\t':
			said = append(said, "tabs between values")
		default:
			said = append(said, fmt.Sprintf("%q between values", file.Delimiter))
		}
		said = append(said, strings.ToUpper(file.Encoding))
		if file.Compression != "" {
			said = append(said, file.Compression)
		}
		fmt.Fprintf(w, "%s: %s\n", file.Name, strings.Join(said, ", "))
	}
	for _, column := range s.Columns {
		from := fmt.Sprintf("from %q", column.From)
		switch {
		case column.From == "" && column.Constant == "":
			from = "none"
		case column.From == "":
			from = fmt.Sprintf("%q in all rows", column.Constant)
		case column.Milliseconds:
			from += ", in milliseconds"
		}
		fmt.Fprintf(w, "  %s: %s\n", column.Name, from)
	}
}

// printFirst prints sessions as they would be stored.
func printFirst(w io.Writer, sessions []usage.Session) {
	if len(sessions) == 0 {
		return
	}
	out := table.NewWriter()
	out.SetStyle(plainTable())
	out.SetColumnConfigs([]table.ColumnConfig{rightAligned(5), rightAligned(6)})
	out.AppendHeader(table.Row{"Session", "Account", "Customer", "Started at (UTC)", "Seconds", "Minutes"})
	for _, s := range sessions {
		customer := printable(s.CustomerID)
		if s.CustomerID == "" {
			customer = noCustomer
		}
		out.AppendRow(table.Row{printable(s.SessionID), printable(s.AccountID), customer,
			s.StartedAt.UTC().Format("2006-01-02 15:04:05.999"), s.DurationSeconds, s.Minutes()})
	}
	fmt.Fprintln(w, out.Render())
}

// printReasons prints why rows would be rejected, the most frequent reasons first.
func printReasons(w io.Writer, s importer.Summary) {
	for _, reason := range s.Reasons[:min(len(s.Reasons), shownReasons)] {
		fmt.Fprintf(w, "  %d rejected, the first in %s, line %d: %s\n", reason.Count, reason.File, reason.Line, reason.Problem)
	}
	if more := len(s.Reasons) - shownReasons; more > 0 {
		fmt.Fprintf(w, "  and for %d other reasons\n", more)
	}
}
