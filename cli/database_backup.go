package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"aiusage/archive"
	"aiusage/db"
	"aiusage/observe"
	"aiusage/usage"
)

type databaseBackupCommand struct {
	To string `arg:"" type:"path" help:"The file to write, or a folder, in which it gets a name with the time."`
}

// Help is the end of the command's help text.
func (databaseBackupCommand) Help() string {
	return `The file has one state of the database, with every user, key and session, however much is written meanwhile. It is there once the copy has been opened and read; what is interrupted leaves nothing. It holds hashes of passwords and keys: only its owner may read it. What is in the data folder beside the database, such as the password that the first start has generated, is not in it.`
}

// Run writes a backup.
func (c databaseBackupCommand) Run(ctx context.Context, p *process) error {
	if err := p.needEmbedded(); err != nil {
		return err
	}
	to := c.file(time.Now())
	if err := archive.CheckFree(to); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Dir(to)); err != nil {
		return usage.Errorf(usage.InvalidArgument, "the folder of the backup, %s, cannot be written to: %v", filepath.Dir(to), err)
	}
	progress := newStepProgress(p.stderr)
	defer progress.end()
	progress.begin("copying the database")
	var manifest archive.Manifest
	err := p.embedded.Copy(ctx, p.flags.Data, func(copied, beside string) error {
		madeAt := time.Now().UTC().Truncate(time.Second)
		progress.begin("reading the copy")
		asItIs := func(string) (string, error) { return copied, nil }
		err := p.embedded.Load(ctx, beside, asItIs, func(ctx context.Context, dsn string) (err error) {
			manifest, err = lookAtCopy(ctx, dsn, progress)
			return err
		})
		if err != nil {
			return err
		}
		manifest.MadeAt = madeAt
		progress.begin("writing the file")
		return archive.Create(to, func(file io.Writer) error {
			return archive.Write(ctx, file, manifest, copied, progress.share)
		})
	})
	if err != nil {
		return inUse(err)
	}
	progress.end()
	return c.told(p, to, manifest)
}

// file is the file to write.
func (c databaseBackupCommand) file(now time.Time) string {
	if info, err := os.Stat(c.To); err == nil && info.IsDir() {
		return filepath.Join(c.To, now.UTC().Format("aiusage-20060102T150405Z.tar"))
	}
	return c.To
}

// told says what was written.
func (databaseBackupCommand) told(p *process, to string, manifest archive.Manifest) error {
	info, err := os.Stat(to)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s has %s in %.1f MB\n", to, contentsOf(manifest.Rows), float64(info.Size())/1e6)
	return err
}

// lookAtCopy reads all that is in a copy, which has to be right, and returns what its archive says
// of it.
func lookAtCopy(ctx context.Context, dsn string, progress *stepProgress) (archive.Manifest, error) {
	store, err := db.Open(dsn, db.Options{})
	if err != nil {
		return archive.Manifest{}, err
	}
	defer store.Close()
	found, err := store.Contents(ctx, progress.rows)
	if err != nil {
		return archive.Manifest{}, err
	}
	if err := problemsError(found.Problems); err != nil {
		return archive.Manifest{}, errors.Join(usage.Errorf(usage.Unavailable, "what is in the copy is not right, so it was not kept:"), err)
	}
	schema, err := store.SchemaVersion(ctx)
	if err != nil {
		return archive.Manifest{}, err
	}
	build := observe.ThisBuild()
	return archive.Manifest{Gateway: build.Version, Engine: build.Database, Schema: schema, Rows: found.Rows}, nil
}

// contentsOf says what somebody looks for in a database.
func contentsOf(rows map[string]int64) string {
	return fmt.Sprintf("%d sessions, %d names and %d users", rows["ai_sessions"], rows["accounts"]+rows["customers"], rows["users"])
}

// needEmbedded refuses what is about the embedded database alone where another one is named.
func (p *process) needEmbedded() error {
	switch {
	case p.embedded == nil:
		return usage.Errorf(usage.InvalidArgument,
			"this is for the embedded database, which this program has none of: use the build with a database inside (make build), or for a MySQL or MariaDB its own tools")
	case p.flags.DSN != "":
		return usage.Errorf(usage.InvalidArgument,
			"this is for the embedded database, but MYSQL_DSN (or --dsn) names a server, which its own tools back up and restore; unset it to mean the embedded one")
	}
	return nil
}

// inUse says what to do about a data folder that another process has.
func inUse(err error) error {
	if used, ok := errors.AsType[*FolderInUseError](err); ok {
		return usage.Errorf(usage.InvalidArgument, "%v; stop it first, or name another folder with --data", used)
	}
	return err
}

// problemsError is an error for each of some problems.
func problemsError(problems []string) error {
	var all []error
	for _, problem := range problems {
		all = append(all, usage.Errorf(usage.Unavailable, "%s", problem))
	}
	return errors.Join(all...)
}
