package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"aiusage/db"
	"aiusage/status"
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
	found, age, err := rollupsNow(ctx, store)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		encoder := json.NewEncoder(p.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(rollupsOf(found, age))
	}
	return printRollups(p.stdout, found, age)
}

// rollupStatus returns what a running gateway tells operators of the rollups.
func rollupStatus(store *database) func(context.Context) (status.Rollups, error) {
	return func(ctx context.Context) (status.Rollups, error) {
		found, age, err := rollupsNow(ctx, store)
		if err != nil {
			return status.Rollups{}, err
		}
		return rollupsOf(found, age), nil
	}
}

// rollupsNow asks a database how the rollups are, and how old what it has is.
func rollupsNow(ctx context.Context, store *database) (found db.RollupStatus, age db.Freshness, err error) {
	if found, err = store.RollupStatus(ctx); err == nil {
		age, err = store.Freshness(ctx)
	}
	return found, age, err
}

// rollupsOf is how the rollups are, for programs.
func rollupsOf(found db.RollupStatus, age db.Freshness) status.Rollups {
	rollups := status.Rollups{
		Reads: "sessions", Phase: string(found.Phase), Former: string(found.Former), Reason: found.Reason, Distrusted: found.Distrusted, Stuck: found.Stuck,
		Calendars: []status.Calendar{}, FilledTo: unlessZero(found.FilledTo), KeptFrom: unlessZero(found.RawFrom),
		Undated: found.Undated, Pending: found.Pending, LagSeconds: found.Lag.Seconds(),
		Server: found.Server.String(), KeepsSums: found.Server.Folds(),
		Follows: age.Follows,
	}
	if behind, known := age.Behind(); age.Follows && known {
		seconds := behind.Seconds()
		rollups.SeenTo, rollups.BehindSeconds = &age.Seen, &seconds
	}
	switch {
	case found.Phase == db.Ready:
		rollups.Reads = "rollups"
	case found.ReadsFormer():
		rollups.Reads = "former rollups"
	}
	for _, calendar := range found.Calendars {
		rollups.Calendars = append(rollups.Calendars, status.Calendar{TimeZone: calendar.Zone, Phase: calendar.Phase})
	}
	return rollups
}

func unlessZero(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// printRollups prints how the rollups are, for people.
func printRollups(to io.Writer, status db.RollupStatus, age db.Freshness) error {
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
	fmt.Fprintf(table, "the server is\t%s\n", status.Server)
	if !status.Server.Folds() {
		fmt.Fprintln(table, "changes are folded\telsewhere, and not by gateways on this server")
	}
	if age.Follows {
		fmt.Fprintf(table, "it is behind its primary\t%s\n", aboutAge(age))
	}
	fmt.Fprintf(table, "changes to fold\t%d\noldest of them\t%s\n", status.Pending, status.Lag)
	return table.Flush()
}

// aboutAge says how far a server is behind.
func aboutAge(age db.Freshness) string {
	behind, known := age.Behind()
	if !known {
		return "nobody knows how far (no gateway has said on the primary what time it is there, or the gateway's tables are not the primary's)"
	}
	return fmt.Sprintf("by %s: it has all that was stored until %s", behind.Round(time.Millisecond), age.Seen.Format(time.RFC3339Nano))
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
