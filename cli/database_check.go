package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	"aiusage/db"
	"aiusage/usage"
)

type databaseCheckCommand struct{}

// Help is the end of the command's help text.
func (databaseCheckCommand) Help() string {
	return `All files are read, and each piece has to be what its hash says; where a gateway runs on the data folder, that is left out. Then every value of every table is read, and the sessions have to add up to the same by their key as by their rows. Nothing is changed.`
}

// Run checks the embedded database.
func (databaseCheckCommand) Run(ctx context.Context, p *process) error {
	if err := p.needEmbedded(); err != nil {
		return err
	}
	progress := newStepProgress(p.stderr)
	defer progress.end()
	progress.begin("reading the files")
	problems, err := p.embedded.CheckFiles(ctx, p.flags.Data)
	used, isUsed := errors.AsType[*FolderInUseError](err)
	if err != nil && !isUsed {
		return err
	}
	if len(problems) > 0 {
		progress.end()
		for _, problem := range problems {
			fmt.Fprintln(p.stdout, problem)
		}
		return usage.Errorf(usage.Unavailable, "the files in %s are damaged: restore a backup into another folder", p.flags.Data)
	}
	progress.begin("reading the tables")
	found, err := p.contents(ctx, progress)
	progress.end()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, name := range slices.Sorted(maps.Keys(found.Rows)) {
		fmt.Fprintf(table, "%s\t%d rows\n", name, found.Rows[name])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if err := problemsError(found.Problems); err != nil {
		return err
	}
	if isUsed {
		fmt.Fprintf(p.stdout, "no problems in the tables; the files can be checked only when %s has ended\n", used.Owner())
		return nil
	}
	fmt.Fprintln(p.stdout, "no problems")
	return nil
}

// contents reads all that is in the database, of whatever version it is.
func (p *process) contents(ctx context.Context, progress *stepProgress) (db.Contents, error) {
	store, err := p.connect(ctx, unhurried)
	if err != nil {
		return db.Contents{}, err
	}
	found, err := store.Contents(ctx, progress.rows)
	return found, errors.Join(err, store.close())
}
