package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"aiusage/usage"
)

// CheckPrivate refuses a file or folder that other users of this machine may get at,
// as ssh refuses keys: one that belongs to somebody else than root and the user of
// this process, or whose mode lets others in. A symbolic link has to belong to one of
// the two, and what it leads to is looked at; the folders above are not, since whoever
// can change those can replace the program as well. what names it in the error, which
// is InvalidArgument and says what to run. What is not there is private.
func CheckPrivate(what, path string) error {
	link, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if owner, foreign := foreignOwner(link); foreign {
		return usage.Errorf(usage.InvalidArgument,
			"%s %s belongs to %s, who can read and change it; run 'chown -hR %s %s', or run the gateway as that user",
			what, path, owner, currentUser(), path)
	}
	if link.Mode()&fs.ModeSymlink != 0 {
		target, err := filepath.EvalSymlinks(path)
		if err != nil {
			return err
		}
		return CheckPrivate(what, target)
	}
	if open := openTo(link); open != 0 {
		wanted := fs.FileMode(0o600)
		if link.IsDir() {
			wanted = 0o700
		}
		return usage.Errorf(usage.InvalidArgument,
			"%s %s is open to other users of this machine (mode %04o); run 'chmod %o %s'", what, path, link.Mode().Perm(), wanted, path)
	}
	return nil
}

// MakePrivate makes a folder that only this process's user may enter, unless it is
// there, and refuses one as CheckPrivate does. An empty one of this user is closed to
// others first: nothing was put into it yet.
func MakePrivate(what, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("creating %s: %w", what, err)
	}
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	closable, err := isClosable(folder, info)
	if err != nil {
		return fmt.Errorf("reading %s: %w", what, err)
	}
	if closable && openTo(info) != 0 {
		if err := os.Chmod(folder, 0o700); err != nil {
			return err
		}
	}
	return CheckPrivate(what, folder)
}

// isClosable tells whether a folder is this user's, with nothing in it that others may have seen.
func isClosable(folder string, info fs.FileInfo) (bool, error) {
	entries, err := os.ReadDir(folder)
	_, foreign := foreignOwner(info)
	return len(entries) == 0 && !foreign, err
}

// writeSecret writes a file that only this process's user can read, whatever was there.
func writeSecret(path, content string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Close())
}
