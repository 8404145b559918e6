//go:build !linux

package dbtest

import (
	"errors"
	"testing"
)

func (s *Server) giveDisk(int64) error {
	return errors.New("small disks are made on Linux only")
}

func unmount(string) {}

// FillDisk skips t: there is no small disk here.
func (s *Server) FillDisk(t *testing.T) {
	t.Helper()
	t.Skip(s.noDisk)
}

// FreeDisk has nothing to free.
func (s *Server) FreeDisk() error { return s.noDisk }
