package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aiusage/db"
	"aiusage/importer"
	"aiusage/usage"
)

type importCommand struct {
	Files         []string          `arg:"" optional:"" help:"Files of sessions with the columns session_id, account_id, customer_id (may be empty), started_at and duration_seconds: CSV, TSV, NDJSON or JSON, plain, gzip, zstd or zip; '-' is standard input."`
	Accounts      []string          `placeholder:"FILE" help:"A file of account names, with the columns account_id and name. Can be given more than once."`
	Customers     []string          `placeholder:"FILE" help:"A file of customer names, with the columns account_id, customer_id and name. Can be given more than once."`
	Map           map[string]string `placeholder:"COLUMN=NAME" mapsep:"," help:"The name that a column has in the files, such as started_at=begin, or its path in JSON: customer_id=metadata.customer.id. A duration in milliseconds is duration_seconds=NAME:ms; ended_at=NAME computes it of the end. Can be given more than once."`
	Set           map[string]string `placeholder:"COLUMN=VALUE" mapsep:"none" help:"A column that has one value in all rows, such as account_id=acme. Can be given more than once."`
	Preset        string            `placeholder:"NAME" predictor:"preset" help:"The layout of a platform's export, such as twilio (import --list-presets has them all), or a file of your own, such as ./ours.yml. Other flags count for more than the preset."`
	ListPresets   bool              `help:"List the presets and what must be given with them, and import nothing."`
	Format        string            `default:"" enum:",auto,csv,tsv,ndjson,json" help:"auto, csv, tsv, ndjson or json (default: auto, by the file's name, then its content)."`
	Rows          string            `placeholder:"PATH" help:"Where the rows of a JSON document are, such as calls or data.items (default: at its top, or in an array there, for which . stands)."`
	Encoding      string            `placeholder:"NAME" help:"The encoding of files without a byte order mark, such as latin1 or utf-16le (default: UTF-8)."`
	TimeZone      string            `placeholder:"ZONE" help:"The IANA time zone of a started_at without an offset (default: UTC)."`
	StartedFormat string            `placeholder:"PATTERN" help:"How started_at and ended_at are written, in the language of strftime, such as %m/%d/%Y %H:%M:%S. Without it, forms that mean the same everywhere are read."`
	DryRun        bool              `help:"Show how the files are understood, the first rows as they would be stored and what would be inserted, updated and rejected; store nothing."`
	Strict        bool              `help:"Check everything first and load nothing if a row is bad."`
	Rejects       string            `placeholder:"FILE" help:"Where bad rows go, with line number and reason, as CSV that can be corrected and imported (default: beside the file, its name with .rejects.csv; import.rejects.csv in the current folder for what is no file)."`
	NoMoves       bool              `xor:"moves" help:"Reject sessions that are stored already for another account or customer (default with --strict)."`
	Moves         bool              `xor:"moves" help:"Let sessions move to another account or customer, although --strict."`

	MaxDuration limit  `default:"24h" placeholder:"LENGTH" help:"Reject sessions that are longer; none is no limit (default: 24h)."`
	MaxFuture   limit  `default:"24h" placeholder:"LENGTH" help:"Reject sessions that start further ahead of the database's clock; none is no limit (default: 24h)."`
	Earliest    string `default:"2000-01-01" placeholder:"DAY" help:"Reject sessions that start before this day (UTC); none is no limit (default: 2000-01-01)."`

	ReportDuplicates string `placeholder:"FILE" help:"List likely duplicates, as CSV: sessions with the account, customer, start and duration of another one. They are stored all the same."`
}

// Help is the long help text of the subcommand.
func (importCommand) Help() string {
	return `Rows are stored by session_id: a new one is inserted, a known one takes the new values, so a file can be imported again at any time. Ctrl-C leaves whole batches; running the same import again completes it. Bad rows are set aside and the rest is loaded; the exit status is then 1. Correct the file of bad rows and import it like any other, without --map and --time-zone; a row that could not be split into columns has its text in the column raw, from which to fill the others.

Columns that nothing is read from are listed at the end. A needed column that is in no row is an error, so that a slip in a name does not take the customers away; --map customer_id= says that there are none.

"mysql --batch" writes NULL as the word NULL; have the query replace it by an empty text.`
}

// Run loads names first, then sessions.
func (c importCommand) Run(ctx context.Context, p *process) error {
	if c.ListPresets {
		return listPresets(p.stdout)
	}
	if len(c.Files)+len(c.Accounts)+len(c.Customers) == 0 {
		return usage.Errorf(usage.InvalidArgument, "name the files to import, or - for standard input")
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	ofSessions, err := c.sessionOptions()
	if err != nil {
		return err
	}
	if err := c.checkOutputs(); err != nil {
		return err
	}
	if c.DryRun {
		return c.dryRun(ctx, p, ofSessions)
	}
	store, err := p.openOrCreate(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	if ofSessions.Limits, err = c.limits(ctx, store.Clock); err != nil {
		return err
	}
	if len(c.Files) > 0 {
		if err := store.TakesSessions(ctx); err != nil { // before names are stored
			return err
		}
	}
	options.Writers, options.BatchSize = store.bulk.writers, store.bulk.batch
	ofSessions.Writers, ofSessions.BatchSize = store.bulk.writers, store.bulk.batch
	turn := newTurn(ctx, p, store)
	defer turn.end()
	ofSessions.Stored, ofSessions.StartedWith = turn.stored, turn.startedWith
	var rejects []string
	for _, load := range []func() (string, error){
		loader(ctx, p, c, "accounts", c.Accounts, importer.Accounts, store.WriteAccounts, options),
		loader(ctx, p, c, "customers", c.Customers, importer.Customers, store.WriteCustomers, options),
		loader(ctx, p, c, "sessions", c.Files, importer.Sessions, turn.write, ofSessions),
	} {
		file, err := load()
		if err != nil {
			return err
		}
		if file != "" {
			rejects = append(rejects, file)
		}
	}
	if len(rejects) > 0 {
		return usage.Errorf(usage.InvalidArgument, "some rows were rejected; see %s", strings.Join(rejects, ", "))
	}
	return nil
}

// checkOutputs refuses a file to be written that is also being imported, or
// that tables with different columns would share.
func (c importCommand) checkOutputs() error {
	kinds := min(1, len(c.Files)) + min(1, len(c.Accounts)) + min(1, len(c.Customers))
	if c.Rejects != "" && kinds > 1 {
		return usage.Errorf(usage.InvalidArgument, "with --rejects, import sessions, accounts and customers one after the other")
	}
	if c.Rejects != "" && sameFile(c.Rejects, c.ReportDuplicates) {
		return usage.Errorf(usage.InvalidArgument, "--rejects and --report-duplicates are the same file")
	}
	for _, name := range slices.Concat(c.Files, c.Accounts, c.Customers) {
		switch {
		case sameFile(name, c.Rejects):
			return usage.Errorf(usage.InvalidArgument, "--rejects %s is one of the files to import", c.Rejects)
		case sameFile(name, c.ReportDuplicates):
			return usage.Errorf(usage.InvalidArgument, "--report-duplicates %s is one of the files to import", c.ReportDuplicates)
		}
	}
	return c.checkRejects()
}

// sameFile tells whether two names are those of one file, there or not.
func sameFile(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	first, errA := os.Stat(a)
	second, errB := os.Stat(b)
	if errA != nil || errB != nil {
		return filepath.Clean(a) == filepath.Clean(b)
	}
	return os.SameFile(first, second)
}

// loadFunc is importer.Sessions and its kin.
type loadFunc[Row any] func(context.Context, []string, io.Reader, importer.Write[Row], importer.Options) (importer.Summary, error)

// loader returns a function that loads the files of one kind, prints how it
// went, and returns the file of rejected rows if there were any.
func loader[Row any](ctx context.Context, p *process, c importCommand, kind string, files []string,
	read loadFunc[Row], write func(context.Context, []Row) (db.Written, error), options importer.Options) func() (string, error) {
	return func() (string, error) {
		if len(files) == 0 {
			return "", nil
		}
		duplicates := ""
		if kind == "sessions" {
			duplicates = c.ReportDuplicates
		}
		rejects := &rejectsFile{path: c.Rejects, beside: files[0]}
		progress := newImportProgress(p.stderr, kind, "loaded")
		options.Rejects = rejects.open
		options.Progress = progress.show
		summary, err := read(ctx, files, p.stdin, func(ctx context.Context, rows []Row) (importer.Counts, error) {
			written, err := write(ctx, rows)
			return importer.Counts(written), err
		}, options)
		progress.end()
		if err == nil || summary.Read > 0 {
			printSummary(p.stdout, kind, summary, duplicates)
		}
		tellReason(p.stderr, summary)
		if err != nil && ctx.Err() != nil {
			fmt.Fprintln(p.stderr, "What is counted above is stored; run the same import again to complete it.")
			return "", ctx.Err()
		}
		return rejects.opened, rejects.explain(err, summary.Read)
	}
}
