package dbtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// fakeTime is the library that a program's clock is set by, where Debian has it.
const fakeTime = "/usr/lib/*/faketime/libfaketimeMT.so.1"

// GiveClock restarts the server, with a clock that SetClock sets until back is called, which
// restarts it once more: it is a slower server meanwhile. Where that cannot be done it skips t, or
// fails it where everything has to be tested.
func (s *Server) GiveClock(t *testing.T) (back func()) {
	t.Helper()
	found, err := filepath.Glob(fakeTime)
	if err != nil || len(found) == 0 {
		missing(t, "there is no libfaketime here to set a server's clock by (Debian: libfaketime)")
	}
	before := s.command.Env
	if err := errors.Join(s.askForTime(found[0]), s.Stop(), s.Start()); err != nil {
		t.Fatal(err)
	}
	pid := s.process.child.Pid
	return func() {
		t.Helper()
		s.command.Env = before
		defer removeClock(pid)
		if err := errors.Join(s.Stop(), s.Start()); err != nil {
			t.Fatal(err)
		}
	}
}

// askForTime has the server ask a file for its time from its next start on, by a library.
func (s *Server) askForTime(from string) error {
	// The server may have another root, in which only its own folder is the same.
	library, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.folder, "libfaketime.so"), library, 0o755)
	}
	if err == nil {
		err = s.writeClock(0)
	}
	s.command.Env = append(os.Environ(),
		"LD_PRELOAD="+filepath.Join(s.seen, "libfaketime.so"), "FAKETIME_TIMESTAMP_FILE="+filepath.Join(s.seen, "clock"),
		"FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1")
	return err
}

// removeClock removes what the library leaves behind in memory of a process.
func removeClock(pid int) {
	for _, name := range []string{"faketime_shm_", "sem.faketime_sem_"} {
		_ = os.Remove(filepath.Join("/dev/shm", fmt.Sprint(name, pid)))
	}
}

// writeClock writes by how much the server's clock is to be ahead, in one step.
func (s *Server) writeClock(ahead time.Duration) error {
	file := filepath.Join(s.folder, "clock")
	if err := os.WriteFile(file+".new", fmt.Appendf(nil, "%+d\n", int64(ahead.Seconds())), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// SetClock has the clock that the server was given be ahead of this machine's, a second later at
// the latest.
func (s *Server) SetClock(t *testing.T, ahead time.Duration) {
	t.Helper()
	if err := s.writeClock(ahead); err != nil {
		t.Fatal(err)
	}
}
