package cli

import (
	"context"
	"io"
	"slices"
	"time"

	"aiusage/auth"
	"aiusage/export"
	"aiusage/legacy"
	"aiusage/usage"
)

type reportCommand struct {
	Account  string `placeholder:"ID" help:"Only this account."`
	Customer string `placeholder:"ID" help:"Only this customer."`
	Start    string `placeholder:"DATE" help:"Where the range starts: a day (2026-03-01), an instant (2026-03-01T10:00:00Z) or a date and time in the time zone (2026-03-01T10:00). Without it, at the beginning."`
	End      string `placeholder:"DATE" help:"Where it ends: a day, inclusive; or an instant or date and time, exclusive. Without it, there is no end."`
	Period   string `placeholder:"NAME" help:"A range by its name instead of --start and --end, such as today, this-week, last-month or last-30-days."`
	TimeZone string `env:"AIUSAGE_TIME_ZONE" default:"UTC" placeholder:"ZONE" help:"The IANA time zone of days (default: UTC)."`

	Names    bool   `help:"Show the names of accounts and customers."`
	Series   string `placeholder:"STEP" help:"A row for each step of time: quarter-hour, hour, day, week, month or year."`
	Previous bool   `help:"Show the usage in the range just before as well."`
	Top      int    `placeholder:"N" help:"Only the first N accounts and customers; the largest, unless there is an --order."`
	Order    string `default:"" enum:",id,minutes,seconds,sessions" help:"What rows are ordered by: id, or minutes, seconds or sessions, the largest first (default: id; with --top, minutes)."`

	Format      string `default:"table" enum:"table,csv,json,ndjson,xml" help:"table; csv, json (an array) or ndjson with a row for each account and customer; or xml, the legacy document (default: table)."`
	Spreadsheet bool   `help:"With csv, put an apostrophe before ids and names that a spreadsheet would take for a formula."`
}

// Run prints a report, as the command line's own principal.
func (c reportCommand) Run(ctx context.Context, p *process) error {
	request, err := c.request()
	if err != nil {
		return err
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
	return c.print(p.stdout, result, request)
}

// request is what the flags say about the rows.
func (c reportCommand) request() (export.Request, error) {
	request := export.Request{Names: c.Names, Previous: c.Previous, Top: c.Top, Order: export.Order(c.Order)}
	switch {
	case c.Order == "id":
		request.Order = export.ByID
	case c.Order == "" && c.Top > 0:
		request.Order = export.ByMinutes
	}
	if c.Top < 0 {
		return request, usage.Errorf(usage.InvalidArgument, "--top is at least 1")
	}
	if c.Series != "" {
		at := slices.IndexFunc(usage.Steps, func(step usage.Step) bool { return spell(string(step)) == spell(c.Series) })
		if at < 0 {
			return request, usage.Errorf(usage.InvalidArgument, "--series %q is no step of time; accepted: quarter-hour, hour, day, week, month, year", c.Series)
		}
		request.Series = usage.Steps[at]
	}
	if c.Spreadsheet && c.Format != string(export.CSV) {
		return request, usage.Errorf(usage.InvalidArgument, "--spreadsheet is about --format csv")
	}
	if request != (export.Request{}) && c.Format == "xml" {
		return request, usage.Errorf(usage.InvalidArgument, "the legacy document has no names, series, order or time before; take another --format")
	}
	return request, nil
}

func (c reportCommand) print(w io.Writer, result *export.Result, request export.Request) error {
	switch c.Format {
	case "table":
		return writeReportTable(w, result, request, isTerminal(w))
	case "xml":
		if err := legacy.WriteXML(w, result.Report); err != nil {
			return err
		}
		_, err := io.WriteString(w, "\n")
		return err
	}
	return export.Write(w, export.Format(c.Format), request, result.Rows, export.Options{Spreadsheet: c.Spreadsheet})
}
