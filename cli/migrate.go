package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" default:"withargs" help:"Bring the schema up to date (the default). It can be interrupted and run again."`
	Down   migrateDownCommand   `cmd:"" help:"Undo the latest step, with the data in the table it made."`
	Status migrateStatusCommand `cmd:"" help:"List the steps and when each was applied."`
}

// unhurried are the options for changing tables: of a large one that takes long.
var unhurried = db.Options{}

type migrateUpCommand struct {
	TimeZone  string `env:"AIUSAGE_TIME_ZONE" placeholder:"ZONE" help:"The IANA time zone by whose days and months sums are kept as well, so that reports in it are as fast as in UTC: that of serve. Without it, the zone stays as it is; at first there is none but UTC."`
	OwnTables bool   `help:"The server is a replica of the platform's, and the gateway's tables are to be made in it: reports read its sessions, and there are no sums. Without it, nothing is written in a replica."`
}

// Run brings the schema up to date, and with it the rollups.
func (c migrateUpCommand) Run(ctx context.Context, p *process) error {
	var zone *time.Location // as it is
	if c.TimeZone != "" {
		var err error
		if zone, err = usage.LoadZone(usage.ArgTimeZone, c.TimeZone); err != nil {
			return err
		}
	}
	options := unhurried
	options.OwnTables = c.OwnTables
	store, err := p.connect(ctx, options)
	if err != nil {
		return err
	}
	defer store.close()
	steps := 0
	err = store.Migrate(ctx, func(step db.Migration) {
		steps++
		fmt.Fprintf(p.stdout, "applied %s\n", step.Name)
	})
	if err == nil && steps == 0 {
		fmt.Fprintln(p.stdout, "the schema is up to date")
	}
	if err == nil && c.OwnTables {
		err = store.MarkOwnTables(ctx)
	}
	if err != nil {
		return err
	}
	if err := p.installRollups(ctx, store, zone); err != nil {
		return err
	}
	return store.CheckSchema(ctx) // as serve does, whose refusal would come too late for a deployment
}

type migrateDownCommand struct {
	Yes  bool     `help:"Really do it. Data in the table that this removes are lost."`
	Drop []string `placeholder:"TABLE" help:"Drop this table as well, where the step would: needed for ai_sessions, and for tables that are older than the marks by which the gateway knows its own."`
}

// Help is the long help text of the subcommand.
func (migrateDownCommand) Help() string {
	return `A table or view that the platform had made, and migrate had found, stays as it is.`
}

// Run undoes the latest step.
func (c migrateDownCommand) Run(ctx context.Context, p *process) error {
	if !c.Yes {
		return usage.Errorf(usage.InvalidArgument, "this removes tables with their data; add --yes to do it")
	}
	if err := p.needDatabase(); err != nil {
		return err
	}
	store, err := p.connect(ctx, unhurried)
	if err != nil {
		return err
	}
	defer store.close()
	step, err := store.Rollback(ctx, c.Drop)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "undid %s\n", step.Name)
	if step.Kept != "" {
		fmt.Fprintf(p.stdout, "%s was not made by the gateway, and stays\n", step.Kept)
	}
	return nil
}

type migrateStatusCommand struct{}

// Run lists the steps.
func (migrateStatusCommand) Run(ctx context.Context, p *process) error {
	if err := p.needDatabase(); err != nil {
		return err
	}
	store, err := p.connect(ctx, unhurried)
	if err != nil {
		return err
	}
	defer store.close()
	steps, err := store.Migrations(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, step := range steps {
		applied := "not applied"
		if !step.AppliedAt.IsZero() {
			applied = "applied " + step.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\n", step.Name, applied)
	}
	return table.Flush()
}
