package doltdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"aiusage/cli"
	"aiusage/usage"
)

// loadingFolder is where a database is made of a copy, in the data folder: to move it to its
// place is one step then, also where the data folder is a volume of its own.
const loadingFolder = "restoring"

// Load is the Load of a cli.EmbeddedDatabase.
func Load(ctx context.Context, data string, source func(empty string) (copied string, err error), look func(ctx context.Context, dsn string) error) (err error) {
	data, err = dataFolder(data)
	if err != nil {
		return err
	}
	_, statErr := os.Stat(data)
	if err := cli.MakePrivate("the data folder", data); err != nil {
		return err
	}
	claim, err := claimFolder(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claim.release()) }()
	if err := checkEmpty(data); err != nil {
		return err
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		defer func() {
			if err != nil {
				err = errors.Join(err, os.RemoveAll(data)) // with nothing in it but the lock
			}
		}()
	}
	loading := filepath.Join(data, loadingFolder)
	defer func() { err = errors.Join(err, os.RemoveAll(loading)) }()
	if err := errors.Join(os.RemoveAll(loading), os.Mkdir(loading, 0o700)); err != nil {
		return err
	}
	if err := load(ctx, loading, source, look); err != nil {
		return err
	}
	made := filepath.Join(loading, databasesFolder)
	if err := syncAll(made); err != nil {
		return err
	}
	if err := os.Rename(made, filepath.Join(data, databasesFolder)); err != nil {
		return err
	}
	return syncFile(data)
}

// checkEmpty refuses a data folder that has anything in it but what this process and a Load that
// was killed have put there.
func checkEmpty(data string) error {
	entries, err := os.ReadDir(data)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !slices.Contains([]string{lockFile, connectionFile, loadingFolder}, entry.Name()) {
			return usage.Errorf(usage.InvalidArgument, "the folder %s is not empty: there is %s in it; name another one with --data", data, entry.Name())
		}
	}
	return nil
}

// load makes a database of a copy in a folder, and has look at it.
func load(ctx context.Context, folder string, source func(string) (string, error), look func(context.Context, string) error) (err error) {
	unpacked := filepath.Join(folder, "copy")
	if err := errors.Join(os.Mkdir(unpacked, 0o700), os.Mkdir(filepath.Join(folder, databasesFolder), 0o700)); err != nil {
		return err
	}
	copied, err := source(unpacked)
	if err != nil {
		return err
	}
	server, err := startServer(ctx, folder)
	if err != nil {
		return fmt.Errorf("starting the embedded database in %s: %w", folder, err)
	}
	end := server.abandon
	defer func() { err = errors.Join(err, end()) }()
	address, forget, err := fileURL(copied)
	if err != nil {
		return err
	}
	err = call(ctx, server.dsn(""), restoreFrom(address))
	if err := errors.Join(err, forget()); err != nil {
		return err
	}
	end = server.stop
	return look(ctx, server.dsn(databaseName))
}

// syncAll has the disk keep all files and folders below a folder.
func syncAll(folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() && !entry.Type().IsRegular() {
			return err
		}
		return syncFile(path)
	})
}

// syncFile has the disk keep a file, or the names in a folder.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	err = file.Sync()
	if runtime.GOOS == "windows" {
		err = nil // there only files that are open for writing can be, and no folders
	}
	return errors.Join(err, file.Close())
}
