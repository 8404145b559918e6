//go:build unix

package cli

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// foreignOwner tells whose a file is, unless it is root's or this process's user's.
func foreignOwner(info fs.FileInfo) (owner string, foreign bool) {
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok || status.Uid == 0 || int(status.Uid) == os.Geteuid() {
		return "", false
	}
	id := strconv.FormatUint(uint64(status.Uid), 10)
	if known, err := user.LookupId(id); err == nil {
		return fmt.Sprintf("user %s", known.Username), true
	}
	return fmt.Sprintf("user %s", id), true
}

// currentUser is the id of this process's user, as chown takes it.
func currentUser() string { return strconv.Itoa(os.Geteuid()) }

// openTo returns the bits of a file's mode that let others than its owner in.
func openTo(info fs.FileInfo) fs.FileMode { return info.Mode().Perm() & 0o077 }
