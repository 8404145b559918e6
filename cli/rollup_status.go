package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"aiusage/db"
)

type rollupStatusCommand struct {
	Format string `default:"text" enum:"text,json" help:"How it is printed: text for people, or json for programs (default: text)."`
}

// Run prints how the rollups are.
func (c rollupStatusCommand) Run(ctx context.Context, p *process) error {
	store, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	status, err := store.RollupStatus(ctx)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		encoder := json.NewEncoder(p.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(newRollupReport(status))
	}
	return printRollups(p.stdout, status)
}

// rollupReport is how the rollups are, for programs. What is not so is left out; names and
// values stay what they are.
type rollupReport struct {
	// Reads is what reports read: "rollups", "sessions", or "former rollups" for those of an
	// earlier version.
	Reads string `json:"reads"`
	// Phase is "ready", "filling" or "raw", and Former that of an earlier version's rollups.
	Phase  string `json:"phase"`
	Former string `json:"former,omitempty"`
	// Reason says why reports do not read the rollups, or why these are being repaired.
	Reason     string         `json:"reason,omitempty"`
	Distrusted bool           `json:"distrusted"`
	Calendars  []reportedZone `json:"calendars"`
	FilledTo   *time.Time     `json:"filledTo,omitempty"`
	KeptFrom   *time.Time     `json:"sessionsKeptFrom,omitempty"`
	Undated    int64          `json:"undatedSessions"`
	Pending    int64          `json:"pendingChanges"`
	LagSeconds float64        `json:"lagSeconds"`
}

// reportedZone is a calendar by whose days there are sums. Phase is "ready", "filling",
// "leaving" or "stale".
type reportedZone struct {
	TimeZone string `json:"timeZone"`
	Phase    string `json:"phase"`
}

func newRollupReport(status db.RollupStatus) rollupReport {
	report := rollupReport{
		Reads: "sessions", Phase: string(status.Phase), Former: string(status.Former), Reason: status.Reason, Distrusted: status.Distrusted,
		Calendars: []reportedZone{}, FilledTo: unlessZero(status.FilledTo), KeptFrom: unlessZero(status.RawFrom),
		Undated: status.Undated, Pending: status.Pending, LagSeconds: status.Lag.Seconds(),
	}
	switch {
	case status.Phase == db.Ready:
		report.Reads = "rollups"
	case status.ReadsFormer():
		report.Reads = "former rollups"
	}
	for _, calendar := range status.Calendars {
		report.Calendars = append(report.Calendars, reportedZone{calendar.Zone, calendar.Phase})
	}
	return report
}

func unlessZero(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// printRollups prints how the rollups are, for people.
func printRollups(to io.Writer, status db.RollupStatus) error {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	switch status.Phase {
	case db.Ready:
		fmt.Fprintln(table, "reports read\trollups")
	case db.Filling:
		what := "raw sessions"
		if status.ReadsFormer() {
			what = "the rollups of an earlier version"
		}
		fmt.Fprintf(table, "reports read\t%s, until the rollups are filled\n", what)
		if status.Reason != "" {
			fmt.Fprintf(table, "they are repaired, because\t%s\n", status.Reason)
		}
	default:
		fmt.Fprintf(table, "reports read\traw sessions\nbecause\t%s\n", status.Reason)
	}
	for _, calendar := range status.Calendars {
		fmt.Fprintf(table, "days of %s\t%s\n", calendar.Zone, aboutCalendar(calendar.Phase))
	}
	if status.Former != "" && !status.ReadsFormer() {
		fmt.Fprintln(table, "sums of an earlier version\tare kept as well, until none of its gateways is running or the rollup retire command is run")
	}
	if !status.FilledTo.IsZero() {
		fmt.Fprintf(table, "filled to\t%s\n", status.FilledTo.Format(time.RFC3339))
	}
	if !status.RawFrom.IsZero() {
		fmt.Fprintf(table, "sessions kept from\t%s\n", status.RawFrom.Format(time.RFC3339))
	}
	if status.Undated > 0 {
		fmt.Fprintf(table, "sessions without a readable start\t%d (they count in reports without a range only)\n", status.Undated)
	}
	fmt.Fprintf(table, "changes to fold\t%d\noldest of them\t%s\n", status.Pending, status.Lag)
	return table.Flush()
}

// aboutCalendar says how the sums by the days of a time zone are.
func aboutCalendar(phase string) string {
	return map[string]string{
		"ready":   "have sums",
		"filling": "are being summed up",
		"leaving": "have sums that are being deleted",
		"stale":   "begin elsewhere than when they were summed up; run the migrate command",
	}[phase]
}
