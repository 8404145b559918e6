package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"aiusage/usage"
)

// rejectsFile is the file of rejected rows, made when there is one.
type rejectsFile struct {
	// path is where it was asked for, or empty.
	path string
	// beside is the file being loaded.
	beside string
	// opened is where it is, once open has made it.
	opened string
	// failed is why it could not be made or written, nil where it could.
	failed error
}

// namelessStem is what a file of rejected rows is called whose rows come from something that
// is no file, and has no name.
const namelessStem = "import"

// open makes the file.
func (r *rejectsFile) open() (io.WriteCloser, error) {
	file, err := r.make()
	if err != nil {
		r.failed = err
		return nil, err
	}
	r.opened = file.Name()
	return &notedFile{file, r}, nil
}

// make makes the file where it was asked for; otherwise in the first folder where that can be
// done, so that a bad row never keeps the good ones after it from being stored.
func (r *rejectsFile) make() (*os.File, error) {
	if r.path != "" {
		return os.Create(r.path)
	}
	stems := []string{namelessStem, filepath.Join(os.TempDir(), namelessStem)}
	if isFileWithName(r.beside) {
		stems = append([]string{filepath.Clean(r.beside), filepath.Base(r.beside)}, stems...)
	}
	var first error
	for i, stem := range stems {
		mode := fs.FileMode(0o644)
		if i == len(stems)-1 {
			mode = 0o600 // others look into that folder
		}
		file, err := makeNew(stem+".rejects", mode)
		if err == nil {
			return file, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// isFileWithName tells whether a file is one beside which another can be. Pipes are none, nor
// are names for files that are open, such as /dev/fd/3.
func isFileWithName(file string) bool {
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return false
	}
	whole, err := filepath.Abs(file)
	if err != nil {
		return false
	}
	whole = filepath.ToSlash(whole)
	return whole != "/dev/stdin" && !strings.HasPrefix(whole, "/dev/fd/") && !strings.HasPrefix(whole, "/proc/")
}

// makeNew makes a file that nobody has made before: one that is there may be being corrected.
func makeNew(stem string, mode fs.FileMode) (*os.File, error) {
	for n := 1; ; n++ {
		name := stem + ".csv"
		if n > 1 {
			name = fmt.Sprintf("%s-%d.csv", stem, n)
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// notedFile notes why it could not be written.
type notedFile struct {
	*os.File
	of *rejectsFile
}

func (f *notedFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.of.note(err)
	return n, err
}

func (f *notedFile) Close() error {
	err := f.File.Close()
	f.of.note(err)
	return err
}

func (r *rejectsFile) note(err error) {
	if err != nil && r.failed == nil {
		r.failed = err
	}
}

// explain completes the error of a load whose rejected rows could not be written: what has
// become of the others, and how to go on.
func (r *rejectsFile) explain(err error, read int64) error {
	if err == nil || r.failed == nil || !errors.Is(err, r.failed) {
		return err
	}
	stored := "nothing was stored"
	if read > 0 {
		stored = "what is counted above is stored, and not more"
	}
	return fmt.Errorf("%w; %s: run the same import again, with --rejects FILE for a file that can be written", err, stored)
}

// checkRejects refuses a file for rejected rows that was asked for and cannot be made, before
// anything is stored. Nothing is left of the try.
func (c importCommand) checkRejects() error {
	if c.Rejects == "" {
		return nil
	}
	info, err := os.Stat(c.Rejects)
	switch {
	case err == nil && info.IsDir():
		err = errors.New("it is a directory")
	case err == nil && !info.Mode().IsRegular():
		return nil // opening a pipe may wait for somebody at its other end
	case err == nil:
		err = closed(os.OpenFile(c.Rejects, os.O_WRONLY, 0))
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(c.Rejects); err == nil {
			return nil // a link to what is not there yet
		}
		if err = closed(os.OpenFile(c.Rejects, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)); err == nil {
			err = os.Remove(c.Rejects)
		}
	}
	if err != nil {
		return usage.Errorf(usage.InvalidArgument, "--rejects %s cannot be written: %v; nothing was stored", c.Rejects, reason(err))
	}
	return nil
}

func closed(file *os.File, err error) error {
	if err != nil {
		return err
	}
	return file.Close()
}

// reason is an error of the operating system without the file's name.
func reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
