package dbtest

import (
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// sharedMemory is Linux's folder of files in memory.
const sharedMemory = "/dev/shm"

// enoughMemory is how many bytes have to be free in it: a dozen servers, and as much again
// for the machine, whose memory this is.
const enoughMemory = 8 << 30

// dataParent is where servers have their data: in memory where there is enough, because a
// server waits for the disk with every table that it creates or drops. TMPDIR overrides it.
func dataParent() string {
	var found syscall.Statfs_t
	if os.Getenv("TMPDIR") != "" || syscall.Statfs(sharedMemory, &found) != nil || found.Bavail*uint64(found.Bsize) < enoughMemory {
		return os.TempDir()
	}
	return sharedMemory
}

// canShare tells whether this process may give another one its own view of the file system,
// which containers may forbid.
var canShare = sync.OnceValue(func() bool {
	return exec.Command("unshare", "--mount", "true").Run() == nil
})

// rooted is how programs run with root as their root: with the folder for data of this
// process, by the same name, where that can be had.
func rooted(root string) place {
	if dataParent() != sharedMemory || !canShare() {
		return onDisk(root)
	}
	const mounted = `mount --rbind "$1" "$0$1" && shift && exec chroot "$0" "$@"`
	return place{sharedMemory, sharedMemory, func(program string, args ...string) *exec.Cmd {
		return exec.Command("unshare", append([]string{"--mount", "sh", "-c", mounted, root, sharedMemory, program}, args...)...)
	}}
}
