package doltdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/gofrs/flock"

	"aiusage/cli"
	"aiusage/usage"
)

const (
	// copiesFolder is where copies are made, in the data folder: whichever process runs the
	// database can write there.
	copiesFolder = "backup"
	// copiesLock is held by the process that makes one.
	copiesLock = "backup.lock"
)

// Copy is the Copy of a cli.EmbeddedDatabase. Dolt makes the copy of one root, which holds
// all that is committed at one moment.
func Copy(ctx context.Context, data string, use func(copied, beside string) error) (err error) {
	data, err = existing(data)
	if err != nil {
		return err
	}
	scratch, remove, err := claimCopies(data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	copied, beside := filepath.Join(scratch, "copy"), filepath.Join(scratch, "opened")
	if err := copyInto(ctx, data, copied); err != nil {
		return err
	}
	return use(copied, beside)
}

// Has is the Has of a cli.EmbeddedDatabase.
func Has(data string) bool {
	_, err := os.Stat(filepath.Join(data, databasesFolder, databaseName))
	return !errors.Is(err, fs.ErrNotExist)
}

// existing is the full path of a data folder, which has a database.
func existing(data string) (string, error) {
	data, err := filepath.Abs(data)
	if err != nil {
		return "", err
	}
	if !Has(data) {
		return "", usage.Errorf(usage.NotFound, "there is no database in %s: name its folder with --data", data)
	}
	return data, cli.CheckPrivate("the data folder", data)
}

// claimCopies makes an empty folder for a copy, and removes what one that was killed has left.
func claimCopies(data string) (folder string, remove func() error, err error) {
	lock := flock.New(filepath.Join(data, copiesLock))
	locked, err := lock.TryLock()
	if err != nil {
		return "", nil, fmt.Errorf("locking the data folder for a backup: %w", err)
	}
	if !locked {
		return "", nil, usage.Errorf(usage.Unavailable, "another backup of %s is being made", data)
	}
	all := filepath.Join(data, copiesFolder)
	remove = func() error { return errors.Join(os.RemoveAll(all), lock.Unlock()) }
	err = errors.Join(os.RemoveAll(all), os.Mkdir(all, 0o700))
	if err == nil {
		// A name of its own: the copy that a killed process has asked for may still be written.
		folder, err = os.MkdirTemp(all, "")
	}
	if err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return folder, remove, nil
}

// copyInto copies the database of a data folder, by the process that runs it or this one.
func copyInto(ctx context.Context, data, copied string) (err error) {
	running, err := Start(ctx, data)
	var dsn string
	if inUse, ok := errors.AsType[*cli.FolderInUseError](err); ok && inUse.DSN != "" {
		dsn = inUse.DSN
	} else if err != nil {
		return err
	} else {
		dsn = running.DSN
		defer func() { err = errors.Join(err, running.Stop()) }()
	}
	address, forget, err := fileURL(copied)
	if err != nil {
		return err
	}
	err = call(ctx, dsn, syncTo(address))
	return errors.Join(err, forget())
}

// call runs a procedure of Dolt's on a connection of its own.
func call(ctx context.Context, dsn, statement string) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// plainPath are the paths of which Dolt makes URLs and paths again without changing them.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9/._-]+$`)

// fileURL is how Dolt is told a folder: by its path, or by that of a link to it where Dolt would
// take something in it for a part of a URL. forget removes the link.
func fileURL(folder string) (address string, forget func() error, err error) {
	if plainPath.MatchString(folder) {
		return "file://" + folder, func() error { return nil }, nil
	}
	made, err := os.MkdirTemp("", "aiusage-")
	if err != nil {
		return "", nil, err
	}
	forget = func() error { return os.RemoveAll(made) }
	link := filepath.Join(made, "copy")
	err = errors.Join(os.MkdirAll(folder, 0o700), os.Symlink(folder, link))
	if err == nil && !plainPath.MatchString(link) {
		err = fmt.Errorf("the embedded database cannot be told of the folder %s, nor of %s; choose another one for temporary files (TMPDIR)", folder, link)
	}
	if err != nil {
		return "", nil, errors.Join(err, forget())
	}
	return "file://" + link, forget, nil
}
