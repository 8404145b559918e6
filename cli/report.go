package cli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"aiusage/auth"
	"aiusage/legacy"
	"aiusage/resolvers"
	"aiusage/usage"
)

type reportCommand struct {
	Account  string `placeholder:"ID" help:"Only this account."`
	Customer string `placeholder:"ID" help:"Only this customer."`
	Start    string `placeholder:"DATE" help:"Where the range starts: a day (2026-03-01), an instant (2026-03-01T10:00:00Z) or a date and time in the time zone (2026-03-01T10:00). Without it, at the beginning."`
	End      string `placeholder:"DATE" help:"Where it ends: a day, inclusive; or an instant or date and time, exclusive. Without it, there is no end."`
	Period   string `placeholder:"NAME" help:"A range by its name instead of --start and --end, such as today, this-week, last-month or last-30-days."`
	TimeZone string `env:"AIUSAGE_TIME_ZONE" default:"UTC" placeholder:"ZONE" help:"The IANA time zone of days (default: UTC)."`
	Format   string `default:"table" enum:"table,csv,json,xml" help:"table; csv, with a row for each account and customer; json, everything; or xml, the legacy document (default: table)."`
}

// Run prints a report, as the command line's own principal.
func (c reportCommand) Run(ctx context.Context, p *process) error {
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
	var report usage.Reporter = resolvers.New(store, resolvers.Options{Zone: zone}).Report
	answer, err := report(auth.NewContext(ctx, auth.Operator), usage.Request{
		AccountID: c.Account, CustomerID: c.Customer, StartDate: c.Start, EndDate: c.End,
		Period: parsePeriod(c.Period),
	})
	if err != nil {
		return err
	}
	return c.print(p.stdout, answer)
}

func (c reportCommand) print(w io.Writer, report *usage.Report) error {
	switch c.Format {
	case "csv":
		return writeReportCSV(w, report)
	case "json":
		return writeReportJSON(w, report)
	case "xml":
		if err := legacy.WriteXML(w, report); err != nil {
			return err
		}
		_, err := io.WriteString(w, "\n")
		return err
	}
	return writeReportTable(w, report, isTerminal(w))
}

// writeReportCSV writes a header and one row per subject; sessions without a
// customer have an empty customer_id, so that the columns add up to the totals.
func writeReportCSV(w io.Writer, report *usage.Report) error {
	out := csv.NewWriter(w)
	out.Write([]string{"account_id", "customer_id", "ai_minutes", "ai_seconds", "sessions"})
	for _, row := range report.Subjects {
		out.Write([]string{
			row.AccountID, row.CustomerID, decimal(row.Minutes), decimal(row.Seconds), decimal(row.Sessions),
		})
	}
	out.Flush()
	return out.Error()
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// The JSON form of a report has the names of the GraphQL answer.
type (
	reportJSON struct {
		From          *time.Time     `json:"from"`
		To            *time.Time     `json:"to"`
		TimeZone      string         `json:"timeZone"`
		AsOf          time.Time      `json:"asOf"`
		Totals        usageJSON      `json:"totals"`
		AccountUsage  []accountJSON  `json:"accountUsage"`
		CustomerUsage []customerJSON `json:"customerUsage"`
	}
	usageJSON struct {
		AIMinutes int64 `json:"aiMinutes"`
		AISeconds int64 `json:"aiSeconds"`
		Sessions  int64 `json:"sessions"`
	}
	accountJSON struct {
		AccountID string `json:"accountId"`
		usageJSON
		WithoutCustomer usageJSON `json:"withoutCustomer"`
	}
	customerJSON struct {
		AccountID  string `json:"accountId"`
		CustomerID string `json:"customerId"`
		usageJSON
	}
)

func writeReportJSON(w io.Writer, report *usage.Report) error {
	document := reportJSON{
		From: report.From(), To: report.To(), TimeZone: report.TimeZone(), AsOf: report.AsOf,
		Totals:        toJSON(report.Totals),
		AccountUsage:  make([]accountJSON, 0, len(report.Accounts)),
		CustomerUsage: make([]customerJSON, 0, len(report.Customers)),
	}
	for _, row := range report.Accounts {
		document.AccountUsage = append(document.AccountUsage,
			accountJSON{row.AccountID, toJSON(row.Usage), toJSON(row.WithoutCustomer)})
	}
	for _, row := range report.Customers {
		document.CustomerUsage = append(document.CustomerUsage,
			customerJSON{row.AccountID, row.CustomerID, toJSON(row.Usage)})
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(document); err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	return nil
}

func toJSON(u usage.Usage) usageJSON { return usageJSON{u.Minutes, u.Seconds, u.Sessions} }
