//go:build linux || darwin || freebsd

package cli

import "syscall"

// freeOn is how many bytes this process's user may still write on the disk of a folder.
func freeOn(folder string) (free uint64, known bool) {
	var status syscall.Statfs_t
	if err := syscall.Statfs(folder, &status); err != nil {
		return 0, false
	}
	return uint64(max(0, int64(status.Bavail))) * uint64(status.Bsize), true
}
