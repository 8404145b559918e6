package cli

import (
	"context"
	"io"
	"strconv"
	"time"

	"aiusage/auth"
	"aiusage/export"
	"aiusage/legacy/answer"
	"aiusage/usage"
)

type reportCommand struct {
	Account  string `placeholder:"ID" help:"Only this account."`
	Customer string `placeholder:"ID" help:"Only this customer."`
	Start    string `placeholder:"DATE" help:"Where the range starts: a day (2026-03-01), an instant (2026-03-01T10:00:00Z) or a date and time in the time zone (2026-03-01T10:00). Without it, at the beginning."`
	End      string `placeholder:"DATE" help:"Where it ends: a day, inclusive; or an instant or date and time, exclusive. Without it, there is no end."`
	Period   string `placeholder:"NAME" help:"A range by its name instead of --start and --end, such as today, this-week, last-month or last-30-days."`
	TimeZone string `env:"AIUSAGE_TIME_ZONE" default:"UTC" placeholder:"ZONE" help:"The IANA time zone of days (default: UTC)."`

	Level   string `placeholder:"LEVEL" help:"What rows are of: customer (with a row of each account for what belongs to none; the default), or account."`
	Names   bool   `help:"Show the names of accounts and customers."`
	Series  string `placeholder:"STEP" help:"A row for each step of time: quarter-hour, hour, day, week, month or year."`
	Columns string `placeholder:"NAMES" help:"With csv, json and ndjson, these columns in this order, such as accountName,aiMinutes."`

	Search    string `placeholder:"TEXT" help:"Only rows with this text in their id or name, whatever the case and the accents."`
	Minimum   string `placeholder:"N" help:"Only rows with at least so many minutes, or of what --measure says."`
	Named     *bool  `negatable:"" help:"Only rows that have a name, or only those that have none."`
	Order     string `placeholder:"ORDER" help:"What rows are ordered by: id, name, minutes, seconds, sessions, share, previous, change or change-relative; what has a size, by the largest first (default: id; with --top, minutes)."`
	Direction string `placeholder:"DIRECTION" help:"asc or desc, instead of the direction that the --order has by itself."`
	Measure   string `placeholder:"MEASURE" help:"What --minimum and an order by share, previous or change are of: minutes, seconds or sessions (default: minutes)."`
	Top       string `placeholder:"N" help:"Only the first N rows; the largest, unless there is an --order."`

	Previous      bool   `help:"Show the usage in the range that this one is compared with as well: the one just before, unless one of the following says otherwise."`
	Include       string `placeholder:"WHICH" help:"The rows of which range there are: current, previous or both (default: current)."`
	Shift         string `placeholder:"SHIFT" help:"Compare with the range that is so far back: period, week, month or year (default: period, the one just before)."`
	Elapsed       bool   `help:"Of a range that is not over, compare what has elapsed with the same part of the other one."`
	CompareStart  string `placeholder:"DATE" help:"Where another range starts that is compared with, as --start."`
	CompareEnd    string `placeholder:"DATE" help:"Where it ends, as --end."`
	ComparePeriod string `placeholder:"NAME" help:"Or its name, as --period."`

	Format      string `default:"table" enum:"table,csv,json,ndjson,xml" help:"table; csv, json (an array) or ndjson with a row for each account and customer; or xml, the legacy document (default: table)."`
	Spreadsheet bool   `help:"With csv, put an apostrophe before ids and names that a spreadsheet would take for a formula."`
}

// Run prints a report, as the command line's own principal.
func (c reportCommand) Run(ctx context.Context, p *process) error {
	parameters, err := c.parameters()
	if err != nil {
		return err
	}
	request, err := parameters.Request()
	if err != nil {
		return err
	}
	if c.Format == "xml" && (request != export.Request{}) {
		return usage.Errorf(usage.InvalidArgument, "the legacy document has all rows by id, and nothing beside them; take another --format")
	}
	zone, err := usage.LoadZone(usage.ArgTimeZone, c.TimeZone)
	if err != nil {
		return err
	}
	store, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	// No gateway need be running, and triggers may have gone since one was.
	if err := store.CheckRollups(ctx); err != nil {
		return err
	}
	query, err := usage.Request{
		AccountID: c.Account, CustomerID: c.Customer, StartDate: c.Start, EndDate: c.End,
		Period: parsePeriod(c.Period),
	}.Query(zone, time.Now())
	if err != nil {
		return err
	}
	if query, err = auth.Restrict(auth.NewContext(ctx, auth.Operator), query); err != nil {
		return err
	}
	snapshot := store.Snapshot(ctx)
	defer snapshot.Close()
	result, err := export.Read(ctx, snapshot, query, request)
	if err != nil {
		return err
	}
	return c.print(p.stdout, result, request, parameters.Options)
}

// parameters are what the flags say about the rows.
func (c reportCommand) parameters() (parameters export.Parameters, err error) {
	if c.Spreadsheet && c.Format != string(export.CSV) {
		return parameters, usage.Errorf(usage.InvalidArgument, "--spreadsheet is about --format csv")
	}
	if c.Columns != "" && (c.Format == "table" || c.Format == "xml") {
		return parameters, usage.Errorf(usage.InvalidArgument, "--columns is about --format csv, json and ndjson")
	}
	named := ""
	if c.Named != nil {
		named = strconv.FormatBool(*c.Named)
	}
	for _, given := range []struct {
		argument usage.Argument
		value    string
	}{
		{export.ArgLevel, c.Level}, {usage.ArgGranularity, c.Series}, {export.ArgColumns, c.Columns},
		{export.ArgNames, on(c.Names)}, {export.ArgPrevious, on(c.Previous)}, {export.ArgSpreadsheet, on(c.Spreadsheet)},
		{usage.ArgSearch, c.Search}, {export.ArgMinimum, c.Minimum}, {export.ArgNamed, named},
		{export.ArgOrder, c.Order}, {export.ArgDirection, c.Direction}, {export.ArgMeasure, c.Measure}, {export.ArgTop, c.Top},
		{export.ArgInclude, c.Include}, {usage.ArgShift, c.Shift}, {usage.ArgElapsed, on(c.Elapsed)},
		{export.ArgCompareFrom, c.CompareStart}, {export.ArgCompareTo, c.CompareEnd}, {export.ArgComparedTo, c.ComparePeriod},
	} {
		if err := parameters.Set(given.argument, given.value); err != nil {
			return parameters, err
		}
	}
	return parameters, nil
}

// on is the value of a flag that is there or not.
func on(flag bool) string {
	if flag {
		return "1"
	}
	return ""
}

func (c reportCommand) print(w io.Writer, result *export.Result, request export.Request, options export.Options) error {
	switch c.Format {
	case "table":
		return writeReportTable(w, result, request, isTerminal(w))
	case "xml":
		if err := answer.WriteXML(w, result.Report); err != nil {
			return err
		}
		_, err := io.WriteString(w, "\n")
		return err
	}
	return export.Write(w, export.Format(c.Format), request, result.Rows, options)
}
