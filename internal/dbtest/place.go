package dbtest

import (
	"os"
	"os/exec"
	"path/filepath"
)

// place is where a server runs.
type place struct {
	// parent is the folder of folders with data, and seen its name for the server.
	parent, seen string
	command      func(program string, args ...string) *exec.Cmd
}

// here is where this process runs.
func here() place {
	parent := dataParent()
	return place{parent, parent, exec.Command}
}

// onDisk is how programs run with root as their root, with their data in it.
func onDisk(root string) place {
	return place{filepath.Join(root, os.TempDir()), os.TempDir(), func(program string, args ...string) *exec.Cmd {
		return exec.Command("chroot", append([]string{root, program}, args...)...)
	}}
}
