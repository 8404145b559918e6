package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"aiusage/archive"
	"aiusage/db"
	"aiusage/usage"
)

type databaseRestoreCommand struct {
	From string `arg:"" type:"existingfile" placeholder:"FILE" help:"A file that the backup command has written."`
}

// Help is the end of the command's help text.
func (databaseRestoreCommand) Help() string {
	return `The data folder (--data) must be empty, or not be there. The database is in it once it has been read and has what its backup says; until then, and where something is wrong with the file, there is nothing. A backup of an earlier version is upgraded by the next serve. People sign in with their own passwords as before; one that nobody knows any more is set by user passwd.`
}

// Run restores a backup.
func (c databaseRestoreCommand) Run(ctx context.Context, p *process) error {
	if err := p.needEmbedded(); err != nil {
		return err
	}
	file, err := os.Open(c.From)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return usage.Errorf(usage.InvalidArgument, "%s is no file: write what comes out of a pipe to a file first, and restore that", c.From)
	}
	progress := newStepProgress(p.stderr)
	defer progress.end()
	var manifest archive.Manifest
	unpack := func(empty string) (string, error) {
		progress.begin("unpacking the file")
		manifest, err = archive.Read(ctx, file, info.Size(), empty, acceptManifest, progress.share)
		return empty, err
	}
	err = p.embedded.Load(ctx, p.flags.Data, unpack, func(ctx context.Context, dsn string) error {
		progress.begin("reading the database")
		found, err := lookAtCopy(ctx, dsn, progress)
		if err != nil {
			return err
		}
		return compareManifests(manifest, found)
	})
	progress.end()
	if err != nil {
		return inUse(err)
	}
	_, err = fmt.Fprintf(p.stdout, "%s has %s, as of %s\n", p.flags.Data, contentsOf(manifest.Rows), manifest.MadeAt.Format(time.RFC3339))
	return err
}

// acceptManifest refuses a backup of a later version, before anything is unpacked.
func acceptManifest(manifest archive.Manifest) error {
	newest, err := db.NewestSchema()
	if err == nil && manifest.Schema > newest {
		err = usage.Errorf(usage.InvalidArgument,
			"this backup was made by version %s, with a schema (%d) newer than the %d that this program knows: restore it with that version or a later one",
			manifest.Gateway, manifest.Schema, newest)
	}
	return err
}

// compareManifests refuses a database that has something else than its backup says.
func compareManifests(want, got archive.Manifest) error {
	var problems []string
	if got.Schema != want.Schema {
		problems = append(problems, fmt.Sprintf("the schema is at version %d, but the backup says %d", got.Schema, want.Schema))
	}
	tables := maps.Clone(want.Rows)
	maps.Copy(tables, got.Rows)
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		if got.Rows[table] != want.Rows[table] {
			problems = append(problems, fmt.Sprintf("the table %s has %d rows, but the backup says %d", table, got.Rows[table], want.Rows[table]))
		}
	}
	return problemsError(problems)
}
