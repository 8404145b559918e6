package gateway

import (
	"errors"
	"io"
	"os"
	"sync"

	"aiusage/admission"
)

// The bounds of spools: what each keeps in memory and in a file, in bytes, and how many have
// files at a time.
const (
	spoolMemory = 1 << 20
	spoolFile   = 128 << 20
	spoolFiles  = 8
)

// spools bound the files of all spools of a gateway.
type spools struct {
	files *admission.Semaphore
	// memory and file are spoolMemory and spoolFile, or less in tests.
	memory, file int
}

func newSpools() *spools {
	return &spools{files: admission.NewSemaphore(admission.Bounds{Capacity: spoolFiles, Share: spoolFiles}), memory: spoolMemory, file: spoolFile}
}

// spool is a pipe with so much room that whoever reads from the database at its one end need
// not wait for whoever takes the answer slowly at the other: what is not taken yet is kept in
// memory, and beyond that in a file. Where both are full, or there are too many files, the writer waits.
type spool struct {
	bounds *spools

	mu sync.Mutex
	// changed tells of each change of what follows.
	changed *sync.Cond
	// memory is what comes first, and then what the file has from one place to another.
	memory []byte
	file   *os.File
	// name is that of the file where it cannot be removed before it is closed.
	name     string
	from, to int64
	release  func()
	// isOver tells that no more is written, because of err where that is set; isLeft that no
	// more is read.
	isOver, isLeft bool
	err            error
}

func newSpool(bounds *spools) *spool {
	s := &spool{bounds: bounds}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// errLeft is for the writer when nobody reads any more.
var errLeft = errors.New("nobody takes the answer any more")

// Write keeps a part, of which a spool keeps one at least.
func (s *spool) Write(part []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.isLeft {
		isInFile := s.from < s.to // what comes later goes behind it
		if !isInFile && (len(s.memory) == 0 || len(s.memory)+len(part) <= s.bounds.memory) {
			s.memory = append(s.memory, part...)
			s.changed.Broadcast()
			return len(part), nil
		}
		if s.to+int64(len(part)) <= int64(s.bounds.file) && s.hasFile() {
			if _, err := s.file.WriteAt(part, s.to); err == nil {
				s.to += int64(len(part))
				s.changed.Broadcast()
				return len(part), nil
			} // the disk is full, say
		}
		s.changed.Wait()
	}
	return 0, errLeft
}

// hasFile opens the file, where there may be one. It has no name, so that nothing is left of it whatever happens.
func (s *spool) hasFile() bool {
	if s.file != nil {
		return true
	}
	release, isFree := s.bounds.files.TryAcquire("", 1)
	if !isFree {
		return false
	}
	file, err := os.CreateTemp("", "aiusage-")
	if err != nil {
		release()
		return false
	}
	s.file, s.release = file, release
	if os.Remove(file.Name()) != nil {
		s.name = file.Name() // on Windows
	}
	return true
}

// end says that no more is written, and why, where that is an error.
func (s *spool) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isOver, s.err = true, err
	s.changed.Broadcast()
}

// Read takes what has been written, or waits for it. After the last of it comes the writer's
// error, or io.EOF.
func (s *spool) Read(part []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case len(s.memory) > 0:
			n = copy(part, s.memory)
			if s.memory = s.memory[n:]; len(s.memory) == 0 {
				s.memory = nil
			}
			s.changed.Broadcast()
			return n, nil
		case s.from < s.to:
			n, err = s.file.ReadAt(part[:min(int64(len(part)), s.to-s.from)], s.from)
			if s.from += int64(n); s.from == s.to {
				s.from, s.to = 0, 0
			}
			s.changed.Broadcast()
			return n, err
		case s.isOver && s.err != nil:
			return 0, s.err
		case s.isOver:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

// leave says that no more is read.
func (s *spool) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isLeft = true
	if s.file != nil {
		_ = s.file.Close()
		if s.name != "" {
			_ = os.Remove(s.name)
		}
		s.file, s.from, s.to = nil, 0, 0
		s.release()
	}
	s.changed.Broadcast()
}
