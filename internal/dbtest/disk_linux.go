package dbtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// giveDisk moves the data of a server that is not running to a small disk, which is in memory.
func (s *Server) giveDisk(bytes int64) error {
	moved := filepath.Join(s.folder, "moved")
	if err := os.Rename(s.data(), moved); err != nil {
		return err
	}
	if err := os.Mkdir(s.data(), 0o700); err != nil {
		return err
	}
	mounted := syscall.Mount("tmpfs", s.data(), "tmpfs", 0, fmt.Sprintf("size=%d", bytes))
	if mounted != nil {
		mounted = fmt.Errorf("no small disk can be made here: %w", mounted)
	}
	// With the mode and the owner of the folder itself.
	output, err := exec.Command("cp", "-a", moved+"/.", s.data()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("copying %s: %w\n%s", moved, err, output)
	}
	return errors.Join(mounted, os.RemoveAll(moved))
}

// unmount takes a small disk away, if there is one at a folder.
func unmount(folder string) { _ = syscall.Unmount(folder, syscall.MNT_DETACH) }

// ballast is the file that fills a disk.
func (s *Server) ballast() string { return filepath.Join(s.data(), "ballast") }

// FillDisk leaves no byte free on the disk of a server that has one of its own, or skips t, with
// the reason, where this process may not have such a disk made.
func (s *Server) FillDisk(t *testing.T) {
	t.Helper()
	if errors.Is(s.noDisk, syscall.EPERM) {
		t.Skip(s.noDisk)
	}
	if s.noDisk != nil {
		t.Fatal(s.noDisk)
	}
	file, err := os.Create(s.ballast())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for chunk := make([]byte, 64<<10); len(chunk) > 0; {
		if _, err := file.Write(chunk); errors.Is(err, syscall.ENOSPC) {
			chunk = chunk[:len(chunk)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// FreeDisk takes away what FillDisk has filled it with.
func (s *Server) FreeDisk() error { return os.Remove(s.ballast()) }
