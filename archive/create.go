package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"aiusage/usage"
)

// Create makes a file that is there whole or not at all, whatever ends it: it is written under
// another name beside the one it gets. Only its owner may read it. What is there is not
// overwritten.
func Create(path string, write func(to io.Writer) error) (err error) {
	if err := CheckFree(path); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".unfinished-") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := CheckFree(path); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// CheckFree refuses the name of a file that is there.
func CheckFree(path string) error {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return usage.Errorf(usage.InvalidArgument, "%s is there already; name another file, or a folder, in which each backup has a name of its own", path)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// syncFolder keeps a new name in a folder from being lost when the power fails. Some systems and
// network disks cannot do it; the file itself is safe.
func syncFolder(path string) {
	if folder, err := os.Open(path); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
}
